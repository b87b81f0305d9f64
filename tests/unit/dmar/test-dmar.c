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

static void test_table(uint64_t base, unsigned int haw, bool intremap)
{
    /* Guard bytes around the table, and no zeroes underneath it. */
    uint8_t buffer[LIBXL__VIOMMU_DMAR_SIZE + 2], *t = buffer + 1, sum = 0;
    size_t i;

    memset(buffer, 0xa5, sizeof(buffer));
    libxl__viommu_dmar(t, base, haw, intremap);

    expect("guard before", buffer[0], 0xa5);
    expect("guard behind", buffer[sizeof(buffer) - 1], 0xa5);

    for (i = 0; i < LIBXL__VIOMMU_DMAR_SIZE; i++)
        sum += t[i];
    expect("sum of all bytes", sum, 0);

    expect("signature", memcmp(t, "DMAR", 4), 0);
    expect("length", le(t, 4, 4), LIBXL__VIOMMU_DMAR_SIZE);
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

    /* The only structure, a DRHD, has to end where the table does. */
    expect("structure type", le(t, 48, 2), 0);
    expect("structure length", le(t, 50, 2), LIBXL__VIOMMU_DMAR_SIZE - 48);
    expect("DRHD flags", t[52], 1);
    expect("DRHD reserved", t[53], 0);
    expect("segment", le(t, 54, 2), 0);
    expect("base", le(t, 56, 8), base);

    /* Its only scope: the IOAPIC, at ff:00.0. */
    expect("scope type", t[64], 3);
    expect("scope length", t[65], LIBXL__VIOMMU_DMAR_SIZE - 64);
    expect("scope reserved", le(t, 66, 2), 0);
    expect("enumeration id", t[68], 1);
    expect("start bus", t[69], 0xff);
    expect("path", le(t, 70, 2), 0);
}

int main(int argc, char **argv)
{
    static const uint64_t bases[] = { 0xfed90000, 0x1000, 0x123456789000 };
    uint8_t table[LIBXL__VIOMMU_DMAR_SIZE];
    unsigned int haw;
    size_t i;
    FILE *f;

    for (i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
        for (haw = 12; haw <= 64; haw++) {
            test_table(bases[i], haw, false);
            test_table(bases[i], haw, true);
        }

    if (argc > 1) {
        libxl__viommu_dmar(table, 0xfed90000, 48, true);
        f = fopen(argv[1], "wb");
        if (!f || fwrite(table, sizeof(table), 1, f) != 1 || fclose(f)) {
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
