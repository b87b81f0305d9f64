/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger beside a lock that is held from the translation to the end of the
 * copy, as other vIOMMUs do it, and taken by each invalidation.  The lock's
 * side is given every advantage: our cache instead of a walk, no emulation of
 * registers, and a lock for readers and writers that prefers the latter.
 *
 *   dma_ns           translate, copy, end, by threads and size
 *   inval_us         an invalidation of a page that no device uses, until it
 *                    is complete, while a thread copies without a pause
 *   inval_stalled_ms the same while one copy stalls for STALL_MS
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "unit.h"

enum { ROUNDS = 7, DMA_BYTES = 128 << 20, INVALIDATIONS = 500, STALL_MS = 20,
       STALLS = 20, MAX_PAGES = 256, THREADS = 2 };

static const enum how { LEDGER, MUTEX, RWLOCK, HOWS } hows[] = {
    LEDGER, MUTEX, RWLOCK
};
static const char *const how_name[HOWS] = { "ledger", "mutex", "rwlock" };
static const unsigned int sizes[] = { 1, 16, 256 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock =
    PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static XenViommuCache *locked;

static enum how how;
static unsigned int pages, stage;
static bool stop, stall;
static char source[THREADS][MAX_PAGES << 12];

static void acquire(bool write)
{
    if ( how == MUTEX )
        pthread_mutex_lock(&mutex);
    else if ( write )
        pthread_rwlock_wrlock(&rwlock);
    else
        pthread_rwlock_rdlock(&rwlock);
}

static void release(void)
{
    if ( how == MUTEX )
        pthread_mutex_unlock(&mutex);
    else
        pthread_rwlock_unlock(&rwlock);
}

/* A page may be slow: it is on a disk, or its end is on another machine. */
static void copy(uint64_t gpa, const char *from, unsigned int len)
{
    static const struct timespec time = { .tv_nsec = STALL_MS * 1000000 };

    memcpy((char *)torture_ram + gpa, from, len);
    if ( stall )
    {
        __atomic_store_n(&stage, 1, __ATOMIC_RELEASE);
        nanosleep(&time, NULL);
    }
}

static void dma_ledger(unsigned int first, const char *from)
{
    unsigned int done;
    XenViommuUse use = XEN_VIOMMU_USE_INIT;

    for ( done = 0; done < pages; done += use.span.len >> 12 )
    {
        unit_begin(&use, first + done, pages - done);
        copy(use.span.gpa, from + (done << 12), use.span.len);
        xen_viommu_end(&client, &use);
    }
}

static void dma_locked(unsigned int first, const char *from)
{
    unsigned int done;
    XenViommuRange range;

    acquire(false);
    for ( done = 0; done < pages; done++ )
    {
        if ( !xen_viommu_cache_lookup(locked, UNIT_RID,
                                      (uint64_t)(first + done) << 12,
                                      XEN_VIOMMU_WRITE, &range) )
            abort();
        copy(range.gpa, from + (done << 12), 4096);
    }
    release();
}

static void dma(unsigned int thread)
{
    (how == LEDGER ? dma_ledger : dma_locked)(thread * MAX_PAGES,
                                              source[thread]);
}

static void invalidate(unsigned int page)
{
    const struct xen_viommu_log entry = {
        .inv = XEN_VIOMMU_INV_TLB_RANGE, .did = UNIT_DID, .order = 12,
        .iova = (uint64_t)page << 12,
    };

    unit_map(page, false);
    if ( how == LEDGER )
    {
        unit_invalidate(page, INV_PAGE);
        while ( unit_pending() )
            __builtin_ia32_pause();
        return;
    }
    acquire(true);
    xen_viommu_cache_apply(locked, &entry);
    release();
}

static void *busy(void *arg)
{
    while ( !__atomic_load_n(&stop, __ATOMIC_ACQUIRE) )
    {
        dma((uintptr_t)arg);
        __atomic_fetch_add(&stage, 1, __ATOMIC_RELEASE);
    }

    return NULL;
}

static void *timed(void *arg)
{
    uint64_t *ns = arg;
    unsigned int thread = *ns, n, nr = DMA_BYTES / (pages << 12);

    if ( pages == 1 )
        nr *= 4;
    __atomic_fetch_add(&stage, 1, __ATOMIC_ACQ_REL);
    while ( __atomic_load_n(&stage, __ATOMIC_ACQUIRE) & 0xff )
        __builtin_ia32_pause();
    *ns = viommu_host_now();
    for ( n = 0; n < nr; n++ )
        dma(thread);
    *ns = (viommu_host_now() - *ns) / nr;

    return NULL;
}

static void dmas(unsigned int threads)
{
    uint64_t ns[ROUNDS];
    unsigned int round, n;

    for ( round = 0; round < ROUNDS; round++ )
    {
        uint64_t each[THREADS];
        pthread_t id[THREADS];

        stage = 0;
        for ( n = 0; n < threads; n++ )
        {
            each[n] = n;
            pthread_create(&id[n], NULL, timed, &each[n]);
        }
        while ( __atomic_load_n(&stage, __ATOMIC_ACQUIRE) != threads )
            __builtin_ia32_pause();
        __atomic_store_n(&stage, 0x100, __ATOMIC_RELEASE);
        ns[round] = 0;
        for ( n = 0; n < threads; n++ )
        {
            pthread_join(id[n], NULL);
            ns[round] += each[n] / threads;
        }
    }
    qsort(ns, ROUNDS, sizeof(*ns), compare);
    printf("{\"what\": \"dma_ns\", \"how\": \"%s\", \"kib\": %u, "
           "\"threads\": %u, \"median\": %lu}\n", how_name[how], pages * 4,
           threads, (unsigned long)ns[ROUNDS / 2]);
}

/* Until the device, which has to be running, is somewhere in a DMA. */
static void pass(uint64_t ns)
{
    unsigned int seen = __atomic_load_n(&stage, __ATOMIC_ACQUIRE);
    uint64_t until;

    while ( __atomic_load_n(&stage, __ATOMIC_ACQUIRE) - seen < 2 )
        __builtin_ia32_pause();
    for ( until = viommu_host_now() + ns; viommu_host_now() < until; )
        __builtin_ia32_pause();
}

static uint64_t timed_invalidate(unsigned int page)
{
    uint64_t start = viommu_host_now();

    invalidate(page);
    start = viommu_host_now() - start;
    unit_map(page, true);

    return start;
}

static void invalidations(void)
{
    static uint64_t ns[INVALIDATIONS];
    pthread_t id;
    unsigned int n;

    stop = false;
    pthread_create(&id, NULL, busy, NULL);
    for ( n = 0; n < INVALIDATIONS; n++ )
    {
        pass(n * 7919 % 40000);
        ns[n] = timed_invalidate(PAGES + n % 512);
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
    pthread_join(id, NULL);

    qsort(ns, INVALIDATIONS, sizeof(*ns), compare);
    printf("{\"what\": \"inval_us\", \"how\": \"%s\", \"kib\": %u, "
           "\"p50\": %.2f, \"p99\": %.2f, \"max\": %.2f}\n", how_name[how],
           pages * 4, ns[INVALIDATIONS / 2] / 1e3,
           ns[INVALIDATIONS * 99 / 100] / 1e3, ns[INVALIDATIONS - 1] / 1e3);
}

static void *once(void *arg)
{
    dma((uintptr_t)arg);

    return NULL;
}

static void stalls(void)
{
    uint64_t ns[STALLS];
    unsigned int n;

    pages = 1;
    stall = true;
    for ( n = 0; n < STALLS; n++ )
    {
        pthread_t id;

        stage = 0;
        pthread_create(&id, NULL, once, NULL);
        while ( !__atomic_load_n(&stage, __ATOMIC_ACQUIRE) )
            __builtin_ia32_pause();
        ns[n] = timed_invalidate(PAGES + n);
        pthread_join(id, NULL);
    }
    stall = false;

    qsort(ns, STALLS, sizeof(*ns), compare);
    printf("{\"what\": \"inval_stalled_ms\", \"how\": \"%s\", \"stall_ms\": %u, "
           "\"p50\": %.4f, \"max\": %.4f}\n", how_name[how], STALL_MS,
           ns[STALLS / 2] / 1e6, ns[STALLS - 1] / 1e6);
}

void copies(void)
{
    unsigned int h, i;

    locked = xen_viommu_cache_new(0);
    for ( i = 0; i < THREADS * MAX_PAGES; i++ )
        unit_cache(locked, i);
    memset(source, 1, sizeof(source));

    for ( h = 0; h < HOWS; h++ )
    {
        how = hows[h];
        for ( i = 0; i < ARRAY_SIZE(sizes); i++ )
        {
            pages = sizes[i];
            dmas(1);
            dmas(THREADS);
            invalidations();
        }
        stalls();
    }
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
