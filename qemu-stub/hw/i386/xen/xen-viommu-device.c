/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA to the registers of a device, which Xen says the guest's tables lead to.
 *
 * Xen does not know what is there.  QEMU does: what is nobody's is refused; so
 * is what QEMU has for memory, which is a hole in the guest's memory, where
 * nothing can be mapped, or memory of a device.  A device does not reach its
 * own registers, either: a bridge does not send a request back to where it
 * came from.
 *
 * What is accessed may do DMA by itself, at once.  So such an access goes by
 * way of a region of ours, which knows where it begins and ends: meanwhile the
 * accesses that are nested in it do not end its translation.
 *
 * QEMU's guard against re-entrance is that of the device which is accessed.  A
 * device that begins or ends a mapping is often not under its own guard: then
 * it is put there, so that what it accesses does not come back to it.
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/coroutine.h"
#include "qemu/main-loop.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_bridge.h"
#include "xen-viommu-int.h"

/* NULL behind a bridge, where it may be any of several. */
static PCIDevice *device_of(const XenViommuSpace *sp)
{
    PCIDevice *dev = sp->bus ? sp->bus->devices[sp->devfn] : NULL;

    return dev && !IS_PCI_BRIDGE(dev) ? dev : NULL;
}

/* Is it @dev's, or a part of it? */
static bool is_of(MemoryRegion *mr, const PCIDevice *dev)
{
    const Object *owner = memory_region_owner(mr);

    while (owner && owner != OBJECT(dev)) {
        owner = owner->parent;
    }
    return owner;
}

/* Registers throughout, and of another device? */
static bool is_device(const PCIDevice *dev, hwaddr gpa, hwaddr len)
{
    while (len) {
        MemoryRegionSection sec = memory_region_find(get_system_memory(), gpa,
                                                     len);
        MemoryRegion *mr = sec.mr;
        hwaddr n;
        bool good;

        if (!mr) {
            return false;
        }
        n = int128_get64(sec.size);
        good = sec.offset_within_address_space == gpa &&
               !memory_region_is_ram(mr) && !memory_region_is_romd(mr) &&
               !is_of(mr, dev);
        memory_region_unref(mr);
        if (!good) {
            return false;
        }
        gpa += n;
        len -= n;
    }
    return true;
}

static MemTxResult device_rw(XenViommuSpace *sp, hwaddr gpa, MemTxAttrs attrs,
                             void *buf, hwaddr len, bool is_write)
{
    XenViommu *s = sp->viommu;
    XenViommuNow inner = { .use = XEN_VIOMMU_USE_INIT }, *outer = s->now;
    MemTxResult rc;

    /*
     * s->now is the main thread's, and a register may wait for what a coroutine
     * cannot wait for.
     */
    if (!qemu_in_main_thread() || qemu_in_coroutine() ||
        !is_device(device_of(sp), gpa, len)) {
        return MEMTX_DECODE_ERROR;
    }
    s->now = &inner;
    rc = address_space_rw(&address_space_memory, gpa, attrs, buf, len,
                          is_write);
    xen_viommu_end_now(s);
    s->now = outer;
    return rc;
}

bool xen_viommu_may_copy(const XenViommuSpace *sp, hwaddr gpa, hwaddr len)
{
    const PCIDevice *dev = device_of(sp);

    return dev && is_device(dev, gpa, len);
}

bool xen_viommu_device_copy(XenViommuSpace *sp, hwaddr gpa, void *buf,
                            hwaddr len, bool is_write)
{
    PCIDevice *dev = device_of(sp);
    bool *engaged, was;
    MemTxResult rc;

    if (!dev) {
        return false;
    }
    object_ref(OBJECT(dev));
    engaged = &DEVICE(dev)->mem_reentrancy_guard.engaged_in_io;
    was = *engaged;
    *engaged = true;
    rc = device_rw(sp, gpa, MEMTXATTRS_UNSPECIFIED, buf, len, is_write);
    *engaged = was;
    object_unref(OBJECT(dev));
    return rc == MEMTX_OK;
}

/*
 * QEMU makes an access to registers as a whole, however far the translation
 * goes: memory_region_dispatch_write() is told where it begins only.  What is
 * behind the end of the page has another translation, and nobody asks for it.
 */
static bool crosses_page(hwaddr gpa, unsigned int size)
{
    return (gpa & 0xfff) + size > 0x1000;
}

static MemTxResult device_read(void *opaque, hwaddr gpa, uint64_t *data,
                               unsigned int size, MemTxAttrs attrs)
{
    XenViommu *s = opaque;
    uint8_t buf[8] = {};
    MemTxResult rc = MEMTX_DECODE_ERROR;

    if (!crosses_page(gpa, size)) {
        rc = device_rw(s->now->sp, gpa, attrs, buf, size, false);
    }
    *data = ldn_le_p(buf, size);
    return rc;
}

static MemTxResult device_write(void *opaque, hwaddr gpa, uint64_t data,
                                unsigned int size, MemTxAttrs attrs)
{
    XenViommu *s = opaque;
    uint8_t buf[8];

    if (crosses_page(gpa, size)) {
        return MEMTX_DECODE_ERROR;
    }
    stn_le_p(buf, size, data);
    return device_rw(s->now->sp, gpa, attrs, buf, size, true);
}

static const MemoryRegionOps device_ops = {
    .read_with_attrs = device_read,
    .write_with_attrs = device_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

void xen_viommu_device_init(XenViommu *s)
{
    /* no owner: an access in another one is not its re-entrance */
    memory_region_init_io(&s->device, NULL, &device_ops, s,
                          "xen-viommu-device", UINT64_MAX);
    address_space_init(&s->device_as, &s->device, "xen-viommu-device");
}
