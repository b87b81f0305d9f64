/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The DMAR table: a DRHD structure for each unit, in order, so that the one which
 * has all other devices is the last, as the specification wants it. In the first
 * one's scope is the IOAPIC.
 */

#include <string.h>

#include "libxl_viommu_dmar.h"

struct dmar_path {
    uint8_t dev;
    uint8_t func;
} __attribute__((packed));

struct dmar_scope {
    uint8_t type;
#define DMAR_SCOPE_ENDPOINT 1
#define DMAR_SCOPE_BRIDGE   2
#define DMAR_SCOPE_IOAPIC   3
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
    struct dmar_scope scope[];
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
} __attribute__((packed));

_Static_assert(sizeof(struct dmar_scope) == 8 && sizeof(struct dmar_drhd) == 16 &&
               sizeof(struct dmar_table) == 48, "sizes of the DMAR table");

#define NR_SLOTS 32
#define NR_FUNCS 8

static void add_scope(struct dmar_drhd *drhd, struct dmar_scope scope)
{
    size_t n = (drhd->length - sizeof(*drhd)) / sizeof(scope);

    scope.length = sizeof(scope);
    drhd->scope[n] = scope;
    drhd->length += sizeof(scope);
}

/*
 * By path, and so from bus 0, whose number does not change. Of a slot each
 * function may have a device: those that are not there are not found.
 */
static void add_slots(struct dmar_drhd *drhd, uint32_t slots, uint8_t type)
{
    unsigned int dev, func;

    for (dev = 0; dev < NR_SLOTS; dev++)
        for (func = 0; func < NR_FUNCS && (slots >> dev & 1); func++)
            add_scope(drhd, (struct dmar_scope){
                .type = type,
                .path = { { .dev = dev, .func = func } },
            });
}

static void fill_unit(struct dmar_drhd *drhd,
                      const struct libxl__viommu_dmar_unit *unit, bool first,
                      bool last)
{
    *drhd = (struct dmar_drhd){
        .type = DMAR_TYPE_DRHD,
        .length = sizeof(*drhd),
        .flags = last ? DMAR_DRHD_INCLUDE_PCI_ALL : 0,
        .base = unit->base,
    };

    if (first)
        add_scope(drhd, (struct dmar_scope){
            .type = DMAR_SCOPE_IOAPIC,
            .enumeration_id = LIBXL__VIOMMU_IOAPIC_ID,
            .start_bus = LIBXL__VIOMMU_IOAPIC_BUS,
            .path = { { LIBXL__VIOMMU_IOAPIC_DEV, LIBXL__VIOMMU_IOAPIC_FUNC } },
        });
    if (!last) {
        add_slots(drhd, unit->devices, DMAR_SCOPE_ENDPOINT);
        add_slots(drhd, unit->bridges, DMAR_SCOPE_BRIDGE);
    }
}

size_t libxl__viommu_dmar_size(const struct libxl__viommu_dmar_unit *unit,
                               unsigned int nr)
{
    size_t scopes = 1;
    unsigned int i;

    for (i = 0; i + 1 < nr; i++)
        scopes += NR_FUNCS * (__builtin_popcount(unit[i].devices) +
                              __builtin_popcount(unit[i].bridges));

    return sizeof(struct dmar_table) + nr * sizeof(struct dmar_drhd) +
           scopes * sizeof(struct dmar_scope);
}

void libxl__viommu_dmar(uint8_t *table,
                        const struct libxl__viommu_dmar_unit *unit,
                        unsigned int nr, unsigned int haw, bool intremap)
{
    /* The ids are those of the tables that hvmloader makes. */
    const struct dmar_table dmar = {
        .signature = { 'D', 'M', 'A', 'R' },
        .length = libxl__viommu_dmar_size(unit, nr),
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
    };
    uint8_t *at = table + sizeof(dmar), sum = 0;
    unsigned int i;

    memcpy(table, &dmar, sizeof(dmar));
    for (i = 0; i < nr; i++) {
        struct dmar_drhd *drhd = (void *)at;

        fill_unit(drhd, &unit[i], !i, i + 1 == nr);
        at += drhd->length;
    }

    for (i = 0; i < dmar.length; i++)
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
