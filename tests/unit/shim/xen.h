/* SPDX-License-Identifier: GPL-2.0-only */
/* What public/hvm/viommu.h takes from Xen's public/xen.h. */
#ifndef SHIM_XEN_H
#define SHIM_XEN_H

#include <stdint.h>

typedef uint16_t domid_t;

#endif
