/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device's domain is replaced by another one, in one store, while it works.
 *
 * The same address leads to one page in domain A and to another one in domain
 * B.  Wherever the replacement meets a DMA, the data lands in the one or in the
 * other, without a fault; and once the invalidation is complete, nothing comes
 * into the old page any more.  A second device stays in domain A all the while
 * and never sees B.  Identity takes its turn as well: the third domain maps
 * the device's memory where it is, the fourth is none, but passes through.
 *
 * Then the device is taken out of its domain while it works, and put back: a
 * DMA is over by then, or faults because there is no domain.
 */

#include "../viommu-lib/nvme.h"

const char test_title[] = "vIOMMU: a domain replaced under DMA";

#define WAIT_US                 5000000
#define MAX_DELAY_US            2000
#define DETACH_ROUNDS           24

/* Where the pages of the last two domains are is where its addresses lead. */
static uint64_t target[WORDS] __page_aligned_bss;
static uint64_t page_a[WORDS] __page_aligned_bss;
static uint64_t page_b[WORDS] __page_aligned_bss;
static uint64_t second[WORDS] __page_aligned_bss;

static struct domain {
    const char *name;
    struct vtd_dom dom;
    uint64_t *page;             /* what the address of target leads to */
    uint64_t lo, hi;            /* the context entry of a device in it */
} domains[4] = {
    { .name = "A", .page = page_a },
    { .name = "B", .page = page_b },
    { .name = "identity", .page = target },
    { .name = "pass-through", .page = target },
};

/* xorshift: any sequence will do, but the same each time. */
static uint32_t random(void)
{
    static uint32_t x = 88675123u;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;

    return x;
}

/* Both halves at once, as a driver that wants no gap does it. */
static void replace(uint16_t sid, const struct domain *new)
{
    uint64_t *ctx = &vtd_context[(sid & 0xff) * 2];
    uint64_t lo = ctx[0], hi = ctx[1];
    bool done;

    asm volatile ( "lock cmpxchg16b %[ctx]; setz %[done]"
                   : [ctx] "+m" (*(__uint128_t *)ctx), [done] "=q" (done),
                     "+a" (lo), "+d" (hi)
                   : "b" (new->lo), "c" (new->hi)
                   : "memory", "cc" );
    check(done, "the context entry was changed by somebody else");
}

static bool setup(void)
{
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(domains); i++ )
    {
        struct vtd_dom *dom = &domains[i].dom;

        *dom = vtd_dom_new(vtd.max_levels, 10 + i);
        nvme_select(0);
        nvme_map_queues(dom);
        if ( !nvme_select(1) )
            return false;
        nvme_map_queues(dom);
        vtd_map(dom, _u(target), _u(domains[i].page), 1, PTE_RW);
        /* The second device is in A: elsewhere it would write into second. */
        vtd_map(dom, 0x40000000, _u(i ? second : page_a), 1, PTE_RW);

        domains[i].lo = i == 3 ? CTX_TT(CTX_TT_PASS_THROUGH) | CTX_P
                               : _u(dom->top) | CTX_P;
        domains[i].hi = CTX_AW(dom->levels) | CTX_DID(dom->did);
    }

    vtd_root_set();
    vtd_attach(nvme_sid, &domains[0].dom);
    nvme_select(0);
    vtd_attach(nvme_sid, &domains[0].dom);

    return vtd_enable();
}

/* Of what the device had in @old; false if it does not end. */
static bool invalidate(const struct domain *old, unsigned int *waited)
{
    vtd_ccmd(CCMD_ICC | CCMD_CIRG(INV_DEVICE) | CCMD_DID(old->dom.did) |
             CCMD_SID(nvme_sid));
    vtd_wr64(vtd.iotlb, IOTLB_IVT | IOTLB_IIRG(INV_DOMAIN) |
                        IOTLB_DID(old->dom.did));
    *waited += !!(vtd_rd64(vtd.iotlb) & IOTLB_IVT);

    return check(wait_for(!(vtd_rd64(vtd.iotlb) & IOTLB_IVT), WAIT_US),
                 "IVT stays set");
}

static void test_detach(const struct domain *from)
{
    const struct domain *a = &domains[0];
    unsigned int round, id, n, waited = 0, landed = 0, faults = 0;
    uint64_t *ctx = &vtd_context[(nvme_sid & 0xff) * 2];
    struct vtd_fault f;

    subtest("detached and attached");
    replace(nvme_sid, a);
    if ( !invalidate(from, &waited) )
        return;

    for ( round = 0; round < DETACH_ROUNDS; round++ )
    {
        FILL(page_a, UNTOUCHED(i_));
        id = nvme_queue(NVME_READ, 1, _u(target), 0);
        nvme_ring();
        delay_us(random() % MAX_DELAY_US);

        ACCESS_ONCE(ctx[0]) = 0;
        if ( !invalidate(a, &waited) )
            break;
        n = COUNT(page_a, DISK(1, i_));
        check(n == 0 || n == WORDS, "round %u: %u words", round, n);
        FILL(page_a, SIGNATURE(i_));

        if ( !check(wait_for(nvme_status(id) != NVME_PENDING ||
                             (vtd_rd32(VTD_FSTS) & FSTS_PPF), WAIT_US),
                    "round %u: neither a status nor a fault", round) )
            break;
        while ( vtd_fault_next(&f) )
        {
            faults++;
            check(f.reason == FR_CTX_NOT_PRESENT && f.sid == nvme_sid,
                  "round %u: fault %#x", round, f.reason);
        }
        check(COUNT(page_a, SIGNATURE(i_)) == WORDS,
              "round %u: the page was written after completion", round);
        landed += n == WORDS;

        ACCESS_ONCE(ctx[0]) = a->lo;
        if ( !invalidate(a, &waited) || !nvme_reset() )
            break;
        vtd_faults_clear();
    }
    check(nvme_rw(NVME_READ, 1, _u(target)) == 0 &&
          COUNT(page_a, DISK(1, i_)) == WORDS, "the device does not come back");
    printk("REPLACE detached=%u landed=%u faults=%u\n", round, landed, faults);
}

void test_main(void)
{
    struct domain *old = &domains[0], *new;
    unsigned int round, id, waited = 0, in_old = 0, in_new = 0, late = 0;

    if ( !vtd_init() || !nvme_init() || !nvme_fill_disk(2) || !setup() )
        return;

    subtest("rounds");
    for ( round = 0; round < ROUNDS; round++, old = new )
    {
        unsigned int n_old, n_new;
        bool same;

        new = &domains[(old - domains + 1 + random() % 3) % 4];
        FILL(old->page, UNTOUCHED(i_));
        FILL(new->page, UNTOUCHED(i_));
        same = old->page == new->page;

        id = nvme_queue(NVME_READ, 1, _u(target), 0);
        nvme_ring();
        delay_us(random() % MAX_DELAY_US);

        replace(nvme_sid, new);
        if ( !invalidate(old, &waited) )
            break;

        n_old = COUNT(old->page, DISK(1, i_));
        if ( !same )
            FILL(old->page, SIGNATURE(i_));
        if ( !check(wait_for(nvme_status(id) != NVME_PENDING, WAIT_US),
                    "round %u: a transfer does not end", round) )
            break;
        check(nvme_status(id) == 0, "round %u: its status is %d", round,
              nvme_status(id));

        n_new = COUNT(new->page, DISK(1, i_));
        late += !same && COUNT(old->page, SIGNATURE(i_)) != WORDS;
        in_old += n_old == WORDS;
        in_new += n_new == WORDS;
        check(same ? n_new == WORDS :
              (n_old == WORDS && n_new == 0) || (n_old == 0 && n_new == WORDS),
              "round %u, %s to %s: %u words in the old page, %u in the new one",
              round, old->name, new->name, n_old, n_new);

        if ( round % 8 )
            continue;

        /* The second device is in A still. */
        nvme_select(1);
        FILL(page_a, UNTOUCHED(i_));
        FILL(second, UNTOUCHED(i_));
        check(nvme_rw(NVME_READ, 0, 0x40000000) == 0, "the second device");
        check(COUNT(page_a, 0) == WORDS && COUNT(second, UNTOUCHED(i_)) == WORDS,
              "round %u: the second device is not in A", round);
        nvme_select(0);
    }
    subtest("afterwards");
    check(late == 0, "%u pages were written after completion", late);
    check_eq("number of faults", vtd_faults_clear(), 0);
    test_detach(old);
    subtest(NULL);

    printk("REPLACE rounds=%u waited=%u in_old=%u in_new=%u late=%u\n",
           round, waited, in_old, in_new, late);
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
