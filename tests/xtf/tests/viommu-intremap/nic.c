/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A NIC, an e1000e, whose interrupt is made pending by a register.  It can be masked,
 * and is saved.
 */

#include "ir.h"

#define E1000E                  0x10d38086u
#define E1000E_ICR              0xc0
#define E1000E_ICS              0xc8
#define E1000E_IMS              0xd0
#define E1000E_IVAR             0xe4
#define E1000E_RXQ0             (1u << 20)
#define E1000E_TABLE            0xf8000000u
#define E1000E_PENDING          (E1000E_TABLE + 0x2000)

#define PCI_BAR3                0x1c
#define PCI_CAP_MSIX            0x11
#define MSIX_ENABLE             (1u << 31)

static void write(const struct nic *nic, unsigned int off, uint32_t val)
{
    *(volatile uint32_t *)(nic->bar + off) = val;
}

bool nic_find(struct nic *nic)
{
    unsigned int cap;

    nic->sid = pci_find_id(E1000E, 0);
    if ( !check(nic->sid != PCI_NONE, "no e1000e") )
        return false;

    pci_write(nic->sid, PCI_BAR3, E1000E_TABLE);
    nic->bar = pci_enable(nic->sid);
    cap = pci_find_cap(nic->sid, PCI_CAP_MSIX);
    if ( !cap )
        return false;
    nic_mask(true);
    pci_write(nic->sid, cap, pci_read(nic->sid, cap) | MSIX_ENABLE);
    /* Receive queue 0 has vector 0. */
    write(nic, E1000E_IVAR, 8);
    write(nic, E1000E_IMS, E1000E_RXQ0);

    return true;
}

void nic_message(uint32_t addr)
{
    volatile uint32_t *table = _p(E1000E_TABLE);

    table[0] = addr;
    table[1] = table[2] = 0;
}

void nic_mask(bool masked)
{
    volatile uint32_t *table = _p(E1000E_TABLE);

    table[3] = masked;
}

bool nic_pending(void)
{
    return *(volatile uint32_t *)_p(E1000E_PENDING) & 1;
}

/* What has been raised is not sent again, when its throttle lets it. */
void nic_served(const struct nic *nic)
{
    write(nic, E1000E_ICR, E1000E_RXQ0);
}

void nic_raise(const struct nic *nic)
{
    nic_served(nic);
    write(nic, E1000E_ICS, E1000E_RXQ0);
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
