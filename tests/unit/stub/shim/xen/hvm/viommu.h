/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the stub finds Xen's public header; here it is the one of this tree. */
#include <hvm/viommu.h>
