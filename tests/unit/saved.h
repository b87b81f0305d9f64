/* SPDX-License-Identifier: GPL-2.0-only */
/* A unit that is saved, and a record that is loaded. */
#ifndef SAVED_H
#define SAVED_H

#include "queue.h"

extern struct hvm_hw_viommu rec;

/* All of the unit, byte for byte: nothing of it changes between these two. */
void keep(void);
void check_kept(void);

void save(void);
int load(void);

#endif /* SAVED_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
