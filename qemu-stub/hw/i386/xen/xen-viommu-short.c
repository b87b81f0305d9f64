/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Short accesses to pages that are held: xen-viommu-held.c has which ones.
 *
 * They are let go of when any view of memory changes (xen-viommu-pin.c): when a
 * device is no longer master of the bus, is reset or goes, and when guest memory
 * moves.  The same goes for the main thread when it is about to wait where our
 * event is not handled.
 */
#include "qemu/osdep.h"
#include "xen-viommu-int.h"
#include "trace.h"

static char *held_map(XenViommuHeldPage *p)
{
    XenViommuSpace *sp = p->space;
    MemoryRegion *mr;
    char *host;

    /* a translation may be of another device than the access that began last */
    if (dma_track_iommu((AddressSpace *)p->owner, p->iova) != &sp->iommu) {
        return NULL;
    }
    host = xen_viommu_pin(p->use.span.gpa, p->access == XEN_VIOMMU_WRITE, &mr,
                          &p->offset);
    if (host) {
        p->cookie = mr;
        trace_xen_viommu_hold(p->use.span.rid, p->iova, p->access, host);
    }
    return host;
}

static void held_unmap(XenViommuHeldPage *p)
{
    trace_xen_viommu_let_go(p->use.span.rid, p->iova, p->access);
    xen_viommu_unpin(p->host, p->access == XEN_VIOMMU_WRITE);
}

bool xen_viommu_held_access(XenViommu *s, AddressSpace *as, hwaddr addr,
                            void *buf, hwaddr len, bool is_write)
{
    XenViommuHeldPage *p;
    uint64_t off;

    p = xen_viommu_held_find(&s->held, as, addr, len,
                             is_write ? XEN_VIOMMU_WRITE : XEN_VIOMMU_READ);
    if (!p) {
        return false;
    }
    /* buses are numbered by the guest */
    if (p->use.span.rid != xen_viommu_rid(p->space)) {
        xen_viommu_held_release(&s->held);
        return false;
    }
    off = addr - p->iova;
    if (is_write) {
        memmove(p->host + off, buf, len);
        memory_region_set_dirty(p->cookie, p->offset + off, len);
    } else {
        memmove(buf, p->host + off, len);
    }
    return true;
}

void xen_viommu_held_init(XenViommu *s)
{
    s->held.client = &s->client;
    s->held.map = held_map;
    s->held.unmap = held_unmap;
}
