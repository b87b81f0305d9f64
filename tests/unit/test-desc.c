/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every descriptor that there could be, or nearly so: each type with each of
 * its bits, pairs of bits, random ones.  What is good is executed, what is not
 * stops the queue, and from there on it is recovered.
 */
#include <inttypes.h>

#include "queue.h"

#define MSI_ADDR 0xfee02000u
#define MSI_DATA 0x51u

struct desc {
    uint64_t lo, hi;
};

/* Fields by type, as first and last bit; what is in none is reserved. */
static const struct {
    unsigned int type;
    struct {
        uint8_t first, last;
    } field[8];
} known[] = {
    /* G, DID, SID, FM */
    { 1, { { 4, 5 }, { 16, 31 }, { 32, 47 }, { 48, 49 } } },
    /* G, DW, DR, DID; AM, IH, address */
    { 2, { { 4, 5 }, { 6, 6 }, { 7, 7 }, { 16, 31 }, { 64, 69 }, { 70, 70 },
           { 76, 127 } } },
    /* G, IM, IIDX; only where interrupts are remapped */
    { 4, { { 4, 4 }, { 27, 31 }, { 32, 47 } } },
    /* IF, SW, FN, data; address */
    { 5, { { 4, 4 }, { 5, 5 }, { 6, 6 }, { 32, 63 }, { 66, 127 } } },
};

static bool is_set(const struct desc *d, unsigned int bit)
{
    return (bit < 64 ? d->lo >> bit : d->hi >> (bit - 64)) & 1;
}

static void flip(struct desc *d, unsigned int bit)
{
    if ( bit < 64 )
        d->lo ^= 1ULL << bit;
    else
        d->hi ^= 1ULL << (bit - 64);
}

/* What is wrong with it, as IQEI; 0: nothing. */
static unsigned int wrong(const struct desc *d)
{
    unsigned int type = d->lo & 15, g = (d->lo >> 4) & 3, i, f, bit;

    for ( i = 0; i < ARRAY_SIZE(known) && known[i].type != type; i++ )
        ;
    if ( i == ARRAY_SIZE(known) ||
         (type == 4 && !(unit_flags & XEN_VIOMMU_CREATE_INTREMAP)) )
        return E_TYPE;

    for ( bit = 4; bit < 128; bit++ )
    {
        if ( !is_set(d, bit) )
            continue;
        for ( f = 0; f < ARRAY_SIZE(known[i].field); f++ )
            if ( bit >= known[i].field[f].first &&
                 bit <= known[i].field[f].last )
                break;
        if ( f == ARRAY_SIZE(known[i].field) )
            return E_RSVD;
    }

    if ( type < 4 && !g )
        return E_RSVD;
    if ( type == 4 && (g & 1) && ((d->lo >> 27) & 31) > 15 )
        return E_RSVD;
    if ( type == 2 && g == 3 && (d->hi & 63) > 18 )
        return E_RSVD;

    return 0;
}

/* The counter of what a good descriptor invalidates, or -1. */
static int kind(const struct desc *d)
{
    unsigned int g = (d->lo >> 4) & 3;

    switch ( d->lo & 15 )
    {
    case 1:
        return g == 1 ? XEN_VIOMMU_INV_CONFIG_GLOBAL :
               g == 2 ? XEN_VIOMMU_INV_CONFIG_DOMAIN :
                        XEN_VIOMMU_INV_CONFIG_DEVICE;
    case 2:
        return g == 1 ? XEN_VIOMMU_INV_TLB_GLOBAL :
               g == 2 ? XEN_VIOMMU_INV_TLB_DOMAIN : XEN_VIOMMU_INV_TLB_RANGE;
    }

    return -1;
}

#define about "%#" PRIx64 " %#" PRIx64

static void check_good(const struct desc *d, const struct xen_viommu_stats *was)
{
    struct xen_viommu_stats s = unit_stats();
    uint64_t addr = d->hi & ~3ULL;
    bool written = (d->lo & 15) == 5 && (d->lo & W_SW) && fake_is_ram(addr);
    int i, k = kind(d);

    q_check_running(q.tail);
    assert_true(q_done(0));
    check(fake.writes == 1 + ((d->lo & 15) == 5 && (d->lo & W_SW)), about,
          d->lo, d->hi);
    check(!written || (uint32_t)fake_peek(addr) == d->lo >> 32, about,
          d->lo, d->hi);
    for ( i = 0; i < XEN_VIOMMU_NR_INV; i++ )
        check(s.inv[i] == was->inv[i] + (i == k), about ", counter %d",
              d->lo, d->hi, i);
    assert_true(s.descs == was->descs + 2);
    check((r32(R_ICS) & IWC) == ((d->lo & 15) == 5 && (d->lo & W_IF)), about,
          d->lo, d->hi);
    w32(R_ICS, IWC);
}

static void check_bad(const struct desc *d, unsigned int at, unsigned int iqei,
                      const struct xen_viommu_stats *was)
{
    struct xen_viommu_stats s = unit_stats();

    q_check_stopped(at, iqei);
    assert_true(s.descs == was->descs && s.requested == was->requested);
    assert_memory_equal(s.inv, was->inv, sizeof(s.inv));
    assert_true(s.queue_errors == was->queue_errors + 1);
    assert_true(fake.writes == 0 && !q_done(0));
    check(r32(R_ICS) == 0 && fake.count[FAKE_MSI] == 1, about, d->lo, d->hi);

    /* Cleared, but as wrong as ever: the same again. */
    w32(R_FSTS, IQE);
    q_check_stopped(at, iqei);
    assert_true(unit_stats().queue_errors == was->queue_errors + 2);
    assert_int_equal(fake.count[FAKE_MSI], 2);

    /* As Linux does it: a wait in its place.  No write to IQT. */
    q_put_at(at, D_WAIT | W_SW | W_DATA(2), STATUS(1));
    assert_int_equal(fake.writes, 0);
    w32(R_FSTS, IQE);
    assert_true(q_done(0) && q_done(1));
    q_check_running(q.tail);
    assert_int_equal(fake.writes, 2);
}

/* The descriptor, and a wait behind it. */
static void attempt(const struct desc *d)
{
    struct xen_viommu_stats was = unit_stats();
    unsigned int at = q.tail, iqei = wrong(d);

    /* Not where this keeps its own status words. */
    if ( (d->lo & 15) == 5 && (d->hi & ~7ULL) == Q_STATUS )
        return;

    fake.writes = 0;
    fake.count[FAKE_MSI] = 0;
    q_clear(2);
    q_put(d->lo, d->hi);
    q_put_wait(0, 0);
    q_submit();
    if ( iqei )
        check_bad(d, at, iqei, &was);
    else
    {
        /* What is behind a fence is left for another slice. */
        q_rest();
        check_good(d, &was);
    }
}

static int setup(void **state)
{
    unit_setup(state);
    dm_attach();
    w32(R_FEDATA, MSI_DATA);
    w32(R_FEADDR, MSI_ADDR);
    w32(R_FECTL, 0);
    q_create(0);

    return 0;
}

#define desc_test(f) cmocka_unit_test_setup_teardown(f, setup, unit_teardown)

static uint32_t intremap = XEN_VIOMMU_CREATE_INTREMAP;
#define iec_test(f)                                                           \
    { #f "_intremap", f, setup, unit_teardown, &intremap }

/* Good ones, from which the tests go astray.  Addresses not near the queue. */
static const struct desc good[] = {
    { D_CC(1), 0 },
    { D_CC(2) | 0x1234 << 16, 0 },
    { D_CC(3) | 0x0003ffff00070000ULL, 0 },
    { D_TLB(1), 0 },
    { D_TLB(1) | 3 << 6, 0 },
    { D_TLB(2) | 3 << 6 | 0xffff0000ULL, 0 },
    { D_TLB(3) | 3 << 6 | 1 << 16, 0x7f1234567000 },
    { D_TLB(3) | 1 << 16, 0xfffffffffffff000ULL | 18 | 1 << 6 },
    { D_IEC, 0 },
    { D_IEC | IEC_INDEX(0x1234, 3), 0 },
    { D_WAIT, 0 },
    { D_WAIT | W_SW | W_DATA(0xdeadbeef), Q_STATUS + 0x408 },
    { D_WAIT | W_IF, 0 },
    { D_WAIT | W_FN, 0 },
    { D_WAIT | W_SW | W_IF | W_FN | W_DATA(1), Q_STATUS + 0x408 },
};

static void test_good(void **state)
{
    unsigned int i, n;

    (void)state;
    for ( n = 0; n < 100; n++ )
        for ( i = 0; i < ARRAY_SIZE(good); i++ )
        {
            assert_int_equal(wrong(&good[i]), (good[i].lo & 15) == 4 ? E_TYPE : 0);
            attempt(&good[i]);
        }
}

/* Each type with nothing else in it, and with each single bit. */
static void test_types(void **state)
{
    unsigned int type, bit;

    (void)state;
    for ( type = 0; type < 16; type++ )
    {
        struct desc d = { type, 0 };

        attempt(&d);
        for ( bit = 4; bit < 128; bit++ )
        {
            flip(&d, bit);
            attempt(&d);
            flip(&d, bit);
        }
    }
}

/* Each good one with every bit of it changed, the type's included. */
static void test_each_bit(void **state)
{
    unsigned int i, bit;

    (void)state;
    for ( i = 0; i < ARRAY_SIZE(good); i++ )
        for ( bit = 0; bit < 128; bit++ )
        {
            struct desc d = good[i];

            flip(&d, bit);
            attempt(&d);
        }
}

static void test_each_pair(void **state)
{
    unsigned int i, bit, second;

    (void)state;
    for ( i = 0; i < ARRAY_SIZE(good); i++ )
        for ( bit = 0; bit < 128; bit++ )
            for ( second = bit + 1; second < 128; second++ )
            {
                struct desc d = good[i];

                flip(&d, bit);
                flip(&d, second);
                attempt(&d);
            }
}

/* Granularity and address mask, all of either. */
static void test_masks(void **state)
{
    unsigned int g, am, ih;

    (void)state;
    for ( g = 0; g < 4; g++ )
        for ( ih = 0; ih < 2; ih++ )
            for ( am = 0; am < 64; am++ )
            {
                struct desc d = { D_TLB(g), 0x1000000 | ih << 6 | am };

                attempt(&d);
            }
}

/* Of interrupt entries: all masks, with some indexes, of all and of some. */
static void test_entries(void **state)
{
    unsigned int g, im, bit;

    (void)state;
    for ( g = 0; g < 2; g++ )
        for ( im = 0; im < 32; im++ )
            for ( bit = 0; bit < 17; bit++ )
            {
                struct desc d = {
                    D_IEC | g << 4 | im << 27 | 1ULL << bit >> 1 << 32, 0,
                };

                attempt(&d);
            }
}

static void test_random(void **state)
{
    unsigned long n, nr = unit_env("UNIT_STEPS", 100000) / 5;

    (void)state;
    unit_seed();
    for ( n = 0; n < nr; n++ )
    {
        struct desc d = good[rnd(ARRAY_SIZE(good))];
        unsigned int flips = rnd(5);

        if ( rnd(2) )
        {
            d.lo = rnd(1ULL << 32) << 32 | rnd(1ULL << 32);
            d.hi = (rnd(1ULL << 20) | 0x80000) << 44 | rnd(1ULL << 32);
        }
        while ( flips-- )
            flip(&d, rnd(64 + rnd(64)));
        /* Not into the queue, if it is to be written anywhere. */
        if ( (d.lo & 15) == 5 && d.hi >> 24 == 0 )
            continue;
        attempt(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        desc_test(test_good),
        desc_test(test_types),
        desc_test(test_each_bit),
        desc_test(test_each_pair),
        desc_test(test_masks),
        desc_test(test_random),
        iec_test(test_types),
        iec_test(test_each_bit),
        iec_test(test_entries),
        iec_test(test_random),
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
