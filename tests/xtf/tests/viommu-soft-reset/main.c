/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Soft reset, by which Xen lets a kernel jump into another one: the guest goes
 * on behind the hypercall, with another device model, which has the old one's
 * devices.  A port of the AHCI controller runs on, so the unit has to, too: all
 * that the port uses is at addresses where there are other pages, if nobody
 * translates.
 */

#include "../viommu-lib/nvme.h"
#include "../viommu-lib/elsewhere.h"

const char test_title[] = "vIOMMU: soft reset";

#define SOFT_RESET              5

#define WAIT_US                 20000000

/* Have a block read. */
static void test_read(void)
{
    elsewhere_issue();
    check(wait_for(!ahci_busy(), WAIT_US), "the disk does not end");
    check(!(ahci_rd(PORT_TFD) & TFD_ERR), "the disk has an error");
    elsewhere_check();
    check_eq("number of faults", vtd_faults_clear(), 0);
}

void test_main(void)
{
    uint32_t gsts;
    uint64_t root;

    if ( !elsewhere_start() )
        return;
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
