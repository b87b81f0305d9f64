/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables that are where none can be, or lead astray. */

#include "rows.h"

#define OTHER                   (IOVA + GB(1))
#define SELF                    511

/* What the compiler does not know to be address 0. */
static uint64_t *page_zero(void)
{
    uint64_t *p;

    asm ( "xor %k0, %k0" : "=r" (p) );

    return p;
}

/*
 * The unit has not been told of any root table: it takes the one at the
 * address that the register has after reset.
 */
void rows_reset(void)
{
    volatile uint64_t *zero = page_zero();
    uint64_t save[4];
    unsigned int i;

    vtd_tables_reset();
    dom = vtd_dom_new(vtd.max_levels, DID);
    nvme_map_queues(&dom);
    vtd_map(&dom, IOVA, _u(buf), 1, PTE_RW);
    vtd_attach(nvme_sid, &dom);
    for ( i = 0; i < ARRAY_SIZE(save); i++ )
        save[i] = zero[i];

    subtest("row 14: TE without SRTP");
    zero[0] = zero[1] = 0;
    check_eq("GSTS at reset", vtd_rd32(VTD_GSTS), 0);
    if ( vtd_gcmd(VTD_TE, 0) )
    {
        check_eq("GSTS", vtd_rd32(VTD_GSTS), VTD_TE);
        lost_queue("no root entry at address 0", FR_ROOT_NOT_PRESENT);
    }

    zero[0] = 3;
    if ( vtd_gcmd(VTD_TE, 0) )
        lost_queue("a reserved bit at address 0", FR_ROOT_RSVD);

    zero[0] = _u(vtd_context) | 1;
    if ( vtd_gcmd(VTD_TE, 0) )
        still_works("root table at address 0");
    vtd_disable();

    for ( i = 0; i < ARRAY_SIZE(save); i++ )
        zero[i] = save[i];
}

static void bad_root(const struct place *p)
{
    vtd_wr64(VTD_RTADDR, p->addr);
    if ( vtd_gcmd(VTD_SRTP, 0) && vtd_gcmd(VTD_TE, 0) )
        lost_queue(p->name, FR_ROOT_ACCESS);
}

static void bad_context(const struct place *p)
{
    vtd_root[0] = p->addr | 1;
    if ( vtd_enable() )
        lost_queue(p->name, FR_CTX_ACCESS);
    vtd_root_set();
}

static void bad_top(const struct place *p)
{
    vtd_ctx_set(nvme_sid, p->addr | CTX_P, CTX_AW(dom.levels) | CTX_DID(DID));
    if ( vtd_enable() )
        lost_queue(p->name, FR_CTX_INVALID);
    vtd_attach(nvme_sid, &dom);
}

static void bad_lower(const struct place *p)
{
    unsigned int level;

    if ( !vtd_enable() )
        return;
    for ( level = 2; level <= dom.levels; level++ )
    {
        /* In entries that are used for nothing else. */
        uint64_t iova = 5ull << (3 + 9 * level);

        change_pte(iova, level, p->addr | PTE_RW);
        denied_write(p->name, FR_TABLE, iova);
        denied_read(p->name, FR_TABLE, iova);
        change_pte(iova, level, 0);
    }
    vtd_disable();
}

static void test_places(void)
{
    unsigned int i;

    subtest("row 4: root table where there is none");
    for ( i = 0; i < NR_PLACES; i++ )
        bad_root(&places[i]);

    subtest("row 5: context table where there is none");
    for ( i = 0; i < NR_PLACES; i++ )
        bad_context(&places[i]);
    subtest("row 5: top-level table where there is none");
    for ( i = 0; i < NR_PLACES; i++ )
        bad_top(&places[i]);
    subtest("row 5: lower table where there is none");
    for ( i = 0; i < NR_PLACES; i++ )
        bad_lower(&places[i]);

    subtest("row 8: tables in the registers or the interrupt range");
    for ( i = 0; i < ARRAY_SIZE(special); i++ )
    {
        bad_root(&special[i]);
        bad_context(&special[i]);
        bad_top(&special[i]);
        bad_lower(&special[i]);
    }
}

/*
 * The top-level table is its own next level: a walk ends all the same, at the
 * last level, with an entry of the top-level table as that of a page.
 */
static void test_self(void)
{
    uint64_t iova = 0, want[BLOCK_WORDS];
    unsigned int level, i, bad = 0;

    subtest("row 7: tables that refer to themselves");
    dom.top[SELF] = _u(dom.top) | PTE_RW;
    for ( level = 2; level <= dom.levels; level++ )
        iova |= (uint64_t)SELF << (3 + 9 * level);

    /* The page is what entry 0 of the top-level table refers to. */
    for ( i = 0; i < BLOCK_WORDS; i++ )
        want[i] = ((uint64_t *)_p(dom.top[0] & PAGE_MASK))[i];
    if ( !vtd_enable() )
        return;
    check_eq("status", nvme_rw(NVME_WRITE, 2, iova), 0);
    /* The top-level table itself, in its last page. */
    check_eq("status", nvme_rw(NVME_WRITE, 3, iova | SELF << PAGE_SHIFT), 0);
    check_eq("number of faults", vtd_faults_clear(), 0);

    check_eq("read back", nvme_rw(NVME_READ, 2, IOVA), 0);
    for ( i = 0; i < BLOCK_WORDS; i++ )
        bad += buf[i] != want[i];
    check(!bad, "%u of %u words are not those of the table", bad, i);
    check_eq("read back", nvme_rw(NVME_READ, 3, IOVA), 0);
    check_eq("its first word", buf[0], dom.top[0]);

    change_pte((uint64_t)SELF << (3 + 9 * dom.levels), dom.levels, 0);
    still_works("self-reference");
    vtd_disable();
}

static void test_leaves(void)
{
    const uint64_t bar = places[1].addr;
    uint64_t rtaddr;
    unsigned int i;

    if ( !vtd_enable() )
        return;

    /*
     * The device tells its driver of each.  MMIO is its own registers, which it
     * does not reach; viommu-devices has those of another one.
     */
    subtest("row 9: pages that map MMIO");
    rtaddr = vtd_rd64(VTD_RTADDR);
    for ( i = 0; i < NR_PLACES; i++ )
    {
        change_pte(OTHER, 1, places[i].addr | PTE_RW);
        check(nvme_rw(NVME_READ, 0, OTHER), "DMA to %s works", places[i].name);
        check(nvme_rw(NVME_WRITE, 3, OTHER), "DMA from %s works",
              places[i].name);
    }
    change_pte(OTHER, 1, VTD_BASE | PTE_RW);
    check(nvme_rw(NVME_READ, 0, OTHER), "DMA to the unit's registers works");
    check(nvme_rw(NVME_WRITE, 3, OTHER), "DMA from the unit's registers works");
    /* All of 2M of MMIO by one entry. */
    change_pte(OTHER, 2, (bar & ~(MB(2) - 1)) | PTE_PS | PTE_RW);
    check(nvme_rw(NVME_READ, 0, OTHER | (bar & (MB(2) - 1))),
          "DMA to a large page of MMIO works");
    change_pte(OTHER, 2, 0);
    check_eq("number of faults", vtd_faults_clear(), 0);
    check_eq("RTADDR", vtd_rd64(VTD_RTADDR), rtaddr);
    check_eq("GSTS", vtd_rd32(VTD_GSTS) & ~VTD_SIRTP, VTD_TE | VTD_SRTP);
    still_works("MMIO");

    subtest("row 10: pages that map the interrupt range");
    for ( i = 0; i < 256; i += 51 )
    {
        change_pte(OTHER, 1, (APIC_BASE + i * PAGE_SIZE) | PTE_RW);
        denied_write("interrupt range", FR_INTERRUPT, OTHER);
        denied_read("interrupt range", FR_INTERRUPT, OTHER);
    }
    change_pte(OTHER, 2, APIC_BASE | PTE_PS | PTE_RW);
    denied_write("interrupt range, 2M", FR_INTERRUPT, OTHER + 0xff000);
    change_pte(OTHER, 2, 0);

    subtest("row 12: large pages where there are none");
    change_pte(OTHER, 2, MB(32) | PAGE_SIZE | PTE_PS | PTE_RW);
    denied_write("2M, misaligned", FR_PTE_RSVD, OTHER);
    change_pte(OTHER, 2, 0);
    change_pte(OTHER, 3, MB(2) | PTE_PS | PTE_RW);
    denied_write("1G, misaligned", FR_PTE_RSVD, OTHER);
    change_pte(OTHER, 3, 0);
    if ( dom.levels == 4 )
    {
        change_pte(1ull << 40, 4, PTE_PS | PTE_RW);
        denied_write("512G", FR_PTE_RSVD, 1ull << 40);
        change_pte(1ull << 40, 4, 0);
    }
    vtd_disable();
}

static void test_widths(void)
{
    static const unsigned int tt[] = { 1, 3 };
    unsigned int i;

    subtest("row 11: widths and types that do not exist");
    for ( i = 0; i < 8; i++ )
    {
        if ( i == CTX_AW(3) || i == CTX_AW(4) )
            continue;
        vtd_ctx_set(nvme_sid, _u(dom.top) | CTX_P, i | CTX_DID(DID));
        if ( vtd_enable() )
            lost_queue("width", FR_CTX_INVALID);
    }
    for ( i = 0; i < ARRAY_SIZE(tt); i++ )
    {
        vtd_ctx_set(nvme_sid, _u(dom.top) | CTX_P | CTX_TT(tt[i]),
                    CTX_AW(dom.levels) | CTX_DID(DID));
        if ( vtd_enable() )
            lost_queue("type", FR_CTX_INVALID);
    }
    vtd_attach(nvme_sid, &dom);
}

static void test_beyond(void)
{
    const uint64_t far = 1ull << 51;

    subtest("row 3: addresses that are too wide");
    vtd_wr64(VTD_RTADDR, ~0ull);
    check(!(vtd_rd64(VTD_RTADDR) & (far | 0xfff)), "RTADDR reads %#"PRIx64,
          vtd_rd64(VTD_RTADDR));
    vtd_wr64(VTD_RTADDR, _u(vtd_root));
    vtd_root[0] = _u(vtd_context) | far | 1;
    if ( vtd_enable() )
        lost_queue("root entry", FR_ROOT_RSVD);
    vtd_root_set();
    vtd_ctx_set(nvme_sid, _u(dom.top) | far | CTX_P,
                CTX_AW(dom.levels) | CTX_DID(DID));
    if ( vtd_enable() )
        lost_queue("context entry", FR_CTX_RSVD);
    vtd_attach(nvme_sid, &dom);
    if ( vtd_enable() )
    {
        change_pte(IOVA, 1, _u(buf) | far | PTE_RW);
        denied_write("page", FR_PTE_RSVD, IOVA);
        change_pte(IOVA, 1, _u(buf) | PTE_RW);
    }
    vtd_disable();
}

void rows_tables(void)
{
    if ( !denied_setup(vtd.max_levels) )
        return;
    vtd_disable();

    test_beyond();
    test_places();
    test_self();
    test_leaves();
    test_widths();
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
