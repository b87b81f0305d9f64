/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger: work is bounded whatever the slots hold, a scan that is
 * interrupted misses nothing, and garbage harms nobody but its own guest.
 */
#include <inttypes.h>

#include "fake-dm.h"

#define R       XEN_VIOMMU_READ
#define W       XEN_VIOMMU_WRITE

/* Of one call: see ledger.h. */
#define MAX_UNITS VIOMMU_SCAN_WORK
#define MAX_WALKS (MAX_UNITS / VIOMMU_SCAN_WALK)

static const struct xen_viommu_log all = INV_GLOBAL;
static const struct xen_viommu_log domain = INV_DOMAIN(1);
static const struct xen_viommu_log device = INV_CC_DEVICE(RID, 0);

/* 2M in pages of 4K. */
static const struct xen_viommu_slot big = {
    .iova = 0, .gpa = 0x800000, .pages = 512, .rid = RID, .did = 1,
    .access = W,
};

static void map_big(void)
{
    uint64_t iova;

    for ( iova = 0; iova < 0x200000; iova += 0x1000 )
        tables_map(iova, 0x800000 + iova, PRW);
}

/* One call more; fails the test if it does more than it may. */
static bool go_on(void)
{
    unsigned int reads = fake.reads;
    uint64_t walks = unit_stats().walks;
    bool more = viommu_continue(viommu);

    assert_true(unit_stats().walks - walks <= MAX_WALKS + 1);
    assert_true(fake.reads - reads <= 6 * (MAX_WALKS + 1));
    assert_true(!more || fake.watching);

    return more;
}

/* To the end of the scan; returns the calls it takes. */
static unsigned int finish_scan(void)
{
    unsigned int calls = 0;

    for ( ; unit_more; calls++ )
    {
        assert_true(fake.watching);
        unit_more = go_on();
        assert_true(calls < 40000);
    }

    return calls;
}

static void test_bounded(void **state)
{
    unsigned int n, calls;
    uint64_t walks;

    (void)state;
    map_big();
    for ( n = 0; n < XEN_VIOMMU_SLOTS; n++ )
        ldm_publish(n, &big);
    fake.reads = 0;
    ldm_invalidate(&all);
    assert_true(unit_more && ldm_pending(&all));
    assert_true(fake.reads <= 6 * (MAX_WALKS + 1));
    walks = unit_stats().walks;
    assert_true(walks && walks <= MAX_WALKS + 1);

    /* A look by the guest, or word from the DM, is no more than that either. */
    r64(R_IOTLB);
    assert_true(unit_stats().walks - walks <= MAX_WALKS + 1);
    walks = unit_stats().walks;
    assert_int_equal(dm_ack(), 0);
    assert_true(unit_ack_more);
    assert_true(unit_stats().walks - walks <= MAX_WALKS + 1);

    calls = finish_scan();
    assert_true(unit_stats().walks == 1024 * 512);
    assert_true(calls >= 1024 * 512 / (MAX_WALKS + 1));
    assert_false(ldm_pending(&all));
    assert_true(unit_stats().stale == 0 && unit_stats().scans == 1);
    assert_true(fake.count[FAKE_NOTIFY] == 0 && !fake.watching);
}

/* Slots which are busy and not covered cost a look each. */
static void test_bounded_others(void **state)
{
    struct xen_viommu_slot other = ldm_usual;
    unsigned int n;

    (void)state;
    other.did = 3;
    for ( n = 0; n < XEN_VIOMMU_SLOTS; n++ )
        ldm_publish(n, &other);
    ldm_invalidate(&domain);
    assert_true(unit_more);
    assert_int_equal(finish_scan(), XEN_VIOMMU_SLOTS / MAX_UNITS - 1);
    assert_true(unit_stats().walks == 0 && !ldm_pending(&domain));
}

/* Slots that nothing can be made of: waited for, in as many looks. */
static void test_bounded_nonsense(void **state)
{
    unsigned int n;

    (void)state;
    memset(ldm->busy, 0xff, sizeof(ldm->busy));
    ldm_invalidate(&domain);
    assert_true(unit_more);
    assert_int_equal(finish_scan(), XEN_VIOMMU_SLOTS / MAX_UNITS - 1);
    assert_true(ldm_nr_waited() == XEN_VIOMMU_SLOTS);
    assert_int_equal(fake.count[FAKE_NOTIFY], 1);
    for ( n = 0; n < XEN_VIOMMU_SLOTS; n++ )
        ldm_busy(n, false);
    assert_int_equal(dm_ack(), 0);
    assert_false(ldm_pending(&domain));
}

/*
 * A guest that never lets a scan be the last: what has been looked at ends all
 * the same, or is waited for and the DM told of it, and nothing piles up.
 */
static void test_scans_without_end(void **state)
{
    const struct viommu_drain *drain = &viommu->drain;
    struct xen_viommu_slot other = ldm_usual;
    unsigned int n, ended;

    if ( *state )
        return;
    other.did = 3;
    for ( n = 1; n < XEN_VIOMMU_SLOTS; n++ )
        ldm_publish(n, &other);
    q_create(0);
    for ( n = 0; n < 1000; n++ )
    {
        ldm_put(&domain);
        q_put_wait(0, 0);
        q_submit();
        unit_more = go_on();
        assert_true(unit_more);
        assert_true(drain->ring_prod - drain->ring_seen <= VIOMMU_DRAIN_RING);
        assert_true(drain->ring_seen - drain->ring_cons <= VIOMMU_DRAIN_RING);
    }
    assert_true(unit_stats().in_trap > 900 && unit_stats().waited == 0);
    assert_int_equal(fake.count[FAKE_NOTIFY], 0);

    ldm_publish(0, &ldm_usual);
    ldm_unmap();
    for ( n = 0; n < 16; n++ )
    {
        ldm_put(&domain);
        q_put_wait(0, 0);
        q_submit();
        unit_more = go_on();
        assert_true(unit_more);
    }
    assert_true(ldm_waited(0) && fake.count[FAKE_NOTIFY] == 1);
    assert_true(unit_stats().waited > 0);
    ended = unit_stats().waited + unit_stats().in_trap;
    assert_true(ldm_end(0));
    finish_scan();
    assert_true(drain->ring_prod == drain->ring_cons);

    /* The DM goes before anybody knows who has to wait. */
    ldm_put(&domain);
    q_put_wait(0, 0);
    q_submit();
    assert_true(unit_more && drain->ring_prod != drain->ring_seen);
    fake_unbind(ldm_port);
    unit_more = go_on();
    assert_true(!unit_more && drain->ring_prod == drain->ring_cons);
    assert_true(unit_stats().in_trap + unit_stats().waited > ended);
}

/* Interrupted scans.  The first slot takes 16 calls. */

static void begin_scan(unsigned int n)
{
    map_big();
    ldm_publish(n, &big);
}

/* What is stale is found wherever it is, and waited for from then on. */
static void test_stale_behind(void **state)
{
    unsigned int at;

    for ( at = 0; at < 512; at += 73 )
    {
        ldm_world_setup(state);
        begin_scan(0);
        ldm_publish(1, &big);
        ldm_publish(1023, &ldm_usual);
        tables_map(at << 12, 0, 0);
        ldm_slot[1023].gpa = 0x801000;
        ldm_slot[1023].iova = 0x1000;
        ldm_invalidate(&all);
        assert_true(ldm_pending(&all));
        finish_scan();
        assert_true(ldm_pending(&all) && ldm_waited(0) && ldm_waited(1));
        assert_false(ldm_waited(1023));
        assert_true(ldm_end(0) && ldm_pending(&all));
        assert_true(ldm_end(1) && !ldm_pending(&all));
    }
}

/*
 * The slot in which a scan was interrupted ends.  The one behind it has been
 * used as often, and is looked at from its beginning.
 */
static void test_next_from_its_beginning(void **state)
{
    static const unsigned int next[] = { 1, 63, 64, 65, 1023 };
    unsigned int i, how;

    for ( i = 0; i < ARRAY_SIZE(next); i++ )
        for ( how = 0; how < 3; how++ )
        {
            ldm_world_setup(state);
            begin_scan(0);
            ldm_publish(next[i], &big);
            ldm_slot[next[i]].seq = ldm_slot[0].seq;
            tables_map(0, 0, 0);
            ldm_slot[0].iova += 0x1000;
            ldm_slot[0].gpa += 0x1000;
            ldm_slot[0].pages--;
            ldm_invalidate(&all);
            assert_true(unit_more);
            switch ( how )
            {
            case 0: assert_false(ldm_end(0)); break;
            case 1: ldm_slot[0].did = 9; ldm_slot[0].access = 0; break;
            case 2: ldm_slot[0].pages = 1; break;
            }
            finish_scan();
            check(ldm_pending(&all) && ldm_waited(next[i]), "%u, %u", i, how);
            ldm_busy(0, false);
            assert_true(ldm_end(next[i]) && !ldm_pending(&all));
        }
}

/* It is used again each time: that use has seen the log, nobody waits. */
static void test_used_again(void **state)
{
    unsigned int calls;

    (void)state;
    begin_scan(0);
    ldm_publish(1, &ldm_usual); /* stale by now */
    ldm_invalidate(&all);
    for ( calls = 0; unit_more; calls++ )
    {
        assert_false(ldm_end(0));
        ldm_publish(0, &big);
        assert_true(calls < 100);
        unit_more = go_on();
    }
    assert_true(ldm_waited(1) && !ldm_waited(0));
    assert_true(ldm_end(1) && !ldm_pending(&all));
}

/*
 * Another command comes in the middle: what it says is looked at as well, in
 * front of where the first has come to and behind it.
 */
static void test_more_meanwhile(void **state)
{
    unsigned int calls, n, at;

    for ( calls = 0; calls < 18; calls++ )
        for ( at = 4; at <= 6; at += 2 )
        {
            ldm_world_setup(state);
            begin_scan(5);
            ldm_publish(at, &ldm_usual);
            ldm_slot[at].iova = 0x200000;
            ldm_slot[at].gpa = 0x400000;
            ldm_invalidate(&all);
            for ( n = 0; n < calls && unit_more; n++ )
                unit_more = go_on();
            fake_poke(T_L2 + 8, 0);
            ldm_invalidate(&device);
            finish_scan();
            check(ldm_pending(&device) && ldm_waited(at), "%u", calls);
            assert_true(ldm_end(at));
            assert_false(ldm_pending(&all) || ldm_pending(&device));
        }
}

/* The DM goes, or the guest is reset, in the middle of a scan. */
static void test_end_of_scan(void **state)
{
    unsigned int how;
    uint64_t walks;

    for ( how = 0; how < 5; how++ )
    {
        ldm_world_setup(state);
        begin_scan(0);
        ldm_publish(9, &ldm_usual);
        ldm_invalidate(&all);
        assert_true(unit_more);
        switch ( how )
        {
        case 0: fake_unbind(ldm_port); break;
        case 1: assert_int_equal(viommu_detach(viommu, DM), 0); break;
        case 2: fake_unbind(ldm_port); ldm_attach(); break;
        case 3: viommu_reset(viommu); break;
        case 4: viommu_take_ledger(viommu); break;
        }
        viommu_continue(viommu);
        check(!ldm_pending(&all) && !fake.watching, "%u", how);
        /* Nothing of it is left to be gone on with. */
        walks = unit_stats().walks;
        assert_false(viommu_continue(viommu));
        assert_true(unit_stats().walks == walks);
    }
}

/* Garbage */

/* A value that somebody thought of, or any. */
static uint64_t odd(void)
{
    static const uint64_t values[] = {
        0, 1, 511, 512, 513, 0xfff, 0x1000, 0x2000, 0x1fffff, 0x200000,
        0xfee00000, 1ULL << 39, 1ULL << 48, 1ULL << 63, ~0ULL, ~0ULL << 12,
        ~0ULL << 21, 0x7fffffffffffffff,
    };

    return rnd(3) ? values[rnd(ARRAY_SIZE(values))] : rnd(~0ULL);
}

static void garbage(unsigned int n)
{
    struct xen_viommu_slot *slot = &ldm_slot[n];

    if ( rnd(2) )
        slot->iova = rnd(4) ? odd() & ~0xfffULL : odd();
    if ( rnd(2) )
        slot->gpa = rnd(4) ? odd() & ~0xfffULL : odd();
    if ( rnd(2) )
        slot->pages = rnd(4) ? rnd(514) : odd();
    if ( rnd(2) )
        slot->seq = odd();
    if ( rnd(2) )
        slot->rid = rnd(2) ? RID : odd();
    if ( rnd(2) )
        slot->did = rnd(2) ? 1 : odd();
    if ( rnd(2) )
        slot->access = rnd(4) ? 1 + rnd(3) : odd();
}

#define TRUTHFUL 500

static bool flip;

/* What is not the truthful slot's changes from one read to the next. */
static uint64_t read_flipping(const void *p, size_t size)
{
    size_t off = (const char *)p - (const char *)ldm_slot;
    uint64_t val = 0;

    if ( flip && off / sizeof(*ldm_slot) < XEN_VIOMMU_SLOTS &&
         off / sizeof(*ldm_slot) != TRUTHFUL )
        garbage(off / sizeof(*ldm_slot));
    off = (const char *)p - (const char *)ldm->busy;
    if ( flip && off < sizeof(ldm->busy) )
        ldm->busy[off / 8] = odd();
    ldm->busy[TRUTHFUL / 64] |= 1ULL << (TRUTHFUL % 64);
    memcpy(&val, p, size);

    return val;
}

static void write_plainly(void *p, size_t size, uint64_t val)
{
    memcpy(p, &val, size);
}

static void no_barrier(void)
{
}

static const struct harness_cpu flipping = {
    .read = read_flipping, .write = write_plainly, .barrier = no_barrier,
};

/* A truthful slot is waited for, whatever the others hold, and no longer. */
static void test_garbage(void **state)
{
    unsigned int round, n, rounds = unit_env("UNIT_STEPS", 2000000) / 20000 + 1;

    (void)state;
    unit_seed();
    for ( round = 0; round < rounds; round++ )
    {
        unsigned int flips = round & 1;

        for ( n = 0; n < XEN_VIOMMU_SLOTS; n++ )
            garbage(n);
        for ( n = 0; n < ARRAY_SIZE(ldm->busy); n++ )
            ldm->busy[n] = rnd(3) ? ~0ULL : odd();
        /* Xen's own part of it. */
        for ( n = 0; n < ARRAY_SIZE(ldm->waited); n++ )
            ldm->waited[n] = odd();
        ldm->head = odd();
        ldm->floor_waited = odd();
        ldm->pad0[2] = ldm->pad1[2] = odd();
        memset(ldm_log, rnd(256), VIOMMU_PAGE_SIZE);
        ldm->floor = rnd(4) ? ~0ULL : odd();

        ldm_publish(TRUTHFUL, &ldm_usual);
        ldm_unmap();
        if ( flips )
        {
            harness_cpu = &flipping;
            flip = true;
        }
        ldm_invalidate(round & 2 ? &all : &domain);
        finish_scan();
        for ( n = 0; n < 5; n++ )
        {
            check(r64(R_IOTLB) & IVT, "round %u, %u, waited %u", round, n,
                  ldm_waited(TRUTHFUL));
            assert_int_equal(dm_ack(), 0);
            unit_stats();
        }
        flip = false;
        harness_cpu = NULL;
        assert_true(ldm_waited(TRUTHFUL));

        /* Even that DM can end it. */
        memset(ldm->busy, 0, sizeof(ldm->busy));
        ldm->floor = ~0ULL;
        assert_int_equal(dm_ack(), 0);
        assert_false(ldm_pending(&all));
        assert_true(ldm_nr_waited() == 0);
        assert_false(fake.watching);
        ldm_remap();
    }
}

/* Each field on its own, at its bounds: what is not sane is waited for. */
static void test_bounds(void **state)
{
    static const struct {
        struct xen_viommu_slot slot;
        bool waits;
    } cases[] = {
#define S(i, g, p, a) { .iova = (i), .gpa = (g), .pages = (p), .access = (a) }
        { S(0x1000, 0x1000, 1, R), false },
        { S(0x1000, 0x1000, 512, W), false },
        { S(0x1000, 0x1000, 513, W), true },
        { S(0x1000, 0x1000, 0, W), true },
        { S(0x1000, 0x1000, ~0u, W), true },
        { S(0x1000, 0x1000, 1u << 31, W), true },
        { S(0x1001, 0x1001, 1, W), true },
        { S(0x1000, 0x1800, 1, W), true },
        { S(0x1000, 0x1000, 1, 0), true },
        { S(0x1000, 0x1000, 1, 4), true },
        { S(0x1000, 0x1000, 1, 0x83), true },
        { S(~0ULL << 12, ~0ULL << 12, 1, W), false },
        { S(~0ULL << 12, ~0ULL << 12, 2, W), true },
        { S(~0ULL << 21, ~0ULL << 21, 512, W), false },
        { S(~0ULL << 20, ~0ULL << 20, 512, W), true },
        { S(0, 1ULL << 63, 1, W), true },
    };
    unsigned int i;

    (void)state;
    /* Disabled: all that is sane is where it is. */
    w32(R_GCMD, 0);
    for ( i = 0; i < ARRAY_SIZE(cases); i++ )
    {
        ldm_publish(i, &cases[i].slot);
        ldm_invalidate(&all);
        check(ldm_pending(&all) == cases[i].waits, "%u", i);
        assert_true(ldm_end(i) == cases[i].waits);
        assert_false(ldm_pending(&all));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(test_bounded),
        world_test(test_bounded_others),
        world_test(test_bounded_nonsense),
        world_test(test_scans_without_end),
        world_test(test_stale_behind),
        world_test(test_next_from_its_beginning),
        world_test(test_used_again),
        world_test(test_more_meanwhile),
        world_test(test_end_of_scan),
        world_test(test_garbage),
        world_test(test_bounds),
    };

    return run_both(tests);
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
