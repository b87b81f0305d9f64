/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Xen's event: an invalidation waits for DMA that is in flight.
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "hw/xen/xen-hvm-common.h"
#include "xen-viommu-int.h"

static void xen_viommu_event(XenViommu *s)
{
    /* before looking, so that an invalidation after that brings us back */
    xenevtchn_unmask(s->xce, s->port);

    /*
     * Who ends what is waited for tells Xen by itself.  Here are those who
     * would not: a slot that was forgotten, pages that are held, and mappings
     * held for good.
     */
    xen_viommu_end_now(s);
    xen_viommu_held_event(&s->held);
    notifier_list_notify(&dma_remap_notifiers, NULL);
}

static bool xen_viommu_port(evtchn_port_t port)
{
    XenViommu *s;
    unsigned int i;

    XEN_VIOMMU_FOREACH(i, s) {
        if (s->port == port) {
            xen_viommu_event(s);
            return true;
        }
    }
    return false;
}

static void xen_viommu_own_event(void *opaque)
{
    XenViommu *s = opaque;

    if (xenevtchn_pending(s->xce) >= 0) {
        xen_viommu_event(s);
    }
}

/*
 * The guest's requests have a handle that the main loop waits for anyway.  With
 * one more it has a descriptor more, and Linux has room for nine before each
 * wait costs it a page.  Only where there is no Xen there are no requests.
 *
 * It is listened to from when the guest runs on: what comes before that waits.
 */
void xen_viommu_listen(XenViommu *s, evtchn_port_t remote)
{
    xenevtchn_port_or_error_t port = -1;

    s->xce = xen_ioreq_evtchn(xen_viommu_port);
    if (!s->xce) {
        s->xce = xenevtchn_open(NULL, 0);
        if (s->xce) {
            qemu_set_fd_handler(xenevtchn_fd(s->xce), xen_viommu_own_event,
                                NULL, s);
        }
    }
    if (s->xce) {
        port = xenevtchn_bind_interdomain(s->xce, xen_domid, remote);
    }
    if (port < 0) {
        error_report("xen-viommu: cannot bind port %u: %s", remote,
                     strerror(errno));
        exit(1);
    }
    s->port = port;
}
