/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table, and what becomes of interrupts.
 */

#include "ir.h"

static uint64_t irt[512] __page_aligned_bss;
static volatile uint32_t status;

void ir_table_of(uint64_t irta)
{
    vtd_wr64(VTD_IRTA, irta);
    vtd_gcmd(VTD_SIRTP, 0);
}

uint64_t ir_address(void)
{
    return _u(irt);
}

void ir_table(unsigned int flags)
{
    ir_table_of(_u(irt) | 7 | flags);
}

uint32_t ir_message(unsigned int handle)
{
    return APIC_BASE | 1u << 4 | (handle & 0x7fff) << 5 | handle >> 15 << 2;
}

void ir_entry(unsigned int index, uint64_t lo, uint64_t hi)
{
    ((volatile uint64_t *)irt)[index * 2 + 1] = hi;
    ((volatile uint64_t *)irt)[index * 2] = lo;
}

void ir_invalidate(unsigned int index)
{
    static uint32_t n;

    qi_put(4 | 1 << 4 | (uint64_t)index << 32, 0);
    qi_put_wait(QI_WAIT_SW, &status, ++n);
    qi_submit();
    check_eq("status, without a wait", status, n);
}

void ir_expect(const char *what, unsigned int vector)
{
    check(wait_for(irq_sent(vector), SOON_US), "%s: vector %#x has not come",
          what, vector);
}

void ir_expect_fault(const char *what, unsigned int reason, uint16_t source,
                     unsigned int index, unsigned int vector)
{
    uint64_t lo, hi = 0;
    unsigned int n = 0;

    if ( check(wait_for(vtd_rd32(VTD_FSTS) & FSTS_PPF, SOON_US),
               "%s: no fault", what) )
    {
        n = FSTS_FRI(vtd_rd32(VTD_FSTS));
        lo = vtd_rd64(vtd.frcd + 16 * n);
        hi = vtd_rd64(vtd.frcd + 16 * n + 8);
        check_eq(what, FRCD_FR(hi), reason);
        check_eq("source", FRCD_SID(hi), source);
        check_eq("index", lo >> 48, index);
    }
    check(!irq_sent(vector), "%s: vector %#x has come", what, vector);
}

void ir_clear_faults(void)
{
    unsigned int n;

    for ( n = 0; n < vtd.nr_frcd; n++ )
        vtd_wr64(vtd.frcd + 16 * n + 8, FRCD_F);
    vtd_wr32(VTD_FSTS, FSTS_PFO);
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
