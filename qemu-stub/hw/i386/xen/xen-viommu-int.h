/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the dummy vIOMMU that live in QEMU share.
 */
#ifndef XEN_VIOMMU_INT_H
#define XEN_VIOMMU_INT_H

#include "hw/xen/xen_native.h"
#include <xenevtchn.h>
#include "system/dma-track.h"
#include "hw/qdev-core.h"
#include "hw/pci/pci_bus.h"
#include "qom/object.h"
#include "xen-viommu-held.h"

/* QEMU 10.1 moved a header, and made this const. */
#if __has_include("system/memory.h")
#define XEN_VIOMMU_CLASS_DATA const void
#else
#define XEN_VIOMMU_CLASS_DATA void
#endif

/* A DMA write in here is an interrupt, and is not translated. */
#define MSI_BASE  0xfee00000ULL
#define MSI_ORDER 20

#define TYPE_XEN_VIOMMU "xen-viommu"
OBJECT_DECLARE_SIMPLE_TYPE(XenViommu, XEN_VIOMMU)

typedef struct XenViommuMap XenViommuMap;

#define XEN_VIOMMU_MAP_BUCKETS 1024 /* power of 2 */
#define XEN_VIOMMU_BUF_CLASSES 9    /* 4K to 1M */

/* Mappings that we made; see xen-viommu-map.c. */
typedef struct XenViommuMaps {
    QemuMutex lock;
    XenViommuMap *bucket[XEN_VIOMMU_MAP_BUCKETS];
    size_t in_use;                      /* bytes of private buffers */
    size_t idle;                        /* bytes of those on these lists */
    void *free[XEN_VIOMMU_BUF_CLASSES];
} XenViommuMaps;

/* A short access under way. */
typedef struct XenViommuNow {
    XenViommuUse use;
    struct XenViommuSpace *sp;          /* whose it is */
    AddressSpace *as;                   /* or NULL, if that is not known */
    bool translated;                    /* by us, to memory */
} XenViommuNow;

struct XenViommu {
    DeviceState parent_obj;
    char *dma_mode, *slots;             /* properties, the same of all */
    bool copy;                          /* late-bound DMA */
    unsigned int unit;                  /* Xen's number */
    uint32_t behind;                    /* slots of the root bus */

    xenevtchn_handle *xce;              /* not ours alone */
    evtchn_port_t port;                 /* of Xen's event, bound to it */
    xenforeignmemory_resource_handle *fres;
    XenViommuClient client;
    XenViommuNow *now;                  /* the short access under way */
    XenViommuNow outermost;             /* not in an access to a device */
    MemoryRegion device;                /* see xen-viommu-device.c */
    AddressSpace device_as;
    bool intremap;                      /* Xen may remap interrupts */
    MemoryRegion msi;                   /* see xen-viommu-msi.c */
    AddressSpace msi_as;
    XenViommuHeld held;
    MemoryListener listener;
    XenViommuMaps maps;
    PCIBus *bus;                        /* the root */
    QLIST_HEAD(, XenViommuSpace) spaces;
};

#define TYPE_XEN_VIOMMU_MEMORY_REGION "xen-viommu-iommu-memory-region"
#define TYPE_XEN_VIOMMU_SPACE "xen-viommu-space"
OBJECT_DECLARE_SIMPLE_TYPE(XenViommuSpace, XEN_VIOMMU_SPACE)

struct XenViommuSpace {
    Object parent_obj;
    IOMMUMemoryRegion iommu;
    AddressSpace as;
    XenViommu *viommu;
    /*
     * The bus and not its number: the guest has yet to give it one, and may
     * give it another.
     */
    PCIBus *bus;
    PCIBusClass *bus_class;     /* asking QOM looks its type up by name */
    int devfn;
    /* mappings that follow each other: where, how many pages, and last time */
    hwaddr run_end;
    unsigned int run, last_run;
    XenViommuNear near;
    bool used;                  /* while spaces are being swept */
    bool lasting;               /* mappings end when somebody else likes */
    QLIST_ENTRY(XenViommuSpace) next;
};

static inline uint16_t xen_viommu_rid(const XenViommuSpace *sp)
{
    return PCI_BUILD_BDF(sp->bus_class->bus_num(sp->bus), sp->devfn);
}

static inline bool xen_viommu_is_msi(hwaddr addr)
{
    return addr >> MSI_ORDER == MSI_BASE >> MSI_ORDER;
}

/* What a device may do with a mapping that is in place. */
static inline uint8_t xen_viommu_map_access(bool is_write)
{
    if (!is_write) {
        return XEN_VIOMMU_READ;
    }
    return XEN_VIOMMU_WRITE | (dma_track_reads ? XEN_VIOMMU_READ : 0);
}

/*
 * The guest's vIOMMUs: what each has is its own, and so no thread waits for
 * what another one is doing.  The last one has the devices that are left.
 */
extern XenViommu *xen_viommu_unit[XEN_VIOMMU_MAX_UNITS];
extern unsigned int xen_viommu_nr_units;

#define XEN_VIOMMU_FOREACH(i, s) \
    for (i = 0; i < xen_viommu_nr_units && (s = xen_viommu_unit[i]); i++)

/* All there are are known: which devices are behind which.  Exits if it fails. */
void xen_viommu_set_slots(void);
/* The unit that a device at @devfn of @bus is behind. */
XenViommu *xen_viommu_of(PCIBus *bus, int devfn);

/* May it be on its bus? */
bool xen_viommu_accept(XenViommu *s, PCIDevice *dev, Error **errp);

/* Of PCIIOMMUOps. */
AddressSpace *xen_viommu_space(PCIBus *bus, void *opaque, int devfn);
/* A device has gone, and with it what is cached for it. */
void xen_viommu_forget(PCIDevice *dev);
/* Free the spaces that are of no use to any device. */
void xen_viommu_sweep(XenViommu *s);

/* The short access under way is over, if there is one. */
void xen_viommu_end_now(XenViommu *s);

/* Be told when Xen waits.  Exits if it cannot be. */
void xen_viommu_listen(XenViommu *s, evtchn_port_t remote);

/* The interrupts of devices, by any thread. */
void xen_viommu_msi_init(XenViommu *s);
void xen_viommu_translate_msi(const XenViommuSpace *sp, IOMMUTLBEntry *e);

/* A short access: true if it was to a page that is held, and has been made. */
bool xen_viommu_held_access(XenViommu *s, AddressSpace *as, hwaddr addr,
                            void *buf, hwaddr len, bool is_write);
void xen_viommu_held_init(XenViommu *s);

/*
 * A pointer to the page of guest RAM at @gpa, until it is unpinned; or NULL.
 * @mr and @offset: where QEMU has it.
 */
void *xen_viommu_pin(hwaddr gpa, bool is_write, MemoryRegion **mr,
                     hwaddr *offset);
void xen_viommu_unpin(void *host, bool is_write);
void xen_viommu_pin_init(XenViommu *s);
/* Let go of all that is kept between accesses. */
void xen_viommu_release(XenViommu *s);

/* A device accesses the registers of another one. */
void xen_viommu_device_init(XenViommu *s);
/* For a mapping of the device that @sp is of.  False: refused. */
bool xen_viommu_may_copy(const XenViommuSpace *sp, hwaddr gpa, hwaddr len);
bool xen_viommu_device_copy(XenViommuSpace *sp, hwaddr gpa, void *buf,
                            hwaddr len, bool is_write);

void xen_viommu_maps_init(XenViommuMaps *m);
/* A device has gone: what it has mapped by way of @as is not written back. */
void xen_viommu_maps_gone(XenViommuMaps *m, AddressSpace *as);

/* Both as in DmaTrackOps; *@faulted: refused, and not just for now. */
void *xen_viommu_map(XenViommuSpace *sp, AddressSpace *as, hwaddr addr,
                     hwaddr *plen, bool is_write, bool *faulted);
bool xen_viommu_unmap(XenViommu *s, AddressSpace *as, void *ptr, hwaddr len,
                      bool is_write, hwaddr access_len);
void xen_viommu_discard(XenViommu *s, void *ptr, hwaddr keep);

#endif /* XEN_VIOMMU_INT_H */
