/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pci.h: configuration space of bus 0, and BARs: there is no firmware that
 * would have set them up.
 */

#ifndef VIOMMU_PCI_H
#define VIOMMU_PCI_H

#include <xtf.h>

#define PCI_NONE                0xffff

uint32_t pci_read(uint16_t sid, unsigned int reg);
void pci_write(uint16_t sid, unsigned int reg, uint32_t val);

/* The nth function (from 0) with that class code (24 bits), or PCI_NONE. */
uint16_t pci_find(uint32_t class, unsigned int nth);

/* Give memory BAR 0 an address if it has none; enable memory and DMA. */
void *pci_enable(uint16_t sid);

#endif /* VIOMMU_PCI_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
