/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device's domain is replaced in place, A by B and B by A, with one store of the
 * 16 bytes of its context entry and no moment without a domain, while it makes DMA.
 * Another device stays in A.
 *
 * Both domains map all pages, so that nothing is ever refused; each page says
 * whose it is.  A DMA finds all of its pages in A or all of them in B, as its
 * translation has the domain id of one and the pages of that one.  One that was
 * made while nothing was being replaced finds that which is in force.  The other
 * device never sees B.
 *
 * usage: torture-replace [ROUNDS]
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pair.h"

enum { MOVING = 0x18, STAYING = 0x20, MOVERS = 2, PAGES = 64 };

/* The tables of a domain, 4 pages each; and its pages, behind each other. */
#define TABLES(d)       (0x100000ULL + (d) * 0x10000)
#define DATA(d)         (0x800000ULL + (d) * 0x100000)
#define DID(d)          ((d) + 1)

static unsigned long rounds = 4000;
static bool stop;
/* Even while the moving device is in domain (force / 2) % 2, and all know it. */
static unsigned long force;
static unsigned long nr_dma, nr_torn, nr_late, nr_refused, nr_strayed, nr_b;

static uint64_t next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;

    return *seed >> 33;
}

/* Whose are these? */
static unsigned int domain_of(uint64_t gpa)
{
    return torture_ram[gpa / 8];
}

static void *device(void *arg)
{
    unsigned int me = (uintptr_t)arg;
    bool moves = me < MOVERS;
    XenViommuUse use = { .slot = -1, .keep = me & 1 };
    unsigned long dma = 0, torn = 0, late = 0, refused = 0, strayed = 0, b = 0;
    uint64_t seed = me + 1;

    while ( !__atomic_load_n(&stop, __ATOMIC_ACQUIRE) )
    {
        uint64_t iova = next(&seed) % PAGES << 12, off;
        unsigned long before, after;
        unsigned int domain;

        before = __atomic_load_n(&force, __ATOMIC_SEQ_CST);
        if ( !xen_viommu_begin(&client, moves ? MOVING : STAYING, iova,
                               (1 + next(&seed) % 4) << 12,
                               XEN_VIOMMU_READ, false, 1 + next(&seed) % 4,
                               &use) )
        {
            refused++;
            continue;
        }
        if ( !(next(&seed) % 16) )
            sched_yield();
        domain = domain_of(use.span.gpa);
        for ( off = 0; off < use.span.len; off += 4096 )
            torn += domain_of(use.span.gpa + off) != domain;
        torn += use.span.did != DID(domain);
        xen_viommu_end(&client, &use);
        after = __atomic_load_n(&force, __ATOMIC_SEQ_CST);

        if ( !moves )
            strayed += domain;
        else if ( before == after && !(before & 1) )
            late += domain != (before / 2) % 2;
        b += domain;
        dma++;
    }
    if ( use.slot >= 0 )
        xen_viommu_ledger_put(&client.ledger, use.slot);

    __atomic_fetch_add(&nr_dma, dma, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&nr_torn, torn, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&nr_late, late, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&nr_refused, refused, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&nr_strayed, strayed, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&nr_b, b, __ATOMIC_SEQ_CST);

    return NULL;
}

static void attach(unsigned int rid, unsigned int domain)
{
    uint64_t lo = (TABLES(domain) + 0x3000) | 1, hi = 2 | DID(domain) << 8;

#ifdef TORN_STORE /* what this is to find */
    pair_set(CTX + rid * 16, lo);
    sched_yield();
    pair_set(CTX + rid * 16 + 8, hi);
#else
    torture_set16(CTX + rid * 16, lo, hi);
#endif
}

static void command(unsigned int off, uint64_t val)
{
    pair_write(off, 8, val | 1ULL << 63);
    while ( pair_read(off) >> 63 )
        sched_yield();
}

static void create(void)
{
    unsigned int d, n;

    pair_create(0);
    for ( d = 0; d < 2; d++ )
    {
        for ( n = 3; n > 0; n-- )
            pair_set(TABLES(d) + n * 0x1000, (TABLES(d) + (n - 1) * 0x1000) | 3);
        for ( n = 0; n < PAGES; n++ )
        {
            pair_set(TABLES(d) + n * 8, (DATA(d) + n * 0x1000) | 3);
            torture_ram[(DATA(d) + n * 0x1000) / 8] = d;
        }
    }
    pair_set(ROOT, CTX | 1);
    attach(MOVING, 0);
    attach(STAYING, 0);
    pair_write(RTADDR, 8, ROOT);
    pair_write(GCMD, 4, 1u << 30);
    pair_write(GCMD, 4, 1u << 31);
    pair_attach();
}

int main(int argc, char **argv)
{
    pthread_t thread[MOVERS + 1];
    unsigned long n;
    uintptr_t i;
    bool good;

    if ( argc > 1 )
        rounds = strtoul(argv[1], NULL, 0);
    /* Not a measure of anything: the end of a hang. */
    alarm(rounds / 10 + 120);

    torture_whole = true;
    create();
    for ( i = 0; i <= MOVERS; i++ )
        pthread_create(&thread[i], NULL, device, (void *)i);

    for ( n = 1; n <= rounds; n++ )
    {
        unsigned int old = (n - 1) % 2;

        __atomic_fetch_add(&force, 1, __ATOMIC_SEQ_CST);
        attach(MOVING, n % 2);
        /* The device's entry, then what it used of the domain it was in. */
        command(CCMD, 3ULL << 61 | MOVING << 16 | DID(old));
        command(IOTLB, 2ULL << 60 | (uint64_t)DID(old) << 32);
        __atomic_fetch_add(&force, 1, __ATOMIC_SEQ_CST);
        sched_yield();
    }

    __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
    for ( i = 0; i <= MOVERS; i++ )
        pthread_join(thread[i], NULL);

    good = nr_dma && nr_b && !nr_torn && !nr_late && !nr_refused && !nr_strayed;
    printf("    replace: %lu times, %lu DMA, %lu in B, %lu torn, %lu late, %lu "
           "refused, %lu of the other device in B\n%s torture/replace\n", rounds,
           nr_dma, nr_b, nr_torn, nr_late, nr_refused, nr_strayed,
           good ? "PASS" : "FAIL");
    pair_destroy();

    return !good;
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
