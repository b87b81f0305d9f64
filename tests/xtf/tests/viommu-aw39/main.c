/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A unit that translates 39 bits: tables of 3 levels, and no others.
 */

#include "../viommu-lib/nvme.h"

const char test_title[] = "vIOMMU: a unit of 39 bits";

#define DID                     2
#define IOVA                    0x7fffffe000ull

static uint64_t buf[WORDS] __page_aligned_bss;

static void setup(unsigned int levels, uint64_t iova)
{
    struct vtd_dom dom;

    vtd_tables_reset();
    dom = vtd_dom_new(levels, DID);
    nvme_map_queues(&dom);
    vtd_map(&dom, iova, _u(buf), 1, PTE_RW);
    vtd_root_set();
    vtd_attach(nvme_sid, &dom);
    FILL(buf, UNTOUCHED(i_));
    vtd_enable();
}

static void expect_fault(unsigned int reason, bool read, uint64_t addr)
{
    struct vtd_fault f = {};

    check(wait_for(vtd_rd32(VTD_FSTS) & FSTS_PPF, 5000000) &&
          vtd_fault_next(&f), "no fault");
    check(f.reason == reason && f.read == read && f.addr == (addr & PAGE_MASK),
          "fault %#x, read %u, at %#"PRIx64", expected %#x, %u, %#"PRIx64,
          f.reason, f.read, f.addr, reason, read, addr & PAGE_MASK);
    check(COUNT(buf, UNTOUCHED(i_)) == WORDS, "memory has changed");
    vtd_disable();
    nvme_reset();
    vtd_faults_clear();
}

void test_main(void)
{
    if ( !vtd_init() || !nvme_init() || !nvme_fill_disk(2) )
        return;
    nvme_blocks = 1;

    subtest("capabilities");
    check_eq("CAP.SAGAW", (vtd.cap >> 8) & 0x1f, 2);
    check_eq("CAP.MGAW", (vtd.cap >> 16) & 0x3f, 38);

    subtest("3 levels");
    setup(3, IOVA);
    check(nvme_rw(NVME_READ, 1, IOVA) == 0 &&
          buf[0] == DISK(1, 0), "DMA does not work");
    vtd_disable();

    subtest("address beyond");
    setup(3, IOVA);
    nvme_rw(NVME_READ, 1, 1ull << 39);
    expect_fault(FR_ADDR_LIMIT, false, 1ull << 39);

    subtest("4 levels");
    setup(4, IOVA);
    nvme_queue(NVME_READ, 1, IOVA, 0);
    nvme_ring();
    expect_fault(FR_CTX_INVALID, true, nvme_queue_addr());
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
