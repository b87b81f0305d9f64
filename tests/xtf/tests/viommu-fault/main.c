/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DMA which the tables do not allow: it does not happen, and is recorded with
 * reason, source and address.  Status bits, overflow, the fault event.
 */

#include "../viommu-lib/denied.h"
#include "../viommu-lib/queue.h"

const char test_title[] = "vIOMMU: faults";

#define SOON_US                 5000000

static void test_pages(void)
{
    subtest("permissions of pages");
    change_pte(IOVA, 1, 0);
    denied_write("write, not present", FR_WRITE, IOVA);
    denied_read("read, not present", FR_READ, IOVA);

    change_pte(IOVA, 1, _u(buf) | PTE_R);
    denied_write("write, read-only", FR_WRITE, IOVA);
    change_pte(IOVA, 1, _u(buf) | PTE_W);
    denied_read("read, write-only", FR_READ, IOVA);

    change_pte(IOVA, 1, _u(buf) & PAGE_MASK);
    denied_write("address, but no permission", FR_WRITE, IOVA);

    /* All other bits mean nothing if there is no permission. */
    change_pte(IOVA, 1, ~3ull);
    denied_write("all bits, but no permission", FR_WRITE, IOVA);

    denied_write("next page", FR_WRITE, IOVA + PAGE_SIZE);
    denied_write("no table of level 1", FR_WRITE, IOVA + MB(2));
    denied_write("no table of level 2", FR_WRITE, IOVA + GB(5));

    subtest("permissions of upper levels");
    change_pte(IOVA, 1, _u(buf) | PTE_RW);
    *vtd_pte(&dom, IOVA, 2) &= ~(uint64_t)PTE_W;
    change_pte(IOVA, 1, _u(buf) | PTE_RW);
    denied_write("write, level 2 read-only", FR_WRITE, IOVA);
    *vtd_pte(&dom, IOVA, 2) = (*vtd_pte(&dom, IOVA, 2) & ~3ull) | PTE_W;
    change_pte(IOVA, 1, _u(buf) | PTE_RW);
    denied_read("read, level 2 write-only", FR_READ, IOVA);
    *vtd_pte(&dom, IOVA, 2) |= PTE_RW;
    change_pte(IOVA, 1, _u(buf) | PTE_RW);
}

static void test_entries(void)
{
    const uint64_t other = IOVA + GB(1);

    subtest("reserved bits and bad addresses in tables");
    change_pte(IOVA, 1, _u(buf) | PTE_RW | 1ull << 62);
    denied_write("bit 62", FR_PTE_RSVD, IOVA);
    change_pte(IOVA, 1, _u(buf) | PTE_RW | 1ull << 51);
    denied_write("address too wide", FR_PTE_RSVD, IOVA);
    change_pte(IOVA, 1, _u(buf) | PTE_RW);

    change_pte(other, 2, MB(32) | PAGE_SIZE | PTE_PS | PTE_RW);
    denied_write("misaligned 2M page", FR_PTE_RSVD, other);
    change_pte(other, 2, HOLE | PTE_RW);
    denied_write("table in a hole", FR_TABLE, other);
    change_pte(other, 2, 0);
    if ( dom.levels == 4 )
    {
        change_pte(1ull << 40, 4, PTE_PS | PTE_RW);
        denied_write("superpage at level 4", FR_PTE_RSVD, 1ull << 40);
    }

    subtest("ignored bits");
    FILL(buf, UNTOUCHED(i_));
    change_pte(IOVA, 1, _u(buf) | PTE_RW | 0xbff0000000000f7cull);
    check(nvme_rw(NVME_READ, 0, IOVA) == 0 &&
          COUNT(buf, DISK(0, i_)) == BLOCK_WORDS, "DMA did not work");
    check_eq("number of faults", vtd_faults_clear(), 0);
    change_pte(IOVA, 1, _u(buf) | PTE_RW);

    subtest("page that is neither memory nor a device");
    change_pte(other, 1, HOLE | PTE_RW);
    nvme_rw(NVME_READ, 0, other);
    nvme_rw(NVME_WRITE, 2, other);
    check_eq("number of faults", vtd_faults_clear(), 0);
    change_pte(other, 1, 0);
}

/* With FPD in the context entry: denied as ever, but nothing is recorded. */
static void test_suppressed(void)
{
    const uint64_t other = IOVA + GB(1);
    static const struct {
        const char *name;
        unsigned int level;
        uint64_t iova, pte;
    } tests[] = {
        { "not present", 1, IOVA + GB(1), 0 },
        { "read-only", 1, IOVA + GB(1), MB(16) | PTE_R },
        { "reserved bit", 1, IOVA + GB(1), MB(16) | PTE_RW | 1ull << 62 },
        { "table in a hole", 2, IOVA + GB(1), HOLE | PTE_RW },
        { "beyond the tables", 1, 1ull << 62, 0 },
    };
    unsigned int i;

    subtest("faults disabled by the context entry");
    vtd_ctx_set(nvme_sid, _u(dom.top) | CTX_P | CTX_FPD,
                CTX_AW(dom.levels) | CTX_DID(DID));
    vtd_ccmd(CCMD_CIRG(INV_GLOBAL));

    for ( i = 0; i < ARRAY_SIZE(tests); i++ )
    {
        if ( tests[i].iova == other )
            change_pte(other, tests[i].level, tests[i].pte);
        FILL(buf, UNTOUCHED(i_));
        nvme_rw(NVME_READ, 0, tests[i].iova);
        check(vtd_faults_clear() == 0, "%s: a fault is recorded",
              tests[i].name);
        check_eq("FSTS", vtd_rd32(VTD_FSTS) & ~0xff00u, 0);
        check_eq("FECTL", vtd_rd32(VTD_FECTL), FECTL_IM);
    }
    FILL(buf, UNTOUCHED(i_));
    check(nvme_rw(NVME_READ, 0, IOVA) == 0 &&
          COUNT(buf, DISK(0, i_)) == BLOCK_WORDS, "DMA does not work");

    change_pte(other, 2, 0);
    vtd_attach(nvme_sid, &dom);
    vtd_ccmd(CCMD_CIRG(INV_GLOBAL));
    vtd_iotlb(IOTLB_IIRG(INV_GLOBAL));
    denied_write("enabled again", FR_WRITE, other);
}

static void test_context(void)
{
    const uint64_t top = _u(dom.top), good_hi = CTX_AW(dom.levels) | CTX_DID(DID);
    static const struct {
        const char *name;
        uint64_t lo, hi; /* changes to a good entry */
        unsigned int reason;
    } tests[] = {
        { "not present", CTX_P, 0, FR_CTX_NOT_PRESENT },
        { "not present, faults disabled", CTX_P | CTX_FPD, 0, 0 },
        { "type 1", CTX_TT(1), 0, FR_CTX_INVALID },
        { "type 3", CTX_TT(3), 0, FR_CTX_INVALID },
        { "width 7", 0, 7, FR_CTX_INVALID },
        { "width 7, faults disabled", CTX_FPD, 7, 0 },
        { "reserved bit 4", 1 << 4, 0, FR_CTX_RSVD },
        { "reserved bit 63 of the upper half", 0, 1ull << 63, FR_CTX_RSVD },
        { "table too high", 1ull << 51, 0, FR_CTX_RSVD },
    };
    unsigned int i;

    subtest("context entries");
    for ( i = 0; i < ARRAY_SIZE(tests); i++ )
    {
        uint64_t hi = tests[i].hi == 7 ? good_hi | 7 : good_hi ^ tests[i].hi;

        vtd_ctx_set(nvme_sid, (top | CTX_P) ^ tests[i].lo, hi);
        if ( vtd_enable() )
            lost_queue(tests[i].name, tests[i].reason);
    }

    vtd_ctx_set(nvme_sid, HOLE | CTX_P, good_hi);
    if ( vtd_enable() )
        lost_queue("top-level table in a hole", FR_CTX_INVALID);
    vtd_attach(nvme_sid, &dom);
}

static void test_root(void)
{
    static const struct {
        const char *name;
        uint64_t lo, hi;
        unsigned int reason;
    } tests[] = {
        { "not present", 0, 0, FR_ROOT_NOT_PRESENT },
        { "reserved bit 1", 3, 0, FR_ROOT_RSVD },
        { "upper half", 1, 1, FR_ROOT_RSVD },
        { "table too high", 1 | 1ull << 51, 0, FR_ROOT_RSVD },
        { "table in a hole", 1 | HOLE, 0, FR_CTX_ACCESS },
    };
    unsigned int i;

    subtest("root entries");
    for ( i = 0; i < ARRAY_SIZE(tests); i++ )
    {
        vtd_root[0] = tests[i].lo;
        vtd_root[1] = tests[i].hi;
        if ( !(tests[i].lo & HOLE) && (tests[i].lo & 1) )
            vtd_root[0] |= _u(vtd_context);
        if ( vtd_enable() )
            lost_queue(tests[i].name, tests[i].reason);
    }
    vtd_root[1] = 0;
    vtd_root_set();

    vtd_wr64(VTD_RTADDR, HOLE);
    if ( vtd_gcmd(VTD_SRTP, 0) && vtd_gcmd(VTD_TE, 0) )
        lost_queue("root table in a hole", FR_ROOT_ACCESS);
}

/* A page per fault, so that none is taken for a repetition. */
static void flood(unsigned int faults)
{
    static unsigned int page;

    while ( faults-- )
        nvme_rw(NVME_READ, 0, IOVA + PAGE_SIZE * (1 + page++));
}

static void test_status(void)
{
    struct vtd_fault f;
    uint32_t fsts, fri;
    unsigned int i, n;

    subtest("status and records");
    check_eq("FSTS before", vtd_rd32(VTD_FSTS) & ~0xff00u, 0);
    check_eq("FECTL before", vtd_rd32(VTD_FECTL), FECTL_IM);

    flood(1);
    fsts = vtd_rd32(VTD_FSTS);
    fri = FSTS_FRI(fsts);
    check_eq("FSTS but FRI", fsts & ~0xff00u, FSTS_PPF);
    check(fri < vtd.nr_frcd && (vtd_rd64(vtd.frcd + fri * 16 + 8) & FRCD_F),
          "FRI is %u, where no fault is", fri);
    check_eq("FECTL with a fault", vtd_rd32(VTD_FECTL), FECTL_IM | FECTL_IP);

    vtd_wr32(VTD_FSTS, ~FSTS_PFO);
    check_eq("PPF, read-only", vtd_rd32(VTD_FSTS), fsts);
    vtd_wr32(vtd.frcd + fri * 16 + 12, 0x7fffffff);
    check_eq("PPF, F not written", vtd_rd32(VTD_FSTS), fsts);
    n = vtd_faults_clear();
    check(n == 1, "%u faults, expected 1", n);
    check_eq("FSTS after", vtd_rd32(VTD_FSTS) & ~0xff00u, 0);
    check_eq("FECTL after", vtd_rd32(VTD_FECTL), FECTL_IM);

    subtest("overflow");
    flood(vtd.nr_frcd);
    fsts = vtd_rd32(VTD_FSTS);
    check_eq("FSTS, all records used", fsts & ~0xff00u, FSTS_PPF);
    flood(3);
    fsts = vtd_rd32(VTD_FSTS);
    check_eq("FSTS, more faults than records", fsts & ~0xff00u,
             FSTS_PPF | FSTS_PFO);

    for ( n = 0; vtd_fault_next(&f); n++ )
        ;
    check(n == vtd.nr_frcd, "%u faults, expected %u", n, vtd.nr_frcd);
    check_eq("FSTS, records cleared", vtd_rd32(VTD_FSTS) & ~0xff00u, FSTS_PFO);

    /* Nothing is recorded until software has cleared the overflow. */
    flood(2);
    check_eq("faults recorded while PFO is set", vtd_faults_clear(), 0);
    check_eq("FSTS, PFO cleared", vtd_rd32(VTD_FSTS) & ~0xff00u, 0);
    check_eq("FECTL, all served", vtd_rd32(VTD_FECTL), FECTL_IM);

    for ( i = 0; i < vtd.nr_frcd + 2; i++ )
    {
        flood(1);
        n = vtd_faults_clear();
        if ( !check(n == 1, "%u faults after the overflow", n) )
            break;
    }
}

/* The record that FRI names, and the page in it; both have to be there. */
static unsigned int first_fault(uint64_t *addr)
{
    unsigned int fri = FSTS_FRI(vtd_rd32(VTD_FSTS));

    *addr = vtd_rd64(vtd.frcd + fri * 16) & PAGE_MASK;
    check(vtd_rd64(vtd.frcd + fri * 16 + 8) & FRCD_F,
          "no fault in record %u, which FRI names", fri);

    return fri;
}

static void test_order(void)
{
    const uint64_t a = IOVA + MB(4), b = a + PAGE_SIZE, c = b + PAGE_SIZE;
    unsigned int i, fri;
    uint64_t addr;

    subtest("FRI names the oldest fault");
    nvme_rw(NVME_READ, 0, a);
    fri = first_fault(&addr);
    check_eq("first", addr, a);
    nvme_rw(NVME_READ, 0, b);
    nvme_rw(NVME_READ, 0, c);
    check_eq("FRI after more faults", first_fault(&addr), fri);

    /* In the order of their records, as a handler goes. */
    for ( i = 0; i < 3; i++ )
    {
        unsigned int off = vtd.frcd + (fri + i) % vtd.nr_frcd * 16;

        check_eq("PPF", vtd_rd32(VTD_FSTS) & FSTS_PPF, FSTS_PPF);
        check_eq("page", vtd_rd64(off) & PAGE_MASK, a + i * PAGE_SIZE);
        vtd_wr32(off + 12, FRCD_F >> 32);
    }
    check_eq("FSTS", vtd_rd32(VTD_FSTS) & ~0xff00u, 0);
    nvme_rw(NVME_READ, 0, c);
    first_fault(&addr);
    check_eq("first of the next ones", addr, c);
    vtd_faults_clear();

    subtest("the same fault many times");
    for ( i = 0; i < 3 * vtd.nr_frcd; i++ )
        nvme_rw(NVME_READ, 0, a);
    check_eq("FSTS", vtd_rd32(VTD_FSTS) & ~0xff00u, FSTS_PPF);
    check(vtd_faults_clear() == 1, "more than one record");
    nvme_rw(NVME_READ, 0, a);
    check(vtd_faults_clear() == 1, "not recorded again after it was served");

    subtest("two faults in turn");
    for ( i = 0; i < 2; i++ )
    {
        nvme_rw(NVME_READ, 0, a);
        nvme_rw(NVME_READ, 0, b);
    }
    check(vtd_faults_clear() >= 2, "one is missing");
}

/* An error of the queue is an event too, and there is one event for both. */
static void test_queue_event(void)
{
    unsigned int vector = 0x60;

    subtest("fault event of the queue");
    irq_init();
    qi_enable(0);
    vtd_wr32(VTD_FEADDR, APIC_BASE);
    vtd_wr32(VTD_FEDATA, vector);
    qi_put(0, 0);
    qi_submit();
    check_eq("FSTS", vtd_rd32(VTD_FSTS) & ~0xff00u, FSTS_IQE);
    check_eq("FECTL, masked", vtd_rd32(VTD_FECTL), FECTL_IM | FECTL_IP);

    /* A fault besides; each of them alone keeps the event pending. */
    flood(1);
    check_eq("FSTS with a fault", vtd_rd32(VTD_FSTS) & ~0xff00u,
             FSTS_IQE | FSTS_PPF);
    check(vtd_faults_clear() == 1, "not one fault");
    check_eq("FSTS, fault served", vtd_rd32(VTD_FSTS) & ~0xff00u, FSTS_IQE);
    check_eq("FECTL, fault served", vtd_rd32(VTD_FECTL), FECTL_IM | FECTL_IP);
    flood(1);
    qi_set(0, QI_WAIT, 0);
    vtd_wr32(VTD_FSTS, FSTS_IQE);
    check_eq("FSTS, error served", vtd_rd32(VTD_FSTS) & ~0xff00u, FSTS_PPF);
    check_eq("FECTL, error served", vtd_rd32(VTD_FECTL), FECTL_IM | FECTL_IP);
    vtd_faults_clear();
    check_eq("FECTL, both served", vtd_rd32(VTD_FECTL), FECTL_IM);
    qi_sync();

    /* One interrupt until all of it has been served. */
    vtd_wr32(VTD_FECTL, 0);
    check(!irq_sent(vector), "interrupt, although all was served");
    flood(1);
    check(wait_for(irq_sent(vector), SOON_US), "no interrupt for a fault");
    vtd_wr32(VTD_FEDATA, vector + 1);
    qi_put(0, 0);
    qi_submit();
    check_eq("FSTS", vtd_rd32(VTD_FSTS) & ~0xff00u, FSTS_PPF | FSTS_IQE);
    check(!irq_sent(vector + 1), "interrupt while a fault is there");
    vtd_faults_clear();
    check(!irq_sent(vector + 1), "interrupt when the fault is served");
    qi_set(qi_tail - 1, QI_WAIT, 0);
    vtd_wr32(VTD_FSTS, FSTS_IQE);
    qi_put(0, 0);
    qi_submit();
    check(wait_for(irq_sent(vector + 1), SOON_US), "no interrupt for an error");
    qi_set(qi_tail - 1, QI_WAIT, 0);
    vtd_wr32(VTD_FSTS, FSTS_IQE);
    vtd_wr32(VTD_FECTL, FECTL_IM);
    qi_sync();
    qi_disable();
}

static void test_event(void)
{
    subtest("fault event");
    irq_init();
    vtd_wr32(VTD_FEADDR, APIC_BASE);
    vtd_wr32(VTD_FEDATA, 0x41);

    flood(1);
    check(!irq_sent(0x41), "interrupt, although masked");
    check_eq("FECTL, masked", vtd_rd32(VTD_FECTL), FECTL_IM | FECTL_IP);
    vtd_wr32(VTD_FECTL, 0);
    check(wait_for(irq_sent(0x41), SOON_US), "no interrupt when unmasked");
    check_eq("FECTL, unmasked", vtd_rd32(VTD_FECTL), 0);

    /* One for all that comes before the status has been served. */
    vtd_wr32(VTD_FEDATA, 0x52);
    flood(2);
    check(!irq_sent(0x52), "interrupt, although one is being served");
    vtd_faults_clear();
    flood(1);
    check(wait_for(irq_sent(0x52), SOON_US), "no interrupt for a new fault");
    vtd_faults_clear();

    /* A guest may not use this to write memory or to send what it likes. */
    vtd_wr32(VTD_FEADDR, _u(buf));
    FILL(buf, UNTOUCHED(i_));
    flood(1);
    delay_us(1000);
    check(COUNT(buf, UNTOUCHED(i_)) == WORDS, "the event was written to memory");
    vtd_faults_clear();
    vtd_wr32(VTD_FEADDR, APIC_BASE);
    vtd_wr32(VTD_FEDATA, 0x500);    /* INIT */
    flood(1);
    delay_us(1000);
    vtd_faults_clear();
    vtd_wr32(VTD_FECTL, FECTL_IM);
}

void test_main(void)
{
    if ( !vtd_init() || !nvme_init() || !nvme_fill_disk(4) )
        return;

    /* Enough for all this, and for a device model that is slow to be denied. */
    nvme_blocks = 1;

    if ( !denied_setup(vtd.max_levels) )
        return;
    test_pages();
    test_entries();
    test_suppressed();

    subtest("no fault, nothing recorded");
    FILL(buf, UNTOUCHED(i_));
    check(nvme_rw(NVME_READ, 0, IOVA) == 0 &&
          COUNT(buf, DISK(0, i_)) == BLOCK_WORDS, "DMA did not work");
    check_eq("FSTS", vtd_rd32(VTD_FSTS) & ~0xff00u, 0);

    test_status();
    test_order();

    subtest("address beyond the tables");
    vtd_disable();
    denied_setup(3);
    denied_write("2^39", FR_ADDR_LIMIT, 1ull << 39);
    denied_write("2^63", FR_ADDR_LIMIT, 1ull << 63);
    vtd_disable();

    test_context();
    test_root();

    if ( denied_setup(vtd.max_levels) )
    {
        test_event();
        if ( qi_init() )
            test_queue_event();
    }
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
