/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every access to guest memory fails once: each walk is repeated with its
 * first, second, ... read failing until it comes through.  The right fault,
 * nothing that sticks, no lock held.
 */
#include <inttypes.h>

#include "fake-dm.h"

#define R       XEN_VIOMMU_READ

struct path {
    const char *what;
    unsigned int levels;
    uint64_t at, val;           /* written over the usual tables */
    uint64_t iova;
    unsigned int nr;            /* reads that the walk takes */
    uint8_t reason[8];          /* what the failure of each means */
};

static const struct path paths[] = {
    { "4 levels, 4K", 4, 0, 0, 0x1000, 6, { 8, 9, 3, 7, 7, 7 } },
    { "4 levels, 2M", 4, T_L2, 0x400000 | PS | PRW, 0x1000, 5,
      { 8, 9, 3, 7, 7 } },
    { "4 levels, 1G", 4, T_L3, PS | PRW, 0x1000, 4, { 8, 9, 3, 7 } },
    { "3 levels, 4K", 3, 0, 0, 0x1000, 5, { 8, 9, 3, 7, 7 } },
    { "3 levels, 1G", 3, T_L3, PS | PRW, 0x1000, 3, { 8, 9, 3 } },
    { "pass-through", 4, T_CTX + RID * 16, TT(2) | P, 0x1000, 2, { 8, 9 } },
};

static void world(const struct path *path)
{
    unit_create(48, 46);
    dm_attach();
    tables_create(path->levels, 9);
    tables_map(path->iova, 0x2000, PRW);
    if ( path->at )
        fake_poke(path->at, path->val);
    tables_enable();
    fake.reads = 0;
}

static void test_each_read(void **state)
{
    unsigned int i, n;

    (void)state;
    for ( i = 0; i < ARRAY_SIZE(paths); i++ )
    {
        const struct path *path = &paths[i];

        world(path);
        for ( n = 1; ; n++ )
        {
            struct xen_viommu_xlat x;

            fake.reads = 0;
            fake.fail_read = n;
            x = dm_translate(RID, path->iova, R);
            fake_check_unlocked();
            if ( x.status == XEN_VIOMMU_XLAT_OK )
                break;

            check(n <= path->nr && x.status == XEN_VIOMMU_XLAT_FAULT &&
                  x.reason == path->reason[n - 1],
                  "%s, read %u: reason %#x", path->what, n, x.reason);
            /* No read follows one that failed. */
            assert_int_equal(fake.reads, n);
            assert_true(x.gpa == 0 && x.perm == 0);
            assert_int_equal(r32(R_FSTS), PPF | (n - 1) << 8);
            assert_int_equal((r64(R_FRCD(n - 1) + 8) >> 32) & 0xff, x.reason);
            w32(R_FRCD(n - 1) + 12, 1u << 31);

            /* The next time all is well. */
            fake.fail_read = 0;
            x = dm_translate(RID, path->iova, R);
            check(x.status == XEN_VIOMMU_XLAT_OK && x.did == 9, "%s after %u",
                  path->what, n);
        }
        check(n == path->nr + 1, "%s: %u reads", path->what, n - 1);
    }
}

/*
 * In a batch: one entry fails, the others do not notice.  The second and later
 * ones read but the last table's entry, if somebody came that far before.
 */
static void test_each_read_of_a_batch(void **state)
{
    unsigned int n;

    (void)state;
    world(&paths[0]);
    for ( n = 1; n <= 10; n++ )
    {
        struct xen_viommu_xlat x[4] = {};
        uint64_t generation;
        unsigned int i, faults = 0;

        for ( i = 0; i < ARRAY_SIZE(x); i++ )
            x[i] = (struct xen_viommu_xlat){
                .rid = RID, .iova = 0x1000, .access = R,
            };
        fake.reads = 0;
        fake.fail_read = n;
        assert_int_equal(viommu_translate(viommu, DM, x, ARRAY_SIZE(x),
                                          &generation), 0);
        for ( i = 0; i < ARRAY_SIZE(x); i++ )
            if ( x[i].status == XEN_VIOMMU_XLAT_FAULT )
                faults++;
            else
                assert_true(x[i].gpa == 0x2000);
        assert_int_equal(faults, n <= 9);
        assert_int_equal(fake.reads, n < 6 ? n + 6 + 2 : 9);
    }
}

/* A drain goes on as ever when the walk that it waits for has failed. */
static void test_drain_after_failure(void **state)
{
    unsigned int n;

    (void)state;
    for ( n = 1; n <= 6; n++ )
    {
        world(&paths[0]);
        fake.fail_read = n;
        dm_hold();
        dm_translate(RID, 0x1000, R);
        w64(R_IOTLB, IVT | IIRG(1));
        dm_end_all();
        assert_true(idle());
    }
}

/*
 * The walk of a slot fails at each of its reads: what cannot be walked is not
 * known to be fresh, and is waited for.
 */
static void test_each_read_of_a_slot(void **state)
{
    static const struct xen_viommu_log all = INV_GLOBAL;
    static const struct xen_viommu_slot two = {
        .iova = 0x1000, .gpa = 0x2000, .pages = 2, .rid = RID, .did = 1,
        .access = R,
    };
    unsigned int n;

    for ( n = 1; n <= 13; n++ )
    {
        ldm_world_setup(state);
        ldm_publish(33, &two);
        fake.reads = 0;
        fake.fail_read = n;
        ldm_invalidate(&all);
        fake_check_unlocked();
        fake.fail_read = 0;
        /* Two walks of 6 reads each, and nobody is told of a fault. */
        check(ldm_pending(&all) == (n <= 12), "read %u", n);
        assert_int_equal(fake.reads, n <= 12 ? n : 12);
        assert_int_equal(r32(R_FSTS), 0);
        assert_true(unit_stats().faults == 0);
        if ( n > 12 )
            break;
        assert_true(ldm_waited(33) && ldm_end(33));
        assert_false(ldm_pending(&all));
        /* The next time all is well. */
        ldm_publish(33, &two);
        ldm_invalidate(&all);
        assert_false(ldm_pending(&all));
    }
}

/* The same by queue, where descriptors and status can fail as well. */
static void test_each_access_of_a_queue(void **state)
{
    static const struct xen_viommu_log all = INV_GLOBAL;
    unsigned int n;

    if ( *state )
        return;
    for ( n = 1; n <= 8; n++ )
    {
        ldm_world_setup(state);
        q_create(0);
        ldm_publish(33, &ldm_usual);
        ldm_put(&all);
        q_put_wait(0, 0);
        fake.reads = fake.writes = 0;
        fake.fail_read = n;
        fake.fail_write = n == 8;
        q_submit();
        fake.fail_read = fake.fail_write = 0;
        fake_check_unlocked();
        if ( n == 1 )
        {
            /* Both descriptors: the queue stops there, and nothing is early. */
            q_check_stopped(0, E_FETCH);
            w32(R_FSTS, IQE);
        }
        else if ( n <= 7 )
        {
            assert_true(!q_done(0) && ldm_waited(33) && ldm_end(33));
        }
        check(q_done(0) == (n != 8), "access %u", n);
        q_check_running(2);
    }
}

/* No port: as if nobody had attached, whatever is in the ledger. */
static void test_attach_fails(void **state)
{
    struct xen_dm_op_viommu_attach op = { .version = 1 };
    static const struct xen_viommu_log all = INV_GLOBAL;

    ldm_world_setup(state);
    fake_unbind(ldm_port);
    ldm_publish(1, &ldm_usual);
    ldm_unmap();
    fake.alloc_error = -ENOSPC;
    assert_int_equal(viommu_attach(viommu, DM, &op), -ENOSPC);
    fake_check_unlocked();
    ldm_invalidate(&all);
    assert_false(ldm_pending(&all));
    assert_int_equal(unit_stats().flags & XEN_VIOMMU_STATS_DM, 0);
    fake.alloc_error = 0;
    ldm_attach();
    ldm_invalidate(&all);
    assert_false(ldm_pending(&all));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        a_test(test_each_read),
        a_test(test_each_read_of_a_batch),
        a_test(test_drain_after_failure),
        world_test(test_each_read_of_a_slot),
        world_test(test_each_access_of_a_queue),
        world_test(test_attach_fails),
    };

    int rc = run_both(tests);

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
