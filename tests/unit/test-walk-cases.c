/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Walks, case by case: the exact condition of every fault reason, what is
 * accepted, and the ranges that a DM may cache.
 */
#include <inttypes.h>

#include "unit.h"

#define R       XEN_VIOMMU_READ
#define W       XEN_VIOMMU_WRITE
#define RW      (XEN_VIOMMU_READ | XEN_VIOMMU_WRITE)

#define HOLE    (1ULL << 34)            /* an address without memory */
#define HAW(n)  (1ULL << (n))           /* the first address beyond n bits */
#define CTX     (T_CTX + RID * 16)
#define IOVA    0x3000ULL               /* mapped to GPA, read and write */
#define GPA     0x7000ULL

/*
 * The world is that of tables_create(), with IOVA mapped; then two words are
 * written, and the device accesses IOVA (or .iova).
 */
struct row {
    const char *what;
    uint64_t at, val;           /* .at 0: nothing is written */
    uint64_t at2, val2;
    uint64_t iova;
    uint8_t access;             /* 0: R */
    uint8_t reason;             /* 0: the walk succeeds */
    bool quiet;                 /* FPD suppresses it, if that is set */
};

static const struct row rows_48[] = {
    { "as it is" },
    { "as it is, write", .access = W },

    { "root: not present", T_ROOT, T_CTX, .reason = 0x01 },
    { "root: all zero", T_ROOT, 0, .reason = 0x01 },
    { "root: not present, reserved", T_ROOT, T_CTX | 0xffe, .reason = 0x01 },
    { "root: bit 1", T_ROOT, T_CTX | P | 1 << 1, .reason = 0x0a },
    { "root: bit 11", T_ROOT, T_CTX | P | 1 << 11, .reason = 0x0a },
    { "root: above HAW", T_ROOT, HAW(46) | T_CTX | P, .reason = 0x0a },
    { "root: bit 63", T_ROOT, HAW(63) | T_CTX | P, .reason = 0x0a },
    { "root: upper half, low bit", T_ROOT + 8, 1, .reason = 0x0a },
    { "root: upper half, high bit", T_ROOT + 8, 1ULL << 63, .reason = 0x0a },
    { "context table in a hole", T_ROOT, HOLE | P, .reason = 0x09 },
    { "context table in the registers", T_ROOT, BASE | P, .reason = 0x09 },
    { "context table in FEEx", T_ROOT, 0xfee00000 | P, .reason = 0x09 },

    { "context: not present", CTX, T_L4, .reason = 0x02, .quiet = true },
    { "context: not present, rest wrong", CTX, 0xfcULL, CTX + 8, ~0ULL,
      .reason = 0x02, .quiet = true },
    { "context: bit 4", CTX, T_L4 | P | 1 << 4, .reason = 0x0b, .quiet = true },
    { "context: bit 11", CTX, T_L4 | P | 1 << 11, .reason = 0x0b,
      .quiet = true },
    { "context: above HAW", CTX, HAW(46) | T_L4 | P, .reason = 0x0b,
      .quiet = true },
    { "context: bit 63", CTX, HAW(63) | T_L4 | P, .reason = 0x0b,
      .quiet = true },
    { "context: upper bit 7", CTX + 8, AW48 | 1 << 7, .reason = 0x0b,
      .quiet = true },
    { "context: upper bit 24", CTX + 8, AW48 | 1 << 24, .reason = 0x0b,
      .quiet = true },
    { "context: upper bit 63", CTX + 8, AW48 | HAW(63), .reason = 0x0b,
      .quiet = true },
    { "context: what software may use", CTX + 8, AW48 | 0x78 },
    { "context: AW 0", CTX + 8, 0, .reason = 0x03, .quiet = true },
    { "context: AW 3", CTX + 8, 3, .reason = 0x03, .quiet = true },
    { "context: AW 6", CTX + 8, 6, .reason = 0x03, .quiet = true },
    { "context: TT 1", CTX, T_L4 | TT(1) | P, .reason = 0x03, .quiet = true },
    { "context: TT 3", CTX, T_L4 | TT(3) | P, .reason = 0x03, .quiet = true },
    { "context: 3 levels", CTX, T_L3 | P, CTX + 8, AW39 },
    { "context: 3 levels, 2^39", CTX, T_L3 | P, CTX + 8, AW39,
      .iova = HAW(39), .reason = 0x04, .quiet = true },
    { "2^48", .iova = HAW(48), .reason = 0x04, .quiet = true },
    { "all ones", .iova = ~0ULL, .reason = 0x04, .quiet = true },

    { "top table in a hole", CTX, HOLE | P, .reason = 0x03, .quiet = true },
    { "top table in FEEx", CTX, 0xfee01000 | P, .reason = 0x03,
      .quiet = true },
    { "level 3 in a hole", T_L4, HOLE | PRW, .reason = 0x07, .quiet = true },
    { "level 2 in a hole", T_L3, HOLE | PRW, .reason = 0x07, .quiet = true },
    { "level 1 in a hole", T_L2, HOLE | PRW, .reason = 0x07, .quiet = true },
    { "level 1 in the registers", T_L2, BASE | PRW, .reason = 0x07,
      .quiet = true },

    { "level 4 absent, read", T_L4, T_L3, .reason = 0x06, .quiet = true },
    { "level 4 absent, write", T_L4, 0, .access = W, .reason = 0x05,
      .quiet = true },
    { "level 4 without R", T_L4, T_L3 | PW, .reason = 0x06, .quiet = true },
    { "level 4 without W", T_L4, T_L3 | PR, .access = W, .reason = 0x05,
      .quiet = true },
    { "level 3 without R", T_L3, T_L2 | PW, .reason = 0x06, .quiet = true },
    { "level 3 without W", T_L3, T_L2 | PR, .access = W, .reason = 0x05,
      .quiet = true },
    { "level 2 without R", T_L2, T_L1 | PW, .reason = 0x06, .quiet = true },
    { "level 2 without W", T_L2, T_L1 | PR, .access = W, .reason = 0x05,
      .quiet = true },
    { "level 1 without R", T_L1 + 24, GPA | PW, .reason = 0x06, .quiet = true },
    { "level 1 without W", T_L1 + 24, GPA | PR, .access = W, .reason = 0x05,
      .quiet = true },
    { "write where W is all", T_L1 + 24, GPA | PW, .access = W },
    { "read where R is all", T_L1 + 24, GPA | PR },
    { "both where R is all", T_L1 + 24, GPA | PR, .access = RW,
      .reason = 0x05, .quiet = true },
    { "both where W is all", T_L1 + 24, GPA | PW, .access = RW,
      .reason = 0x06, .quiet = true },
    { "R above, W below", T_L4, T_L3 | PR, T_L1 + 24, GPA | PW,
      .reason = 0x06, .quiet = true },
    { "absent, the rest all ones", T_L1 + 24, ~3ULL, .reason = 0x06,
      .quiet = true },

    { "level 4: PS", T_L4, T_L3 | PS | PRW, .reason = 0x0c, .quiet = true },
    { "level 4: above HAW", T_L4, HAW(46) | T_L3 | PRW, .reason = 0x0c,
      .quiet = true },
    { "level 3: bit 51", T_L3, HAW(51) | T_L2 | PRW, .reason = 0x0c,
      .quiet = true },
    { "level 2: TM", T_L2, HAW(62) | T_L1 | PRW, .reason = 0x0c,
      .quiet = true },
    { "level 1: TM", T_L1 + 24, HAW(62) | GPA | PRW, .reason = 0x0c,
      .quiet = true },
    { "level 1: above HAW, R only", T_L1 + 24, HAW(46) | GPA | PR,
      .reason = 0x0c, .quiet = true },
    { "level 1: ignored bits", T_L1 + 24, HAW(63) | 0x3ffULL << 52 | 0xffc |
      GPA | PRW },
    { "level 3: ignored bits", T_L3, HAW(63) | 0x3ffULL << 52 | 0xf7c |
      T_L2 | PRW },
    { "2M page off by 4K", T_L2, 0x801000 | PS | PRW, .reason = 0x0c,
      .quiet = true },
    { "2M page off by 1M", T_L2, 0x900000 | PS | PRW, .reason = 0x0c,
      .quiet = true },
    { "1G page off by 4K", T_L3, 0x1000 | PS | PRW, .reason = 0x0c,
      .quiet = true },
    { "1G page off by 512M", T_L3, 0x20000000 | PS | PRW, .reason = 0x0c,
      .quiet = true },

    { "to FEE00000", T_L1 + 24, 0xfee00000 | PRW, .reason = 0x0e,
      .quiet = true },
    { "to FEEFF000, write", T_L1 + 24, 0xfeeff000 | PRW, .access = W,
      .reason = 0x0e, .quiet = true },
    { "2M page over FEEx", T_L2, 0xfee00000 | PS | PRW, .reason = 0x0e,
      .quiet = true },
    { "1G page over FEEx, in it", T_L3, 0xc0000000 | PS | PRW,
      .iova = 0x3eefffff, .reason = 0x0e, .quiet = true },
    { "to FEEx, without W", T_L1 + 24, 0xfee00000 | PR, .access = W,
      .reason = 0x05, .quiet = true },

    { "pass-through", CTX, TT(2) | P },
    { "pass-through, table all ones", CTX, ~0xfffULL | TT(2) | P },
    { "pass-through, bit 4", CTX, 1 << 4 | TT(2) | P, .reason = 0x0b,
      .quiet = true },
    { "pass-through, AW 0", CTX, TT(2) | P, CTX + 8, 0, .reason = 0x03,
      .quiet = true },
    { "pass-through, 2^46", CTX, TT(2) | P, .iova = HAW(46), .reason = 0x04,
      .quiet = true },
};

/* A unit of 3 levels, with memory beyond its reach. */
static const struct row rows_39[] = {
    { "as it is" },
    { "context: AW 2", CTX + 8, AW48, .reason = 0x03, .quiet = true },
    { "2^39", .iova = HAW(39), .reason = 0x04, .quiet = true },
    { "2^39 - 1", .iova = HAW(39) - 1, .reason = 0x06, .quiet = true },
    { "top table in a hole", CTX, HOLE | P, .reason = 0x03, .quiet = true },
    { "level 2 in a hole", T_L3, HOLE | PRW, .reason = 0x07, .quiet = true },
    { "1G page in the top table", T_L3, PS | PRW },
    { "pass-through", CTX, TT(2) | P },
    { "pass-through, AW 2", CTX, TT(2) | P, CTX + 8, AW48, .reason = 0x03,
      .quiet = true },
    { "pass-through, 2^39", CTX, TT(2) | P, .iova = HAW(39), .reason = 0x04,
      .quiet = true },
};

static void world(unsigned int levels)
{
    unit_create(levels == 4 ? 48 : 39, 46);
    dm_attach();
    tables_create(levels, 0x1234);
    tables_map(IOVA, GPA, PRW);
    tables_enable();
}

static void poke(const struct row *row)
{
    if ( row->at )
        fake_poke(row->at, row->val);
    if ( row->at2 )
        fake_poke(row->at2, row->val2);
}

static void run(const struct row *row, unsigned int nr, unsigned int levels)
{
    unsigned int i, fpd, probe;

    for ( i = 0; i < nr; i++, row++ )
        for ( fpd = 0; fpd < 2; fpd++ )
            for ( probe = 0; probe < 2; probe++ )
            {
                bool recorded = row->reason && !probe &&
                                !(fpd && row->quiet);
                uint8_t reason = row->reason;
                struct xen_viommu_xlat x;

                world(levels);
                poke(row);
                if ( fpd )
                    fake_poke(CTX, fake_peek(CTX) | FPD);

                x = dm_translate(RID, row->iova ?: IOVA,
                                 probe ? 0 : row->access ?: R);

                /* A probe needs no more than some permission. */
                if ( probe && (reason == 5 || reason == 6) )
                {
                    if ( x.status != XEN_VIOMMU_XLAT_FAULT )
                        assert_true(x.perm == R || x.perm == W);
                    else
                        assert_true(x.reason == 6 || x.reason == 0x0e);
                    assert_false(r32(R_FSTS) & PPF);
                    continue;
                }

                check(x.reason == reason &&
                      (x.status == XEN_VIOMMU_XLAT_FAULT) == !!reason,
                      "%s: reason %#x, status %u", row->what, x.reason,
                      x.status);
                check(recorded == !!(r32(R_FSTS) & PPF), "%s: FSTS %#x",
                      row->what, r32(R_FSTS));
                if ( recorded )
                    assert_int_equal((r64(R_FRCD(0) + 8) >> 32) & 0xff, reason);
            }
}

static void test_reasons_48(void **state)
{
    (void)state;
    run(rows_48, ARRAY_SIZE(rows_48), 4);
}

static void test_reasons_39(void **state)
{
    (void)state;
    run(rows_39, ARRAY_SIZE(rows_39), 3);
}

/* The root table itself; no FPD that early. */
static void test_root_inaccessible(void **state)
{
    static const uint64_t roots[] = { HOLE, BASE, 0xfee00000, HAW(46) - 4096 };
    unsigned int i;

    (void)state;
    for ( i = 0; i < ARRAY_SIZE(roots); i++ )
    {
        world(4);
        w64(R_RTADDR, roots[i]);
        w32(R_GCMD, TE | SRTP);
        dm_end_all();
        assert_int_equal(r32(R_GSTS), TE | SRTP);
        assert_int_equal(dm_translate(RID, IOVA, R).reason, 0x08);
        assert_int_equal((r64(R_FRCD(0) + 8) >> 32) & 0xff, 0x08);
    }
}

/* Which entries belong to a requester: root by bus, context by devfn. */
static void test_requester(void **state)
{
    unsigned int bus, devfn;

    (void)state;
    world(4);
    for ( bus = 0; bus < 256; bus++ )
        for ( devfn = 0; devfn < 256; devfn += 51 )
        {
            uint64_t table = 0x400000 + 0x1000 * bus;
            struct xen_viommu_xlat x;

            fake_poke(T_ROOT + 16 * bus, table | P);
            fake_poke(table + 16 * devfn, TT(2) | P);
            fake_poke(table + 16 * devfn + 8, AW48 | DID(bus << 8 | devfn));
            x = dm_translate(bus << 8 | devfn, 0x1000, R);
            check(x.status == XEN_VIOMMU_XLAT_OK && x.did == x.rid,
                  "%02x:%02x: %u", bus, devfn, x.did);
        }
}

/* What is answered: the range, aligned, no larger than what has been seen. */
static void test_ranges(void **state)
{
    static const struct {
        const char *what;
        uint64_t at, val;
        uint64_t iova;
        unsigned int max_order;     /* of the host's blocks */
        uint64_t want_iova, want_gpa;
        unsigned int want_order;
    } rows[] = {
        { "4K", 0, 0, 0x3abc, 30, 0x3000, 0x7000, 12 },
        { "2M", T_L2, 0xa00000 | PS | PRW, 0x1fffff, 30, 0, 0xa00000, 21 },
        { "2M, memory in 4K", T_L2, 0xa00000 | PS | PRW, 0x1fefff, 12,
          0x1fe000, 0xbfe000, 12 },
        { "2M, memory in 64K", T_L2, 0xa00000 | PS | PRW, 0x1eefff, 16,
          0x1e0000, 0xbe0000, 16 },
        { "1G, memory in 2M", T_L3, PS | PRW, 0x2345678, 21,
          0x2200000, 0x2200000, 21 },
        { "1G, memory is 64M", T_L3, PS | PRW, 0x2345678, 30, 0, 0, 26 },
        { "pass-through", CTX, TT(2) | P, 0x2345678, 21,
          0x2200000, 0x2200000, 21 },
        { "pass-through, high", CTX, TT(2) | P, FAKE_HIGH_BASE + 0x1234, 30,
          FAKE_HIGH_BASE, FAKE_HIGH_BASE, 20 },
    };
    unsigned int i, access;

    (void)state;
    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
        for ( access = 0; access <= RW; access++ )
        {
            struct xen_viommu_xlat x;

            world(4);
            if ( rows[i].at )
                fake_poke(rows[i].at, rows[i].val);
            fake.max_order = rows[i].max_order;
            x = dm_translate(RID, rows[i].iova, access);
            check(x.status == XEN_VIOMMU_XLAT_OK, "%s", rows[i].what);
            check(x.iova == rows[i].want_iova && x.gpa == rows[i].want_gpa &&
                  x.order == rows[i].want_order,
                  "%s: %#" PRIx64 " %#" PRIx64 " %u", rows[i].what, x.iova,
                  x.gpa, x.order);
            assert_int_equal(x.perm, RW);
            assert_int_equal(x.did, 0x1234);
            assert_int_equal(x.reason, 0);
            assert_int_equal(x.access, access);
            assert_int_equal(x.rid, RID);
        }
}

/* A valid translation to where nothing is: no fault of the guest's tables. */
static void test_blocked(void **state)
{
    static const uint64_t gpas[] = { HOLE, BASE, FAKE_LOW_SIZE };
    unsigned int i;

    (void)state;
    world(4);
    for ( i = 0; i < ARRAY_SIZE(gpas); i++ )
    {
        struct xen_viommu_xlat x;

        tables_map(0x5000, gpas[i], PRW);
        x = dm_translate(RID, 0x5678, RW);
        assert_int_equal(x.status, XEN_VIOMMU_XLAT_BLOCKED);
        assert_true(x.gpa == 0 && x.perm == 0 && x.reason == 0);
    }
    assert_int_equal(r32(R_FSTS), 0);
    assert_true(unit_stats().faults == ARRAY_SIZE(gpas));

    /* A hole within a superpage, and what is around it. */
    fake_poke(T_L2, 0xa00000 | PS | PRW);
    fake_set_ram(0xa08000, false);
    assert_int_equal(dm_translate(RID, 0x8000, R).status,
                     XEN_VIOMMU_XLAT_BLOCKED);
    assert_int_equal(dm_translate(RID, 0x9000, R).order, 12);
    assert_int_equal(dm_translate(RID, 0xa000, R).order, 13);
    assert_int_equal(dm_translate(RID, 0xf000, R).order, 14);
    assert_int_equal(dm_translate(RID, 0x10000, R).order, 16);
}

/*
 * What the DM has at an address is no memory, and no block is larger than a
 * page.  The registers of the unit itself are no such device's.
 */
static void test_device(void **state)
{
    struct xen_viommu_xlat x[3] = {};
    unsigned int i;
    uint64_t generation;

    (void)state;
    world(4);
    fake.device = 0xa01000;
    for ( i = 0; i < ARRAY_SIZE(x); i++ )
    {
        x[i].iova = (i << 12) + 0x678;
        x[i].rid = RID;
        x[i].access = RW;
    }
    fake_poke(T_L2, 0xa00000 | PS | PRW);
    assert_int_equal(viommu_translate(viommu, DM, x, ARRAY_SIZE(x),
                                      &generation), 0);
    for ( i = 0; i < ARRAY_SIZE(x); i++ )
    {
        assert_int_equal(x[i].status, i == 1 ? XEN_VIOMMU_XLAT_DEVICE
                                             : XEN_VIOMMU_XLAT_OK);
        assert_true(x[i].iova == i << 12 && x[i].gpa == 0xa00000 + (i << 12));
        assert_true(x[i].perm == RW && x[i].did && !x[i].reason);
        assert_true(x[i].order == (i == 2 ? 13 : 12));
    }
    assert_true(unit_stats().faults == 0 && r32(R_FSTS) == 0);

    /* The tables permit it, or not, as they do with memory. */
    world(4);
    fake.device = HOLE;
    tables_map(0x5000, HOLE, R);
    assert_int_equal(dm_translate(RID, 0x5000, R).status,
                     XEN_VIOMMU_XLAT_DEVICE);
    assert_int_equal(dm_translate(RID, 0x5000, R).perm, R);
    assert_int_equal(dm_translate(RID, 0x5000, W).status,
                     XEN_VIOMMU_XLAT_FAULT);

    fake.device = BASE;
    tables_map(0x6000, BASE, PRW);
    x[0] = dm_translate(RID, 0x6000, RW);
    assert_int_equal(x[0].status, XEN_VIOMMU_XLAT_BLOCKED);
    assert_true(x[0].gpa == 0 && x[0].perm == 0);
}

/*
 * What the DM is told besides: where the tables are, and how far around the page
 * there is memory, which may be more than is translated.
 */
static void test_hints(void **state)
{
    struct xen_viommu_xlat x;

    (void)state;
    world(4);
    fake.max_order = 21;
    tables_map(0x5000, 0xa05000, PRW);
    x = dm_translate(RID, 0x5678, R);
    assert_true(x.status == XEN_VIOMMU_XLAT_OK && x.order == 12);
    assert_true(x.format == XEN_VIOMMU_FORMAT_VTD && x.levels == 4);
    assert_true(x.root == T_ROOT && x.block == 21);
    /* The next one of a batch begins at the last table, and knows the first. */
    {
        struct xen_viommu_xlat y[2] = {
            { .iova = 0x5000, .rid = RID, .access = R },
            { .iova = 0x5000, .rid = RID, .access = R },
        };
        uint64_t generation;

        assert_int_equal(viommu_translate(viommu, DM, y, 2, &generation), 0);
        assert_true(y[1].root == T_ROOT && y[1].levels == 4 &&
                    y[1].format == x.format && y[1].block == 21);
    }

    fake.device = 0xa01000;
    x = dm_translate(RID, 0x5000, R);
    assert_true(x.block >= 12 && x.block < 21);
    tables_map(0x6000, 0xa01000, PRW);
    x = dm_translate(RID, 0x6000, R);
    assert_true(x.status == XEN_VIOMMU_XLAT_DEVICE && x.block == 0);
    fake.device = 0;

    /* Nobody vouches for what is refused. */
    x = dm_translate(RID, 0x7000, R);
    assert_true(x.status == XEN_VIOMMU_XLAT_FAULT && !x.block);
    tables_map(0x6000, HOLE, PRW);
    x = dm_translate(RID, 0x6000, R);
    assert_true(x.status == XEN_VIOMMU_XLAT_BLOCKED && !x.block);

    world(3);
    fake.max_order = 12;
    tables_map(0x5000, 0xa05000, PRW);
    x = dm_translate(RID, 0x5678, R);
    assert_true(x.levels == 3 && x.root == T_ROOT && x.block == 12);
}

/* No tables: there is nothing to walk. */
static void test_no_hints(void **state)
{
    struct xen_viommu_xlat x;

    (void)state;
    unit_create(48, 46);
    dm_attach();
    x = dm_translate(RID, 0x5678, R);
    assert_true(x.status == XEN_VIOMMU_XLAT_OK && x.order == 64);
    assert_true(!x.format && !x.levels && !x.root && !x.block);
}

/* Tables that point back to themselves end where the levels end. */
static void test_self_reference(void **state)
{
    (void)state;
    world(4);
    fake_poke(T_L4, T_L4 | PRW);
    assert_true(dm_translate(RID, 0x123, RW).gpa == T_L4);
    assert_int_equal(fake.reads, 6);
    /* One page is everything: root, context and all levels. */
    world(4);
    fake_poke(T_ROOT, T_ROOT | P);
    fake_poke(T_ROOT + 8, 0);
    w64(R_RTADDR, T_ROOT);
    assert_int_equal(dm_translate(0, 0, R).reason, 0x03);
}

/* Not translating: everything, everywhere, without a look at memory. */
static void test_disabled(void **state)
{
    struct xen_viommu_xlat x;

    (void)state;
    dm_attach();
    tables_create(4, 1);
    x = dm_translate(RID, 0x123456789abcdef, W);
    assert_int_equal(x.status, XEN_VIOMMU_XLAT_OK);
    assert_true(x.iova == 0 && x.gpa == 0 && x.order == 64 && x.did == 0);
    assert_int_equal(x.perm, RW);
    assert_int_equal(fake.reads, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        a_test(test_reasons_48),
        a_test(test_reasons_39),
        a_test(test_root_inaccessible),
        a_test(test_requester),
        a_test(test_ranges),
        a_test(test_blocked),
        a_test(test_device),
        a_test(test_hints),
        a_test(test_no_hints),
        a_test(test_self_reference),
        a_test(test_disabled),
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
