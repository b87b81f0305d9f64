/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest that changes what is at an address behind everybody's back. */

#include "rows.h"

#define OTHER                   (IOVA + GB(1))
#define SOON_US                 5000000

static uint64_t gone[WORDS] __page_aligned_bss;
static uint64_t moved[WORDS] __page_aligned_bss;
static uint64_t spare[WORDS] __page_aligned_bss;

/* Status of waits, where it cannot be; the queue goes on. */
static void test_status(void)
{
    static volatile uint32_t after;
    const uint64_t rtaddr = vtd_rd64(VTD_RTADDR);
    uint32_t serial = 0;
    unsigned int i;

    subtest("row 27: status where there is no memory");
    check_eq("grant, before", granted_word(VTD_RTADDR), 0);
    qi_enable(0);
    for ( i = 0; i < NR_PLACES + ARRAY_SIZE(special) + 1; i++ )
    {
        const struct place *p = i < NR_PLACES ? &places[i]
                                              : &special[i - NR_PLACES];
        uint64_t addr = i == NR_PLACES + ARRAY_SIZE(special)
                        ? ~3ull : p->addr + VTD_RTADDR;

        serial++;
        qi_put(QI_WAIT | QI_WAIT_SW | QI_WAIT_DATA(~0u), addr);
        qi_put_wait(QI_WAIT_SW, &after, serial);
        qi_submit();
        check(wait_for(after == serial, SOON_US), "%#"PRIx64": no completion",
              addr);
        check_eq("FSTS", fsts(), 0);
        check(!granted_word(VTD_RTADDR), "%#"PRIx64": is in the grant", addr);
    }
    check_eq("RTADDR", vtd_rd64(VTD_RTADDR), rtaddr);
    qi_disable();
}

/* Whatever the guest says is there, the registers are. */
static void check_regs(const char *when)
{
    check_eq(when, vtd_rd32(VTD_VER), 0x10);
    check_eq(when, vtd_rd64(VTD_CAP), vtd.cap);
    vtd_wr32(VTD_FEDATA, 0x61);
    check_eq(when, vtd_rd32(VTD_FEDATA), 0x61);
    vtd_wr32(VTD_FEDATA, 0);
    check_eq(when, vtd_rd32(VTD_FEDATA), 0);
    check_eq(when, vtd_rd64(0x800), 0);
}

/* Nor does a device reach what may be there. */
static void check_unreachable(const char *when)
{
    if ( !vtd_enable() )
        return;
    change_pte(OTHER, 1, VTD_BASE | PTE_RW);
    check(nvme_rw(NVME_READ, 0, OTHER), "%s: DMA to it works", when);
    check(nvme_rw(NVME_WRITE, 3, OTHER), "%s: DMA from it works", when);
    check_regs(when);
    change_pte(OTHER, 1, 0);
    change_pte(OTHER, 2, VTD_BASE | PTE_RW);
    denied_write(when, FR_TABLE, OTHER);
    change_pte(OTHER, 2, 0);
    vtd_disable();
}

static void test_over(void)
{
    static const char *const names[] = {
        "populate_physmap", "shared info", "grant table", "a page moved there",
    };
    unsigned int i;

    subtest("row 39: memory mapped over the registers");
    FILL(moved, SIGNATURE(i_));
    for ( i = 0; i < ARRAY_SIZE(names); i++ )
    {
        /* The domain has just as much memory as it may have. */
        bool out = i == 0 && balloon_out(spare);
        long rc = i == 0 ? balloon_in(VTD_BASE) :
                  i == 1 ? map_over(XENMAPSPACE_shared_info, 0, VTD_BASE) :
                  i == 2 ? map_over(XENMAPSPACE_grant_table, 0, VTD_BASE) :
                  map_over(XENMAPSPACE_gmfn, _u(moved) >> PAGE_SHIFT, VTD_BASE);

        printk("HOSTILE over=%s rc=%ld\n", names[i], rc);
        check_regs(names[i]);
        check_unreachable(names[i]);
        /* The page may have gone with the attempt. */
        if ( out )
        {
            balloon_out(_p(VTD_BASE));
            balloon_in(_u(spare));
        }
        check_regs(names[i]);
    }
}

/*
 * The device has used the page, and may have its translation still.  The page
 * goes, without any invalidation, and so does the translation: the device is
 * told no, and the device model lives.
 */
static void test_gone(void)
{
    unsigned int i, n;

    subtest("row 41: page given up after its translation was used");
    if ( !vtd_enable() )
        return;
    change_pte(OTHER, 1, _u(gone) | PTE_RW);
    for ( i = 0; i < 3; i++ )
    {
        FILL(gone, UNTOUCHED(i_));
        check_eq("status", nvme_rw(NVME_READ, 0, OTHER), 0);
        check_eq("words read", COUNT(gone, DISK(0, i_)), BLOCK_WORDS);
        check_eq("status", nvme_rw(NVME_WRITE, 2, OTHER), 0);
        if ( !check(balloon_out(gone), "cannot be given up") )
            break;

        for ( n = 0; n < 2; n++ )
        {
            check(nvme_rw(NVME_READ, 0, OTHER), "DMA to no memory works");
            check(nvme_rw(NVME_WRITE, 3, OTHER), "DMA from no memory works");
        }
        still_works("page given up");

        /* New memory: nothing of the old DMA reaches it, and new DMA does. */
        if ( !check(balloon_in(_u(gone)), "cannot be had back") )
            break;
        FILL(gone, SIGNATURE(i_));
        still_works("page had back");
        check_eq("words kept", COUNT(gone, SIGNATURE(i_)), WORDS);
        check_eq("status", nvme_rw(NVME_READ, 1, OTHER), 0);
        check_eq("words read", COUNT(gone, DISK(1, i_)), BLOCK_WORDS);
    }
    check_eq("number of faults", vtd_faults_clear(), 0);
    change_pte(OTHER, 1, 0);
    vtd_disable();
}

void rows_memory(void)
{
    if ( !denied_setup(vtd.max_levels) )
        return;
    vtd_disable();

    test_status();
    test_over();
    test_gone();
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
