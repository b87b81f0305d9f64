/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands that a guest gives through GCMD, CCMD and IOTLB, and how it sees
 * them end.  No DM here but where one is needed to keep a command pending.
 */
#include <inttypes.h>

#include "unit.h"

/* DMA begins, so that what comes next has to wait. */
static void hold(void)
{
    dm_hold();
}

static void release(void)
{
    dm_end_all();
}

static void test_srtp(void **state)
{
    (void)state;
    w64(R_RTADDR, T_ROOT);
    assert_int_equal(r32(R_GSTS), 0);
    w32(R_GCMD, SRTP);
    assert_int_equal(r32(R_GSTS), SRTP);
    /* One-shot in GCMD, but it stays set in GSTS. */
    w32(R_GCMD, 0);
    assert_int_equal(r32(R_GSTS), SRTP);
}

/* RTPS goes away with the command and comes back when it is done. */
static void test_srtp_pending(void **state)
{
    (void)state;
    dm_attach();
    w32(R_GCMD, SRTP);
    hold();
    w32(R_GCMD, SRTP);
    assert_int_equal(r32(R_GSTS), 0);
    release();
    assert_int_equal(r32(R_GSTS), SRTP);
}

/* The root table changes at SRTP, not when RTADDR is written. */
static void test_srtp_latches(void **state)
{
    (void)state;
    dm_attach();
    tables_create(4, 1);
    tables_map(0x1000, 0x2000, PRW);
    tables_enable();
    assert_int_equal(dm_translate(RID, 0x1000, 1).status, 0);

    w64(R_RTADDR, 0x200000);
    assert_int_equal(dm_translate(RID, 0x1000, 1).status, 0);
    assert_true(r64(R_RTADDR) == 0x200000);

    w32(R_GCMD, TE | SRTP);
    assert_int_equal(dm_translate(RID, 0x1000, 1).reason, 0x01);
}

static void test_te(void **state)
{
    (void)state;
    w32(R_GCMD, TE);
    assert_int_equal(r32(R_GSTS), TE);
    assert_int_equal(unit_stats().flags & XEN_VIOMMU_STATS_ENABLED, 1);
    /* Written again it asks for nothing. */
    w32(R_GCMD, TE);
    assert_int_equal(unit_stats().inv[XEN_VIOMMU_INV_CONTROL], 1);
    w32(R_GCMD, 0);
    assert_int_equal(r32(R_GSTS), 0);
    assert_int_equal(unit_stats().flags & XEN_VIOMMU_STATS_ENABLED, 0);
    assert_int_equal(unit_stats().inv[XEN_VIOMMU_INV_CONTROL], 2);
}

/* TES follows the end of the DMA of before, both ways. */
static void test_te_pending(void **state)
{
    (void)state;
    dm_attach();
    hold();
    w32(R_GCMD, TE);
    assert_int_equal(r32(R_GSTS), 0);
    release();
    assert_int_equal(r32(R_GSTS), TE);

    hold();
    w32(R_GCMD, 0);
    assert_int_equal(r32(R_GSTS), TE);
    release();
    assert_int_equal(r32(R_GSTS), 0);
}

/* On, off and on again while the first is pending: what counts is the last. */
static void test_te_superseded(void **state)
{
    (void)state;
    dm_attach();
    hold();
    w32(R_GCMD, TE);
    w32(R_GCMD, 0);
    /* Drained up to the first only. */
    dm_end(1);
    assert_int_equal(r32(R_GSTS), 0);
    assert_int_equal(dm_translate(RID, 0x5000, 1).order, 64);
    release();
    assert_int_equal(r32(R_GSTS), 0);

    hold();
    w32(R_GCMD, TE);
    w32(R_GCMD, 0);
    w32(R_GCMD, TE);
    assert_int_equal(r32(R_GSTS), 0);
    release();
    assert_int_equal(r32(R_GSTS), TE);
}

/* Software writes GSTS with a bit more: pointers first, then enables. */
static void test_several_bits(void **state)
{
    (void)state;
    dm_attach();
    tables_create(4, 1);
    tables_map(0x1000, 0x2000, PRW);
    w64(R_RTADDR, T_ROOT);
    w32(R_GCMD, SRTP | TE);
    assert_int_equal(r32(R_GSTS), SRTP | TE);
    assert_true(dm_translate(RID, 0x1000, 1).gpa == 0x2000);

    hold();
    w32(R_GCMD, r32(R_GSTS));
    assert_int_equal(r32(R_GSTS), TE);
    release();
    assert_int_equal(r32(R_GSTS), SRTP | TE);
    w32(R_GCMD, SRTP);
    assert_int_equal(r32(R_GSTS), SRTP);
}

/* What CAP and ECAP do not offer: SFL, EAFL, WBF, (QIE), IRE, SIRTP, CFI. */
static void test_unsupported_bits(void **state)
{
    uint32_t qies = unit_flags & XEN_VIOMMU_CREATE_NO_QUEUE ? 0 : QIE;

    (void)state;
    w32(R_GCMD, 0x3fffffff);
    assert_int_equal(r32(R_GSTS), qies);
    w32(R_GCMD, 0xffffffff);
    assert_int_equal(r32(R_GSTS), SRTP | TE | qies);
}

/* The pointer is that of reset then: what lies at 0 is the root table. */
static void test_te_without_srtp(void **state)
{
    struct xen_viommu_xlat x;

    (void)state;
    dm_attach();
    w64(R_RTADDR, T_ROOT);
    w32(R_GCMD, TE);
    assert_int_equal(r32(R_GSTS), TE);

    x = dm_translate(RID, 0x1000, XEN_VIOMMU_READ);
    assert_int_equal(x.status, XEN_VIOMMU_XLAT_FAULT);
    assert_int_equal(x.reason, 0x01);
    fake_set_ram(0, false);
    assert_int_equal(dm_translate(RID, 0x1000, 1).reason, 0x08);
}

/* Every granularity of both commands: done at once, and reported. */
static void test_granularities(void **state)
{
    static const struct {
        unsigned int reg;
        uint64_t val, back;
        int inv;
    } cases[] = {
        { R_CCMD, ICC | CIRG(1), CIRG(1) | CAIG(1),
          XEN_VIOMMU_INV_CONFIG_GLOBAL },
        { R_CCMD, ICC | CIRG(2) | 0x1234, CIRG(2) | CAIG(2) | 0x1234,
          XEN_VIOMMU_INV_CONFIG_DOMAIN },
        { R_CCMD, ICC | CIRG(3) | 0x3ffff5678, CIRG(3) | CAIG(3) | 0x3ffff5678,
          XEN_VIOMMU_INV_CONFIG_DEVICE },
        { R_CCMD, ICC | CAIG(3), 0, -1 },
        { R_IOTLB, IVT | IIRG(1), IIRG(1) | IAIG(1),
          XEN_VIOMMU_INV_TLB_GLOBAL },
        { R_IOTLB, IVT | IIRG(2) | IOTLB_DID(77),
          IIRG(2) | IAIG(2) | IOTLB_DID(77), XEN_VIOMMU_INV_TLB_DOMAIN },
        /* With DR and DW. */
        { R_IOTLB, IVT | IIRG(3) | IOTLB_DID(0x3ffff),
          IIRG(3) | IAIG(3) | IOTLB_DID(0x3ffff), XEN_VIOMMU_INV_TLB_RANGE },
        { R_IOTLB, IVT | IAIG(3), 0, -1 },
    };
    unsigned int i, j, split;

    (void)state;
    for ( split = 0; split < 2; split++ )
        for ( i = 0; i < ARRAY_SIZE(cases); i++ )
        {
            struct xen_viommu_stats stats;

            unit_create(48, 46);
            w64(R_IVA, 0x123456000);
            if ( split )
            {
                w32(cases[i].reg, cases[i].val);
                w32(cases[i].reg + 4, cases[i].val >> 32);
            }
            else
                w64(cases[i].reg, cases[i].val);

            check(r64(cases[i].reg) == cases[i].back, "case %u: %#" PRIx64, i,
                  r64(cases[i].reg));
            stats = unit_stats();
            for ( j = 0; j < XEN_VIOMMU_NR_INV; j++ )
                check(stats.inv[j] == (cases[i].inv == (int)j),
                      "case %u, counter %u", i, j);
        }
}

/* The lower half alone starts nothing, whatever is in it. */
static void test_lower_half(void **state)
{
    (void)state;
    w32(R_CCMD, ~0u);
    w32(R_IOTLB, ~0u);
    assert_true(r64(R_CCMD) == 0xffffffff);
    assert_true(r64(R_IOTLB) == 0);
    assert_true(unit_stats().requested == 0);
}

/* Reported granularity is that of the latest command. */
static void test_reported_anew(void **state)
{
    (void)state;
    w64(R_IOTLB, IVT | IIRG(3));
    w64(R_IOTLB, IVT | IIRG(1));
    assert_true(r64(R_IOTLB) == (IIRG(1) | IAIG(1)));
    w64(R_IOTLB, IVT);
    assert_true(r64(R_IOTLB) == 0);
    w64(R_CCMD, ICC | CIRG(3));
    w64(R_CCMD, ICC | CIRG(2));
    assert_true(r64(R_CCMD) == (CIRG(2) | CAIG(2)));
    w64(R_CCMD, ICC);
    assert_true(r64(R_CCMD) == 0);
}

/* Refused: a mask above CAP.MAMV; only of a page-selective command. */
static void test_address_mask(void **state)
{
    unsigned int am, ih;

    (void)state;
    for ( ih = 0; ih <= 0x40; ih += 0x40 )
        for ( am = 0; am < 64; am++ )
        {
            bool good = am <= 18;

            w64(R_IVA, 0x7000000000 | ih | am);
            w64(R_IOTLB, IVT | IIRG(3));
            check(r64(R_IOTLB) == (IIRG(3) | (good ? IAIG(3) : 0)),
                  "AM %u: %#" PRIx64, am, r64(R_IOTLB));

            w64(R_IOTLB, IVT | IIRG(2));
            assert_true(r64(R_IOTLB) == (IIRG(2) | IAIG(2)));
            w64(R_IOTLB, IVT | IIRG(1));
            assert_true(r64(R_IOTLB) == (IIRG(1) | IAIG(1)));
        }
    assert_int_equal(unit_stats().inv[XEN_VIOMMU_INV_TLB_RANGE], 2 * 19);
}

/* IVA keeps its value, though nobody can read it, until it is written. */
static void test_iva_persists(void **state)
{
    (void)state;
    w64(R_IVA, 63);
    w64(R_IOTLB, IVT | IIRG(3));
    assert_true(r64(R_IOTLB) == IIRG(3));
    w64(R_IOTLB, IVT | IIRG(3));
    assert_true(r64(R_IOTLB) == IIRG(3));
    w32(R_IVA, 18);
    w64(R_IOTLB, IVT | IIRG(3));
    assert_true(r64(R_IOTLB) == (IIRG(3) | IAIG(3)));
    assert_true(r64(R_IVA) == 0);
}

/*
 * While a command is pending its register does not take anything, neither a
 * second command nor another value; the other register does.
 */
static void test_second_command(void **state)
{
    (void)state;
    dm_attach();
    hold();

    w64(R_IOTLB, IVT | IIRG(2) | IOTLB_DID(5));
    assert_true(r64(R_IOTLB) == (IVT | IIRG(2) | IOTLB_DID(5)));
    w64(R_IOTLB, IVT | IIRG(1));
    w64(R_IOTLB, 0);
    w32(R_IOTLB + 4, 0);
    w32(R_IOTLB, ~0u);
    assert_true(r64(R_IOTLB) == (IVT | IIRG(2) | IOTLB_DID(5)));

    w64(R_CCMD, ICC | CIRG(3) | 99);
    assert_true(r64(R_CCMD) == (ICC | CIRG(3) | 99));
    w64(R_CCMD, ICC);
    w32(R_CCMD, 98);
    w32(R_CCMD + 4, 0);
    assert_true(r64(R_CCMD) == (ICC | CIRG(3) | 99));

    assert_true(unit_requested() == 2);
    release();
    assert_true(r64(R_IOTLB) == (IIRG(2) | IAIG(2) | IOTLB_DID(5)));
    assert_true(r64(R_CCMD) == (CIRG(3) | CAIG(3) | 99));
    assert_int_equal(unit_stats().inv[XEN_VIOMMU_INV_TLB_DOMAIN], 1);
    assert_int_equal(unit_stats().inv[XEN_VIOMMU_INV_TLB_GLOBAL], 0);
}

/* IVA is read with the command: written later it does not change it. */
static void test_iva_while_pending(void **state)
{
    (void)state;
    dm_attach();
    hold();
    w64(R_IVA, 0x1000);
    w64(R_IOTLB, IVT | IIRG(3));
    w64(R_IVA, 63);
    release();
    assert_true(r64(R_IOTLB) == (IIRG(3) | IAIG(3)));
}

/* What is refused ends at once, even with DMA in flight. */
static void test_refused_does_not_wait(void **state)
{
    (void)state;
    dm_attach();
    hold();
    fake_trace();
    w64(R_CCMD, ICC);
    w64(R_IOTLB, IVT);
    w64(R_IVA, 19);
    w64(R_IOTLB, IVT | IIRG(3));
    assert_true(idle());
    assert_true(unit_requested() == 0);
    assert_string_equal(fake_trace(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        a_test(test_srtp),
        a_test(test_srtp_pending),
        a_test(test_srtp_latches),
        a_test(test_te),
        a_test(test_te_pending),
        a_test(test_te_superseded),
        a_test(test_several_bits),
        a_test(test_unsupported_bits),
        a_test(test_te_without_srtp),
        a_test(test_granularities),
        a_test(test_lower_half),
        a_test(test_reported_anew),
        a_test(test_address_mask),
        a_test(test_iva_persists),
        a_test(test_second_command),
        a_test(test_iva_while_pending),
        a_test(test_refused_does_not_wait),
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
