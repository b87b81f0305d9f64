/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Save and restore: what is in a record, that a unit which loads it is what the
 * other one was, and that a record which is not sound changes nothing.
 */
#include "queue.h"

static struct hvm_hw_viommu rec;

/* All of the unit, byte for byte; nothing of it changes between these two. */
static struct {
    uint8_t unit[32768];
    uint32_t mirror[ARRAY_SIZE(unit_mirror)];
} kept;

static void keep(void)
{
    assert_true(viommu->fe->size <= sizeof(kept.unit));
    memcpy(kept.unit, viommu, viommu->fe->size);
    memcpy(kept.mirror, unit_mirror, sizeof(kept.mirror));
}

static void check_kept(void)
{
    assert_memory_equal(kept.unit, viommu, viommu->fe->size);
    assert_memory_equal(kept.mirror, unit_mirror, sizeof(kept.mirror));
}

static void save(void)
{
    keep();
    /* Whatever is there, all of the record is written. */
    memset(&rec, 0xa5, sizeof(rec));
    viommu_save(viommu, &rec);
    check_kept();
}

static int load(void)
{
    const char *why = "?";
    int rc = viommu_load(viommu, &rec, &why);

    fake_check_unlocked();
    if ( rc )
        assert_non_null(why);
    else
        assert_null(why);

    return rc;
}

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

/* With a DM there may be DMA by the state that would go. */
static void test_busy(void **state)
{
    (void)state;
    save();
    q_put_held(0, 0);
    keep();
    assert_int_equal(load(), -EBUSY);
    check_kept();
    q_ack_all();
    assert_true(q_done(0));
}

/* On a host with more memory all stays as it was; with less, it does not go. */
static void test_haw(void **state)
{
    static const struct {
        unsigned int from, to;
        int rc;
    } hosts[] = {
        { 46, 46, 0 }, { 46, 52, 0 }, { 39, 46, 0 }, { 36, 52, 0 },
        { 46, 45, -EINVAL }, { 52, 39, -EINVAL }, { 37, 36, -EINVAL },
    };
    unsigned int i;

    (void)state;
    for ( i = 0; i < ARRAY_SIZE(hosts); i++ )
    {
        unit_create(48, hosts[i].from);
        save();
        unit_replace(48, hosts[i].to);
        assert_int_equal(load(), hosts[i].rc);
        if ( hosts[i].rc )
            continue;
        w64(R_RTADDR, ~0ULL);
        assert_int_equal(r64(R_RTADDR), (1ULL << hosts[i].from) - 4096);
        save();
        assert_int_equal(rec.haw, hosts[i].from);
        /* And back again. */
        assert_int_equal(load(), 0);
        unit_replace(48, hosts[i].from);
        assert_int_equal(load(), 0);
    }
}

/* One that was made with other options, or elsewhere. */
static void test_configuration(void **state)
{
    const uint32_t flags = unit_flags;

    (void)state;
    save();
    unit_replace(39, 46);
    assert_int_equal(load(), -EINVAL);
    unit_flags = flags ? 0 : XEN_VIOMMU_CREATE_NO_QUEUE;
    unit_replace(48, 46);
    assert_int_equal(load(), -EINVAL);
    unit_flags = flags ? 0 : XEN_VIOMMU_CREATE_INTREMAP;
    unit_replace(48, 46);
    assert_int_equal(load(), -EINVAL);
    unit_flags = flags;
    unit_replace(48, 46);
    assert_int_equal(load(), 0);
}

/* What is wrong with a record, of a unit with a queue and one wait. */
#define REG(off) rec.reg[(off) / 4]
#define NO_IR "interrupt remapping, where there is none"
#define WRONG(_)                                                               \
    _(rec.type = 0, "another type")                                            \
    _(rec.type = 2, "another type")                                            \
    _(rec.base += 4096, "another base")                                        \
    _(rec.base |= 1ULL << 32, "another base")                                  \
    _(rec.flags = XEN_VIOMMU_CREATE_NO_QUEUE, "other flags")                   \
    _(rec.flags = 2, "other flags")                                            \
    _(rec.aw = 39, "another width of addresses")                               \
    _(rec.haw = 47, "memory wider than this host's")                           \
    _(rec.haw = 255, "memory wider than this host's")                          \
    _(rec.haw = 35, "memory wider than this host's")                           \
    _(rec.haw = 0, "memory wider than this host's")                            \
    _(rec.nr_units = 0, "another number of units")                             \
    _(rec.nr_units = 2, "another number of units")                             \
    _(rec.pad0 = 1, "a reserved field in use")                                 \
    _(rec.state |= 256, "an unknown state")                                    \
    _(rec.pending |= 256, "an unknown state")                                  \
    _(rec.state |= HVM_VIOMMU_IRE, NO_IR)                                      \
    _(rec.state |= HVM_VIOMMU_CFI, NO_IR)                                      \
    _(rec.state |= HVM_VIOMMU_IRT, NO_IR)                                      \
    _(rec.pending |= HVM_VIOMMU_PENDING_SIRTP, NO_IR)                          \
    _(rec.pending |= HVM_VIOMMU_PENDING_IRE, NO_IR)                            \
    _(rec.irta = 4096, "an interrupt table that has not been taken")           \
    _(REG(R_GSTS) |= IRE, "a reserved bit of a register")                      \
    _(REG(R_IRTA) = 1, "a reserved bit of a register")                         \
    _(rec.root |= 1, "a root table out of memory")                             \
    _(rec.root |= 1ULL << 46, "a root table out of memory")                    \
    _(rec.next_frcd = 8, "a fault record out of range")                        \
    _(rec.queue_base |= 0x800, "a queue out of memory")                        \
    _(rec.queue_base |= 1ULL << 46, "a queue out of memory")                   \
    _(rec.queue_entries = 0, "a queue of no possible size")                    \
    _(rec.queue_entries = 128, "a queue of no possible size")                  \
    _(rec.queue_entries = 257, "a queue of no possible size")                  \
    _(rec.queue_entries = 65536, "a queue of no possible size")                \
    _(rec.queue_head = 256, "a head beyond the queue")                         \
    _(rec.queue_head = ~0u, "a head beyond the queue")                         \
    _(rec.queue_held = 1, "a head beyond the queue")                           \
    _(rec.state |= HVM_VIOMMU_UNWAITED; rec.queue_held = 256,                  \
      "a head beyond the queue")                                               \
    _(rec.state |= HVM_VIOMMU_UNWAITED, "a status that is not the state")      \
    _(REG(R_IQH) ^= 16, "a status that is not the state")                      \
    _(rec.state |= HVM_VIOMMU_DRAINING; rec.queue_held = rec.queue_head,       \
      "a command both pending and complete")                                   \
    _(rec.state &= ~HVM_VIOMMU_QUEUE, "a disabled queue with state")           \
    _(rec.nr_waits = 65, "too many waits")                                     \
    _(rec.nr_waits = ~0u, "too many waits")                                    \
    _(rec.nr_waits = 0, "a wait that is none")                                 \
    _(rec.wait[0].addr |= 1, "a wait that is none")                            \
    _(rec.wait[0].flags |= 4, "a wait that is none")                           \
    _(rec.wait[63].data = 1, "a wait that is none")                            \
    _(rec.wait[1].addr = 4, "a wait that is none")                             \
    _(REG(R_VER) = 0, "other capabilities")                                    \
    _(REG(R_CAP) ^= 1, "other capabilities")                                   \
    _(REG(R_ECAP) ^= 2, "other capabilities")                                  \
    _(REG(R_ECAP + 4) ^= 1u << 31, "other capabilities")                       \
    _(REG(R_GCMD) = TE, "a reserved bit of a register")                        \
    _(REG(R_GSTS) |= 1, "a reserved bit of a register")                        \
    _(REG(R_RTADDR) |= 1, "a reserved bit of a register")                      \
    _(REG(R_RTADDR + 4) |= 1u << 14, "a reserved bit of a register")           \
    _(REG(0x30) = 1, "a reserved bit of a register")                           \
    _(REG(R_FSTS) |= 1u << 7, "a reserved bit of a register")                  \
    _(REG(R_FECTL) |= 1, "a reserved bit of a register")                       \
    _(REG(R_FEDATA) |= 1u << 16, "a reserved bit of a register")               \
    _(REG(R_FEUADDR) |= 1, "a reserved bit of a register")                     \
    _(REG(R_IQH) |= 1, "a reserved bit of a register")                         \
    _(REG(R_IQH + 4) |= 1, "a reserved bit of a register")                     \
    _(REG(R_IQT) |= 1u << 19, "a reserved bit of a register")                  \
    _(REG(R_IQA) |= 1u << 11, "a reserved bit of a register")                  \
    _(REG(R_ICS) |= 2, "a reserved bit of a register")                         \
    _(REG(R_IQERCD) |= 16, "a reserved bit of a register")                     \
    _(REG(0x98) = 1, "a reserved bit of a register")                           \
    _(REG(R_FRCD(0)) |= 1, "a reserved bit of a register")                     \
    _(REG(R_FRCD(0) + 8) |= 1u << 16, "a reserved bit of a register")          \
    _(REG(R_FRCD(7) + 12) |= 1u << 8, "a reserved bit of a register")          \
    _(REG(R_FRCD(8)) = 1, "a reserved bit of a register")                      \
    _(REG(R_FRCD(8) + 8) = 1, "a reserved bit of a register")                  \
    _(REG(R_CCMD + 4) |= ICC >> 32,                                            \
      "a command both pending and complete")                                   \
    _(REG(R_IOTLB + 4) |= IVT >> 32,                                           \
      "a command both pending and complete")                                   \
    _(rec.pending |= HVM_VIOMMU_PENDING_CCMD,                                  \
      "a command both pending and complete")                                   \
    _(rec.pending |= HVM_VIOMMU_PENDING_IOTLB,                                 \
      "a command both pending and complete")                                   \
    _(rec.pending |= HVM_VIOMMU_PENDING_SRTP,                                  \
      "a command both pending and complete")                                   \
    _(REG(R_GSTS) ^= TE, "a status that is not the state")                     \
    _(rec.state ^= HVM_VIOMMU_TE, "a status that is not the state")            \
    _(REG(R_GSTS) ^= QIE, "a status that is not the state")

static void test_wrong(void **state)
{
    struct hvm_hw_viommu good;
    const char *why;

    (void)state;
    q_put_held(0, W_IF);
    save();
    good = rec;

    /* A unit to be left alone: with state of its own. */
    unit_replace(48, 46);
    tables_enable();
    w32(R_FEDATA, 0x42);
    fake_trace();
    keep();

#define TRY(edit, want)                                                        \
    rec = good;                                                                \
    edit;                                                                      \
    assert_int_equal(viommu_load(viommu, &rec, &why), -EINVAL);                \
    check(why && !strcmp(why, want), "%s: %s, not %s", #edit, why, want);      \
    check_kept();
    WRONG(TRY)
#undef TRY

    trace_is("");
    rec = good;
    assert_int_equal(load(), 0);
    assert_false(viommu_continue(viommu));
    assert_true(q_done(0));
}

/* What there cannot be without a queue. */
static void test_wrong_no_queue(void **state)
{
    struct hvm_hw_viommu good;
    const char *why;

    (void)state;
    unit_flags = XEN_VIOMMU_CREATE_NO_QUEUE;
    unit_create(48, 46);
    save();
    good = rec;

#define TRY(edit, want)                                                        \
    rec = good;                                                                \
    edit;                                                                      \
    assert_int_equal(viommu_load(viommu, &rec, &why), -EINVAL);                \
    check(why && !strcmp(why, want), "%s: %s, not %s", #edit, why, want);
    TRY(rec.nr_waits = 1, "a queue, where there is none")
    TRY(rec.pending = HVM_VIOMMU_PENDING_QIE, "a queue, where there is none")
    TRY(rec.pending = HVM_VIOMMU_PENDING_IQH, "a queue, where there is none")
    TRY(rec.state = HVM_VIOMMU_QUEUE, "a queue, where there is none")
    TRY(rec.queue_head = 1, "a disabled queue with state")
    TRY(rec.queue_held = 1, "a disabled queue with state")
    TRY(rec.state = HVM_VIOMMU_FENCE, "a disabled queue with state")
    TRY(rec.state = HVM_VIOMMU_DRAINING, "a disabled queue with state")
    TRY(REG(R_IQT) = 16, "a reserved bit of a register")
    TRY(REG(R_GSTS) = QIE, "a status that is not the state")
    TRY(REG(R_IECTL) = IM, "a reserved bit of a register")
    TRY(REG(R_IECTL) = IP, "a reserved bit of a register")
    TRY(REG(R_ECAP) ^= 2, "other capabilities")
#undef TRY
    unit_flags = 0;
}

/* A bit flipped anywhere: refused, or a record that can be saved again. */
static void test_flips(void **state)
{
    uint8_t *byte = (uint8_t *)&rec;
    struct hvm_hw_viommu good, flipped;
    unsigned int bit, loaded = 0;

    (void)state;
    q_put_held(0, W_IF | W_FN);
    save();
    good = rec;
    for ( bit = 0; bit < 8 * sizeof(rec); bit++ )
    {
        rec = good;
        byte[bit / 8] ^= 1 << bit % 8;
        unit_replace(48, 46);
        if ( load() )
            continue;
        loaded++;
        flipped = rec;
        save();
        check(!memcmp(&flipped, &rec, sizeof(rec)), "bit %u", bit);
        (void)viommu_continue(viommu);
    }
    print_message("# %u of %u bits can be either way\n", loaded, bit);
}

int main(void)
{
    const struct CMUnitTest both[] = {
        a_test(test_fresh),
        a_test(test_registers),
        a_test(test_faults),
        a_test(test_haw),
        a_test(test_configuration),
    };
    const struct CMUnitTest tests[] = {
        a_test(test_layout),
        queue_test(test_queue),
        queue_test(test_head),
        queue_test(test_attach),
        queue_test(test_full_ring),
        queue_test(test_used),
        queue_test(test_busy),
        queue_test(test_wrong),
        queue_test(test_wrong_no_queue),
        queue_test(test_flips),
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
