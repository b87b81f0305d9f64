/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random tables, walked by the sources under test and by the reference: same
 * answer, same fault record.  The tables are a handful of pages that point at
 * each other, at nothing and at memory, so that loops, shared tables and
 * tables that are also data are the rule.
 */
#include <inttypes.h>

#include "ref-walk.h"
#include "unit.h"
#include "xen-viommu-walk.h"

#define NR_PAGES 12
#define MAX_BATCH 4

/* Some low, some above 4G, one next to what is not there. */
static uint64_t pool[NR_PAGES];

/* The indexes of entries that are filled, and so the ones worth walking. */
static const unsigned int indexes[] = { 0, 1, 2, 255, 511 };

static const uint64_t holes[] = {
    BASE,                       /* the registers */
    0xfee00000, 0xfeefe000,     /* interrupts */
    0xfedff000, 0xfef00000,     /* ... and next to them */
    FAKE_LOW_SIZE, 1ULL << 40,
};

static uint64_t rnd64(void)
{
    return rnd(1ULL << 32) << 32 | rnd(1ULL << 32);
}

static uint64_t rnd_page(void)
{
    switch ( rnd(32) )
    {
    case 0:
        return holes[rnd(ARRAY_SIZE(holes))];
    case 1:
        return rnd(1ULL << 34) << 12;
    case 2:
        return (1ULL << (35 + rnd(17))) | pool[rnd(NR_PAGES)];
    default:
        return pool[rnd(NR_PAGES)];
    }
}

static uint64_t rnd_pte(void)
{
    uint64_t pte = rnd_page();

    if ( rnd(8) )
        pte |= PRW;
    else
        pte |= rnd(4);
    if ( !rnd(4) )
    {
        pte |= PS;
        /* Well formed, more often than not: aligned to 2M or 1G. */
        if ( rnd(4) )
            pte &= rnd(2) ? ~0x1ff000ULL : ~0x3ffff000ULL;
    }
    if ( !rnd(16) )
        pte |= 1ULL << rnd(64);

    return pte;
}

static void rnd_context(uint64_t *lo, uint64_t *hi)
{
    static const uint8_t tts[] = { 0, 0, 0, 0, 0, 0, 2, 2, 1, 3 };
    static const uint8_t aws[] = { 1, 1, 1, 2, 2, 2, 2, 2, 0, 3, 7 };

    *lo = rnd_page() | TT(tts[rnd(ARRAY_SIZE(tts))]) | (rnd(16) ? P : 0) |
          (rnd(4) ? 0 : FPD);
    *hi = aws[rnd(ARRAY_SIZE(aws))] | DID(rnd(65536));
    if ( !rnd(16) )
        *lo |= 1ULL << rnd(64);
    if ( !rnd(16) )
        *hi |= 1ULL << rnd(64);
}

/* New contents: as tables of all kinds, since any page may serve as any. */
static void refill(void)
{
    unsigned int page, i;

    for ( page = 0; page < NR_PAGES; page++ )
        for ( i = 0; i < ARRAY_SIZE(indexes); i++ )
            fake_poke(pool[page] + 8 * indexes[i], rnd_pte());

    /* The first is the root table, the next two are context tables. */
    for ( i = 0; i < ARRAY_SIZE(indexes) && indexes[i] < 256; i++ )
    {
        uint64_t lo = rnd(8) ? pool[1 + rnd(2)] | P
                             : rnd(2) ? rnd_page() | P : rnd_pte();
        uint64_t hi;

        fake_poke(pool[0] + 16 * indexes[i], lo);
        fake_poke(pool[0] + 16 * indexes[i] + 8, rnd(16) ? 0 : rnd64());
        for ( page = 1; page <= 2; page++ )
        {
            rnd_context(&lo, &hi);
            fake_poke(pool[page] + 16 * indexes[i], lo);
            fake_poke(pool[page] + 16 * indexes[i] + 8, hi);
        }
    }
}

static uint64_t rnd_iova(unsigned int aw)
{
    uint64_t iova = rnd(4096);
    unsigned int shift;

    for ( shift = 12; shift < aw; shift += 9 )
        iova |= (uint64_t)indexes[rnd(ARRAY_SIZE(indexes))] << shift;

    switch ( rnd(16) )
    {
    case 0:
        return iova | 1ULL << rnd(64);
    case 1: case 2: case 3: case 4: case 5: case 6:
        return iova & ((1ULL << 39) - 1);
    case 7:
        return rnd_page() | rnd(4096);
    default:
        return iova;
    }
}

/* What the answer has to be, p2m included. */
static void check_answer(const struct ref_in *in, const struct ref_out *ref,
                         const struct xen_viommu_xlat *x)
{
    unsigned int order = ref->order, block;
    uint64_t low;
    bool device;

    check(x->did == ref->did, "did %u, not %u", x->did, ref->did);

    if ( !ref->ok )
    {
        check(x->status == XEN_VIOMMU_XLAT_FAULT, "status %u", x->status);
        check(x->reason == ref->reason, "reason %#x, not %#x", x->reason,
              ref->reason);
        assert_true(x->gpa == 0 && x->perm == 0);
        return;
    }

    assert_int_equal(x->reason, 0);
    device = fake_is_device(ref->gpa);
    if ( !fake_is_ram(ref->gpa) && !device )
    {
        check(x->status == XEN_VIOMMU_XLAT_BLOCKED, "status %u", x->status);
        assert_true(x->gpa == 0 && x->perm == 0);
        return;
    }

    check(x->status == (device ? XEN_VIOMMU_XLAT_DEVICE : XEN_VIOMMU_XLAT_OK),
          "status %u, reason %#x, device %d", x->status, x->reason, device);
    block = viommu_host_block_order(viommu, ref->gpa, &device);
    if ( block < order )
        order = block;
    low = ((1ULL << order) - 1);
    check(x->order == order, "order %u, not %u", x->order, order);
    check(x->iova == (in->iova & ~low), "iova %#" PRIx64, x->iova);
    check(x->gpa == (ref->gpa & ~low), "gpa %#" PRIx64 ", not %#" PRIx64,
          x->gpa, ref->gpa & ~low);
    check(x->perm == (ref->may_read ? XEN_VIOMMU_READ : 0) +
                     (ref->may_write ? XEN_VIOMMU_WRITE : 0),
          "perm %u", x->perm);
}

/* What the guest is told of it all, which is then acknowledged. */
static void check_records(const struct ref_in *in, const struct ref_out *ref,
                          unsigned int nr, unsigned int *next)
{
    uint64_t last_lo = 0, last_hi = 0;
    unsigned int i, first = *next, recorded = 0;

    for ( i = 0; i < nr; i++ )
    {
        bool read = ref[i].reason == 6 ||
                    (ref[i].reason != 5 && !in[i].write);
        uint64_t lo = in[i].iova & ~0xfffULL;
        uint64_t hi = 1ULL << 63 | (uint64_t)read << 62 |
                      (uint64_t)ref[i].reason << 32 |
                      in[i].bus << 8 | in[i].devfn;

        /* The same again is one. */
        if ( ref[i].ok || !ref[i].recorded || (lo == last_lo && hi == last_hi) )
            continue;

        check(r64(R_FRCD(*next)) == lo && r64(R_FRCD(*next) + 8) == hi,
              "FRCD %#" PRIx64, r64(R_FRCD(*next) + 8));
        last_lo = lo;
        last_hi = hi;
        *next = (*next + 1) % NR_FRCD;
        recorded++;
    }

    if ( !recorded )
    {
        check(!(r32(R_FSTS) & PPF), "FSTS %#x", r32(R_FSTS));
        return;
    }
    check((r32(R_FSTS) & 0xff) == PPF && r32(R_FSTS) >> 8 == first,
          "FSTS %#x, record %u", r32(R_FSTS), first);
    check(!(r64(R_FRCD(*next) + 8) >> 63), "more than %u records", recorded);
    while ( recorded-- )
    {
        w32(R_FRCD(first) + 12, 1u << 31);
        first = (first + 1) % NR_FRCD;
    }
}

/* The same mapping at every address of the range that was answered. */
static void check_range(struct ref_in in, const struct ref_out *ref,
                        const struct xen_viommu_xlat *x)
{
    struct ref_out other;

    if ( x->status != XEN_VIOMMU_XLAT_OK || x->order == 12 )
        return;

    in.iova = x->iova + rnd(1ULL << x->order);
    other = ref_walk(&in);
    assert_true(other.ok && fake_is_ram(other.gpa));
    assert_true(other.gpa - in.iova == x->gpa - x->iova);
    assert_true(other.may_read == ref->may_read &&
                other.may_write == ref->may_write);
}

/* Most often next to the one before, as what a device asks for at once is. */
static void rnd_access(struct ref_in *in, unsigned int aw)
{
    unsigned int access = rnd(4), page = indexes[rnd(ARRAY_SIZE(indexes))];

    if ( rnd(4) )
        in->iova = (in->iova & ~0x1fffffULL) | page << 12 | rnd(4096);
    else
        in->iova = rnd_iova(aw);
    if ( !rnd(4) )
    {
        in->bus = indexes[rnd(4)];
        in->devfn = indexes[rnd(4)];
    }
    in->read = access & 1;
    in->write = access & 2;
}

/*
 * The DM's own walks, by what it has been told: the same answer as Xen's, or none.
 * It knows a new root by the log, which is applied here.
 */
static XenViommuWalk dm_walk;
static XenViommuCache *dm_cache;
static unsigned long dm_walks;
static uint8_t dm_haw;

static const uint64_t *dm_map(void *opaque, uint64_t gpa)
{
    (void)opaque;

    return gpa >> dm_haw || !fake_is_ram(gpa) ? NULL : fake_page(gpa);
}

static void dm_unmap(void *opaque, const uint64_t *host)
{
    (void)opaque;
    (void)host;
}

static bool dm_may(void *opaque)
{
    return !opaque;
}

static void dm_begin(uint8_t haw)
{
    memset(&dm_walk, 0, sizeof(dm_walk));
    dm_walk.map = dm_map;
    dm_walk.unmap = dm_unmap;
    dm_walk.may = dm_may;
    dm_cache = xen_viommu_cache_new(0);
    dm_walks = 0;
    dm_haw = haw;
}

static void dm_forget(void)
{
    struct xen_viommu_log e = { .inv = XEN_VIOMMU_INV_CONFIG_GLOBAL };

    xen_viommu_cache_apply(dm_cache, &e);
}

static void dm_learn(uint64_t iova, const struct xen_viommu_xlat *x)
{
    if ( x->status == XEN_VIOMMU_XLAT_OK )
        xen_viommu_walk_learn(&dm_walk, xen_viommu_cache_applied(dm_cache),
                              iova, x);
}

static void dm_check(const struct ref_in *in)
{
    struct ref_out ref = ref_walk(in);
    uint8_t access = in->write << 1 | in->read;
    XenViommuPath path = { 0 };
    XenViommuRange r;

    if ( !xen_viommu_walk(&dm_walk, dm_cache, in->bus << 8 | in->devfn,
                          in->iova, access ?: XEN_VIOMMU_READ, &path, &r) )
        return;
    dm_walks++;
    check(ref.ok, "walked, and should be refused for %#x", ref.reason);
    assert_true(r.did == ref.did && r.perm == ref.may_read + ref.may_write * 2);
    assert_true(r.gpa + (in->iova - r.iova) == ref.gpa);
    assert_true(r.order <= ref.order && in->iova - r.iova < 1ULL << r.order);
    assert_true(fake_is_ram(ref.gpa));
}

static void random_walks(uint8_t aw, uint8_t haw, unsigned long cases)
{
    unsigned int i, next = 0, ok = 0, seen[32] = {};
    unsigned long n, answers = 0;

    unit_create(aw, haw);
    dm_attach();
    dm_begin(haw);
    for ( i = 0; i < NR_PAGES; i++ )
        pool[i] = (i < NR_PAGES / 2 ? 0x200000 : FAKE_HIGH_BASE) + 0x5000 * i;
    fake_set_ram(pool[3] + 4096, false);
    fake.device = 0xfef00000;

    w64(R_RTADDR, pool[0]);
    w32(R_GCMD, SRTP);
    w32(R_GCMD, TE);

    for ( n = 0; n < cases; n++ )
    {
        struct xen_viommu_xlat x[MAX_BATCH] = {};
        struct ref_out ref[MAX_BATCH];
        struct ref_in in[MAX_BATCH];
        unsigned int nr = 1 + rnd(MAX_BATCH);
        uint64_t generation;

        if ( !(n % 64) )
        {
            refill();
            dm_forget();
            fake.max_order = 12 + rnd(19);
        }

        for ( i = 0; i < nr; i++ )
        {
            in[i] = i ? in[i - 1] : (struct ref_in){
                .aw = aw, .haw = haw, .root = pool[0],
                .bus = indexes[rnd(4)], .devfn = indexes[rnd(4)],
                .iova = rnd_iova(aw),
            };
            rnd_access(&in[i], aw);
            ref[i] = ref_walk(&in[i]);
            x[i].rid = in[i].bus << 8 | in[i].devfn;
            x[i].iova = in[i].iova;
            x[i].access = in[i].write << 1 | in[i].read;
        }
        assert_int_equal(viommu_translate(viommu, DM, x, nr, &generation), 0);

        for ( i = 0; i < nr; i++ )
        {
            check_answer(&in[i], &ref[i], &x[i]);
            check_range(in[i], &ref[i], &x[i]);
            dm_check(&in[i]);
            dm_learn(in[i].iova, &x[i]);
            dm_check(&in[i]);
            ok += ref[i].ok;
            seen[ref[i].reason]++;
        }
        check_records(in, ref, nr, &next);
        answers += nr;
    }

    check(dm_walks > answers / 100, "%lu of %lu", dm_walks, answers);
    xen_viommu_walk_release(&dm_walk);
    xen_viommu_cache_free(dm_cache);

    /* All that can come out has: else this tests less than it says. */
    check(ok > answers / 20, "%u of %lu", ok, answers);
    for ( i = 1; i <= 0x0e; i++ )
        if ( i != 0x08 && i != 0x0d )
            check(cases < 20000 || seen[i], "reason %#x never seen", i);
}

static void test_random_48(void **state)
{
    (void)state;
    unit_seed();
    random_walks(48, 46, unit_env("UNIT_STEPS", 300000));
}

static void test_random_39(void **state)
{
    (void)state;
    unit_seed();
    random_walks(39, 39, unit_env("UNIT_STEPS", 100000));
}

/* Memory that is wider than what is translated, and as wide as can be. */
static void test_random_39_wide(void **state)
{
    (void)state;
    unit_seed();
    random_walks(39, 46, unit_env("UNIT_STEPS", 100000));
}

static void test_random_48_wide(void **state)
{
    (void)state;
    unit_seed();
    random_walks(48, 52, unit_env("UNIT_STEPS", 100000));
}

static void test_random_48_narrow(void **state)
{
    (void)state;
    unit_seed();
    random_walks(48, 36, unit_env("UNIT_STEPS", 100000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        a_test(test_random_48),
        a_test(test_random_39),
        a_test(test_random_39_wide),
        a_test(test_random_48_wide),
        a_test(test_random_48_narrow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
