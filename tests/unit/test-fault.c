/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults as a guest meets them: records, FSTS, FECTL and the fault event.
 * The DM makes them by asking for what the tables do not grant.
 */
#include <inttypes.h>

#include "unit.h"

#define F       (1ULL << 63)
#define T_READ  (1ULL << 62)
#define FR(r)   ((uint64_t)(r) << 32)

#define MSI_ADDR 0xfee01000u
#define MSI_DATA 0x4041u

/* Iovas of which none is mapped: each page makes a fault of its own. */
#define IOVA(n) ((uint64_t)(n) << 12)

static int setup(void **state)
{
    unit_setup(state);
    dm_attach();
    tables_create(4, 1);
    tables_enable();
    w32(R_FEDATA, MSI_DATA);
    w32(R_FEADDR, MSI_ADDR);
    fake_trace();

    return 0;
}

#define fault_test(f) cmocka_unit_test_setup_teardown(f, setup, unit_teardown)

static void unmask(void)
{
    w32(R_FECTL, 0);
}

/* A device tries to read page @n. */
static void fault(unsigned int n)
{
    struct xen_viommu_xlat x = dm_translate(RID, IOVA(n), XEN_VIOMMU_READ);

    check(x.status == XEN_VIOMMU_XLAT_FAULT && x.reason == 6,
          "status %u, reason %u", x.status, x.reason);
}

static uint64_t frcd_lo(unsigned int n)
{
    return r64(R_FRCD(n));
}

static uint64_t frcd_hi(unsigned int n)
{
    return r64(R_FRCD(n) + 8);
}

/* As Linux does it: 4 bytes, the topmost. */
static void clear(unsigned int n)
{
    w32(R_FRCD(n) + 12, 1u << 31);
}

static void check_fsts(uint32_t want, int line)
{
    check(r32(R_FSTS) == want, "FSTS is %#x, not %#x, line %d",
          r32(R_FSTS), want, line);
}
#define fsts(want) check_fsts(want, __LINE__)

static void test_record(void **state)
{
    (void)state;
    dm_translate(RID, 0x123456789abcULL, XEN_VIOMMU_READ);
    assert_true(frcd_lo(0) == 0x123456789000);
    assert_true(frcd_hi(0) == (F | T_READ | FR(6) | RID));

    dm_translate(RID, 0xabcdef, XEN_VIOMMU_WRITE);
    assert_true(frcd_lo(1) == 0xabc000);
    assert_true(frcd_hi(1) == (F | FR(5) | RID));

    dm_translate(0x4321, 0, XEN_VIOMMU_WRITE);
    assert_true(frcd_lo(2) == 0);
    assert_true(frcd_hi(2) == (F | FR(1) | 0x4321));
    fsts(PPF);
    assert_true(unit_stats().faults == 3 && unit_stats().faults_lost == 0);
}

/*
 * What was asked for and is refused decides what the record says: a request to
 * read and write that lacks the one is a refused read or a refused write.
 */
static void test_record_of_both(void **state)
{
    (void)state;
    tables_map(IOVA(1), 0x1000, PR);
    tables_map(IOVA(2), 0x1000, PW);
    dm_translate(RID, IOVA(1), XEN_VIOMMU_READ | XEN_VIOMMU_WRITE);
    assert_true(frcd_hi(0) == (F | FR(5) | RID));
    dm_translate(RID, IOVA(2), XEN_VIOMMU_READ | XEN_VIOMMU_WRITE);
    assert_true(frcd_hi(1) == (F | T_READ | FR(6) | RID));
}

/* The guest's own writes do not make or change records, but for F. */
static void test_record_read_only(void **state)
{
    unsigned int n, word, bit;

    (void)state;
    for ( n = 0; n < NR_FRCD; n++ )
        fault(n);

    for ( n = 0; n < NR_FRCD; n++ )
    {
        uint64_t lo = frcd_lo(n), hi = frcd_hi(n);

        for ( word = 0; word < 4; word++ )
            for ( bit = 0; bit < 32; bit++ )
                if ( word != 3 || bit != 31 )
                    w32(R_FRCD(n) + 4 * word, 1u << bit);
        w64(R_FRCD(n), ~0ULL);
        w64(R_FRCD(n) + 8, ~F);
        assert_true(frcd_lo(n) == lo && frcd_hi(n) == hi);

        w64(R_FRCD(n) + 8, ~0ULL);
        assert_true(frcd_lo(n) == lo && frcd_hi(n) == (hi & ~F));
        w64(R_FRCD(n) + 8, ~0ULL);
        assert_true(frcd_hi(n) == (hi & ~F));
    }
    fsts(0);
}

/* PPF is the or of all F; FRI names the first after there was none. */
static void test_fri(void **state)
{
    (void)state;
    fsts(0);
    fault(1);
    fsts(PPF | 0 << 8);
    fault(2);
    fault(3);
    fsts(PPF | 0 << 8);
    clear(0);
    fsts(PPF | 0 << 8);
    clear(2);
    clear(1);
    assert_int_equal(r32(R_FSTS) & PPF, 0);

    fault(4);
    fsts(PPF | 3 << 8);
    fault(5);
    clear(3);
    clear(4);
    fault(6);
    fsts(PPF | 5 << 8);
    /* PPF is not for the guest to write. */
    w32(R_FSTS, ~0u);
    fsts(PPF | 5 << 8);
}

/* The ring: as often round as one likes, each record where it belongs. */
static void test_wrap(void **state)
{
    unsigned int n;

    (void)state;
    for ( n = 0; n < 5 * NR_FRCD + 3; n++ )
    {
        fault(n);
        fsts(PPF | (n % NR_FRCD) << 8);
        check(frcd_lo(n % NR_FRCD) == IOVA(n), "fault %u", n);
        clear(n % NR_FRCD);
    }
    assert_true(unit_stats().faults_lost == 0);
}

/* The next record in use: PFO, and then nothing more until it is cleared. */
static void test_overflow(void **state)
{
    unsigned int n;

    (void)state;
    for ( n = 0; n < NR_FRCD; n++ )
        fault(n);
    fsts(PPF);
    assert_true(unit_stats().faults_lost == 0);

    fault(100);
    fsts(PPF | PFO);
    assert_true(unit_stats().faults_lost == 1);
    assert_true(frcd_lo(0) == IOVA(0) && frcd_lo(7) == IOVA(7));

    /* Room is made, but PFO is still there. */
    for ( n = 0; n < NR_FRCD; n++ )
        clear(n);
    fault(101);
    assert_int_equal(r32(R_FSTS) & (PPF | PFO), PFO);
    assert_true(unit_stats().faults_lost == 2);
    /* Not even what was recorded last is merged. */
    fault(7);
    assert_true(unit_stats().faults_lost == 3);

    w32(R_FSTS, PFO);
    assert_int_equal(r32(R_FSTS) & (PPF | PFO), 0);
    fault(102);
    fsts(PPF | 0 << 8);
    assert_true(frcd_lo(0) == IOVA(102));
    assert_true(unit_stats().faults_lost == 3);
}

/* Clearing PFO with every record still in use: it comes again. */
static void test_overflow_again(void **state)
{
    unsigned int n;

    (void)state;
    unmask();
    for ( n = 0; n <= NR_FRCD; n++ )
        fault(n);
    w32(R_FSTS, PFO);
    fsts(PPF);
    fault(20);
    fsts(PPF | PFO);
    /* PPF was there all along: one event for it all. */
    assert_int_equal(fake.count[FAKE_MSI], 1);
}

/* The same fault again takes no second record while the first is unseen. */
static void test_merge(void **state)
{
    unsigned int n;

    (void)state;
    for ( n = 0; n < 100; n++ )
        fault(1);
    assert_true(frcd_hi(1) == 0);
    fsts(PPF);
    assert_true(unit_stats().faults == 100 && unit_stats().faults_lost == 0);

    /* Anything that differs is another fault. */
    fault(2);
    assert_true(frcd_lo(1) == IOVA(2));
    dm_translate(RID, IOVA(2), XEN_VIOMMU_WRITE);
    assert_true(frcd_hi(2) == (F | FR(5) | RID));
    dm_translate(RID + 1, IOVA(2), XEN_VIOMMU_WRITE);
    assert_true(frcd_hi(3) == (F | FR(2) | (RID + 1)));
    fault(1);
    assert_true(frcd_lo(4) == IOVA(1));

    /* Once the guest has served it it is recorded anew. */
    clear(4);
    fault(1);
    assert_true(frcd_hi(5) & F);
}

/* A probe, and a context entry with FPD, are not for the guest to see. */
static void test_quiet(void **state)
{
    (void)state;
    unmask();
    assert_int_equal(dm_translate(RID, IOVA(1), 0).reason, 6);
    tables_ctx(T_L4 | FPD | P, AW48 | DID(1));
    fault(1);
    fsts(0);
    assert_true(frcd_hi(0) == 0);
    assert_string_equal(fake_trace(), "");
    /* What a device did counts as refused nevertheless, but not as lost. */
    assert_true(unit_stats().faults == 1 && unit_stats().faults_lost == 0);
}

static void test_event(void **state)
{
    (void)state;
    unmask();
    fault(1);
    assert_string_equal(fake_trace(), "msi(fee01000,4041)");
    assert_int_equal(r32(R_FECTL), 0);

    /* A condition is pending: no other event, whatever comes. */
    fault(2);
    fault(3);
    clear(0);
    clear(1);
    fault(4);
    assert_string_equal(fake_trace(), "");

    clear(2);
    clear(3);
    fsts(0);
    fault(5);
    assert_string_equal(fake_trace(), "msi(fee01000,4041)");
}

/* PFO left over after all records are served is a condition as well. */
static void test_event_after_overflow(void **state)
{
    unsigned int n;

    (void)state;
    unmask();
    for ( n = 0; n <= NR_FRCD; n++ )
        fault(n);
    for ( n = 0; n < NR_FRCD; n++ )
        clear(n);
    fault(30);
    assert_string_equal(fake_trace(), "msi(fee01000,4041)");
    w32(R_FSTS, PFO);
    fault(31);
    assert_string_equal(fake_trace(), "msi(fee01000,4041)");
}

/* Masked: IP stays until it is unmasked, or until all has been served. */
static void test_masked(void **state)
{
    (void)state;
    fault(1);
    assert_int_equal(r32(R_FECTL), IM | IP);
    assert_string_equal(fake_trace(), "");
    /* IP is not for the guest to write, neither 0 nor 1. */
    w32(R_FECTL, IM);
    assert_int_equal(r32(R_FECTL), IM | IP);

    w32(R_FECTL, 0);
    assert_string_equal(fake_trace(), "msi(fee01000,4041)");
    assert_int_equal(r32(R_FECTL), 0);
    /* Once. */
    w32(R_FECTL, 0);
    w32(R_FECTL, IM);
    w32(R_FECTL, 0);
    assert_string_equal(fake_trace(), "");

    clear(0);
    w32(R_FECTL, IM | IP);
    assert_int_equal(r32(R_FECTL), IM);
    fault(2);
    assert_int_equal(r32(R_FECTL), IM | IP);
    clear(1);
    assert_int_equal(r32(R_FECTL), IM);
    w32(R_FECTL, 0);
    assert_string_equal(fake_trace(), "");
}

/* Masked through an overflow: pending until both conditions are served. */
static void test_masked_overflow(void **state)
{
    unsigned int n;

    (void)state;
    for ( n = 0; n <= NR_FRCD; n++ )
        fault(n);
    for ( n = 0; n < NR_FRCD; n++ )
        clear(n);
    assert_int_equal(r32(R_FECTL), IM | IP);
    w32(R_FSTS, PFO);
    assert_int_equal(r32(R_FECTL), IM);
}

/* What the guest may not make the IOMMU send is not sent. */
static void test_event_targets(void **state)
{
    static const struct {
        uint32_t addr, data;
        const char *trace;
    } cases[] = {
        { 0xfee00000, 0x0041, "msi(fee00000,41)" },
        { 0xfeefffff, 0x0141, "msi(feeffffc,141)" },    /* lowest priority */
        { 0xfee00000, 0x0241, "" },                     /* SMI */
        { 0xfee00000, 0x0341, "" },
        { 0xfee00000, 0x0441, "" },                     /* NMI */
        { 0xfee00000, 0x0541, "" },                     /* INIT */
        { 0xfee00000, 0x0641, "" },
        { 0xfee00000, 0x0741, "" },                     /* ExtINT */
        { 0xfedffffc, 0x0041, "" },
        { 0xfef00000, 0x0041, "" },
        { 0x00000000, 0x0041, "" },
        { 0x7ee00000, 0x0041, "" },
    };
    unsigned int i;

    (void)state;
    unmask();
    for ( i = 0; i < ARRAY_SIZE(cases); i++ )
    {
        const char *trace;

        w32(R_FEADDR, cases[i].addr);
        w32(R_FEDATA, cases[i].data);
        fault(i);
        trace = fake_trace();
        check(!strcmp(trace, cases[i].trace), "case %u: %s", i, trace);
        clear(i % NR_FRCD);
    }
}

/* A batch: each of its faults is recorded, and there is one event. */
static void test_batch(void **state)
{
    struct xen_viommu_xlat x[XEN_VIOMMU_MAX_XLAT] = {};
    uint64_t generation;
    unsigned int i;

    (void)state;
    unmask();
    tables_map(IOVA(3), 0x3000, PRW);
    for ( i = 0; i < ARRAY_SIZE(x); i++ )
    {
        x[i].rid = RID;
        x[i].iova = IOVA(i);
        x[i].access = XEN_VIOMMU_READ;
    }
    assert_int_equal(viommu_translate(viommu, DM, x, ARRAY_SIZE(x),
                                      &generation), 0);
    for ( i = 0; i < ARRAY_SIZE(x); i++ )
        assert_int_equal(x[i].status, i == 3 ? XEN_VIOMMU_XLAT_OK
                                             : XEN_VIOMMU_XLAT_FAULT);
    fsts(PPF | PFO);
    for ( i = 0; i < NR_FRCD; i++ )
        assert_true(frcd_lo(i) == IOVA(i < 3 ? i : i + 1));
    assert_true(unit_stats().translations == 16 && unit_stats().faults == 15);
    assert_true(unit_stats().faults_lost == 15 - NR_FRCD);
    assert_string_equal(fake_trace(), "msi(fee01000,4041)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fault_test(test_record),
        fault_test(test_record_of_both),
        fault_test(test_record_read_only),
        fault_test(test_fri),
        fault_test(test_wrap),
        fault_test(test_overflow),
        fault_test(test_overflow_again),
        fault_test(test_merge),
        fault_test(test_quiet),
        fault_test(test_event),
        fault_test(test_event_after_overflow),
        fault_test(test_masked),
        fault_test(test_masked_overflow),
        fault_test(test_event_targets),
        fault_test(test_batch),
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
