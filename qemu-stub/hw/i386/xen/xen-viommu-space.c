/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The address spaces of devices: one for each requester id that is in use.
 *
 * They come and go with the devices.  A space is an object, to which whoever
 * may still look at its region (a view of memory, a mapping) has a reference.
 */
#include "qemu/osdep.h"
#include "hw/pci/pci.h"
#include "xen-viommu-int.h"

AddressSpace *xen_viommu_space(PCIBus *bus, void *opaque, int devfn)
{
    XenViommu *s = xen_viommu_of(bus, devfn);
    XenViommuSpace *sp;
    g_autofree char *name = NULL;

    QLIST_FOREACH(sp, &s->spaces, next) {
        if (sp->bus == bus && sp->devfn == devfn) {
            return &sp->as;
        }
    }

    name = g_strdup_printf("xen-viommu-%02x.%x", PCI_SLOT(devfn),
                           PCI_FUNC(devfn));
    sp = XEN_VIOMMU_SPACE(object_new(TYPE_XEN_VIOMMU_SPACE));
    sp->viommu = s;
    sp->bus = bus;
    sp->bus_class = PCI_BUS_GET_CLASS(bus);
    sp->devfn = devfn;
    /*
     * The region stays in place while the guest has translation disabled (Xen
     * answers with identity then).  A view without it would let virtio keep
     * pointers to its rings that no invalidation reaches.
     */
    memory_region_init_iommu(&sp->iommu, sizeof(sp->iommu),
                             TYPE_XEN_VIOMMU_MEMORY_REGION, OBJECT(sp), name,
                             UINT64_MAX);
    address_space_init(&sp->as, MEMORY_REGION(&sp->iommu), name);
    QLIST_INSERT_HEAD(&s->spaces, sp, next);
    return &sp->as;
}

/*
 * The next one there may be another device.  A guest invalidates what it has
 * taken away, but perhaps not before that comes.
 */
void xen_viommu_forget(PCIDevice *dev)
{
    XenViommu *s = xen_viommu_of(pci_get_bus(dev), dev->devfn);
    AddressSpace *as = pci_device_iommu_address_space(dev);
    XenViommuSpace *sp;

    QLIST_FOREACH(sp, &s->spaces, next) {
        if (&sp->as == as) {
            xen_viommu_cache_forget(s->client.cache, xen_viommu_rid(sp));
        }
    }
}

static void find_used(PCIBus *bus, PCIDevice *dev, void *opaque)
{
    XenViommu *s = opaque;
    AddressSpace *as = pci_device_iommu_address_space(dev);
    XenViommuSpace *sp;

    QLIST_FOREACH(sp, &s->spaces, next) {
        if (&sp->as == as) {
            sp->used = true;
        }
    }
}

static void find_used_on_bus(PCIBus *bus, void *opaque)
{
    pci_for_each_device_under_bus(bus, find_used, opaque);
}

/*
 * A device has gone.  Devices behind a bridge share a space, and a bridge has
 * gone after what is behind it: so see which spaces are of use to anybody.
 */
void xen_viommu_sweep(XenViommu *s)
{
    XenViommuSpace *sp, *next;

    QLIST_FOREACH(sp, &s->spaces, next) {
        sp->used = false;
    }
    pci_for_each_bus(s->bus, find_used_on_bus, s);
    QLIST_FOREACH_SAFE(sp, &s->spaces, next, next) {
        if (!sp->used) {
            QLIST_REMOVE(sp, next);
            sp->bus = NULL;
            address_space_destroy(&sp->as);
            object_unref(OBJECT(sp));
        }
    }
}

static const TypeInfo xen_viommu_space_info = {
    .name = TYPE_XEN_VIOMMU_SPACE,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(XenViommuSpace),
};

static void xen_viommu_space_register_types(void)
{
    type_register_static(&xen_viommu_space_info);
}

type_init(xen_viommu_space_register_types)
