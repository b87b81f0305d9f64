/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device model dies while an invalidation waits for it.
 *
 * As in viommu-founding, a throttled disk holds a DMA in flight, here for some
 * 100 s.  When IVT is seen set, the test asks to have its device model killed,
 * by "DMKILL-NOW" on the console.  A device model that is gone accesses no
 * memory: IVT has to clear, and so does all that comes later.
 *
 * After the kill nobody answers an access to an emulated device any more, the
 * consoles behind printk() included: the result is on Xen's own console.
 */

#include "../viommu-lib/nvme.h"

const char test_title[] = "vIOMMU: device model killed while IVT is set";

#define DID                     1
#define IOVA_FIRST              0x40000000ull
#define IOVA_HELD               0x40010000ull

#define START_US                5000000
#define KILL_US                 80000000
#define SOON_US                 5000000
#define SETTLE_US               100000

static uint64_t first[WORDS] __page_aligned_bss;
static uint64_t held[WORDS] __page_aligned_bss;

static bool ok = true;

static void expect(bool cond, const char *what)
{
    if ( !cond )
        xen_printk("  Fail: %s\n", what);
    ok &= cond;
}

static bool ivt_clears(uint64_t us)
{
    return wait_for(!(vtd_rd64(vtd.iotlb) & IOTLB_IVT), us);
}

static void __noreturn after_the_kill(unsigned int id)
{
    uint64_t start = tsc(), us;
    unsigned int wrong;
    bool cleared;

    cleared = ivt_clears(KILL_US);
    us = tsc_to_us(tsc() - start);
    expect(cleared, "IVT does not clear without a device model");

    FILL(held, SIGNATURE(i_));
    delay_us(SETTLE_US);
    wrong = WORDS - COUNT(held, SIGNATURE(i_));

    expect(nvme_status(id) == NVME_PENDING,
           "the DMA has ended: nobody killed the device model");
    expect(!wrong, "the page was written after IVT was clear");

    /* Life goes on. */
    vtd_wr64(vtd.iotlb, IOTLB_IVT | IOTLB_IIRG(INV_GLOBAL));
    expect(ivt_clears(SOON_US), "the next IOTLB command does not end");
    vtd_wr64(VTD_CCMD, CCMD_ICC | CCMD_CIRG(INV_GLOBAL));
    expect(wait_for(!(vtd_rd64(VTD_CCMD) & CCMD_ICC), SOON_US),
           "the next CCMD command does not end");
    vtd_wr32(VTD_GCMD, 0);
    expect(wait_for(!(vtd_rd32(VTD_GSTS) & VTD_TE), SOON_US),
           "translation cannot be disabled");

    xen_printk("DMKILL marker_to_clear_us=%"PRIu64" page_intact=%u\n",
               us, !wrong);
    xen_printk("Test result: %s\n", ok ? "SUCCESS" : "FAILURE");
    hypercall_shutdown(SHUTDOWN_poweroff);
    panic("SHUTDOWN_poweroff returned\n");
}

void test_main(void)
{
    unsigned int id, id_held;
    struct vtd_dom dom;

    if ( !vtd_init() || !nvme_init() )
        return;

    dom = nvme_dom(DID);
    vtd_map(&dom, IOVA_FIRST, _u(first), 1, PTE_RW);
    vtd_map(&dom, IOVA_HELD, _u(held), 1, PTE_RW);
    if ( !vtd_enable() )
        return;

    id = nvme_queue(NVME_READ, 0, IOVA_FIRST, 0);
    id_held = nvme_queue(NVME_READ, 1, IOVA_HELD, 0);
    nvme_ring();
    if ( !wait_for(nvme_status(id) != NVME_PENDING, START_US) ||
         nvme_status(id) || nvme_status(id_held) != NVME_PENDING )
        return xtf_error("No DMA is held in flight\n");

    ACCESS_ONCE(*vtd_pte(&dom, IOVA_HELD, 1)) = 0;
    vtd_wr64(vtd.iva, IOVA_HELD);
    vtd_wr64(vtd.iotlb, IOTLB_IVT | IOTLB_DR | IOTLB_DW |
                        IOTLB_IIRG(INV_PAGE) | IOTLB_DID(DID));
    if ( !(vtd_rd64(vtd.iotlb) & IOTLB_IVT) )
        return xtf_failure("  Fail: IVT is clear, with DMA in flight\n");

    printk("DMKILL-NOW\n");
    after_the_kill(id_held);
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
