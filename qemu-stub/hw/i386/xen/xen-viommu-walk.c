/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks of the guest's tables, so that a miss needs no hypercall.
 */
#include "qemu/osdep.h"
#include "xen-viommu-walk.h"

#define PAGE_ORDER  12
#define LARGE_ORDER 21
#define INDEX_BITS  9           /* of each level */

/* XEN_VIOMMU_FORMAT_VTD: the permissions are XEN_VIOMMU_READ and _WRITE. */
#define ENTRY_ADDR      0x000ffffffffff000ULL
#define ENTRY_PERM      (XEN_VIOMMU_READ | XEN_VIOMMU_WRITE)
#define ENTRY_BLOCK     (1ULL << 7)     /* of levels 2 and 3 */
#define PRESENT         1ULL            /* in root and context entries */
#define CONTEXT_WIDTH   7ULL            /* in the upper half: levels, less 2 */
#define CONTEXT_DID     (0xffffULL << CONTEXT_DID_SHIFT)
#define CONTEXT_DID_SHIFT 8

static XenViommuBlock *block_of(XenViommuWalk *w, uint64_t gpa,
                                unsigned int order)
{
    uint64_t number = gpa >> order;

    return order == PAGE_ORDER
           ? &w->page[number & (XEN_VIOMMU_WALK_PAGES - 1)]
           : &w->large[number & (XEN_VIOMMU_WALK_LARGE - 1)];
}

void xen_viommu_walk_learn(XenViommuWalk *w, uint64_t pos, uint64_t iova,
                           const struct xen_viommu_xlat *xlat)
{
    uint64_t gpa = xlat->gpa + (iova - xlat->iova);
    unsigned int order = xlat->block >= LARGE_ORDER ? LARGE_ORDER : PAGE_ORDER;

    if (!w->map || !w->may(w->opaque)) {
        return;
    }
    if (xlat->block >= PAGE_ORDER) {
        *block_of(w, gpa, order) = (XenViommuBlock) {
            .number = (gpa >> order) + 1,
            .pos = pos,
        };
    }
    w->root = xlat->format == XEN_VIOMMU_FORMAT_VTD &&
              !(xlat->root & ~ENTRY_ADDR) ? xlat->root : 0;
    w->levels = xlat->levels;
}

/* How much around @gpa Xen has vouched for, as an order, or 0. */
static unsigned int vouched(XenViommuWalk *w, uint64_t gpa, uint64_t since)
{
    const XenViommuBlock *b = block_of(w, gpa, LARGE_ORDER);

    if (b->number == (gpa >> LARGE_ORDER) + 1 && b->pos >= since) {
        return LARGE_ORDER;
    }
    b = block_of(w, gpa, PAGE_ORDER);
    if (b->number == (gpa >> PAGE_ORDER) + 1 && b->pos >= since) {
        return PAGE_ORDER;
    }
    return 0;
}

static const uint64_t *table_at(XenViommuWalk *w, const XenViommuCache *c,
                                uint64_t gpa, uint64_t since)
{
    uint64_t page = gpa >> PAGE_ORDER;
    XenViommuTable *t = &w->table[(page ^ page >> 6) &
                                  (XEN_VIOMMU_WALK_TABLES - 1)];
    XenViommuTable new = { .gpa = gpa };

    if (t->gpa == gpa && t->host && t->pos >= since) {
        return t->host;
    }
    new.pos = xen_viommu_cache_applied(c);
    new.host = w->map(w->opaque, gpa);
    if (!new.host) {
        return NULL;
    }
    if (t->host) {
        w->unmap(w->opaque, t->host);
    }
    *t = new;
    return new.host;
}

/* In one access; and acquire, so that what it leads to is not read before. */
static uint64_t read_entry(const uint64_t *table, unsigned int i)
{
    return __atomic_load_n(&table[i], __ATOMIC_ACQUIRE);
}

/* Where the tables of @rid's pages begin, or 0. */
static uint64_t find_tables(XenViommuWalk *w, const XenViommuCache *c,
                            uint16_t rid, uint64_t since, uint16_t *did,
                            unsigned int *levels)
{
    const uint64_t *table = table_at(w, c, w->root, since);
    unsigned int i = (rid >> 8) * 2;
    uint64_t low, high;

    if (!table) {
        return 0;
    }
    low = read_entry(table, i);
    if ((low & ~ENTRY_ADDR) != PRESENT || read_entry(table, i + 1)) {
        return 0;
    }
    table = table_at(w, c, low & ENTRY_ADDR, since);
    if (!table) {
        return 0;
    }
    i = (rid & 0xff) * 2;
    low = read_entry(table, i);
    high = read_entry(table, i + 1);
    /* both halves of the same entry: an entry is not replaced twice meanwhile */
    if ((low & ~ENTRY_ADDR) != PRESENT || read_entry(table, i) != low ||
        (high & ~(CONTEXT_WIDTH | CONTEXT_DID))) {
        return 0;
    }
    *levels = (high & CONTEXT_WIDTH) + 2;
    *did = high >> CONTEXT_DID_SHIFT;
    if (*levels < 3 || *levels > w->levels) {
        return 0;
    }
    return low & ENTRY_ADDR;
}

/*
 * Bytes behind the page of @iova, which is all in its table's @entry, that have the
 * same table and lie behind it in memory, up to @end.  The block of 2 MiB that has the
 * page is memory.
 */
static uint64_t run(const uint64_t *table, uint64_t iova, uint64_t entry,
                    uint64_t end)
{
    unsigned int mask = (1 << INDEX_BITS) - 1;
    unsigned int i = (iova >> PAGE_ORDER) & mask;
    unsigned int room = mask - MAX(i, (entry >> PAGE_ORDER) & mask);
    uint64_t len = 0;

    for (iova |= (1 << PAGE_ORDER) - 1; room-- && iova + len + 1 < end; ) {
        if (read_entry(table, ++i) != entry + len + (1 << PAGE_ORDER)) {
            break;
        }
        len += 1 << PAGE_ORDER;
    }
    return len;
}

bool xen_viommu_walk(XenViommuWalk *w, const XenViommuCache *c, uint16_t rid,
                     uint64_t iova, uint8_t access, XenViommuPath *path,
                     XenViommuRange *r)
{
    uint64_t since = xen_viommu_cache_since(c), at, entry, known;
    unsigned int levels, shift, order;
    const uint64_t *table;
    uint8_t perm = ENTRY_PERM;

    if (!w->map || !w->may(w->opaque) || !w->root) {
        return false;
    }
    if (path->table && path->prefix == iova >> LARGE_ORDER) {
        table = path->table;
        perm = path->perm;
        r->did = path->did;
        shift = LARGE_ORDER;
    } else {
        path->table = NULL;
        at = find_tables(w, c, rid, since, &r->did, &levels);
        if (!at) {
            return false;
        }
        shift = PAGE_ORDER + INDEX_BITS * levels;
        if (iova >> shift) {
            return false;
        }
        table = table_at(w, c, at, since);
    }

    for (;;) {
        if (!table) {
            return false;
        }
        shift -= INDEX_BITS;
        entry = read_entry(table,
                           (iova >> shift) & ((1 << INDEX_BITS) - 1));
        perm &= entry;
        known = ENTRY_ADDR | ENTRY_PERM;
        if (shift == PAGE_ORDER + INDEX_BITS ||
            shift == PAGE_ORDER + 2 * INDEX_BITS) {
            known |= ENTRY_BLOCK;
        }
        if ((access & ~perm) || (entry & ~known)) {
            return false;
        }
        if (shift == PAGE_ORDER || (entry & ENTRY_BLOCK)) {
            break;
        }
        table = table_at(w, c, entry & ENTRY_ADDR, since);
        if (shift == LARGE_ORDER) {
            *path = (XenViommuPath) {
                .end = path->end,
                .table = table,
                .prefix = iova >> LARGE_ORDER,
                .did = r->did,
                .perm = perm,
            };
        }
    }

    at = entry & ENTRY_ADDR;
    if (at & ((1ULL << shift) - 1)) {
        return false;
    }
    at += iova & ((1ULL << shift) - 1);
    order = vouched(w, at, since);
    if (!order) {
        return false;
    }
    r->more = shift == PAGE_ORDER && order == LARGE_ORDER
              ? run(table, iova, entry, path->end) : 0;
    order = MIN(order, shift);
    r->iova = iova >> order << order;
    r->gpa = at >> order << order;
    r->order = order;
    r->perm = perm;
    return true;
}

void xen_viommu_walk_release(XenViommuWalk *w)
{
    XenViommuTable *t;

    for (t = w->table; t < w->table + XEN_VIOMMU_WALK_TABLES; t++) {
        if (t->host) {
            w->unmap(w->opaque, t->host);
            t->host = NULL;
        }
    }
}
