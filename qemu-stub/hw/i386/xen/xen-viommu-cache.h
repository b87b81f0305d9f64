/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cache of translations, one for all devices: which domain id a device
 * has, and what the addresses of a domain id translate to.
 *
 * Lookups take no lock and may run in any thread, beside each other and
 * beside one writer; what changes the cache takes a mutex.
 *
 * An entry carries the position in the log of the answer that it came with.
 * Invalidations of much raise a mark above that of all entries which they are
 * about; an entry below a mark is as good as gone.
 * There are marks for everything, for each domain id, and for regions of 2M
 * and 1G (hashed, so that now and then a region suffers for another one).
 * Only small ranges are looked for entry by entry, so that the unmapping of
 * one page costs its neighbours nothing.  So whatever the invalidation, what is
 * to be done depends neither on how much is cached nor on how many devices use
 * it.
 *
 * Free of any other part of QEMU, so that it can be tested by itself.
 */
#ifndef XEN_VIOMMU_CACHE_H
#define XEN_VIOMMU_CACHE_H

#include <pthread.h>
#include "xen-viommu-ledger.h"

#define XEN_VIOMMU_CACHE_SETS    32768 /* power of 2 */
#define XEN_VIOMMU_CACHE_WAYS    4
#define XEN_VIOMMU_CACHE_REGIONS 4096 /* power of 2 */
#define XEN_VIOMMU_CACHE_CLASSES 3 /* of regions, by their size */

typedef struct XenViommuRange {
    uint64_t iova;          /* aligned to the size of the range */
    uint64_t gpa;
    uint16_t did;
    uint8_t order;          /* log2 of that size, 64: everything */
    uint8_t perm;           /* XEN_VIOMMU_READ | XEN_VIOMMU_WRITE */
    uint64_t more;          /* bytes behind it that a walk has found with it */
} XenViommuRange;

/*
 * Read without a lock: tag before and after the rest.  It is odd above the
 * domain id while the entry is being written.
 */
typedef struct XenViommuEntry {
    uint64_t tag;           /* seq << 16 | did */
    uint64_t where;         /* iova | order << 2 | perm; 0: empty */
    uint64_t gpa;
    uint64_t pos;
} XenViommuEntry;

/* Which domain id a requester has; likewise. */
typedef struct XenViommuDid {
    uint64_t tag;           /* seq << 16 | did */
    uint64_t pos;           /* the position + 1; 0: not known */
} XenViommuDid;

typedef struct XenViommuCache {
    uint64_t applied;       /* the log has been applied up to here */
    uint64_t orders[2];     /* bitmap: sizes of range that were put in */
    /* marks: entries of a lower position are gone */
    uint64_t mark_all;
    uint64_t mark_region[XEN_VIOMMU_CACHE_CLASSES][XEN_VIOMMU_CACHE_REGIONS];
    uint64_t mark_did[1 << 16];
    XenViommuDid rid[1 << 16];
    XenViommuEntry set[XEN_VIOMMU_CACHE_SETS][XEN_VIOMMU_CACHE_WAYS];
    pthread_mutex_t lock;   /* who changes anything of this has it */
    unsigned int victim;
} XenViommuCache;

/* An empty cache (many megabytes, touched as they are used). */
XenViommuCache *xen_viommu_cache_new(uint64_t applied);
void xen_viommu_cache_free(XenViommuCache *c);

/*
 * Up to where the log has been applied.  To be read before looking up: what
 * is found then has seen the entries below.
 */
uint64_t xen_viommu_cache_applied(const XenViommuCache *c);

/* What is tied to no domain id is good if it is of this position or a later one. */
uint64_t xen_viommu_cache_since(const XenViommuCache *c);

/* Apply what is new in the log. */
void xen_viommu_cache_sync(XenViommuCache *c, const XenViommuLedger *l);

/* Apply one entry of the log, the one at the position reached. */
void xen_viommu_cache_apply(XenViommuCache *c, const struct xen_viommu_log *e);

/* The range that @iova of @rid is in, if it is here and permits @access. */
bool xen_viommu_cache_lookup(const XenViommuCache *c, uint16_t rid,
                             uint64_t iova, uint8_t access,
                             XenViommuRange *r);

/*
 * What Xen answered about @rid at position @pos.  Not taken in if more of the
 * log than that has been applied, for that may have been about it.
 */
void xen_viommu_cache_insert(XenViommuCache *c, uint64_t pos, uint16_t rid,
                             const XenViommuRange *r);

/* The device of @rid has gone.  What others use of its domain stays. */
void xen_viommu_cache_forget(XenViommuCache *c, uint16_t rid);

#endif /* XEN_VIOMMU_CACHE_H */
