/* SPDX-License-Identifier: GPL-2.0-only */
/* The front ends that x86 builds: the generic layer names none. */
#include "../core.h"
#include "../vtd/vtd.h"

const struct viommu_frontend *const viommu_frontends[] = {
    &vtd_frontend,
    NULL
};

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
