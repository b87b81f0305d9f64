/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the vIOMMU needs of its surroundings: Xen's headers, or those of the
 * user-space harness.  No other file of the vIOMMU may ask which it is.
 */
#ifndef VIOMMU_PRIVATE_H
#define VIOMMU_PRIVATE_H

#ifdef __XEN__

#include <xen/bitops.h>
#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/nospec.h>
#include <xen/sched.h>
#include <xen/spinlock.h>
#include <xen/types.h>

#include <public/hvm/viommu_domctl.h>
#include <public/hvm/viommu_save.h>

#else

#include "harness.h"

#endif

#endif /* VIOMMU_PRIVATE_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
