/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What holds the queue up, and what happens to it meanwhile: fences, too many
 * waits, a DM that dies, the queue disabled, the machine reset.
 */
#include "queue.h"

/* As many waits can be outstanding. */
#define NR_OUTSTANDING 64

/* FN: nothing behind it is fetched before all before it is complete. */
static void test_fence(void **state)
{
    unsigned int n, reads;

    (void)state;
    q_hold();
    q_put(D_TLB(1), 0);
    q_put_wait(0, 0);
    q_put_wait(1, W_FN);
    q_put(D_TLB(1), 0);
    q_put_wait(2, 0);
    q_submit();
    assert_false(unit_more);
    reads = fake.queue_reads;
    assert_true(reads == 3 || reads == 4);
    /* What has been read behind it does not count. */
    fake_poke(Q_BASE + 3 * 16, 0);
    for ( n = 0; n < 10; n++ )
    {
        assert_int_equal(q_head(), 3);
        assert_false(viommu_continue(viommu));
        w32(R_FSTS, 0);
        q_submit();
    }
    assert_int_equal(fake.queue_reads, reads);
    q_ack_all();
    assert_true(q_done(0) && q_done(1));
    viommu_continue(viommu);
    q_check_stopped(3, E_TYPE);
    fake_poke(Q_BASE + 3 * 16, D_TLB(1));
    w32(R_FSTS, IQE);
    q_check_running(5);
    assert_true(q_done(2));
}

/* A fence with nothing to hold back, or nothing to wait for. */
static void test_fence_at_once(void **state)
{
    unsigned int i;

    (void)state;
    for ( i = 0; i < 50; i++ )
        q_put_wait(i, W_FN);
    q_submit();
    q_rest();
    q_check_running(50);
    for ( i = 0; i < 50; i++ )
        assert_true(q_done(i));
    assert_false(fake.watching);

    q_put_held(50, W_FN);
    assert_false(unit_more);
    q_ack_all();
    assert_true(q_done(50));
    assert_false(fake.watching || viommu_continue(viommu));
}

/* As many waits as there is room for, and then they go on by themselves. */
static void test_full(void **state)
{
    unsigned int i, nr = 3 * NR_OUTSTANDING + 5;

    (void)state;
    q_hold();
    q_put(D_TLB(1), 0);
    for ( i = 0; i < nr; i++ )
        q_put_wait(i, 0);
    q_submit();
    q_rest();
    assert_int_equal(q_head(), 1 + NR_OUTSTANDING);
    assert_false(unit_more || q_done(0));
    assert_true(fake.watching);
    trace_is("notify(1) watch");

    q_ack_all();
    for ( i = 0; i < NR_OUTSTANDING + 1; i++ )
        assert_true(q_done(i));
    unit_more = viommu_continue(viommu);
    q_rest();
    q_check_running(q.tail);
    for ( i = 0; i < nr; i++ )
        assert_true(q_done(i));
    assert_false(fake.watching);
}

/* Full over and over, each wait with a generation of its own. */
static void test_full_of_generations(void **state)
{
    unsigned int i;

    (void)state;
    for ( i = 0; i < NR_OUTSTANDING + 3; i++ )
        q_put_held(i, 0);
    /* With no room for another wait, nothing is fetched. */
    assert_int_equal(q_head(), 2 * NR_OUTSTANDING);
    for ( i = 0; i < NR_OUTSTANDING + 3; i++ )
    {
        uint64_t g = viommu->drain.ring[i % NR_OUTSTANDING].generation;

        if ( q_done(i) )
            break;
        dm_end(g);
        assert_true(q_done(i));
    }
    assert_true(q_done(NR_OUTSTANDING + 2));
    q_check_running(q.tail);
}

/* The DM goes while waits wait: they complete, in order, and the rest runs. */
static void test_death(void **state)
{
    struct xen_dm_op_viommu_attach attach = { .version = 1 };
    unsigned int way, i;

    for ( way = 0; way < 5; way++ )
    {
        q_setup(state);
        q_put_held(0, W_IF);
        q_put_held(1, 0);
        q_put_wait(2, W_FN);
        q_put(D_TLB(1), 0);
        q_put_wait(3, 0);
        q_submit();
        assert_int_equal(q_head(), 5);
        assert_false(q_done(0));
        fake_trace();
        fake.kicked = false;

        if ( way == 3 )
            assert_int_equal(viommu_detach(viommu, DM), 0);
        else
            fake_unbind(q_port);
        if ( way == 0 )
            r32(R_FSTS);
        else if ( way == 1 )
            viommu_continue(viommu);
        else if ( way == 2 )
            assert_int_equal(viommu_attach(viommu, DM + 1, &attach), 0);
        else if ( way == 4 )
            viommu_tick(viommu);

        /* Who is not the guest leaves what is behind the fence to it. */
        assert_true(fake.kicked == (way > 1));
        if ( fake.kicked )
            assert_false(viommu_continue(viommu));

        trace_is(way < 2 ? "write(3008000,1) write(3008004,2) "
                           "write(3008008,3) write(300800c,4) unwatch " MSI :
                 way == 2 ? "write(3008000,1) write(3008004,2) "
                            "write(3008008,3) " MSI " free(1) alloc(1) "
                            "write(300800c,4) unwatch" :
                 way == 3 ? "write(3008000,1) write(3008004,2) "
                            "write(3008008,3) " MSI " free(1) "
                            "write(300800c,4) unwatch" :
                            "write(3008000,1) write(3008004,2) "
                            "write(3008008,3) " MSI
                            " write(300800c,4) unwatch");
        for ( i = 0; i < 4; i++ )
            assert_true(q_done(i));
        q_check_running(7);
        assert_true(unit_stats().dm_gone == 1);
    }
}

/* It dies first, and the guest waits for nobody. */
static void test_death_before(void **state)
{
    (void)state;
    q_hold();
    fake_unbind(q_port);
    q_put(D_TLB(1), 0);
    q_put_wait(0, 0);
    q_submit();
    assert_true(q_done(0));
    assert_false(fake.watching);
}

/* QIE goes while waits wait: QIES goes once they are complete. */
static void test_disable_waits(void **state)
{
    unsigned int n, reads;

    (void)state;
    q_put_held(0, 0);
    q_put_wait(1, W_FN);
    q_put_wait(2, 0);
    q_submit();
    reads = fake.queue_reads;
    assert_true(reads == 3 || reads == 4);
    q_switch(false);
    for ( n = 0; n < 10; n++ )
    {
        assert_int_equal(r32(R_GSTS) & QIE, QIE);
        assert_false(viommu_continue(viommu) || q_done(0) || q_done(1));
    }
    fake_trace();
    q_ack_all();
    assert_true(q_done(0) && q_done(1) && !q_done(2));
    trace_is("write(3008000,1) write(3008004,2) unwatch");
    assert_int_equal(r32(R_GSTS) & QIE, 0);
    assert_int_equal(q_head(), 0);
    assert_int_equal(fake.queue_reads, reads);

    /* Enabled again it begins at 0, fence and all forgotten. */
    q_clear(4);
    q_switch(true);
    q_rest();
    q_check_running(4);
    assert_true(q_done(0) && q_done(1) && q_done(2));
}

/* Off and on again without waiting for the one: it begins anew. */
static void test_reenable_early(void **state)
{
    (void)state;
    q_put_held(0, W_FN);
    q_switch(false);
    q_put_wait(1, 0);
    q_submit();
    q_switch(true);
    assert_int_equal(r32(R_GSTS) & QIE, QIE);
    assert_false(q_done(0));
    q_ack_all();
    viommu_continue(viommu);
    assert_true(q_done(0) && q_done(1));
    q_check_running(3);
}

/* A wait behind TE and SRTP covers what they take away as well. */
static void test_with_te(void **state)
{
    (void)state;
    q_hold();
    w32(R_GCMD, QIE);
    q_put_wait(0, 0);
    q_submit();
    assert_int_equal(r32(R_GSTS) & TE, TE);
    assert_false(q_done(0));
    q_ack_all();
    assert_int_equal(r32(R_GSTS) & TE, 0);
    assert_true(q_done(0));
}

/* The oldest of slots and queue is the one that is said to wait. */
static void test_oldest(void **state)
{
    uint64_t first = fake.now + 10;

    (void)state;
    fake.now = first;
    q_put_held(0, 0);
    fake.now += 10;
    q_hold();
    w32(R_GCMD, QIE);
    fake.now += 10;
    q_put_held(1, 0);
    assert_true(unit_stats().waiting.write_ns == first);
    dm_end(unit_stats().requested - 2);
    assert_true(unit_stats().waiting.write_ns == first + 10);
    dm_end(unit_stats().requested - 1);
    assert_true(unit_stats().waiting.write_ns == first + 20);
    assert_int_equal(unit_stats().waiting.inv, XEN_VIOMMU_INV_TLB_RANGE);
    fake.now += 100;
    q_ack_all();
    assert_true(unit_stats().longest.write_ns == first + 20);
    assert_true(unit_stats().longest.drained_ns == first + 120);
}

/* Reset: nothing is completed that was waited for, then or later. */
static void test_reset(void **state)
{
    (void)state;
    q_put_held(0, W_IF);
    q_put_wait(1, W_FN);
    q_put_wait(2, 0);
    q_submit();
    w32(R_GCMD, QIE);
    fake_trace();
    viommu_reset(viommu);
    trace_is("unwatch");
    assert_int_equal(r32(R_GSTS), 0);
    assert_true(r64(R_IQT) == 0 && r64(R_IQA) == 0 && q_head() == 0);
    assert_int_equal(r32(R_IECTL), IM);
    assert_false(unit_stats().flags & XEN_VIOMMU_STATS_WAITING);
    q_ack_all();
    trace_is("");
    assert_int_equal(dm_translate(RID, 0x1000, 1).order, 64);

    /* The next guest finds all as the first did. */
    dm_end_all();
    q_create(0);
    q_put_wait(3, W_IF);
    q_submit();
    assert_true(q_done(3) && !q_done(0));
    assert_int_equal(r32(R_IECTL), IM | IP);
}

/* A queue with a bit of everything, every status word used once. */
static void put_all_sorts(void)
{
    q_put(D_CC(1), 0);
    q_put_wait(0, W_IF);
    q_put(D_TLB(3), 0x1000);
    q_put_wait(1, W_FN);
    q_put(D_TLB(2), 0);
    q_put(D_WAIT, 0);
    q_put_wait(2, W_IF | W_FN);
    q_put_wait(3, 0);
}

/*
 * The n-th read of descriptors fails, for each n: that stops the queue, and loses
 * nothing.  Four are read at once, and anew behind a fence.
 */
static void test_each_fetch(void **state)
{
    static const unsigned int heads[] = { 0, 4, 7, 8 };
    unsigned int n, held;

    for ( held = 0; held < 2; held++ )
        for ( n = 1; n <= ARRAY_SIZE(heads); n++ )
        {
            unsigned int head = heads[n - 1];

            q_setup(state);
            if ( held )
                q_hold();
            put_all_sorts();
            fake.reads = 0;
            fake.fail_read = n;
            q_submit();
            q_rest();
            q_ack_all();
            viommu_continue(viommu);
            q_rest();
            if ( head < 8 )
            {
                q_check_stopped(head, E_FETCH);
                assert_true(q_done(0) == (head >= 2));
                assert_true(q_done(1) == (head >= 4));
                assert_true(q_done(2) == (head >= 7));
                assert_false(q_done(3));
                assert_int_equal(fake.reads, n);
                assert_false(fake.watching);
                w32(R_FSTS, IQE);
                q_rest();
                q_ack_all();
                viommu_continue(viommu);
                q_rest();
            }
            q_check_running(8);
            assert_true(q_done(0) && q_done(1) && q_done(2) && q_done(3));
            assert_int_equal(fake.reads, 3 + (head < 8));
            assert_int_equal(fake.writes, 4);
        }
}

/* The n-th status is not written, for each n: nothing else changes. */
static void test_each_status(void **state)
{
    unsigned int n, i, held;

    for ( held = 0; held < 2; held++ )
        for ( n = 1; n <= 5; n++ )
        {
            q_setup(state);
            if ( held )
                q_hold();
            put_all_sorts();
            fake.fail_write = n;
            q_submit();
            q_rest();
            q_ack_all();
            viommu_continue(viommu);
            q_rest();
            q_check_running(8);
            for ( i = 0; i < 4; i++ )
                assert_true(q_done(i) == (i != n - 1));
            assert_int_equal(r32(R_ICS), IWC);
            assert_int_equal(fake.count[FAKE_MSI], 1);
            assert_int_equal(fake.writes, 4);
            assert_false(fake.watching);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_fence),
        queue_test(test_fence_at_once),
        queue_test(test_full),
        queue_test(test_full_of_generations),
        queue_test(test_death),
        queue_test(test_death_before),
        queue_test(test_disable_waits),
        queue_test(test_reenable_early),
        queue_test(test_with_te),
        queue_test(test_oldest),
        queue_test(test_reset),
        queue_test(test_each_fetch),
        queue_test(test_each_status),
    };

    int rc = cmocka_run_group_tests(tests, NULL, NULL);

    print_message("# %lu failures injected\n", fake_failures);

    return rc;
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
