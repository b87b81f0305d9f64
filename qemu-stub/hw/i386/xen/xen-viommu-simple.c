/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Version 1 of the protocol, the simple form: an invalidation waits for all
 * DMA that began before it.  With an older Xen, and for comparison.
 *
 * A mapping's record is as good as made before its translation is used.  It
 * carries the lowest generation of the translations the mapping is made of;
 * an acknowledgement, from the event handler or from the end of another
 * mapping, cannot come between reading that and recording it.
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/timer.h"
#include "exec/dma-track.h"
#include "xen-viommu-int.h"
#include "trace.h"

/*
 * Most bits of a range that QEMU is told about at once.  With all 64, the
 * memory core would compute the length of the rest of the range, as seen from
 * address 0, to be 0.
 */
#define MAX_ORDER 52

/* lowest generation translated with since map_begin; by thread, as that is */
static __thread uint64_t map_gen;

/*
 * Generations reach us by event and with translations.  The latter may be
 * ahead of the event; it is then only the cache that is dropped early.  What
 * is to be acknowledged is up to the handler, for we may be in the middle of
 * a mapping that has used an older translation and is not recorded yet.
 */
static void xen_viommu_set_gen(XenViommu *s, uint64_t gen)
{
    if (s->gen < gen) {
        s->gen = gen;
        xen_viommu_cache_drop(s->client.cache, gen);
        trace_xen_viommu_invalidate(gen, s->drain.nr);
    }
}

bool xen_viommu_simple_find(XenViommuSpace *sp, hwaddr addr, uint8_t access,
                            XenViommuRange *r)
{
    XenViommu *s = sp->viommu;
    uint16_t rid = xen_viommu_rid(sp);
    uint64_t gen = s->gen;
    struct xen_viommu_xlat x = {
        .iova = addr,
        .rid = rid,
        .access = access,
    };

    if (!xen_viommu_cache_lookup(s->client.cache, rid, addr, access, r)) {
        if (xen_viommu_ask(s, &x, 1, &gen)) {
            return false;
        }
        xen_viommu_set_gen(s, gen);
        if (x.status != XEN_VIOMMU_XLAT_OK) {
            return false;
        }
        *r = (XenViommuRange) {
            .iova = x.iova, .gpa = x.gpa, .did = x.did, .order = x.order,
            .perm = x.perm,
        };
        /* it is Xen's newest word: ours came from Xen before the question */
        xen_viommu_cache_insert(s->client.cache, gen, rid, r);
    }
    map_gen = MIN(map_gen, gen);
    return true;
}

void xen_viommu_simple_translate(XenViommuSpace *sp, hwaddr addr,
                                 uint8_t access, IOMMUTLBEntry *e)
{
    XenViommuRange r;
    hwaddr mask;

    if (!xen_viommu_simple_find(sp, addr, access, &r)) {
        return;
    }

    mask = (1ULL << MIN(r.order, MAX_ORDER)) - 1;
    /* a range that the interrupt window is in ends where that begins */
    if (mask >> MSI_ORDER && !((addr ^ MSI_BASE) & ~mask) && r.order < 64) {
        mask = (1ULL << MSI_ORDER) - 1;
    }

    e->iova = addr & ~mask;
    e->translated_addr = r.gpa + (e->iova - r.iova);
    e->addr_mask = mask;
    if (r.perm & XEN_VIOMMU_READ) {
        e->perm |= IOMMU_RO;
    }
    if (r.perm & XEN_VIOMMU_WRITE) {
        e->perm |= IOMMU_WO;
    }
}

/* @end_ns: when the DMA that was waited for ended; 0 if there was none */
static void xen_viommu_ack(uint64_t gen, int64_t since_ns, int64_t end_ns)
{
    uint64_t requested;
    int64_t now = get_clock();
    uint32_t idle_ns = end_ns ? MIN(MAX(now - end_ns, 1), UINT32_MAX) : 0;

    if (xendevicemodel_viommu_ack(xen_dmod, xen_domid, gen, idle_ns,
                                  &requested)) {
        error_report_once("xen-viommu: cannot acknowledge: %s",
                          strerror(errno));
    }
    trace_xen_viommu_drained(gen, now - since_ns);
}

void xen_viommu_simple_event(XenViommu *s)
{
    uint64_t requested, due;
    bool busy;

    if (xendevicemodel_viommu_ack(xen_dmod, xen_domid, 0, 0, &requested)) {
        error_report_once("xen-viommu: cannot ask for the generation: %s",
                          strerror(errno));
        return;
    }
    xen_viommu_set_gen(s, requested);

    qemu_mutex_lock(&s->lock);
    if (s->drain.requested < requested) {
        s->requested_ns = get_clock();
    }
    xen_viommu_drain_request(&s->drain, requested);
    busy = xen_viommu_drain_busy(&s->drain);
    qemu_mutex_unlock(&s->lock);

    if (busy) {
        notifier_list_notify(&dma_remap_notifiers, NULL);
    }

    qemu_mutex_lock(&s->lock);
    due = xen_viommu_drain_due(&s->drain);
    qemu_mutex_unlock(&s->lock);

    if (due) {
        xen_viommu_ack(due, s->requested_ns, 0);
    }
}

void xen_viommu_simple_map_begin(void)
{
    map_gen = UINT64_MAX;
}

void xen_viommu_simple_mapped(XenViommu *s, AddressSpace *as, hwaddr addr,
                              void *ptr, hwaddr len)
{
    if (map_gen == UINT64_MAX) {
        return; /* not through us */
    }
    trace_xen_viommu_dma_begin(as, addr, ptr, len, map_gen);
    qemu_mutex_lock(&s->lock);
    xen_viommu_drain_begin(&s->drain, as, ptr, map_gen);
    qemu_mutex_unlock(&s->lock);
}

void xen_viommu_simple_unmapped(XenViommu *s, AddressSpace *as, void *ptr)
{
    uint64_t gen, due = 0;
    int64_t end = 0, since;
    bool known;

    qemu_mutex_lock(&s->lock);
    known = xen_viommu_drain_end(&s->drain, as, ptr, &gen);
    if (known && s->drain.acked < s->drain.requested) {
        end = get_clock();
        due = xen_viommu_drain_due(&s->drain);
    }
    since = s->requested_ns;
    qemu_mutex_unlock(&s->lock);

    if (known) {
        trace_xen_viommu_dma_end(as, ptr, gen);
    }
    if (due) {
        xen_viommu_ack(due, since, end);
    }
}
