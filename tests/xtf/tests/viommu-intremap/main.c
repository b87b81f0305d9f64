/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts through the unit's table.  Here is the one of the IO-APIC.
 */

#include "ir.h"

const char test_title[] = "vIOMMU: interrupt remapping";

void test_main(void)
{
    if ( !vtd_init() || !qi_init() )
        return;
    if ( !check(vtd.ecap & ECAP_IR, "ECAP %#"PRIx64" is without IR", vtd.ecap) )
        return;

    ioapic_init();
    qi_enable(0);
    timer(true);

    subtest("nothing is remapped");
    ioapic_entry(TIMER_PIN, 0x41);
    ir_expect("compatibility format", 0x41);

    subtest("compatibility format passes");
    ir_table(0);
    vtd_gcmd(VTD_CFI, 0);
    vtd_gcmd(VTD_IRE, 0);
    ioapic_entry(TIMER_PIN, 0x42);
    ir_expect("compatibility format", 0x42);

    subtest("remapped");
    ir_entry(5, IRTE_P | IRTE_V(0x43), IRTE_SID(IOAPIC_SID));
    ioapic_entry(TIMER_PIN, ioapic_remapped(5));
    ir_expect("remapped", 0x43);
    check(!irq_sent(IOAPIC_VECTOR), "the vector in the IO-APIC");

    subtest("entry changed");
    ir_entry(5, IRTE_P | IRTE_V(0x44), IRTE_SID(IOAPIC_SID));
    ir_invalidate(5);
    ir_expect("the new one", 0x44);

    subtest("somebody else's entry");
    ioapic_entry(TIMER_PIN, IOAPIC_MASKED);
    ir_entry(6, IRTE_P | IRTE_V(0x45), IRTE_SID(0x18));
    ioapic_entry(TIMER_PIN, ioapic_remapped(6));
    ir_expect_fault("source", 0x26, IOAPIC_SID, 6, 0x45);
    ioapic_entry(TIMER_PIN, IOAPIC_MASKED);
    ir_clear_faults();

    subtest("no entry");
    ioapic_entry(TIMER_PIN, ioapic_remapped(7));
    ir_expect_fault("not present", 0x22, IOAPIC_SID, 7, IOAPIC_VECTOR);
    ioapic_entry(TIMER_PIN, IOAPIC_MASKED);
    ir_clear_faults();

    subtest("beyond the table");
    ioapic_entry(TIMER_PIN, ioapic_remapped(256));
    ir_expect_fault("index", 0x21, IOAPIC_SID, 256, IOAPIC_VECTOR);
    ioapic_entry(TIMER_PIN, IOAPIC_MASKED);
    ir_clear_faults();

    subtest("compatibility format blocked, and told");
    vtd_wr32(VTD_FEDATA, 0x50);
    vtd_wr32(VTD_FEADDR, APIC_BASE);
    vtd_wr32(VTD_FECTL, 0);
    vtd_gcmd(0, VTD_CFI);
    ioapic_entry(TIMER_PIN, 0x46);
    ir_expect_fault("compatibility format", 0x25, IOAPIC_SID, 0, 0x46);
    ir_expect("fault event", 0x50);
    vtd_wr32(VTD_FECTL, FECTL_IM);
    ioapic_entry(TIMER_PIN, IOAPIC_MASKED);
    ir_clear_faults();

    subtest("the timer goes on");
    ir_entry(6, IRTE_P | IRTE_V(0x47), IRTE_SID(IOAPIC_SID));
    ir_invalidate(6);
    ioapic_entry(TIMER_PIN, ioapic_remapped(6));
    ir_expect("remapped", 0x47);

    subtest("APIC ids of 32 bits");
    ioapic_entry(TIMER_PIN, IOAPIC_MASKED);
    ir_table(IRTA_EIME);
    ir_entry(8, IRTE_P | IRTE_V(0x48), IRTE_SID(IOAPIC_SID));
    ioapic_entry(TIMER_PIN, ioapic_remapped(8));
    ir_expect("APIC id 0", 0x48);
    ioapic_entry(TIMER_PIN, IOAPIC_MASKED);
    ir_entry(8, IRTE_P | IRTE_V(0x49) | 0x1000ull << 32, IRTE_SID(IOAPIC_SID));
    ioapic_entry(TIMER_PIN, ioapic_remapped(8));
    delay_us(20000);
    check(!irq_sent(0x49), "an APIC id that nobody has");
    check_eq("FSTS", vtd_rd32(VTD_FSTS) & (FSTS_PPF | FSTS_PFO), 0);

    test_level();
    test_msi();

    subtest("off again");
    vtd_gcmd(0, VTD_IRE);
    ioapic_entry(TIMER_PIN, 0x4b);
    ir_expect("compatibility format", 0x4b);
    timer(false);
    ioapic_entry(TIMER_PIN, IOAPIC_MASKED);
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
