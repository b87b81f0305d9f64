/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages that short accesses come back to: rings and doorbells.
 *
 * Such a page keeps a busy slot between accesses, and a pointer to it.  As long
 * as the slot is busy Xen finds it at every invalidation, so an access needs
 * neither a lookup nor the log.  What is still where it was is not waited for.
 * If Xen does wait for the slot, its event has it released: no access is under
 * way when that is handled.
 *
 * A page is held once it has been accessed often with the same translation, and
 * more often if Xen has had to wait for it before.
 *
 * Free of any other part of QEMU, so that it can be tested by itself.  One
 * thread at a time.
 */
#ifndef XEN_VIOMMU_HELD_H
#define XEN_VIOMMU_HELD_H

#include "xen-viommu-client.h"

#define XEN_VIOMMU_HELD_SETS  8 /* a power of 2 */
#define XEN_VIOMMU_HELD_WAYS  8
#define XEN_VIOMMU_HELD_TRIED 16

/* Accesses before a page is held, and if it has been waited for. */
#define XEN_VIOMMU_HELD_AFTER 8
#define XEN_VIOMMU_HELD_LATER 256

/* Accesses by others of its set that a page may sleep through. */
#define XEN_VIOMMU_HELD_IDLE  256

typedef struct XenViommuHeldPage {
    const void *owner;      /* whose address it is */
    uint64_t iova;
    uint64_t last;          /* access, as the set counts them */
    uint8_t access;         /* XEN_VIOMMU_READ or _WRITE */
    char *host;
    void *space;            /* who translated it */
    void *cookie;           /* the caller's, of the mapping */
    uint64_t offset;
    XenViommuUse use;
} XenViommuHeldPage;

/* A page that may come to be held. */
typedef struct XenViommuTried {
    const void *owner;
    uint64_t iova, gpa, pos;
    uint16_t rid, did;
    uint8_t access;
    unsigned int times, enough;
} XenViommuTried;

typedef struct XenViommuHeldSet {
    unsigned int nr;        /* pages in use are the first ones */
    uint64_t accesses;
    XenViommuHeldPage page[XEN_VIOMMU_HELD_WAYS];
} XenViommuHeldSet;

typedef struct XenViommuHeld {
    XenViommuClient *client;
    /* A pointer to the page at p->use.span.gpa until unmap, or NULL. */
    char *(*map)(XenViommuHeldPage *p);
    void (*unmap)(XenViommuHeldPage *p);
    XenViommuHeldSet set[XEN_VIOMMU_HELD_SETS];
    XenViommuTried tried[XEN_VIOMMU_HELD_SETS][XEN_VIOMMU_HELD_TRIED];
    unsigned int victim;
} XenViommuHeld;

/* The page, if all of the access is in one that is held for it. */
XenViommuHeldPage *xen_viommu_held_find(XenViommuHeld *h, const void *owner,
                                        uint64_t addr, uint64_t len,
                                        uint8_t access);

/*
 * An access of @owner, by the translation @s, was not to a page that is held,
 * and is over.  @space: for p->space.
 */
void xen_viommu_held_note(XenViommuHeld *h, const void *owner, void *space,
                          const XenViommuSpan *s);

/* Xen waits: let go of what it waits for. */
void xen_viommu_held_event(XenViommuHeld *h);

/* Let go of everything. */
void xen_viommu_held_release(XenViommuHeld *h);

#endif /* XEN_VIOMMU_HELD_H */
