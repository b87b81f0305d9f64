/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DMA and invalidations without end, for somebody who kills device models.
 *
 * One vCPU drives the devices.  It is blocked for good when it accesses one
 * and nobody is left to emulate it, so it does nothing else.  The other one
 * fills a page, maps it, gives it to the device, unmaps it after a random time,
 * invalidates, and signs it: the signature has to be there when it is the
 * page's turn again.  A device may be late, or write into the page in another
 * turn's time: it is mapped then.
 *
 * If there is a second disk, that is stuck: first of all a DMA to it is in
 * flight, and an invalidation waits.  Then the buttons mean:
 *
 *   power    crash              sleep    triple fault
 *
 * and afterwards, or without a second disk, power: report to Xen's console
 * and end.  By then there may be no device model any more; then the domain
 * stays until it is destroyed, as one vCPU waits for that device model.
 *
 * With a queue, invalidations go by the queue; else by the registers.
 */

#include "../viommu-lib/nvme.h"
#include "../viommu-lib/pci.h"
#include "../viommu-lib/queue.h"
#include "../viommu-lib/smp.h"

const char test_title[] = "vIOMMU: DMA and invalidations without end";

#define DID                     6
#define NR_PAGES                16
#define MIN_USUAL_US            100
#define MAX_USUAL_US            20000
#define SETTLE_US               50000
#define WAIT_US                 20000000

#define NVME_CLASS              0x010802
#define SLPBTN_STS              (1u << 9)

/* tests/stack/second-dm.c has these as well. */
#define IOVA(p)                 (0x40000000ull + (p) * 4096ull)
#define IOVA_FIRST              0x48000000ull
#define IOVA_HELD               0x48001000ull

static uint64_t pages[NR_PAGES][WORDS] __page_aligned_bss;
static uint64_t first[WORDS] __page_aligned_bss;
static uint64_t held[WORDS] __page_aligned_bss;

/* Set by the one vCPU, cleared by the other: the device is to fill the page. */
static volatile bool wanted[NR_PAGES];

static struct vtd_dom dom;
static bool by_queue;
static unsigned int waited, overwritten, by_disk, by_second;

/* xorshift: any sequence will do. */
static uint32_t random(void)
{
    static uint32_t x = 2463534242u;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;

    return x;
}

static void __noreturn drive(void)
{
    unsigned int id[NR_PAGES], p;
    bool begun[NR_PAGES] = {};

    for ( ; ; )
    {
        for ( p = 0; p < NR_PAGES; p++ )
            if ( begun[p] )
            {
                if ( nvme_status(id[p]) == NVME_PENDING )
                    continue;
                begun[p] = wanted[p] = false;
            }
            else if ( wanted[p] )
            {
                id[p] = nvme_queue(NVME_READ, 1, IOVA(p), 0);
                nvme_ring();
                begun[p] = true;
            }

        /* The device model may need this CPU. */
        hypercall_yield();
    }
}

static bool complete(volatile uint32_t *status, uint32_t data)
{
    return by_queue ? *status == data : !(vtd_rd64(vtd.iotlb) & IOTLB_IVT);
}

static void crash_if_told(void)
{
    static const struct __packed {
        uint16_t limit;
        uint64_t base;
    } no_idt;
    uint16_t buttons = inw(PM1A_STS);

    if ( buttons & PWRBTN_STS )
        hypercall_shutdown(SHUTDOWN_crash);
    if ( buttons & SLPBTN_STS )
        asm volatile ( "lidt %0; ud2" :: "m" (no_idt) );
}

/* Unmap a page and invalidate.  There is no limit: somebody else watches. */
static void unmap(uint64_t iova, unsigned int granularity, bool crash)
{
    static volatile uint32_t status;
    static uint32_t data;

    ACCESS_ONCE(*vtd_pte(&dom, iova, 1)) = 0;
    if ( by_queue )
    {
        qi_put(QI_IOTLB(granularity) | QI_DID(DID), iova);
        qi_put_wait(QI_WAIT_SW, &status, ++data);
        qi_submit();
    }
    else
    {
        vtd_wr64(vtd.iva, iova);
        vtd_wr64(vtd.iotlb, IOTLB_IVT | IOTLB_IIRG(granularity) |
                            IOTLB_DID(DID));
    }

    if ( complete(&status, data) )
        return;
    waited++;
    while ( !complete(&status, data) )
        if ( crash )
            crash_if_told();
}

static void check_page(const uint64_t *page)
{
    unsigned int wrong = WORDS - COUNT(page, SIGNATURE(i_));

    if ( wrong )
    {
        overwritten++;
        xen_printk("  Fail: %u words of %#lx were written after completion\n",
                   wrong, _u(page));
    }
}

/* Before translation is enabled: has the second disk its queues? */
static bool prepare_stuck(void)
{
    if ( !nvme_select(1) )
        return false;

    nvme_map_queues(&dom);
    vtd_map(&dom, IOVA_FIRST, _u(first), 1, PTE_RW);
    vtd_map(&dom, IOVA_HELD, _u(held), 1, PTE_RW);
    vtd_attach(nvme_sid, &dom);

    return nvme_select(0);
}

/* A DMA that does not end, and an invalidation that waits for it. */
static bool hold(void)
{
    unsigned int id, id_held;

    nvme_select(1);
    id = nvme_queue(NVME_READ, 0, IOVA_FIRST, 0);
    id_held = nvme_queue(NVME_READ, 1, IOVA_HELD, 0);
    nvme_ring();
    if ( !wait_for(nvme_status(id) != NVME_PENDING, WAIT_US) ||
         nvme_status(id) || nvme_status(id_held) != NVME_PENDING )
    {
        xtf_error("No DMA is held in flight\n");
        return false;
    }

    unmap(IOVA_HELD, INV_PAGE, true);
    FILL(held, SIGNATURE(i_));
    nvme_select(0);

    return true;
}

static void __noreturn report(unsigned int rounds)
{
    unsigned int p;

    delay_us(SETTLE_US);
    for ( p = 0; p < NR_PAGES; p++ )
        check_page(pages[p]);
    check_page(held);

    xen_printk("SOAK rounds=%u waited=%u by_disk=%u by_second=%u"
               " overwritten=%u\n",
               rounds, waited, by_disk, by_second, overwritten);
    xen_printk("Test result: %s\n", overwritten ? "FAILURE" : "SUCCESS");
    hypercall_shutdown(SHUTDOWN_poweroff);
    panic("SHUTDOWN_poweroff returned\n");
}

void test_main(void)
{
    unsigned int round, p, usual = MAX_USUAL_US;
    bool stuck;

    if ( !vtd_init() || !nvme_init() || !nvme_fill_disk(2) )
        return;

    by_queue = vtd.ecap & ECAP_QI;
    for ( p = 0; p < NR_PAGES; p++ )
        FILL(pages[p], SIGNATURE(i_));
    FILL(held, SIGNATURE(i_));

    dom = nvme_dom(DID);

    stuck = pci_find(NVME_CLASS, 1) != PCI_NONE;
    if ( (stuck && !prepare_stuck()) ||
         !vtd_enable() || (by_queue && !qi_enable(0)) ||
         (stuck && !hold()) || !smp_start(drive) )
        return;

    for ( round = 0; !told_to_end(); round++ )
    {
        p = round % NR_PAGES;

        check_page(pages[p]);
        FILL(pages[p], UNTOUCHED(i_));
        vtd_map(&dom, IOVA(p), _u(pages[p]), 1, PTE_RW);
        smp_wmb();
        wanted[p] = true;
        /* Half of them find the device in the middle of it. */
        if ( wait_for((hypercall_yield(), !wanted[p]),
                      random() % (2 * usual)) )
            usual = max(usual - usual / 8, MIN_USUAL_US + 0u);
        else
            usual = min(usual + usual / 8, MAX_USUAL_US + 0u);

        unmap(IOVA(p), 1 + random() % 3, false);
        by_disk += COUNT(pages[p], DISK(1, i_)) != 0;
        by_second += COUNT(pages[p], LATER(i_)) != 0;
        FILL(pages[p], SIGNATURE(i_));
        if ( p == 0 )
            vtd_faults_clear();
    }

    report(round);
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
