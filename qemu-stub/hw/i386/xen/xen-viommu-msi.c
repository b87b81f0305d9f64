/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of devices, which Xen may have to remap.
 *
 * A write to MSI_BASE and on is an interrupt, be it a device's own or one that
 * its driver has made it write by DMA.  Xen has to know whose it is.  Only one
 * of the former says so in its attributes, but both come by way of the device's
 * address space.  So that is what counts: it translates them to a region in
 * which each requester id has its own MSI_BASE.
 *
 * Nothing of this is in the ledger.  An interrupt is delivered, or refused,
 * before the hypercall returns.
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "xen-viommu-int.h"
#include "trace.h"

void xen_viommu_translate_msi(const XenViommuSpace *sp, IOMMUTLBEntry *e)
{
    XenViommu *s = sp->viommu;

    e->iova = e->translated_addr = MSI_BASE;
    e->addr_mask = (1ULL << MSI_ORDER) - 1;
    e->perm = IOMMU_WO;
    if (s->intremap) {
        e->target_as = &s->msi_as;
        e->translated_addr = (hwaddr)xen_viommu_rid(sp) << MSI_ORDER;
    }
}

/* Reads are translated as any other. */
static uint64_t msi_read(void *opaque, hwaddr addr, unsigned int size)
{
    return ~0ULL;
}

static void msi_write(void *opaque, hwaddr addr, uint64_t data,
                      unsigned int size)
{
    const XenViommu *s = opaque;
    uint16_t rid = addr >> MSI_ORDER;

    addr = MSI_BASE | (addr & ((1ULL << MSI_ORDER) - 1));
    trace_xen_viommu_msi(rid, addr, data);
    if (xendevicemodel_viommu_msi(xen_dmod, xen_domid, s->unit, rid, addr,
                                  data)) {
        error_report_once("xen-viommu: interrupt of %02x:%02x.%x is lost: %s",
                          PCI_BUS_NUM(rid), PCI_SLOT(rid), PCI_FUNC(rid),
                          strerror(errno));
    }
}

/* As for Xen's APIC: one of another size is no interrupt. */
static const MemoryRegionOps msi_ops = {
    .read = msi_read,
    .write = msi_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

void xen_viommu_msi_init(XenViommu *s)
{
    /* no owner: an interrupt that a register access raises is no re-entrance */
    memory_region_init_io(&s->msi, NULL, &msi_ops, s, "xen-viommu-msi",
                          0x10000ULL << MSI_ORDER);
    address_space_init(&s->msi_as, &s->msi, "xen-viommu-msi");
}
