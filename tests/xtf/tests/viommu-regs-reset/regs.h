/* SPDX-License-Identifier: GPL-2.0-only */
/* regs.h: what viommu-regs-reset and viommu-regs-noqueue share. */

#ifndef VIOMMU_REGS_H
#define VIOMMU_REGS_H

#include "../viommu-lib/vtd.h"

/* What the domain has been configured with. */
extern const bool has_queue;

void test_registers(void);

#endif /* VIOMMU_REGS_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
