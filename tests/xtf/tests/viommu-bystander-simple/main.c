/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What viommu-bystander is spared: with the simple form an invalidation waits
 * for the DMA of others.
 *
 * A DMA of the first disk is stuck for some 1 s when a page of the second disk
 * is unmapped.  How long that takes is printed, for make bench.
 */

#include "../viommu-lib/nvme.h"

const char test_title[] = "vIOMMU: waiting for the DMA of others";

#define DID_STUCK               4
#define DID_OTHER               5
#define IOVA_FIRST              0x40000000ull
#define IOVA_STUCK              0x40010000ull
#define IOVA_OTHER              0x40020000ull

#define WAIT_US                 12000000

static uint64_t first[WORDS] __page_aligned_bss;
static uint64_t stuck[WORDS] __page_aligned_bss;
static uint64_t other[WORDS] __page_aligned_bss;

void test_main(void)
{
    struct vtd_dom dom_stuck, dom_other;
    unsigned int n, id;
    uint64_t start;
    bool waits;

    if ( !vtd_init() || !nvme_init() || !nvme_fill_disk(2) )
        return;

    dom_stuck = nvme_dom(DID_STUCK);
    dom_other = vtd_dom_new(vtd.max_levels, DID_OTHER);
    vtd_map(&dom_stuck, IOVA_FIRST, _u(first), 1, PTE_RW);
    vtd_map(&dom_stuck, IOVA_STUCK, _u(stuck), 1, PTE_RW);
    vtd_map(&dom_other, IOVA_OTHER, _u(other), 1, PTE_RW);
    if ( !nvme_select(1) )
        return;
    nvme_map_queues(&dom_other);
    vtd_attach(nvme_sid, &dom_other);
    if ( !vtd_enable() )
        return;

    nvme_select(0);
    n = nvme_queue(NVME_READ, 0, IOVA_FIRST, 0);
    id = nvme_queue(NVME_READ, 1, IOVA_STUCK, 0);
    nvme_ring();
    check(wait_for(nvme_status(n) != NVME_PENDING, WAIT_US) &&
          nvme_status(n) == 0 && nvme_status(id) == NVME_PENDING,
          "the first disk is not throttled as it should be");

    nvme_select(1);
    check(nvme_rw(NVME_READ, 0, IOVA_OTHER) == 0, "the second disk");
    vtd_map(&dom_other, IOVA_OTHER, 0, 1, 0);
    start = tsc();
    vtd_wr64(vtd.iva, IOVA_OTHER);
    vtd_wr64(vtd.iotlb, IOTLB_IVT | IOTLB_IIRG(INV_PAGE) |
                        IOTLB_DID(DID_OTHER));
    waits = vtd_rd64(vtd.iotlb) & IOTLB_IVT;
    check(wait_for(!(vtd_rd64(vtd.iotlb) & IOTLB_IVT), WAIT_US),
          "IVT stays set");
    printk("BYSTANDER simple us=%"PRIu64" waited=%u\n",
           tsc_to_us(tsc() - start), waits);
    check(waits && COUNT(stuck, DISK(1, i_)) == WORDS,
          "it was complete before the DMA that is stuck");

    nvme_select(0);
    check(wait_for(nvme_status(id) != NVME_PENDING, WAIT_US) &&
          nvme_status(id) == 0, "the DMA that was stuck");
    check_eq("number of faults", vtd_faults_clear(), 0);

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
