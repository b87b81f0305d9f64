/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Wait descriptors: when they complete and in which order, and what the guest
 * sees of it.
 */
#include <stdio.h>

#include "queue.h"

/* Nothing to wait for: written before the guest goes on. */
static void test_at_once(void **state)
{
    (void)state;
    q_put(D_TLB(1), 0);
    q_put_wait(0, 0);
    q_submit();
    trace_is("write(3008000,1)");
    assert_false(unit_more);
    assert_true(q_done(0));
    assert_true(unit_stats().in_trap == 4 && unit_stats().waited == 0);
    assert_true(unit_stats().descs == 2);
}

/* Held: one event, no status however often anybody looks, until the word. */
static void test_held(void **state)
{
    unsigned int n;

    (void)state;
    q_put_held(0, 0);
    trace_is("notify(1) watch");
    for ( n = 0; n < 100; n++ )
    {
        assert_int_equal(q_head(), 2);
        assert_false(viommu_continue(viommu));
        dm_end(unit_requested() - 1);
    }
    assert_false(q_done(0));
    trace_is("");
    assert_int_equal(unit_stats().flags & XEN_VIOMMU_STATS_WAITING,
                     XEN_VIOMMU_STATS_WAITING);
    q_ack_all();
    assert_true(q_done(0));
    trace_is("write(3008000,1) unwatch");
    assert_true(unit_stats().waited == 1);
}

/* All that a wait may ask for, held or not. */
static void test_combinations(void **state)
{
    unsigned int flags, held;

    for ( held = 0; held < 2; held++ )
        for ( flags = 0; flags < 8; flags++ )
        {
            uint64_t sw = flags & 1 ? W_SW : 0, irq = flags & 2 ? W_IF : 0;
            uint64_t fn = flags & 4 ? W_FN : 0;
            char want[100];

            q_setup(state);
            if ( held )
                q_hold();
            q_put(D_TLB(2), 0);
            q_put(D_WAIT | sw | irq | fn | W_DATA(0xffffffff), STATUS(5));
            q_submit();
            if ( held )
            {
                trace_is("notify(1) watch");
                assert_int_equal(r32(R_ICS), 0);
                q_ack_all();
            }
            snprintf(want, sizeof(want), "%s%s%s",
                     sw ? "write(3008014,ffffffff) " : "",
                     held ? "unwatch " : "", irq ? MSI " " : "");
            if ( *want )
                want[strlen(want) - 1] = 0;
            trace_is(want);
            assert_int_equal(r32(R_ICS), irq ? IWC : 0);
            assert_int_equal(r32(R_IECTL), 0);
            q_check_running(2);
            assert_false(unit_more);
        }
}

/* The status is in memory before the interrupt tells of it. */
static void test_status_before_event(void **state)
{
    (void)state;
    q_put_held(0, W_IF);
    q_ack_all();
    trace_is("notify(1) watch write(3008000,1) unwatch " MSI);
}

/* One interrupt until the guest has cleared IWC, however many waits. */
static void test_event_once(void **state)
{
    (void)state;
    q_put_wait(0, W_IF);
    q_put_wait(1, W_IF);
    q_submit();
    trace_is("write(3008000,1) write(3008004,2) " MSI);
    q_put_wait(2, W_IF);
    q_submit();
    trace_is("write(3008008,3)");
    assert_int_equal(r32(R_ICS), IWC);
    w32(R_ICS, 0);
    assert_int_equal(r32(R_ICS), IWC);
    w32(R_ICS, ~0u);
    assert_int_equal(r32(R_ICS), 0);
    trace_is("");
    q_put_wait(3, W_IF);
    q_submit();
    trace_is("write(300800c,4) " MSI);
}

/* Masked: pending until it is unmasked, or IWC is cleared. */
static void test_event_masked(void **state)
{
    (void)state;
    w32(R_IECTL, IM);
    q_put(D_WAIT | W_IF, 0);
    q_submit();
    assert_int_equal(r32(R_IECTL), IM | IP);
    w32(R_IECTL, IM);
    assert_int_equal(r32(R_IECTL), IM | IP);
    trace_is("");
    w32(R_IECTL, 0);
    assert_int_equal(r32(R_IECTL), 0);
    trace_is(MSI);
    w32(R_IECTL, 0);
    w32(R_IECTL, IM);
    w32(R_IECTL, 0);
    trace_is("");

    w32(R_ICS, IWC);
    w32(R_IECTL, IM | IP);
    assert_int_equal(r32(R_IECTL), IM);
    q_put(D_WAIT | W_IF, 0);
    q_submit();
    assert_int_equal(r32(R_IECTL), IM | IP);
    w32(R_ICS, IWC);
    assert_int_equal(r32(R_IECTL), IM);
    w32(R_IECTL, 0);
    trace_is("");

    /* With IWC still set, there is nothing new to be pending. */
    q_put(D_WAIT | W_IF, 0);
    q_submit();
    trace_is(MSI);
    w32(R_IECTL, IM);
    q_put(D_WAIT | W_IF, 0);
    q_submit();
    assert_int_equal(r32(R_IECTL), IM);
}

/* As with faults: only what an IOMMU may send. */
static void test_event_targets(void **state)
{
    unsigned int mode;

    (void)state;
    for ( mode = 0; mode < 8; mode++ )
    {
        w32(R_IEDATA, mode << 8 | 0x61);
        q_put(D_WAIT | W_IF, 0);
        q_submit();
        w32(R_ICS, IWC);
        trace_is(mode == 0 ? MSI : mode == 1 ? "msi(fee03000,161)" : "");
    }
    w32(R_IEDATA, 0x61);
    w32(R_IEADDR, 0xfed03000);
    q_put(D_WAIT | W_IF, 0);
    q_submit();
    assert_int_equal(r32(R_ICS), IWC);
    trace_is("");
}

/* The queue's error and the completion before it: an interrupt of each. */
static void test_both_events(void **state)
{
    (void)state;
    w32(R_FEDATA, 0x62);
    w32(R_FEADDR, 0xfee03000);
    w32(R_FECTL, 0);
    fake_trace();
    q_put_wait(0, W_IF);
    q_put(0, 0);
    q_submit();
    trace_is("write(3008000,1) msi(fee03000,62) " MSI);
    q_check_stopped(1, E_TYPE);

    /* IQE is one condition of several: no second interrupt for a fault. */
    dm_translate(RID, 0x9000, XEN_VIOMMU_WRITE);
    trace_is("");
    assert_int_equal(r32(R_FSTS) & (IQE | PPF), IQE | PPF);
    w32(R_FRCD(0) + 12, 1u << 31);
    assert_int_equal(r32(R_FSTS) & (IQE | PPF), IQE);
    q_put_at(1, D_WAIT, 0);
    w32(R_FSTS, IQE);
    q_put(0, 0);
    q_submit();
    trace_is("msi(fee03000,62)");
}

/* Nowhere to be written: it is not, and that is all. */
static void test_bad_status_address(void **state)
{
    static const uint64_t addrs[] = {
        BASE, BASE + 0x84, 0xfee00000, FAKE_LOW_SIZE, FAKE_HIGH_BASE - 4,
        0x3ffffffffffc, 0xfffffffffffffffcULL, 1ULL << 63, 0x700000, 0x600000,
    };
    unsigned int i, held;

    for ( held = 0; held < 2; held++ )
    {
        q_setup(state);
        fake_set_ram(0x700000, false);
        fake_set_read_only(0x600000);
        for ( i = 0; i < ARRAY_SIZE(addrs); i++ )
        {
            q_clear(2);
            if ( held )
                q_hold();
            q_put(D_TLB(1), 0);
            q_put(D_WAIT | W_SW | W_IF | W_DATA(7), addrs[i]);
            q_put_wait(1, 0);
            q_submit();
            if ( held )
                q_ack_all();
            assert_true(q_done(1));
            q_check_running(q.tail);
            assert_int_equal(r32(R_ICS), IWC);
            w32(R_ICS, IWC);
            assert_int_equal(fake.count[FAKE_WRITE], i + 1);
            assert_int_equal(fake.count[FAKE_MSI], i + 1);
        }
        fake_set_ram(0x700000, true);
        assert_true(!fake_peek(0x700000) && !fake_peek(0x600000));
    }
}

/* A batch costs one event, whatever is in it. */
static void test_one_notify(void **state)
{
    unsigned int n, i;

    for ( n = 1; n < Q_SLICE; n++ )
    {
        q_setup(state);
        q_hold();
        for ( i = 0; i < n; i++ )
            q_put(i % 3 ? D_TLB(1 + i % 3) : D_CC(1 + i % 2), 0);
        q_put_wait(0, 0);
        q_submit();
        assert_false(unit_more || q_done(0));
        trace_is("notify(1) watch");
        assert_true(unit_requested() == 2 + n);
        q_ack_all();
        assert_true(q_done(0));
    }

    /* Several waits, and invalidations that none follows yet. */
    q_setup(state);
    q_hold();
    for ( i = 0; i < 10; i++ )
    {
        q_put(D_TLB(1), 0);
        q_put_wait(i, 0);
    }
    q_put(D_TLB(1), 0);
    q_submit();
    trace_is("notify(1) watch");
    q_ack_all();
    assert_true(q_done(9));
}

/* More than a slice: one word to the DM, and one of it, all the same. */
static void test_large_batch(void **state)
{
    unsigned int i;

    (void)state;
    q_hold();
    for ( i = 0; i < 200; i++ )
        q_put(D_TLB(1), 0);
    q_put_wait(0, 0);
    q_submit();
    assert_int_equal(fake.count[FAKE_NOTIFY], 0);
    assert_true(fake.watching);
    q_rest();
    assert_int_equal(fake.count[FAKE_NOTIFY], 1);
    assert_false(q_done(0));
    dm_end(dm_generation + 1);
    assert_true(q_done(0));
    assert_false(fake.watching);
}

/*
 * An invalidation with no wait descriptor: IQH gets past it once it is drained,
 * as some drivers take that for completion.
 */
static void test_head(void **state)
{
    const struct xen_viommu_stats was = unit_stats();
    unsigned int n;

    (void)state;
    /* Nothing is in flight: in the trap, at the cost of a look. */
    q_put(D_TLB(1), 0);
    q_submit();
    assert_int_equal(q_head_unseen(), 1);
    trace_is("");
    assert_true(unit_stats().in_trap == was.in_trap + 1);
    assert_true(unit_stats().walks == was.walks);

    q_hold();
    q_put(D_TLB(3), 0x1000);
    q_submit();
    trace_is("notify(1) watch");
    assert_int_equal(q_head(), 1);
    /* Nor does one that comes later move it, waited for or not. */
    q_put(D_CC(1), 0);
    q_submit();
    assert_int_equal(q_head(), 1);
    q_put_wait(0, 0);
    q_submit();
    assert_int_equal(q_head(), 1);
    assert_false(q_done(0));
    q_ack_all();
    assert_true(q_done(0));
    assert_int_equal(q_head_unseen(), 4);
    assert_false(fake.watching);

    /* Behind a wait descriptor it is the one that was not waited for. */
    q_hold();
    for ( n = 0; n < 2; n++ )
    {
        q_put(D_TLB(1), 0);
        q_put_wait(1 + n, 0);
    }
    q_put(D_TLB(1), 0);
    q_put(D_TLB(1), 0);
    q_submit();
    assert_int_equal(q_head(), 8);
    q_ack_all();
    assert_int_equal(q_head_unseen(), 10);
    assert_true(q_done(1) && q_done(2));

    /* It costs nothing where there is a wait, and that does not hold it up. */
    q_hold();
    n = unit_stats().waited;
    q_put(D_TLB(1), 0);
    q_put_wait(3, 0);
    q_submit();
    assert_int_equal(q_head_unseen(), 12);
    assert_true(unit_stats().waited == n + 1 && !q_done(3));
    q_ack_all();

    /* A wait with neither status nor interrupt shows nothing. */
    q_hold();
    q_put(D_TLB(1), 0);
    q_put(D_WAIT | W_FN, 0);
    q_submit();
    assert_int_equal(q_head_unseen(), 12);
    q_ack_all();
    assert_int_equal(q_head_unseen(), 14);
}

/* IQH stands at the offender at once, whatever is being drained. */
static void test_head_error(void **state)
{
    (void)state;
    q_hold();
    q_put(D_TLB(1), 0);
    q_submit();
    assert_int_equal(q_head(), 0);
    q_put(D_TLB(1), 0);
    q_put(0, 0);
    q_put(D_TLB(1), 0);
    q_submit();
    q_check_stopped(2, E_TYPE);
    q_put_at(2, D_TLB(1), 0);
    w32(R_FSTS, IQE);
    assert_int_equal(q_head(), 2);
    q_ack_all();
    q_check_running(4);
}

/* What was flushed before an error is waited for by whoever comes next. */
static void test_error_flushed(void **state)
{
    (void)state;
    q_hold();
    q_put(D_TLB(1), 0);
    q_put(0, 0);
    q_submit();
    q_check_stopped(1, E_TYPE);
    q_put_at(1, D_WAIT | W_SW | W_DATA(1), STATUS(0));
    w32(R_FSTS, IQE);
    assert_false(q_done(0));
    q_ack_all();
    assert_true(q_done(0));
}

/* However many slices a batch takes, the slots are looked at once. */
static void test_one_scan(void **state)
{
    uint64_t scans = unit_stats().scans;
    unsigned int n;

    (void)state;
    q_hold();
    for ( n = 0; n < 3 * Q_SLICE; n++ )
        q_put(D_TLB(1), 0);
    q_put_wait(0, 0);
    q_submit();
    q_rest();
    assert_int_equal(unit_stats().scans, scans + 1);
    q_ack_all();
    assert_true(q_done(0));
}

/* Who has disabled the queue finds 0, and so does the next queue. */
static void test_head_disabled(void **state)
{
    (void)state;
    q_hold();
    q_put(D_TLB(1), 0);
    q_put_wait(0, 0);
    q_put(D_TLB(1), 0);
    q_submit();
    assert_int_equal(q_head(), 2);
    q_switch(false);
    assert_int_equal(r32(R_GSTS) & QIE, QIE);
    q_ack_all();
    assert_int_equal(r32(R_GSTS) & QIE, 0);
    assert_int_equal(q_head(), 0);
    q_create(0);
    q_put_wait(1, 0);
    q_submit();
    q_check_running(1);
}

/* The DM dies, and nobody looks but the timer. */
static void test_head_death(void **state)
{
    (void)state;
    q_hold();
    q_put(D_TLB(1), 0);
    q_submit();
    assert_int_equal(q_head_unseen(), 0);
    assert_true(fake.watching);
    fake_unbind(q_port);
    viommu_tick(viommu);
    assert_int_equal(q_head_unseen(), 1);
    assert_false(fake.watching);
}

/* IQH runs ahead, completion does not; each at its own word, in order. */
static void test_order(void **state)
{
    uint64_t r = unit_requested();
    unsigned int i, j;

    (void)state;
    for ( i = 0; i < 20; i++ )
    {
        q_put_held(i, 0);
        assert_int_equal(q_head(), 2 * (i + 1));
    }
    /* This one waits for nothing of its own, but for those before it. */
    q_put_wait(20, 0);
    q_submit();
    for ( i = 0; i < 19; i++ )
    {
        dm_end(r + i + 1);
        for ( j = 0; j < 21; j++ )
            assert_true(q_done(j) == (j <= i));
    }
    fake_trace();
    dm_end(r + 20);
    trace_is("write(300804c,14) write(3008050,15) unwatch");
}

/* Many with one word: in the queue's order. */
static void test_order_at_once(void **state)
{
    unsigned int i;
    char want[1000] = "";

    (void)state;
    q_hold();
    for ( i = 0; i < 30; i++ )
    {
        if ( i % 2 )
            q_put(D_TLB(1), 0);
        q_put(D_WAIT | W_SW | W_DATA(i), STATUS(0));
        snprintf(want + strlen(want), sizeof(want) - strlen(want),
                 "write(3008000,%x) ", i);
    }
    q_submit();
    q_rest();
    /* The first of them had nothing to wait for. */
    assert_int_equal(fake.count[FAKE_WRITE], 1);
    q_ack_all();
    assert_int_equal(fake.count[FAKE_WRITE], 30);
    assert_non_null(strstr(fake_trace(), strchr(want, ' ') + 1));
    assert_int_equal(q_status(0), 29);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_at_once),
        queue_test(test_held),
        queue_test(test_combinations),
        queue_test(test_status_before_event),
        queue_test(test_event_once),
        queue_test(test_event_masked),
        queue_test(test_event_targets),
        queue_test(test_both_events),
        queue_test(test_bad_status_address),
        queue_test(test_one_notify),
        queue_test(test_large_batch),
        queue_test(test_head),
        queue_test(test_head_error),
        queue_test(test_error_flushed),
        queue_test(test_one_scan),
        queue_test(test_head_disabled),
        queue_test(test_head_death),
        queue_test(test_order),
        queue_test(test_order_at_once),
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
