/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is wrong in a queue stops it: IQH stays at the offender, IQERCD says
 * why, nothing behind it is done.  When IQE is cleared, it goes on from there,
 * with what software has put there meanwhile, and nothing is lost.
 */

#include "../viommu-lib/queue.h"

const char test_title[] = "vIOMMU: errors of the invalidation queue";

#define SOON_US                 5000000
#define HOLE                    0xe0000000ull
#define NOP                     QI_WAIT

static volatile uint32_t before, after;
static uint32_t serial;

/* IQE, for that reason, at that place. */
static bool expect_error(const char *what, unsigned int iqei, unsigned int head)
{
    return check(wait_for(vtd_rd32(VTD_FSTS) & FSTS_IQE, SOON_US),
                 "%s: no IQE, IQH %#x", what, qi_head()) &&
           check(IQEI(vtd_rd64(VTD_IQERCD)) == iqei,
                 "%s: IQEI is %u, expected %u",
                 what, IQEI(vtd_rd64(VTD_IQERCD)), iqei) &&
           check(qi_head() == head, "%s: IQH is %#x, expected %#x",
                 what, qi_head(), head);
}

static void clear_error(void)
{
    vtd_wr32(VTD_FSTS, FSTS_IQE);
}

static void expect_running(const char *what)
{
    check(wait_for(after == serial, SOON_US),
          "%s: it does not go on, IQH %#x, FSTS %#x",
          what, qi_head(), vtd_rd32(VTD_FSTS));
    check_eq("FSTS", vtd_rd32(VTD_FSTS), 0);
    check_eq("IQH", qi_head(), qi_tail);
}

/* In the middle of others: of what goes before nothing is missing. */
static unsigned int submit_bad(uint64_t lo, uint64_t hi)
{
    unsigned int bad;

    serial++;
    qi_put(QI_IOTLB(INV_GLOBAL), 0);
    qi_put_wait(QI_WAIT_SW, &before, serial);
    bad = qi_tail;
    qi_put(lo, hi);
    qi_put_wait(QI_WAIT_SW, &after, serial);
    qi_submit();

    return bad;
}

static void test_bad(const char *what, uint64_t lo, uint64_t hi,
                     unsigned int iqei)
{
    unsigned int bad = submit_bad(lo, hi);
    char name[64];

    snprintf(name, sizeof(name), "%s, %#"PRIx64" %#"PRIx64, what, lo, hi);
    if ( !expect_error(name, iqei, bad) )
    {
        qi_disable();
        clear_error();
        qi_enable(0);
        return;
    }

    check(before == serial, "%s: what was before it is not done", name);
    check(after != serial, "%s: what is behind it is done", name);
    qi_set(bad, NOP, 0);
    clear_error();
    expect_running(name);
}

static void test_types(void)
{
    unsigned int type;

    subtest("types that do not exist");
    for ( type = 0; type < 16; type++ )
        if ( type != 1 && type != 2 && type != 5 )
            test_bad("type", type, 0, IQEI_TYPE);
    test_bad("device TLB", 3 | 0x18ull << 32, MB(1), IQEI_TYPE);
    test_bad("interrupt entries", 4, 0, IQEI_TYPE);
    test_bad("type in the wide format", 5 | 1 << 9, 0, IQEI_RSVD);
    test_bad("all bits", ~0ull, ~0ull, IQEI_TYPE);
}

static void test_reserved(void)
{
    static const struct {
        const char *name;
        uint64_t lo, lo_rsvd, hi_rsvd;
    } tests[] = {
        { "context", QI_CC(INV_GLOBAL), 0xfffc00000000ffc0ull, ~0ull },
        { "IOTLB", QI_IOTLB(INV_GLOBAL), 0xffffffff0000ff00ull, 0xf80 },
        /* Bit 7 is for page requests, which this unit does not have. */
        { "wait", QI_WAIT, 0x00000000ffffff80ull, 3 },
    };
    unsigned int i, bit;

    subtest("reserved bits, one by one");
    for ( i = 0; i < ARRAY_SIZE(tests); i++ )
        for ( bit = 0; bit < 64; bit++ )
        {
            uint64_t mask = 1ull << bit;

            if ( tests[i].lo_rsvd & mask )
                test_bad(tests[i].name, tests[i].lo | mask, 0, IQEI_RSVD);
            if ( tests[i].hi_rsvd & mask )
                test_bad(tests[i].name, tests[i].lo, mask, IQEI_RSVD);
        }
}

static void test_values(void)
{
    unsigned int am;

    subtest("reserved values");
    test_bad("context, no granularity", QI_CC(0) | QI_DID(3), 0, IQEI_RSVD);
    test_bad("IOTLB, no granularity", QI_IOTLB(0) | QI_DID(3), 0, IQEI_RSVD);
    for ( am = vtd.mamv + 1; am < 64; am++ )
        test_bad("IOTLB, mask", QI_IOTLB(INV_PAGE), GB(1) | am, IQEI_RSVD);
}

static void test_tail(void)
{
    static const struct {
        unsigned int qs;
        uint32_t iqt;
    } tests[] = {
        { 0, 256 << 4 }, { 0, 0x7fff0 }, { 0, ~0u }, { 3, 2048 << 4 },
        { 6, 16384 << 4 },
    };
    unsigned int i;

    subtest("IQT beyond the queue");
    for ( i = 0; i < ARRAY_SIZE(tests); i++ )
    {
        qi_enable(tests[i].qs);
        qi_sync();
        serial++;
        qi_put_wait(QI_WAIT_SW, &after, serial);
        vtd_wr32(VTD_IQT, tests[i].iqt);
        expect_error("tail", IQEI_TAIL, 2);
        check(after != serial, "fetched all the same");

        /* Still so, and then mended. */
        clear_error();
        expect_error("tail again", IQEI_TAIL, 2);
        qi_submit();
        check(after != serial, "fetched while IQE is set");
        clear_error();
        expect_running("tail mended");
        qi_disable();
    }

    subtest("IQT beyond the queue when it is enabled");
    vtd_wr64(VTD_IQA, _u(qi_ring));
    vtd_wr64(VTD_IQT, 300 << 4);
    vtd_gcmd(VTD_QIE, 0);
    expect_error("tail", IQEI_TAIL, 0);
    qi_disable();
    clear_error();
    check_eq("FSTS", vtd_rd32(VTD_FSTS), 0);
}

static void test_fetch(void)
{
    static const struct {
        const char *name;
        uint64_t addr;
    } tests[] = {
        { "hole", HOLE }, { "the unit's registers", VTD_BASE },
        { "local APIC", APIC_BASE }, { "beyond all memory", 0xfffffff000ull },
    };
    unsigned int i;

    subtest("queue where there is no memory");
    for ( i = 0; i < ARRAY_SIZE(tests); i++ )
    {
        vtd_wr64(VTD_IQT, 0);
        vtd_wr64(VTD_IQA, tests[i].addr);
        vtd_gcmd(VTD_QIE, 0);
        check_eq("FSTS before anything is fetched", vtd_rd32(VTD_FSTS), 0);
        vtd_wr64(VTD_IQT, 1 << 4);
        expect_error(tests[i].name, IQEI_FETCH, 0);
        clear_error();
        expect_error(tests[i].name, IQEI_FETCH, 0);
        qi_disable();
        check_eq("IQH", vtd_rd64(VTD_IQH), 0);
        clear_error();
        check_eq("FSTS", vtd_rd32(VTD_FSTS), 0);
    }
    qi_enable(0);
    qi_sync();
    qi_disable();
}

/* What becomes of the queue while IQE is set. */
static void test_stopped(void)
{
    unsigned int bad, i;

    subtest("stopped for as long as IQE is set");
    bad = submit_bad(0, 0);
    expect_error("type 0", IQEI_TYPE, bad);
    for ( i = 0; i < 5; i++ )
    {
        qi_put_wait(QI_WAIT_SW, &after, serial);
        qi_submit();
    }
    vtd_wr32(VTD_FSTS, ~FSTS_IQE);
    qi_set(bad, NOP, 0);
    delay_us(1000);
    check_eq("IQH", qi_head(), bad);
    check(after != serial, "something is done");

    subtest("cleared without being mended");
    qi_set(bad, QI_CC(0), 0);
    clear_error();
    expect_error("granularity 0", IQEI_RSVD, bad);

    subtest("mended, the others being there already");
    qi_set(bad, QI_WAIT | QI_WAIT_SW | QI_WAIT_DATA(77), _u(&before));
    clear_error();
    expect_running("mended");
    check_eq("status of what is there now", before, 77);

    subtest("QIE off and on while IQE is set");
    bad = submit_bad(0, 0);
    expect_error("type 0", IQEI_TYPE, bad);
    check(qi_disable(), "cannot be disabled");
    check_eq("IQH", vtd_rd64(VTD_IQH), 0);
    check(vtd_rd32(VTD_FSTS) & FSTS_IQE, "IQE has gone");
    qi_enable(0);
    serial++;
    qi_put_wait(QI_WAIT_SW, &after, serial);
    qi_submit();
    delay_us(1000);
    check(after != serial && qi_head() == 0, "fetched with IQE set");
    clear_error();
    expect_running("IQE cleared");
}

/* An error in every tenth place, each mended when it is met. */
static void test_nothing_lost(void)
{
    static volatile uint32_t status[200];
    unsigned int i, errors = 0, missing = 0;

    subtest("nothing is lost by errors");
    qi_disable();
    qi_enable(0);
    for ( i = 0; i < ARRAY_SIZE(status); i++ )
        if ( i % 10 == 9 )
            qi_put(i % 20 == 9 ? 0xf : QI_IOTLB(0), 0);
        else
            qi_put_wait(QI_WAIT_SW, &status[i], i + 1);
    qi_submit();

    while ( vtd_rd32(VTD_FSTS) & FSTS_IQE )
    {
        unsigned int head = qi_head();

        if ( !check(head % 10 == 9, "error at %u", head) )
            break;
        qi_set(head, QI_WAIT | QI_WAIT_SW | QI_WAIT_DATA(head + 1),
               _u(&status[head]));
        errors++;
        clear_error();
    }

    check_eq("number of errors", errors, ARRAY_SIZE(status) / 10);
    for ( i = 0; i < ARRAY_SIZE(status); i++ )
        missing += !wait_for(status[i] == i + 1, missing ? 0 : SOON_US);
    check(!missing, "%u of %u waits are missing", missing, i);
    check_eq("IQH", qi_head(), qi_tail);
}

static void check_registers(const char *what)
{
    unsigned int g;

    for ( g = INV_GLOBAL; g <= 3; g++ )
    {
        uint64_t ccmd = vtd_ccmd(CCMD_CIRG(g));
        uint64_t iotlb = g < 3 ? vtd_iotlb(IOTLB_IIRG(g))
                               : vtd_iotlb_pages(3, MB(1), 0);

        check(CCMD_CAIG(ccmd) == g, "%s: CAIG is %u, CIRG was %u", what,
              CCMD_CAIG(ccmd), g);
        check(IOTLB_IAIG(iotlb) == g, "%s: IAIG is %u, IIRG was %u", what,
              IOTLB_IAIG(iotlb), g);
    }
}

/*
 * Software that finds no room in the queue may fall back to the registers, and
 * takes what it has asked for as done once the bit is clear.
 */
static void test_registers(void)
{
    unsigned int head;

    subtest("CCMD and IOTLB while there is a queue");
    check_registers("with a queue");
    qi_sync();

    serial++;
    head = qi_tail;
    qi_put(0, 0);
    qi_put_wait(QI_WAIT_SW, &after, serial);
    qi_submit();
    expect_error("none", IQEI_TYPE, head);
    check_registers("while it stands still");
    qi_set(head, NOP, 0);
    clear_error();
    expect_running("none");

    qi_disable();
    check_registers("without a queue");
    qi_enable(0);
}

/* What is not the guest's memory is not written; the queue goes on. */
static void test_status_nowhere(void)
{
    static const struct {
        const char *name;
        uint64_t addr;
    } tests[] = {
        { "hole", HOLE }, { "register", VTD_BASE + VTD_GCMD },
        { "local APIC", APIC_BASE + 0x300 },
        { "address 0", 0 },
        { "last page", 0xfffff000 },
        { "beyond all memory", 0xfffffff000ull },
        { "beyond all addresses", ~3ull },
    };
    unsigned int i;

    subtest("status where there is no memory");
    for ( i = 0; i < ARRAY_SIZE(tests); i++ )
    {
        unsigned int bad = submit_bad(QI_WAIT | QI_WAIT_SW |
                                      QI_WAIT_DATA(VTD_TE), tests[i].addr);

        wait_for(after == serial || (vtd_rd32(VTD_FSTS) & FSTS_IQE), SOON_US);
        /* Undefined by the specification: an error is as good. */
        if ( vtd_rd32(VTD_FSTS) & FSTS_IQE )
        {
            qi_set(bad, NOP, 0);
            clear_error();
        }
        expect_running(tests[i].name);
        check_eq("GSTS", vtd_rd32(VTD_GSTS), VTD_QIE);
    }
}

/* It is an event as faults are. */
static void test_event(void)
{
    unsigned int bad;

    subtest("fault event");
    check_eq("FECTL before", vtd_rd32(VTD_FECTL), FECTL_IM);
    bad = submit_bad(0, 0);
    expect_error("type 0", IQEI_TYPE, bad);
    check_eq("FECTL", vtd_rd32(VTD_FECTL), FECTL_IM | FECTL_IP);
    qi_set(bad, NOP, 0);
    clear_error();
    check_eq("FECTL, IQE cleared", vtd_rd32(VTD_FECTL), FECTL_IM);
    expect_running("after");

    irq_init();
    vtd_wr32(VTD_FEADDR, APIC_BASE);
    vtd_wr32(VTD_FEDATA, 0x41);
    vtd_wr32(VTD_FECTL, 0);
    bad = submit_bad(0, 0);
    check(wait_for(irq_sent(0x41), SOON_US), "no interrupt");
    check_eq("FECTL, sent", vtd_rd32(VTD_FECTL), 0);
    qi_set(bad, NOP, 0);
    clear_error();
    expect_running("after");
    vtd_wr32(VTD_FECTL, FECTL_IM);
}

void test_main(void)
{
    if ( !vtd_init() || !qi_init() )
        return;

    test_tail();
    test_fetch();
    qi_enable(0);
    test_types();
    test_reserved();
    test_values();
    test_stopped();
    test_nothing_lost();
    test_registers();
    test_status_nowhere();
    test_event();
    qi_disable();
    subtest(NULL);

    xtf_success(NULL);
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
