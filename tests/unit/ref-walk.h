/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A walk of the guest's tables, written for its obviousness: straight from
 * the layout of the entries, one bit field at a time, with nothing in common
 * with the sources under test but the memory that it reads.
 */
#ifndef REF_WALK_H
#define REF_WALK_H

#include <stdbool.h>
#include <stdint.h>

struct ref_in {
    unsigned int aw, haw;
    uint64_t root;
    unsigned int bus, devfn;
    uint64_t iova;
    bool read, write;
};

struct ref_out {
    bool ok;
    unsigned int reason;        /* if not */
    bool recorded;              /* if not: for the guest to see */
    unsigned int did;           /* of a good context entry, else 0 */
    uint64_t gpa;               /* of iova itself */
    bool may_read, may_write;
    unsigned int order;         /* log2 of the size of the mapping */
};

struct ref_out ref_walk(const struct ref_in *in);

#endif /* REF_WALK_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
