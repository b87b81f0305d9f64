/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/xen/xen-mapcache.c (MAPCACHE) without the rest of QEMU, and with a Xen of
 * its own: the pages of the guest are those of a file, and which is where
 * changes as the guest gives memory away and gets other memory.
 *
 * mapcache TEST...: exit status 1 and a line that says why for the first test
 * that fails; 3 if there is no such test.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <glib.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include QUEUE

/* ---------------------------------------------------------------- of QEMU's */

typedef uint64_t hwaddr, ram_addr_t;
typedef unsigned long xen_pfn_t;
typedef struct MemoryRegion MemoryRegion;
typedef struct Coroutine Coroutine;
typedef struct { int held; } QemuMutex;
typedef hwaddr (*phys_offset_to_gaddr_t)(hwaddr phys_offset, ram_addr_t size);

#define HOST_LONG_BITS     64
#define MiB                (1ULL << 20)
#define XC_PAGE_SHIFT      12
#define XC_PAGE_SIZE       4096UL
#define RAM_ADDR_INVALID   (~(ram_addr_t)0)
#define HWADDR_FMT_plx     "%016" PRIx64
#define coroutine_mixed_fn
#define BITS_TO_LONGS(n)   (((n) + 63) / 64)
#define unlikely(x)        __builtin_expect(!!(x), 0)

#define error_report(...)  abort()
#define warn_report(...)
#define trace_xen_map_cache_init(...)
#define trace_xen_remap_bucket(...)
#define trace_xen_map_cache(...)
#define trace_xen_map_cache_return(...)
#define trace_xen_ram_addr_from_mapcache_not_found(...)
#define trace_xen_ram_addr_from_mapcache_not_in_cache(...)
#define trace_xen_invalidate_map_cache_entry_unlocked_not_found(...)
#define trace_xen_invalidate_map_cache_entry_unlocked_found(...)
#define trace_xen_invalidate_map_cache_entry_unlocked_miss(...)
#define trace_xen_invalidate_map_cache(...)
#define trace_xen_replace_cache_entry_unlocked(...)
#define trace_xen_replace_cache_entry_dummy(...)
#define trace_xen_replace_cache_entry_unlocked_could_not_update_entry(...)

static void bitmap_zero(unsigned long *map, long nr)
{
    memset(map, 0, BITS_TO_LONGS(nr) * sizeof(*map));
}

static void bitmap_set(unsigned long *map, long i, long nr)
{
    for (; nr--; i++) {
        map[i / 64] |= 1UL << i % 64;
    }
}

static bool bitmap_empty(const unsigned long *map, long nr)
{
    long i;

    for (i = 0; i < BITS_TO_LONGS(nr) && !map[i]; i++) {
        /* none is set */
    }
    return i == BITS_TO_LONGS(nr);
}

static unsigned long find_next_zero_bit(const unsigned long *map,
                                        unsigned long size, unsigned long i)
{
    for (; i < size && map[i / 64] >> i % 64 & 1; i++) {
        /* it is set */
    }
    return i;
}

static void qemu_mutex_init(QemuMutex *m)
{
    m->held = 0;
}

static void qemu_mutex_lock(QemuMutex *m)
{
    if (m->held++) {
        abort();
    }
}

static void qemu_mutex_unlock(QemuMutex *m)
{
    m->held--;
}

enum { RUN_STATE_INMIGRATE };

static bool in_migrate;

static bool runstate_check(int state)
{
    return in_migrate;
}

static bool xen_mr_is_grants(MemoryRegion *mr)
{
    return false;
}

static bool qemu_in_coroutine(void)
{
    return false;
}

static Coroutine *qemu_coroutine_self(void)
{
    abort();
}

static void qemu_coroutine_yield(void)
{
    abort();
}

static void aio_co_wake(Coroutine *co)
{
    abort();
}

static void *qemu_get_current_aio_context(void)
{
    abort();
}

static void aio_bh_schedule_oneshot(void *ctx, void (*cb)(void *), void *opaque)
{
    abort();
}

static void ram_block_notify_add(void *host, size_t size, size_t max_size)
{
}

static void ram_block_notify_remove(void *host, size_t size, size_t max_size)
{
}

/* What is kept between accesses goes when the disks' requests have ended. */
static unsigned int drained, let_go_after;

static void bdrv_drain_all(void)
{
    drained++;
}

static void let_go(void)
{
    let_go_after = drained;
}

static void (*dma_track_let_go)(void) = let_go;

/* ----------------------------------------------------------------- of Xen's */

/*
 * The guest's pages are those of the first buckets, and of those that share one
 * with them.
 */
#define BUCKET_PAGES 256
#define BUCKETS      4
#define PAGES        (BUCKETS * BUCKET_PAGES)
#define ALIAS        (CACHE_BUCKETS * BUCKET_PAGES)
#define CACHE_BUCKETS 64UL           /* of the map cache's table */
#define MACHINE      1024           /* pages, each of which is used once */
#define NOWHERE      0

static int file;
static uint64_t *machine;           /* what is in each of them */
static unsigned int fresh = 1;
static unsigned int where[PAGES];   /* the machine's, or NOWHERE */
static unsigned int mappings;       /* there are now */
static uint64_t mapped;             /* bytes of them */
static int xen_domid, xen_fmem_;
static int *xen_fmem = &xen_fmem_;

typedef struct xengnttab_handle xengnttab_handle;

static xengnttab_handle *xengnttab_open(void *logger, unsigned int flags)
{
    return (void *)&xen_domid;
}

static void *xengnttab_map_domain_grant_refs(xengnttab_handle *h, uint32_t nr,
                                             uint32_t domid, uint32_t *refs,
                                             int prot)
{
    abort();
}

static int xengnttab_unmap(xengnttab_handle *h, void *at, uint32_t nr)
{
    abort();
}

/* The last bucket is one that shares its place in the table with the first. */
static xen_pfn_t gfn_of(unsigned int page)
{
    unsigned int bucket = page / BUCKET_PAGES;

    return (bucket == BUCKETS - 1 ? ALIAS : bucket * BUCKET_PAGES) +
           page % BUCKET_PAGES;
}

static unsigned int where_is(xen_pfn_t gfn)
{
    if (gfn >= ALIAS) {
        gfn = gfn - ALIAS + (BUCKETS - 1) * BUCKET_PAGES;
    } else if (gfn >= (BUCKETS - 1) * BUCKET_PAGES) {
        return NOWHERE;
    }
    return gfn < PAGES ? where[gfn] : NOWHERE;
}

static void *xenforeignmemory_map2(int *fmem, uint32_t domid, void *addr,
                                   int prot, int flags, size_t nr,
                                   const xen_pfn_t *pfns, int *err)
{
    char *base = mmap(addr, nr * XC_PAGE_SIZE, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    size_t i;

    for (i = 0; i < nr; i++) {
        unsigned int page = where_is(pfns[i]);

        err[i] = page == NOWHERE ? -ENOENT : 0;
        if (!err[i] &&
            mmap(base + i * XC_PAGE_SIZE, XC_PAGE_SIZE, prot,
                 MAP_SHARED | MAP_FIXED, file,
                 page * XC_PAGE_SIZE) == MAP_FAILED) {
            abort();
        }
    }
    mappings++;
    mapped += nr * XC_PAGE_SIZE;
    return base;
}

static int counted_munmap(void *at, size_t size)
{
    mappings--;
    mapped -= size;
    return munmap(at, size);
}

/* As large a cache as that leaves room for; 80 MiB are not for it. */
static void small(struct rlimit *limit)
{
    limit->rlim_max = (80 + CACHE_BUCKETS) * MiB;
}

#define munmap counted_munmap
#define geteuid() 1
#define getrlimit(which, limit) small(limit)
#define setrlimit(...)
#include MAPCACHE

/* ------------------------------------------------------------------- tests */

#define CHECK(cond) do {                                                \
    if (!(cond)) {                                                      \
        printf("line %d: %s\n", __LINE__, #cond);                       \
        exit(1);                                                        \
    }                                                                   \
} while (0)

static sigjmp_buf nobody;

static void fault(int sig)
{
    siglongjmp(nobody, 1);
}

/* Which of the machine's pages the pointer leads to: NOWHERE if to none. */
static unsigned int at(const uint8_t *p)
{
    static uint64_t next = 1ULL << 32;
    unsigned int i = NOWHERE;

    if (!p || sigsetjmp(nobody, 1)) {
        return NOWHERE;
    }
    /* not by what is in it: what was there before may be in a copy, too */
    *(volatile uint64_t *)((uintptr_t)p & -XC_PAGE_SIZE) = ++next;
    for (i = 1; i < fresh; i++) {
        if (machine[i * (XC_PAGE_SIZE / 8)] == next) {
            return i;
        }
    }
    return NOWHERE;
}

static void comes(unsigned int page)
{
    if (fresh == MACHINE) {
        abort();
    }
    where[page] = fresh++;
}

/* Xen tells of it before the guest goes on. */
static void goes(unsigned int page)
{
    where[page] = NOWHERE;
}

static uint8_t *lock(unsigned int page, unsigned int nr)
{
    return xen_map_cache(NULL, gfn_of(page) * XC_PAGE_SIZE, nr * XC_PAGE_SIZE,
                         0, 1, true, true);
}

/* By a short access, or one that says how long it is. */
static uint8_t *shortly(unsigned int page)
{
    return xen_map_cache(NULL, gfn_of(page) * XC_PAGE_SIZE, 0, 0, 0, false,
                         true);
}

static uint8_t *access_to(unsigned int page)
{
    return xen_map_cache(NULL, gfn_of(page) * XC_PAGE_SIZE, XC_PAGE_SIZE, 0, 0,
                         false, true);
}

static void begin(void)
{
    unsigned int page;

    fresh = 1;
    for (page = 0; page < PAGES; page++) {
        goes(page);
    }
    xen_invalidate_map_cache();
    CHECK(!mappings && !mapped);
}

/* To let go of a page of a bucket must not let go of another one's memory. */
static void unlock_another(void)
{
    uint8_t *a, *b;

    begin();
    comes(1);
    a = lock(1, 1);
    comes(2);
    b = lock(2, 1);
    CHECK(mappings == 2);
    xen_invalidate_map_cache_entry(b);
    CHECK(mappings == 1);
    CHECK(at(a) == where[1]);
    /* The first entry stays for the next one, unless it has been invalidated. */
    xen_invalidate_map_cache_entry(a);
    CHECK(mappings == 1);
    CHECK(lock(1, 1) == a);
    xen_invalidate_map_cache();
    CHECK(mappings == 1);
    xen_invalidate_map_cache_entry(a);
    CHECK(!mappings);
}

/* Nor may a pointer be taken for an address that another entry has. */
static void address_of(void)
{
    uint8_t *a, *b;

    begin();
    comes(1);
    a = lock(1, 1);
    comes(2);
    b = lock(2, 1);
    CHECK(xen_ram_addr_from_mapcache(a) == 1 * XC_PAGE_SIZE);
    CHECK(xen_ram_addr_from_mapcache(b) == 2 * XC_PAGE_SIZE);
    xen_invalidate_map_cache_entry(a);
    xen_invalidate_map_cache_entry(b);
}

/* What is locked keeps its page.  Others that were with it are not found. */
static void locked_hides(void)
{
    uint8_t *a;

    begin();
    comes(1);
    comes(2);
    a = lock(1, 1);
    goes(2);
    xen_invalidate_map_cache();
    CHECK(!shortly(2));
    comes(2);
    CHECK(at(shortly(2)) == where[2]);
    CHECK(at(a) == where[1]);
    xen_invalidate_map_cache_entry(a);
}

/* The same of an entry that is not the first of its bucket. */
static void chained_locked_hides(void)
{
    uint8_t *a, *b;

    begin();
    comes(1);
    a = lock(1, 1);
    comes(2);
    comes(3);
    b = lock(2, 1);
    goes(3);
    xen_invalidate_map_cache();
    comes(3);
    CHECK(at(shortly(3)) == where[3]);
    CHECK(at(a) == where[1] && at(b) == where[2]);
    xen_invalidate_map_cache_entry(b);
    xen_invalidate_map_cache_entry(a);
}

/* An entry behind a locked one goes as well. */
static void chained_goes(void)
{
    uint8_t *a;

    begin();
    comes(1);
    a = lock(1, 1);
    comes(2);
    CHECK(at(shortly(2)) == where[2]);
    CHECK(mappings == 2);
    goes(2);
    xen_invalidate_map_cache();
    CHECK(mappings == 1);
    CHECK(!access_to(2));
    comes(2);
    CHECK(at(access_to(2)) == where[2]);
    CHECK(at(a) == where[1]);
    xen_invalidate_map_cache_entry(a);
}

/* Devices are restored: what is not there hides nothing, nor itself later. */
static void restored_hole(void)
{
    begin();
    comes(1);
    in_migrate = true;
    CHECK(!lock(2, 1));
    CHECK(!shortly(2));
    CHECK(at(shortly(1)) == where[1]);
    in_migrate = false;
    comes(2);
    CHECK(at(shortly(1)) == where[1]);
    CHECK(at(shortly(2)) == where[2]);
}

/* But a device's own memory can be used before it is where it was. */
static void restored_device(void)
{
    uint64_t from = 1 * MiB, to = 2 * MiB;
    unsigned int i;
    uint8_t *p;

    begin();
    in_migrate = true;
    p = xen_map_cache(NULL, from, MiB, from, 1, true, true);
    CHECK(p);
    memset(p, 0, MiB);
    for (i = 0; i < BUCKET_PAGES; i++) {
        comes(2 * BUCKET_PAGES + i);
    }
    CHECK(xen_replace_cache_entry(from, to, MiB) == p);
    in_migrate = false;
    CHECK(at(p) == where[2 * BUCKET_PAGES]);
    CHECK(at(p + MiB - 1) == where[3 * BUCKET_PAGES - 1]);
    /* which stays for good */
    xen_invalidate_map_cache();
    CHECK(at(p) == where[2 * BUCKET_PAGES]);
}

static void lets_go(void)
{
    begin();
    drained = let_go_after = 0;
    xen_invalidate_map_cache();
    CHECK(drained == 1 && let_go_after == 1);
}

/* Anything, and what is mapped has to be the guest's memory of the time. */
#define LOCKS 24

static void run(unsigned int seed)
{
    struct {
        uint8_t *p;
        unsigned int page, nr, machine[3];
    } locks[LOCKS] = {};
    unsigned int step, i, n;

    begin();
    srand(seed);
    /* a few pages of each bucket, and at the ends of them */
    for (step = 0; step < 400; step++) {
        unsigned int page = rand() % BUCKETS * BUCKET_PAGES +
                            (rand() % 6 + BUCKET_PAGES - 3) % BUCKET_PAGES;
        unsigned int k = rand() % LOCKS;
        uint8_t *p;

        switch (rand() % 8) {
        case 0:
            if (!where[page]) {
                comes(page);
            }
            break;
        case 1:
            goes(page);
            xen_invalidate_map_cache();
            break;
        case 2:
            xen_invalidate_map_cache();
            break;
        case 3: case 4:
            if (locks[k].p) {
                for (i = 0; i < locks[k].nr; i++) {
                    CHECK(at(locks[k].p + i * XC_PAGE_SIZE) ==
                          locks[k].machine[i]);
                }
                CHECK(xen_ram_addr_from_mapcache(locks[k].p) ==
                      gfn_of(locks[k].page) * XC_PAGE_SIZE);
                xen_invalidate_map_cache_entry(locks[k].p);
                locks[k].p = NULL;
                break;
            }
            n = 1 + rand() % 3;
            for (i = 0; i < n && page + i < PAGES && where[page + i] &&
                 gfn_of(page + i) == gfn_of(page) + i; i++) {
                locks[k].machine[i] = where[page + i];
            }
            p = lock(page, n);
            CHECK(!p == (i < n));
            locks[k].p = p;
            locks[k].page = page;
            locks[k].nr = n;
            break;
        default:
            p = rand() % 2 ? shortly(page) : access_to(page);
            CHECK(at(p) == where[page]);
            break;
        }
    }
    for (i = 0; i < LOCKS; i++) {
        if (locks[i].p) {
            CHECK(at(locks[i].p) == locks[i].machine[0]);
            xen_invalidate_map_cache_entry(locks[i].p);
        }
    }
    xen_invalidate_map_cache();
    CHECK(!mappings && !mapped);
}

static void at_random(void)
{
    unsigned int seed;

    for (seed = 1; seed <= 50; seed++) {
        run(seed);
    }
}

#define TEST(name) { #name, name }
static const struct {
    const char *name;
    void (*run)(void);
} tests[] = {
    TEST(unlock_another), TEST(address_of), TEST(locked_hides),
    TEST(chained_locked_hides), TEST(chained_goes), TEST(restored_hole),
    TEST(restored_device), TEST(lets_go), TEST(at_random),
};

int main(int argc, char **argv)
{
    unsigned int i;

    file = memfd_create("guest", 0);
    if (file < 0 || ftruncate(file, MACHINE * XC_PAGE_SIZE)) {
        return 2;
    }
    machine = mmap(NULL, MACHINE * XC_PAGE_SIZE, PROT_READ | PROT_WRITE,
                   MAP_SHARED, file, 0);
    signal(SIGSEGV, fault);
    signal(SIGBUS, fault);
    xen_map_cache_init(NULL, NULL);

    while (*++argv) {
        for (i = 0; i < G_N_ELEMENTS(tests); i++) {
            if (!strcmp(tests[i].name, *argv)) {
                break;
            }
        }
        if (i == G_N_ELEMENTS(tests)) {
            return 3;
        }
        tests[i].run();
    }
    return 0;
}
