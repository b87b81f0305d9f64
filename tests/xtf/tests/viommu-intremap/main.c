/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts through the unit's table.  Here are those of the IO-APIC: the platform
 * timer's, on pin 2, which comes again and again as nobody takes it.
 */

#include "ir.h"

const char test_title[] = "vIOMMU: interrupt remapping";

#define IOAPIC                  0xfec00000u
#define PIN                     2
#define IOAPIC_SID              0xff00u
#define ECAP_IR                 (1u << 3)

static void rte(uint64_t val)
{
    *(volatile uint32_t *)_p(IOAPIC) = 0x10 + 2 * PIN;
    *(volatile uint32_t *)_p(IOAPIC + 0x10) = 1u << 16;
    *(volatile uint32_t *)_p(IOAPIC) = 0x11 + 2 * PIN;
    *(volatile uint32_t *)_p(IOAPIC + 0x10) = val >> 32;
    *(volatile uint32_t *)_p(IOAPIC) = 0x10 + 2 * PIN;
    *(volatile uint32_t *)_p(IOAPIC + 0x10) = val;
}

static uint64_t remap(unsigned int index)
{
    return 1ull << 48 | (uint64_t)index << 49 | 0x21;
}

static void timer(bool on)
{
    outb(on ? 0x34 : 0x30, 0x43);
    outb(on ? 0xa9 : 0xff, 0x40);
    outb(on ? 0x04 : 0xff, 0x40);
}

void test_main(void)
{
    if ( !vtd_init() || !qi_init() )
        return;
    if ( !check(vtd.ecap & ECAP_IR, "ECAP %#"PRIx64" is without IR", vtd.ecap) )
        return;

    irq_init();
    outb(0xff, 0x21);
    outb(0xff, 0xa1);
    *(volatile uint32_t *)_p(APIC_BASE + 0x350) = 1u << 16;
    qi_enable(0);
    timer(true);

    subtest("nothing is remapped");
    rte(0x41);
    ir_expect("compatibility format", 0x41);

    subtest("compatibility format passes");
    ir_table(0);
    vtd_gcmd(VTD_CFI, 0);
    vtd_gcmd(VTD_IRE, 0);
    rte(0x42);
    ir_expect("compatibility format", 0x42);

    subtest("remapped");
    ir_entry(5, IRTE_P | IRTE_V(0x43), IRTE_SID(IOAPIC_SID));
    rte(remap(5));
    ir_expect("remapped", 0x43);
    check(!irq_sent(0x21), "the vector in the IO-APIC");

    subtest("entry changed");
    ir_entry(5, IRTE_P | IRTE_V(0x44), IRTE_SID(IOAPIC_SID));
    ir_invalidate(5);
    ir_expect("the new one", 0x44);

    subtest("somebody else's entry");
    rte(1u << 16);
    ir_entry(6, IRTE_P | IRTE_V(0x45), IRTE_SID(0x18));
    rte(remap(6));
    ir_expect_fault("source", 0x26, IOAPIC_SID, 6, 0x45);
    rte(1u << 16);
    ir_clear_faults();

    subtest("no entry");
    rte(remap(7));
    ir_expect_fault("not present", 0x22, IOAPIC_SID, 7, 0x21);
    rte(1u << 16);
    ir_clear_faults();

    subtest("beyond the table");
    rte(remap(256));
    ir_expect_fault("index", 0x21, IOAPIC_SID, 256, 0x21);
    rte(1u << 16);
    ir_clear_faults();

    subtest("compatibility format blocked, and told");
    vtd_wr32(VTD_FEDATA, 0x50);
    vtd_wr32(VTD_FEADDR, APIC_BASE);
    vtd_wr32(VTD_FECTL, 0);
    vtd_gcmd(0, VTD_CFI);
    rte(0x46);
    ir_expect_fault("compatibility format", 0x25, IOAPIC_SID, 0, 0x46);
    ir_expect("fault event", 0x50);
    vtd_wr32(VTD_FECTL, FECTL_IM);
    rte(1u << 16);
    ir_clear_faults();

    subtest("the timer goes on");
    ir_entry(6, IRTE_P | IRTE_V(0x47), IRTE_SID(IOAPIC_SID));
    ir_invalidate(6);
    rte(remap(6));
    ir_expect("remapped", 0x47);

    subtest("APIC ids of 32 bits");
    rte(1u << 16);
    ir_table(IRTA_EIME);
    ir_entry(8, IRTE_P | IRTE_V(0x48), IRTE_SID(IOAPIC_SID));
    rte(remap(8));
    ir_expect("APIC id 0", 0x48);
    rte(1u << 16);
    ir_entry(8, IRTE_P | IRTE_V(0x49) | 0x1000ull << 32, IRTE_SID(IOAPIC_SID));
    rte(remap(8));
    delay_us(20000);
    check(!irq_sent(0x49), "an APIC id that nobody has");
    check_eq("FSTS", vtd_rd32(VTD_FSTS) & (FSTS_PPF | FSTS_PFO), 0);

    test_msi();

    subtest("off again");
    vtd_gcmd(0, VTD_IRE);
    rte(0x4b);
    ir_expect("compatibility format", 0x4b);
    timer(false);
    rte(1u << 16);
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
