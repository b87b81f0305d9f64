/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A disk behind AHCI, all of whose pages are elsewhere: at the addresses that its
 * port uses there are others, if nobody translates.  An access to one of these is
 * seen.
 */
#ifndef VIOMMU_LIB_ELSEWHERE_H
#define VIOMMU_LIB_ELSEWHERE_H

#include "ahci.h"

#define ELSEWHERE_DID           7
#define SIGN                    SIGNATURE(i_)

enum { LIST, FIS, TABLE, TARGET, NR };

/* What the port uses, and what is where it believes that to be. */
static uint64_t used[NR][512] __page_aligned_bss;
static uint64_t other[NR][512] __page_aligned_bss;

static struct vtd_dom dom;

/* With translation enabled, and the port started. */
static inline bool elsewhere_start(void)
{
    uint16_t sid;
    unsigned int i;

    if ( !vtd_init() )
        return false;

    sid = ahci_find();
    if ( sid == PCI_NONE )
    {
        xtf_error("No AHCI controller\n");
        return false;
    }

    dom = vtd_dom_new(vtd.max_levels, ELSEWHERE_DID);
    for ( i = 0; i < NR; i++ )
        vtd_map(&dom, _u(other[i]), _u(used[i]), 1, PTE_RW);
    vtd_root_set();
    vtd_attach(sid, &dom);
    if ( !vtd_enable() )
        return false;
    ahci_start(_u(other[LIST]), _u(other[FIS]));

    return true;
}

/* Have a block read. */
static inline void elsewhere_issue(void)
{
    unsigned int i;

    for ( i = 0; i < NR; i++ )
        FILL(other[i], SIGN);
    FILL(used[TARGET], ~0ull);
    ahci_issue((void *)used[LIST], (void *)used[TABLE], _u(other[TABLE]),
               _u(other[TARGET]));
}

/* It was, and nothing but that. */
static inline void elsewhere_check(void)
{
    unsigned int i, n;

    check(used[TARGET][0] == 0 && used[TARGET][63] == 0 &&
          used[TARGET][64] == ~0ull, "the disk has not written what it was to");
    for ( i = 0; i < NR; i++ )
    {
        n = COUNT(other[i], SIGN);
        check(n == WORDS, "%u words of page %u written by their IOVA",
              WORDS - n, i);
    }
}

#endif /* VIOMMU_LIB_ELSEWHERE_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
