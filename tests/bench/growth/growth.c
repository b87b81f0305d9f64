/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an invalidation and a lookup cost as things grow, for callgrind to count:
 * the core's own sources and the stub's, as in ../drain.
 *
 * usage: growth AXIS X OPERATION      prints how often the operation was done
 *
 * AXIS       X of
 *   entries    translations cached
 *   mapped     pages mapped, one of which is in flight
 *   devices    devices in the domain, each of which has used it
 *   in-flight  DMA in flight, all in the domain
 *   batch      descriptors of a batch, which is one write of IQT
 *
 * OPERATION is page or domain: an invalidation of a page that no device uses or of
 * its domain, in Xen and then in the stub's cache; or lookup: begin and end of a
 * DMA by a translation that is cached.  Of a batch it is one descriptor.
 */
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

#define QUEUE 0xd00000ULL

enum { TIMES = 16, QUEUE_SIZE = 32768, DEVICES = 256 };

static unsigned int devices = 1, entries, slots, batch, turn, granularity;
static XenViommuUse use[XEN_VIOMMU_SLOTS];

/* Devices are from UNIT_RID on, and round again; all have the same tables. */
static unsigned int rid_of(unsigned int n)
{
    return (UNIT_RID + n % devices) % DEVICES;
}

static unsigned int page_of(unsigned int n)
{
    return MAPPED + n * 7919ull % entries;
}

static void begin(unsigned int rid, unsigned int page, XenViommuUse *u)
{
    if ( !xen_viommu_begin(&client, rid, (uint64_t)page << 12, 4096,
                           XEN_VIOMMU_WRITE, true, 1, u) )
        abort();
}

/* As many as that are cached, of pages behind those that are mapped. */
static void fill(void)
{
    unsigned int n;

    for ( n = 0; n < devices && !slots; n++ )
    {
        XenViommuUse u = XEN_VIOMMU_USE_INIT;

        begin(rid_of(n), n, &u);
        xen_viommu_end(&client, &u);
    }
    for ( n = 0; n < entries; n++ )
    {
        const XenViommuRange range = {
            .iova = (uint64_t)(MAPPED + n) << 12, .order = 12, .did = UNIT_DID,
            .gpa = 0x800000 + ((uint64_t)n % PAGES << 12), .perm = 3,
        };

        xen_viommu_cache_insert(client.cache,
                                xen_viommu_cache_applied(client.cache),
                                rid_of(n), &range);
    }
}

/* What is counted. */
void __attribute__((noinline)) measured(unsigned int n);
void __attribute__((noinline)) measured(unsigned int n)
{
    if ( batch )
        pair_write(IQT, 8, (turn + batch) % QUEUE_SIZE << 4);
    else if ( granularity )
        unit_invalidate(PAGES + n % 512, granularity);
    else
    {
        XenViommuUse u = XEN_VIOMMU_USE_INIT;

        begin(rid_of(n), entries ? page_of(n) : n % devices, &u);
        xen_viommu_end(&client, &u);
        return;
    }
    xen_viommu_cache_sync(client.cache, &client.ledger);
}

static void write_batch(void)
{
    unsigned int i;

    for ( i = 0; i < batch; i++ )
    {
        uint64_t at = QUEUE + (turn + i) % QUEUE_SIZE * 16;

        pair_set(at, 2 | granularity << 4 | UNIT_DID << 16);
        pair_set(at + 8, (uint64_t)(PAGES + i % 512) << 12);
    }
}

static void queue(void)
{
    pair_write(IQT, 8, 0);
    pair_write(IQA, 8, QUEUE | 7);
    pair_write(GCMD, 4, 1u << 31 | 1u << 26);
}

static int usage(void)
{
    fprintf(stderr, "usage: growth AXIS X page|domain|lookup\n");

    return 2;
}

int main(int argc, char **argv)
{
    unsigned int n;
    unsigned long x;

    if ( argc != 4 )
        return usage();
    x = strtoul(argv[2], NULL, 0);
    granularity = !strcmp(argv[3], "page") ? INV_PAGE
                  : !strcmp(argv[3], "domain") ? INV_DOMAIN : 0;
    if ( !granularity && strcmp(argv[3], "lookup") )
        return usage();

    unit_create();
    if ( !strcmp(argv[1], "entries") )
        entries = x;
    else if ( !strcmp(argv[1], "mapped") )
    {
        unit_map_many(x);
        slots = 1;
    }
    else if ( !strcmp(argv[1], "devices") && x <= DEVICES )
    {
        devices = x;
        for ( n = 0; n < x; n++ )
        {
            pair_set(CTX + rid_of(n) * 16, TABLE(4) | 1);
            pair_set(CTX + rid_of(n) * 16 + 8, 2 | UNIT_DID << 8);
        }
    }
    else if ( !strcmp(argv[1], "in-flight") && x <= XEN_VIOMMU_SLOTS )
        slots = x;
    else if ( !strcmp(argv[1], "batch") && x < QUEUE_SIZE )
    {
        batch = x;
        queue();
    }
    else
        return usage();

    for ( n = 0; n < slots; n++ )
    {
        use[n] = (XenViommuUse)XEN_VIOMMU_USE_INIT;
        begin(UNIT_RID, n, &use[n]);
    }

    for ( n = 0; n < TIMES; n++ )
    {
        if ( !n || granularity == INV_DOMAIN )
            fill();
        if ( batch )
            write_batch();
        measured(n);
        if ( batch )
        {
            turn = (turn + batch) % QUEUE_SIZE;
            if ( pair_read(0x80) != (uint64_t)turn << 4 )
                abort();
        }
        else if ( granularity && unit_pending() )
            abort();
    }
    printf("%u\n", TIMES * (batch ? batch : 1));

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
