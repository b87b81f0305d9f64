/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest reboots while an invalidation waits for a DMA, and comes up with a
 * unit that knows nothing of it.  The disk tells it which time it is.
 */

#include "../viommu-lib/nvme.h"

const char test_title[] = "vIOMMU: reset in the middle of a drain";

#define DID                     1
#define IOVA                    0x40000000ull
#define WAIT_US                 5000000

static uint64_t page[WORDS] __page_aligned_bss;
static uint64_t held[WORDS] __page_aligned_bss;
static struct vtd_dom dom;

static bool setup(void)
{
    dom = nvme_dom(DID);
    vtd_map(&dom, IOVA, _u(page), 1, PTE_RW);
    vtd_map(&dom, IOVA + PAGE_SIZE, _u(held), 1, PTE_RW);

    return vtd_enable();
}

/* Two commands at once: the second one waits for the throttle, mapped. */
static void first_time(void)
{
    unsigned int id;

    vtd_wr32(VTD_FEADDR, 0xfee00000);
    vtd_wr32(VTD_FEDATA, 0x41);
    if ( !setup() )
        return;

    id = nvme_queue(NVME_READ, 0, IOVA, 0);
    nvme_queue(NVME_READ, 1, IOVA + PAGE_SIZE, 0);
    nvme_ring();
    check(wait_for(nvme_status(id) != NVME_PENDING, WAIT_US) &&
          nvme_status(id) == 0, "the first command fails");

    ACCESS_ONCE(*vtd_pte(&dom, IOVA + PAGE_SIZE, 1)) = 0;
    vtd_wr64(vtd.iva, IOVA + PAGE_SIZE);
    vtd_wr64(vtd.iotlb, IOTLB_IVT | IOTLB_IIRG(INV_PAGE) | IOTLB_DID(DID) |
             IOTLB_DR | IOTLB_DW);
    if ( check(vtd_rd64(vtd.iotlb) & IOTLB_IVT, "nothing is waited for") )
        hypercall_shutdown(SHUTDOWN_reboot);
}

static void second_time(void)
{
    subtest("row 40: registers after a reset in mid-drain");
    check_eq("GSTS", vtd_rd32(VTD_GSTS), 0);
    check_eq("RTADDR", vtd_rd64(VTD_RTADDR), 0);
    check_eq("CCMD", vtd_rd64(VTD_CCMD), 0);
    check_eq("IOTLB", vtd_rd64(vtd.iotlb), 0);
    check_eq("FSTS", vtd_rd32(VTD_FSTS), 0);
    check_eq("FECTL", vtd_rd32(VTD_FECTL), FECTL_IM);
    check_eq("FEDATA", vtd_rd32(VTD_FEDATA), 0);
    check_eq("FEADDR", vtd_rd32(VTD_FEADDR), 0);

    subtest("row 40: the device works after that");
    if ( setup() )
    {
        FILL(page, UNTOUCHED(i_));
        check_eq("status", nvme_rw(NVME_READ, 1, IOVA), 0);
        check_eq("words read", COUNT(page, DISK(1, i_)), WORDS);
        ACCESS_ONCE(*vtd_pte(&dom, IOVA, 1)) = 0;
        check(IOTLB_IAIG(vtd_iotlb_pages(DID, IOVA, 0)), "not performed");
        check(nvme_rw(NVME_READ, 0, IOVA), "DMA to a page that is not there");
        vtd_faults_clear();
    }
    subtest(NULL);
    vtd_disable();
    xtf_success(NULL);
}

void test_main(void)
{
    if ( !vtd_init() || !nvme_init() )
        return;

    check_eq("status", nvme_rw(NVME_READ, 1, _u(page)), 0);
    if ( COUNT(page, DISK(1, i_)) == WORDS )
        second_time();
    else if ( nvme_fill_disk(2) )
        first_time();
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
