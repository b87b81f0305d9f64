/* SPDX-License-Identifier: GPL-2.0-only */

#include "pci.h"

#define PCI_COMMAND             0x04
#define  PCI_COMMAND_MEMORY     2
#define  PCI_COMMAND_MASTER     4
#define PCI_CLASS               0x08
#define PCI_BAR0                0x10

/* Above all memory of the tests, below the chipset's own ranges. */
#define MMIO_START              0xf0000000u
#define MMIO_STEP               0x00100000u

static void select(uint16_t sid, unsigned int reg)
{
    outl(0x80000000u | ((uint32_t)sid << 8) | (reg & 0xfc), 0xcf8);
}

uint32_t pci_read(uint16_t sid, unsigned int reg)
{
    select(sid, reg);

    return inl(0xcfc);
}

void pci_write(uint16_t sid, unsigned int reg, uint32_t val)
{
    select(sid, reg);
    outl(val, 0xcfc);
}

uint16_t pci_find(uint32_t class, unsigned int nth)
{
    unsigned int sid;

    for ( sid = 0; sid < 0x100; sid++ )
        if ( (uint16_t)pci_read(sid, 0) != 0xffff &&
             pci_read(sid, PCI_CLASS) >> 8 == class &&
             nth-- == 0 )
            return sid;

    return PCI_NONE;
}

void *pci_enable(uint16_t sid)
{
    static uint32_t next = MMIO_START;
    uint32_t bar = pci_read(sid, PCI_BAR0) & ~0xfu;

    if ( !bar )
    {
        bar = next;
        next += MMIO_STEP;
        pci_write(sid, PCI_BAR0, bar);
        if ( pci_read(sid, PCI_BAR0) & 4 )
            pci_write(sid, PCI_BAR0 + 4, 0);
    }

    pci_write(sid, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);

    return _p(bar);
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
