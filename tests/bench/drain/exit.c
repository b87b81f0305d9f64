/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Strict mode's exits, as often as it says below, for callgrind to count: a write of
 * IQT with an invalidation of a page and a wait, which is complete when it returns.
 *
 * usage: exit SLOTS    that are in use meanwhile, by pages of other addresses
 */
#include <stdlib.h>

#include "unit.h"

#define QUEUE   0x700000ULL
#define STATUS  0x710000ULL

enum { EXITS = 1000, MAX_SLOTS = 64 };

static unsigned int tail;

static void put(uint64_t lo, uint64_t hi)
{
    pair_set(QUEUE + tail * 16, lo);
    pair_set(QUEUE + tail * 16 + 8, hi);
    tail = (tail + 1) % 256;
}

int main(int argc, char **argv)
{
    unsigned int slots = argc > 1 ? strtoul(argv[1], NULL, 0) : 0, n;
    XenViommuUse use[MAX_SLOTS];

    if ( slots > MAX_SLOTS )
        return 2;

    unit_create();
    pair_write(IQT, 8, 0);
    pair_write(IQA, 8, QUEUE);
    pair_write(GCMD, 4, 1u << 31 | 1u << 26);
    for ( n = 0; n < slots; n++ )
    {
        use[n] = (XenViommuUse)XEN_VIOMMU_USE_INIT;
        unit_begin(&use[n], n, 1);
    }

    for ( n = 0; n < EXITS; n++ )
    {
        pair_set(STATUS, 0);
        put(2 | INV_PAGE << 4 | UNIT_DID << 16, (MAX_SLOTS + n % PAGES) << 12);
        put(5 | 1 << 5 | 1ULL << 32, STATUS);
        pair_write(IQT, 8, tail << 4);
        if ( !torture_ram[STATUS / 8] )
            return 1;
    }

    return 0;
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
