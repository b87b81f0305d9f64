/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads the table back by the offsets of the VT-d specification, so that a
 * mistake in the structures it was built from shows.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libxl_viommu_dmar.h"

static unsigned int failed;

static void expect(const char *what, uint64_t got, uint64_t want)
{
    if (got == want)
        return;

    fprintf(stderr, "%s: %#llx, expected %#llx\n", what,
            (unsigned long long)got, (unsigned long long)want);
    failed++;
}

static uint64_t le(const uint8_t *table, size_t offset, unsigned int bytes)
{
    uint64_t value = 0;

    while (bytes--)
        value = (value << 8) | table[offset + bytes];

    return value;
}

/* A scope of 8 bytes at @t: one step from @bus to @dev.@func. */
static void test_scope(const uint8_t *t, unsigned int type, unsigned int id,
                       unsigned int bus, unsigned int dev, unsigned int func)
{
    expect("scope type", t[0], type);
    expect("scope length", t[1], 8);
    expect("scope reserved", le(t, 2, 2), 0);
    expect("enumeration id", t[4], id);
    expect("start bus", t[5], bus);
    expect("path: device", t[6], dev);
    expect("path: function", t[7], func);
}

/* The scopes of slots, in the order of their numbers; returns where they end. */
static size_t test_slots(const uint8_t *t, size_t at, uint32_t slots,
                         unsigned int type)
{
    unsigned int dev, func;

    for (dev = 0; dev < 32; dev++)
        for (func = 0; func < 8 && (slots & (1u << dev)); func++) {
            test_scope(t + at, type, 0, 0, dev, func);
            at += 8;
        }

    return at;
}

static void test_table(const struct libxl__viommu_dmar_unit *unit,
                       unsigned int nr, unsigned int haw, bool intremap)
{
    size_t size = libxl__viommu_dmar_size(unit, nr), at = 48, end, i;
    /* Guard bytes around the table, and no zeroes underneath it. */
    uint8_t *buffer = malloc(size + 2), *t = buffer + 1, sum = 0;

    memset(buffer, 0xa5, size + 2);
    libxl__viommu_dmar(t, unit, nr, haw, intremap);

    expect("guard before", buffer[0], 0xa5);
    expect("guard behind", buffer[size + 1], 0xa5);

    for (i = 0; i < size; i++)
        sum += t[i];
    expect("sum of all bytes", sum, 0);

    expect("signature", memcmp(t, "DMAR", 4), 0);
    expect("length", le(t, 4, 4), size);
    expect("revision", t[8], 1);
    expect("OEM id", memcmp(t + 10, "Xen\0\0\0", 6), 0);
    expect("OEM table id", memcmp(t + 16, "HVM\0\0\0\0\0", 8), 0);
    expect("OEM revision", le(t, 24, 4), 0);
    expect("creator id", memcmp(t + 28, "HVML", 4), 0);
    expect("creator revision", le(t, 32, 4), 0);
    expect("host address width", t[36], haw - 1);
    /* Of the flags INTR_REMAP only, no X2APIC_OPT_OUT. */
    expect("flags", t[37], intremap);
    for (i = 38; i < 48; i++)
        expect("reserved", t[i], 0);

    /* The structures are DRHDs, one a unit, and end where the table does. */
    for (i = 0; i < nr; i++) {
        bool last = i + 1 == nr;

        expect("structure type", le(t, at, 2), 0);
        end = at + le(t, at + 2, 2);
        expect("DRHD flags", t[at + 4], last);
        expect("DRHD reserved", t[at + 5], 0);
        expect("segment", le(t, at + 6, 2), 0);
        expect("base", le(t, at + 8, 8), unit[i].base);

        at += 16;
        /* The IOAPIC, at ff:00.0. */
        if (!i) {
            test_scope(t + at, 3, 1, 0xff, 0, 0);
            at += 8;
        }
        if (!last) {
            at = test_slots(t, at, unit[i].devices, 1);
            at = test_slots(t, at, unit[i].bridges, 2);
        }
        expect("structure length", at, end);
    }
    expect("end of the table", at, size);
    free(buffer);
}

int main(int argc, char **argv)
{
    static const uint64_t bases[] = { 0xfed90000, 0x1000, 0x123456789000 };
    /* What is said of the last one does not count. */
    static const struct libxl__viommu_dmar_unit units[] = {
        { 0xfed90000, 1u << 3 | 1u << 31, 0 },
        { 0xfed91000, 0, 1u << 5 },
        { 0xfed92000, 1u << 0 | 1u << 30, 1u << 1 | 1u << 4 },
        { 0xfed93000, 1u << 6, 0 },
        { 0xfed94000, 1u << 7, 0 },
        { 0xfed95000, 0xff00, 0xff0000 },
        { 0xfed96000, 1u << 2, 0 },
        { 0xfed97000, 1u << 24, 1u << 25 },
    };
    unsigned int haw, nr;
    size_t i, size;
    uint8_t *table;
    FILE *f;

    for (i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
        for (haw = 12; haw <= 64; haw++) {
            const struct libxl__viommu_dmar_unit one = { .base = bases[i] };

            test_table(&one, 1, haw, false);
            test_table(&one, 1, haw, true);
            expect("size", libxl__viommu_dmar_size(&one, 1), 72);
        }
    for (nr = 1; nr <= 8; nr++) {
        test_table(units, nr, 48, false);
        test_table(units, nr, 46, true);
    }

    /* Of so many units as said, for the disassembler. */
    if (argc > 2) {
        nr = atoi(argv[2]);
        size = libxl__viommu_dmar_size(units, nr);
        table = malloc(size);
        libxl__viommu_dmar(table, units, nr, 48, true);
        f = fopen(argv[1], "wb");
        if (!f || fwrite(table, size, 1, f) != 1 || fclose(f)) {
            perror(argv[1]);
            return EXIT_FAILURE;
        }
    }

    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
