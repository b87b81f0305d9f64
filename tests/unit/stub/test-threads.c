/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two devices' threads make DMA while a guest moves its pages about, built
 * with ThreadSanitizer.  Each page of the "guest memory" has a signature: the
 * guest poisons a page when the invalidation of its old translation has
 * completed, and a DMA that finds a poisoned page has been let down.
 */
#include "qemu/osdep.h"
#include <sched.h>
#include "fake-xen.h"
#include "test.h"

enum { ROUNDS = 4000, DEVICES = 2, PAGES = 8 };

typedef uint64_t __attribute__((may_alias)) word;

static FakeXen x;
static XenViommuClient c;
/* by guest page: is a device allowed to be there? */
static uint32_t allowed[NR_PAGES];
static bool stop;
static uint64_t dmas, wrong, waits;

static void *device(void *arg)
{
    uint16_t rid = (uintptr_t)arg;
    XenViommuUse u = { .slot = -1, .keep = rid };
    uint64_t seed = rid + 1, n = 0, bad = 0;

    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        uint64_t iova, off;

        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        iova = (seed >> 33) % PAGES * PAGE;
        if (!xen_viommu_begin(&c, rid, iova, 2 * PAGE, XEN_VIOMMU_READ, true,
                              4, &u)) {
            continue;
        }
        for (off = 0; off < u.span.len; off += PAGE) {
            bad += !__atomic_load_n(&allowed[(u.span.gpa + off) / PAGE],
                                    __ATOMIC_RELAXED);
        }
        xen_viommu_end(&c, &u);
        n++;
    }
    if (u.slot >= 0) {
        xen_viommu_ledger_put(&c.ledger, u.slot);
    }
    __atomic_fetch_add(&dmas, n, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&wrong, bad, __ATOMIC_SEQ_CST);
    return NULL;
}

static void set_page(unsigned int page, uint64_t entry)
{
    pthread_mutex_lock(&x.lock);
    x.table[0][page] = entry;
    pthread_mutex_unlock(&x.lock);
}

/* Wait as a guest does for its invalidation. */
static void invalidate(const struct xen_viommu_log *e)
{
    uint64_t head = fake_ledger(&x)->head + 1;

    pthread_mutex_lock(&x.lock);
    fake_log(&x, e);
    while (fake_stale(&x, e, head)) {
        waits++;
        pthread_mutex_unlock(&x.lock);
        sched_yield();
        pthread_mutex_lock(&x.lock);
    }
    pthread_mutex_unlock(&x.lock);
}

static void dma_against_unmap(void)
{
    static const uint8_t kinds[] = {
        XEN_VIOMMU_INV_TLB_RANGE, XEN_VIOMMU_INV_TLB_RANGE,
        XEN_VIOMMU_INV_TLB_RANGE, XEN_VIOMMU_INV_TLB_DOMAIN,
        XEN_VIOMMU_INV_CONFIG_GLOBAL,
    };
    pthread_t thread[DEVICES];
    unsigned int round, i;

    fake_init(&x, &c);
    stop = false;
    for (i = 0; i < PAGES; i++) {
        allowed[i] = 1;
        x.table[0][i] = i * PAGE | XEN_VIOMMU_READ;
    }
    for (i = 0; i < DEVICES; i++) {
        pthread_create(&thread[i], NULL, device, (void *)(uintptr_t)i);
    }

    for (round = 0; round < ROUNDS; round++) {
        unsigned int page = round % PAGES;
        unsigned int old = x.table[0][page] / PAGE, new = old ^ 32;
        struct xen_viommu_log e = {
            .inv = kinds[round % ARRAY_SIZE(kinds)],
            .iova = page * PAGE, .order = 12,
        };

        __atomic_store_n(&allowed[new], 1, __ATOMIC_SEQ_CST);
        if (round % 3 == 0) {
            set_page(page, 0);
            invalidate(&e);
            __atomic_store_n(&allowed[old], 0, __ATOMIC_SEQ_CST);
        }
        set_page(page, new * PAGE | XEN_VIOMMU_READ);
        invalidate(&e);
        __atomic_store_n(&allowed[old], 0, __ATOMIC_SEQ_CST);
    }

    __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
    for (i = 0; i < DEVICES; i++) {
        pthread_join(thread[i], NULL);
    }
    CHECK(wrong == 0);
    CHECK(dmas > 0);
    for (i = 0; i < XEN_VIOMMU_SLOT_WORDS; i++) {
        CHECK(!fake_ledger(&x)->busy[i] && !c.ledger.taken[i]);
    }
    fake_end(&x, &c);
}

/*
 * Two threads, "writer" and this one, on something that the writer changes
 * @n times; @look is called all the while, and says what is wrong.
 */
static bool (*look)(void);
static void (*change)(uint64_t n);

static void *writer(void *arg)
{
    uint64_t i, n = (uintptr_t)arg;

    for (i = 1; i <= n; i++) {
        change(i);
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
    return NULL;
}

static bool watch(void (*c_)(uint64_t), bool (*l_)(void), uint64_t n)
{
    pthread_t thread;
    bool good = true;

    change = c_;
    look = l_;
    stop = false;
    pthread_create(&thread, NULL, writer, (void *)(uintptr_t)n);
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        good &= look();
    }
    pthread_join(thread, NULL);
    return good;
}

/* More ranges than fit in one set, of which the first is looked for. */
#define SAME_SET(i) ((uint64_t)(i) * (XEN_VIOMMU_CACHE_SETS - 1) << 12)

static void insert_any(uint64_t n)
{
    XenViommuRange r = {
        .iova = SAME_SET(n % 6), .order = 12, .did = 1, .perm = 3,
        .gpa = SAME_SET(n % 6) + 0x5000,
    };

    xen_viommu_cache_insert(c.cache, xen_viommu_cache_applied(c.cache), 8,
                            &r);
}

static bool whole_entry(void)
{
    static unsigned int i;
    XenViommuRange r;

    i = (i + 1) % 6;
    return !xen_viommu_cache_lookup(c.cache, 8, SAME_SET(i), 1, &r) ||
           (r.iova == SAME_SET(i) && r.gpa == r.iova + 0x5000);
}

static void entries_are_whole(void)
{
    fake_init(&x, &c);
    CHECK(watch(insert_any, whole_entry, 300000));
    fake_end(&x, &c);
}

/* An entry is put in after each invalidation, and is gone with the next. */
static void insert_newer(uint64_t n)
{
    uint64_t pos = xen_viommu_cache_applied(c.cache);
    XenViommuRange r = {
        .iova = 0x5000, .order = 12, .did = 1, .perm = 3, .gpa = pos << 12,
    };
    unsigned int i;

    xen_viommu_cache_insert(c.cache, pos, 8, &r);
    for (i = 0; i < 20; i++) {
        fake_inv(&x, XEN_VIOMMU_INV_TLB_RANGE, 1, 0x100000, 16);
    }
    fake_inv(&x, XEN_VIOMMU_INV_TLB_RANGE, 1, 0, n % 2 ? 12 + 4 : 21);
    xen_viommu_cache_sync(c.cache, &c.ledger);
}

static bool as_new_as_applied(void)
{
    uint64_t pos = xen_viommu_cache_applied(c.cache);
    XenViommuRange r;

    return !xen_viommu_cache_lookup(c.cache, 8, 0x5000, 1, &r) ||
           r.gpa >> 12 >= pos;
}

static void what_is_found_is_as_new_as_applied(void)
{
    fake_init(&x, &c);
    CHECK(watch(insert_newer, as_new_as_applied, 30000));
    fake_end(&x, &c);
}

/* Whoever sees a slot's bit sees what it is busy with. */
static uint64_t uses;

static void publish_one(uint64_t n)
{
    XenViommuSpan s = { .iova = n << 12, .gpa = n << 13, .len = 1 };

    __atomic_store_n(&uses, n, __ATOMIC_SEQ_CST);
    xen_viommu_ledger_publish(&c.ledger, 3, &s);
    xen_viommu_ledger_retire(&c.ledger, 3);
}

static bool slot_is_new(void)
{
    uint64_t n = __atomic_load_n(&uses, __ATOMIC_SEQ_CST);
    const word *slot = (const word *)fake_slot(&x, 3);

    if (!(__atomic_load_n(&fake_ledger(&x)->busy[0], __ATOMIC_SEQ_CST) & 8)) {
        return true;
    }
    return __atomic_load_n(&slot[2], __ATOMIC_ACQUIRE) >> 32 >= n &&
           __atomic_load_n(&slot[1], __ATOMIC_ACQUIRE) >> 13 >= n &&
           __atomic_load_n(&slot[0], __ATOMIC_ACQUIRE) >> 12 >= n;
}

static void a_busy_slot_is_filled(void)
{
    fake_init(&x, &c);
    uses = 0;
    CHECK(watch(publish_one, slot_is_new, 1000000));
    fake_end(&x, &c);
}

int main(void)
{
    RUN(entries_are_whole);
    RUN(what_is_found_is_as_new_as_applied);
    RUN(a_busy_slot_is_filled);
    RUN(dma_against_unmap);
    return 0;
}
