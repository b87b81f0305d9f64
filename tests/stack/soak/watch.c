/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch DOMID CONDITION [NUMBER]: wait until it holds of a guest's vIOMMU.
 *
 *   now            whatever it is
 *   waits, idle    an invalidation waits; none does
 *   passed N       none waits, and more than N have been made
 *   attached, detached     it has a device model; it has none
 *
 * Prints what Xen says then, as variables for a shell; the exit status is 1 if
 * the condition did not come to hold for a minute.  It is what "xl
 * viommu-list" shows, at a hundredth of what xl takes on an emulated CPU.
 */
#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xen/hvm/viommu_domctl.h>

#define PERIOD_US       2000
#define LIMIT_US        60000000

static bool holds(const char *what, uint64_t n,
                  const struct xen_viommu_stats *s)
{
    bool waits = s->flags & XEN_VIOMMU_STATS_WAITING;
    bool attached = s->flags & XEN_VIOMMU_STATS_DM;

    if ( !strcmp(what, "waits") )
        return waits;
    if ( !strcmp(what, "idle") )
        return !waits;
    if ( !strcmp(what, "passed") )
        return !waits && s->requested > n;
    if ( !strcmp(what, "attached") )
        return attached;
    if ( !strcmp(what, "detached") )
        return !attached;

    return true;
}

int main(int argc, char **argv)
{
    xc_interface *xch = xc_interface_open(NULL, NULL, 0);
    struct xen_viommu_stats s;
    unsigned int domid, us;
    bool ok = false;
    uint64_t n;

    if ( argc < 3 || !xch )
        errx(2, "usage: watch DOMID CONDITION [NUMBER]");
    domid = strtoul(argv[1], NULL, 0);
    n = argc > 3 ? strtoull(argv[3], NULL, 0) : 0;

    for ( us = 0; us < LIMIT_US; us += PERIOD_US )
    {
        /* It may be in the making. */
        ok = !xc_domain_viommu_get_stats(xch, domid, 0, &s) &&
             holds(argv[2], n, &s);
        if ( ok )
            break;
        usleep(PERIOD_US);
    }

    printf("requested=%llu drained=%llu waited=%llu dm_gone=%llu"
           " inv_waiting=%d dm_attached=%d\n",
           (unsigned long long)s.requested, (unsigned long long)s.drained,
           (unsigned long long)s.waited, (unsigned long long)s.dm_gone,
           !!(s.flags & XEN_VIOMMU_STATS_WAITING),
           !!(s.flags & XEN_VIOMMU_STATS_DM));

    return !ok;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
