/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One device's cache of translations: set associative, of fixed size.
 */
#include "qemu/osdep.h"
#include "xen-viommu-cache.h"

static uint64_t frame(uint64_t iova, unsigned int order)
{
    return order < 64 ? iova >> order : 0;
}

static unsigned int set_of(uint64_t frame, unsigned int order)
{
    return (frame ^ (frame >> 8) ^ (frame >> 16) ^ (order * 37)) &
           (XEN_VIOMMU_CACHE_SETS - 1);
}

static bool is(const XenViommuEntry *e, uint64_t gen, uint16_t rid,
               uint64_t fr, unsigned int order)
{
    return e->gen == gen && e->rid == rid && e->r.order == order &&
           frame(e->r.iova, order) == fr;
}

const XenViommuRange *xen_viommu_cache_lookup(XenViommuCache *c, uint64_t gen,
                                              uint16_t rid, uint64_t iova,
                                              uint8_t access)
{
    unsigned int word, way;

    if (c->gen != gen) {
        return NULL;
    }

    /* one probe for each size in use: one or two, as a rule */
    for (word = 0; word < ARRAY_SIZE(c->orders); word++) {
        uint64_t orders = c->orders[word];

        for (; orders; orders &= orders - 1) {
            unsigned int order = word * 64 + __builtin_ctzll(orders);
            uint64_t fr = frame(iova, order);
            const XenViommuEntry *set = c->set[set_of(fr, order)];

            for (way = 0; way < XEN_VIOMMU_CACHE_WAYS; way++) {
                if (is(&set[way], gen, rid, fr, order)) {
                    /*
                     * Too little permission is no hit: Xen has to see the
                     * access, to record the fault or to know better.
                     */
                    return (access & ~set[way].r.perm) ? NULL : &set[way].r;
                }
            }
        }
    }
    return NULL;
}

void xen_viommu_cache_insert(XenViommuCache *c, uint64_t gen, uint16_t rid,
                             const XenViommuRange *r)
{
    uint64_t fr = frame(r->iova, r->order);
    unsigned int s = set_of(fr, r->order);
    XenViommuEntry *set = c->set[s], *e = NULL;
    unsigned int way;

    if (c->gen != gen) {
        c->gen = gen;
        memset(c->orders, 0, sizeof(c->orders));
    }
    c->orders[r->order / 64] |= 1ULL << (r->order % 64);

    /* a second copy of a range with other permissions would hide the first */
    for (way = 0; way < XEN_VIOMMU_CACHE_WAYS && !e; way++) {
        if (is(&set[way], gen, rid, fr, r->order)) {
            e = &set[way];
        }
    }
    for (way = 0; way < XEN_VIOMMU_CACHE_WAYS && !e; way++) {
        if (set[way].gen != gen || !set[way].r.order) {
            e = &set[way];
        }
    }
    if (!e) {
        e = &set[c->victim[s]++ % XEN_VIOMMU_CACHE_WAYS];
    }

    e->r = *r;
    e->rid = rid;
    e->gen = gen;
}
