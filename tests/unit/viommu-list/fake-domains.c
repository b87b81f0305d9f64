/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains for xl to list, preloaded in front of fake-xen.c: 1 has a vIOMMU, 2
 * has none, 3 has one without a queue and with an invalidation that waits.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>
#include <xenstore.h>

#define NR_DOMAINS 4

int xc_domain_getinfolist(xc_interface *xch, uint32_t first,
                          unsigned int max, xc_domaininfo_t *info)
{
    unsigned int n;

    for (n = 0; n < max && first + n < NR_DOMAINS; n++) {
        memset(&info[n], 0, sizeof(info[n]));
        info[n].domain = first + n;
        info[n].flags = XEN_DOMINF_running;
        if (info[n].domain)
            info[n].flags |= XEN_DOMINF_hvm_guest;
        info[n].arch_config.emulation_flags = XEN_X86_EMU_LAPIC;
    }

    return n;
}

/* Since Xen 4.18, libxl asks for one domain with this. */
int xc_domain_getinfo_single(xc_interface *xch, uint32_t domid,
                             xc_domaininfo_t *info)
{
    if (xc_domain_getinfolist(xch, domid, 1, info) == 1)
        return 0;

    errno = ESRCH;
    return -1;
}

char *xs_get_domain_path(struct xs_handle *h, unsigned int domid)
{
    char path[32];

    snprintf(path, sizeof(path), "/local/domain/%u", domid);
    return strdup(path);
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    const char *value = NULL;

    if (!strcmp(path, "/local/domain/1/name"))
        value = "back\\slash \"quoted\"";
    else if (!strcmp(path, "/local/domain/3/name"))
        value = "waits";
    else if (strstr(path, "/type"))
        value = "hvm";

    if (!value) {
        errno = ENOENT;
        return NULL;
    }

    if (len)
        *len = strlen(value);
    return strdup(value);
}

int xc_domain_viommu_get_stats(xc_interface *xch, uint32_t domid,
                               unsigned int unit, struct xen_viommu_stats *s)
{
    unsigned int i;

    /* Domain 1 has one, domain 3 two. */
    if ((domid != 1 && domid != 3) || unit > domid / 3) {
        errno = ENODEV;
        return -1;
    }

    memset(s, 0, sizeof(*s));
    s->type = XEN_VIOMMU_TYPE_VTD;
    s->flags = XEN_VIOMMU_STATS_ENABLED | XEN_VIOMMU_STATS_DM;
    s->base = 0xfed90000 + unit * 0x1000;
    s->translations = unit ? 42 : 5000000000ULL;
    s->faults = 2;
    s->faults_lost = 1;
    for (i = 0; i < XEN_VIOMMU_NR_INV; i++)
        s->inv[i] = i + 1;
    s->in_trap = 20;
    s->waited = 8;
    s->requested = 28;
    s->drained = 27;
    s->drain_ns = 9999999;
    s->drain_max_ns = 1234567;
    s->drain_hist[3] = 5;
    s->drain_hist[XEN_VIOMMU_NR_HIST - 1] = 3;
    s->longest.write_ns = 1000000;
    s->longest.event_ns = 1005000;
    s->longest.ack_ns = 2200000;
    s->longest.drained_ns = 2230000;
    s->longest.clear_ns = 2234567;
    s->longest.inv = XEN_VIOMMU_INV_TLB_RANGE;
    s->mmio_reads = 6000000000ULL;
    s->mmio_writes = 4000000000ULL;
    s->descs = 25000000000ULL;
    s->queue_errors = 3;

    if (domid == 3 && !unit) {
        s->flags |= XEN_VIOMMU_STATS_WAITING | XEN_VIOMMU_STATS_RESTORED;
        s->waiting.write_ns = 3000000;
        s->waiting.event_ns = 3004000;
        s->waiting.inv = XEN_VIOMMU_INV_TLB_DOMAIN;
        s->now_ns = 5000000;
        s->mmio_reads = 11;
        s->mmio_writes = 12;
        s->descs = 0;
        s->queue_errors = 0;
        s->scans = 31;
        s->walks = 32;
        s->stale = 33;
        s->blocked = 2;
        s->blocked_floor = 1;
        s->blocked_ns = 3500000;
        s->blocked_by.rid = 0x19;
        s->blocked_by.did = 7;
        s->blocked_by.iova = 0xfffe0000;
        s->blocked_by.gpa = 0x1230000;
        s->blocked_by.pages = 4;
        s->blocked_by.access = 3;
    }

    return 0;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
