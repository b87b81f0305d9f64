/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which devices may be behind the vIOMMU.  All but these: what is not in here
 * does DMA by its PCI function's address space, and no longer than a transfer
 * takes.  tests/qtest/pci-devices.list has each PCI device that is built.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qobject/qlist.h"
#include "qom/qom-qobject.h"
#include "hw/virtio/virtio.h"
#include "net/vhost_net.h"
#include "xen-viommu-int.h"

static const struct {
    const char *type, *why;     /* and all types that are derived from it */
    bool copy;                  /* in place it can be */
} refused[] = {
    /* they would see an old copy of what they share with their driver */
    { "virtio-gpu-base", "draws from guest memory that stays mapped", true },
    /* these writes would be lost, and in place nothing permits them */
    { "megasas-base", "writes to what it has mapped for reading" },
    { "pvscsi", "accesses guest memory without asking an IOMMU" },
    { "xen-pci-passthrough", "does DMA that QEMU does not see" },
    { "vfio-pci", "does DMA that QEMU does not see" },
    { "vfio-pci-device", "does DMA that QEMU does not see" },
    { "x-pci-proxy-dev", "does DMA in another process" },
    { "virtio-iommu-pci", "is another IOMMU" },
    { "AMDVI-PCI", "is another IOMMU" },
    /* a guest alone could map ever more */
    { "virtio-sound-device", "keeps what it has mapped when it is reset" },
    /* the map cache has no pointer to memory that is in no mapping */
    { "virtio-balloon-device", "looks for guest memory that QEMU has not "
                               "mapped" },
};

/* These hold what they have mapped for as long as somebody else likes. */
static const char *const lasting[] = {
    "pci-ehci-usb", "pci-xhci", "virtio-serial-device",
};

typedef struct Verdict {
    bool copy;                  /* late-bound DMA */
    bool lasting;
    const char *why;
} Verdict;

/* It keeps translations outside QEMU; without this it would fail later. */
static bool is_vhost(Object *obj)
{
    g_autofree char *netdev = NULL;
    NetClientState *nc;

    if (strstr(object_get_typename(obj), "vhost")) {
        return true;
    }
    if (object_property_find(obj, "cryptodev")) {
        Object *crypto = object_property_get_link(obj, "cryptodev",
                                                  &error_abort);

        return crypto && strstr(object_get_typename(crypto), "vhost");
    }
    if (!object_property_find(obj, "netdev")) {
        return false;
    }
    netdev = object_property_get_str(obj, "netdev", &error_abort);
    nc = qemu_find_netdev(netdev);
    return nc && get_vhost_net(nc);
}

/* One for all of its queues, or some for some. */
static bool has_iothread(Object *obj)
{
    QObject *list;
    bool some;

    if (object_property_find(obj, "iothread") &&
        object_property_get_link(obj, "iothread", &error_abort)) {
        return true;
    }
    if (!object_property_find(obj, "iothread-vq-mapping")) {
        return false;
    }
    list = object_property_get_qobject(obj, "iothread-vq-mapping",
                                       &error_abort);
    some = !qlist_empty(qobject_to(QList, list));
    qobject_unref(list);
    return some;
}

/* Only virtio devices can be given an iothread. */
static const char *refuse_virtio(Object *obj)
{
    if (has_iothread(obj)) {
        return "has an iothread";
    }
    if (is_vhost(obj)) {
        return "has vhost";
    }
    return NULL;
}

/* Ends with the first object that there is something against. */
static int refuse(Object *obj, void *opaque)
{
    Verdict *v = opaque;
    Object *vdev = object_dynamic_cast(obj, TYPE_VIRTIO_DEVICE);
    int i;

    /* virtio is behind the vIOMMU only if told so; other devices are */
    if (vdev) {
        if (!virtio_host_has_feature(VIRTIO_DEVICE(vdev),
                                     VIRTIO_F_IOMMU_PLATFORM)) {
            return 0;
        }
        v->why = refuse_virtio(vdev);
    }
    for (i = 0; !v->why && i < ARRAY_SIZE(refused); i++) {
        if (object_dynamic_cast(obj, refused[i].type) &&
            (v->copy || !refused[i].copy)) {
            v->why = refused[i].why;
        }
    }
    for (i = 0; i < ARRAY_SIZE(lasting); i++) {
        v->lasting |= !!object_dynamic_cast(obj, lasting[i]);
    }
    return v->why != NULL;
}

bool xen_viommu_accept(XenViommu *s, PCIDevice *dev, Error **errp)
{
    Verdict v = { .copy = s->copy };
    AddressSpace *as = pci_device_iommu_address_space(dev);

    if (as == &address_space_memory) {
        v.why = "is on a bus that bypasses it";
    } else if (!refuse(OBJECT(dev), &v)) {
        /* virtio is a device within a PCI device */
        object_child_foreach_recursive(OBJECT(dev), refuse, &v);
    }
    if (!v.why && v.lasting) {
        /* behind a bridge it has that in common with others */
        container_of(as, XenViommuSpace, as)->lasting = true;
    }
    if (v.why) {
        error_setg(errp, "%s cannot be behind Xen's vIOMMU: it %s",
                   object_get_typename(OBJECT(dev)), v.why);
    }
    return !v.why;
}
