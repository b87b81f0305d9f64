/* SPDX-License-Identifier: GPL-2.0-only */
/* A unit and its client: see unit.h. */
#include <stdlib.h>

#include "unit.h"

#define LEAF(n) (0x10000ULL + (n) * 0x1000)
#define DATA    0x800000ULL
#define LEAVES  (MAPPED / 512)

/* All on the page behind DATA that the page's number says, and round again. */
void unit_map(unsigned int page, bool there)
{
    pair_set(LEAF(page / 512) + page % 512 * 8,
             there ? (DATA + ((uint64_t)page % PAGES << 12)) | 3 : 0);
}

void unit_map_many(unsigned long pages)
{
    unsigned int n;

    for ( n = 0; n < MAPPED; n++ )
        unit_map(n, n < pages);
    for ( n = LEAVES; n < 512; n++ )
        pair_set(TABLE(2) + n * 8, pages > MAPPED ? LEAF(n % LEAVES) | 3 : 0);
    for ( n = 1; n < 512; n++ )
        pair_set(TABLE(3) + n * 8, pages > 1ul << 18 ? TABLE(2) | 3 : 0);
}

void unit_invalidate(unsigned int page, unsigned int granularity)
{
    pair_write(IVA, 8, (uint64_t)page << 12);
    pair_write(IOTLB, 8, 1ULL << 63 | (uint64_t)granularity << 60 | (uint64_t)UNIT_DID << 32);
}

bool unit_pending(void)
{
    return pair_read(IOTLB) >> 63;
}

void unit_create(void)
{
    unsigned int n;

    pair_create(0);
    pair_set(ROOT, CTX | 1);
    pair_set(CTX + UNIT_RID * 16, TABLE(4) | 1);
    pair_set(CTX + UNIT_RID * 16 + 8, 2 | UNIT_DID << 8);
    pair_set(TABLE(4), TABLE(3) | 3);
    pair_set(TABLE(3), TABLE(2) | 3);
    for ( n = 0; n < LEAVES; n++ )
        pair_set(TABLE(2) + n * 8, LEAF(n) | 3);
    for ( n = 0; n < MAPPED; n++ )
        unit_map(n, true);
    pair_write(RTADDR, 8, ROOT);
    pair_write(GCMD, 4, 1u << 30);
    pair_write(GCMD, 4, 1u << 31);

    pair_attach();
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
