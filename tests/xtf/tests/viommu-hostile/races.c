/* SPDX-License-Identifier: GPL-2.0-only */
/* The second vCPU changes tables and pointers while the device works. */

#include "rows.h"

#define NR_ENTRY                200
#define NR_TOGGLE               40

/* Both reserved, so that neither half of one entry goes with the other's. */
#define RSVD                    (1ull << 62 | 1ull << 51)

static uint64_t second[WORDS] __page_aligned_bss;
static uint64_t other_root[512] __page_aligned_bss;
static uint64_t other_context[512] __page_aligned_bss;

/* What vCPU 1 is to do, and whether it has. */
static void (*volatile job)(void);
static volatile bool stop, stopped;
static volatile unsigned int late, damaged, rounds;

static void other(void)
{
    for ( ; ; )
    {
        while ( !job )
            asm volatile ( "pause" ::: "memory" );
        job();
        job = NULL;
        stopped = true;
    }
}

static void begin(void (*fn)(void))
{
    stop = stopped = false;
    late = damaged = rounds = 0;
    smp_wmb();
    job = fn;
}

/*
 * From a page to nothing, with bits that are reserved only where there is
 * something: whoever mixes the two finds what neither of them has.
 */
static void flip(void)
{
    volatile uint64_t *pte = vtd_pte(&dom, IOVA, 1);

    while ( !stop )
    {
        *pte = RSVD;
        *pte = _u(buf) | PTE_RW;
        rounds++;
    }
}

static void test_entry(void)
{
    unsigned int i, ok = 0, faults = 0, wrong = 0;
    struct vtd_fault f;

    subtest("row 13: an entry that changes in mid-walk");
    if ( !vtd_enable() )
        return;
    begin(flip);
    for ( i = 0; i < NR_ENTRY; i++ )
    {
        FILL(buf, UNTOUCHED(i_));
        if ( nvme_rw(NVME_READ, 0, IOVA) == 0 )
        {
            ok++;
            wrong += COUNT(buf, DISK(0, i_)) != BLOCK_WORDS;
        }
        while ( vtd_fault_next(&f) )
        {
            faults++;
            wrong += f.reason != FR_WRITE || f.sid != nvme_sid ||
                     f.addr != IOVA;
        }
        vtd_iotlb_pages(DID, IOVA, 0);
    }
    stop = true;
    check(wait_for(stopped, 5000000), "vCPU 1 does not end");
    printk("HOSTILE entry ok=%u faults=%u flips=%u\n", ok, faults, rounds);
    check(!wrong, "%u results are of neither entry", wrong);
    change_pte(IOVA, 1, _u(buf) | PTE_RW);
    vtd_faults_clear();
    still_works("entry");
    vtd_disable();
}

/* As wait_for(), without a clock: vCPU 1 has not looked at any. */
static bool reached(uint32_t bit, bool set)
{
    unsigned int n;

    for ( n = 0; n < 10000000; n++ )
        if ( !(vtd_rd32(VTD_GSTS) & bit) == !set )
            return true;

    return false;
}

/* Nobody writes a page which no device can reach. */
static void hold(uint64_t *page)
{
    unsigned int n;

    FILL(page, SIGNATURE(i_));
    for ( n = 0; n < 20; n++ )
        if ( COUNT(page, SIGNATURE(i_)) != WORDS )
        {
            damaged++;
            return;
        }
}

/*
 * Root pointers in turn, and off and on: when the unit says that it has been
 * done and all has been invalidated, the page of before is the guest's.
 */
static void toggle(void)
{
    for ( rounds = 0; rounds < NR_TOGGLE && !stop; rounds++ )
    {
        bool second_now = !(rounds & 1);

        vtd_wr64(VTD_RTADDR, second_now ? _u(other_root) : _u(vtd_root));
        vtd_wr32(VTD_GCMD, VTD_TE | VTD_SRTP);
        late += !reached(VTD_SRTP, true);
        vtd_wr64(VTD_CCMD, CCMD_ICC | CCMD_CIRG(INV_GLOBAL));
        while ( vtd_rd64(VTD_CCMD) & CCMD_ICC )
            ;
        vtd_wr64(vtd.iotlb, IOTLB_IVT | IOTLB_IIRG(INV_GLOBAL) | IOTLB_DR |
                 IOTLB_DW);
        while ( vtd_rd64(vtd.iotlb) & IOTLB_IVT )
            ;
        hold(second_now ? buf : second);

        if ( rounds % 4 == 3 )
        {
            /* The address is that of no memory then. */
            vtd_wr32(VTD_GCMD, 0);
            late += !reached(VTD_TE, false);
            hold(buf);
            hold(second);
            vtd_wr32(VTD_GCMD, VTD_TE);
            late += !reached(VTD_TE, true);
        }
    }
}

static void test_toggle(void)
{
    struct vtd_dom dom2;
    unsigned int n = 0, ok = 0, lost = 0;

    subtest("row 15: SRTP and TE while a device is busy");
    dom2 = vtd_dom_new(vtd.max_levels, DID + 1);
    nvme_map_queues(&dom2);
    vtd_map(&dom2, IOVA, _u(second), 1, PTE_RW);
    memset(other_context, 0, sizeof(other_context));
    other_context[(nvme_sid & 0xff) * 2 + 1] =
        CTX_AW(dom2.levels) | CTX_DID(dom2.did);
    other_context[(nvme_sid & 0xff) * 2] = _u(dom2.top) | CTX_P;
    other_root[0] = _u(other_context) | 1;

    if ( !vtd_enable() )
        return;
    begin(toggle);
    while ( !stopped && n < 1000000 )
    {
        int rc = nvme_rw(NVME_READ, n++ % 4, IOVA);

        ok += rc == 0;
        lost += rc == NVME_TIMEOUT || rc == NVME_PENDING;
        if ( lost )
            break;
    }
    stop = true;
    check(wait_for(stopped, 20000000), "vCPU 1 does not end");
    printk("HOSTILE toggle rounds=%u dma=%u ok=%u\n", rounds, n, ok);
    check(!lost, "a command of the device is lost");
    check(!late, "%u times GSTS does not follow", late);
    check(!damaged, "%u pages were written after they had been taken back",
          damaged);
    check_eq("number of faults", vtd_faults_clear(), 0);

    vtd_disable();
    if ( vtd_enable() )
        still_works("toggled");
    vtd_disable();
}

void rows_races(void)
{
    if ( !denied_setup(vtd.max_levels) || !smp_start(other) )
        return;
    vtd_disable();

    test_entry();
    test_toggle();
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
