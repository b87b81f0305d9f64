/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device sends without a pause, as another vCPU drives it, while its entry changes:
 * once the wait behind the invalidation is over, what the entry said before does not
 * come any more.
 */

#include "../viommu-intremap/ir.h"
#include "../viommu-lib/smp.h"

const char test_title[] = "vIOMMU: interrupts against invalidation";

#define FIRST                   0x30
#define LAST                    0xef
#define INDEX                   16

static struct edu edu;
static volatile uint32_t sent;

static void send(void)
{
    for ( ;; )
    {
        edu_raise(&edu);
        sent++;
    }
}

void test_main(void)
{
    unsigned int vector, late = 0, early = 0;

    if ( !vtd_init() || !qi_init() || !edu_find(&edu, 0) )
        return;

    irq_init();
    qi_enable(0);
    ir_table(0);
    vtd_gcmd(VTD_IRE, 0);
    ir_entry(INDEX, IRTE_P | IRTE_V(FIRST), IRTE_SID(edu.sid));
    edu_set_msi(&edu, ir_message(INDEX), 0);
    if ( !smp_start(send) )
        return;
    ir_expect("the first one", FIRST);

    subtest("no old vector");
    for ( vector = FIRST + 1; vector < LAST; vector += 2 )
    {
        uint32_t now = sent;
        bool before;

        /* In force for a moment, so that it may be under way. */
        ir_entry(INDEX, IRTE_P | IRTE_V(vector), IRTE_SID(edu.sid));
        if ( vector & 2 )
            wait_for(sent != now, SOON_US);
        ir_entry(INDEX, IRTE_P | IRTE_V(vector + 1), IRTE_SID(edu.sid));
        ir_invalidate(INDEX);
        before = irq_sent(vector);
        ir_expect("the new one", vector + 1);
        late += !before && irq_sent(vector);
        early += before;
    }
    check(!late, "%u of %u came late", late, (LAST - FIRST) / 2);
    check_eq("FSTS", vtd_rd32(VTD_FSTS) & (FSTS_PPF | FSTS_PFO), 0);
    subtest(NULL);

    printk("%u came in time, %u sent\n", early, sent);
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
