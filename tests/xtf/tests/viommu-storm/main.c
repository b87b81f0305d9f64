/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Invalidations that cross DMA at any moment of its life.
 *
 * Each round starts a transfer to a page, unmaps the page after a random time,
 * invalidates, and fills the page once the command is over.  The transfer may
 * have been made, in part or not at all, or been refused; but what was put
 * into the page then has to be there many rounds later, when it is its turn
 * again.  There is always other DMA in flight.
 */

#include "../viommu-lib/nvme.h"

const char test_title[] = "vIOMMU: invalidations that cross DMA";

#define DID                     6
#define NR_PAGES                16
#define ROUNDS                  192
#define ENOUGH_US               5000000 /* on a slow machine */
#define WAIT_US                 5000000
#define MAX_DELAY_US            400

#define IOVA(p)                 (0x40000000ull + (p) * 4096ull)

static uint64_t pages[NR_PAGES][WORDS] __page_aligned_bss;
static struct vtd_dom dom;

/* xorshift: any sequence will do, but the same each time. */
static uint32_t random(void)
{
    static uint32_t x = 2463534242u;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;

    return x;
}

static void check_faults(unsigned int *denied)
{
    struct vtd_fault f;

    while ( vtd_fault_next(&f) )
    {
        (*denied)++;
        check(f.reason == FR_WRITE && !f.read && f.sid == nvme_sid &&
              f.addr >= IOVA(0) && f.addr < IOVA(NR_PAGES),
              "fault %#x at %#"PRIx64, f.reason, f.addr);
    }
    vtd_faults_clear();
}

static void check_page(unsigned int p, unsigned int *overwritten)
{
    unsigned int good = COUNT(pages[p], SIGNATURE(i_));

    if ( !check(good == WORDS, "page %u: %u words overwritten",
                p, WORDS - good) )
        (*overwritten)++;
}

void test_main(void)
{
    static const uint64_t cmds[] = {
        IOTLB_IIRG(INV_PAGE) | IOTLB_DID(DID),
        IOTLB_IIRG(INV_DOMAIN) | IOTLB_DID(DID),
        IOTLB_IIRG(INV_GLOBAL),
    };
    unsigned int id[NR_PAGES], round, p;
    unsigned int waited = 0, denied = 0, overwritten = 0;
    uint64_t end;

    if ( !vtd_init() || !nvme_init() || !nvme_fill_disk(2) )
        return;
    nvme_blocks = 1;

    dom = nvme_dom(DID);
    if ( !vtd_enable() )
        return;

    subtest("rounds");
    end = tsc() + us_to_tsc(ENOUGH_US);
    for ( round = 0;
          round < ROUNDS && (round < 3 * NR_PAGES || tsc() < end);
          round++ )
    {
        p = round % NR_PAGES;

        if ( round >= NR_PAGES )
        {
            if ( !check(wait_for(nvme_status(id[p]) != NVME_PENDING, WAIT_US),
                        "round %u: a transfer does not end", round) )
                break;
            check_page(p, &overwritten);
        }

        FILL(pages[p], UNTOUCHED(i_));
        vtd_map(&dom, IOVA(p), _u(pages[p]), 1, PTE_RW);
        id[p] = nvme_queue(NVME_READ, 1, IOVA(p), 0);
        nvme_ring();
        delay_us(random() % MAX_DELAY_US);

        ACCESS_ONCE(*vtd_pte(&dom, IOVA(p), 1)) = 0;
        vtd_wr64(vtd.iva, IOVA(p));
        vtd_wr64(vtd.iotlb, IOTLB_IVT | cmds[random() % ARRAY_SIZE(cmds)]);
        waited += !!(vtd_rd64(vtd.iotlb) & IOTLB_IVT);
        if ( !check(wait_for(!(vtd_rd64(vtd.iotlb) & IOTLB_IVT), WAIT_US),
                    "round %u: IVT stays set", round) )
            break;
        FILL(pages[p], SIGNATURE(i_));
        check_faults(&denied);
    }

    subtest("the last pages");
    for ( p = 0; p < NR_PAGES && round >= NR_PAGES; p++ )
    {
        wait_for(nvme_status(id[p]) != NVME_PENDING, WAIT_US);
        check_page(p, &overwritten);
    }
    check_faults(&denied);
    subtest(NULL);

    printk("STORM rounds=%u waited=%u denied=%u overwritten=%u\n",
           round, waited, denied, overwritten);
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
