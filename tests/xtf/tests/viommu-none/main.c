/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain without a virtual IOMMU: nothing where the registers would be, and
 * devices access memory as ever.
 */

#include "../viommu-lib/nvme.h"

const char test_title[] = "vIOMMU: a domain without one";

static uint64_t buf[WORDS] __page_aligned_bss;

void test_main(void)
{
    uint32_t nothing;
    unsigned int off;

    time_init();

    /* Device models differ in what is read from where nothing is. */
    subtest("no registers");
    nothing = vtd_rd32(VTD_VER);
    check(nothing == 0 || nothing == ~0u, "VER is %#x", nothing);
    for ( off = 0; off < 0x300; off += 4 )
        if ( !check(vtd_rd32(off) == nothing, "%#x reads %#x",
                    off, vtd_rd32(off)) )
            break;
    vtd_wr32(VTD_GCMD, VTD_TE);
    check_eq("GSTS", vtd_rd32(VTD_GSTS), nothing);

    subtest("DMA");
    if ( !nvme_init() || !nvme_fill_disk(2) )
        return;
    FILL(buf, UNTOUCHED(i_));
    check(nvme_rw(NVME_READ, 1, _u(buf)) == 0 &&
          COUNT(buf, DISK(1, i_)) == WORDS, "does not work");
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
