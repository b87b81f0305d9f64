/* SPDX-License-Identifier: GPL-2.0-only */
/* An AHCI controller's first port, with a disk that is read block by block. */
#ifndef VIOMMU_LIB_AHCI_H
#define VIOMMU_LIB_AHCI_H

#include "pci.h"
#include "vtd.h"

#define PCI_COMMAND             0x04
#define PCI_BAR5                0x24
#define AHCI_CLASS              0x010601
#define AHCI_BASE               0xf0000000u

#define HBA_GHC                 0x04
#define  GHC_AE                 (1u << 31)
#define PORT_CLB                0x100
#define PORT_CLBU               0x104
#define PORT_FB                 0x108
#define PORT_FBU                0x10c
#define PORT_IS                 0x110
#define  IS_TFES                (1u << 30)
#define PORT_CMD                0x118
#define  CMD_ST                 (1u << 0)
#define  CMD_FRE                (1u << 4)
#define PORT_TFD                0x120
#define  TFD_ERR                0x01
#define PORT_CI                 0x138

#define ATA_READ_DMA            0xc8

static inline uint32_t ahci_rd(unsigned int reg)
{
    return *(volatile uint32_t *)_p(AHCI_BASE + reg);
}

static inline void ahci_wr(unsigned int reg, uint32_t val)
{
    *(volatile uint32_t *)_p(AHCI_BASE + reg) = val;
}

/* PCI_NONE if there is none. */
static inline uint16_t ahci_find(void)
{
    uint16_t sid = pci_find(AHCI_CLASS, 0);

    if ( sid != PCI_NONE )
    {
        pci_write(sid, PCI_BAR5, AHCI_BASE);
        pci_write(sid, PCI_COMMAND, 6);
    }

    return sid;
}

static inline void ahci_start(uint32_t list, uint32_t fis)
{
    ahci_wr(PORT_CMD, 0);
    ahci_wr(HBA_GHC, GHC_AE);
    ahci_wr(PORT_CLB, list);
    ahci_wr(PORT_CLBU, 0);
    ahci_wr(PORT_FB, fis);
    ahci_wr(PORT_FBU, 0);
    ahci_wr(PORT_CMD, CMD_FRE);
    ahci_wr(PORT_CMD, CMD_FRE | CMD_ST);
}

/* Have a block read: @list and @table as we see them, the rest as the port. */
static inline void ahci_issue(uint32_t *list, uint32_t *table,
                              uint32_t table_iova, uint32_t target)
{
    list[0] = (1u << 16) | 5;
    list[1] = 0;
    list[2] = table_iova;
    list[3] = 0;
    table[0] = 0x27 | (1u << 15) | (ATA_READ_DMA << 16);
    table[1] = 0x40u << 24;
    table[2] = 0;
    table[3] = 1;
    table[0x80 / 4] = target;
    table[0x84 / 4] = table[0x88 / 4] = 0;
    table[0x8c / 4] = 511;
    wmb();

    ahci_wr(PORT_IS, ~0u);
    ahci_wr(PORT_CI, 1);
}

static inline bool ahci_busy(void)
{
    return (ahci_rd(PORT_CI) & 1) && !(ahci_rd(PORT_IS) & IS_TFES);
}

#endif /* VIOMMU_LIB_AHCI_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
