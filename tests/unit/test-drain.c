/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Drains: an invalidation is complete for the guest when, and only when, no
 * DMA can use what it took away, and not much later.
 */
#include <inttypes.h>

#include "unit.h"
#include "vtd/vtd.h"

static evtchn_port_t port;

/* A DM is attached and bound; a page is mapped; translation is on. */
static int setup(void **state)
{
    unit_setup(state);
    tables_create(4, 1);
    tables_map(0x1000, 0x2000, PRW);
    tables_enable();
    port = dm_attach();
    fake_trace();

    return 0;
}

#define drain_test(f) cmocka_unit_test_setup_teardown(f, setup, unit_teardown)

/* A DMA begins that Xen cannot see the address of. */
static void translate(void)
{
    dm_hold();
    assert_int_equal(dm_translate(RID, 0x1000, XEN_VIOMMU_WRITE).status, 0);
}

static void flush(void)
{
    w64(R_IOTLB, IVT | IIRG(1));
}

static bool pending(void)
{
    return r64(R_IOTLB) & IVT;
}

/* IOTLB without a look at it by the guest, which might change it. */
static uint64_t unseen(void)
{
    return vtd_get64(to_vtd(viommu), R_IOTLB);
}

static void test_no_dm(void **state)
{
    (void)state;
    unit_create(48, 46);
    flush();
    w64(R_CCMD, ICC | CIRG(1));
    assert_true(idle());
    assert_string_equal(fake_trace(), "");
    assert_true(unit_stats().in_trap == 2 && unit_stats().waited == 0);
}

/* Attached but not bound: it cannot have translated anything. */
static void test_dm_not_bound(void **state)
{
    struct xen_dm_op_viommu_attach op = { .version = 1 };

    (void)state;
    unit_create(48, 46);
    assert_int_equal(viommu_attach(viommu, DM, &op), 0);
    flush();
    assert_false(pending());
    assert_string_equal(fake_trace(), "alloc(1)");
}

/* Nothing was handed out: complete within the trap, and nobody is told. */
static void test_nothing_handed_out(void **state)
{
    unsigned int n;

    (void)state;
    for ( n = 0; n < 10; n++ )
    {
        flush();
        assert_false(unseen() & IVT);
        assert_false(pending());
    }
    assert_string_equal(fake_trace(), "");
    assert_int_equal(fake.count[FAKE_NOTIFY], 0);
}

/* Handed out: one event, and IVT is set however often the guest looks. */
static void test_waits(void **state)
{
    unsigned int n;

    (void)state;
    translate();
    assert_true(dm_generation == unit_requested());
    flush();
    assert_string_equal(fake_trace(), "notify(1) watch");
    for ( n = 0; n < 1000; n++ )
    {
        assert_true(pending());
        assert_true(r32(R_IOTLB + 4) >> 31);
        viommu_continue(viommu);
    }
    dm_end_all();
    assert_false(pending());
    assert_true(r64(R_IOTLB) == (IIRG(1) | IAIG(1)));
    assert_string_equal(fake_trace(), "unwatch");
}

/* Every kind of request that takes translations away waits for them. */
static void test_each_waits(void **state)
{
    static const struct {
        unsigned int reg, size;
        uint64_t val;
        unsigned int poll;
        uint32_t mask, busy;
    } cases[] = {
        { R_CCMD,  8, ICC | CIRG(1), R_CCMD + 4,  1u << 31, 1u << 31 },
        { R_CCMD,  8, ICC | CIRG(2), R_CCMD + 4,  1u << 31, 1u << 31 },
        { R_CCMD,  8, ICC | CIRG(3), R_CCMD + 4,  1u << 31, 1u << 31 },
        { R_IOTLB, 8, IVT | IIRG(1), R_IOTLB + 4, 1u << 31, 1u << 31 },
        { R_IOTLB, 8, IVT | IIRG(2), R_IOTLB + 4, 1u << 31, 1u << 31 },
        { R_IOTLB, 8, IVT | IIRG(3), R_IOTLB + 4, 1u << 31, 1u << 31 },
        { R_GCMD,  4, TE | SRTP,     R_GSTS,      SRTP,     0 },
        { R_GCMD,  4, 0,             R_GSTS,      TE,       TE },
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(cases); i++ )
    {
        setup(state);
        translate();
        viommu_mmio_write(viommu, BASE + cases[i].reg, cases[i].size,
                          cases[i].val, true);
        check((r32(cases[i].poll) & cases[i].mask) == cases[i].busy, "%u", i);
        assert_int_equal(fake.count[FAKE_NOTIFY], 1);
        dm_end(unit_requested() - 1);
        check((r32(cases[i].poll) & cases[i].mask) == cases[i].busy, "%u", i);
        dm_end_all();
        check((r32(cases[i].poll) & cases[i].mask) != cases[i].busy, "%u", i);
    }
}

/* Some of the DMA ends, all of it, and then some more. */
static void test_ends(void **state)
{
    uint64_t r;

    (void)state;
    flush();
    flush();
    translate();
    r = unit_requested();
    flush();
    assert_true(unit_requested() == r + 1);

    dm_end(0);
    dm_end(1);
    dm_end(r);
    assert_true(pending());
    assert_true(unit_stats().drained == r);
    dm_end(r + 1);
    assert_false(pending());

    /* Saying so again does not undo or forestall anything. */
    assert_int_equal(dm_ack(), 0);
    assert_true(unit_stats().drained == r + 1);
    translate();
    flush();
    assert_int_equal(dm_ack(), 0);
    dm_end(r + 1);
    assert_true(pending());
    dm_end(r + 2);
    assert_false(pending());
    assert_true(unit_stats().drained == r + 2);
}

/* A word that is ahead of its flush does not count for it. */
static void test_no_advance_ack(void **state)
{
    (void)state;
    translate();
    assert_int_equal(dm_ack(), 0);
    flush();
    assert_true(pending());
    dm_end_all();
    assert_false(pending());
}

/* Once its DMA is over, a DM that has begun no other owes nothing. */
static void test_owes_nothing_after_ack(void **state)
{
    (void)state;
    translate();
    flush();
    dm_end_all();
    fake_trace();
    flush();
    assert_false(pending());
    assert_string_equal(fake_trace(), "");
    /* ... but for the translation after that. */
    translate();
    flush();
    assert_true(pending());
}

/* Two that wait at the same time have a generation each. */
static void test_two_slots(void **state)
{
    uint64_t r = unit_requested();

    (void)state;
    translate();
    w64(R_CCMD, ICC | CIRG(3));
    translate();
    flush();
    assert_true(unit_requested() == r + 2);
    assert_string_equal(fake_trace(), "notify(1) watch");

    dm_end(r + 1);
    assert_false(r64(R_CCMD) & ICC);
    assert_true(pending());
    /* For the DMA that began since the event. */
    assert_string_equal(fake_trace(), "notify(1)");
    dm_end(r + 2);
    assert_false(pending());
    assert_string_equal(fake_trace(), "unwatch");

    /* The other way round, and both at once. */
    translate();
    flush();
    translate();
    w64(R_CCMD, ICC | CIRG(3));
    dm_end(r + 3);
    assert_false(pending());
    assert_true(r64(R_CCMD) & ICC);
    dm_end(r + 4);
    assert_true(idle());

    translate();
    flush();
    w64(R_CCMD, ICC | CIRG(3));
    dm_end(r + 6);
    assert_true(idle());
}

/* Once the DM holds nothing any more, all is complete that was asked for. */
static void test_ack_of_all_held(void **state)
{
    uint64_t r = unit_requested();

    (void)state;
    translate();
    w64(R_CCMD, ICC | CIRG(1));
    flush();
    w32(R_GCMD, SRTP);
    dm_end(r);
    assert_true(pending());
    dm_end(r + 1);
    assert_true(idle());
    assert_int_equal(r32(R_GSTS), SRTP);
    assert_true(unit_stats().drained == r + 4);

    /* What is said of the rest comes late, and does no harm. */
    translate();
    flush();
    dm_end(r + 4);
    assert_true(pending());
    dm_end(r + 5);
    assert_false(pending());
}

/* All four that need no queue: TE, SRTP, CCMD, IOTLB. */
static void test_four_slots(void **state)
{
    uint64_t r = unit_requested();

    (void)state;
    translate();
    w32(R_GCMD, SRTP);          /* r + 1; TE off, r + 2 */
    translate();
    w64(R_CCMD, ICC | CIRG(1));
    translate();
    flush();
    assert_true(unit_requested() == r + 4);
    assert_int_equal(r32(R_GSTS), TE);
    dm_end(r + 2);
    assert_int_equal(r32(R_GSTS), SRTP);
    assert_true(r64(R_CCMD) & ICC);
    dm_end(r + 3);
    assert_false(r64(R_CCMD) & ICC);
    assert_true(pending());
    dm_end(r + 4);
    assert_true(idle());
}

/* DMA that begins while one waits is new. */
static void test_translation_while_waiting(void **state)
{
    uint64_t r;

    (void)state;
    translate();
    flush();
    r = unit_requested();
    translate();
    assert_true(dm_generation == r);
    dm_end(r);
    assert_false(pending());

    /* It is still held, though: the next flush waits for it. */
    flush();
    assert_true(pending());
    dm_end(r);
    assert_true(pending());
    dm_end(r + 1);
    assert_false(pending());
}

/* Another CPU's invalidation, while the tables are being walked. */
static uint64_t racing, race_at;

static void flush_in_walk(uint64_t gpa, bool read)
{
    (void)read;

    if ( gpa != race_at )
        return;
    fake.on_look = NULL;
    racing = viommu->drain.requested;
    tables_map(0x1000, 0x3000, PRW);
    flush();
    /* The walk may have been past the entry: the DMA counts as old. */
    assert_true(pending());
}

static void test_flush_in_walk(void **state)
{
    /* Before the first read, before the last, and after it. */
    static const uint64_t at[] = { T_ROOT, T_L1 + 8, 0x2000 };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(at); i++ )
    {
        setup(state);
        race_at = at[i];
        fake.on_look = flush_in_walk;
        translate();
        assert_null(fake.on_look);
        assert_true(dm_generation == racing);
        assert_true(pending());
        dm_end(racing);
        assert_true(pending());
        dm_end(racing + 1);
        assert_false(pending());
    }
}

/* An address that was not translated, before TE, is waited for by TE. */
static void test_identity_is_handed_out(void **state)
{
    (void)state;
    unit_create(48, 46);
    dm_attach();
    dm_hold();
    assert_int_equal(dm_translate(RID, 0x1000, 1).order, 64);
    w32(R_GCMD, TE);
    assert_int_equal(r32(R_GSTS), 0);
    dm_end(1);
    assert_int_equal(r32(R_GSTS), TE);
}

/* The DM dies while the guest waits: the guest's next look completes it. */
static void test_death_seen_by_poll(void **state)
{
    (void)state;
    translate();
    flush();
    w64(R_CCMD, ICC | CIRG(1));
    assert_true(pending());
    fake_trace();
    fake_unbind(port);
    assert_false(pending());
    assert_true(idle());
    assert_true(r64(R_IOTLB) == (IIRG(1) | IAIG(1)));
    assert_string_equal(fake_trace(), "unwatch");
    assert_true(unit_stats().dm_gone == 1);

    flush();
    assert_false(pending());
    assert_int_equal(dm_ack(), -ENOTCONN);
}

/* ... or the timer does, for what nobody polls. */
static void test_death_seen_by_timer(void **state)
{
    (void)state;
    translate();
    w32(R_GCMD, TE | SRTP);
    assert_true(fake.watching);
    viommu_continue(viommu);
    assert_true(fake.watching);
    fake_unbind(port);
    viommu_continue(viommu);
    assert_false(fake.watching);
    assert_int_equal(vtd_get32(to_vtd(viommu), R_GSTS), TE | SRTP);
    assert_true(unit_stats().dm_gone == 1);
}

/* Dead before the flush: the event goes nowhere, the first look completes. */
static void test_death_before_flush(void **state)
{
    (void)state;
    translate();
    fake_unbind(port);
    flush();
    assert_false(pending());
    assert_true(unit_stats().dm_gone == 0);
}

/* What a dead DM held does not make a flush wait later. */
static void test_death_forgotten(void **state)
{
    struct xen_dm_op_viommu_attach op = { .version = 1 };

    (void)state;
    translate();
    fake_unbind(port);
    assert_int_equal(viommu_attach(viommu, DM + 1, &op), 0);
    assert_string_equal(fake_trace(), "free(1) alloc(1)");
    fake_bind(op.port);
    flush();
    assert_false(pending());
    assert_string_equal(fake_trace(), "");
    assert_true(unit_stats().dm_gone == 0);
}

/* Detached while the guest waits: complete at once, not when it looks. */
static void test_detach(void **state)
{

    (void)state;
    translate();
    flush();
    fake_trace();
    assert_int_equal(viommu_detach(viommu, DM), 0);
    assert_string_equal(fake_trace(), "unwatch free(1)");
    assert_false(unseen() & IVT);
    assert_false(pending());
    assert_true(unit_stats().dm_gone == 1);

    flush();
    assert_false(pending());
    assert_string_equal(fake_trace(), "");
}

/* Another DM attaches in place of a dead one while the guest waits. */
static void test_replaced(void **state)
{
    struct xen_dm_op_viommu_attach op = { .version = 1 };
    struct xen_dm_op_viommu_ack ack = { 0 };

    (void)state;
    translate();
    flush();
    fake_unbind(port);
    assert_int_equal(viommu_attach(viommu, DM + 1, &op), 0);
    assert_false(unseen() & IVT);
    assert_false(pending());
    fake_bind(op.port);

    /* The word of the one that was replaced does not count any more. */
    assert_int_equal(dm_ack(), -ENOTCONN);
    assert_int_equal(viommu_ack(viommu, DM + 1, &ack), 0);
}

/* The generation only grows, by one, whatever happens. */
static void test_monotonic(void **state)
{
    uint64_t last = unit_requested();
    unsigned int n;

    (void)state;
    for ( n = 0; n < 100; n++ )
    {
        struct xen_viommu_stats s;

        if ( n % 3 )
            translate();
        flush();
        s = unit_stats();
        assert_true(s.requested == last + 1 && s.drained <= s.requested);
        last = s.requested;
        if ( n % 7 == 0 )
        {
            viommu_detach(viommu, DM);
            port = dm_attach();
        }
        assert_true(unit_requested() == last);
        dm_end(last);
        assert_true(unit_requested() == last);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        drain_test(test_no_dm),
        drain_test(test_dm_not_bound),
        drain_test(test_nothing_handed_out),
        drain_test(test_waits),
        drain_test(test_each_waits),
        drain_test(test_ends),
        drain_test(test_no_advance_ack),
        drain_test(test_owes_nothing_after_ack),
        drain_test(test_two_slots),
        drain_test(test_ack_of_all_held),
        drain_test(test_four_slots),
        drain_test(test_translation_while_waiting),
        drain_test(test_flush_in_walk),
        drain_test(test_identity_is_handed_out),
        drain_test(test_death_seen_by_poll),
        drain_test(test_death_seen_by_timer),
        drain_test(test_death_before_flush),
        drain_test(test_death_forgotten),
        drain_test(test_detach),
        drain_test(test_replaced),
        drain_test(test_monotonic),
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
