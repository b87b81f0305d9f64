/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dummy vIOMMU: Xen has the registers, the tables and the cache that the guest
 * knows about; the devices are here.  So every DMA address is translated by
 * asking Xen, the answers are kept, and Xen is told when DMA that used an
 * answer which the guest has since invalidated is over.
 * The protocol is described in Xen's public/hvm/viommu.h.
 *
 * Threads.  Translations are made under the BQL only, and the event handler
 * runs under the BQL too.  Three things follow:
 *
 * - Between two runs of the handler, an access by dma_memory_rw() and friends
 *   is made entirely or not at all.  Nested event loops (blk_drain()) do not
 *   run it either: its fd is in the main loop's context for I/O handlers,
 *   which they do not poll.  So when the handler runs, the only DMA in flight
 *   is that through pointers from address_space_map(), which is recorded.
 *
 * - A mapping's record is as good as made before its translation is used.  It
 *   carries the lowest generation of the translations the mapping is made of;
 *   an acknowledgement, from the handler or from the end of another mapping,
 *   cannot come between reading that and recording it.
 *
 * - An iothread could have an access in mid-air when the handler runs.  Devices
 *   that have one are refused when the machine is complete; whatever gets past
 *   that is given no translation at all.
 *
 * The end of a mapping may come from any thread, hence the lock around the
 * records.
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "exec/dma-track.h"
#include "hw/pci/pci_bus.h"
#include "hw/virtio/virtio.h"
#include "hw/xen/xen_common.h"
#include "hw/xen/xen-viommu.h"
#include "sysemu/sysemu.h"
#include "xen-viommu-cache.h"
#include "xen-viommu-drain.h"
#include "trace.h"

#include <xen/hvm/viommu.h>

#define TYPE_XEN_VIOMMU_MEMORY_REGION "xen-viommu-iommu-memory-region"

/* A DMA write in here is an interrupt, and is not translated. */
#define MSI_BASE 0xfee00000ULL
#define MSI_ORDER 20

/*
 * Most bits of a range that QEMU is told about at once.  With all 64, the
 * memory core would compute the length of the rest of the range, as seen from
 * address 0, to be 0.
 */
#define MAX_ORDER 52

typedef struct XenViommu {
    xenevtchn_handle *xce;
    /* the newest generation we have heard of; older translations are gone */
    uint64_t gen;
    QemuMutex lock;                     /* of what follows */
    XenViommuDrain drain;
    int64_t requested_ns;               /* when drain.requested went up */
    QLIST_HEAD(, XenViommuSpace) spaces;
    Notifier machine_done;
} XenViommu;

typedef struct XenViommuSpace {
    IOMMUMemoryRegion iommu;
    AddressSpace as;
    XenViommu *viommu;
    /*
     * The bus and not its number: the guest has yet to give it one, and may
     * give it another.
     */
    PCIBus *bus;
    int devfn;
    XenViommuCache cache;
    QLIST_ENTRY(XenViommuSpace) next;
} XenViommuSpace;

static XenViommu *xen_viommu;

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
        trace_xen_viommu_invalidate(gen, s->drain.nr);
    }
}

static bool xen_viommu_ask(XenViommuSpace *sp, uint16_t rid, uint64_t iova,
                           uint8_t access, XenViommuRange *r, uint64_t *gen)
{
    XenViommu *s = sp->viommu;
    struct xen_viommu_xlat x = {
        .iova = iova,
        .rid = rid,
        .access = access,
    };

    if (xendevicemodel_viommu_translate(xen_dmod, xen_domid, &x, 1, gen)) {
        error_report_once("xen-viommu: no translation from Xen, DMA fails: %s",
                          strerror(errno));
        return false;
    }

    xen_viommu_set_gen(s, *gen);

    if (x.status != XEN_VIOMMU_XLAT_OK) {
        trace_xen_viommu_fault(rid, iova, access, x.status, x.reason);
        return false;
    }

    *r = (XenViommuRange) {
        .iova = x.iova,
        .gpa = x.gpa,
        .order = x.order,
        .perm = x.perm,
    };
    trace_xen_viommu_translate(rid, iova, r->gpa, r->order, r->perm, *gen);

    /*
     * Only Xen's newest word is kept.  (It is never older than ours, because
     * ours came from Xen before the question.)
     */
    if (*gen == s->gen) {
        xen_viommu_cache_insert(&sp->cache, *gen, rid, r);
    }
    return true;
}

static IOMMUTLBEntry xen_viommu_translate(IOMMUMemoryRegion *iommu,
                                          hwaddr addr, IOMMUAccessFlags flag,
                                          int iommu_idx)
{
    XenViommuSpace *sp = container_of(iommu, XenViommuSpace, iommu);
    XenViommu *s = sp->viommu;
    uint16_t rid;
    uint8_t access = 0;
    uint64_t gen, mask;
    const XenViommuRange *hit;
    XenViommuRange r;
    IOMMUTLBEntry e = {
        .target_as = &address_space_memory,
        .iova = addr & ~0xfffULL,
        .addr_mask = 0xfff,
        .perm = IOMMU_NONE,
    };

    if (!qemu_in_main_thread()) {
        error_report_once("xen-viommu: DMA of a device in an iothread is not "
                          "supported with a vIOMMU, and fails");
        return e;
    }

    if (flag == IOMMU_WO && (addr >> MSI_ORDER) == (MSI_BASE >> MSI_ORDER)) {
        e.iova = e.translated_addr = MSI_BASE;
        e.addr_mask = (1ULL << MSI_ORDER) - 1;
        e.perm = IOMMU_WO;
        return e;
    }

    if (flag & IOMMU_RO) {
        access |= XEN_VIOMMU_READ;
    }
    if (flag & IOMMU_WO) {
        access |= XEN_VIOMMU_WRITE;
    }

    rid = PCI_BUILD_BDF(pci_bus_num(sp->bus), sp->devfn);
    gen = s->gen;
    hit = xen_viommu_cache_lookup(&sp->cache, gen, rid, addr, access);
    if (hit) {
        r = *hit;
    } else if (!xen_viommu_ask(sp, rid, addr, access, &r, &gen)) {
        return e;
    }
    map_gen = MIN(map_gen, gen);

    mask = (1ULL << MIN(r.order, MAX_ORDER)) - 1;
    /* a range that the interrupt window is in ends where that begins */
    if (mask >> MSI_ORDER && !((addr ^ MSI_BASE) & ~mask) && r.order < 64) {
        mask = (1ULL << MSI_ORDER) - 1;
    }

    e.iova = addr & ~mask;
    e.translated_addr = r.gpa + (e.iova - r.iova);
    e.addr_mask = mask;
    if (r.perm & XEN_VIOMMU_READ) {
        e.perm |= IOMMU_RO;
    }
    if (r.perm & XEN_VIOMMU_WRITE) {
        e.perm |= IOMMU_WO;
    }
    return e;
}

/*
 * Notifiers are for those who keep translations outside QEMU (vhost, VFIO) and
 * whose DMA could not be drained.
 */
static int xen_viommu_notify_flag_changed(IOMMUMemoryRegion *iommu,
                                          IOMMUNotifierFlag old,
                                          IOMMUNotifierFlag new, Error **errp)
{
    XenViommuSpace *sp = container_of(iommu, XenViommuSpace, iommu);

    if (new == IOMMU_NOTIFIER_NONE) {
        return 0;
    }
    error_setg(errp, "device %02x.%x is behind Xen's vIOMMU, which supports "
               "neither vhost nor VFIO", PCI_SLOT(sp->devfn),
               PCI_FUNC(sp->devfn));
    return -ENOTSUP;
}

static AddressSpace *xen_viommu_space(PCIBus *bus, void *opaque, int devfn)
{
    XenViommu *s = opaque;
    XenViommuSpace *sp;
    g_autofree char *name = NULL;

    QLIST_FOREACH(sp, &s->spaces, next) {
        if (sp->bus == bus && sp->devfn == devfn) {
            return &sp->as;
        }
    }

    name = g_strdup_printf("xen-viommu-%02x.%x", PCI_SLOT(devfn),
                           PCI_FUNC(devfn));
    sp = g_new0(XenViommuSpace, 1);
    sp->viommu = s;
    sp->bus = bus;
    sp->devfn = devfn;
    /*
     * The region stays in place while the guest has translation disabled (Xen
     * answers with identity then).  A view without it would let virtio keep
     * pointers to its rings that no invalidation reaches.
     */
    memory_region_init_iommu(&sp->iommu, sizeof(sp->iommu),
                             TYPE_XEN_VIOMMU_MEMORY_REGION, NULL, name,
                             UINT64_MAX);
    address_space_init(&sp->as, MEMORY_REGION(&sp->iommu), name);
    QLIST_INSERT_HEAD(&s->spaces, sp, next);
    return &sp->as;
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

static void xen_viommu_event(void *opaque)
{
    XenViommu *s = opaque;
    xenevtchn_port_or_error_t port = xenevtchn_pending(s->xce);
    uint64_t requested, due;
    bool busy;

    if (port < 0) {
        return;
    }
    /* before asking, so that an invalidation after that brings us back */
    xenevtchn_unmask(s->xce, port);

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

static void xen_viommu_map_begin(void)
{
    map_gen = UINT64_MAX;
}

static void xen_viommu_mapped(AddressSpace *as, hwaddr addr, void *ptr,
                              hwaddr len)
{
    XenViommu *s = xen_viommu;

    if (map_gen == UINT64_MAX) {
        return; /* not through us */
    }
    trace_xen_viommu_dma_begin(as, addr, ptr, len, map_gen);
    qemu_mutex_lock(&s->lock);
    xen_viommu_drain_begin(&s->drain, as, ptr, map_gen);
    qemu_mutex_unlock(&s->lock);
}

static void xen_viommu_unmapped(AddressSpace *as, void *ptr)
{
    XenViommu *s = xen_viommu;
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

static const DmaTrackOps xen_viommu_track_ops = {
    .map_begin = xen_viommu_map_begin,
    .mapped = xen_viommu_mapped,
    .unmapped = xen_viommu_unmapped,
};

/* Only virtio devices can be given an iothread. */
static int xen_viommu_check_iothread(Object *obj, void *opaque)
{
    VirtIODevice *vdev = (VirtIODevice *)object_dynamic_cast(obj,
                                                          TYPE_VIRTIO_DEVICE);

    if (vdev && vdev->dma_as != &address_space_memory &&
        object_property_find(obj, "iothread") &&
        object_property_get_link(obj, "iothread", &error_abort)) {
        g_autofree char *path = object_get_canonical_path(obj);

        error_report("%s: a device behind Xen's vIOMMU cannot have an "
                     "iothread", path);
        exit(1);
    }
    return 0;
}

static void xen_viommu_machine_done(Notifier *notifier, void *data)
{
    object_child_foreach_recursive(object_get_root(),
                                   xen_viommu_check_iothread, NULL);
}

void xen_viommu_init(PCIBus *bus)
{
    uint32_t version = XEN_VIOMMU_DM_VERSION;
    evtchn_port_t port;
    XenViommu *s;

    if (xendevicemodel_viommu_attach(xen_dmod, xen_domid, &version, &port)) {
        /*
         * Neither a Xen (or a kernel) without vIOMMUs nor a guest without one
         * is of interest.  Anything else is: the guest believes its devices
         * to be confined.
         */
        if (errno == ENODEV || errno == EOPNOTSUPP || errno == ENOSYS ||
            errno == ENOTTY) {
            return;
        }
        error_report("xen-viommu: cannot attach to the guest's vIOMMU: %s",
                     strerror(errno));
        exit(1);
    }

    s = g_new0(XenViommu, 1);
    qemu_mutex_init(&s->lock);
    xen_viommu_drain_init(&s->drain);
    QLIST_INIT(&s->spaces);

    /* XenIOState's handle knows all of its ports, and gives up on others */
    s->xce = xenevtchn_open(NULL, 0);
    if (!s->xce ||
        xenevtchn_bind_interdomain(s->xce, xen_domid, port) < 0) {
        error_report("xen-viommu: cannot bind port %u: %s", port,
                     strerror(errno));
        exit(1);
    }
    if (xendevicemodel_viommu_ack(xen_dmod, xen_domid, 0, 0, &s->gen)) {
        error_report("xen-viommu: cannot ask for the generation: %s",
                     strerror(errno));
        exit(1);
    }
    trace_xen_viommu_attach(version, port, s->gen);

    xen_viommu = s;
    dma_track_ops = &xen_viommu_track_ops;
    qemu_set_fd_handler(xenevtchn_fd(s->xce), xen_viommu_event, NULL, s);
    pci_setup_iommu(bus, xen_viommu_space, s);
    s->machine_done.notify = xen_viommu_machine_done;
    qemu_add_machine_init_done_notifier(&s->machine_done);
}

static void xen_viommu_memory_region_class_init(ObjectClass *klass,
                                                void *data)
{
    IOMMUMemoryRegionClass *imrc = IOMMU_MEMORY_REGION_CLASS(klass);

    imrc->translate = xen_viommu_translate;
    imrc->notify_flag_changed = xen_viommu_notify_flag_changed;
}

static const TypeInfo xen_viommu_memory_region_info = {
    .parent = TYPE_IOMMU_MEMORY_REGION,
    .name = TYPE_XEN_VIOMMU_MEMORY_REGION,
    .class_init = xen_viommu_memory_region_class_init,
};

static void xen_viommu_register_types(void)
{
    type_register_static(&xen_viommu_memory_region_info);
}

type_init(xen_viommu_register_types)
