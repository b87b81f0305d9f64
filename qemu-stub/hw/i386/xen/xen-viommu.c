/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dummy vIOMMU: Xen has the registers, the tables and the cache that the guest
 * knows about; the devices are here.  So every DMA address is translated by
 * asking Xen, the answers are kept, and Xen is told when DMA that used an
 * answer which the guest has since invalidated is over.
 * The protocol is described in Xen's public/hvm/viommu.h.
 *
 * Translations in use stand in slots that Xen can see, from begin to end of
 * the access (xen-viommu-client.c), so most invalidations need nothing of us.
 * A short access has one slot, which translate() fills and the end of the
 * access, or the next one, empties.  Accesses nest if one of them is to the
 * registers of another device: xen-viommu-device.c.  Only while the guest has
 * translation disabled does the inner one empty the slot of the outer one.
 * Mappings: xen-viommu-map.c.
 *
 * Threads.  Translations are made under the BQL only, and the event handler
 * runs under the BQL too.  Two things follow:
 *
 * - Between two runs of the handler, an access by dma_memory_rw() and friends
 *   is made entirely or not at all.  Nested event loops (blk_drain()) do not
 *   run it either: its fd is in the main loop's context for I/O handlers,
 *   which they do not poll.  So when the handler runs, the only DMA in flight
 *   is that through pointers from address_space_map(), which is recorded, and
 *   the slot of a short access is a forgotten one.
 *
 * - An iothread could have an access in mid-air when the handler runs.  Devices
 *   that have one are refused; whatever gets past that is given no translation
 *   at all.
 *
 * The end of a mapping may come from any thread, hence the lock around the
 * records.
 */
#include "qemu/osdep.h"
#include "qemu/coroutine.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "system/dma-track.h"
#include "system/qtest.h"
#include "system/xen.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "hw/xen/xen-viommu.h"
#include "xen-viommu-int.h"
#include "trace.h"

/* The version of the protocol with Xen. */
#define VERSION 1

/* Pages to ask Xen about at once if a short access misses. */
#define AHEAD 4

/* Was the last mapping of this thread refused? */
static __thread bool map_faulted;

/*
 * The page that the short access under way may not access.  QEMU goes on with
 * such an access in pieces of a few bytes, and the guest is to see one fault.
 */
static struct {
    bool in_access;
    const XenViommuSpace *sp;
    hwaddr page;
    uint8_t access;
} refused;

/* The short access under way: whose address it is, if that is known. */
static AddressSpace *access_as;

/* XEN_DMOP_viommu_translate, with its trace events. */
static int xen_viommu_ask(void *opaque, struct xen_viommu_xlat *xlat,
                          unsigned int nr, uint64_t *gen)
{
    const XenViommu *s = opaque;
    struct xen_viommu_xlat in[XEN_VIOMMU_MAX_XLAT];
    unsigned int i;

    memcpy(in, xlat, nr * sizeof(*xlat));
    if (xendevicemodel_viommu_translate(xen_dmod, xen_domid, s->unit, xlat, nr,
                                        gen)) {
        error_report_once("xen-viommu: no translation from Xen, DMA fails: %s",
                          strerror(errno));
        return -1;
    }

    for (i = 0; i < nr; i++) {
        if (xlat[i].status == XEN_VIOMMU_XLAT_OK ||
            xlat[i].status == XEN_VIOMMU_XLAT_DEVICE) {
            trace_xen_viommu_translate(in[i].rid, in[i].iova, xlat[i].gpa,
                                       xlat[i].order, xlat[i].perm, *gen);
        } else if (in[i].access) {
            trace_xen_viommu_fault(in[i].rid, in[i].iova, in[i].access,
                                   xlat[i].status, xlat[i].reason);
        }
    }
    return 0;
}

/* What Xen waited for is over, just now. */
static void xen_viommu_tell(void *opaque)
{
    const XenViommu *s = opaque;

    if (xendevicemodel_viommu_ack(xen_dmod, xen_domid, s->unit)) {
        error_report_once("xen-viommu: cannot tell Xen that DMA has ended: %s",
                          strerror(errno));
    }
    trace_xen_viommu_drained();
}

void xen_viommu_end_now(XenViommu *s)
{
    if (s->now->use.busy) {
        xen_viommu_end(&s->client, &s->now->use);
    }
}

/*
 * The slot is for this page only, and so is what QEMU gets to know: it will
 * ask again for the next one.
 */
static void xen_viommu_translate_page(XenViommuSpace *sp, uint8_t access,
                                      IOMMUTLBEntry *e)
{
    XenViommu *s = sp->viommu;

    xen_viommu_end_now(s);
    if (!access || (refused.sp == sp && refused.page == e->iova &&
                    refused.access == access)) {
        return;
    }
    if (!xen_viommu_begin(&s->client, xen_viommu_rid(sp), e->iova, 4096,
                          access, false, AHEAD, &s->now->use)) {
        if (refused.in_access) {
            refused.sp = sp;
            refused.page = e->iova;
            refused.access = access;
        }
        return;
    }
    e->translated_addr = s->now->use.span.gpa;
    s->now->sp = sp;
    s->now->as = access_as;
    s->now->translated = !s->now->use.device;
    if (s->now->use.device) {
        e->target_as = &s->device_as;
    }
    e->perm = access == XEN_VIOMMU_READ ? IOMMU_RO :
              access == XEN_VIOMMU_WRITE ? IOMMU_WO : IOMMU_RW;
}

static bool xen_viommu_this_thread(void)
{
    if (!qemu_in_main_thread()) {
        error_report_once("xen-viommu: DMA of a device in an iothread is not "
                          "supported with a vIOMMU, and fails");
        return false;
    }
    return true;
}

static IOMMUTLBEntry xen_viommu_translate(IOMMUMemoryRegion *iommu,
                                          hwaddr addr, IOMMUAccessFlags flag,
                                          int iommu_idx)
{
    XenViommuSpace *sp = container_of(iommu, XenViommuSpace, iommu);
    uint8_t access = 0;
    IOMMUTLBEntry e = {
        .target_as = &address_space_memory,
        .iova = addr & ~0xfffULL,
        .addr_mask = 0xfff,
        .perm = IOMMU_NONE,
    };

    if (flag == IOMMU_WO && xen_viommu_is_msi(addr)) {
        xen_viommu_translate_msi(sp, &e);
        return e;
    }

    if (!xen_viommu_this_thread()) {
        return e;
    }

    if (flag & IOMMU_RO) {
        access |= XEN_VIOMMU_READ;
    }
    if (flag & IOMMU_WO) {
        access |= XEN_VIOMMU_WRITE;
    }

    xen_viommu_translate_page(sp, access, &e);
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

static const PCIIOMMUOps xen_viommu_iommu_ops = {
    .get_address_space = xen_viommu_space,
};

static bool xen_viommu_map_op(AddressSpace *as, hwaddr addr, hwaddr *plen,
                              bool is_write, void **ptr)
{
    IOMMUMemoryRegion *iommu = dma_track_iommu(as, addr);
    XenViommuSpace *sp = container_of(iommu, XenViommuSpace, iommu);

    map_faulted = false;
    if (!iommu && as != &address_space_memory) {
        /* not master of the bus: QEMU would let it share a bounce buffer */
        *ptr = NULL;
        *plen = 0;
        map_faulted = true;
        return true;
    }
    if (!iommu || memory_region_get_iommu_class_nocheck(iommu)->translate !=
                  xen_viommu_translate) {
        return false;
    }

    /*
     * Interrupts are written by short accesses.  QEMU's own bounce buffer is
     * too small for a transfer, and a disk request that is split waits for
     * its next part where those who drain the disk do not see it.
     */
    *ptr = NULL;
    if (!xen_viommu_this_thread() || (is_write && xen_viommu_is_msi(addr))) {
        map_faulted = true;
    } else {
        *ptr = xen_viommu_map(sp, as, addr, plen, is_write, &map_faulted);
    }
    if (!*ptr) {
        *plen = 0;
    }
    return true;
}

static bool xen_viommu_unmap_op(AddressSpace *as, void *ptr, hwaddr len,
                                bool is_write, hwaddr access_len)
{
    XenViommu *s;
    unsigned int i;

    XEN_VIOMMU_FOREACH(i, s) {
        if (xen_viommu_unmap(s, as, ptr, len, is_write, access_len)) {
            return true;
        }
    }
    return false;
}

static bool xen_viommu_faulted(void)
{
    return map_faulted;
}

static void xen_viommu_discard_op(void *ptr, hwaddr keep)
{
    XenViommu *s;
    unsigned int i;

    XEN_VIOMMU_FOREACH(i, s) {
        xen_viommu_discard(s, ptr, keep);
    }
}

static bool xen_viommu_access_op(AddressSpace *as, hwaddr addr, void *buf,
                                 hwaddr len, bool is_write)
{
    XenViommu *s;
    unsigned int i;

    /* what has no length has no end either */
    if (!len || !qemu_in_main_thread()) {
        return false;
    }
    XEN_VIOMMU_FOREACH(i, s) {
        if (xen_viommu_held_access(s, as, addr, buf, len, is_write)) {
            return true;
        }
    }
    refused.in_access = true;
    refused.sp = NULL;
    access_as = as;
    return false;
}

static void xen_viommu_access_end(void)
{
    XenViommu *s;
    unsigned int i;

    if (!qemu_in_main_thread()) {
        return;
    }
    refused.in_access = false;
    refused.sp = NULL;
    access_as = NULL;
    XEN_VIOMMU_FOREACH(i, s) {
        XenViommuNow *now = s->now;

        xen_viommu_end_now(s);
        /* Xen's map cache makes a coroutine wait when it unmaps */
        if (now->as && now->translated && !qemu_in_coroutine()) {
            xen_viommu_held_note(&s->held, now->as, now->sp, &now->use.span);
        }
        now->as = NULL;
    }
}

static void xen_viommu_let_go(void)
{
    XenViommu *s;
    unsigned int i;

    if (qemu_in_main_thread()) {
        XEN_VIOMMU_FOREACH(i, s) {
            xen_viommu_release(s);
        }
    }
}

/* What it had mapped may outlive it by a little, and goes nowhere. */
static void xen_viommu_gone(PCIDevice *dev)
{
    XenViommu *s;
    unsigned int i;

    xen_viommu_forget(dev);
    XEN_VIOMMU_FOREACH(i, s) {
        xen_viommu_maps_gone(&s->maps, pci_get_address_space(dev));
        xen_viommu_release(s);
        xen_viommu_sweep(s);
        s->now->as = NULL;
    }
    access_as = NULL;
    refused.sp = NULL;
}

static bool xen_viommu_accept_op(PCIDevice *dev, Error **errp)
{
    return xen_viommu_accept(xen_viommu_unit[0], dev, errp);
}

static const DmaTrackOps xen_viommu_track_ops = {
    .accept = xen_viommu_accept_op,
    .gone = xen_viommu_gone,
    .map = xen_viommu_map_op,
    .unmap = xen_viommu_unmap_op,
    .faulted = xen_viommu_faulted,
    .discard = xen_viommu_discard_op,
    .access = xen_viommu_access_op,
    .access_end = xen_viommu_access_end,
};

/* False: there is no such vIOMMU. */
static bool xen_viommu_attach(unsigned int unit, uint32_t *version,
                              uint32_t *flags, evtchn_port_t *port)
{
    if (!xendevicemodel_viommu_attach(xen_dmod, xen_domid, unit, version,
                                      flags, port)) {
        return true;
    }
    /*
     * Neither a Xen (or a kernel) without vIOMMUs nor a guest without one is
     * of interest.  Anything else is: the guest believes its devices to be
     * confined.
     */
    if (errno != ENODEV && errno != EOPNOTSUPP && errno != ENOSYS &&
        errno != ENOTTY) {
        error_report("xen-viommu: cannot attach to the guest's vIOMMU %u: %s",
                     unit, strerror(errno));
        exit(1);
    }
    return false;
}

static void *xen_viommu_map_ledger(XenViommu *s)
{
    void *frames = NULL;

    s->fres = xenforeignmemory_map_resource(xen_fmem, xen_domid,
                                            XENMEM_resource_viommu, s->unit, 0,
                                            XEN_VIOMMU_LEDGER_FRAMES, &frames,
                                            PROT_READ | PROT_WRITE, 0);
    if (!s->fres) {
        error_report("xen-viommu: cannot map the pages shared with Xen: %s",
                     strerror(errno));
        exit(1);
    }
    return frames;
}

/* A test that puts another library in the place of Xen's says so. */
static bool xen_viommu_has_xen(void)
{
    return xen_enabled() || (qtest_enabled() && getenv("XEN_VIOMMU_QTEST"));
}

/* False: there is no such one. */
static bool xen_viommu_init_unit(unsigned int unit, PCIBus *bus)
{
    DeviceState *dev;
    XenViommu *s;
    uint32_t version = VERSION, flags;
    evtchn_port_t port;

    dev = qdev_new(TYPE_XEN_VIOMMU);
    s = XEN_VIOMMU(dev);
    s->copy = !strcmp(s->dma_mode, "copy");
    if (!s->copy && strcmp(s->dma_mode, "map")) {
        error_report("xen-viommu: dma=%s: neither copy nor map", s->dma_mode);
        exit(1);
    }

    if (!xen_viommu_attach(unit, &version, &flags, &port)) {
        object_unref(OBJECT(dev));
        return false;
    }
    if (version != VERSION) {
        error_report("xen-viommu: Xen offers version %u of the protocol, not "
                     "%u", version, VERSION);
        exit(1);
    }

    qdev_realize_and_unref(dev, NULL, &error_fatal);
    xen_viommu_maps_init(&s->maps);
    s->unit = unit;
    s->bus = bus;
    QLIST_INIT(&s->spaces);
    s->outermost.use = (XenViommuUse) { .slot = -1, .keep = true };
    s->now = &s->outermost;
    xen_viommu_device_init(s);
    s->intremap = flags & XEN_VIOMMU_ATTACH_INTREMAP;
    xen_viommu_msi_init(s);
    s->client.translate = xen_viommu_ask;
    s->client.tell = xen_viommu_tell;
    s->client.opaque = s;
    /* before the port is bound: from then on Xen looks at it */
    xen_viommu_client_init(&s->client, xen_viommu_map_ledger(s));
    xen_viommu_held_init(s);
    xen_viommu_pin_init(s);

    xen_viommu_listen(s, port);
    trace_xen_viommu_attach(unit, version, port,
                            xen_viommu_ledger_head(&s->client.ledger));
    xen_viommu_unit[xen_viommu_nr_units++] = s;
    return true;
}

void xen_viommu_init(PCIBus *bus)
{
    unsigned int unit;

    if (!xen_viommu_has_xen()) {
        return;
    }
    for (unit = 0; unit < XEN_VIOMMU_MAX_UNITS; unit++) {
        if (!xen_viommu_init_unit(unit, bus)) {
            break;
        }
    }
    if (!unit) {
        return;
    }

    xen_viommu_set_slots();
    dma_track_ops = &xen_viommu_track_ops;
    dma_track_outside = true;
    dma_track_let_go = xen_viommu_let_go;
    pci_setup_iommu(bus, &xen_viommu_iommu_ops, bus);
}

/*
 * All state is Xen's, but it is said that there was a vIOMMU: a QEMU that knows
 * of none refuses to go on.  What devices have mapped for good is let go of:
 * only then is what they wrote there marked as changed, for Xen to migrate it.
 */
static int xen_viommu_pre_save(void *opaque)
{
    xen_viommu_let_go();
    notifier_list_notify(&dma_remap_notifiers, NULL);
    return 0;
}

static const VMStateDescription vmstate_xen_viommu = {
    .name = TYPE_XEN_VIOMMU,
    .version_id = 1,
    .minimum_version_id = 1,
    .priority = MIG_PRI_IOMMU,
    .pre_save = xen_viommu_pre_save,
    .fields = (const VMStateField[]) {
        VMSTATE_END_OF_LIST()
    },
};

static const Property xen_viommu_properties[] = {
    /* copy: late-bound; map: in place */
    DEFINE_PROP_STRING("dma", XenViommu, dma_mode),
    /* which slots are behind which unit, see xen-viommu-units.c */
    DEFINE_PROP_STRING("slots", XenViommu, slots),
};

static void xen_viommu_instance_init(Object *obj)
{
    XenViommu *s = XEN_VIOMMU(obj);

    s->dma_mode = g_strdup("copy");
    s->slots = g_strdup("");
}

static void xen_viommu_class_init(ObjectClass *klass,
                                  XEN_VIOMMU_CLASS_DATA *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "Dummy vIOMMU: Xen has the real one";
    dc->user_creatable = false;
    dc->hotpluggable = false;
    dc->vmsd = &vmstate_xen_viommu;
    device_class_set_props(dc, xen_viommu_properties);
}

static const TypeInfo xen_viommu_info = {
    .parent = TYPE_DEVICE,
    .name = TYPE_XEN_VIOMMU,
    .instance_size = sizeof(XenViommu),
    .instance_init = xen_viommu_instance_init,
    .class_init = xen_viommu_class_init,
};

static void xen_viommu_memory_region_class_init(ObjectClass *klass,
                                                XEN_VIOMMU_CLASS_DATA *data)
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
    type_register_static(&xen_viommu_info);
    type_register_static(&xen_viommu_memory_region_info);
}

type_init(xen_viommu_register_types)
