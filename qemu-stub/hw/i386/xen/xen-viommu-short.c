/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Short accesses to pages that are held: xen-viommu-held.c has which ones.
 *
 * Such an access does not come by the device's view of memory.  So what is held
 * is let go of whenever any view changes: when a device is no longer master of
 * the bus, is reset or goes, and when guest memory moves.  The same goes for
 * the main thread when it is about to wait where our event is not handled.
 */
#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "xen-viommu-int.h"
#include "trace.h"


static char *held_map(XenViommuHeldPage *p)
{
    bool is_write = p->access == XEN_VIOMMU_WRITE;
    hwaddr len = XEN_VIOMMU_PAGE_SIZE;
    MemoryRegion *mr;
    char *host;

    RCU_READ_LOCK_GUARD();
    mr = address_space_translate(&address_space_memory, p->use.span.gpa,
                                 &p->offset, &len, is_write,
                                 MEMTXATTRS_UNSPECIFIED);
    if (len < XEN_VIOMMU_PAGE_SIZE || !memory_region_is_ram(mr) ||
        memory_region_is_ram_device(mr) || mr->readonly || mr->rom_device) {
        return NULL;
    }
    host = address_space_map(&address_space_memory, p->use.span.gpa, &len,
                             is_write, MEMTXATTRS_UNSPECIFIED);
    if (host && len < XEN_VIOMMU_PAGE_SIZE) {
        address_space_unmap(&address_space_memory, host, len, is_write, 0);
        host = NULL;
    }
    p->cookie = mr;
    trace_xen_viommu_hold(p->use.span.rid, p->iova, p->access, host);
    return host;
}

static void held_unmap(XenViommuHeldPage *p)
{
    trace_xen_viommu_let_go(p->use.span.rid, p->iova, p->access);
    /* what was written has been marked as changed */
    address_space_unmap(&address_space_memory, p->host, XEN_VIOMMU_PAGE_SIZE,
                        p->access == XEN_VIOMMU_WRITE, 0);
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

static void views_change(MemoryListener *listener)
{
    xen_viommu_held_release(&container_of(listener, XenViommu,
                                          listener)->held);
}

void xen_viommu_held_init(XenViommu *s)
{
    s->held.client = &s->client;
    s->held.map = held_map;
    s->held.unmap = held_unmap;
    s->listener = (MemoryListener) {
        .name = TYPE_XEN_VIOMMU,
        .begin = views_change,
    };
    memory_listener_register(&s->listener, &address_space_memory);
}
