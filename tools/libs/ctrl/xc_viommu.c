/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * A domain's virtual IOMMU: creation and statistics, see
 * public/hvm/viommu_domctl.h.
 */

#include "xc_private.h"

int xc_domain_viommu_create(xc_interface *xch, uint32_t domid,
                            unsigned int unit, uint32_t type, uint64_t base,
                            uint32_t flags, uint8_t aw, uint8_t *haw)
{
    struct xen_domctl domctl = {
        .cmd = XEN_DOMCTL_viommu_op,
        .domain = domid,
        .u.viommu_op = {
            .cmd = XEN_DOMCTL_VIOMMU_create,
            .unit = unit,
            .u.create = {
                .type = type,
                .base = base,
                .flags = flags,
                .aw = aw,
            },
        },
    };
    int rc = do_domctl(xch, &domctl);

    if ( !rc && haw )
        *haw = domctl.u.viommu_op.u.create.haw;

    return rc;
}

int xc_domain_viommu_get_stats(xc_interface *xch, uint32_t domid,
                               unsigned int unit,
                               struct xen_viommu_stats *stats)
{
    struct xen_domctl domctl = {
        .cmd = XEN_DOMCTL_viommu_op,
        .domain = domid,
        .u.viommu_op = {
            .cmd = XEN_DOMCTL_VIOMMU_get_stats,
            .unit = unit,
        },
    };
    DECLARE_HYPERCALL_BOUNCE(stats, sizeof(*stats),
                             XC_HYPERCALL_BUFFER_BOUNCE_OUT);
    int rc;

    if ( xc_hypercall_bounce_pre(xch, stats) )
        return -1;

    set_xen_guest_handle(domctl.u.viommu_op.u.get_stats.stats, stats);

    rc = do_domctl(xch, &domctl);

    xc_hypercall_bounce_post(xch, stats);

    return rc;
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
