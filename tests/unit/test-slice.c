/* SPDX-License-Identifier: GPL-2.0-only */
/* How much of the queue is done at a time, and by whom. */
#include "queue.h"

/* The largest queue, full: so many calls, each no longer than a slice. */
static void test_slices(void **state)
{
    unsigned int i, nr = 0x7fff, calls;

    (void)state;
    q_create(7);
    for ( i = 0; i < nr - 1; i++ )
        q_put(i % 2 ? D_TLB(3) : D_CC(3), 0);
    q_put_wait(0, 0);
    q_submit();
    assert_true(unit_more);
    assert_int_equal(fake.queue_reads, Q_SLICE);
    /* IQH does not pass what nobody is known to wait for. */
    assert_true(q_head_unseen() == 0 && unit_stats().descs == Q_SLICE);

    calls = q_rest();
    assert_int_equal(calls, nr / Q_SLICE);
    assert_false(unit_more || fake.watching);
    assert_int_equal(fake.queue_reads, nr);
    assert_true(q_done(0));
    q_check_running(nr);
    assert_true(unit_stats().descs == nr);
}

/* A guest's look and its vCPU do a slice each, no more; others do none. */
static void test_slice_of_each_entry(void **state)
{
    const struct xen_dm_op_viommu_ack ack = {};
    unsigned int i;

    (void)state;
    q_create(2);
    for ( i = 0; i < 300; i++ )
        q_put(D_TLB(1), 0);
    q_submit();

#define SLICE(n) assert_int_equal(fake.queue_reads, (n) * Q_SLICE)
#define KICKED() do { assert_true(fake.kicked); fake.kicked = false; } while ( 0 )
    SLICE(1);
    KICKED();
    r32(R_FSTS);
    SLICE(2);
    KICKED();
    assert_true(viommu_continue(viommu));
    SLICE(3);
    assert_false(fake.kicked);
    w32(R_FEDATA, 0);
    SLICE(4);
    assert_true(unit_more);
    KICKED();

    /* The guest's work is not done by the DM, nor by the timer. */
    assert_int_equal(viommu_ack(viommu, DM, &ack), 0);
    KICKED();
    viommu_tick(viommu);
    KICKED();
    viommu_p2m_changed(viommu);
    KICKED();
    assert_int_equal(viommu_detach(viommu, DM), 0);
    KICKED();
    dm_attach();
    KICKED();
    /* What does not concern the queue leaves it alone. */
    unit_stats();
    assert_false(fake.kicked);
    SLICE(4);
#undef SLICE
#undef KICKED
    q_rest();
    q_check_running(300);

    /* Nor is anybody woken for nothing. */
    fake.kicked = false;
    dm_ack();
    viommu_tick(viommu);
    r32(R_FSTS);
    w32(R_FEDATA, 0);
    assert_false(fake.kicked);
}

/*
 * An instruction that stores 64 bytes makes 8 accesses in one exit.  The first
 * brings more than a slice, by the tail or by enabling the queue; or another
 * one does, or all of them something.
 */
static void test_one_exit(void **state)
{
    static const struct {
        unsigned int first;
        uint64_t val[8];
    } stores[] = {
        /* IQH, IQT, IQA; with the first in force before */
        { R_IQH,     { 0, 400 << 4, Q_BASE | 1 } },
        { R_IQT,     { 400 << 4, Q_BASE | 1, 0, IM } },
        /* GCMD with QIE, SRTP, TE; RTADDR; CCMD */
        { R_GCMD - 8, { 0, QIE | SRTP | TE, T_ROOT, ICC | CIRG(1) } },
        { R_GCMD,    { QIE | SRTP | TE, T_ROOT, ICC | CIRG(1), 0, IM } },
        /* IVA, IOTLB */
        { R_IOTLB - 56, { [6] = 0x1000, [7] = IVT | IIRG(3) } },
    };
    unsigned int i, n, reads;

    (void)state;
    for ( n = 0; n < ARRAY_SIZE(stores); n++ )
    {
        bool tail = stores[n].first >= R_IQH && stores[n].first <= R_IQT;

        ring_setup(state);
        q_create(1);
        for ( i = 0; i < 400; i++ )
            q_put(i % 8 ? D_TLB(3) : D_WAIT, 0);
        if ( !tail )
        {
            q_switch(false);
            w64(R_IQT, 400 << 4);
            w64(R_RTADDR, T_ROOT);
        }
        reads = fake.queue_reads;
        fake.kicked = false;
        for ( i = 0; i < 8; i++ )
            viommu_mmio_write(viommu, BASE + stores[n].first + 8 * i, 8,
                              stores[n].val[i], !i);
        check(fake.queue_reads - reads <= Q_SLICE, "%u: %u descriptors", n,
              fake.queue_reads - reads);
        /* The rest is not lost: it is done before the guest goes on. */
        assert_true(fake.kicked && fake.watching);
        unit_more = viommu_continue(viommu);
        q_rest();
        if ( n < 4 )
            q_check_running(400);
        assert_true(idle());
    }

    /* Loads are no different, nor is an instruction that does both. */
    ring_setup(state);
    q_create(1);
    for ( i = 0; i < 400; i++ )
        q_put(D_TLB(3), 0);
    q_submit();
    reads = fake.queue_reads;
    for ( i = 0; i < 8; i++ )
        viommu_mmio_read(viommu, BASE + R_IQH + 8 * i, 8, !i);
    assert_int_equal(fake.queue_reads - reads, Q_SLICE);
    reads = fake.queue_reads;
    viommu_mmio_read(viommu, BASE + R_IQT, 8, true);
    fake.kicked = false;
    viommu_mmio_write(viommu, BASE + R_IQT, 8, 399 << 4, false);
    assert_true(fake.kicked);
    assert_int_equal(fake.queue_reads - reads, Q_SLICE);
}

/* Exactly one slice leaves nothing to be done. */
static void test_exact_slice(void **state)
{
    unsigned int n, i;

    for ( n = 1; n <= 3 * Q_SLICE; n++ )
    {
        ring_setup(state);
        q_create(0);
        for ( i = 0; i < n; i++ )
            q_put(D_TLB(2), 0);
        q_submit();
        assert_int_equal(unit_more, n > Q_SLICE);
        assert_int_equal(q_rest(), (n - 1) / Q_SLICE);
        q_check_running(n);
    }
}

/* In between slices: disabled, reset, stopped by an error, destroyed. */
static void test_interrupted_slices(void **state)
{
    unsigned int i, way;

    for ( way = 0; way < 4; way++ )
    {
        ring_setup(state);
        q_create(1);
        for ( i = 0; i < 500; i++ )
            q_put(i == 64 && way == 2 ? 0 : D_TLB(1), 0);
        q_submit();
        assert_true(unit_more);

        if ( way == 0 )
        {
            q_switch(false);
            assert_false(unit_more || fake.watching);
            assert_int_equal(r32(R_GSTS) & QIE, 0);
            assert_int_equal(q_head(), 0);
        }
        else if ( way == 1 )
        {
            viommu_reset(viommu);
            assert_false(viommu_continue(viommu) || fake.watching);
        }
        else if ( way == 2 )
        {
            q_rest();
            q_check_stopped(64, E_TYPE);
            assert_false(fake.watching);
        }
    }
}

/* Whatever a guest writes: bounded, and the end is reached. */
static void test_fuzz(void **state)
{
    unsigned long n, steps = unit_env("UNIT_STEPS", 300000);
    unsigned int i;

    (void)state;
    unit_seed();
    q_create(0);
    for ( n = 0; n < steps; n++ )
    {
        unsigned int reads = fake.queue_reads;

        switch ( rnd(12) )
        {
        case 0:
            w64(R_IQA, rnd(8) ? Q_BASE | rnd(8) : rnd(1ULL << 46));
            break;
        case 1:
            w32(R_GCMD, (rnd(4) ? QIE : 0) | (rnd(2) ? TE : 0));
            break;
        case 2: case 3: case 4:
            w64(R_IQT, rnd(rnd(8) ? 256 : 0x8000) << 4);
            break;
        case 5:
            w32(R_FSTS, IQE);
            w32(R_ICS, IWC);
            reads += Q_SLICE;
            break;
        case 6:
            w32(rnd(2) ? R_IECTL : R_FECTL, rnd(2) ? IM : 0);
            break;
        case 7:
            viommu_continue(viommu);
            break;
        case 8:
            q_hold();
            break;
        case 9:
            dm_end_all();
            reads += Q_SLICE;
            break;
        default:
            i = rnd(256);
            fake_poke(Q_BASE + i * 16, rnd(8) ? D_TLB(1 + rnd(3)) : rnd(64));
            fake_poke(Q_BASE + i * 16 + 8, 0);
            if ( rnd(2) )
            {
                fake_poke(Q_BASE + i * 16, D_WAIT | (rnd(8) << 4) |
                                           W_DATA(rnd(9)));
                fake_poke(Q_BASE + i * 16 + 8, STATUS(rnd(64)));
            }
            break;
        }
        assert_true(fake.queue_reads - reads <= Q_SLICE ||
                    fake.queue_reads < reads);
    }

    /* Left alone, all of it ends. */
    for ( i = 0; i < 0x8000 / Q_SLICE + 1000; i++ )
    {
        dm_end_all();
        if ( !viommu_continue(viommu) && !fake.watching )
            break;
    }
    assert_false(viommu_continue(viommu) || fake.watching);
    assert_true(!(unit_stats().flags & XEN_VIOMMU_STATS_WAITING));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ring_test(test_slices),
        ring_test(test_slice_of_each_entry),
        ring_test(test_one_exit),
        ring_test(test_exact_slice),
        ring_test(test_interrupted_slices),
        ring_test(test_fuzz),
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
