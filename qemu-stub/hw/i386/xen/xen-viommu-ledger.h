/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pages that Xen shares with us: the log of invalidations, and the slots
 * that tell Xen which translations are in use.
 *
 * Free of any other part of QEMU, so that it can be tested by itself.  Any
 * function may be called from any thread.  The order of accesses that both
 * sides rely on is argued in Xen's public/hvm/viommu.h; "step" in here means
 * the numbered steps there.
 */
#ifndef XEN_VIOMMU_LEDGER_H
#define XEN_VIOMMU_LEDGER_H

#include <pthread.h>
#include <xen/hvm/viommu.h>

#define XEN_VIOMMU_PAGE_SIZE  4096ULL
#define XEN_VIOMMU_SLOT_WORDS (XEN_VIOMMU_SLOTS / 64)

/* What is translated, and to what, as one DMA uses it. */
typedef struct XenViommuSpan {
    uint64_t iova;          /* any byte, not just of pages */
    uint64_t gpa;
    uint64_t len;           /* contiguous in both; at least 1 */
    uint64_t pos;           /* has seen the entries of the log below this */
    uint16_t rid;
    uint16_t did;
    uint8_t access;         /* XEN_VIOMMU_READ and/or _WRITE */
} XenViommuSpan;

/* DMA without a slot.  Must not move while it is published. */
typedef struct XenViommuFloor {
    uint64_t pos;
    struct XenViommuFloor *lower, *higher;
} XenViommuFloor;

typedef struct XenViommuLedger {
    struct xen_viommu_ledger *shared;
    const struct xen_viommu_log *log;
    struct xen_viommu_slot *slots;
    /* slots that somebody has, whether they are busy just now or not */
    uint64_t taken[XEN_VIOMMU_SLOT_WORDS];
    pthread_mutex_t lock;   /* of what follows, and for writing floor */
    XenViommuFloor *lowest, *highest; /* by position */
} XenViommuLedger;

/* @frames: XEN_VIOMMU_LEDGER_FRAMES pages.  Says that nothing is in use. */
void xen_viommu_ledger_init(XenViommuLedger *l, void *frames);

/* Entries ever written to the log. */
uint64_t xen_viommu_ledger_head(const XenViommuLedger *l);

/* Entry @pos.  False if it has been overwritten, or is about to be. */
bool xen_viommu_ledger_read(const XenViommuLedger *l, uint64_t pos,
                            struct xen_viommu_log *e);

/* A free slot to use from now on, or -1; and to give one back, not busy. */
int xen_viommu_ledger_take(XenViommuLedger *l);
void xen_viommu_ledger_put(XenViommuLedger *l, int slot);

/* Steps 2 and 3: this slot says that @s is in use. */
void xen_viommu_ledger_publish(XenViommuLedger *l, int slot,
                               const XenViommuSpan *s);

/* The same without a slot, from position @pos on. */
void xen_viommu_ledger_publish_floor(XenViommuLedger *l, XenViommuFloor *f,
                                     uint64_t pos);

/*
 * Step 4: has the log something against the translations of @s?  Then it must
 * not be used, but retired.
 */
bool xen_viommu_ledger_covered(const XenViommuLedger *l,
                               const XenViommuSpan *s);

/* A busy slot covers only the first @len bytes of @s from now on. */
void xen_viommu_ledger_shrink(XenViommuLedger *l, int slot, XenViommuSpan *s,
                              uint64_t len);

/* Steps 6 to 8: not in use any more.  True: Xen waits, and is to be told. */
bool xen_viommu_ledger_retire(XenViommuLedger *l, int slot);
bool xen_viommu_ledger_retire_floor(XenViommuLedger *l, XenViommuFloor *f);

/* Does Xen wait for this slot, which is busy? */
bool xen_viommu_ledger_waited(const XenViommuLedger *l, int slot);

/* Does this entry of the log cover this range of that device and domain? */
bool xen_viommu_log_covers(const struct xen_viommu_log *e, uint16_t rid,
                           uint16_t did, uint64_t iova, uint64_t len);

#endif /* XEN_VIOMMU_LEDGER_H */
