/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The IO-APIC, and the platform timer, whose interrupt comes again and again, as nobody
 * takes it.
 */

#include "ir.h"

#define IOAPIC                  0xfec00000u

#define APIC_LVT0               0x350
#define APIC_LVT_MASKED         (1u << 16)

void ioapic_init(void)
{
    irq_init();
    outb(0xff, 0x21);
    outb(0xff, 0xa1);
    *(volatile uint32_t *)_p(APIC_BASE + APIC_LVT0) = APIC_LVT_MASKED;
}

static void write(unsigned int reg, uint32_t val)
{
    *(volatile uint32_t *)_p(IOAPIC) = reg;
    *(volatile uint32_t *)_p(IOAPIC + 0x10) = val;
}

void ioapic_entry(unsigned int pin, uint64_t val)
{
    write(0x10 + 2 * pin, IOAPIC_MASKED);
    write(0x11 + 2 * pin, val >> 32);
    write(0x10 + 2 * pin, val);
}

uint32_t ioapic_read(unsigned int pin)
{
    *(volatile uint32_t *)_p(IOAPIC) = 0x10 + 2 * pin;

    return *(volatile uint32_t *)_p(IOAPIC + 0x10);
}

void ioapic_low(uint32_t val)
{
    *(volatile uint32_t *)_p(IOAPIC + 0x10) = val;
}

uint64_t ioapic_remapped(unsigned int index)
{
    return 1ull << 48 | (uint64_t)index << 49 | IOAPIC_VECTOR;
}

void timer(bool on)
{
    outb(on ? 0x34 : 0x30, 0x43);
    outb(on ? 0xa9 : 0xff, 0x40);
    outb(on ? 0x04 : 0xff, 0x40);
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
