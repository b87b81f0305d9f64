/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One device's cache of translations.
 *
 * Free of any other part of QEMU, so that it can be tested by itself.
 */
#ifndef XEN_VIOMMU_CACHE_H
#define XEN_VIOMMU_CACHE_H

#define XEN_VIOMMU_CACHE_SETS 256 /* power of 2 */
#define XEN_VIOMMU_CACHE_WAYS 4

typedef struct XenViommuRange {
    uint64_t iova;          /* aligned to the size of the range */
    uint64_t gpa;
    uint8_t order;          /* log2 of that size, 64: everything */
    uint8_t perm;           /* XEN_VIOMMU_READ | XEN_VIOMMU_WRITE */
} XenViommuRange;

typedef struct XenViommuEntry {
    XenViommuRange r;
    uint16_t rid;
    uint64_t gen;
} XenViommuEntry;

typedef struct XenViommuCache {
    uint64_t gen;           /* what orders[] is about */
    uint64_t orders[2];     /* bitmap: sizes of range that were put in */
    uint8_t victim[XEN_VIOMMU_CACHE_SETS];
    XenViommuEntry set[XEN_VIOMMU_CACHE_SETS][XEN_VIOMMU_CACHE_WAYS];
} XenViommuCache;

/*
 * The range @iova of @rid is in, if it was put in under generation @gen and
 * permits @access, else NULL.  Entries of other generations are never found,
 * so that a new generation empties the cache at no cost.
 */
const XenViommuRange *xen_viommu_cache_lookup(XenViommuCache *c, uint64_t gen,
                                              uint16_t rid, uint64_t iova,
                                              uint8_t access);

void xen_viommu_cache_insert(XenViommuCache *c, uint64_t gen, uint16_t rid,
                             const XenViommuRange *r);

#endif /* XEN_VIOMMU_CACHE_H */
