/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device model's part of a vIOMMU that Xen emulates.
 */
#ifndef HW_XEN_XEN_VIOMMU_H
#define HW_XEN_XEN_VIOMMU_H

#include "hw/pci/pci.h"

/*
 * Attach to the guest's vIOMMU, if Xen gave it one, and put the devices on
 * and behind @bus behind it.  To be called when the root bus exists, before
 * the bus master address spaces of its devices are set up (machine-done) and
 * before the Xen handles are restricted.
 */
void xen_viommu_init(PCIBus *bus);

#endif /* HW_XEN_XEN_VIOMMU_H */
