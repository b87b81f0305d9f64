/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Soft reset, by which Xen lets a kernel jump into another one: the guest goes
 * on behind the hypercall, with another device model, which has the old one's
 * devices.  A port of the AHCI controller runs on, so the unit has to, too: all
 * that the port uses is at addresses where there are other pages, if nobody
 * translates.
 */

#include "../viommu-lib/nvme.h"
#include "../viommu-lib/ahci.h"

const char test_title[] = "vIOMMU: soft reset";

#define SOFT_RESET              5

#define DID                     7
#define WAIT_US                 20000000
#define SIGN                    SIGNATURE(i_)

enum { LIST, FIS, TABLE, TARGET, NR };

/* What the port uses, and what is where it believes that to be. */
static uint64_t used[NR][512] __page_aligned_bss;
static uint64_t other[NR][512] __page_aligned_bss;

static struct vtd_dom dom;

/* Have a block read. */
static void test_read(void)
{
    unsigned int i, n;

    for ( i = 0; i < NR; i++ )
        FILL(other[i], SIGN);
    FILL(used[TARGET], ~0ull);
    ahci_issue((void *)used[LIST], (void *)used[TABLE], _u(other[TABLE]),
               _u(other[TARGET]));
    check(wait_for(!ahci_busy(), WAIT_US), "the disk does not end");
    check(!(ahci_rd(PORT_TFD) & TFD_ERR), "the disk has an error");
    check(used[TARGET][0] == 0 && used[TARGET][63] == 0 &&
          used[TARGET][64] == ~0ull, "the disk has not written what it was to");
    for ( i = 0; i < NR; i++ )
    {
        n = COUNT(other[i], SIGN);
        check(n == WORDS, "%u words of page %u written by their IOVA",
              WORDS - n, i);
    }
    check_eq("number of faults", vtd_faults_clear(), 0);
}

void test_main(void)
{
    uint16_t sid;
    uint32_t gsts;
    uint64_t root;
    unsigned int i;

    if ( !vtd_init() )
        return;

    sid = ahci_find();
    if ( sid == PCI_NONE )
        return xtf_error("No AHCI controller\n");

    dom = vtd_dom_new(vtd.max_levels, DID);
    for ( i = 0; i < NR; i++ )
        vtd_map(&dom, _u(other[i]), _u(used[i]), 1, PTE_RW);
    vtd_root_set();
    vtd_attach(sid, &dom);
    if ( !vtd_enable() )
        return;
    ahci_start(_u(other[LIST]), _u(other[FIS]));
    gsts = vtd_rd32(VTD_GSTS);
    root = vtd_rd64(VTD_RTADDR);

    subtest("before");
    test_read();
    check_eq("soft reset", hypercall_shutdown(SOFT_RESET), 0);
    subtest("after");
    check_eq("GSTS", vtd_rd32(VTD_GSTS), gsts);
    check_eq("RTADDR", vtd_rd64(VTD_RTADDR), root);
    test_read();
    check_eq("soft reset", hypercall_shutdown(SOFT_RESET), 0);
    subtest("after another one");
    test_read();
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
