/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two devices: each has its own context entry, faults are told apart, what one
 * of them does is nothing to the other, and one reaches the other's registers.
 */

#include "../viommu-lib/nvme.h"

const char test_title[] = "vIOMMU: two devices";

#define DID_A                   3
#define DID_B                   4
#define IOVA                    0x40000000ull
#define IOVA_HELD               0x40010000ull
#define IOVA_REGS               0x40020000ull
#define WAIT_US                 10000000

static uint64_t target_a[WORDS] __page_aligned_bss;
static uint64_t target_b[WORDS] __page_aligned_bss;
static uint64_t held[WORDS] __page_aligned_bss;

static uint16_t sid[2];
static struct vtd_dom a, b;

static struct vtd_dom new_dom(uint16_t did, uint64_t *target)
{
    struct vtd_dom dom = vtd_dom_new(vtd.max_levels, did);
    unsigned int i;

    for ( i = 0; i < 2; i++ )
    {
        nvme_select(i);
        nvme_map_queues(&dom);
    }
    vtd_map(&dom, IOVA, _u(target), 1, PTE_RW);

    return dom;
}

static void invalidate(uint16_t dev, uint16_t old_did)
{
    vtd_ccmd(CCMD_CIRG(INV_DEVICE) | CCMD_DID(old_did) | CCMD_SID(dev));
    vtd_iotlb(IOTLB_IIRG(INV_DOMAIN) | IOTLB_DID(old_did));
}

static void expect_read(unsigned int dev, const uint64_t *hit,
                        const uint64_t *miss)
{
    int rc;

    FILL(target_a, UNTOUCHED(i_));
    FILL(target_b, UNTOUCHED(i_));
    nvme_select(dev);
    rc = nvme_rw(NVME_READ, dev, IOVA);
    check(rc == 0, "device %u: status %d", dev, rc);
    check(COUNT(hit, DISK(dev, i_)) == NVME_BLOCK / 8 &&
          COUNT(miss, UNTOUCHED(i_)) == WORDS,
          "device %u: DMA to the wrong place", dev);
}

static void expect_fault(unsigned int dev, unsigned int reason)
{
    struct vtd_fault f = {};

    check(wait_for(vtd_rd32(VTD_FSTS) & FSTS_PPF, 5000000) &&
          vtd_fault_next(&f), "device %u: no fault", dev);
    check(f.sid == sid[dev] && f.reason == reason,
          "device %u, %#x: fault %#x of %#x, expected %#x",
          dev, sid[dev], f.reason, f.sid, reason);
    vtd_faults_clear();
}

static void test_domains(void)
{
    subtest("a domain each");
    expect_read(0, target_a, target_b);
    expect_read(1, target_b, target_a);
    expect_read(0, target_a, target_b);

    subtest("both in one domain");
    vtd_attach(sid[1], &a);
    invalidate(sid[1], DID_B);
    expect_read(0, target_a, target_b);
    expect_read(1, target_a, target_b);

    subtest("one invalidation for both");
    vtd_map(&a, IOVA, _u(target_b), 1, PTE_RW);
    vtd_iotlb_pages(DID_A, IOVA, 0);
    expect_read(0, target_b, target_a);
    expect_read(1, target_b, target_a);
    vtd_map(&a, IOVA, _u(target_a), 1, PTE_RW);
    vtd_iotlb_pages(DID_A, IOVA, 0);

    subtest("one of them leaves");
    vtd_attach(sid[1], &b);
    invalidate(sid[1], DID_A);
    expect_read(0, target_a, target_b);
    expect_read(1, target_b, target_a);
    check_eq("number of faults", vtd_faults_clear(), 0);
}

static void test_faults(void)
{
    unsigned int dev;

    subtest("whose fault it is");
    for ( dev = 0; dev < 2; dev++ )
    {
        nvme_select(dev);
        nvme_rw(NVME_READ, 0, IOVA + MB(2));
        expect_fault(dev, FR_WRITE);
    }

    subtest("one without a context entry");
    vtd_ctx_set(sid[1], 0, 0);
    invalidate(sid[1], DID_B);
    nvme_queue(NVME_READ, 0, IOVA, 0);
    nvme_ring();
    expect_fault(1, FR_CTX_NOT_PRESENT);
    expect_read(0, target_a, target_b);
    check_eq("number of faults", vtd_faults_clear(), 0);

    vtd_attach(sid[1], &b);
    invalidate(sid[1], 0);
    nvme_select(1);
    nvme_reset();
    expect_read(1, target_b, target_a);
}

/* What the processor reads there. */
static uint64_t reg(unsigned int dev, unsigned int off)
{
    volatile uint32_t *regs;

    nvme_select(dev);
    regs = _p(nvme_regs_addr() + off);

    return regs[0] | (uint64_t)regs[1] << 32;
}

/*
 * The first device writes a block of the disk to registers of the second one,
 * and reads some, which go to the disk and come back.
 */
static void peer_dma(const char *when, uint64_t regs, uint64_t mem)
{
    unsigned int i, bad = 0;

    for ( i = 0; i < 2; i++ )
    {
        unsigned int page = i + 1;
        int rc;

        nvme_select(0);
        rc = nvme_rw(NVME_READ, page, regs + NVME_IDLE);
        check(rc == 0, "%s: to the registers: status %d", when, rc);
        check(reg(1, NVME_IDLE) == DISK(page, 0) &&
              reg(1, NVME_IDLE + 8) == DISK(page, 1),
              "%s: the registers are %#"PRIx64", %#"PRIx64, when,
              reg(1, NVME_IDLE), reg(1, NVME_IDLE + 8));
    }

    nvme_select(0);
    FILL(target_a, UNTOUCHED(i_));
    check_eq(when, nvme_rw(NVME_WRITE, 3, regs), 0);
    check_eq(when, nvme_rw(NVME_READ, 3, mem), 0);
    for ( i = 0; i < NVME_BLOCK / 8; i++ )
        bad += target_a[i] != reg(1, i * 8);
    check(!bad, "%s: %u of %u words are not those of the registers", when, bad,
          i);
}

static void test_peer(void)
{
    uint64_t regs[2];
    unsigned int i;

    for ( i = 0; i < 2; i++ )
    {
        nvme_select(i);
        regs[i] = nvme_regs_addr();
    }

    subtest("registers of the other device");
    vtd_map(&a, IOVA_REGS, regs[1], 1, PTE_RW);
    peer_dma("enabled", IOVA_REGS, IOVA);
    check_eq("number of faults", vtd_faults_clear(), 0);
    check_eq("CSTS", reg(1, 0x18) >> 32, 1);

    subtest("registers of the other device: unmapped");
    ACCESS_ONCE(*vtd_pte(&a, IOVA_REGS, 1)) = 0;
    vtd_iotlb_pages(DID_A, IOVA_REGS, 0);
    nvme_select(0);
    check(nvme_rw(NVME_READ, 0, IOVA_REGS + NVME_IDLE), "DMA works");
    expect_fault(0, FR_WRITE);
    check(reg(1, NVME_IDLE) == DISK(2, 0), "a register has been written");

    subtest("registers of the device itself");
    vtd_map(&a, IOVA_REGS, regs[0], 1, PTE_RW);
    nvme_select(0);
    check(nvme_rw(NVME_READ, 0, IOVA_REGS + NVME_IDLE), "DMA to them works");
    check(nvme_rw(NVME_WRITE, 3, IOVA_REGS), "DMA from them works");
    check_eq("number of faults", vtd_faults_clear(), 0);
    ACCESS_ONCE(*vtd_pte(&a, IOVA_REGS, 1)) = 0;
    vtd_iotlb_pages(DID_A, IOVA_REGS, 0);

    subtest("registers of the other device, with the unit disabled");
    vtd_disable();
    peer_dma("disabled", regs[1], _u(target_a));
    vtd_enable();

    expect_read(0, target_a, target_b);
    expect_read(1, target_b, target_a);
}

/*
 * An invalidation waits for the DMA of one device.  What the other one does
 * meanwhile goes on.
 */
static void test_bystander(void)
{
    unsigned int id, id_held;

    subtest("DMA of one while the other is waited for");
    nvme_select(1);
    nvme_blocks = NVME_PAGE_BLOCKS;
    vtd_map(&b, IOVA_HELD, _u(held), 1, PTE_RW);
    FILL(held, UNTOUCHED(i_));
    id = nvme_queue(NVME_READ, 0, IOVA, 0);
    id_held = nvme_queue(NVME_READ, 1, IOVA_HELD, 0);
    nvme_ring();
    if ( !wait_for(nvme_status(id) != NVME_PENDING, WAIT_US) ||
         nvme_status(id_held) != NVME_PENDING )
        return xtf_error("No DMA is held in flight\n");

    ACCESS_ONCE(*vtd_pte(&b, IOVA_HELD, 1)) = 0;
    vtd_wr64(vtd.iva, IOVA_HELD);
    vtd_wr64(vtd.iotlb, IOTLB_IVT | IOTLB_IIRG(INV_PAGE) | IOTLB_DID(DID_B));
    check(vtd_rd64(vtd.iotlb) & IOTLB_IVT, "nothing is waited for");

    nvme_blocks = 1;
    expect_read(0, target_a, target_b);
    check(vtd_rd64(vtd.iotlb) & IOTLB_IVT, "it took as long as the other DMA");
    nvme_select(1);
    check(nvme_status(id_held) == NVME_PENDING, "the other DMA has ended");

    check(wait_for(!(vtd_rd64(vtd.iotlb) & IOTLB_IVT), WAIT_US), "IVT stays");
    check(COUNT(held, DISK(1, i_)) == WORDS, "IVT clear before the DMA's end");
    wait_for(nvme_status(id_held) != NVME_PENDING, WAIT_US);
    check_eq("number of faults", vtd_faults_clear(), 0);
}

void test_main(void)
{
    unsigned int i;

    if ( !vtd_init() )
        return;

    for ( i = 0; i < 2; i++ )
    {
        if ( !nvme_select(i) )
            return;
        sid[i] = nvme_sid;
    }
    if ( !nvme_fill_disk(4) )
        return;
    nvme_blocks = 1;

    a = new_dom(DID_A, target_a);
    b = new_dom(DID_B, target_b);
    vtd_root_set();
    vtd_attach(sid[0], &a);
    vtd_attach(sid[1], &b);
    if ( !vtd_enable() )
        return;

    test_domains();
    test_faults();
    test_peer();
    test_bystander();
    subtest(NULL);

    vtd_disable();
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
