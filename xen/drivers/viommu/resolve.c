/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dispatch of a translation to the front end: for the DM, which asks (dm.c),
 * and for Xen, which compares with what the DM uses (ledger.c).  It reads
 * guest memory, and nothing of the state that viommu->lock guards.
 */
#include "core.h"

void viommu_resolve(const struct viommu *viommu, const struct viommu_view *view,
                    struct viommu_path *path, struct xen_viommu_xlat *xlat,
                    struct viommu_fault *fault)
{
    xlat->gpa = 0;
    xlat->did = 0;
    xlat->perm = 0;
    xlat->order = 12;
    xlat->status = XEN_VIOMMU_XLAT_OK;
    xlat->reason = 0;
    xlat->block = 0;
    xlat->format = XEN_VIOMMU_FORMAT_NONE;
    xlat->levels = 0;
    xlat->root = 0;

    if ( view->enabled )
        viommu->fe->walk(viommu, view, path, xlat, fault);
    else
    {
        xlat->iova = 0;
        xlat->perm = XEN_VIOMMU_READ | XEN_VIOMMU_WRITE;
        xlat->order = 64;
    }
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
