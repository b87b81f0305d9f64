/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Several units of one guest: which one is meant, and that they share nothing.
 */
#include <stdlib.h>

#include "fake-dm.h"

/* The second unit's tables: as the first one's, some pages up. */
#define UP 0x40000ULL

static void tables_copy(void)
{
    uint64_t at;

    for ( at = T_ROOT; at < T_L1 + 4096; at += 8 )
    {
        uint64_t val = fake_peek(at), page = val & ~0xfffULL;

        fake_poke(at + UP, page >= T_ROOT && page <= T_L1 ? val + UP : val);
    }
}

/* Two of the same: RID in domain 1; 1000h is 2000h in one and 7000h in the other. */
static int two_setup(void **state)
{
    ldm_world_setup(state);
    tables_copy();
    fake_poke(T_L1 + UP + 8, 0x7000 | PRW);

    unit_second();
    w64(R_RTADDR, T_ROOT + UP);
    w32(R_GCMD, SRTP);
    w32(R_GCMD, TE);
    ldm_attach();
    unit_switch();
    fake_trace();

    return 0;
}

#define two_test(f) cmocka_unit_test_setup_teardown(f, two_setup, unit_teardown)

/* Nothing of the unit that is put aside may change meanwhile. */
static uint64_t sum_aside(void)
{
    uint64_t sum;

    unit_switch();
    sum = unit_sum();
    unit_switch();

    return sum;
}

static const struct xen_viommu_log usual_page = INV_RANGE(1, 0x1000, 12);

static void test_same_did(void **state)
{
    struct xen_viommu_xlat x;

    (void)state;
    x = dm_translate(RID, 0x1000, XEN_VIOMMU_READ);
    assert_true(x.did == 1 && x.gpa == 0x2000);
    unit_switch();
    x = dm_translate(RID, 0x1000, XEN_VIOMMU_READ);
    assert_true(x.did == 1 && x.gpa == 0x7000);
}

/* An invalidation is in the log of its unit, and makes one generation there. */
static void test_invalidation(void **state)
{
    unsigned int i;

    (void)state;
    for ( i = 0; i < 10; i++ )
    {
        uint64_t head = ldm->head, sum = sum_aside();

        ldm_invalidate(&usual_page);
        assert_true(idle() && ldm->head == head + 1);
        assert_true(unit_requested() == head + 1);
        assert_true(sum == sum_aside());
        unit_switch();
    }
}

/*
 * A DMA behind one is stale and does not end: what the guest asks of the other
 * one, of the same domain id and the same page, is complete in the trap.
 */
static void test_stalled(void **state)
{
    (void)state;
    ldm_publish(0, &ldm_usual);
    ldm_unmap();
    ldm_invalidate(&usual_page);
    assert_true(!idle());
    assert_int_equal(ldm_nr_waited(), 1);

    unit_switch();
    ldm_invalidate(&usual_page);
    assert_true(idle());
    assert_int_equal(ldm_nr_waited(), 0);
    assert_int_equal(unit_stats().waited, 0);

    unit_switch();
    assert_true(!idle());
    assert_true(ldm_end(0));
    assert_true(idle());
    assert_int_equal(unit_stats().waited, 1);
}

/*
 * One table for both, and the guest invalidates in one: behind the other it has
 * said nothing, and what uses the old translation there is left alone.
 */
static void test_one_table(void **state)
{
    uint64_t head = ldm->head;

    (void)state;
    ldm_publish(0, &ldm_usual);
    unit_switch();
    w64(R_RTADDR, T_ROOT);
    w32(R_GCMD, SRTP | TE);
    assert_true(dm_translate(RID, 0x1000, XEN_VIOMMU_READ).gpa == 0x2000);
    ldm_unmap();
    ldm_invalidate(&usual_page);
    assert_true(idle());

    unit_switch();
    assert_int_equal(ldm_nr_waited(), 0);
    assert_true(ldm->head == head && !ldm_overtaken(0, head));
    /* It is only asking again that sees it, as the tables are read anew. */
    assert_int_equal(dm_translate(RID, 0x1000, 0).status, XEN_VIOMMU_XLAT_FAULT);
}

/* Whatever happens to one, not a bit of the other one changes. */
static void test_untouched(void **state)
{
    uint64_t sum = sum_aside();
    struct hvm_hw_viommu rec;
    const char *why;
    unsigned int i;

    (void)state;
    /* Faults, more than there are records for. */
    for ( i = 0; i < 20; i++ )
        dm_translate(RID + 16, 0x1000 * i, XEN_VIOMMU_WRITE);
    assert_int_equal(unit_stats().faults, 20);
    assert_true(r32(R_FSTS) & PFO);
    assert_true(sum == sum_aside());

    /* A queue that is full of work, and then stops for an error. */
    q_create(0);
    for ( i = 0; i < 200; i++ )
        ldm_put(&usual_page);
    q_put_wait(0, 0);
    q_put(~0ULL, 0);
    q_submit();
    assert_true(unit_more);
    assert_true(sum == sum_aside());
    q_rest();
    assert_true(unit_stats().queue_errors == 1);
    assert_true(sum == sum_aside());

    /* DMA that is waited for, the timer, a death, somebody else. */
    ldm_publish(5, &ldm_usual);
    ldm_unmap();
    ldm_invalidate(&usual_page);
    viommu_tick(viommu);
    fake_unbind(ldm_port);
    viommu_tick(viommu);
    assert_true(idle());
    ldm_attach();
    assert_int_equal(viommu_detach(viommu, DM), 0);
    assert_true(sum == sum_aside());

    viommu_p2m_changed(viommu);
    viommu_save(viommu, &rec);
    assert_int_equal(viommu_load(viommu, &rec, &why), 0);
    viommu_reset(viommu);
    assert_true(sum == sum_aside());

    /* There it goes on as if nothing had been. */
    unit_switch();
    assert_true(dm_translate(RID, 0x1000, XEN_VIOMMU_READ).gpa == 0x7000);
    assert_true(!r32(R_FSTS) && !unit_stats().faults);
}

/* The attachment is one unit's: a DM of the other is nobody here. */
static void test_attachment(void **state)
{
    struct xen_dm_op_viommu_attach op = { .version = 1 };

    (void)state;
    assert_int_equal(viommu_detach(viommu, DM), 0);
    assert_int_equal(dm_ack(), -ENOTCONN);
    unit_switch();
    assert_int_equal(dm_ack(), 0);
    assert_int_equal(viommu_attach(viommu, DM + 1, &op), -EBUSY);
    unit_switch();
    assert_int_equal(viommu_attach(viommu, DM + 1, &op), 0);
}

/* A record says of how many it is one; it is loaded among as many only. */
static void test_saved(void **state)
{
    struct hvm_hw_viommu rec, second;
    const char *why;

    (void)state;
    viommu_save(viommu, &rec);
    assert_int_equal(rec.nr_units, 2);
    assert_true(rec.root == T_ROOT);
    unit_switch();
    viommu_save(viommu, &second);
    assert_true(second.root == T_ROOT + UP);
    assert_true(second.base == BASE + 0x1000);
    assert_int_equal(viommu_detach(viommu, DM), 0);

    assert_int_equal(viommu_load(viommu, &rec, &why), -EINVAL);
    assert_string_equal(why, "another base");
    fake.units = 3;
    assert_int_equal(viommu_load(viommu, &second, &why), -EINVAL);
    assert_string_equal(why, "another number of units");
    fake.units = 2;
    assert_int_equal(viommu_load(viommu, &second, &why), 0);
}

/* Which one is meant. */

static struct xen_domctl_viommu_create like(uint64_t base, uint32_t flags)
{
    return (struct xen_domctl_viommu_create){
        .type = XEN_VIOMMU_TYPE_VTD, .base = base, .flags = flags, .aw = 48,
    };
}

static int add(struct viommu_units *units, unsigned int unit, uint64_t base,
               uint32_t flags)
{
    const struct xen_domctl_viommu_create op = like(base, flags);
    const struct viommu_frontend *fe = viommu_frontend(&op);
    int rc = viommu_may_add(units, unit, &op);
    struct viommu *new;

    if ( rc )
        return rc;

    new = calloc(1, fe->size);
    assert_non_null(new);
    viommu_init(new, fe, NULL, unit, 46, &op);
    viommu_add(units, new);

    return 0;
}

static void test_add(void **state)
{
    struct viommu_units units = {};
    const struct xen_domctl_viommu_create op = like(BASE, 0);
    unsigned int i;

    (void)state;
    assert_int_equal(viommu_may_add(NULL, 0, &op), 0);
    for ( i = 1; i < 40; i++ )
        assert_int_equal(viommu_may_add(NULL, i, &op), -EINVAL);
    assert_int_equal(viommu_may_add(NULL, ~0u, &op), -EINVAL);

    for ( i = 0; i < XEN_VIOMMU_MAX_UNITS; i++ )
    {
        /* Backwards: who is where does not follow from the number. */
        uint64_t base = BASE + (XEN_VIOMMU_MAX_UNITS - i) * 0x1000;

        assert_null(viommu_unit(&units, i));
        assert_null(viommu_at(&units, base));
        assert_int_equal(add(&units, i + 1, base, 0), -EINVAL);
        assert_int_equal(add(&units, i, base, 0), 0);
        assert_int_equal(add(&units, i, base - 0x1000, 0), -EEXIST);
        assert_int_equal(add(&units, 0, base - 0x1000, 0), -EEXIST);
        assert_int_equal(add(&units, i + 1, base, 0), -EEXIST);
        assert_int_equal(units.nr, i + 1);
        assert_true(viommu_unit(&units, i) == units.unit[i]);
        assert_int_equal(units.unit[i]->unit, i);
        assert_true(viommu_at(&units, base) == units.unit[i]);
        assert_true(viommu_at(&units, base + 0xfff) == units.unit[i]);
    }

    /* One more, and numbers that no unit has. */
    assert_int_equal(add(&units, i, BASE, 0), -EINVAL);
    for ( ; i < 100; i++ )
        assert_null(viommu_unit(&units, i));
    assert_null(viommu_unit(&units, ~0u));
    assert_null(viommu_unit(&units, 1u << 31));
    assert_null(viommu_unit(NULL, 0));

    assert_null(viommu_at(NULL, BASE));
    assert_null(viommu_at(&units, BASE + 0xfff));
    assert_null(viommu_at(&units, BASE + 0x9000));
    assert_null(viommu_at(&units, BASE + 0x1000 + (1ULL << 32)));
    for ( i = 0; i < XEN_VIOMMU_MAX_UNITS; i++ )
        free(units.unit[i]);
}

/* All of them remap interrupts, or none does. */
static void test_add_intremap(void **state)
{
    static const uint32_t flags[] = {
        0, XEN_VIOMMU_CREATE_NO_QUEUE, XEN_VIOMMU_CREATE_INTREMAP,
    };
    unsigned int i, j;

    (void)state;
    for ( i = 0; i < ARRAY_SIZE(flags); i++ )
        for ( j = 0; j < ARRAY_SIZE(flags); j++ )
        {
            struct viommu_units units = {};
            bool same = (i == 2) == (j == 2);

            assert_int_equal(add(&units, 0, BASE, flags[i]), 0);
            assert_int_equal(add(&units, 1, BASE + 0x1000, flags[j]),
                             same ? 0 : -EINVAL);
            free(units.unit[0]);
            free(units.unit[1]);
        }
}

static void test_in_range(void **state)
{
    struct viommu_units units = {};

    (void)state;
    assert_false(viommu_in_range(NULL, 0, ~0ULL));
    assert_false(viommu_in_range(&units, 0, ~0ULL));
    assert_int_equal(add(&units, 0, BASE + 0x3000, 0), 0);
    assert_int_equal(add(&units, 1, BASE + 0x1000, 0), 0);

#define IN(first, last) viommu_in_range(&units, BASE + (first), BASE + (last))
    assert_true(IN(0x1000, 0x1000) && IN(0x3000, 0x3000));
    assert_true(IN(0, 0x1000) && IN(0x2000, 0x3000) && IN(0x3000, 0x8000));
    assert_false(IN(0, 0) || IN(0x2000, 0x2000) || IN(0x4000, 0x9000));
#undef IN
    free(units.unit[0]);
    free(units.unit[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_add_intremap),
        cmocka_unit_test(test_in_range),
        two_test(test_same_did),
        two_test(test_invalidation),
        two_test(test_stalled),
        two_test(test_one_table),
        two_test(test_untouched),
        two_test(test_attachment),
        two_test(test_saved),
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
