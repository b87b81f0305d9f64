/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What libxl takes of a host to restore a domain there, up to the start of its device
 * model: preloaded before fake-host.c of tests/stack/dm-restart, whose domain it is.
 * Nothing of the domain is looked at, so that any hypercall succeeds.  In directory
 * $FAKE, "lost-N" is there if there was no record of unit N in what is restored, and
 * "forbidden" on a host whose Xen was told viommu=no.  No device model serves a unit.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xencall.h>
#include <xenctrl.h>
#include <xen/hvm/viommu_domctl.h>
#include <xen/version.h>
#include <xenguest.h>

#define DOMID 7

static const char *name(const char *file)
{
    static char path[4096];

    snprintf(path, sizeof(path), "%s/%s", getenv("FAKE"), file);
    return path;
}

int xencall1(xencall_handle *xcall, unsigned int op, uint64_t arg1)
{
    return 0;
}

int xencall2(xencall_handle *xcall, unsigned int op, uint64_t arg1, uint64_t arg2)
{
    /* Where the host's memory is its own business, xl does not look for some. */
    if ( op == __HYPERVISOR_xen_version && arg1 == XENVER_commandline )
        strcpy((char *)arg2, "dom0_mem=1G");

    return 0;
}

int xencall3(xencall_handle *xcall, unsigned int op, uint64_t arg1, uint64_t arg2,
             uint64_t arg3)
{
    return 0;
}

xc_cpupoolinfo_t *xc_cpupool_getinfo(xc_interface *xch, uint32_t poolid)
{
    xc_cpupoolinfo_t *info = calloc(1, sizeof(*info));

    info->sched_id = XEN_SCHEDULER_CREDIT;
    info->cpumap = calloc(1, 8);

    return info;
}

int xc_domain_create(xc_interface *xch, uint32_t *domid,
                     struct xen_domctl_createdomain *config)
{
    FILE *domain = fopen(name("domain"), "w");

    *domid = DOMID;
    return domain ? fclose(domain) : -1;
}

int xc_domain_viommu_create(xc_interface *xch, uint32_t domid, unsigned int unit,
                            uint32_t type, uint64_t base, uint32_t flags, uint8_t aw,
                            uint8_t *haw)
{
    if ( !access(name("forbidden"), F_OK) )
    {
        errno = EOPNOTSUPP;
        return -1;
    }

    *haw = 40;
    return 0;
}

int xc_domain_viommu_get_stats(xc_interface *xch, uint32_t domid, unsigned int unit,
                               struct xen_viommu_stats *stats)
{
    char lost[] = { 'l', 'o', 's', 't', '-', '0' + unit, 0 };

    memset(stats, 0, sizeof(*stats));
    if ( access(name(lost), F_OK) )
        stats->flags = XEN_VIOMMU_STATS_RESTORED;

    return 0;
}

/* Of another type in each version, and it looks at none of it. */
int restore(void) __asm__("xc_domain_restore");
int restore(void)
{
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
