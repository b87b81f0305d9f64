/* SPDX-License-Identifier: GPL-2.0-only */
/* What public/hvm/viommu.h takes from Xen's public/xen.h. */
#ifndef SHIM_XEN_H
#define SHIM_XEN_H

#include <stdint.h>

typedef uint16_t domid_t;

#define DEFINE_XEN_GUEST_HANDLE(name)                                         \
    typedef struct { name *p; } guest_handle_##name
#define XEN_GUEST_HANDLE_64(name) guest_handle_##name

#endif
