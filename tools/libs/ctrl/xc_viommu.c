/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Creation of a domain's virtual IOMMU, see public/hvm/viommu.h.
 */

#include "xc_private.h"

int xc_domain_viommu_create(xc_interface *xch, uint32_t domid, uint32_t type,
                            uint64_t base, uint32_t flags, uint8_t aw,
                            uint8_t *haw)
{
    struct xen_domctl domctl = {
        .cmd = XEN_DOMCTL_viommu_op,
        .domain = domid,
        .u.viommu_op = {
            .cmd = XEN_DOMCTL_VIOMMU_create,
            .type = type,
            .base = base,
            .flags = flags,
            .aw = aw,
        },
    };
    int rc = do_domctl(xch, &domctl);

    if ( !rc && haw )
        *haw = domctl.u.viommu_op.haw;

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
