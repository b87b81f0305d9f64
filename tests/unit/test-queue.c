/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ring: enabling it, going round it, what stops it and how it goes on.  No
 * wait in here has to wait for long.
 */
#include <inttypes.h>

#include "queue.h"

static void clear_iqe(void)
{
    w32(R_FSTS, IQE);
}

/* Disabled it is memory and registers, nothing else. */
static void test_disabled(void **state)
{
    (void)state;
    q = (struct q){ .base = Q_BASE, .entries = 256 };
    q_put_wait(0, W_IF);
    w64(R_IQA, Q_BASE);
    q_submit();
    w64(R_IQT, 0x7fff0);
    assert_false(unit_more);
    assert_int_equal(fake.queue_reads, 0);
    q_check_running(0);
    assert_true(r64(R_IQT) == 0x7fff0 && r64(R_IQA) == Q_BASE);
    assert_false(q_done(0));
    assert_string_equal(fake_trace(), "");
}

/* The tail may be there before the queue is: it counts on enabling. */
static void test_tail_before_enable(void **state)
{
    (void)state;
    q = (struct q){ .base = Q_BASE, .entries = 256 };
    w64(R_IQT, 3 << 4);
    q_put(D_TLB(1), 0);
    q_put_wait(0, 0);
    q_put_wait(1, 0);
    w64(R_IQA, Q_BASE);
    assert_int_equal(fake.queue_reads, 0);
    q_switch(true);
    assert_true(q_done(0) && q_done(1));
    assert_int_equal(r32(R_GSTS) & QIE, QIE);
    assert_int_equal(q_head(), 3);
    assert_true(r64(R_IQT) == 3 << 4);

    /* GCMD written again with QIE asks for nothing. */
    q_switch(true);
    assert_int_equal(q_head(), 3);
    assert_int_equal(fake.queue_reads, 3);
}

/* IQT by halves: the lower one counts. */
static void test_tail_halves(void **state)
{
    (void)state;
    q_create(0);
    q_put_wait(0, 0);
    w32(R_IQT + 4, ~0u);
    assert_int_equal(fake.queue_reads, 0);
    w32(R_IQT, 0xfff8001f);
    assert_true(q_done(0));
    assert_true(r64(R_IQT) == 0x10);
    q_check_running(1);
}

/* All sizes, round and round, in batches of all sizes. */
static void test_wrap(void **state)
{
    unsigned int qs;

    unit_seed();
    for ( qs = 0; qs < 8; qs++ )
    {
        unsigned int batch, n = 0;

        ring_setup(state);
        q_create(qs);
        /* The page behind the queue is none of its business. */
        fake_set_ram(Q_BASE + q.entries * 16, false);
        while ( n < 3 * q.entries )
        {
            unsigned int i, first = q.tail;

            batch = rnd(16) ? 1 + rnd(40) : q.entries - 1;
            for ( i = 0; i < batch; i++ )
                q_put(D_WAIT | W_SW | W_DATA(n + i + 1),
                      Q_STATUS + 4 * ((first + i) % q.entries));
            q_submit();
            q_rest();
            q_check_running(q.tail);
            assert_true(r64(R_IQT) == (uint64_t)q.tail << 4);
            for ( i = 0; i < batch; i++ )
            {
                uint64_t at = Q_STATUS + 4 * ((first + i) % q.entries);

                check((uint32_t)fake_peek(at) == n + i + 1,
                      "QS %u, descriptor %u, entry %u", qs, n + i,
                      (first + i) % q.entries);
            }
            n += batch;
        }
        assert_true(unit_stats().descs == n && fake.queue_reads == n);
    }
}

/* A tail that is not in the queue, at any head, and a good one after it. */
static void test_bad_tail(void **state)
{
    unsigned int qs, i;

    for ( qs = 0; qs < 7; qs++ )
    {
        const unsigned int tails[] = {
            256u << qs, (256u << qs) + 1, 0x7fff,
        };

        ring_setup(state);
        q_create(qs);
        for ( i = 0; i < 2 * ARRAY_SIZE(tails); i++ )
        {
            unsigned int bad = tails[i / 2], reads = fake.queue_reads;

            q_clear(2);
            w64(R_IQT, (uint64_t)bad << 4);
            assert_int_equal(fake.queue_reads, reads);
            q_check_stopped(q.tail, E_TAIL);
            assert_true(r64(R_IQT) == (uint64_t)bad << 4);
            clear_iqe();
            q_check_stopped(q.tail, E_TAIL);

            /* A good one does not help until IQE is cleared. */
            q_put_wait(0, 0);
            q_put_wait(1, 0);
            q_submit();
            assert_int_equal(fake.queue_reads, reads);
            assert_false(q_done(0));
            clear_iqe();
            assert_true(q_done(0) && q_done(1));
            q_check_running(q.tail);
        }
    }

    /* Of the largest queue all tails are good. */
    ring_setup(state);
    q_create(7);
    w64(R_IQT, ~0ULL);
    for ( i = 0; i < 0x7fff; i++ )
        q_put(D_TLB(1), 0);
    clear_iqe();
    q_rest();
    q_check_running(0x7fff);
}

/* No memory, or none of the guest's, where the queue is said to be. */
static void test_bad_base(void **state)
{
    static const uint64_t bases[] = {
        BASE, 0xfee00000, FAKE_LOW_SIZE, FAKE_HIGH_BASE - 4096,
        0x3ffffffff000,
    };
    unsigned int i;

    (void)state;
    q_create(0);
    for ( i = 0; i < ARRAY_SIZE(bases); i++ )
    {
        q_switch(false);
        w64(R_IQT, 0);
        w64(R_IQA, bases[i]);
        q_switch(true);
        assert_false(r32(R_FSTS) & IQE);
        w64(R_IQT, 0x10);
        q_check_stopped(0, E_FETCH);
        clear_iqe();
        q_check_stopped(0, E_FETCH);

        /* The way out: another queue.  IQE outlives the old one. */
        q_switch(false);
        assert_int_equal(r32(R_GSTS) & QIE, 0);
        assert_int_equal(r32(R_FSTS) & IQE, IQE);
        q.tail = 0;
        q_clear(2);
        q_put_wait(0, 0);
        q_submit();
        w64(R_IQA, Q_BASE);
        q_switch(true);
        assert_int_equal(r32(R_GSTS) & QIE, QIE);
        assert_false(q_done(0));
        clear_iqe();
        assert_true(q_done(0));
        q_check_running(1);
    }
}

/* A page of the queue goes away, and comes back. */
static void test_hole_in_queue(void **state)
{
    unsigned int i;

    (void)state;
    q_create(1);
    for ( i = 0; i < 300; i++ )
        q_put_wait(i, 0);
    fake_set_ram(Q_BASE + 4096, false);
    q_submit();
    q_rest();
    q_check_stopped(256, E_FETCH);
    for ( i = 0; i < 300; i++ )
        assert_true(q_done(i) == (i < 256));

    fake_set_ram(Q_BASE + 4096, true);
    clear_iqe();
    q_rest();
    q_check_running(300);
    for ( i = 0; i < 300; i++ )
        assert_true(q_done(i));
}

/* The queue in high memory. */
static void test_high_queue(void **state)
{
    (void)state;
    q_create(0);
    q_switch(false);
    q.base = FAKE_HIGH_BASE + 0x3000;
    q_put_wait(0, 0);
    q_submit();
    w32(R_IQA, q.base);
    w32(R_IQA + 4, q.base >> 32);
    q_switch(true);
    assert_true(q_done(0));
}

/* IQA written while the queue is enabled: it is the next one's. */
static void test_base_latched(void **state)
{
    const uint64_t other = 0x280000;

    (void)state;
    q_create(1);
    q_put_wait(0, 0);
    q_submit();
    w64(R_IQA, other);
    assert_true(r64(R_IQA) == other);
    q_put_wait(1, 0);
    q_submit();
    assert_true(q_done(1));

    /* Its size as well. */
    while ( q.tail < 400 )
        q_put_wait(2, 0);
    q_submit();
    q_rest();
    q_check_running(400);

    q_switch(false);
    q = (struct q){ .base = other, .entries = 256 };
    q_put_wait(3, 0);
    q_submit();
    assert_false(q_done(3));
    q_switch(true);
    assert_true(q_done(3));
    w64(R_IQT, 400 << 4);
    q_check_stopped(1, E_TAIL);
}

static void test_disable(void **state)
{
    (void)state;
    q_create(0);
    q_put_wait(0, 0);
    q_submit();
    assert_int_equal(q_head(), 1);
    q_switch(false);
    assert_int_equal(r32(R_GSTS), TE | SRTP);
    assert_int_equal(q_head(), 0);
    assert_true(r64(R_IQT) == 0x10 && r64(R_IQA) == Q_BASE);

    /* Nothing is fetched any more. */
    w64(R_IQT, 0x20);
    assert_int_equal(fake.queue_reads, 1);
    assert_true(unit_stats().inv[XEN_VIOMMU_INV_CONTROL] == 2);

    /* IQT is what it was, and the queue begins anew. */
    q_put_wait(1, 0);
    q_clear(2);
    q_switch(true);
    assert_true(q_done(0) && q_done(1));
    q_check_running(2);
}

/* The registers do what they are asked for, whether there is a queue or not. */
static void test_register_commands(void **state)
{
    static const struct {
        unsigned int reg;
        uint64_t val, done;
        unsigned int inv;
    } cmds[] = {
        { R_CCMD, ICC | CIRG(1), CIRG(1) | CAIG(1),
          XEN_VIOMMU_INV_CONFIG_GLOBAL },
        { R_CCMD, ICC | CIRG(2) | 3, CIRG(2) | CAIG(2) | 3,
          XEN_VIOMMU_INV_CONFIG_DOMAIN },
        { R_CCMD, ICC | CIRG(3) | RID << 16, CIRG(3) | CAIG(3) | RID << 16,
          XEN_VIOMMU_INV_CONFIG_DEVICE },
        { R_IOTLB, IVT | IIRG(1), IIRG(1) | IAIG(1),
          XEN_VIOMMU_INV_TLB_GLOBAL },
        { R_IOTLB, IVT | IIRG(2) | IOTLB_DID(3),
          IIRG(2) | IAIG(2) | IOTLB_DID(3), XEN_VIOMMU_INV_TLB_DOMAIN },
        { R_IOTLB, IVT | IIRG(3) | IOTLB_DID(1),
          IIRG(3) | IAIG(3) | IOTLB_DID(1), XEN_VIOMMU_INV_TLB_RANGE },
    };
    unsigned int i, n, way;

    for ( way = 0; way < 4; way++ )
        for ( i = 0; i < ARRAY_SIZE(cmds); i++ )
        {
            unsigned int reg = cmds[i].reg;
            uint64_t invs;

            ring_setup(state);
            w64(R_IVA, 0x1000);
            q_create(1);
            if ( way == 1 )
                q_switch(false);
            /* A full queue that stands still, and one that has stopped. */
            q_hold();
            if ( way == 2 )
            {
                q_put(D_TLB(1), 0);
                for ( n = 0; n < 100; n++ )
                    q_put_wait(n, 0);
            }
            else if ( way == 3 )
                q_put(0, 0);
            q_submit();
            q_rest();
            assert_false(q_done(0));

            invs = unit_stats().inv[cmds[i].inv];
            w64(reg, cmds[i].val);
            assert_true(unit_stats().inv[cmds[i].inv] == invs + 1);
            check(r64(reg) == cmds[i].val, "%u, %u: %" PRIx64, way, i,
                  r64(reg));
            dm_end_all();
            check(r64(reg) == cmds[i].done, "%u, %u: %" PRIx64, way, i,
                  r64(reg));
            q_rest();
            assert_true(q_done(0) == (way == 2));

            /* At once, if nothing is in flight. */
            w64(reg, cmds[i].val);
            assert_true(r64(reg) == cmds[i].done);
        }
}

/* SRTP and TE go on as ever, and several bits go together. */
static void test_with_other_enables(void **state)
{
    (void)state;
    unit_create(48, 46);
    q = (struct q){ .base = Q_BASE, .entries = 256 };
    q_put_wait(0, 0);
    q_submit();
    w64(R_IQA, Q_BASE);
    w64(R_RTADDR, T_ROOT);
    w32(R_GCMD, SRTP | TE | QIE);
    assert_int_equal(r32(R_GSTS), SRTP | TE | QIE);
    assert_true(q_done(0));
    w32(R_GCMD, TE);
    assert_int_equal(r32(R_GSTS), SRTP | TE);
    w32(R_GCMD, QIE);
    assert_int_equal(r32(R_GSTS), SRTP | QIE);
    w32(R_GCMD, 0);
    assert_int_equal(r32(R_GSTS), SRTP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ring_test(test_disabled),
        ring_test(test_tail_before_enable),
        ring_test(test_tail_halves),
        ring_test(test_wrap),
        ring_test(test_bad_tail),
        ring_test(test_bad_base),
        ring_test(test_hole_in_queue),
        ring_test(test_high_queue),
        ring_test(test_base_latched),
        ring_test(test_disable),
        ring_test(test_register_commands),
        ring_test(test_with_other_enables),
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
