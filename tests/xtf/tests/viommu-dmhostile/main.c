/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Somebody in the device model's place writes garbage into all that it shares
 * with Xen, for as long as the guest unmaps and invalidates.
 *
 * Asked for by "DMHOSTILE-NOW" on the console, and over when somebody presses
 * the power button.  An invalidation may take as
 * long as the garbage is there, for all of it may look like DMA in flight; Xen
 * stays sane, and when the garbage has gone, the guest works as before.
 */

#include "../viommu-lib/nvme.h"

const char test_title[] = "vIOMMU: garbage in the pages shared with Xen";

#define DID                     2
#define IOVA                    0x40000000ull
#define TOLD_US                 80000000
#define WAIT_US                 30000000

static uint64_t page[WORDS] __page_aligned_bss;
static struct vtd_dom dom;

void test_main(void)
{
    unsigned int n = 0, waited = 0, i;
    uint64_t begin;

    if ( !vtd_init() || !nvme_init() || !nvme_fill_disk(2) )
        return;

    dom = nvme_dom(DID);
    if ( !vtd_enable() || !nvme_reads(&dom, IOVA, page) )
        return;

    subtest("under garbage");
    printk("DMHOSTILE-NOW\n");
    begin = tsc();
    do {
        vtd_map(&dom, IOVA + (n % 64) * PAGE_SIZE, _u(page), 1,
                n % 2 ? PTE_RW : 0);
        vtd_wr64(vtd.iva, IOVA + (n % 64) * PAGE_SIZE);
        vtd_wr64(vtd.iotlb, IOTLB_IVT | IOTLB_IIRG(1 + n % 3) | IOTLB_DID(DID));
        waited += !!(vtd_rd64(vtd.iotlb) & IOTLB_IVT);
        if ( !check(wait_for(!(vtd_rd64(vtd.iotlb) & IOTLB_IVT), WAIT_US),
                    "IVT stays set") )
            break;
        n++;
    } while ( !told_to_end() &&
              check(tsc() - begin < us_to_tsc(TOLD_US), "nobody says stop") );

    subtest("afterwards");
    for ( i = 0; i < 4 && nvme_reads(&dom, IOVA, page); i++ )
    {
        ACCESS_ONCE(*vtd_pte(&dom, IOVA, 1)) = 0;
        check(!(vtd_iotlb_pages(DID, IOVA, 0) & IOTLB_IVT), "IVT stays set");
    }
    check_eq("number of faults", vtd_faults_clear(), 0);
    subtest(NULL);
    printk("DMHOSTILE invalidations=%u waited=%u\n", n, waited);

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
