/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger: how waits begin and end, side by side.
 */
#include <inttypes.h>

#include "fake-dm.h"

#define W       XEN_VIOMMU_WRITE

static const struct xen_viommu_log range = INV_RANGE(1, 0x1000, 12);
static const struct xen_viommu_log range2 = INV_RANGE(1, 0x2000, 12);
static const struct xen_viommu_log all = INV_GLOBAL;
static const struct xen_viommu_log device = INV_CC_DEVICE(RID, 0);

/* The page behind that of the usual slot. */
static const struct xen_viommu_slot second = {
    .iova = 0x2000, .gpa = 0x3000, .pages = 1, .rid = RID, .did = 1,
    .access = W,
};

/* A stale slot @n, and a register command that waits for it. */
static void stall(unsigned int n)
{
    ldm_publish(n, &ldm_usual);
    ldm_unmap();
    ldm_invalidate(&range);
    assert_true(ldm_pending(&range) && ldm_waited(n));
}

/* The slot is free, and Xen not told of it: it sees that when it looks. */
static void test_without_ack(void **state)
{
    unsigned int how;

    (void)state;
    for ( how = 0; how < 3; how++ )
    {
        ldm_remap();
        stall(5);
        ldm_busy(5, false);
        assert_true(ldm_pending(&range));
        if ( how == 0 )
            viommu_continue(viommu);
        else if ( how == 1 )
            assert_false(r64(R_IOTLB) & IVT);
        else
            assert_int_equal(dm_ack(), 0);
        assert_false(ldm_pending(&range));
        assert_true(!ldm_waited(5) && unit_stats().dm_gone == 0);
    }
}

/* Used again, for something else or for the same: that one is over. */
static void test_reuse(void **state)
{
    unsigned int n;

    (void)state;
    for ( n = 0; n < 4; n++ )
    {
        ldm_remap();
        stall(n);
        if ( n == 3 )
            ldm_slot[n].seq = ~0u; /* wraps to 0 */
        ldm_publish(n, n & 1 ? &second : &ldm_usual);
        assert_int_equal(dm_ack(), 0);
        check(!ldm_pending(&range) && !ldm_waited(n), "%u", n);
        ldm_busy(n, false);
    }
}

/* ... and stale itself by the time that another command comes. */
static void test_reuse_stale(void **state)
{
    (void)state;
    stall(0);
    ldm_remap();
    ldm_publish(0, &ldm_usual);
    ldm_unmap();
    ldm_invalidate(&device);
    assert_true(!ldm_pending(&range) && ldm_pending(&device));
    assert_true(ldm_waited(0) && unit_stats().stale == 2);
    assert_int_equal(fake.count[FAKE_NOTIFY], 2);
    assert_true(ldm_end(0) && !ldm_pending(&device));
}

/* Nothing but seq and the bit says that it is over. */
static void test_not_over(void **state)
{
    struct xen_viommu_slot was;

    (void)state;
    stall(0);
    was = ldm_slot[0];
    memset(&ldm_slot[0], 0, sizeof(was));
    ldm_slot[0].seq = was.seq;
    ldm_busy(1, true);
    ldm_busy(1, false);
    assert_int_equal(dm_ack(), 0);
    assert_true(ldm_pending(&range) && ldm_waited(0));
    ldm_slot[0] = was;
    ldm_remap();
    assert_int_equal(dm_ack(), 0);
    assert_true(ldm_pending(&range));
    assert_true(ldm_end(0) && !ldm_pending(&range));
}

/* One event when it begins to wait; one more when there is more to wait for. */
static void test_second_slot(void **state)
{
    uint64_t first;

    (void)state;
    stall(0);
    first = fake.now;
    trace_is("notify(1) watch");
    ldm_publish(70, &second);
    tables_map(0x2000, 0, 0);
    fake.now += 2000;
    /* CCMD covers both. */
    ldm_invalidate(&device);
    trace_is("notify(1)");
    assert_true(ldm_waited(0) && ldm_waited(70) && ldm_nr_waited() == 2);
    assert_true(unit_stats().blocked == 2 && unit_stats().stale == 2);
    assert_true(unit_stats().blocked_by.iova == ldm_usual.iova);
    assert_true(unit_stats().blocked_ns == first);

    /* IOTLB needs the first only, CCMD both. */
    assert_true(ldm_end(0));
    assert_true(!ldm_pending(&range) && ldm_pending(&device));
    assert_true(!ldm_waited(0) && ldm_waited(70));
    /* What is said to be waited for goes with its own age. */
    assert_true(unit_stats().blocked_by.iova == second.iova);
    assert_true(unit_stats().blocked_ns == first + 2000);
    assert_true(ldm_end(70));
    assert_false(ldm_pending(&device));
    trace_is("unwatch");
    assert_true(unit_stats().waited == 2 && unit_stats().blocked == 0);
}

/* The other way round: the later one ends first, the earlier goes on. */
static void test_second_slot_first(void **state)
{
    (void)state;
    stall(0);
    ldm_publish(70, &second);
    tables_map(0x2000, 0, 0);
    ldm_invalidate(&device);
    assert_true(ldm_end(70));
    assert_true(ldm_pending(&range) && ldm_pending(&device));
    assert_true(ldm_end(0));
    assert_true(!ldm_pending(&range) && !ldm_pending(&device));
}

/* Many in all words of busy[]: it is the last that counts. */
static void test_many_slots(void **state)
{
    unsigned int n;

    (void)state;
    for ( n = 0; n < XEN_VIOMMU_SLOTS; n += 31 )
        ldm_publish(n, &ldm_usual);
    ldm_unmap();
    ldm_invalidate(&all);
    while ( unit_more )
        unit_more = viommu_continue(viommu);
    trace_is("watch notify(1)");
    assert_true(ldm_nr_waited() == 34 && unit_stats().blocked == 34);
    for ( n = 0; n < XEN_VIOMMU_SLOTS; n += 31 )
    {
        assert_true(ldm_pending(&all) && ldm_waited(n));
        assert_true(ldm_end(n));
    }
    assert_false(ldm_pending(&all));
    trace_is("unwatch");
}

/* What is not covered goes on for as long as it likes, stale or not. */
static void test_bystander(void **state)
{
    unsigned int n;

    (void)state;
    ldm_publish(0, &ldm_usual);
    ldm_unmap();
    for ( n = 0; n < 100; n++ )
    {
        ldm_invalidate(&range2);
        assert_false(ldm_pending(&range2));
        if ( unit_flags )
            continue;
        q_create(0);
        ldm_put(&range2);
        q_put_wait(0, 0);
        q_submit();
        assert_true(q_done(0));
        q_clear(2);
        q_switch(false);
    }
    trace_is(unit_flags ? "" : fake_trace());
    assert_int_equal(fake.count[FAKE_NOTIFY], 0);
    ldm_invalidate(&range);
    assert_true(ldm_pending(&range));
    assert_true(ldm_end(0));
}

/*
 * What is asked for before is not delayed by what is asked for later; but a
 * later one ends after the earlier ones: invalidations complete in order.
 */
static void test_fifo(void **state)
{
    (void)state;
    stall(0);
    ldm_invalidate(&device);    /* covers the same slot, and another kind */
    w32(R_GCMD, SRTP | TE);
    assert_true(unit_stats().stale == 1);
    assert_true(ldm_pending(&range) && ldm_pending(&device));
    assert_true(ldm_end(0));
    assert_true(!ldm_pending(&range) && !ldm_pending(&device));
    assert_true(r32(R_GSTS) & SRTP);

    ldm_remap();
    stall(1);
    w64(R_CCMD, ICC | CIRG(3) | (RID + 64) << 16);
    assert_true(ldm_pending(&device) && ldm_nr_waited() == 1);
    assert_true(ldm_end(1) && !ldm_pending(&device));
}

/* The queue: fetching goes on, completion is in order, and one by one. */
static void test_queue(void **state)
{
    unsigned int n;

    if ( *state )
        return;
    q_create(0);
    for ( n = 0; n < 8; n++ )
    {
        struct xen_viommu_slot slot = ldm_usual;
        const struct xen_viommu_log inv = INV_RANGE(1, 0x1000ULL + n * 0x1000,
                                                    12);

        slot.iova += n * 0x1000;
        slot.gpa += n * 0x1000;
        ldm_publish(100 * n, &slot);
        tables_map(slot.iova, 0, 0);
        ldm_put(&inv);
        q_put_wait(n, 0);
        q_submit();
        assert_int_equal(q_head_unseen(), q.tail);
    }
    assert_int_equal(fake.count[FAKE_NOTIFY], 8);
    for ( n = 0; n < 8; n++ )
        assert_false(q_done(n));

    /* 1 and 2 end, and are nothing before 0. */
    assert_true(ldm_end(200) && ldm_end(100));
    assert_false(q_done(0) || q_done(1) || q_done(2));
    assert_true(ldm_end(0));
    assert_true(q_done(0) && q_done(1) && q_done(2) && !q_done(3));
    for ( n = 3; n < 8; n++ )
    {
        assert_false(q_done(n));
        assert_true(ldm_end(100 * n));
        assert_true(q_done(n));
    }

    /* A batch is one: it tells the DM once, whatever there is in it. */
    fake_trace();
    ldm_publish(0, &second);
    tables_map(0x2000, 0, 0);
    ldm_put(&range);
    q_put_wait(8, 0);
    ldm_put(&range2);
    q_put_wait(9, 0);
    q_put_wait(10, W_FN);
    q_submit();
    trace_is("notify(1) watch");
    assert_true(!q_done(9) && !q_done(10));
    assert_true(ldm_end(0));
    assert_true(q_done(8) && q_done(9) && q_done(10));
}

/* A batch: each wait is for what is before it, and for no more. */
static void test_queue_batch(void **state)
{
    static const struct xen_viommu_log dom = INV_DOMAIN(1);

    if ( *state )
        return;
    q_create(0);
    ldm_publish(9, &second);
    tables_map(0x2000, 0, 0);
    ldm_put(&range);
    q_put_wait(0, 0);
    ldm_put(&dom);
    q_put_wait(1, 0);
    q_submit();
    assert_true(q_done(0) && !q_done(1));
    assert_true(ldm_end(9) && q_done(1));

    ldm_publish(9, &second);
    ldm_put(&range2);
    q_put_wait(2, 0);
    ldm_put(&dom);
    q_put_wait(3, 0);
    q_submit();
    assert_false(q_done(2) || q_done(3));
    assert_true(ldm_end(9) && q_done(2) && q_done(3));
}

/* More kinds in a batch than are told apart. */
static void test_queue_mixed(void **state)
{
    unsigned int did, at;

    if ( *state )
        return;
    for ( at = 0; at < 14; at++ )
    {
        ldm_world_setup(state);
        q_create(0);
        ldm_publish(9, &ldm_usual);
        ldm_unmap();
        for ( did = 2; did < 16; did++ )
        {
            const struct xen_viommu_log other = INV_RANGE(did, 0x1000, 12);
            const struct xen_viommu_log inv = INV_DOMAIN(did);

            ldm_put(did & 1 ? &inv : &other);
            if ( did - 2 == at )
                ldm_put(&range);
        }
        q_put_wait(0, 0);
        q_submit();
        check(!q_done(0) && ldm_waited(9), "%u", at);
        assert_true(ldm_end(9) && q_done(0));
    }
}

/* Ranges in a batch become one, which holds them all, and not much else. */
static void test_queue_ranges(void **state)
{
    static const struct {
        uint64_t a, b;
        bool all;               /* between them there is everything */
    } cases[] = {
        { 0x1000, 0x4000 }, { 0x4000, 0x1000 }, { 0x1000, 0x1000 },
        { 0x1000, 1ULL << 47, true }, { 1ULL << 47, 0x1000, true },
        { 0x1000, 1ULL << 62, true }, { 1ULL << 62, 0x1000, true },
        { 0x1000, 1ULL << 63, true }, { 1ULL << 63, 0x1000, true },
        { ~0ULL << 12, 0x1000, true }, { 0x1000, ~0ULL << 12, true },
    };
    struct xen_viommu_slot far = ldm_usual;
    unsigned int i;

    if ( *state )
        return;
    far.iova = 0x100000;
    for ( i = 0; i < ARRAY_SIZE(cases); i++ )
    {
        const struct xen_viommu_log a = INV_RANGE(1, cases[i].a, 12);
        const struct xen_viommu_log b = INV_RANGE(1, cases[i].b, 12);

        ldm_world_setup(state);
        q_create(0);
        ldm_publish(9, &ldm_usual);
        ldm_publish(10, &far);
        ldm_unmap();
        ldm_put(&a);
        ldm_put(&b);
        q_put_wait(0, 0);
        q_submit();
        check(!q_done(0) && ldm_waited(9), "%u", i);
        check(ldm_waited(10) == cases[i].all, "%u", i);
        if ( cases[i].all )
            assert_true(ldm_end(10));
        assert_true(ldm_end(9) && q_done(0));
    }
}

/*
 * Two threads of a DM without slots: an invalidation comes between the end of
 * the DMA that the DM has been told of and its word.  The DMA that it waits for
 * is another, which may last until the DM is told.
 */
static void test_floor_told(void **state)
{
    uint64_t head = ldm->head;

    (void)state;
    ldm->floor = head;
    ldm_invalidate(&range2);
    assert_true(fake_take(ldm_port));
    /* One ends, and there is another which began after the invalidation. */
    ldm->floor = head + 1;
    ldm_invalidate(&device);
    assert_true(ldm_pending(&device) && fake_take(ldm_port));
    assert_int_equal(dm_ack(), 0);
    assert_true(ldm_pending(&device) && !fake_take(ldm_port));
    ldm->floor = XEN_VIOMMU_NO_FLOOR;
    assert_int_equal(dm_ack(), 0);
    assert_false(ldm_pending(&device));
}

/* DMA without a slot: floor */
static void test_floor(void **state)
{
    uint64_t head;

    (void)state;
    ldm_invalidate(&all);
    head = ldm->head;
    /* Up to date, or newer than Xen knows of. */
    ldm->floor = head + 1;
    ldm_invalidate(&all);
    assert_false(ldm_pending(&all));
    ldm->floor = ~0ULL - 1;
    ldm_invalidate(&all);
    assert_false(ldm_pending(&all));
    assert_true(fake.count[FAKE_NOTIFY] == 0 && ldm->floor_waited == 0);

    /* One that has not seen it: everything is covered. */
    head = ldm->head;
    ldm->floor = head;
    fake.now += 1000;
    ldm_invalidate(&range2);
    assert_true(ldm_pending(&range2) && ldm->floor_waited == 1);
    trace_is("notify(1) watch");
    assert_true(unit_stats().blocked_floor == 1 && unit_stats().blocked == 0);
    assert_true(unit_stats().blocked_ns == fake.now);

    /* Going back, staying, going on without coming far enough. */
    ldm->floor = 0;
    assert_int_equal(dm_ack(), 0);
    ldm->floor = head;
    assert_int_equal(dm_ack(), 0);
    assert_true(ldm_pending(&range2));
    trace_is("");
    ldm->floor = head + 1;
    assert_int_equal(dm_ack(), 0);
    assert_true(!ldm_pending(&range2) && ldm->floor_waited == 0);
    assert_true(unit_stats().blocked_floor == 0);
    assert_true(unit_stats().blocked_ns == 0);
    trace_is("unwatch");
}

/* Two that wait: floor comes by the first, then by the second. */
static void test_floor_steps(void **state)
{
    uint64_t head;

    (void)state;
    head = ldm->head;
    ldm->floor = head;
    ldm_invalidate(&range);
    ldm_invalidate(&device);
    assert_true(ldm_pending(&range) && ldm_pending(&device));
    ldm->floor = head + 1;
    assert_int_equal(dm_ack(), 0);
    assert_true(!ldm_pending(&range) && ldm_pending(&device));
    assert_true(ldm->floor_waited == 1);
    ldm->floor = XEN_VIOMMU_NO_FLOOR;
    assert_int_equal(dm_ack(), 0);
    assert_true(!ldm_pending(&device) && ldm->floor_waited == 0);

    /* Both floor and a slot. */
    ldm->floor = ldm->head;
    stall(8);
    assert_true(ldm_end(8) && ldm_pending(&range));
    ldm->floor = XEN_VIOMMU_NO_FLOOR;
    assert_int_equal(dm_ack(), 0);
    assert_false(ldm_pending(&range));
}

/* What the statistics say of a wait. */
static void test_stats(void **state)
{
    struct xen_viommu_stats s;
    uint64_t began;

    (void)state;
    fake.now += 12345;
    began = fake.now;
    ldm_publish(40, &second);
    tables_map(0x2000, 0, 0);
    ldm_invalidate(&range2);
    fake.now += 1000;
    ldm_publish(20, &ldm_usual);
    ldm_unmap();
    ldm_invalidate(&device);

    s = unit_stats();
    assert_true(s.flags & XEN_VIOMMU_STATS_WAITING);
    assert_true(s.blocked == 2 && s.stale == 2);
    assert_true(s.blocked_ns == began && s.blocked_floor == 0);
    assert_memory_equal(&s.blocked_by, &ldm_slot[40], sizeof(s.blocked_by));
    assert_true(s.waiting.write_ns == began && s.waiting.event_ns == began);
    assert_true(s.requested > s.drained);

    fake.now += 1000;
    ldm_busy(40, false);
    ldm_busy(20, false);
    assert_int_equal(dm_ack(), 0);
    s = unit_stats();
    assert_true(s.blocked == 0 && s.blocked_ns == 0);
    assert_true(s.drained == s.requested);
    assert_true(s.blocked_by.pages == 0 && s.blocked_by.seq == 0);
    assert_true(s.longest.write_ns == began);
    assert_true(s.longest.ack_ns == fake.now && s.drain_max_ns == 2000);
    assert_true(s.waited == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(test_without_ack),
        world_test(test_reuse),
        world_test(test_reuse_stale),
        world_test(test_not_over),
        world_test(test_second_slot),
        world_test(test_second_slot_first),
        world_test(test_many_slots),
        world_test(test_bystander),
        world_test(test_fifo),
        world_test(test_queue),
        world_test(test_queue_batch),
        world_test(test_queue_mixed),
        world_test(test_queue_ranges),
        world_test(test_floor),
        world_test(test_floor_told),
        world_test(test_floor_steps),
        world_test(test_stats),
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
