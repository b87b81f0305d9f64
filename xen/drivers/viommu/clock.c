/* SPDX-License-Identifier: GPL-2.0-only */
/* Time, as all parts of a vIOMMU see it. */
#include "core.h"

uint64_t viommu_now(struct viommu *viommu)
{
    ASSERT(spin_is_locked(&viommu->lock));

    return viommu->now = max_t(uint64_t, viommu->now, viommu_host_now());
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
