/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's "edu", a device that sends a message when it is told to.
 */

#include "ir.h"

#define EDU                     0x11e81234u
#define EDU_RAISE               0x60
#define EDU_ACK                 0x64

#define PCI_CAP_PTR             0x34
#define PCI_CAP_MSI             5
#define MSI_ENABLE              (1u << 16)

uint16_t pci_find_id(uint32_t id, unsigned int nth)
{
    unsigned int sid;

    for ( sid = 0; sid < 0x100; sid++ )
        if ( pci_read(sid, 0) == id && nth-- == 0 )
            return sid;

    return PCI_NONE;
}

unsigned int pci_find_cap(uint16_t sid, unsigned int id)
{
    unsigned int cap = pci_read(sid, PCI_CAP_PTR) & 0xfc;

    while ( cap && (pci_read(sid, cap) & 0xff) != id )
        cap = pci_read(sid, cap) >> 8 & 0xfc;
    check(cap, "%02x has no capability %#x", sid, id);

    return cap;
}

bool edu_find(struct edu *edu, unsigned int nth)
{
    edu->sid = pci_find_id(EDU, nth);
    if ( !check(edu->sid != PCI_NONE, "no edu %u", nth) )
        return false;

    edu->bar = pci_enable(edu->sid);

    return true;
}

void edu_set_msi(const struct edu *edu, uint32_t addr, uint32_t data)
{
    unsigned int cap = pci_find_cap(edu->sid, PCI_CAP_MSI);

    if ( !cap )
        return;

    pci_write(edu->sid, cap + 4, addr);
    pci_write(edu->sid, cap + 8, 0);
    pci_write(edu->sid, cap + 12, data);
    pci_write(edu->sid, cap, pci_read(edu->sid, cap) | MSI_ENABLE);
}

void edu_assert(const struct edu *edu, bool on)
{
    *(volatile uint32_t *)(edu->bar + (on ? EDU_RAISE : EDU_ACK)) = 1;
}

void edu_raise(const struct edu *edu)
{
    edu_assert(edu, true);
    edu_assert(edu, false);
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
