/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger: what becomes of those who wait when the device model goes, the
 * guest is reset, or the ledger is taken.
 */
#include <inttypes.h>

#include "fake-dm.h"

static const struct xen_viommu_log range = INV_RANGE(1, 0x1000, 12);
static const struct xen_viommu_log all = INV_GLOBAL;

/* A stale slot @n, and a register command that waits for it. */
static void stall(unsigned int n)
{
    ldm_publish(n, &ldm_usual);
    ldm_unmap();
    ldm_invalidate(&range);
    assert_true(ldm_pending(&range) && ldm_waited(n));
}

/* The DM goes, in all its ways. */
static void test_dm_goes(void **state)
{
    unsigned int how;

    for ( how = 0; how < 5; how++ )
    {
        ldm_world_setup(state);
        stall(77);
        ldm->floor = 0;
        if ( how != 1 )
            fake_unbind(ldm_port);
        switch ( how )
        {
        case 0: viommu_continue(viommu); break;
        case 1: assert_int_equal(viommu_detach(viommu, DM), 0); break;
        case 2: assert_false(r64(R_IOTLB) & IVT); break;
        case 3: ldm_attach(); break;
        case 4: w64(R_CCMD, ICC | CIRG(1)); break;
        }
        check(!ldm_pending(&range) && !ldm_nr_waited(), "%u", how);
        assert_true(!fake.watching && ldm->floor_waited == 0);
        assert_true(unit_stats().dm_gone == 1);
        assert_true(unit_stats().blocked == 0 && !unit_stats().blocked_ns);

        /* Nobody writes what is the DM's, until another one attaches. */
        if ( how != 3 )
            assert_true(ldm->floor == 0 && ldm->busy[1] == 1 << 13);
        else
            assert_true(ldm->floor == XEN_VIOMMU_NO_FLOOR && !ldm->busy[1]);

        /* What it has left behind does not hold up anything any more. */
        fake_trace();
        ldm_invalidate(&all);
        check(!ldm_pending(&all), "%u", how);
        trace_is("");
        assert_true(unit_stats().dm_gone == 1);
    }
}

/* It goes unnoticed: nothing of it is waited for, not even until a timer. */
static void test_dm_gone_already(void **state)
{
    (void)state;
    ldm_publish(77, &ldm_usual);
    ldm->floor = 0;
    ldm_unmap();
    fake_unbind(ldm_port);
    ldm_invalidate(&range);
    assert_false(ldm_pending(&range));
    assert_true(!ldm_nr_waited() && !fake.watching);
    assert_string_equal(fake_trace(), "");
    assert_true(unit_stats().dm_gone == 0 && unit_stats().in_trap >= 1);
}

/*
 * The DM binds its port just after Xen has found it unbound, and begins a DMA:
 * what Xen does then about the invalidation that it had in hand leaves that
 * alone, and the next one waits for it.
 */
static bool bind_with_slot;

static void bind_and_begin(void)
{
    fake.on_unbound = NULL;
    fake_bind(ldm_port);
    if ( bind_with_slot )
        ldm_publish(9, &ldm_usual);
    else
        ldm->floor = ldm->head;
}

static void test_bind_race(void **state)
{
    static const struct xen_viommu_log other = INV_DOMAIN(9);
    unsigned int how;

    for ( how = 0; how < 2; how++ )
    {
        struct xen_dm_op_viommu_attach op = { .version = 1 };

        ldm_world_setup(state);
        fake_unbind(ldm_port);
        assert_int_equal(viommu_attach(viommu, DM, &op), 0);
        ldm_port = op.port;

        bind_with_slot = how;
        fake.on_unbound = bind_and_begin;
        ldm_invalidate(&other);
        assert_null(fake.on_unbound);
        assert_false(ldm_pending(&other));

        assert_int_equal(dm_translate(RID, 0x1000, XEN_VIOMMU_WRITE).status,
                         XEN_VIOMMU_XLAT_OK);
        ldm_unmap();
        ldm_invalidate(&range);
        check(ldm_pending(&range), "%u", how);
        if ( bind_with_slot )
            assert_true(ldm_end(9));
        else
        {
            ldm->floor = XEN_VIOMMU_NO_FLOOR;
            assert_int_equal(dm_ack(), 0);
        }
        assert_false(ldm_pending(&range));
    }
}

/* A DM that goes and owes nothing does not count as one that did. */
static void test_owes_nothing(void **state)
{

    if ( *state )
        return;
    q_create(0);
    ldm_put(&range);
    q_submit();
    viommu_reset(viommu);
    assert_int_equal(viommu_detach(viommu, DM), 0);
    assert_true(unit_stats().dm_gone == 0);
}

/* Nor does one that goes while it is seen whether it owes anything again. */
static void test_has_owed(void **state)
{
    static const struct xen_viommu_log domain = INV_DOMAIN(1);
    struct xen_viommu_slot other = ldm_usual;
    unsigned int n;

    (void)state;
    stall(77);
    assert_true(ldm_end(77));
    assert_false(ldm_pending(&range));
    other.did = 3;
    for ( n = 0; n < XEN_VIOMMU_SLOTS; n++ )
        ldm_publish(n, &other);
    ldm_invalidate(&domain);
    assert_true(unit_more && ldm_pending(&domain));
    fake_unbind(ldm_port);
    viommu_tick(viommu);
    assert_false(ldm_pending(&domain));
    assert_true(unit_stats().dm_gone == 0);
}

/* The ledger is taken: without a DM, with one, while it is waited for. */
static void test_take(void **state)
{
    unsigned int how;

    for ( how = 0; how < 4; how++ )
    {
        struct xen_dm_op_viommu_attach op = { .version = 1 };
        struct viommu_ledger *ledger;

        ldm_world_setup(state);
        ledger = viommu->ledger;
        if ( how == 0 )
            fake_unbind(ldm_port);
        if ( how == 2 )
            stall(3);
        if ( how == 3 )
            ldm->floor = 0;
        assert_true(viommu_take_ledger(viommu) == ledger);
        fake_check_unlocked();
        assert_null(viommu->ledger);
        assert_false(ldm_pending(&range));
        assert_int_equal(fake.count[FAKE_PORT_FREE],
                         fake.count[FAKE_PORT_ALLOC]);
        assert_null(viommu_take_ledger(viommu));

        /* From now on there is no DM. */
        memset(ldm->busy, 0xff, sizeof(ldm->busy));
        assert_int_equal(dm_ack(), -ENOTCONN);
        ldm_invalidate(&range);
        assert_false(ldm_pending(&range));
        fake_trace();
        assert_int_equal(viommu_attach(viommu, DM, &op), -EINVAL);
        assert_string_equal(fake_trace(), "");
        ldm_invalidate(&all);
        viommu_continue(viommu);
        assert_false(ldm_pending(&all));
    }
}

/* A reset: nobody waits any more, and the log says it all. */
static void test_reset(void **state)
{
    unsigned int how;

    for ( how = 0; how < 4; how++ )
    {
        uint64_t head;

        ldm_world_setup(state);
        if ( how & 1 )
            stall(3);
        else
            ldm_publish(3, &ldm_usual);
        if ( how & 2 )
            ldm->floor = 0;
        head = ldm->head;
        viommu_reset(viommu);
        assert_true(ldm->head == head + 1);
        assert_false(ldm_pending(&range));
        assert_false(fake.watching);

        /* The guest that comes then waits for what has not ended. */
        ldm_invalidate(&all);
        assert_true(ldm_pending(&all) && ldm_waited(3));
        assert_true(ldm_end(3));
        check(ldm_pending(&all) == !!(how & 2), "%u", how);
        ldm->floor = XEN_VIOMMU_NO_FLOOR;
        assert_int_equal(dm_ack(), 0);
        assert_false(ldm_pending(&all));
        ldm_invalidate(&all);
        assert_false(ldm_pending(&all));
    }
}

/* Memory goes: the log says so at once, and neither side waits. */
static void test_memory_gone(void **state)
{
    uint64_t head;

    (void)state;
    ldm_publish(3, &ldm_usual);
    head = ldm->head;
    fake_trace();
    viommu_p2m_changed(viommu);
    fake_check_unlocked();
    assert_true(ldm->head == head + 1 && ldm_overtaken(3, head));
    assert_true(!ldm_nr_waited() && !fake.watching);
    assert_string_equal(fake_trace(), "");

    /* Those who wait go on doing so, for what they waited for. */
    stall(77);
    viommu_p2m_changed(viommu);
    assert_true(ldm_pending(&range));
    ldm_busy(3, false);
    assert_true(ldm_end(77));
    assert_int_equal(dm_ack(), 0);
    assert_false(ldm_pending(&range));

    /* While disabled there is nothing to forget. */
    w32(R_GCMD, 0);
    head = ldm->head;
    viommu_p2m_changed(viommu);
    assert_true(ldm->head == head);
}

/* A page that is in flight, and unmapped by the guest, but not invalidated. */
static void put_bystander(unsigned int n)
{
    const struct xen_viommu_slot other = {
        .iova = 0x3000, .gpa = 0x4000, .pages = 1, .rid = RID, .did = 1,
        .access = XEN_VIOMMU_WRITE,
    };

    ldm_publish(n, &other);
    tables_map(0x3000, 0, 0);
}

/* What guest memory that goes makes stale is nobody's business later. */
static void test_memory_gone_bystander(void **state)
{
    static const struct xen_viommu_log page3 = INV_RANGE(1, 0x3000, 12);
    unsigned int how;

    for ( how = 0; how < 2; how++ )
    {
        ldm_world_setup(state);
        put_bystander(3);
        /* Something waits already. */
        if ( how )
            stall(5);
        viommu_p2m_changed(viommu);

        ldm_unmap();
        ldm_invalidate(&range);
        if ( how )
            assert_true(ldm_end(5));
        assert_false(ldm_pending(&range));
        assert_int_equal(ldm_nr_waited(), 0);

        /* It is stale all the same, for those who ask. */
        ldm_invalidate(&page3);
        assert_true(ldm_pending(&page3) && ldm_end(3));
    }
}

/* The next guest does not wait for what the one before it has invalidated. */
static void test_reset_forgets(void **state)
{
    unsigned int how;

    if ( *state )
        return;
    for ( how = 0; how < 4; how++ )
    {
        ldm_world_setup(state);
        put_bystander(3);
        q_create(0);
        /* Flushed; and waited for; and that for what is in flight. */
        if ( how >= 1 )
            ldm_put(&all);
        if ( how >= 2 )
            q_put_wait(0, 0);
        if ( how >= 3 )
            ldm_publish(5, &ldm_usual);
        if ( how >= 3 )
            ldm_unmap();
        q_submit();
        viommu_reset(viommu);
        assert_int_equal(ldm_nr_waited(), 0);
        q_create(0);
        q_put_wait(1, 0);
        q_submit();
        check(q_done(1) && !q_done(0), "%u", how);
        assert_int_equal(ldm_nr_waited(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(test_dm_goes),
        world_test(test_dm_gone_already),
        world_test(test_bind_race),
        world_test(test_owes_nothing),
        world_test(test_has_owed),
        world_test(test_take),
        world_test(test_reset),
        world_test(test_memory_gone),
        world_test(test_memory_gone_bystander),
        world_test(test_reset_forgets),
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
