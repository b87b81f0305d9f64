/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads for a guest's CPUs, which map, unmap and replace pages, and threads
 * for devices, which make DMA to them all the while: Xen's own sources on one
 * side, the QEMU stub's on the other, ThreadSanitizer over both.
 *
 * When an invalidation is complete the guest takes the page that was mapped,
 * and poisons it.  A DMA that finds a poisoned page is stale; and as neither
 * accesses the page atomically, the sanitizer reports if one does not happen
 * before the other.  There is no timer and no CPU looks at a register while it
 * waits for the queue: a wake-up that is lost is a hang, which an alarm ends.
 *
 * usage: torture [ROUNDS]      for each CPU
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pair.h"
#include "xen-viommu-held.h"

/* The last of the devices holds pages between accesses. */
enum { CPUS = 2, DEVICES = 3, PAGES = 8 };

#define RID     0x18
/* Where things are in guest memory, behind the tables. */
#define QUEUE   0x10000ULL
#define STATUS  0x20000ULL
#define DATA    0x800000ULL

#define ALIVE   0x1111111111111111ULL
#define POISON  0xdeaddeaddeaddeadULL

static bool with_queue, stop;
static pthread_mutex_t guest_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int tail;
static unsigned long rounds = 4000;
static unsigned long nr_dma, nr_none, nr_stale, nr_again, nr_held, nr_walked;

static uint64_t next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;

    return *seed >> 33;
}

/* A guest's CPU */

/* A page of @cpu, of which there are two for each address. */
static uint64_t data_page(unsigned int cpu, unsigned int page, unsigned int n)
{
    return DATA + (((cpu * PAGES + page) * 2 + n) << 12);
}

static void fill(uint64_t gpa, uint64_t val)
{
    unsigned int i;

    for ( i = 0; i < DEVICES; i++ )
        torture_ram[gpa / 8 + i] = val;
}

static void put(uint64_t lo, uint64_t hi)
{
    pair_set(QUEUE + tail * 16, lo);
    pair_set(QUEUE + tail * 16 + 8, hi);
    tail = (tail + 1) % 256;
}

static void invalidate(unsigned int cpu, uint64_t iova, uint64_t kind)
{
    uint64_t status = STATUS + cpu * 64;

    pthread_mutex_lock(&guest_lock);
    if ( !with_queue )
    {
        pair_write(IVA, 8, iova);
        pair_write(IOTLB, 8, 1ULL << 63 | kind << 60 | 1ULL << 32);
        while ( pair_read(IOTLB) >> 63 )
            sched_yield();
        pthread_mutex_unlock(&guest_lock);
        return;
    }

    pair_set(status, 0);
    put(2 | kind << 4 | 1 << 16, iova);
    put(5 | 1 << 5 | 1ULL << 32, status);
    pair_write(IQT, 8, tail << 4);
    pthread_mutex_unlock(&guest_lock);
    while ( !__atomic_load_n(&torture_ram[status / 8], __ATOMIC_ACQUIRE) )
    {
        pair_go_on();
        sched_yield();
    }
}

static void *guest_cpu(void *arg)
{
    unsigned int cpu = (uintptr_t)arg, now[PAGES] = { 0 };
    uint64_t seed = cpu + 77;
    unsigned long n;

    for ( n = 0; n < rounds; n++ )
    {
        unsigned int page = next(&seed) % PAGES;
        uint64_t iova = (uint64_t)(cpu * PAGES + page) << 12;
        uint64_t pte = TABLE(1) + (iova >> 12) * 8;
        uint64_t kind = next(&seed) % 8 ? 3 : 1 + next(&seed) % 2;
        uint64_t old = data_page(cpu, page, now[page]);
        uint64_t new = data_page(cpu, page, !now[page]);

        /* There may be fewer real CPUs than threads. */
        sched_yield();
        now[page] = !now[page];
        fill(new, ALIVE);
        if ( next(&seed) % 2 )
        {
            pair_set(pte, 0);
            invalidate(cpu, iova, kind);
            fill(old, POISON);
            pair_set(pte, new | 3);
        }
        else
        {
            pair_set(pte, new | 3);
            invalidate(cpu, iova, kind);
            fill(old, POISON);
        }
    }

    return NULL;
}

/* A device */

static void *device(void *arg)
{
    unsigned int me = (uintptr_t)arg;
    XenViommuUse use = { .slot = -1, .keep = me & 1 };
    unsigned long dma = 0, none = 0, stale = 0, again = 0, walked = 0, asked;
    uint64_t seed = me + 1;

    pair_walks = !me;
    while ( !__atomic_load_n(&stop, __ATOMIC_ACQUIRE) )
    {
        uint64_t iova = next(&seed) % (CPUS * PAGES) << 12, off;
        uint64_t len = (1 + next(&seed) % 3) << 12;
        XenViommuRange r;
        bool cached = xen_viommu_cache_lookup(client.cache, RID, iova,
                                              XEN_VIOMMU_READ |
                                              XEN_VIOMMU_WRITE, &r);

        asked = pair_asked;
        if ( !xen_viommu_begin(&client, RID, iova, len,
                               XEN_VIOMMU_READ | XEN_VIOMMU_WRITE, true,
                               1 + next(&seed) % 4, &use) )
        {
            none++;
            continue;
        }
        again += use.again;
        walked += !cached && asked == pair_asked && pair_walks;
        if ( !(next(&seed) % 4) )
            sched_yield();
        for ( off = 0; off < use.span.len; off += 4096 )
        {
            uint64_t *word = &torture_ram[(use.span.gpa + off) / 8 + me];

            stale += *word == POISON;
            *word = ALIVE + seed % 256;
        }
        xen_viommu_end(&client, &use);
        dma++;
    }
    if ( use.slot >= 0 )
        xen_viommu_ledger_put(&client.ledger, use.slot);

    __atomic_fetch_add(&nr_dma, dma, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&nr_none, none, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&nr_stale, stale, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&nr_again, again, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&nr_walked, walked, __ATOMIC_SEQ_CST);

    return NULL;
}

static char *held_map(XenViommuHeldPage *p)
{
    return (char *)&torture_ram[p->use.span.gpa / 8];
}

static void held_unmap(XenViommuHeldPage *p)
{
    p->host = NULL;
}

/* One that has rings: it comes back to a page for a while. */
static void *holder(void *arg)
{
    static XenViommuHeld held;
    const unsigned int me = DEVICES - 1;
    XenViommuUse use = XEN_VIOMMU_USE_INIT;
    unsigned long stale = 0, nr = 0, seen = 0, n;
    uint64_t seed = me + 1, iova = 0;

    memset(&held, 0, sizeof(held));
    held.client = &client;
    held.map = held_map;
    held.unmap = held_unmap;
    for ( n = 0; !__atomic_load_n(&stop, __ATOMIC_ACQUIRE); n++ )
    {
        unsigned long notified = __atomic_load_n(&torture_notified,
                                                 __ATOMIC_SEQ_CST);
        XenViommuHeldPage *p;
        uint64_t *word = NULL;

        /* as QEMU's main loop does between accesses */
        if ( notified != seen )
        {
            seen = notified;
            xen_viommu_held_event(&held);
        }
        if ( !(n % 600) )
        {
            sched_yield();
            iova = next(&seed) % (CPUS * PAGES) << 12;
        }

        p = xen_viommu_held_find(&held, &held, iova, 8, XEN_VIOMMU_WRITE);
        if ( p )
        {
            word = (uint64_t *)p->host + me;
            nr++;
        }
        else if ( xen_viommu_begin(&client, RID, iova, 4096, XEN_VIOMMU_WRITE,
                                   true, 1, &use) )
            word = &torture_ram[use.span.gpa / 8 + me];
        if ( word )
        {
            stale += *word == POISON;
            *word = ALIVE + n % 256;
        }
        if ( word && !p )
        {
            xen_viommu_end(&client, &use);
            xen_viommu_held_note(&held, &held, NULL, &use.span);
        }
    }
    xen_viommu_held_release(&held);

    __atomic_fetch_add(&nr_held, nr, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&nr_stale, stale, __ATOMIC_SEQ_CST);

    return arg;
}

/* The world */

static void create(void)
{
    unsigned int level, page, cpu;

    memset(torture_ram, 0, TORTURE_RAM);
    pair_create(0);

    pair_set(ROOT, CTX | 1);
    pair_set(CTX + RID * 16, TABLE(4) | 1);
    pair_set(CTX + RID * 16 + 8, 2 | 1 << 8);
    for ( level = 4; level > 1; level-- )
        pair_set(TABLE(level), TABLE(level - 1) | 3);
    for ( cpu = 0; cpu < CPUS; cpu++ )
        for ( page = 0; page < PAGES; page++ )
        {
            fill(data_page(cpu, page, 0), ALIVE);
            pair_set(TABLE(1) + (cpu * PAGES + page) * 8,
                     data_page(cpu, page, 0) | 3);
        }
    pair_write(RTADDR, 8, ROOT);
    pair_write(GCMD, 4, 1u << 30);
    if ( with_queue )
    {
        tail = 0;
        pair_write(IQT, 8, 0);
        pair_write(IQA, 8, QUEUE);
    }
    pair_write(GCMD, 4, 1u << 31 | (with_queue ? 1u << 26 : 0));

    pair_attach();
}

static int torture(bool queue)
{
    const char *name = queue ? "queue" : "registers";
    pthread_t cpu[CPUS], dev[DEVICES];
    struct xen_viommu_stats s;
    uintptr_t i;
    bool good;

    with_queue = queue;
    stop = false;
    nr_dma = nr_none = nr_stale = nr_again = nr_held = torture_notified = 0;
    nr_walked = 0;
    create();
    for ( i = 0; i < DEVICES; i++ )
        pthread_create(&dev[i], NULL, i == DEVICES - 1 ? holder : device,
                       (void *)i);
    for ( i = 0; i < CPUS; i++ )
        pthread_create(&cpu[i], NULL, guest_cpu, (void *)i);
    for ( i = 0; i < CPUS; i++ )
        pthread_join(cpu[i], NULL);
    __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
    for ( i = 0; i < DEVICES; i++ )
        pthread_join(dev[i], NULL);

    viommu_get_stats(viommu, &s);
    good = !nr_stale && nr_dma && nr_held && nr_walked && s.blocked == 0 &&
           !(s.flags & XEN_VIOMMU_STATS_WAITING);
    printf("    %s: %lu DMA, %lu not mapped, %lu begun again, %lu by pages "
           "held, %lu walked for by the DM, %lu stale; "
           "%lu invalidations in the trap, %lu waited, %lu slots stale, "
           "%lu walks, %lu events\n", name, nr_dma, nr_none, nr_again,
           nr_held, nr_walked, nr_stale, (unsigned long)s.in_trap, (unsigned long)s.waited,
           (unsigned long)s.stale, (unsigned long)s.walks, torture_notified);
    printf("%s torture/%s\n", good ? "PASS" : "FAIL", name);
    fflush(stdout);

    pair_destroy();

    return !good;
}

int main(int argc, char **argv)
{
    int failed;

    if ( argc > 1 )
        rounds = strtoul(argv[1], NULL, 0);
    /* Not a measure of anything: the end of a hang. */
    alarm(rounds / 10 + 120);
    failed = torture(false);
    failed |= torture(true);

    return failed;
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
