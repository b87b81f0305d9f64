/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the fuzzers that compare: an operation is done by the core and by the
 * reference, which have to be seen doing the same, in bounded work, with no
 * lock left locked.
 */
#ifndef BOTH_H
#define BOTH_H

#include "compare.h"
#include "fuzz.h"

void both_begin(const uint8_t *data, size_t size);
/* Returns what was seen; does not return if there is anything wrong. */
const struct seen *both_do(struct op op);
/* Go on until there is nothing more that can be done now. */
void both_rest(void);
/* Has enough been done for one input? */
bool both_full(void);

#define both(name, ...) both_do((struct op){ OP_##name, { __VA_ARGS__ } })

#endif /* BOTH_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
