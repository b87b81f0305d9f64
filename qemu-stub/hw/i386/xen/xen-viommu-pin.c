/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages of guest memory to which a pointer is kept: those that short accesses
 * come back to, and the guest's tables.
 *
 * What is done by such a pointer does not come by the device's view of memory, or
 * QEMU's.  So all are let go of when any view changes, and when the guest gives
 * memory away.
 */
#include "qemu/osdep.h"
#include "qemu/coroutine.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "system/xen.h"
#include "xen-viommu-int.h"

void *xen_viommu_pin(hwaddr gpa, bool is_write, MemoryRegion **mr,
                     hwaddr *offset)
{
    hwaddr len = XEN_VIOMMU_PAGE_SIZE;
    void *host;

    RCU_READ_LOCK_GUARD();
    *mr = address_space_translate(&address_space_memory, gpa, offset, &len,
                                  is_write, MEMTXATTRS_UNSPECIFIED);
    if (len < XEN_VIOMMU_PAGE_SIZE || !memory_region_is_ram(*mr) ||
        memory_region_is_ram_device(*mr) || (*mr)->readonly ||
        (*mr)->rom_device || (xen_enabled() && !xen_mr_is_memory(*mr))) {
        return NULL;
    }
    host = address_space_map(&address_space_memory, gpa, &len, is_write,
                             MEMTXATTRS_UNSPECIFIED);
    if (host && len < XEN_VIOMMU_PAGE_SIZE) {
        address_space_unmap(&address_space_memory, host, len, is_write, 0);
        host = NULL;
    }
    return host;
}

void xen_viommu_unpin(void *host, bool is_write)
{
    /* what was written has been marked as changed */
    address_space_unmap(&address_space_memory, host, XEN_VIOMMU_PAGE_SIZE,
                        is_write, 0);
}

static const uint64_t *table_map(void *opaque, uint64_t gpa)
{
    MemoryRegion *mr;
    hwaddr offset;

    /* Xen's map cache makes a coroutine wait when it unmaps another one */
    return qemu_in_coroutine() ? NULL : xen_viommu_pin(gpa, false, &mr,
                                                       &offset);
}

static void table_unmap(void *opaque, const uint64_t *host)
{
    xen_viommu_unpin((void *)host, false);
}

static bool table_may(void *opaque)
{
    return qemu_in_main_thread();
}

void xen_viommu_release(XenViommu *s)
{
    xen_viommu_held_release(&s->held);
    xen_viommu_walk_release(&s->client.walk);
}

static void views_change(MemoryListener *listener)
{
    xen_viommu_release(container_of(listener, XenViommu, listener));
}

void xen_viommu_pin_init(XenViommu *s)
{
    s->client.walk.map = table_map;
    s->client.walk.unmap = table_unmap;
    s->client.walk.may = table_may;
    s->listener = (MemoryListener) {
        .name = TYPE_XEN_VIOMMU,
        .begin = views_change,
    };
    memory_listener_register(&s->listener, &address_space_memory);
}
