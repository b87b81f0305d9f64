/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The domain is saved and restored while its interrupts are remapped.
 *
 * "SAVEIRQ-NOW" on the console asks for that, and to be told by the power button that
 * it is done.  The IO-APIC's interrupt and a device's then come by the entries of
 * before, and what was to be blocked is blocked.  Linux guests are saved wherever they
 * are, also at the first instruction of the page fault handler, so CR2 has to come along.
 */

#include "../viommu-intremap/ir.h"

const char test_title[] = "vIOMMU: saved while interrupts are remapped";

#define TOLD_US                 1200000000

#define PIN                     5
#define NIC                     6
/* Nobody has it, and without EIME its bits are reserved. */
#define DEST                    (1ull << 32)

/* What a page fault has left, and its handler has not read yet. */
#define CR2                     0x123456789000ul

static struct nic nic;

static void change(unsigned int index, uint64_t lo, uint16_t sid)
{
    ir_entry(index, IRTE_P | lo, IRTE_SID(sid));
    ir_invalidate(index);
}

static void test_after(void)
{
    subtest("by the entries of before");
    check(!irq_sent(0x43), "IO-APIC, sent before");
    check(!irq_sent(0x44), "device, sent before");
    ioapic_entry(TIMER_PIN, ioapic_remapped(PIN));
    ir_expect("IO-APIC", 0x43);
    nic_raise(&nic);
    ir_expect("device", 0x44);

    subtest("entries changed");
    change(PIN, IRTE_V(0x48), IOAPIC_SID);
    ir_expect("IO-APIC", 0x48);
    change(NIC, IRTE_V(0x49), nic.sid);
    nic_raise(&nic);
    ir_expect("device", 0x49);

    subtest("APIC ids of 32 bits");
    change(NIC, IRTE_V(0x45) | DEST, nic.sid);
    nic_raise(&nic);
    check(!irq_sent(0x45), "an APIC id that nobody has");
    check_eq("FSTS", vtd_rd32(VTD_FSTS) & (FSTS_PPF | FSTS_PFO), 0);

    subtest("blocked");
    change(NIC, IRTE_V(0x46), IOAPIC_SID);
    nic_raise(&nic);
    ir_expect_fault("source", 0x26, nic.sid, NIC, 0x46);
    ir_clear_faults();
    ioapic_entry(TIMER_PIN, 0x47);
    ir_expect_fault("compatibility format", 0x25, IOAPIC_SID, 0, 0x47);
}

void test_main(void)
{
    uint32_t gsts;
    uint64_t irta, cr2;

    if ( !vtd_init() || !qi_init() || !nic_find(&nic) )
        return;
    if ( !check(vtd.ecap & ECAP_IR, "ECAP %#"PRIx64" is without IR", vtd.ecap) )
        return;

    ioapic_init();
    qi_enable(0);
    ir_table(IRTA_EIME);
    vtd_gcmd(VTD_IRE, 0);
    ir_entry(PIN, IRTE_P | IRTE_V(0x41), IRTE_SID(IOAPIC_SID));
    ir_entry(NIC, IRTE_P | IRTE_V(0x42), IRTE_SID(nic.sid));
    ioapic_entry(TIMER_PIN, ioapic_remapped(PIN));
    nic_message(ir_message(NIC));
    nic_mask(false);

    subtest("before");
    timer(true);
    ir_expect("IO-APIC", 0x41);
    nic_raise(&nic);
    ir_expect("device", 0x42);
    ioapic_entry(TIMER_PIN, IOAPIC_MASKED);
    change(PIN, IRTE_V(0x43), IOAPIC_SID);
    change(NIC, IRTE_V(0x44), nic.sid);
    gsts = vtd_rd32(VTD_GSTS);
    irta = vtd_rd64(VTD_IRTA);
    asm volatile ( "mov %0, %%cr2" :: "r" (CR2) );

    printk("SAVEIRQ-NOW\n");
    check(wait_for(told_to_end(), TOLD_US), "nobody says stop");
    asm volatile ( "mov %%cr2, %0" : "=r" (cr2) );
    check_eq("CR2", cr2, CR2);
    check_eq("GSTS", vtd_rd32(VTD_GSTS), gsts);
    check_eq("IRTA", vtd_rd64(VTD_IRTA), irta);
    test_after();
    subtest(NULL);

    timer(false);
    ioapic_entry(TIMER_PIN, IOAPIC_MASKED);
    vtd_gcmd(0, VTD_IRE);
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
