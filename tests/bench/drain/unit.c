/* SPDX-License-Identifier: GPL-2.0-only */
/* A unit and its client: see unit.h. */
#include <stdlib.h>

#include "unit.h"

#define BASE    0xfed90000ULL
#define DM      7
#define GCMD    0x18
#define RTADDR  0x20
#define IVA     0xf0
#define IOTLB   0xf8

#define ROOT    0x1000ULL
#define CTX     0x2000ULL
#define TABLE(level) (0x3000ULL + (level) * 0x1000)
#define LEAF(n) (0x10000ULL + (n) * 0x1000)
#define DATA    0x800000ULL
#define LEAVES  (MAPPED / 512)

struct viommu *viommu;
XenViommuClient client;

static void set(uint64_t gpa, uint64_t val)
{
    __atomic_store_n(&torture_ram[gpa / 8], val, __ATOMIC_RELEASE);
}

/* All on the page behind DATA that the page's number says, and round again. */
void unit_map(unsigned int page, bool there)
{
    set(LEAF(page / 512) + page % 512 * 8,
        there ? (DATA + ((uint64_t)page % PAGES << 12)) | 3 : 0);
}

void unit_map_many(unsigned long pages)
{
    unsigned int n;

    for ( n = 0; n < MAPPED; n++ )
        unit_map(n, n < pages);
    for ( n = LEAVES; n < 512; n++ )
        set(TABLE(2) + n * 8, pages > MAPPED ? LEAF(n % LEAVES) | 3 : 0);
    for ( n = 1; n < 512; n++ )
        set(TABLE(3) + n * 8, pages > 1ul << 18 ? TABLE(2) | 3 : 0);
}

static void write_reg(unsigned int off, unsigned int size, uint64_t val)
{
    bool more = viommu_mmio_write(viommu, BASE + off, size, val);

    while ( more )
        more = viommu_continue(viommu);
}

void unit_invalidate(unsigned int page, unsigned int granularity)
{
    write_reg(IVA, 8, (uint64_t)page << 12);
    write_reg(IOTLB, 8, 1ULL << 63 | (uint64_t)granularity << 60 | (uint64_t)UNIT_DID << 32);
}

bool unit_pending(void)
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

void unit_create(void)
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
    set(CTX + UNIT_RID * 16, TABLE(4) | 1);
    set(CTX + UNIT_RID * 16 + 8, 2 | UNIT_DID << 8);
    set(TABLE(4), TABLE(3) | 3);
    set(TABLE(3), TABLE(2) | 3);
    for ( n = 0; n < LEAVES; n++ )
        set(TABLE(2) + n * 8, LEAF(n) | 3);
    for ( n = 0; n < MAPPED; n++ )
        unit_map(n, true);
    write_reg(RTADDR, 8, ROOT);
    write_reg(GCMD, 4, 1u << 30);
    write_reg(GCMD, 4, 1u << 31);

    if ( viommu_attach(viommu, DM, &attach) || attach.version != 2 )
        abort();
    client.translate = translate;
    client.tell = tell;
    xen_viommu_client_init(&client, frames);
}

void unit_begin(XenViommuUse *use, unsigned int page, unsigned int pages)
{
    if ( !xen_viommu_begin(&client, UNIT_RID, (uint64_t)page << 12,
                           (uint64_t)pages << 12, XEN_VIOMMU_WRITE, true, 16,
                           use) )
        abort();
}

void unit_cache(XenViommuCache *cache, unsigned int page)
{
    const XenViommuRange range = {
        .iova = (uint64_t)page << 12, .order = 12, .did = UNIT_DID,
        .gpa = DATA + ((uint64_t)page % PAGES << 12), .perm = 3,
    };

    xen_viommu_cache_insert(cache, 0, UNIT_RID, &range);
}

int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
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
