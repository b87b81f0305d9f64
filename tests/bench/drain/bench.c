/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What waiting costs and what looking costs, in native time: the core's own
 * sources and the stub's, called where there would be an exit or a hypercall.
 *
 *   drain_tail_us  from the last access of a stale DMA until the guest, which
 *                  polls, sees the completion
 *   inval_ns       an invalidation, from the write of the register on, by the
 *                  number of slots in flight: none covered, or all of them and
 *                  none stale; and by the number of pages that are mapped
 *
 * One JSON line each.
 */
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

enum { DRAINS = 5000, ROUNDS = 9, INVALIDATIONS = 2000 };

/* 0: the guest prepares; 1: the device uses a page; 2: the guest waits */
static unsigned int stage;
static uint64_t last_access[DRAINS];

static void wait_for(unsigned int what)
{
    while ( __atomic_load_n(&stage, __ATOMIC_ACQUIRE) != what )
        __builtin_ia32_pause();
}

static void *device(void *arg)
{
    XenViommuUse use = XEN_VIOMMU_USE_INIT;
    unsigned int n;

    for ( n = 0; n < DRAINS; n++ )
    {
        uint64_t *page;

        wait_for(0);
        unit_begin(&use, n % PAGES, 1);
        page = &torture_ram[use.span.gpa / 8];
        __atomic_store_n(&stage, 1, __ATOMIC_RELEASE);
        wait_for(2);
        *page = n;
        last_access[n] = viommu_host_now();
        xen_viommu_end(&client, &use);
    }

    return arg;
}

static void drains(void)
{
    static uint64_t tail[DRAINS];
    pthread_t thread;
    unsigned int n, waited = 0;

    pthread_create(&thread, NULL, device, NULL);
    for ( n = 0; n < DRAINS; n++ )
    {
        wait_for(1);
        unit_map(n % PAGES, false);
        unit_invalidate(n % PAGES, INV_PAGE);
        waited += unit_pending();
        __atomic_store_n(&stage, 2, __ATOMIC_RELEASE);
        while ( unit_pending() )
            __builtin_ia32_pause();
        tail[n] = viommu_host_now();
        unit_map(n % PAGES, true);
        if ( n + 1 == DRAINS )
            pthread_join(thread, NULL);
        tail[n] -= last_access[n];
        __atomic_store_n(&stage, 0, __ATOMIC_RELEASE);
    }

    qsort(tail, DRAINS, sizeof(*tail), compare);
    printf("{\"what\": \"drain_tail_us\", \"drains\": %u, \"waited\": %u, "
           "\"p50\": %.2f, \"p99\": %.2f, \"max\": %.2f}\n", DRAINS, waited,
           tail[DRAINS / 2] / 1e3, tail[DRAINS * 99 / 100] / 1e3,
           tail[DRAINS - 1] / 1e3);
}

/* Median time of invalidations, none of which has to wait. */
static uint64_t invalidations(unsigned int nr, unsigned int granularity)
{
    uint64_t ns[ROUNDS];
    unsigned int n, round;

    for ( round = 0; round < ROUNDS; round++ )
    {
        uint64_t start = viommu_host_now();

        for ( n = 0; n < nr; n++ )
        {
            unit_invalidate(PAGES + n % 512, granularity);
            if ( unit_pending() )
                abort();
        }
        ns[round] = (viommu_host_now() - start) / nr;
    }
    qsort(ns, ROUNDS, sizeof(*ns), compare);

    return ns[ROUNDS / 2];
}

/* While @slots are in flight; @all: each invalidation covers all of them. */
static void looks(unsigned int slots, bool all)
{
    static XenViommuUse use[XEN_VIOMMU_SLOTS];
    uint64_t ns, walks = viommu->stats.walks;
    unsigned int n;

    for ( n = 0; n < slots; n++ )
    {
        use[n] = (XenViommuUse)XEN_VIOMMU_USE_INIT;
        unit_begin(&use[n], n, 1);
    }
    ns = invalidations(INVALIDATIONS / (all ? 1 + slots / 16 : 1),
                       all ? INV_DOMAIN : INV_PAGE);
    for ( n = 0; n < slots; n++ )
        xen_viommu_end(&client, &use[n]);

    printf("{\"what\": \"inval_ns\", \"in_flight\": %u, \"covered\": %s, "
           "\"median\": %lu, \"walks\": %lu}\n", slots, all ? "true" : "false",
           (unsigned long)ns, (unsigned long)(viommu->stats.walks - walks));
}

/* While so many pages are mapped, and one of them is in flight. */
static void mapped(unsigned long mappings)
{
    static const char *const names[] = { "page", "domain" };
    XenViommuUse use = XEN_VIOMMU_USE_INIT;
    unsigned int i;

    unit_map_many(mappings);
    unit_begin(&use, 0, 1);
    for ( i = 0; i < ARRAY_SIZE(names); i++ )
        printf("{\"what\": \"mapped_ns\", \"inv\": \"%s\", "
               "\"mappings\": %lu, \"ns\": %lu}\n", names[i], mappings,
               (unsigned long)invalidations(INVALIDATIONS,
                                            i ? INV_DOMAIN : INV_PAGE));
    xen_viommu_end(&client, &use);
}

int main(void)
{
    static const unsigned int slots[] = { 0, 1, 32, 256, 1024 };
    static const unsigned long mappings[] = { 1, MAPPED, 1ul << 18, 1ul << 27 };
    unsigned int i;

    unit_create();
    drains();
    for ( i = 0; i < ARRAY_SIZE(slots); i++ )
        looks(slots[i], false);
    for ( i = 1; i < ARRAY_SIZE(slots); i++ )
        looks(slots[i], true);
    for ( i = 0; i < ARRAY_SIZE(mappings); i++ )
        mapped(mappings[i]);
    unit_map_many(MAPPED);
    copies();

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
