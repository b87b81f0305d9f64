/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What waiting costs and what looking costs, in native time: the core's own
 * sources and the stub's, called where there would be an exit or a hypercall.
 *
 *   drain_tail_us  from the last access of a stale DMA until the guest, which
 *                  polls, sees the completion
 *   inval_ns       an invalidation, from the write of the register on, by the
 *                  number of slots in flight: none covered, or all of them and
 *                  none stale
 *
 * One JSON line each.
 */
#include <stdio.h>
#include <stdlib.h>

#include "torture.h"
#include "xen-viommu-client.h"

enum { DRAINS = 5000, ROUNDS = 9, INVALIDATIONS = 2000 };

#define BASE    0xfed90000ULL
#define DM      7
#define RID     0x18
#define GCMD    0x18
#define RTADDR  0x20
#define IVA     0xf0
#define IOTLB   0xf8

#define ROOT    0x1000ULL
#define CTX     0x2000ULL
#define TABLE(level) (0x3000ULL + (level) * 0x1000)
#define LEAF(n) (0x10000ULL + (n) * 0x1000)
#define DATA    0x800000ULL
#define LEAVES  4       /* tables of 512 pages: 2048 pages are mapped */

static struct viommu *viommu;
static XenViommuClient client;

static void set(uint64_t gpa, uint64_t val)
{
    __atomic_store_n(&torture_ram[gpa / 8], val, __ATOMIC_RELEASE);
}

/* All on the page behind DATA that the page's number says, and round again. */
static void map(unsigned int page, bool there)
{
    set(LEAF(page / 512) + page % 512 * 8,
        there ? (DATA + ((uint64_t)page % 1024 << 12)) | 3 : 0);
}

static void write_reg(unsigned int off, unsigned int size, uint64_t val)
{
    bool more = viommu_mmio_write(viommu, BASE + off, size, val);

    while ( more )
        more = viommu_continue(viommu);
}

static void invalidate(unsigned int page, unsigned int granularity)
{
    write_reg(IVA, 8, (uint64_t)page << 12);
    write_reg(IOTLB, 8, 1ULL << 63 | (uint64_t)granularity << 60 | 1ULL << 32);
}

static bool pending(void)
{
    return viommu_mmio_read(viommu, BASE + IOTLB, 8) >> 63;
}

static int translate(void *opaque, struct xen_viommu_xlat *xlat,
                     unsigned int nr, uint64_t *generation)
{
    (void)opaque;

    return viommu_translate(viommu, DM, xlat, nr, generation);
}

static void tell(void *opaque)
{
    struct xen_dm_op_viommu_ack op = { 0 };
    bool more;

    (void)opaque;
    if ( viommu_ack(viommu, DM, &op, &more) )
        abort();
    while ( more )
        more = viommu_continue(viommu);
}

static void create(void)
{
    const struct xen_domctl_viommu_op op = {
        .cmd = XEN_DOMCTL_VIOMMU_create, .type = XEN_VIOMMU_TYPE_VTD,
        .base = BASE, .aw = 48,
    };
    const struct viommu_frontend *fe = viommu_frontend(&op);
    struct xen_dm_op_viommu_attach attach = { .version = 2 };
    void *frames = aligned_alloc(4096, XEN_VIOMMU_LEDGER_FRAMES * 4096);
    unsigned int n;

    memset(frames, 0, XEN_VIOMMU_LEDGER_FRAMES * 4096);
    viommu = calloc(1, fe->size);
    viommu_init(viommu, fe, NULL, 46, &op);
    viommu_give_ledger(viommu, calloc(1, sizeof(struct viommu_ledger)), frames);

    set(ROOT, CTX | 1);
    set(CTX + RID * 16, TABLE(4) | 1);
    set(CTX + RID * 16 + 8, 2 | 1 << 8);
    set(TABLE(4), TABLE(3) | 3);
    set(TABLE(3), TABLE(2) | 3);
    for ( n = 0; n < LEAVES; n++ )
        set(TABLE(2) + n * 8, LEAF(n) | 3);
    for ( n = 0; n < LEAVES * 512; n++ )
        map(n, true);
    write_reg(RTADDR, 8, ROOT);
    write_reg(GCMD, 4, 1u << 30);
    write_reg(GCMD, 4, 1u << 31);

    if ( viommu_attach(viommu, DM, &attach) || attach.version != 2 )
        abort();
    client.translate = translate;
    client.tell = tell;
    xen_viommu_client_init(&client, frames);
}

static void begin(XenViommuUse *use, unsigned int page)
{
    if ( !xen_viommu_begin(&client, RID, (uint64_t)page << 12, 4096,
                           XEN_VIOMMU_WRITE, true, 16, use) )
        abort();
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

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
        begin(&use, n % 1024);
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
        map(n % 1024, false);
        invalidate(n % 1024, 3);
        waited += pending();
        __atomic_store_n(&stage, 2, __ATOMIC_RELEASE);
        while ( pending() )
            __builtin_ia32_pause();
        tail[n] = viommu_host_now();
        map(n % 1024, true);
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

/* Invalidations while @slots are in flight; @all: each covers all of them. */
static void looks(unsigned int slots, bool all)
{
    static XenViommuUse use[XEN_VIOMMU_SLOTS];
    uint64_t ns[ROUNDS], walks = viommu->stats.walks;
    unsigned int n, round;

    for ( n = 0; n < slots; n++ )
    {
        use[n] = (XenViommuUse)XEN_VIOMMU_USE_INIT;
        begin(&use[n], n);
    }
    for ( round = 0; round < ROUNDS; round++ )
    {
        unsigned int nr = INVALIDATIONS / (all ? 1 + slots / 16 : 1);
        uint64_t start = viommu_host_now();

        for ( n = 0; n < nr; n++ )
        {
            invalidate(1024 + n % 512, all ? 2 : 3);
            if ( pending() )
                abort();
        }
        ns[round] = (viommu_host_now() - start) / nr;
    }
    for ( n = 0; n < slots; n++ )
        xen_viommu_end(&client, &use[n]);

    qsort(ns, ROUNDS, sizeof(*ns), compare);
    printf("{\"what\": \"inval_ns\", \"in_flight\": %u, \"covered\": %s, "
           "\"median\": %lu, \"walks\": %lu}\n", slots, all ? "true" : "false",
           (unsigned long)ns[ROUNDS / 2],
           (unsigned long)(viommu->stats.walks - walks));
}

int main(void)
{
    static const unsigned int slots[] = { 0, 1, 32, 256, 1024 };
    unsigned int i;

    create();
    drains();
    for ( i = 0; i < ARRAY_SIZE(slots); i++ )
        looks(slots[i], false);
    for ( i = 1; i < ARRAY_SIZE(slots); i++ )
        looks(slots[i], true);

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
