/* SPDX-License-Identifier: GPL-2.0-only */
/* A record that is not sound, or not for this unit, changes nothing. */
#include "saved.h"

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
        a_test(test_haw),
        a_test(test_configuration),
    };
    const struct CMUnitTest tests[] = {
        queue_test(test_busy),
        queue_test(test_wrong),
        queue_test(test_wrong_no_queue),
        queue_test(test_flips),
    };
    int failed = run_all(both);

    return failed + cmocka_run_group_tests_name("record", tests, NULL, NULL);
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
