/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translations in use: cache, Xen and ledger together.
 *
 * A DMA is made between xen_viommu_begin() and xen_viommu_end(), which between
 * them take the eight steps of Xen's public/hvm/viommu.h.  Any thread.
 *
 * Free of any other part of QEMU, so that it can be tested by itself.
 */
#ifndef XEN_VIOMMU_CLIENT_H
#define XEN_VIOMMU_CLIENT_H

#include "xen-viommu-walk.h"

typedef struct XenViommuClient {
    XenViommuLedger ledger;
    XenViommuCache *cache;
    XenViommuWalk walk;
    /* XEN_DMOP_viommu_translate: 0 or not */
    int (*translate)(void *opaque, struct xen_viommu_xlat *xlat,
                     unsigned int nr, uint64_t *generation);
    /* XEN_DMOP_viommu_ack: Xen waited for what is now over */
    void (*tell)(void *opaque);
    void *opaque;
} XenViommuClient;

/*
 * How much to ask Xen about around a page that a device misses, when it maps
 * single pages.  Drivers take the addresses of requests from where those before
 * came from, so that a batch of them is spread over a few blocks.  All zeroes at
 * first; one thread at a time.
 */
typedef struct XenViommuNear {
    uint64_t iova;          /* the last miss */
    unsigned int pages;     /* of the block around it that was asked for */
    bool used;              /* and any page of that, but the one that missed */
} XenViommuNear;

/* A translation that is, or is about to be, in use.  Must not move then. */
typedef struct XenViommuUse {
    XenViommuSpan span;
    int slot;               /* -1: none */
    bool keep;              /* the slot, from one use to the next */
    bool busy;              /* between begin and end */
    bool device;            /* span.gpa: registers of a device of ours */
    bool floor;             /* and then not in the slot, if there is one */
    XenViommuFloor below;   /* but here */
    uint8_t status;         /* why begin failed: XEN_VIOMMU_XLAT_* */
    uint8_t reason;
    unsigned int again;     /* times that begin had to begin again */
    XenViommuNear *near;    /* or NULL */
} XenViommuUse;

#define XEN_VIOMMU_USE_INIT { .slot = -1 }

/* @frames: the ledger; the other fields of @c have been set, but the cache. */
void xen_viommu_client_init(XenViommuClient *c, void *frames);
void xen_viommu_client_destroy(XenViommuClient *c);

/*
 * How @rid may access @iova in the way of @access, as far as that goes: u->span
 * has the guest address, and the length up to @len that it is contiguous for.
 * Upon false nothing is to be accessed.  @quiet: no access need follow, so the
 * guest is not to see a fault.  If Xen has to be asked, it is about @ahead
 * pages (up to XEN_VIOMMU_MAX_XLAT) at once, or with 1 as many as u->near says;
 * all but the first are quiet.
 */
bool xen_viommu_begin(XenViommuClient *c, uint16_t rid, uint64_t iova,
                      uint64_t len, uint8_t access, bool quiet,
                      unsigned int ahead, XenViommuUse *u);

/* The same without an access: what would begin find? */
bool xen_viommu_peek(XenViommuClient *c, uint16_t rid, uint64_t iova,
                     uint64_t len, uint8_t access, bool quiet,
                     unsigned int ahead, XenViommuUse *u);

/*
 * Begin by what peek found before, or the first @len bytes of it.  False: the
 * log may have something against it by now, or there is no slot.
 */
bool xen_viommu_begin_again(XenViommuClient *c, const XenViommuSpan *s,
                            uint64_t len, XenViommuUse *u);

/* Only the first @len bytes are in use from now on. */
void xen_viommu_shrink(XenViommuClient *c, XenViommuUse *u, uint64_t len);

/* The access is over.  True if Xen waited for it (and has been told). */
bool xen_viommu_end(XenViommuClient *c, XenViommuUse *u);

#endif /* XEN_VIOMMU_CLIENT_H */
