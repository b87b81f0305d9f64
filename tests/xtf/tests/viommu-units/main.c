/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two units, with a disk behind each.
 *
 * The same domain id is two domains, a fault is in the records of its own unit,
 * and one that is not enabled lets its disk go where it likes, whatever the other
 * does.  Then a DMA of the first disk is stuck for some 4 s, and the guest has
 * unmapped its page: the invalidation waits, and behind it a queue that is full of
 * invalidations and waits, and another CPU writes that unit's registers without a
 * pause.  Meanwhile pages of the second disk are mapped, used, unmapped and
 * invalidated, in all granularities, and each of these invalidations is complete
 * when the guest first looks.
 */

#include "../viommu-lib/nvme.h"
#include "../viommu-lib/queue.h"
#include "../viommu-lib/smp.h"

const char test_title[] = "vIOMMU: units share nothing";

#define DID                     4
#define IOVA                    0x40000000ull
#define IOVA_STUCK              0x40010000ull
#define IOVA_NONE               0x50000000ull

#define ROUNDS                  24
#define WAIT_US                 12000000

static uint64_t page[2][WORDS] __page_aligned_bss;
static uint64_t stuck[WORDS] __page_aligned_bss;
static struct vtd_dom dom[2];

/* The unit, and the disk behind it. */
static bool use(unsigned int n)
{
    vtd_unit = n;

    return nvme_select(n);
}

static bool setup(unsigned int n)
{
    uint32_t ver;

    if ( !use(n) )
        return false;

    ver = vtd_rd32(VTD_VER);
    if ( !check(ver && ver != ~0u, "no unit %u", n) )
        return false;

    dom[n] = nvme_dom(DID);
    vtd_map(&dom[n], IOVA, _u(page[n]), 1, PTE_RW);

    return true;
}

/* The guest has one page for each disk, at one address, in one domain id. */
static void same_did(void)
{
    unsigned int n, zeroes;

    subtest("same domain id");
    FILL(page[0], UNTOUCHED(i_));
    FILL(page[1], UNTOUCHED(i_));

    use(1);
    check(nvme_rw(NVME_READ, 0, IOVA) == 0, "the second disk");
    zeroes = COUNT(page[1], 0);
    n = COUNT(page[0], UNTOUCHED(i_));
    check(zeroes == WORDS, "%u words are there", zeroes);
    check(n == WORDS, "%u words are where the other unit says", WORDS - n);

    use(0);
    check(nvme_rw(NVME_READ, 0, IOVA) == 0, "the first disk");
    n = COUNT(page[0], DISK(0, i_));
    check(n == WORDS, "%u words are there", n);
    check(COUNT(page[1], 0) == WORDS, "and where the other unit says");
}

static void faults(void)
{
    struct vtd_fault f;
    bool found;

    subtest("faults");
    use(1);
    check(nvme_rw(NVME_READ, 0, IOVA_NONE) != 0, "there is nothing");
    found = vtd_fault_next(&f);
    check(found && f.sid == nvme_sid && f.addr == IOVA_NONE && !f.read,
          "fault %u: %#x at %#"PRIx64, found, f.sid, f.addr);
    vtd_faults_clear();
    use(0);
    check_eq("number of faults of the other unit", vtd_faults_clear(), 0);
}

/* Translation of one is off: addresses are what they are, there and only there. */
static void one_off(void)
{
    subtest("one is off");
    use(1);
    vtd_disable();
    FILL(page[1], UNTOUCHED(i_));
    check(nvme_rw(NVME_READ, 0, _u(page[1])) == 0 &&
          COUNT(page[1], 0) == WORDS, "the second disk");
    use(0);
    check(vtd_rd32(VTD_GSTS) & VTD_TE, "the other unit is off, too");
    use(1);
    vtd_enable();
}

/* Write a command of the unit; does it wait, at the first look? */
static bool invalidate(unsigned int granularity, uint64_t iova)
{
    vtd_wr64(vtd.iva, iova);
    vtd_wr64(vtd.iotlb, IOTLB_IVT | IOTLB_IIRG(granularity) | IOTLB_DID(DID));

    return vtd_rd64(vtd.iotlb) & IOTLB_IVT;
}

static volatile uint32_t storms, status[2];

/* The second CPU, for ever. */
static void storm(void)
{
    for ( ; ; )
    {
        *(volatile uint32_t *)_p(VTD_BASE + VTD_IQT) = qi_tail << 4;
        (void)*(volatile uint32_t *)_p(VTD_BASE + VTD_FSTS);
        storms++;
    }
}

/* Unmap the page that is stuck, and fill the queue behind that. */
static void fill_queue(void)
{
    unsigned int n;

    ACCESS_ONCE(*vtd_pte(&dom[0], IOVA_STUCK, 1)) = 0;
    qi_put(QI_IOTLB(INV_PAGE) | QI_DID(DID), IOVA_STUCK);
    qi_put_wait(QI_WAIT_SW, &status[0], 1);
    for ( n = 3; n < qi_size - 1; n++ )
        if ( n % 2 )
            qi_put(QI_IOTLB(INV_GLOBAL), 0);
        else
            qi_put_wait(QI_WAIT_SW, &status[1], n);
    qi_put_wait(QI_WAIT_SW, &status[1], qi_size);
    qi_submit();
}

static void stalled(void)
{
    unsigned int first, id, n, waited = 0;
    uint64_t start, us;

    subtest("a DMA is stuck");
    use(0);
    vtd_map(&dom[0], IOVA_STUCK, _u(stuck), 1, PTE_RW);
    first = nvme_queue(NVME_READ, 0, IOVA, 0);
    id = nvme_queue(NVME_READ, 1, IOVA_STUCK, 0);
    nvme_ring();
    wait_for(nvme_status(first) != NVME_PENDING, WAIT_US);
    if ( !check(nvme_status(first) == 0 && nvme_status(id) == NVME_PENDING,
                "the first disk is not throttled as it should be") )
        return;

    start = tsc();
    fill_queue();
    check(!status[0], "it does not wait");
    if ( !smp_start(storm) )
        return;

    use(1);
    for ( n = 0; n < ROUNDS; n++ )
    {
        vtd_map(&dom[1], IOVA_STUCK, _u(page[1]), 1, PTE_RW);
        check(nvme_rw(NVME_READ, 0, IOVA_STUCK) == 0, "the second disk");
        ACCESS_ONCE(*vtd_pte(&dom[1], IOVA_STUCK, 1)) = 0;
        waited += invalidate(INV_PAGE, IOVA_STUCK);
        waited += invalidate(INV_DOMAIN, 0);
        waited += invalidate(INV_GLOBAL, 0);
        vtd_wr64(VTD_CCMD, CCMD_ICC | CCMD_CIRG(INV_GLOBAL));
        waited += !!(vtd_rd64(VTD_CCMD) & CCMD_ICC);
    }
    us = tsc_to_us(tsc() - start);

    use(0);
    check(!status[0] && nvme_status(id) == NVME_PENDING,
          "it was stuck for too short");
    printk("UNITS rounds=%u us=%"PRIu64" waited=%u head=%u storms=%u\n", ROUNDS,
           us, waited, qi_head(), storms);
    check_eq("number of invalidations that waited", waited, 0);
    check(storms, "the other CPU does not run");

    check(wait_for(status[0], WAIT_US), "it waits for ever");
    n = COUNT(stuck, DISK(1, i_));
    check(n == WORDS, "complete when %u of %u words were there", n, WORDS);
    wait_for(nvme_status(id) != NVME_PENDING, WAIT_US);
    check(nvme_status(id) == 0, "its status is %d", nvme_status(id));
    check(wait_for(status[1] == qi_size, WAIT_US), "the queue stands still at %u",
          qi_head());
}

void test_main(void)
{
    unsigned int n;

    if ( !vtd_init() || !nvme_init() || !nvme_fill_disk(2) ||
         !setup(1) || !setup(0) )
        return;
    for ( n = 0; n < 2; n++ )
        if ( !use(n) || !vtd_enable() )
            return;
    use(0);
    if ( !qi_init() || !qi_enable(2) )
        return;

    same_did();
    faults();
    one_off();
    stalled();
    subtest(NULL);

    for ( n = 0; n < 2; n++ )
    {
        use(n);
        check_eq("number of faults", vtd_faults_clear(), 0);
        check_eq("FSTS", vtd_rd32(VTD_FSTS), 0);
        vtd_disable();
    }
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
