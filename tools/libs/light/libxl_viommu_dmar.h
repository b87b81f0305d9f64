/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The ACPI table that tells a guest about its virtual VT-d.
 *
 * Nothing of libxl is needed here, so that a test can build it alone.
 */

#ifndef LIBXL_VIOMMU_DMAR_H
#define LIBXL_VIOMMU_DMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * IOAPIC id in the MADT which hvmloader makes (its config.h), and the
 * requester id under which that IOAPIC signals interrupts.  The guest must
 * not find a device there; 0 would mean "unknown" to Linux.
 */
#define LIBXL__VIOMMU_IOAPIC_ID   1
#define LIBXL__VIOMMU_IOAPIC_BUS  0xff
#define LIBXL__VIOMMU_IOAPIC_DEV  0
#define LIBXL__VIOMMU_IOAPIC_FUNC 0

/* Bytes that libxl__viommu_dmar() writes. */
#define LIBXL__VIOMMU_DMAR_SIZE   72

/*
 * Write the table of one unit, which all PCI devices of segment 0 are behind.
 *
 * base  guest-physical address of the unit's registers
 * haw   width in bits of guest-physical addresses, 12 to 64
 * intremap  the unit remaps interrupts, those of the IOAPIC too
 */
void libxl__viommu_dmar(uint8_t table[LIBXL__VIOMMU_DMAR_SIZE],
                        uint64_t base, unsigned int haw, bool intremap);

#endif /* LIBXL_VIOMMU_DMAR_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
