/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device model is stopped (SIGSTOP), and invalidations go on.
 *
 * Devices have used translations, and none of these is in use when the test
 * asks for the stop, by "DMSTOP-NOW" on the console.  A device model that does
 * not run touches no memory, so nothing is to be waited for: every invalidation
 * is complete at once.  Whoever stops it sees from Xen's statistics that they
 * go on, presses the power button, and lets it run again.
 */

#include "../viommu-lib/nvme.h"

const char test_title[] = "vIOMMU: device model stopped";

#define DID                     2
#define IOVA                    0x40000000ull
#define TOLD_US                 80000000
#define WAIT_US                 30000000

static uint64_t page[WORDS] __page_aligned_bss;
static struct vtd_dom dom;

void test_main(void)
{
    static const uint64_t cmds[] = {
        IOTLB_IIRG(INV_PAGE) | IOTLB_DID(DID),
        IOTLB_IIRG(INV_DOMAIN) | IOTLB_DID(DID),
        IOTLB_IIRG(INV_GLOBAL),
    };
    unsigned int n = 0, waited = 0;
    uint64_t begin, worst = 0;

    if ( !vtd_init() || !nvme_init() || !nvme_fill_disk(2) )
        return;

    dom = nvme_dom(DID);
    if ( !vtd_enable() || !nvme_reads(&dom, IOVA, page) )
        return;

    printk("DMSTOP-NOW\n");
    begin = tsc();
    do {
        uint64_t start = tsc(), us;
        bool waits;

        vtd_map(&dom, IOVA, _u(page), 1, n % 2 ? PTE_RW : 0);
        vtd_wr64(vtd.iva, IOVA);
        vtd_wr64(vtd.iotlb, IOTLB_IVT | cmds[n % ARRAY_SIZE(cmds)]);
        waits = vtd_rd64(vtd.iotlb) & IOTLB_IVT;
        if ( waits && !wait_for(!(vtd_rd64(vtd.iotlb) & IOTLB_IVT), WAIT_US) )
            break;
        waited += waits;
        us = tsc_to_us(tsc() - start);
        worst = us > worst ? us : worst;
        n++;
    } while ( !told_to_end() &&
              check(tsc() - begin < us_to_tsc(TOLD_US), "nobody says stop") );

    /* Accesses to devices block the vCPU until the device model runs again. */
    subtest("afterwards");
    nvme_reads(&dom, IOVA, page);
    check_eq("number of faults", vtd_faults_clear(), 0);
    subtest("invalidations");
    check_eq("number of those that waited", waited, 0);
    subtest(NULL);
    printk("DMSTOP invalidations=%u waited=%u worst_us=%"PRIu64"\n",
           n, waited, worst);

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
