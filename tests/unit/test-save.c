/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Save and restore: what is in a record, and that a unit which loads it is what the
 * other one was.
 */
#include "saved.h"

/* Save, and load into another unit on the same memory. */
static void migrate(void)
{
    uint64_t regs[R_END / 8];
    struct hvm_hw_viommu again;
    unsigned int i;

    save();
    fake.frozen = true;
    for ( i = 0; i < ARRAY_SIZE(regs); i++ )
        regs[i] = r64(8 * i);
    again = rec;
    save();
    assert_memory_equal(&again, &rec, sizeof(rec));

    unit_replace(viommu->aw, viommu->haw);
    fake_trace();
    assert_int_equal(load(), 0);
    trace_is("");

    again = rec;
    save();
    assert_memory_equal(&again, &rec, sizeof(rec));
    fake.frozen = true;
    for ( i = 0; i < ARRAY_SIZE(regs); i++ )
        check(r64(8 * i) == regs[i], "register %#x", 8 * i);
    fake.frozen = false;
}

/* The record is an ABI: where its fields are, and what they say. */
static void test_layout(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct hvm_hw_viommu_wait), 16);
    assert_int_equal(offsetof(struct hvm_hw_viommu, type), 8);
    assert_int_equal(offsetof(struct hvm_hw_viommu, aw), 16);
    assert_int_equal(offsetof(struct hvm_hw_viommu, state), 20);
    assert_int_equal(offsetof(struct hvm_hw_viommu, root), 24);
    assert_int_equal(offsetof(struct hvm_hw_viommu, queue_base), 32);
    assert_int_equal(offsetof(struct hvm_hw_viommu, queue_entries), 40);
    assert_int_equal(offsetof(struct hvm_hw_viommu, next_frcd), 48);
    assert_int_equal(offsetof(struct hvm_hw_viommu, pending), 52);
    assert_int_equal(offsetof(struct hvm_hw_viommu, nr_waits), 56);
    assert_int_equal(offsetof(struct hvm_hw_viommu, queue_held), 60);
    assert_int_equal(offsetof(struct hvm_hw_viommu, wait), 64);
    assert_int_equal(offsetof(struct hvm_hw_viommu, reg), 64 + 64 * 16);
    assert_int_equal(offsetof(struct hvm_hw_viommu, irta), 1776);
    assert_int_equal(sizeof(struct hvm_hw_viommu), 1784);
}

/* Of a unit that nobody has used. */
static void test_fresh(void **state)
{
    unsigned int off;

    (void)state;
    save();
    assert_int_equal(rec.base, BASE);
    assert_int_equal(rec.type, XEN_VIOMMU_TYPE_VTD);
    assert_int_equal(rec.flags, unit_flags);
    assert_int_equal(rec.aw, 48);
    assert_int_equal(rec.haw, 46);
    assert_int_equal(rec.state | rec.root | rec.queue_base | rec.queue_entries |
                     rec.queue_head | rec.next_frcd | rec.pending |
                     rec.nr_waits, 0);
    for ( off = 0; off < sizeof(rec.reg); off += 4 )
        assert_int_equal(rec.reg[off / 4], r32(off));
    migrate();
}

/* Of one in the middle of everything. */
static void test_queue(void **state)
{
    (void)state;
    q_put_wait(7, 0);
    q_submit();
    q_put_held(0, W_IF);
    q_put_held(1, W_FN);
    q_put_wait(2, 0);
    q_submit();
    w32(R_IECTL, IM);
    assert_int_equal(q_head(), 5);

    save();
    assert_int_equal(rec.state, HVM_VIOMMU_TE | HVM_VIOMMU_QUEUE |
                                HVM_VIOMMU_FENCE);
    assert_int_equal(rec.root, T_ROOT);
    assert_int_equal(rec.queue_base, Q_BASE);
    assert_int_equal(rec.queue_entries, 256);
    assert_int_equal(rec.queue_head, 5);
    assert_int_equal(rec.pending, 0);
    assert_int_equal(rec.nr_waits, 2);
    assert_true(rec.wait[0].addr == STATUS(0) && rec.wait[0].data == 1);
    assert_int_equal(rec.wait[0].flags, HVM_VIOMMU_WAIT_SW |
                                        HVM_VIOMMU_WAIT_IF);
    assert_true(rec.wait[1].addr == STATUS(1) && rec.wait[1].data == 2);
    assert_int_equal(rec.wait[1].flags, HVM_VIOMMU_WAIT_SW);

    /* What was waited for is over where there is no DM, in its order. */
    assert_int_equal(unit_stats().flags & XEN_VIOMMU_STATS_RESTORED, 0);
    migrate();
    assert_int_equal(unit_stats().flags, XEN_VIOMMU_STATS_RESTORED |
                     XEN_VIOMMU_STATS_ENABLED | XEN_VIOMMU_STATS_WAITING);
    assert_true(!unit_stats().descs && !unit_stats().waited);
    assert_false(viommu_continue(viommu));
    trace_is("write(3008000,1) write(3008004,2) write(3008008,3)");
    assert_int_equal(r32(R_IECTL), IM | IP);
    w32(R_IECTL, 0);
    trace_is(MSI);
    q_check_running(6);
}

/* A driver that looks at IQH instead of waiting, and one that waits later. */
static void test_head(void **state)
{
    unsigned int later;

    for ( later = 0; later < 2; later++ )
    {
        q_setup(state);
        q_hold();
        q_put(D_TLB(1), 0);
        q_submit();
        assert_int_equal(q_head(), 0);
        if ( later )
        {
            q_put(D_TLB(2), 0);
            q_submit();
        }

        save();
        assert_int_equal(rec.queue_head, 1 + later);
        assert_int_equal(rec.queue_held, 0);
        assert_int_equal(rec.pending, HVM_VIOMMU_PENDING_IQH);
        assert_true(rec.state & HVM_VIOMMU_DRAINING);

        migrate();
        assert_false(viommu_continue(viommu));
        assert_int_equal(q_head_unseen(), 1 + later);
        save();
        assert_int_equal(rec.pending, 0);
        assert_int_equal(rec.state, HVM_VIOMMU_TE | HVM_VIOMMU_QUEUE);
    }
}

/* The first DM does it, too. */
static void test_attach(void **state)
{
    (void)state;
    q_put_held(0, W_IF);
    migrate();
    q_port = dm_attach();
    trace_is("write(3008000,1) " MSI " alloc(1)");
    q_put_held(1, 0);
    trace_is("notify(1) watch");
    q_ack_all();
    assert_true(q_done(1));
}

/* A ring in the middle of its array, and full. */
static void test_full_ring(void **state)
{
    unsigned int n;

    (void)state;
    for ( n = 0; n < 40; n++ )
        q_put_wait(0, 0);
    q_submit();
    q_rest();
    q_hold();
    q_put(D_TLB(1), 0);
    for ( n = 0; n < 100; n++ )
        q_put_wait(n, 0);
    q_submit();
    q_rest();

    save();
    assert_int_equal(rec.nr_waits, HVM_VIOMMU_WAITS);
    for ( n = 0; n < rec.nr_waits; n++ )
        assert_int_equal(rec.wait[n].data, n + 1);
    migrate();
    unit_more = viommu_continue(viommu);
    q_rest();
    for ( n = 0; n < 100; n++ )
        assert_true(q_done(n));
    q_check_running(141);
}

/* Every command in a register pending at once. */
static void test_registers(void **state)
{
    const bool no_queue = unit_flags & XEN_VIOMMU_CREATE_NO_QUEUE;

    (void)state;
    tables_create(4, 1);
    tables_map(0x1000, 0x2000, PRW);
    tables_enable();
    q_port = dm_attach();
    q_hold();
    w64(R_CCMD, ICC | CIRG(1));
    w64(R_IOTLB, IVT | IIRG(2) | IOTLB_DID(1));
    w64(R_RTADDR, T_ROOT + 0x8000);
    w32(R_GCMD, SRTP);
    w64(R_IQA, Q_BASE | 3);
    w32(R_GCMD, QIE);
    w64(R_RTADDR, T_ROOT + 0x7000);
    w64(R_IQA, Q_BASE + 0x9000);

    save();
    assert_int_equal(rec.pending,
                     HVM_VIOMMU_PENDING_SRTP | HVM_VIOMMU_PENDING_TE |
                     HVM_VIOMMU_PENDING_CCMD | HVM_VIOMMU_PENDING_IOTLB |
                     (no_queue ? 0 : HVM_VIOMMU_PENDING_QIE));
    assert_int_equal(rec.root, T_ROOT + 0x8000);
    assert_int_equal(rec.state, no_queue ? 0 : HVM_VIOMMU_QUEUE);
    assert_int_equal(rec.queue_base, no_queue ? 0 : Q_BASE);
    assert_int_equal(rec.queue_entries, no_queue ? 0 : 2048);

    migrate();
    assert_false(idle() && viommu_continue(viommu));
    assert_int_equal(r32(R_GSTS), no_queue ? SRTP : SRTP | QIE);
    assert_int_equal(r64(R_CCMD), CIRG(1) | CAIG(1));
    assert_int_equal(r64(R_IOTLB), IIRG(2) | IAIG(2) | IOTLB_DID(1));
}

/* Faults go on behind those that are there, and their event is not lost. */
static void test_faults(void **state)
{
    unsigned int n;

    (void)state;
    tables_create(4, 1);
    tables_enable();
    w32(R_FEADDR, 0xfee01000);
    w32(R_FEDATA, 0x62);
    w32(R_FECTL, 0);
    dm_attach();
    for ( n = 0; n < 3; n++ )
        (void)dm_translate(RID, 0x1000 * (n + 1), XEN_VIOMMU_READ);
    w64(R_FRCD(0) + 8, 1ULL << 63);
    w64(R_FRCD(1) + 8, 1ULL << 63);
    w64(R_FRCD(2) + 8, 1ULL << 63);
    assert_int_equal(r32(R_FSTS) & PPF, 0);

    fake.frozen = true;
    (void)dm_translate(RID, 0x9000, XEN_VIOMMU_READ);
    migrate();
    assert_int_equal(rec.next_frcd, 4);
    assert_false(viommu_continue(viommu));
    trace_is("msi(fee01000,62)");
    assert_int_equal(r32(R_FSTS), PPF | 3 << 8);
    dm_attach();
    (void)dm_translate(RID, 0xa000, XEN_VIOMMU_READ);
    assert_int_equal(r64(R_FRCD(4)), 0xa000);
}

/* A unit that has been used before it loads: nothing of that is left. */
static void test_used(void **state)
{
    struct hvm_hw_viommu want;

    (void)state;
    q_put_held(0, W_FN | W_IF);
    w64(R_IOTLB, IVT | IIRG(1));
    save();
    want = rec;

    unit_replace(48, 46);
    save();
    tables_enable();
    q_port = dm_attach();
    w32(R_FEDATA, 0x77);
    (void)dm_translate(RID, 0x5000, XEN_VIOMMU_READ);
    q_create(2);
    q_put_held(9, 0);
    assert_int_equal(load(), -EBUSY);
    fake_unbind(q_port);
    assert_int_equal(load(), 0);
    fake_trace();
    assert_false(viommu_continue(viommu));
    trace_is("unwatch");
    assert_int_equal(unit_stats().flags, XEN_VIOMMU_STATS_RESTORED);
    assert_true(!unit_stats().translations && !unit_stats().faults);
    migrate();

    rec = want;
    assert_int_equal(load(), 0);
    save();
    assert_memory_equal(&want, &rec, sizeof(rec));
}

/*
 * The first accesses of a unit that has been loaded fail, one after the other: a
 * status that cannot be written is lost, a descriptor that cannot be read is where
 * the queue stops, and the rest is as it would be.
 */
static void test_nth_access(void **state)
{
    static const struct {
        unsigned int read, write, head;
        bool done[3];
    } cases[] = {
        { .write = 1, .head = 4, .done = { false, true, true } },
        { .write = 2, .head = 4, .done = { true, false, true } },
        { .write = 3, .head = 4, .done = { true, true, false } },
        { .read = 1, .head = 2, .done = { true } },
        { .head = 4, .done = { true, true, true } },
    };
    unsigned int i, n;

    (void)state;
    for ( i = 0; i < ARRAY_SIZE(cases); i++ )
    {
        q_switch(false);
        q_create(0);
        q_clear(3);
        q_put_held(0, 0);
        fake.frozen = true;
        q_put_wait(1, 0);
        q_put_wait(2, 0);
        q_submit();
        migrate();

        fake.reads = fake.writes = 0;
        fake.fail_read = cases[i].read;
        fake.fail_write = cases[i].write;
        assert_false(viommu_continue(viommu));
        fake.fail_read = fake.fail_write = 0;
        fake_check_unlocked();
        for ( n = 0; n < 3; n++ )
            check(q_done(n) == cases[i].done[n], "case %u: status %u", i, n);
        if ( cases[i].read )
        {
            q_check_stopped(cases[i].head, E_FETCH);
            w32(R_FSTS, IQE);
        }
        q_check_running(4);
        q_port = dm_attach();
    }
}

/* To load reads no table: those that are not there are faults of DMA, later. */
static void test_no_tables(void **state)
{
    static const uint64_t tables[] = { T_ROOT, T_CTX, T_L4, T_L3, T_L2, T_L1 };
    static const unsigned int reasons[] = { 8, 9, 3, 7, 7, 7 };
    unsigned int i;

    (void)state;
    for ( i = 0; i < ARRAY_SIZE(tables); i++ )
    {
        struct xen_viommu_xlat x;

        fake_set_ram(tables[i], false);
        migrate();
        dm_attach();
        x = dm_translate(RID, 0x1000, XEN_VIOMMU_READ);
        check(x.status == XEN_VIOMMU_XLAT_FAULT && x.reason == reasons[i],
              "table %u: status %u, reason %u", i, x.status, x.reason);
        assert_int_equal(viommu_detach(viommu, DM), 0);
        fake_set_ram(tables[i], true);
    }
}

int main(void)
{
    const struct CMUnitTest both[] = {
        a_test(test_fresh),
        a_test(test_registers),
        a_test(test_faults),
    };
    const struct CMUnitTest tests[] = {
        a_test(test_layout),
        queue_test(test_queue),
        queue_test(test_head),
        queue_test(test_attach),
        queue_test(test_full_ring),
        queue_test(test_used),
        queue_test(test_nth_access),
        queue_test(test_no_tables),
    };
    int failed = run_all(both);

    return failed + cmocka_run_group_tests_name("save", tests, NULL, NULL);
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
