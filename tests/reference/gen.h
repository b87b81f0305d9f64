/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GEN_H
#define GEN_H

#include "op.h"

/* The case of @seed: up to @limit operations.  Returns how many. */
unsigned int gen_case(uint64_t seed, struct op *to, unsigned int limit);

#endif /* GEN_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
