/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The units of a domain: which one a number, or an address, means.  They know
 * nothing of each other.
 */
#include "core.h"

struct viommu *viommu_unit(const struct viommu_units *units, unsigned int unit)
{
    if ( !units || unit >= ARRAY_SIZE(units->unit) )
        return NULL;

    unit = array_index_nospec(unit, ARRAY_SIZE(units->unit));

    return ACCESS_ONCE(units->unit[unit]);
}

struct viommu *viommu_at(const struct viommu_units *units, paddr_t gpa)
{
    unsigned int i;

    for ( i = 0; units && i < units->nr; i++ )
        if ( !((units->base[i] ^ gpa) & ~(paddr_t)(VIOMMU_PAGE_SIZE - 1)) )
            return units->unit[i];

    return NULL;
}

bool viommu_in_range(const struct viommu_units *units, paddr_t first,
                     paddr_t last)
{
    unsigned int i;

    for ( i = 0; units && i < units->nr; i++ )
        if ( units->base[i] >= first && units->base[i] <= last )
            return true;

    return false;
}

int viommu_may_add(const struct viommu_units *units, unsigned int unit,
                   const struct xen_domctl_viommu_create *op)
{
    unsigned int nr = units ? units->nr : 0;

    if ( unit < nr || viommu_at(units, op->base) )
        return -EEXIST;
    if ( unit > nr || unit >= XEN_VIOMMU_MAX_UNITS )
        return -EINVAL;

    /* Whether a message is one to be remapped is not for its unit to say. */
    if ( nr &&
         ((units->unit[0]->flags ^ op->flags) & XEN_VIOMMU_CREATE_INTREMAP) )
        return -EINVAL;

    return 0;
}

void viommu_add(struct viommu_units *units, struct viommu *viommu)
{
    ASSERT(viommu->unit == units->nr && units->nr < XEN_VIOMMU_MAX_UNITS);

    /* A DM may look at any time. */
    units->base[viommu->unit] = viommu->base;
    smp_wmb();
    ACCESS_ONCE(units->unit[viommu->unit]) = viommu;
    ACCESS_ONCE(units->nr) = viommu->unit + 1;
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
