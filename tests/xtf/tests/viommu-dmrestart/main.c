/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device model dies, and another one takes its place.
 *
 * As in viommu-dmkill a DMA is in flight and an invalidation waits when the
 * test asks, by "DMRESTART-NOW" on the console, for somebody who kills the
 * device model and runs tests/stack/second-dm in its place.  That one has
 * the test map, unmap and invalidate, by a page that both access, and checks
 * what comes of it; see there.  Here it is checked that each page belongs to
 * the guest once its invalidation is complete.
 *
 * Over when somebody presses the power button; the result is on Xen's console,
 * as there is nobody who would emulate another one.
 */

#include "../viommu-lib/nvme.h"

const char test_title[] = "vIOMMU: another device model takes over";

#define DID                     1
#define IOVA                    0x40000000ull
#define IOVA_OTHER              0x40001000ull
#define IOVA_MAIL               0x50000000ull
#define IOVA_FIRST              0x60000000ull

#define START_US                5000000
#define TOLD_US                 140000000
#define SETTLE_US               20000
#define NEVER_US                20000

/* second-dm's struct mail, in a page that stays mapped. */
static union {
    struct {
        uint64_t asked, op;
        uint64_t answered, answer;
        uint64_t complete;
        uint64_t written;
    } m;
    uint64_t page[WORDS];
} mail_page __page_aligned_bss;
#define mail                    ((volatile typeof(mail_page.m) *)&mail_page.m)

#define OP_MAP                  1
#define OP_FRESH                2
#define OP_INVALIDATE           3

static const uint64_t kinds[] = {
    IOTLB_IIRG(INV_PAGE) | IOTLB_DID(DID),
    IOTLB_IIRG(INV_DOMAIN) | IOTLB_DID(DID),
    IOTLB_IIRG(INV_GLOBAL),
};

static uint64_t first[WORDS] __page_aligned_bss;
static uint64_t page[WORDS] __page_aligned_bss;
static uint64_t other[WORDS] __page_aligned_bss;

static struct vtd_dom dom;
/* An invalidation has begun whose end has not been seen. */
static bool outstanding;
static unsigned int overwritten;

static bool ivt(void)
{
    return vtd_rd64(vtd.iotlb) & IOTLB_IVT;
}

static void check_page(void)
{
    unsigned int wrong = WORDS - COUNT(page, SIGNATURE(i_));

    if ( wrong )
    {
        overwritten++;
        xen_printk("  Fail: %u words written after IVT was clear\n", wrong);
    }
}

/* The page is ours again. */
static void end_invalidation(void)
{
    outstanding = false;
    mail->written = COUNT(page, LATER(i_));
    FILL(page, SIGNATURE(i_));
    smp_wmb();
    mail->complete++;
}

/* Does it wait?  A while is enough to see that, and no proof that it ends. */
static bool invalidate(uint64_t iova, uint64_t cmd)
{
    vtd_map(&dom, iova, 0, 1, 0);
    vtd_wr64(vtd.iva, iova);
    vtd_wr64(vtd.iotlb, IOTLB_IVT | IOTLB_DR | IOTLB_DW | cmd);

    if ( !ivt() )
        return false;
    delay_us(NEVER_US);

    return ivt();
}

static uint64_t obey(uint64_t op)
{
    switch ( op )
    {
    case OP_MAP:
        check_page();
        FILL(page, UNTOUCHED(i_));
        vtd_map(&dom, IOVA, _u(page), 1, PTE_RW);
        return 0;

    case OP_FRESH:
        vtd_map(&dom, IOVA_OTHER, _u(other), 1, PTE_RW);
        return invalidate(IOVA_OTHER, kinds[0]);

    default:
        outstanding = true;
        if ( invalidate(IOVA, kinds[(op - OP_INVALIDATE) % 3]) )
            return 1;
        end_invalidation();
        return 0;
    }
}

static void __noreturn after_the_kill(void)
{
    uint64_t begin = tsc();
    bool late = false;

    outstanding = true;
    while ( !told_to_end() && !late )
    {
        uint64_t asked = mail->asked;

        /* Whoever has asked, has attached, and what waited then is complete. */
        smp_rmb();
        if ( outstanding && !ivt() )
            end_invalidation();
        if ( asked != mail->answered )
        {
            mail->answer = obey(mail->op);
            smp_wmb();
            mail->answered = asked;
        }
        late = tsc() - begin > us_to_tsc(TOLD_US);
    }
    delay_us(SETTLE_US);
    if ( mail->complete )
        check_page();

    if ( late )
        xen_printk("  Fail: nobody says stop\n");
    if ( outstanding )
        xen_printk("  Fail: an invalidation is not complete\n");
    xen_printk("DMRESTART orders=%"PRIu64" invalidations=%"PRIu64
               " overwritten=%u\n", mail->answered, mail->complete,
               overwritten);
    xen_printk("Test result: %s\n",
               late || outstanding || overwritten || !mail->answered
               ? "FAILURE" : "SUCCESS");
    hypercall_shutdown(SHUTDOWN_poweroff);
    panic("SHUTDOWN_poweroff returned\n");
}

void test_main(void)
{
    unsigned int id, id_held;

    if ( !vtd_init() || !nvme_init() )
        return;

    dom = nvme_dom(DID);
    vtd_map(&dom, IOVA_MAIL, _u(&mail_page), 1, PTE_RW);
    vtd_map(&dom, IOVA_FIRST, _u(first), 1, PTE_RW);
    vtd_map(&dom, IOVA, _u(page), 1, PTE_RW);
    if ( !vtd_enable() )
        return;

    id = nvme_queue(NVME_READ, 0, IOVA_FIRST, 0);
    id_held = nvme_queue(NVME_READ, 1, IOVA, 0);
    nvme_ring();
    if ( !wait_for(nvme_status(id) != NVME_PENDING, START_US) ||
         nvme_status(id) || nvme_status(id_held) != NVME_PENDING )
        return xtf_error("No DMA is held in flight\n");

    if ( !invalidate(IOVA, kinds[0]) )
        return xtf_failure("  Fail: IVT is clear, with DMA in flight\n");

    printk("DMRESTART-NOW\n");
    after_the_kill();
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
