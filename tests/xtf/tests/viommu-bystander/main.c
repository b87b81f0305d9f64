/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An invalidation waits for the DMA it is about, and for no other.
 *
 * A DMA of the first disk is stuck for some 4 s.  Meanwhile pages of the second
 * disk are mapped, used, unmapped and invalidated, and other pages of the first
 * one, and each of these invalidations is complete when the guest first looks.
 * So are those of all of a domain, and of all domains, that the DMA is in: Xen
 * has to look whether its page is still mapped, and it is.
 * Then the page of the DMA that is stuck is unmapped: that one waits.
 */

#include "../viommu-lib/nvme.h"

const char test_title[] = "vIOMMU: no waiting for the DMA of others";

#define DID_STUCK               4
#define DID_OTHER               5
#define IOVA_FIRST              0x40000000ull
#define IOVA_STUCK              0x40010000ull
#define IOVA_OTHER              0x40020000ull

#define ROUNDS                  24
#define WAIT_US                 12000000

static uint64_t first[WORDS] __page_aligned_bss;
static uint64_t stuck[WORDS] __page_aligned_bss;
static uint64_t other[WORDS] __page_aligned_bss;
static struct vtd_dom dom_stuck, dom_other;

struct cost {
    unsigned int nr, waited;
    uint64_t ns[ROUNDS];        /* ascending */
};

/* What is invalidated */
enum kind { OTHER_DEVICE, OTHER_PAGE, ITS_DOMAIN, ALL_DOMAINS, NR_KINDS };

static const char *const kind_name[NR_KINDS] = {
    [OTHER_DEVICE] = "page-of-other-device",
    [OTHER_PAGE]   = "other-page-of-domain",
    [ITS_DOMAIN]   = "domain",
    [ALL_DOMAINS]  = "all-domains",
};

static void unmap(const struct vtd_dom *dom, unsigned int did, uint64_t iova,
                  uint64_t cmd, struct cost *cost)
{
    uint64_t start = tsc(), ns;
    unsigned int i;
    bool waits;

    if ( cmd == IOTLB_IIRG(INV_PAGE) )
        ACCESS_ONCE(*vtd_pte(dom, iova, 1)) = 0;
    vtd_wr64(vtd.iva, iova);
    vtd_wr64(vtd.iotlb, IOTLB_IVT | cmd | IOTLB_DID(did));
    waits = vtd_rd64(vtd.iotlb) & IOTLB_IVT;
    check(!waits || wait_for(!(vtd_rd64(vtd.iotlb) & IOTLB_IVT), WAIT_US),
          "IVT stays set");
    ns = tsc_to_us((tsc() - start) * 1000);

    cost->waited += waits;
    for ( i = cost->nr++; i && cost->ns[i - 1] > ns; i-- )
        cost->ns[i] = cost->ns[i - 1];
    cost->ns[i] = ns;
}

/* Everything that has nothing to do with the page of the DMA that is stuck. */
static void others(const char *name)
{
    struct cost cost[NR_KINDS] = {};
    unsigned int n;

    subtest(name);
    nvme_select(1);
    for ( n = 0; n < ROUNDS; n++ )
    {
        vtd_map(&dom_other, IOVA_OTHER, _u(other), 1, PTE_RW);
        check(nvme_rw(NVME_READ, 0, IOVA_OTHER) == 0, "the second disk");
        unmap(&dom_other, DID_OTHER, IOVA_OTHER, IOTLB_IIRG(INV_PAGE),
              &cost[OTHER_DEVICE]);

        /* Another page of the same domain; and all of it, nothing changed. */
        vtd_map(&dom_stuck, IOVA_OTHER, _u(other), 1, PTE_RW);
        unmap(&dom_stuck, DID_STUCK, IOVA_OTHER, IOTLB_IIRG(INV_PAGE),
              &cost[OTHER_PAGE]);
        unmap(&dom_stuck, DID_STUCK, 0, IOTLB_IIRG(INV_DOMAIN),
              &cost[ITS_DOMAIN]);
        unmap(&dom_stuck, 0, 0, IOTLB_IIRG(INV_GLOBAL), &cost[ALL_DOMAINS]);
    }
    nvme_select(0);

    for ( n = 0; n < NR_KINDS; n++ )
    {
        const struct cost *c = &cost[n];

        printk("BYSTANDER %s kind=%s unmaps=%u median_ns=%"PRIu64
               " worst_ns=%"PRIu64" waited=%u\n", name, kind_name[n], c->nr,
               c->ns[c->nr / 2], c->ns[c->nr - 1], c->waited);
        check_eq("number of invalidations that waited", c->waited, 0);
    }
}

void test_main(void)
{
    struct cost cost = {};
    unsigned int id, n;

    if ( !vtd_init() || !nvme_init() || !nvme_fill_disk(2) )
        return;

    dom_stuck = nvme_dom(DID_STUCK);
    dom_other = vtd_dom_new(vtd.max_levels, DID_OTHER);
    vtd_map(&dom_stuck, IOVA_FIRST, _u(first), 1, PTE_RW);
    vtd_map(&dom_stuck, IOVA_STUCK, _u(stuck), 1, PTE_RW);
    if ( !nvme_select(1) )
        return;
    nvme_map_queues(&dom_other);
    vtd_attach(nvme_sid, &dom_other);
    if ( !vtd_enable() )
        return;

    others("nothing is stuck");

    nvme_select(0);
    n = nvme_queue(NVME_READ, 0, IOVA_FIRST, 0);
    id = nvme_queue(NVME_READ, 1, IOVA_STUCK, 0);
    nvme_ring();
    wait_for(nvme_status(n) != NVME_PENDING, WAIT_US);
    if ( check(nvme_status(n) == 0 && nvme_status(id) == NVME_PENDING,
               "the first disk is not throttled as it should be") )
    {
        others("a DMA is stuck");
        check(nvme_status(id) == NVME_PENDING, "it was stuck for too short");

        subtest("the DMA that is stuck");
        unmap(&dom_stuck, DID_STUCK, IOVA_STUCK, IOTLB_IIRG(INV_PAGE), &cost);
        n = COUNT(stuck, DISK(1, i_));
        printk("BYSTANDER itself us=%"PRIu64" waited=%u words=%u\n",
               cost.ns[0] / 1000, cost.waited, n);
        check_eq("number of invalidations that waited", cost.waited, 1);
        check(n == WORDS, "complete when %u of %u words were there", n, WORDS);
        wait_for(nvme_status(id) != NVME_PENDING, WAIT_US);
        check(nvme_status(id) == 0, "its status is %d", nvme_status(id));
        check_eq("number of faults", vtd_faults_clear(), 0);
    }
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
