/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The DMAR table: one DRHD structure with one IOAPIC in its scope.
 */

#include <string.h>

#include "libxl_viommu_dmar.h"

struct dmar_path {
    uint8_t dev;
    uint8_t func;
} __attribute__((packed));

struct dmar_scope {
    uint8_t type;
#define DMAR_SCOPE_IOAPIC 3
    uint8_t length;
    uint16_t reserved;
    uint8_t enumeration_id;
    uint8_t start_bus;
    struct dmar_path path[1];
} __attribute__((packed));

struct dmar_drhd {
    uint16_t type;
#define DMAR_TYPE_DRHD 0
    uint16_t length;
    uint8_t flags;
#define DMAR_DRHD_INCLUDE_PCI_ALL (1u << 0)
    uint8_t reserved;
    uint16_t segment;
    uint64_t base;
    struct dmar_scope ioapic;
} __attribute__((packed));

struct dmar_table {
    char signature[4];
    uint32_t length;
    uint8_t revision;
    uint8_t checksum;
    char oem_id[6];
    char oem_table_id[8];
    uint32_t oem_revision;
    char creator_id[4];
    uint32_t creator_revision;
    uint8_t host_address_width;  /* less one */
    uint8_t flags;
#define DMAR_INTR_REMAP (1u << 0)
    uint8_t reserved[10];
    struct dmar_drhd drhd;
} __attribute__((packed));

_Static_assert(sizeof(struct dmar_table) == LIBXL__VIOMMU_DMAR_SIZE,
               "size of the DMAR table");

void libxl__viommu_dmar(uint8_t table[LIBXL__VIOMMU_DMAR_SIZE],
                        uint64_t base, unsigned int haw, bool intremap)
{
    /* The ids are those of the tables that hvmloader makes. */
    struct dmar_table dmar = {
        .signature = { 'D', 'M', 'A', 'R' },
        .length = sizeof(dmar),
        .revision = 1,
        .oem_id = "Xen",
        .oem_table_id = "HVM",
        .creator_id = { 'H', 'V', 'M', 'L' },
        .host_address_width = haw - 1,
        /*
         * Without INTR_REMAP nobody tries to remap interrupts.  Nobody is told
         * not to use the x2APIC: APIC ids of 32 bits are understood.
         */
        .flags = intremap ? DMAR_INTR_REMAP : 0,
        .drhd = {
            .type = DMAR_TYPE_DRHD,
            .length = sizeof(dmar.drhd),
            .flags = DMAR_DRHD_INCLUDE_PCI_ALL,
            .base = base,
            .ioapic = {
                .type = DMAR_SCOPE_IOAPIC,
                .length = sizeof(dmar.drhd.ioapic),
                .enumeration_id = LIBXL__VIOMMU_IOAPIC_ID,
                .start_bus = LIBXL__VIOMMU_IOAPIC_BUS,
                .path = { { LIBXL__VIOMMU_IOAPIC_DEV,
                            LIBXL__VIOMMU_IOAPIC_FUNC } },
            },
        },
    };
    uint8_t sum = 0;
    size_t i;

    memcpy(table, &dmar, sizeof(dmar));

    for (i = 0; i < sizeof(dmar); i++)
        sum += table[i];

    table[offsetof(struct dmar_table, checksum)] = -sum;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
