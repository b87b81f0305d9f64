/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks of the guest's tables, so that a miss needs no hypercall.
 *
 * Xen has said where they are, and which memory is memory.  What is plainly
 * valid is found here; all else is for Xen to answer, which records the faults.
 * Xen's public/hvm/viommu.h ("Formats of tables") says what has to hold.
 *
 * Pointers to the tables are kept.  They show what the guest writes, and are let
 * go of by whoever has the map and unmap below.
 *
 * Free of any other part of QEMU, so that it can be tested by itself.  One
 * thread at a time.
 */
#ifndef XEN_VIOMMU_WALK_H
#define XEN_VIOMMU_WALK_H

#include "xen-viommu-cache.h"

/* Powers of 2 */
#define XEN_VIOMMU_WALK_TABLES 64
#define XEN_VIOMMU_WALK_PAGES  4096
#define XEN_VIOMMU_WALK_LARGE  16384

/* A page with a table of the guest's. */
typedef struct XenViommuTable {
    uint64_t gpa;
    uint64_t pos;
    const uint64_t *host;       /* NULL: none */
} XenViommuTable;

/* Memory that Xen has vouched for. */
typedef struct XenViommuBlock {
    uint64_t number;            /* the address, in its own size, + 1 */
    uint64_t pos;
} XenViommuBlock;

typedef struct XenViommuWalk {
    /*
     * A pointer to the page of guest memory at @gpa until unmap, or NULL: no RAM,
     * or not now.  If this is NULL, no walks are made.
     */
    const uint64_t *(*map)(void *opaque, uint64_t gpa);
    void (*unmap)(void *opaque, const uint64_t *host);
    /* May this thread walk? */
    bool (*may)(void *opaque);
    void *opaque;
    /*
     * What Xen has said of the tables, last.  It is good as long as there is memory
     * that Xen has vouched for: each answer says both.
     */
    uint64_t root;              /* 0: nothing */
    unsigned int levels;
    XenViommuTable table[XEN_VIOMMU_WALK_TABLES];
    XenViommuBlock page[XEN_VIOMMU_WALK_PAGES];     /* 4K */
    XenViommuBlock large[XEN_VIOMMU_WALK_LARGE];    /* 2M */
} XenViommuWalk;

/*
 * How far a walk has come: to a table of pages.  The next one of the same device
 * and from the same position begins there if it gets that far.  Pages of the table
 * that go on where the one asked about ends are found with it, before @end.
 */
typedef struct XenViommuPath {
    uint64_t end;               /* 0: only one page is of interest */
    const uint64_t *table;      /* NULL: not so far */
    uint64_t prefix;            /* of the addresses that it translates */
    uint16_t did;
    uint8_t perm;               /* so far */
} XenViommuPath;

/*
 * The range that @iova of @rid is in, if all of the way there is known to be
 * valid and permits @access.  To be called with the position read before, as a
 * lookup in the cache.  @path: of the walk before, or zeroes.
 */
bool xen_viommu_walk(XenViommuWalk *w, const XenViommuCache *c, uint16_t rid,
                     uint64_t iova, uint8_t access, XenViommuPath *path,
                     XenViommuRange *r);

/* What Xen says besides, when it answers at position @pos about @iova: _OK. */
void xen_viommu_walk_learn(XenViommuWalk *w, uint64_t pos, uint64_t iova,
                           const struct xen_viommu_xlat *xlat);

/* Let go of all tables. */
void xen_viommu_walk_release(XenViommuWalk *w);

#endif /* XEN_VIOMMU_WALK_H */
