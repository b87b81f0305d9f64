/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMPARE_H
#define COMPARE_H

#include <stdio.h>

#include "op.h"

/* By enum op_kind: the names of operations, and how many arguments. */
extern const struct compare_kind {
    const char *name;
    unsigned int nr;
} compare_kinds[];

/* Do it to both sides.  Returns whether the same was seen of both ... */
bool compare_do(const struct op *op);
/* ... and if not, say what was not. */
void compare_explain(void);

/* What was seen of the core. */
const struct seen *compare_seen(void);

/* As a line of a case. */
void compare_print(FILE *to, const struct op *op);

#endif /* COMPARE_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
