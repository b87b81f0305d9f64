/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a virtual IOMMU of emulated devices exists for.
 *
 * A device has asked for a translation, and holds on to it: the backend of an
 * NVMe disk is throttled, so that a read has its target mapped, and is written
 * some hundred ms later.  Meanwhile the guest unmaps the page, invalidates,
 * and waits for IVT to clear.  From then on the page is the guest's own: what
 * it puts there has to stay.  And before that the old translation is legal, so
 * that the DMA has to end while IVT is still set.
 *
 * The disk takes one read (and one write) at once and holds up the next one.
 * Both are shown to the device at once: when the first one has completed, the
 * second one has been started.
 */

#include "../viommu-lib/nvme.h"

const char test_title[] = "vIOMMU: no DMA behind a completed invalidation";

#define DID                     1
#define OTHER_DID               7
#define IOVA_FIRST              0x40000000ull
#define IOVA_HELD               0x40010000ull

#define WAIT_US                 5000000
/* Behind the end of everything: what else could still arrive? */
#define SETTLE_US               50000

static uint64_t first[WORDS] __page_aligned_bss;
static uint64_t held[2][WORDS] __page_aligned_bss;

static struct vtd_dom dom;

/*
 * Start a command that completes at once, for first[], and one that is held
 * up, for held[].  Who is late to look finds both complete, and tries again.
 * Returns the latter's id, or -1.
 */
static int start_at(uint64_t addr_first, uint64_t addr_held,
                    unsigned int opcode, unsigned int page, bool two)
{
    unsigned int id, id_held, tries;

    for ( tries = 0; tries < 5; tries++ )
    {
        if ( opcode == NVME_READ )
        {
            FILL(held[0], UNTOUCHED(i_));
            FILL(held[1], UNTOUCHED(i_));
        }
        id = nvme_queue(opcode, page, addr_first, 0);
        id_held = nvme_queue(opcode, page + 1, addr_held,
                             two ? addr_held + PAGE_SIZE : 0);
        nvme_ring();

        if ( !wait_for(nvme_status(id) != NVME_PENDING, WAIT_US) ||
             nvme_status(id) )
        {
            xtf_error("The first command failed: %d\n", nvme_status(id));
            return -1;
        }

        if ( nvme_status(id_held) == NVME_PENDING )
            return id_held;
    }

    xtf_error("The second command is not held: is the disk throttled?\n");

    return -1;
}

static int start(unsigned int opcode, unsigned int page, bool two)
{
    vtd_map(&dom, IOVA_HELD, _u(held[0]), 1, PTE_RW);
    vtd_map(&dom, IOVA_HELD + PAGE_SIZE, _u(held[1]), 1, PTE_RW);

    return start_at(IOVA_FIRST, IOVA_HELD, opcode, page, two);
}

struct result {
    uint64_t held_us;           /* from the command until its end was seen */
    uint64_t end_us;            /* from the last data until then */
    unsigned int polls;         /* reads that did not see the end */
    bool over;
    bool ended;                 /* the DMA, as seen in memory, before that */
};

/*
 * From a command, given before, to its end; @page is where the DMA's data
 * will be seen, if anywhere.
 */
static struct result observe(bool (*over)(void), const uint64_t *page,
                             uint64_t last_word)
{
    struct result r = { .polls = 0 };
    uint64_t start = tsc(), now, end = 0;

    do {
        if ( page && !end && ACCESS_ONCE(page[WORDS - 1]) == last_word )
            end = tsc();

        r.over = over();
        now = tsc();
        r.polls += !r.over;
    } while ( !r.over && now - start < us_to_tsc(WAIT_US) );

    r.held_us = tsc_to_us(now - start);
    r.ended = page && ACCESS_ONCE(page[WORDS - 1]) == last_word;
    r.end_us = end ? tsc_to_us(now - end) : 0;

    return r;
}

static uint64_t iotlb_cmd;
static bool disturb;

static bool ivt_is_clear(void)
{
    uint64_t val = vtd_rd64(vtd.iotlb);

    check_eq("IOTLB's DID", val & IOTLB_DID(0xffff),
             iotlb_cmd & IOTLB_DID(0xffff));

    /* The command that waits is not replaced by another one. */
    if ( (val & IOTLB_IVT) && disturb )
    {
        vtd_wr64(vtd.iotlb, IOTLB_IVT | IOTLB_DID(OTHER_DID));
        disturb = false;
    }

    return !(val & IOTLB_IVT);
}

static struct result invalidate(uint64_t iova, uint64_t cmd,
                                const uint64_t *page, uint64_t last_word)
{
    struct result r;

    iotlb_cmd = cmd;
    /* Without DMA that is held, the other command may find this one complete. */
    disturb = page;
    vtd_wr64(vtd.iva, iova);
    vtd_wr64(vtd.iotlb, IOTLB_IVT | IOTLB_DR | IOTLB_DW | cmd);

    r = observe(ivt_is_clear, page, last_word);
    check(IOTLB_IAIG(vtd_rd64(vtd.iotlb)), "the command was not performed");

    return r;
}

static int finish(int id)
{
    wait_for(nvme_status(id) != NVME_PENDING, WAIT_US);
    delay_us(SETTLE_US);

    return nvme_status(id);
}

/* What every case is about: the DMA is over, the page is the guest's own. */
static void judge(const char *name, int id, uint64_t *page,
                  unsigned int disk_page, const struct result *r)
{
    unsigned int intact, arrived = COUNT(page, DISK(disk_page, i_));
    int status;

    /* Mine now. */
    FILL(page, SIGNATURE(i_));
    status = finish(id);
    intact = COUNT(page, SIGNATURE(i_));

    printk("FOUNDING ivt_held_us=%"PRIu64" dma_end_to_clear_us=%"PRIu64
           " page_intact=%u polls=%u late_data=%u case=%s\n",
           r->held_us, r->end_us, intact == WORDS, r->polls, r->ended, name);

    check(r->over, "no end after %"PRIu64" us", r->held_us);
    check(r->polls, "it was over at once, with DMA in flight");
    check(status == 0, "the device's status is %d", status);
    check(arrived == WORDS,
          "over when %u of %u words had arrived", arrived, WORDS);
    check(intact == WORDS, "%u of %u words overwritten afterwards",
          WORDS - intact, WORDS);
    check_eq("number of faults", vtd_faults_clear(), 0);
}

/*
 * The device writes memory.  @n: which of the two pages of the transfer is
 * unmapped and invalidated.
 */
static void device_writes(const char *name, unsigned int n, uint64_t cmd)
{
    struct result r;
    int id;

    subtest(name);

    id = start(NVME_READ, 0, n == 1);
    if ( id < 0 )
        return;

    ACCESS_ONCE(*vtd_pte(&dom, IOVA_HELD + n * PAGE_SIZE, 1)) = 0;
    r = invalidate(IOVA_HELD + n * PAGE_SIZE, cmd, held[n],
                   DISK(1 + n, WORDS - 1));
    judge(name, id, held[n], 1 + n, &r);
}

static bool te_is_off(void)
{
    return !(vtd_rd32(VTD_GSTS) & VTD_TE);
}

static bool te_is_on(void)
{
    return !te_is_off();
}

/*
 * Enabling and disabling translation is an invalidation of all there was:
 * what was not translated may not go on once TES is set, and the reverse.
 */
static void device_writes_te(const char *name, bool enable)
{
    struct result r;
    int id;

    subtest(name);

    id = enable ? start_at(_u(first), _u(held[0]), NVME_READ, 0, false)
                : start(NVME_READ, 0, false);
    if ( id < 0 )
        return;

    vtd_wr32(VTD_GCMD, enable ? VTD_TE : 0);
    r = observe(enable ? te_is_on : te_is_off, held[0], DISK(1, WORDS - 1));
    judge(name, id, held[0], 1, &r);
}

/* The device reads memory: what it may not see any more must not get out. */
static void device_reads(void)
{
    unsigned int old, new;
    struct result r;
    int id, status;

    subtest("device reads memory");

    FILL(first, DISK(2, i_));
    FILL(held[0], SIGNATURE(i_));
    id = start(NVME_WRITE, 2, false);
    if ( id < 0 )
        return;

    ACCESS_ONCE(*vtd_pte(&dom, IOVA_HELD, 1)) = 0;
    r = invalidate(IOVA_HELD, IOTLB_IIRG(INV_PAGE) | IOTLB_DID(DID), NULL, 0);
    FILL(held[0], LATER(i_));
    status = finish(id);

    /* What did the device fetch? */
    check(nvme_rw(NVME_READ, 3, IOVA_FIRST) == 0, "cannot read back");
    old = COUNT(first, SIGNATURE(i_));
    new = COUNT(first, LATER(i_));

    printk("FOUNDING-READ ivt_held_us=%"PRIu64" polls=%u old_words=%u "
           "new_words=%u\n", r.held_us, r.polls, old, new);

    check(r.over, "IVT is still set after %"PRIu64" us", r.held_us);
    check(r.polls, "IVT was never seen set, with DMA in flight");
    check(status == 0, "the device's status is %d", status);
    check(old == WORDS, "the disk has %u words of before, %u of after",
          old, new);
    check_eq("number of faults", vtd_faults_clear(), 0);
}

/* Nothing in flight: nothing to wait for but the device model's answer. */
static void idle(void)
{
    struct result r;

    subtest("nothing in flight");

    ACCESS_ONCE(*vtd_pte(&dom, IOVA_HELD + PAGE_SIZE, 1)) = 0;
    r = invalidate(IOVA_HELD + PAGE_SIZE,
                   IOTLB_IIRG(INV_PAGE) | IOTLB_DID(DID), NULL, 0);
    printk("FOUNDING-IDLE first ivt_held_us=%"PRIu64" polls=%u\n",
           r.held_us, r.polls);
    check(r.over, "IVT is still set after %"PRIu64" us", r.held_us);

    /* And nothing cached either. */
    r = invalidate(IOVA_HELD + PAGE_SIZE,
                   IOTLB_IIRG(INV_PAGE) | IOTLB_DID(DID), NULL, 0);
    printk("FOUNDING-IDLE second ivt_held_us=%"PRIu64" polls=%u\n",
           r.held_us, r.polls);
    check(r.over, "IVT is still set after %"PRIu64" us", r.held_us);
}

void test_main(void)
{
    if ( !vtd_init() || !nvme_init() || !nvme_fill_disk(4) )
        return;

    dom = nvme_dom(DID);
    vtd_map(&dom, IOVA_FIRST, _u(first), 1, PTE_RW);
    if ( !vtd_enable() )
        return;

    device_writes("page", 0, IOTLB_IIRG(INV_PAGE) | IOTLB_DID(DID));
    device_writes("second-page", 1, IOTLB_IIRG(INV_PAGE) | IOTLB_DID(DID));
    device_writes("domain", 0, IOTLB_IIRG(INV_DOMAIN) | IOTLB_DID(DID));
    device_writes("global", 0, IOTLB_IIRG(INV_GLOBAL));
    device_reads();
    idle();
    device_writes_te("disable", false);
    device_writes_te("enable", true);
    subtest(NULL);

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
