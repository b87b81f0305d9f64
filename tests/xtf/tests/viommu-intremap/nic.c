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
#define E1000E_TXQ0             (1u << 22)
#define E1000E_TABLE            0xf8000000u
#define E1000E_PENDING          (E1000E_TABLE + 0x2000)

#define PCI_BAR3                0x1c
#define PCI_CAP_MSIX            0x11
#define MSIX_ENABLE             (1u << 31)

static volatile uint32_t marker;

static void write(const struct nic *nic, unsigned int off, uint32_t val)
{
    *(volatile uint32_t *)(nic->bar + off) = val;
}

static void raise(const struct nic *nic, uint32_t cause)
{
    write(nic, E1000E_ICR, cause);
    write(nic, E1000E_ICS, cause);
}

static void mark(const struct nic *nic)
{
    marker = 0;
    raise(nic, E1000E_TXQ0);
    check(wait_for(marker, SOON_US), "the NIC's throttle does not end");
}

/*
 * QEMU sends each message once more when the throttle of its vector ends, after 128 us
 * or when it comes to it, which may be after a restore.  Those throttles end in the
 * order in which they began.  Vector 1 writes to memory, at once or, while throttled, at
 * the end of that.  So the first one sees the end of the throttle of the last time, if
 * there still is one; or it or the second one begins one, after vector 0's; and the
 * next one sees that end.
 */
static void settle(const struct nic *nic)
{
    mark(nic);
    mark(nic);
    mark(nic);
}

bool nic_find(struct nic *nic)
{
    volatile uint32_t *table = _p(E1000E_TABLE);
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
    /* Receive queue 0 has vector 0, transmit queue 0 has vector 1. */
    write(nic, E1000E_IVAR, 8 | 9 << 8);
    write(nic, E1000E_IMS, E1000E_RXQ0 | E1000E_TXQ0);
    table[4] = _u(&marker);
    table[5] = 0;
    table[6] = 1;
    table[7] = 0;

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

void nic_raise(const struct nic *nic)
{
    raise(nic, E1000E_RXQ0);
    settle(nic);
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
