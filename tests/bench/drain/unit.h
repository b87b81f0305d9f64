/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A unit as the guest has it and a device model's client of it, in one process.
 */
#ifndef BENCH_UNIT_H
#define BENCH_UNIT_H

#include "pair.h"

/* IOVAs from 0 on that have tables; the pages behind come again after PAGES. */
enum { MAPPED = 2048, PAGES = 1024 };

/* The device, and the domain that it is in. */
enum { UNIT_RID = 0x18, UNIT_DID = 1 };

/* IOTLB_REG.IIRG */
enum { INV_DOMAIN = 2, INV_PAGE = 3 };

void unit_create(void);

/* What the guest does. */
void unit_map(unsigned int page, bool there);
/*
 * From IOVA 0 on, 1 to MAPPED pages.  More are tables that are entered again and
 * again: then all of a table of 512 tables, or of 512 of those.
 */
void unit_map_many(unsigned long pages);
void unit_invalidate(unsigned int page, unsigned int granularity);
bool unit_pending(void);

/* What the device model does. */
void unit_begin(XenViommuUse *use, unsigned int page, unsigned int pages);
/* Put a translation into a cache of one's own, which is new. */
void unit_cache(XenViommuCache *cache, unsigned int page);

int compare(const void *a, const void *b);

/* copy.c */
void copies(void);

#endif /* BENCH_UNIT_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
