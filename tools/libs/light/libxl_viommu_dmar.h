/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The ACPI table that tells a guest about its virtual VT-d units.
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

/* One unit.  Bit n stands for slot n of bus 0. */
struct libxl__viommu_dmar_unit {
    uint64_t base;      /* guest-physical address of its registers */
    uint32_t devices;   /* whatever is in the slot is behind it */
    uint32_t bridges;   /* there is a bridge, and it takes all behind it along */
};

/*
 * Bytes that the table of nr units takes, 1 at least. The last one's devices and
 * bridges are not looked at: all that is behind no other unit is behind it.
 */
size_t libxl__viommu_dmar_size(const struct libxl__viommu_dmar_unit *unit,
                               unsigned int nr);

/*
 * Write it.
 *
 * haw   width in bits of guest-physical addresses, 12 to 64
 * intremap  the units remap interrupts, the first one those of the IOAPIC too
 */
void libxl__viommu_dmar(uint8_t *table,
                        const struct libxl__viommu_dmar_unit *unit,
                        unsigned int nr, unsigned int haw, bool intremap);

#endif /* LIBXL_VIOMMU_DMAR_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
