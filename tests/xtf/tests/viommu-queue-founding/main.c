/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * viommu-founding's case through the queue.  A device holds on to a
 * translation; the guest unmaps, queues the invalidation with a wait
 * descriptor behind it, and looks at nothing but the status word.  When that
 * is written, the DMA has ended, and the page is the guest's own.
 *
 * What is fetched may run ahead of that, what is completed may not.
 */

#include "../viommu-lib/nvme.h"
#include "../viommu-lib/queue.h"

const char test_title[] = "vIOMMU: no DMA behind a wait descriptor's status";

#define DID                     1
#define IOVA_FIRST              0x40000000ull
#define IOVA_HELD               0x40010000ull

#define WAIT_US                 5000000
#define SETTLE_US               50000

/* More waits than anybody may want to keep in mind, and not too many. */
#define NR_MANY                 120
#define NR_BEHIND               40

static uint64_t first[WORDS] __page_aligned_bss;
static uint64_t held[WORDS] __page_aligned_bss;
static volatile uint32_t status[NR_MANY];

static struct vtd_dom dom;

/*
 * A command that completes at once, and one that is held.  Whoever is late to
 * look at that finds both complete, and tries again.
 */
static int start(unsigned int opcode, unsigned int page)
{
    unsigned int id, id_held, tries;

    vtd_map(&dom, IOVA_HELD, _u(held), 1, PTE_RW);

    for ( tries = 0; tries < 5; tries++ )
    {
        if ( opcode == NVME_READ )
            FILL(held, UNTOUCHED(i_));
        id = nvme_queue(opcode, page, IOVA_FIRST, 0);
        id_held = nvme_queue(opcode, page + 1, IOVA_HELD, 0);
        nvme_ring();

        if ( !wait_for(nvme_status(id) != NVME_PENDING, WAIT_US) ||
             nvme_status(id) )
            break;

        if ( nvme_status(id_held) == NVME_PENDING )
        {
            /* From now on new DMA cannot reach the page. */
            memset((void *)status, 0, sizeof(status));
            ACCESS_ONCE(*vtd_pte(&dom, IOVA_HELD, 1)) = 0;

            return id_held;
        }
    }

    xtf_error("No DMA is held: %d, %d\n",
              nvme_status(id), nvme_status(id_held));

    return -1;
}

static bool dma_ended(void)
{
    return ACCESS_ONCE(held[WORDS - 1]) == DISK(1, WORDS - 1);
}

/* The DMA is over, the page is the guest's own. */
static void judge(const char *name, int id, uint64_t submitted)
{
    uint64_t us = tsc_to_us(tsc() - submitted);
    unsigned int intact, arrived = COUNT(held, DISK(1, i_));

    FILL(held, SIGNATURE(i_));
    wait_for(nvme_status(id) != NVME_PENDING, WAIT_US);
    delay_us(SETTLE_US);
    intact = COUNT(held, SIGNATURE(i_));

    printk("QUEUE-FOUNDING status_held_us=%"PRIu64" page_intact=%u case=%s\n",
           us, intact == WORDS, name);

    check(nvme_status(id) == 0, "the device's status is %d", nvme_status(id));
    check(arrived == WORDS, "complete when %u of %u words had arrived",
          arrived, WORDS);
    check(intact == WORDS, "%u of %u words overwritten afterwards",
          WORDS - intact, WORDS);
    check_eq("number of faults", vtd_faults_clear(), 0);
    check_eq("FSTS", vtd_rd32(VTD_FSTS) & ~0xff00u, 0);
}

/* Nothing but memory is looked at while the wait is outstanding. */
static void test_one(const char *name, uint64_t lo, uint64_t hi)
{
    uint64_t submitted;
    int id;

    subtest(name);
    id = start(NVME_READ, 0);
    if ( id < 0 )
        return;

    submitted = tsc();
    qi_put(lo, hi);
    qi_put_wait(QI_WAIT_SW, &status[0], 1);
    qi_submit();
    check(!status[0] || dma_ended(), "the status is written at once");
    check(wait_for(status[0], WAIT_US), "the status is never written");
    judge(name, id, submitted);
}

/*
 * More behind the first wait, in two portions.  Nothing is complete before the
 * DMA's end; then all is, in its order.  What is fetched meanwhile: all of it,
 * if it is not too many.
 */
static void test_behind(const char *name, unsigned int nr)
{
    unsigned int n, looks = 0, early = 0, order = 0, ahead = 0;
    uint64_t submitted;
    int id;

    subtest(name);
    id = start(NVME_READ, 0);
    if ( id < 0 )
        return;

    submitted = tsc();
    for ( n = 0; n < nr; n++ )
    {
        qi_put(n ? QI_IOTLB(INV_DOMAIN) | QI_DID(n)
                 : QI_IOTLB(INV_PAGE) | QI_DID(DID), n ? 0 : IOVA_HELD);
        qi_put_wait(n % 3 ? QI_WAIT_SW : QI_WAIT_SW | QI_WAIT_IF,
                    &status[n], 1 + n);
        if ( n == nr / 2 )
            qi_submit();
    }
    qi_submit();

    do {
        /* In this order, or the DMA could end in between. */
        uint32_t last = status[nr - 1], one = 0;
        bool iwc = vtd_rd32(VTD_ICS) & ICS_IWC;

        for ( n = nr; n--; )
        {
            order += one && !status[n];
            one |= status[n];
        }
        if ( !dma_ended() )
        {
            looks++;
            early += one || iwc;
            ahead += qi_head() == qi_tail;
        }
        if ( last )
            break;
    } while ( tsc() - submitted < us_to_tsc(WAIT_US) );

    check(!early, "complete %u times before the DMA's end", early);
    check(!order, "out of order %u times", order);
    check(ahead || !looks || nr > NR_BEHIND, "IQH does not run ahead");
    for ( n = 0; n < nr; n++ )
        if ( !check(status[n] == 1 + n, "status %u is %#x", n, status[n]) )
            break;
    check_eq("ICS", vtd_rd32(VTD_ICS), ICS_IWC);
    vtd_wr32(VTD_ICS, ICS_IWC);
    judge(name, id, submitted);
}

/* FN holds what is behind until all before it is complete. */
static void test_fence(void)
{
    uint64_t submitted;
    int id;

    subtest("fence");
    id = start(NVME_READ, 0);
    if ( id < 0 )
        return;

    submitted = tsc();
    qi_put(QI_IOTLB(INV_DOMAIN) | QI_DID(DID), 0);
    qi_put_wait(QI_WAIT_FN, NULL, 0);
    qi_put_wait(QI_WAIT_SW | QI_WAIT_FN, &status[0], 1);
    qi_put_wait(QI_WAIT_SW, &status[1], 2);
    qi_submit();

    while ( !status[1] && tsc() - submitted < us_to_tsc(WAIT_US) )
        if ( !check(!status[0] || dma_ended(), "the fence is passed") )
            break;
    check(status[0] == 1 && status[1] == 2, "the statuses are %u, %u",
          status[0], status[1]);
    judge("fence", id, submitted);
}

/* All that the queue has begun ends before QIES shows that it is off. */
static void test_disable(void)
{
    unsigned int early = 0;
    uint64_t submitted;
    uint32_t gsts;
    int id;

    subtest("disable");
    id = start(NVME_READ, 0);
    if ( id < 0 )
        return;

    submitted = tsc();
    qi_put(QI_IOTLB(INV_PAGE) | QI_DID(DID), IOVA_HELD);
    qi_put_wait(QI_WAIT_SW, &status[0], 1);
    qi_submit();
    vtd_wr32(VTD_GCMD, VTD_TE);
    do {
        gsts = vtd_rd32(VTD_GSTS);
        early += !(gsts & VTD_QIE) && !(status[0] && dma_ended());
    } while ( (gsts & VTD_QIE) && tsc() - submitted < us_to_tsc(WAIT_US) );

    check(!(gsts & VTD_QIE), "QIES stays");
    check(!early, "QIES is clear before the wait is complete");
    check_eq("status", status[0], 1);
    check_eq("IQH", vtd_rd64(VTD_IQH), 0);

    /* The ring is the guest's again as well. */
    qi_set(0, QI_WAIT | QI_WAIT_SW | QI_WAIT_DATA(0xbad), _u(&status[0]));
    judge("disable", id, submitted);
    check_eq("status afterwards", status[0], 1);
    qi_enable(0);
    qi_sync();
}

/* Off and on again at once, while the wait is outstanding. */
static void test_toggle(void)
{
    uint64_t submitted;
    int id;

    subtest("toggle");
    id = start(NVME_READ, 0);
    if ( id < 0 )
        return;

    submitted = tsc();
    qi_put(QI_IOTLB(INV_PAGE) | QI_DID(DID), IOVA_HELD);
    qi_put_wait(QI_WAIT_SW, &status[0], 1);
    qi_submit();
    vtd_wr32(VTD_GCMD, VTD_TE);
    vtd_wr32(VTD_GCMD, VTD_TE | VTD_QIE);
    check(wait_for(status[0], WAIT_US), "the status is never written");
    judge("toggle", id, submitted);
    qi_disable();
    qi_enable(0);
    qi_sync();
}

/* The device reads memory: what it may not see any more must not get out. */
static void test_reads(void)
{
    unsigned int old;
    int id;

    subtest("device reads memory");
    FILL(first, DISK(2, i_));
    FILL(held, SIGNATURE(i_));
    id = start(NVME_WRITE, 2);
    if ( id < 0 )
        return;

    qi_put(QI_IOTLB(INV_PAGE) | QI_IOTLB_DRAIN | QI_DID(DID), IOVA_HELD);
    qi_put_wait(QI_WAIT_SW, &status[0], 1);
    qi_submit();
    check(wait_for(status[0], WAIT_US), "the status is never written");
    FILL(held, LATER(i_));
    wait_for(nvme_status(id) != NVME_PENDING, WAIT_US);
    delay_us(SETTLE_US);

    check(nvme_status(id) == 0, "the device's status is %d", nvme_status(id));
    check(nvme_rw(NVME_READ, 3, IOVA_FIRST) == 0, "cannot read back");
    old = COUNT(first, SIGNATURE(i_));
    check(old == WORDS, "the disk has %u words of before, %u of after",
          old, COUNT(first, LATER(i_)));
    check_eq("number of faults", vtd_faults_clear(), 0);
}

/* The device holds translations, and uses none: one answer, and no more. */
static void test_idle(void)
{
    uint64_t start, us;
    unsigned int i;

    subtest("nothing in flight");
    for ( i = 0; i < 3; i++ )
    {
        status[0] = 0;
        start = tsc();
        qi_put(QI_IOTLB(INV_DOMAIN) | QI_DID(DID), 0);
        qi_put_wait(QI_WAIT_SW, &status[0], 1);
        qi_submit();
        wait_for(status[0], WAIT_US);
        us = tsc_to_us(tsc() - start);
        printk("QUEUE-FOUNDING-IDLE status_held_us=%"PRIu64" nr=%u\n", us, i);
        check(status[0] && us < 1000000, "it takes %"PRIu64" us", us);
    }
}

void test_main(void)
{
    if ( !vtd_init() || !qi_init() || !nvme_init() || !nvme_fill_disk(4) )
        return;

    dom = nvme_dom(DID);
    vtd_map(&dom, IOVA_FIRST, _u(first), 1, PTE_RW);
    if ( !vtd_enable() || !qi_enable(0) )
        return;

    test_one("page", QI_IOTLB(INV_PAGE) | QI_IOTLB_DRAIN | QI_DID(DID),
             IOVA_HELD);
    test_one("domain", QI_IOTLB(INV_DOMAIN) | QI_DID(DID), 0);
    test_one("global", QI_IOTLB(INV_GLOBAL), 0);
    test_behind("behind", NR_BEHIND);
    test_behind("many-behind", NR_MANY);
    test_fence();
    test_disable();
    test_toggle();
    test_reads();
    test_idle();
    subtest(NULL);

    qi_disable();
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
