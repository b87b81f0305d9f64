/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In-flight DMA by generation, and what may be acknowledged to Xen.
 */
#include "qemu/osdep.h"
#include "xen-viommu-drain.h"

struct XenViommuGen {
    uint64_t gen;
    uint64_t nr;
    XenViommuGen *older, *newer;
};

struct XenViommuDma {
    const void *as;
    const void *ptr;
    XenViommuGen *gen;
    XenViommuDma *next;
};

void xen_viommu_drain_init(XenViommuDrain *d)
{
    memset(d, 0, sizeof(*d));
}

static XenViommuDma **bucket(XenViommuDrain *d, const void *as,
                             const void *ptr)
{
    /* most mappings are page aligned, and most devices have one as */
    uint64_t h = ((uintptr_t)ptr >> 9) ^ ((uintptr_t)as >> 6);

    h *= 0x9e3779b97f4a7c15ULL;
    return &d->bucket[(h >> 32) & (XEN_VIOMMU_DRAIN_BUCKETS - 1)];
}

/*
 * The counter of @gen.  Nearly always the newest one: generations only go up,
 * so the walk is there for correctness, not for use.
 */
static XenViommuGen *get_gen(XenViommuDrain *d, uint64_t gen)
{
    XenViommuGen *older = d->newest, *g;

    while (older && older->gen > gen) {
        older = older->older;
    }
    if (older && older->gen == gen) {
        return older;
    }

    g = g_new0(XenViommuGen, 1);
    g->gen = gen;
    g->older = older;
    g->newer = older ? older->newer : d->oldest;
    *(g->older ? &g->older->newer : &d->oldest) = g;
    *(g->newer ? &g->newer->older : &d->newest) = g;
    return g;
}

static void put_gen(XenViommuDrain *d, XenViommuGen *g)
{
    if (--g->nr) {
        return;
    }
    *(g->older ? &g->older->newer : &d->oldest) = g->newer;
    *(g->newer ? &g->newer->older : &d->newest) = g->older;
    g_free(g);
}

void xen_viommu_drain_begin(XenViommuDrain *d, const void *as,
                            const void *ptr, uint64_t gen)
{
    XenViommuDma **head = bucket(d, as, ptr);
    XenViommuDma *dma = g_new(XenViommuDma, 1);

    dma->as = as;
    dma->ptr = ptr;
    dma->gen = get_gen(d, gen);
    dma->gen->nr++;
    dma->next = *head;
    *head = dma;
    d->nr++;
}

/*
 * The end of a mapping says neither which of several with the same pointer it
 * is, nor (dma_blk_cb() trims it) its true length, so neither is compared.
 * Of several, the newest is taken: if that is the wrong one, an old generation
 * looks busy for longer than it is, never for less.
 */
bool xen_viommu_drain_end(XenViommuDrain *d, const void *as, const void *ptr,
                          uint64_t *gen)
{
    XenViommuDma **link = bucket(d, as, ptr);
    XenViommuDma *dma;

    while ((dma = *link) && (dma->as != as || dma->ptr != ptr)) {
        link = &dma->next;
    }
    if (!dma) {
        return false;
    }

    *gen = dma->gen->gen;
    *link = dma->next;
    put_gen(d, dma->gen);
    g_free(dma);
    d->nr--;
    return true;
}

void xen_viommu_drain_request(XenViommuDrain *d, uint64_t gen)
{
    if (d->requested < gen) {
        d->requested = gen;
    }
}

bool xen_viommu_drain_busy(const XenViommuDrain *d)
{
    return d->oldest && d->oldest->gen < d->requested;
}

uint64_t xen_viommu_drain_oldest(const XenViommuDrain *d)
{
    return d->oldest ? d->oldest->gen : UINT64_MAX;
}

uint64_t xen_viommu_drain_due(XenViommuDrain *d)
{
    uint64_t due = d->requested;

    if (xen_viommu_drain_busy(d)) {
        due = d->oldest->gen;
    }
    if (due <= d->acked) {
        return 0;
    }
    d->acked = due;
    return due;
}
