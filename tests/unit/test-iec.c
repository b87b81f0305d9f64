/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt remapping as commands and state: IEC and who is in the gate, SIRTP,
 * IRE and CFI, what is refused on its way to the fault records, save and restore.
 */
#include <inttypes.h>

#include "irq.h"

#define OLD 0x41
#define NEW 0x42

/* What is put behind an IEC: its wait. */
#define DONE "write(3008000,1)"

/* Deliveries on other CPUs, which are between remapping and handing over. */
static struct viommu_irq under_way[3];
static unsigned int nr_under_way;

static void leave(void)
{
    while ( nr_under_way )
    {
        fake_deliver(&under_way[--nr_under_way]);
        fake_gate_leave();
    }
}

/* One begins: it has read entry 5. */
static void deliver(void)
{
    const struct viommu_request req = { .rid = RID, .addr = MSI_REMAP(5) };

    fake.on_gate = leave;
    fake_gate_enter();
    assert_int_equal(viommu_remap(viommu, &req, &under_way[nr_under_way++]),
                     VIOMMU_IRQ_REMAPPED);
}

static int setup(void **state)
{
    irq_setup(state);
    nr_under_way = 0;
    irq_entry(5, I_P | I_V(OLD) | I_DST(0), 0);
    fake.gates = 0;

    return 0;
}

#define iec_test(f) cmocka_unit_test_setup_teardown(f, setup, unit_teardown)

/*
 * The guest changes an entry, and invalidates it, in each of the ways there are.
 * When it sees that this is complete, no interrupt is on its way by the old one.
 */
static void test_under_way(void **state)
{
    static const uint64_t iec[] = {
        D_IEC, IEC_INDEX(5, 0) | D_IEC, IEC_INDEX(4, 1) | D_IEC,
        IEC_INDEX(0, 15) | D_IEC,
        /* Not this one, by what it names: but Xen does not tell them apart. */
        IEC_INDEX(77, 0) | D_IEC,
    };
    unsigned int i;

    (void)state;
    for ( i = 0; i < ARRAY_SIZE(iec); i++ )
    {
        struct irq_got got;

        irq_entry(5, I_P | I_V(OLD), 0);
        deliver();
        deliver();
        irq_entry(5, I_P | I_V(NEW), 0);
        /* No copy of an entry is kept. */
        got = irq_msi(RID, MSI_REMAP(5), 0);
        assert_int_equal(got.irq.vector, NEW);
        trace_is("");

        q_put(iec[i], 0);
        q_put_wait(0, 0);
        q_submit();
        trace_is("irq(0,41) irq(0,41) " DONE);
        assert_int_equal(fake.gates, 1 + i);
        assert_int_equal(unit_stats().waited, 0);
    }
}

/* Software that goes by IQH, and such as disables the queue. */
static void test_no_wait(void **state)
{
    (void)state;
    deliver();
    irq_entry(5, 0, 0);
    q_put(D_IEC, 0);
    q_submit();
    assert_int_equal(q_head_unseen(), 1);
    trace_is("irq(0,41)");

    irq_entry(5, I_P | I_V(OLD), 0);
    deliver();
    q_put(D_IEC, 0);
    q_put_wait(0, 0);
    q_submit();
    trace_is("irq(0,41) " DONE);
}

/* One look at the gate for all that a wait is behind; none without an IEC. */
static void test_few_gates(void **state)
{
    unsigned int i;

    (void)state;
    for ( i = 0; i < 20; i++ )
        q_put(D_IEC | (i & 1 ? IEC_INDEX(i, 0) : 0), 0);
    q_put_wait(0, 0);
    q_put_wait(1, 0);
    q_put(D_TLB(1), 0);
    q_put_wait(2, 0);
    q_submit();
    q_rest();
    assert_true(q_done(2));
    assert_int_equal(fake.gates, 1);
}

/* Waits complete in their order: also behind an invalidation that waits. */
static void test_behind_dma(void **state)
{
    (void)state;
    q_put_held(0, 0);
    deliver();
    q_put(D_IEC, 0);
    q_put_wait(1, 0);
    fake_trace();
    q_submit();
    assert_true(!q_done(0) && !q_done(1));
    trace_is("irq(0,41)");
    q_ack_all();
    assert_true(q_done(0) && q_done(1));
}

/* Status follows, and so does what is in force; bits that are repeated do nothing. */
static void test_gcmd(void **state)
{
    struct irq_got got;
    unsigned int gates;

    (void)state;
    assert_int_equal(r32(R_GSTS) & (IRE | CFI | SIRTP), IRE | SIRTP);
    gates = fake.gates;
    w32(R_GCMD, TE | QIE | IRE);
    assert_int_equal(fake.gates, gates);

    /* Both at once, and the pointer first. */
    w64(R_IRTA, T_IRT + 0x100000);
    fake_poke(T_IRT + 0x100000, I_P | I_V(0x51));
    w32(R_GCMD, TE | QIE | CFI | SIRTP);
    assert_int_equal(r32(R_GSTS) & (IRE | CFI | SIRTP), CFI | SIRTP);
    got = irq_msi(RID, MSI_REMAP(0), 0);
    assert_int_equal(got.what, VIOMMU_IRQ_AS_IS);
    w32(R_GCMD, TE | QIE | CFI | IRE);
    assert_int_equal(r32(R_GSTS) & (IRE | CFI | SIRTP), IRE | CFI | SIRTP);
    got = irq_msi(RID, MSI_REMAP(0), 0);
    assert_int_equal(got.irq.vector, 0x51);
    got = irq_msi(RID, 0xfee00000, 0x44);
    assert_int_equal(got.what, VIOMMU_IRQ_AS_IS);

    /* IRTA counts when it is taken, all of it. */
    w64(R_IRTA, T_IRT | EIME | 3);
    got = irq_msi(RID, MSI_REMAP(0), 0);
    assert_int_equal(got.irq.vector, 0x51);
    got = irq_msi(RID, MSI_REMAP(2), 0);
    blocked(&got, F_INDEX, RID, 2);

    /* Status waits for what was there before. */
    q_put_held(0, 0);
    w32(R_GCMD, TE | QIE | SIRTP);
    assert_int_equal(r32(R_GSTS) & (IRE | CFI | SIRTP), IRE | CFI);
    got = irq_msi(RID, MSI_REMAP(5), 0);
    assert_int_equal(got.what, VIOMMU_IRQ_AS_IS);
    q_ack_all();
    assert_int_equal(r32(R_GSTS) & (IRE | CFI | SIRTP), SIRTP);
}

/* Who is being delivered by an old table, or by none, is over first. */
static void test_gcmd_under_way(void **state)
{
    (void)state;
    deliver();
    w64(R_IRTA, T_IRT + 0x100000);
    w32(R_GCMD, TE | QIE | IRE | SIRTP);
    trace_is("irq(0,41)");
    assert_true(r32(R_GSTS) & SIRTP);

    irq_table(T_IRT, 7, 0);
    deliver();
    irq_switch(false, false);
    trace_is("irq(0,41)");
}

/* What is held: one table of each size, none that has been replaced. */
static void test_held(void **state)
{
    static const unsigned int pages[] = {
        1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 8, 16, 32, 64, 128, 256,
    };
    unsigned int s;

    (void)state;
    for ( s = 0; s < 16; s++ )
    {
        irq_table(T_IRT, s, 0);
        assert_int_equal(fake_held(), pages[s]);
    }
    viommu_reset(viommu);
    assert_int_equal(fake_held(), 0);
    assert_int_equal(r32(R_GSTS), 0);
    assert_int_equal(irq_msi(RID, 0xfee00000, 0).what, VIOMMU_IRQ_AS_IS);

    /* The table at the pointer's reset value has not been taken. */
    w32(R_GCMD, IRE);
    assert_int_equal(r32(R_GSTS), IRE);
    assert_int_equal(irq_msi(RID, MSI_REMAP(0), 0).reason, F_ACCESS);
    viommu_reset(viommu);
    assert_int_equal(r32(R_GSTS), 0);
    w32(R_GCMD, CFI);
    viommu_reset(viommu);
    assert_int_equal(irq_msi(RID, MSI_REMAP(0), 0).what, VIOMMU_IRQ_AS_IS);
}

static void refuse(uint16_t rid, unsigned int index)
{
    const struct viommu_request req = {
        .rid = rid, .addr = MSI_REMAP(index),
    };
    struct viommu_irq irq;

    fake_gate_enter();
    assert_int_equal(viommu_remap(viommu, &req, &irq), VIOMMU_IRQ_BLOCKED);
    fake_gate_leave();
}

static void fault_event(void)
{
    w32(R_FEDATA, 0x51);
    w64(R_FEADDR, 0x12345600fee02000);
    w32(R_FECTL, 0);
    fake_trace();
}

/*
 * Somebody is asked to record what is refused, once, and sends the event.  Not a vCPU
 * before it runs on, or it might never.
 */
static void test_refused(void **state)
{
    struct irq_got got = {};

    (void)state;
    fault_event();
    fake.kicked = fake.alarmed = false;
    refuse(RID, 6);
    assert_true(fake.alarmed);
    trace_is("");
    fake.alarmed = false;
    refuse(RID, 6);
    assert_false(fake.alarmed);
    viommu_tick(viommu);
    assert_false(fake.kicked);
    trace_is("msi(12345600fee02000,51)");
    irq_faults(&got);
    got.what = VIOMMU_IRQ_BLOCKED;
    blocked(&got, F_ABSENT, RID, 6);
    assert_int_equal(unit_stats().faults, 2);
    assert_int_equal(unit_stats().faults_lost, 0);

    /* One that is not to be reported is counted. */
    irq_entry(7, I_FPD, 0);
    fake.alarmed = false;
    refuse(RID, 7);
    assert_false(fake.alarmed);
    assert_int_equal(unit_stats().faults, 3);
    assert_int_equal(r32(R_FSTS) & PPF, 0);
    trace_is("");
}

/* More than there is room for: an overflow, as of DMA. */
static void test_many_refused(void **state)
{
    struct irq_got got = {};
    unsigned int n;

    (void)state;
    fault_event();
    for ( n = 0; n < 100; n++ )
        refuse(n, 6);
    assert_false(viommu_continue(viommu));
    trace_is("msi(12345600fee02000,51)");
    assert_int_equal(r32(R_FSTS) & (PFO | PPF), PFO | PPF);
    assert_int_equal(unit_stats().faults, 100);
    assert_int_equal(unit_stats().faults_lost, 100 - NR_FRCD);
    irq_faults(&got);
    assert_int_equal(got.faults, NR_FRCD);
    assert_true(got.source == 0 && got.reason == F_ABSENT);
    refuse(7, 9);
    assert_int_equal(r32(R_FSTS) & (PFO | PPF), PPF);
}

/* Whoever comes first records it: a look, the DM, the timer. */
static void test_who_records(void **state)
{
    (void)state;
    refuse(RID, 6);
    viommu_tick(viommu);
    assert_int_equal(r64(R_FRCD(0)), 6ULL << 48);
    refuse(RID, 8);
    assert_int_equal(dm_ack(), 0);
    assert_int_equal(r64(R_FRCD(1)), 8ULL << 48);
    refuse(RID, 9);
    assert_int_equal(r64(R_FRCD(2)), 9ULL << 48);
    /* What was refused before a reset is not found after it. */
    refuse(RID, 10);
    viommu_reset(viommu);
    assert_int_equal(r32(R_FSTS), 0);
}

/* A suspended guest: recorded, and saved; the interrupt comes later. */
static void test_frozen(void **state)
{
    (void)state;
    fault_event();
    fake.frozen = true;
    refuse(RID, 6);
    assert_false(viommu_continue(viommu));
    trace_is("");
    assert_int_equal(r32(R_FSTS), PPF);
    assert_int_equal(r32(R_FECTL), IP);
    fake.frozen = false;
    assert_false(viommu_continue(viommu));
    trace_is("msi(12345600fee02000,51)");
}

/* The completion event may have a wide destination, too. */
static void test_wide_event(void **state)
{
    (void)state;
    w32(R_IEUADDR, 0xabcdef12);
    q_put(D_WAIT | W_IF, 0);
    q_submit();
    trace_is("msi(abcdef00fee03000,61)");
    w32(R_IEADDR, 0x12345678);
    w32(R_ICS, IWC);
    q_put(D_WAIT | W_IF, 0);
    q_submit();
    trace_is("");
}

static struct hvm_hw_viommu rec;

static void migrate(void)
{
    struct hvm_hw_viommu again;
    const char *why;

    fake.frozen = true;
    memset(&rec, 0xa5, sizeof(rec));
    viommu_save(viommu, &rec);
    unit_replace(48, 46);
    check(!viommu_load(viommu, &rec, &why), "%s", why);
    memset(&again, 0x5a, sizeof(again));
    viommu_save(viommu, &again);
    assert_memory_equal(&rec, &again, sizeof(rec));
    assert_false(viommu_continue(viommu));
}

static void test_save(void **state)
{
    struct irq_got got;

    (void)state;
    irq_table(T_IRT + 0x80000, 10, 0);
    w64(R_IRTA, 0x12345000);
    fake_poke(T_IRT + 0x80000 + 2047 * 16, I_P | I_V(0x77));
    irq_switch(true, true);
    refuse(RID, 12);
    migrate();
    assert_int_equal(rec.state, HVM_VIOMMU_TE | HVM_VIOMMU_QUEUE |
                     HVM_VIOMMU_IRE | HVM_VIOMMU_CFI | HVM_VIOMMU_IRT);
    assert_int_equal(rec.irta, (T_IRT + 0x80000) | 10);
    assert_int_equal(rec.pending, 0);
    assert_int_equal(r64(R_FRCD(0)), 12ULL << 48);
    assert_int_equal(fake_held(), 8);
    w64(R_FRCD(0) + 8, 1ULL << 63);
    got = irq_msi(RID, MSI_REMAP(2047), 0);
    assert_int_equal(got.irq.vector, 0x77);
    got = irq_msi(RID, 0xfee00000, 0x44);
    assert_int_equal(got.what, VIOMMU_IRQ_AS_IS);
    assert_int_equal(r64(R_IRTA), 0x12345000);

    /* In the middle of commands; what is waited for is then over. */
    q_port = dm_attach();
    q_put_held(0, 0);
    w32(R_GCMD, TE | QIE | SIRTP);
    assert_int_equal(r32(R_GSTS) & (IRE | CFI | SIRTP), IRE | CFI);
    migrate();
    assert_int_equal(rec.pending, HVM_VIOMMU_PENDING_SIRTP |
                     HVM_VIOMMU_PENDING_IRE);
    assert_int_equal(rec.state, HVM_VIOMMU_TE | HVM_VIOMMU_QUEUE |
                     HVM_VIOMMU_IRT);
    assert_int_equal(r32(R_GSTS) & (IRE | CFI | SIRTP), SIRTP);

    /* Over a unit that has another table. */
    irq_table(T_IRT, 15, EIME);
    irq_switch(true, false);
    {
        const char *why;

        assert_int_equal(viommu_load(viommu, &rec, &why), 0);
    }
    assert_int_equal(irq_msi(RID, MSI_REMAP(5), 0).what, VIOMMU_IRQ_AS_IS);
    assert_int_equal(fake_held(), 0);
}

#define REG(off) rec.reg[(off) / 4]
#define STATUS_IS "a status that is not the state"

static void test_wrong_record(void **state)
{
    struct hvm_hw_viommu good;
    const char *why;

    (void)state;
    migrate();
    good = rec;

#define TRY(edit, want)                                                        \
    rec = good;                                                                \
    edit;                                                                      \
    assert_int_equal(viommu_load(viommu, &rec, &why), -EINVAL);                \
    check(why && !strcmp(why, want), "%s: %s, not %s", #edit, why, want)
    TRY(rec.state |= 256, "an unknown state");
    TRY(rec.pending |= 256, "an unknown state");
    TRY(rec.irta |= 16, "an interrupt table out of memory");
    TRY(rec.irta |= 1ULL << 46, "an interrupt table out of memory");
    TRY(rec.irta |= 0x400, "an interrupt table out of memory");
    TRY(rec.state &= ~HVM_VIOMMU_IRT,
        "an interrupt table that has not been taken");
    TRY(rec.state &= ~HVM_VIOMMU_IRT; rec.irta = 0, STATUS_IS);
    TRY(rec.state &= ~HVM_VIOMMU_IRT; rec.irta = 0;
        rec.pending = HVM_VIOMMU_PENDING_SIRTP; REG(R_GSTS) &= ~SIRTP,
        "an interrupt table that has not been taken");
    TRY(rec.pending |= HVM_VIOMMU_PENDING_SIRTP,
        "a command both pending and complete");
    TRY(rec.state ^= HVM_VIOMMU_IRE, STATUS_IS);
    TRY(rec.state ^= HVM_VIOMMU_CFI, STATUS_IS);
    TRY(REG(R_GSTS) ^= IRE, STATUS_IS);
    TRY(REG(R_GSTS) ^= CFI, STATUS_IS);
    TRY(REG(R_GSTS) ^= SIRTP, STATUS_IS);
    TRY(REG(R_IRTA) |= 16, "a reserved bit of a register");
    TRY(REG(R_IRTA + 4) |= 1u << 14, "a reserved bit of a register");
    TRY(REG(R_FEUADDR) |= 1, "a reserved bit of a register");
    TRY(REG(R_IEUADDR) |= 0x80, "a reserved bit of a register");
    TRY(REG(R_ECAP) &= ~8u, "other capabilities");
    TRY(rec.flags = 0, "other flags");
#undef TRY
    rec = good;
    assert_int_equal(viommu_load(viommu, &rec, &why), 0);
}

/* Without it nothing of this is there, whatever is done. */
static void test_off(void **state)
{
    struct irq_got got;

    (void)state;
    w64(R_IRTA, T_IRT | EIME | 7);
    w32(R_GCMD, TE | QIE | IRE | SIRTP | CFI);
    assert_int_equal(r32(R_GSTS), TE | SRTP | QIE);
    got = irq_msi(RID, MSI_REMAP(5), 0);
    assert_int_equal(got.what, VIOMMU_IRQ_AS_IS);
    got = irq_rte(RID, RTE_REMAP(5));
    assert_int_equal(got.what, VIOMMU_IRQ_AS_IS);
    assert_true(!fake_held() && !fake.gates);
    q_put(D_IEC, 0);
    q_put_wait(0, 0);
    q_submit();
    q_check_stopped(0, E_TYPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        iec_test(test_under_way),
        iec_test(test_no_wait),
        iec_test(test_few_gates),
        iec_test(test_behind_dma),
        iec_test(test_gcmd),
        iec_test(test_gcmd_under_way),
        iec_test(test_held),
        iec_test(test_refused),
        iec_test(test_many_refused),
        iec_test(test_who_records),
        iec_test(test_frozen),
        iec_test(test_wide_event),
        iec_test(test_save),
        iec_test(test_wrong_record),
        queue_test(test_off),
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
