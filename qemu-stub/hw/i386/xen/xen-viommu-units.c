/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which device is behind which unit.  The guest is told so by its DMAR, by path:
 * slots of the root bus, and bridges there with all that is behind them.  Bus
 * numbers are the guest's, and of no interest.
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "system/system.h"
#include "xen-viommu-int.h"

XenViommu *xen_viommu_unit[XEN_VIOMMU_MAX_UNITS];
unsigned int xen_viommu_nr_units;

XenViommu *xen_viommu_of(PCIBus *bus, int devfn)
{
    XenViommu *s = NULL;
    unsigned int i;

    while (bus->parent_dev) {
        devfn = bus->parent_dev->devfn;
        bus = pci_get_bus(bus->parent_dev);
    }
    XEN_VIOMMU_FOREACH(i, s) {
        if (s->behind >> PCI_SLOT(devfn) & 1) {
            break;
        }
    }
    return s;
}

static bool has_device(const XenViommu *s)
{
    int devfn;

    for (devfn = 0; devfn < ARRAY_SIZE(s->bus->devices); devfn++) {
        if (s->bus->devices[devfn] && s->behind >> PCI_SLOT(devfn) & 1) {
            return true;
        }
    }
    return false;
}

/* What the guest boots with is there. */
static void look(Notifier *n, void *data)
{
    XenViommu *s;
    unsigned int i;

    XEN_VIOMMU_FOREACH(i, s) {
        if (!has_device(s)) {
            warn_report("xen-viommu: there is no device behind unit %u: Linux "
                        "ignores it, also when one comes later", i);
        }
    }
}

/* For each unit but the last a mask of slots, hexadecimal, with ':' in between. */
void xen_viommu_set_slots(void)
{
    static Notifier notifier = { .notify = look };
    const char *text = xen_viommu_unit[0]->slots, *p = text;
    uint32_t left = ~0u;
    unsigned int i;

    for (i = 0; i + 1 < xen_viommu_nr_units; i++) {
        unsigned long mask;

        if ((i && *p++ != ':') || qemu_strtoul(p, &p, 16, &mask) ||
            !mask || mask & ~(unsigned long)left) {
            break;
        }
        xen_viommu_unit[i]->behind = mask;
        left &= ~mask;
    }
    if (i + 1 != xen_viommu_nr_units || *p) {
        error_report("xen-viommu: slots=%s does not say which devices are "
                     "behind which of %u units", text, xen_viommu_nr_units);
        exit(1);
    }
    xen_viommu_unit[i]->behind = left;
    qemu_add_machine_init_done_notifier(&notifier);
}
