/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The longest that the unit takes for one write of a register: all that a guest
 * can put into it, with all that a device model can put in its way.  Where the
 * clock counts instructions (scripts/test-hostile), so does this; as a test it
 * is of no more than that each of them comes to an end.
 *
 * "DMWORST-NOW" asks for a device model that claims to use this guest's page in
 * all its slots, "DMSTALE-NOW" for an end of that; the power button says that it
 * is so.
 */

#include "../viommu-lib/queue.h"

const char test_title[] = "vIOMMU: what takes longest";

/* Known to tests/stack/hostile-dm.c as well. */
#define DID                     1
#define SID                     0x18
#define IOVA                    0x40000000ull
#define GPA                     0x00400000ull
#define SLOTS                   1024
#define SLOT_PAGES              4

#define NR_TIMES                8
#define WAIT_US                 30000000
#define TOLD_US                 80000000
/* Descriptors, and pages walked, in one hold of the lock. */
#define SLICE                   32
#define WALKS                   32
/* Of the clock that counts instructions. */
#define NS_PER_INSN             4

static volatile uint32_t status[SLICE] __page_aligned_bss;
static volatile uint32_t word;
static struct vtd_dom dom;

static uint64_t insns(uint64_t ticks)
{
    return tsc_to_us(ticks * 1000) / NS_PER_INSN;
}

/* As docs/design.md states them. */
static void worst(const char *name, uint64_t ticks, unsigned int parts,
                  unsigned int bound)
{
    printk("WORST case=%s insns=%"PRIu64" bound=%u\n", name,
           insns(ticks) / parts, bound);
}

static uint64_t least(void (*prepare)(void), void (*op)(void))
{
    uint64_t best = ~0ull;
    unsigned int i;

    for ( i = 0; i < NR_TIMES; i++ )
    {
        uint64_t start;

        if ( prepare )
            prepare();
        start = tsc();
        op();
        best = min(best, tsc() - start);
    }

    return best;
}

static void submit(void)
{
    qi_submit();
}

static void settled(void)
{
    check(wait_for(qi_head() == qi_tail, WAIT_US), "the queue stands still");
}

/* Exactly what one exit processes. */
static void put_pages(void)
{
    unsigned int i;

    settled();
    for ( i = 0; i < SLICE; i++ )
        qi_put(QI_IOTLB(INV_PAGE) | QI_IOTLB_DRAIN | QI_DID(DID),
               IOVA + i * PAGE_SIZE);
}

static void put_waits(void)
{
    unsigned int i;

    settled();
    for ( i = 0; i < SLICE; i++ )
        qi_put_wait(QI_WAIT_SW | QI_WAIT_IF, &status[i], i + 1);
}

static void put_one(void)
{
    settled();
    qi_put(QI_IOTLB(INV_PAGE) | QI_IOTLB_DRAIN | QI_DID(DID), IOVA | 9);
    qi_put_wait(QI_WAIT_SW, &status[0], ++word);
}

static void submit_one(void)
{
    submit();
    wait_for(status[0] == word, WAIT_US);
}

static void op_read(void)
{
    (void)vtd_rd64(VTD_CAP);
}

static void op_gcmd(void)
{
    vtd_wr32(VTD_GCMD, VTD_TE | VTD_SRTP | VTD_QIE);
}

static void op_both(void)
{
    vtd_wr64(VTD_FECTL, (uint64_t)FECTL_IM);
}

static bool asked(const char *what)
{
    outw(PWRBTN_STS, PM1A_STS);
    printk("%s-NOW\n", what);

    return check(wait_for(told_to_end(), TOLD_US), "nobody answers");
}

void test_main(void)
{
    unsigned int i;
    uint64_t ticks;

    if ( !vtd_init() || !qi_init() )
        return;

    dom = vtd_dom_new(vtd.max_levels, DID);
    for ( i = 0; i < SLOT_PAGES; i++ )
        vtd_map(&dom, IOVA + i * PAGE_SIZE, GPA + i * PAGE_SIZE, 1, PTE_RW);
    vtd_root_set();
    vtd_attach(SID, &dom);
    if ( !vtd_enable() || !qi_enable(QI_MAX_QS) )
        return;

    subtest("one access");
    worst("read", least(NULL, op_read), 1, 25000);
    worst("write-two-registers", least(NULL, op_both), 1, 30000);
    worst("write-gcmd", least(NULL, op_gcmd), 1, 30000);
    worst("write-iqt-32-pages", least(put_pages, submit), 1, 70000);
    worst("write-iqt-32-waits", least(put_waits, submit), 1, 110000);
    settled();

    subtest("all slots in use");
    if ( asked("DMWORST") )
    {
        ticks = least(put_one, submit_one);
        worst("write-iqt-1024-slots", ticks, 1, 26000000);
        worst("hold-of-32-walks", ticks, SLOTS * SLOT_PAGES / WALKS, 200000);
        worst("write-gcmd-1024-slots", least(settled, op_gcmd), 1, 26000000);
    }

    subtest("all slots waited for");
    for ( i = 0; i < SLOT_PAGES; i++ )
        ACCESS_ONCE(*vtd_pte(&dom, IOVA + i * PAGE_SIZE, 1)) = 0;
    put_one();
    submit();
    if ( asked("DMSTALE") )
        check(wait_for(status[0] == word, WAIT_US), "no completion");

    subtest("afterwards");
    qi_sync();
    qi_disable();
    vtd_disable();
    check_eq("FSTS", vtd_rd32(VTD_FSTS), 0);
    subtest(NULL);

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
