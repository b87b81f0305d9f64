/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The domain is saved and restored while an invalidation waits for a disk, which
 * would take some 128 s for its block.
 *
 * "SAVESTALL-NOW" on the console asks for that, and to be told by the power
 * button that it is done.  IVT has to be 0 then, and the page is the guest's.
 */

#include "../viommu-lib/ahci.h"
#include "../viommu-lib/nvme.h"

const char test_title[] = "vIOMMU: saved while an invalidation waits";

#define DID                     7
#define IOVA                    0x40000000ull
#define FREE_US                 1000000
#define READ_US                 20000000
#define TOLD_US                 150000000
#define SIGN                    SIGNATURE(i_)

static uint32_t list[1024] __page_aligned_bss;
static uint32_t fis[1024] __page_aligned_bss;
static uint32_t table[1024] __page_aligned_bss;
static uint64_t target[512] __page_aligned_bss;

static struct vtd_dom dom;

void test_main(void)
{
    uint16_t sid;
    unsigned int n;

    if ( !vtd_init() )
        return;

    sid = ahci_find();
    if ( sid == PCI_NONE )
        return xtf_error("No AHCI controller\n");

    dom = vtd_dom_new(vtd.max_levels, DID);
    vtd_map(&dom, _u(list), _u(list), 1, PTE_RW);
    vtd_map(&dom, _u(fis), _u(fis), 1, PTE_RW);
    vtd_map(&dom, _u(table), _u(table), 1, PTE_RW);
    vtd_map(&dom, IOVA, _u(target), 1, PTE_RW);
    vtd_root_set();
    vtd_attach(sid, &dom);
    if ( !vtd_enable() )
        return;
    ahci_start(_u(list), _u(fis));

    /* One block is free, if not read by the firmware. */
    for ( n = 0; n < 3; n++ )
    {
        FILL(target, ~0ull);
        ahci_issue(list, table, _u(table), IOVA);
        if ( !wait_for(!ahci_busy(), FREE_US) )
            break;
    }
    vtd_map(&dom, IOVA, 0, 1, 0);
    vtd_wr64(vtd.iotlb, IOTLB_IVT | IOTLB_IIRG(INV_GLOBAL));
    check(vtd_rd64(vtd.iotlb) & IOTLB_IVT, "complete at once");
    check(ACCESS_ONCE(target[0]) == ~0ull, "the disk is not slow");

    printk("SAVESTALL-NOW\n");
    check(wait_for(!(vtd_rd64(vtd.iotlb) & IOTLB_IVT), TOLD_US),
          "IVT stays 1");
    FILL(target, SIGN);
    check(wait_for(told_to_end(), TOLD_US), "nobody says stop");
    check(wait_for(!ahci_busy(), READ_US), "the disk does not end");
    n = COUNT(target, SIGN);
    check(n == WORDS, "%u words written later", WORDS - n);
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
