/* SPDX-License-Identifier: GPL-2.0-only */
/* What the vIOMMU tells of itself: counters, timelines, histogram. */
#include <inttypes.h>

#include "unit.h"

#define US 1000ULL

static int setup(void **state)
{
    unit_setup(state);
    tables_create(4, 1);
    tables_map(0x1000, 0x2000, PRW);
    dm_attach();

    return 0;
}

#define stats_test(f) cmocka_unit_test_setup_teardown(f, setup, unit_teardown)

/* A flush that waits for @ns. */
static void drain(uint64_t ns)
{
    dm_hold();
    w64(R_IOTLB, IVT | IIRG(2));
    fake.now += ns;
    dm_end_all();
    assert_true(idle());
}

static void test_at_first(void **state)
{
    const struct xen_viommu_stats zero = { 0 };
    struct xen_viommu_stats s;

    (void)state;
    unit_create(48, 46);
    s = unit_stats();
    assert_int_equal(s.type, XEN_VIOMMU_TYPE_VTD);
    assert_true(s.base == BASE && s.now_ns == fake.now);
    s.type = 0;
    s.base = s.now_ns = 0;
    assert_memory_equal(&s, &zero, sizeof(s));
}

static void test_flags(void **state)
{
    struct xen_dm_op_viommu_attach op = { .version = 1 };

    (void)state;
    unit_create(48, 46);
    assert_int_equal(viommu_attach(viommu, DM, &op), 0);
    assert_int_equal(unit_stats().flags, 0);
    fake_bind(op.port);
    assert_int_equal(unit_stats().flags, XEN_VIOMMU_STATS_DM);
    w32(R_GCMD, TE);
    assert_int_equal(unit_stats().flags,
                     XEN_VIOMMU_STATS_DM | XEN_VIOMMU_STATS_ENABLED);
    dm_hold();
    w64(R_IOTLB, IVT | IIRG(1));
    assert_int_equal(unit_stats().flags,
                     XEN_VIOMMU_STATS_DM | XEN_VIOMMU_STATS_ENABLED |
                     XEN_VIOMMU_STATS_WAITING);
    fake_unbind(op.port);
    assert_int_equal(unit_stats().flags,
                     XEN_VIOMMU_STATS_ENABLED | XEN_VIOMMU_STATS_WAITING);
    viommu_continue(viommu);
    w32(R_GCMD, 0);
    assert_int_equal(unit_stats().flags, 0);
}

/* Every invalidation is counted once by kind, and once by how it went. */
static void test_counters(void **state)
{
    struct xen_viommu_stats s;
    uint64_t sum = 0;
    unsigned int i;

    (void)state;
    w32(R_GCMD, SRTP | TE);
    w64(R_CCMD, ICC | CIRG(1));
    w64(R_CCMD, ICC | CIRG(2));
    w64(R_CCMD, ICC | CIRG(3));
    w64(R_CCMD, ICC);
    w64(R_IOTLB, IVT | IIRG(1));
    w64(R_IOTLB, IVT);
    drain(1);
    drain(1);
    w64(R_IVA, 0);
    w64(R_IOTLB, IVT | IIRG(3));
    dm_translate(RID, 0x1000, 0);

    s = unit_stats();
    for ( i = 0; i < XEN_VIOMMU_NR_INV; i++ )
    {
        assert_true(s.inv[i] == (i == XEN_VIOMMU_INV_CONTROL ||
                                 i == XEN_VIOMMU_INV_TLB_DOMAIN ? 2 : 1));
        sum += s.inv[i];
    }
    assert_true(sum == 9 && s.requested == 9 && s.drained == 9);
    assert_true(s.in_trap == 7 && s.waited == 2);
    assert_true(s.translations == 1);
}

static void test_timeline(void **state)
{
    struct xen_viommu_timeline t;
    uint64_t written;

    (void)state;
    dm_hold();
    fake.now += 1000;
    written = fake.now;
    w64(R_IOTLB, IVT | IIRG(2));

    fake.now += 50;
    t = unit_stats().waiting;
    assert_true(t.write_ns == written && t.event_ns == written);
    assert_true(!t.ack_ns && !t.drained_ns && !t.clear_ns && !t.seen_ns);
    assert_int_equal(t.inv, XEN_VIOMMU_INV_TLB_DOMAIN);
    assert_int_equal(t.pad, 0);
    assert_true(unit_stats().longest.write_ns == 0);

    fake.now += 50;
    dm_end_all();
    assert_true(unit_stats().waiting.write_ns == 0);
    t = unit_stats().longest;
    assert_true(t.write_ns == written && t.event_ns == written);
    assert_true(t.ack_ns == written + 100 && t.drained_ns == written + 100);
    assert_true(t.clear_ns == written + 100 && t.seen_ns == 0);
    assert_int_equal(t.inv, XEN_VIOMMU_INV_TLB_DOMAIN);

    /* The guest's first look counts, not its second. */
    fake.now += 50;
    assert_true(idle());
    fake.now += 50;
    assert_true(idle());
    assert_true(unit_stats().longest.seen_ns == written + 150);
}

/* Xen sees that the DMA is over before it is told so. */
static void test_untold(void **state)
{
    struct xen_viommu_timeline t;

    (void)state;
    dm_hold();
    w64(R_IOTLB, IVT | IIRG(2));
    fake.now += 50;
    ldm->floor = XEN_VIOMMU_NO_FLOOR;
    viommu_continue(viommu);
    t = unit_stats().longest;
    assert_true(!t.ack_ns && t.drained_ns == fake.now);
    assert_true(t.clear_ns == fake.now);
}

/* The CPU that the DM is on is behind the one that asked. */
static void test_clocks_differ(void **state)
{
    struct xen_viommu_timeline t;
    uint64_t written;

    (void)state;
    fake.now += 1000;
    dm_hold();
    written = fake.now;
    w64(R_IOTLB, IVT | IIRG(2));
    fake.now += 10;
    assert_false(idle());
    fake.now -= 100;
    dm_end_all();
    assert_true(idle());
    assert_true(unit_stats().drain_ns <= 10);
    t = unit_stats().longest;
    assert_true(t.write_ns == written && t.ack_ns >= written);
    assert_true(t.drained_ns >= t.ack_ns && t.clear_ns >= t.drained_ns);
    assert_true(t.seen_ns >= t.clear_ns);
}

/* Only the longest is kept, and not one that did not wait. */
static void test_longest(void **state)
{
    uint64_t written;

    (void)state;
    drain(20 * US);
    written = fake.now;
    drain(30 * US);
    drain(10 * US);
    w64(R_IOTLB, IVT | IIRG(1));
    assert_true(unit_stats().longest.write_ns == written);
    assert_true(unit_stats().longest.clear_ns == written + 30 * US);
    assert_true(unit_stats().drain_max_ns == 30 * US);
    assert_true(unit_stats().drain_ns == 60 * US);
}

/* Of two that wait the one that is shown is the older. */
static void test_waiting_is_oldest(void **state)
{
    uint64_t first = fake.now + 10;

    (void)state;
    dm_hold();
    fake.now = first;
    w64(R_IOTLB, IVT | IIRG(3));
    fake.now += 10;
    dm_hold();
    w64(R_CCMD, ICC | CIRG(3));
    assert_true(unit_stats().waiting.write_ns == first);
    assert_int_equal(unit_stats().waiting.inv, XEN_VIOMMU_INV_TLB_RANGE);
    dm_end(1);
    assert_true(unit_stats().waiting.write_ns == first + 10);
    assert_int_equal(unit_stats().waiting.inv, XEN_VIOMMU_INV_CONFIG_DEVICE);
}

/* A wait that was superseded has lasted since the first of them. */
static void test_superseded(void **state)
{
    uint64_t first = fake.now;

    (void)state;
    dm_hold();
    w32(R_GCMD, TE);
    fake.now += 100 * US;
    w32(R_GCMD, 0);
    fake.now += 100 * US;
    assert_true(unit_stats().waiting.write_ns == first);
    dm_end_all();
    assert_true(unit_stats().drain_max_ns == 200 * US);
    assert_true(unit_stats().waited == 2);
}

static void test_histogram(void **state)
{
    static const struct {
        uint64_t ns;
        unsigned int bucket;
    } cases[] = {
        { 0, 0 }, { 999, 0 }, { 1 * US, 0 }, { 2 * US - 1, 0 },
        { 2 * US, 1 }, { 4 * US - 1, 1 }, { 4 * US, 2 },
        { 1023 * US, 9 }, { 1024 * US, 10 },
        { ((1ULL << 23) - 1) * US, 22 }, { (1ULL << 23) * US, 23 },
        { (1ULL << 24) * US, 23 }, { 1ULL << 60, 23 },
    };
    unsigned int i, j;

    for ( i = 0; i < ARRAY_SIZE(cases); i++ )
    {
        struct xen_viommu_stats s;

        setup(state);
        drain(cases[i].ns);
        s = unit_stats();
        for ( j = 0; j < XEN_VIOMMU_NR_HIST; j++ )
            check(s.drain_hist[j] == (j == cases[i].bucket),
                  "%" PRIu64 " ns, bucket %u", cases[i].ns, j);
    }
}

/* Drains that end with the DM are drains, of which it has not told. */
static void test_abandoned(void **state)
{
    uint64_t written = fake.now;
    struct xen_viommu_stats s;

    (void)state;
    dm_hold();
    w64(R_IOTLB, IVT | IIRG(1));
    w64(R_CCMD, ICC | CIRG(1));
    fake.now += 5 * US;
    assert_int_equal(viommu_detach(viommu, DM), 0);
    s = unit_stats();
    assert_true(s.dm_gone == 1 && s.waited == 2);
    assert_true(s.longest.write_ns == written && s.drain_max_ns == 5 * US);
    assert_true(s.longest.ack_ns == 0);
    assert_true(s.drain_hist[2] == 2 && s.drained == s.requested);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stats_test(test_at_first),
        stats_test(test_flags),
        stats_test(test_counters),
        stats_test(test_timeline),
        stats_test(test_untold),
        stats_test(test_clocks_differ),
        stats_test(test_longest),
        stats_test(test_waiting_is_oldest),
        stats_test(test_superseded),
        stats_test(test_histogram),
        stats_test(test_abandoned),
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
