/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger: pages shared with the DM, see public/hvm/viommu.h.  A part of
 * the drain, used by nothing else: it finds out which of the DMA that is in
 * flight an invalidation has to wait for.
 *
 * All that the DM writes is hostile.  It is read once, never used as an index
 * or as the end of a loop, and can do no more than keep its own guest waiting.
 *
 * Everything in here is called with viommu->lock held.
 */
#ifndef VIOMMU_LEDGER_H
#define VIOMMU_LEDGER_H

#include "private.h"

struct viommu;

#define VIOMMU_LEDGER_WORDS (XEN_VIOMMU_SLOTS / 64)

/* Invalidations that one scan tells apart; more of them become one for all. */
#define VIOMMU_SCAN_INVS 8

/*
 * Work under one hold of the lock: a slot that is looked at, or an empty word
 * of busy[], counts 1, a page that is walked VIOMMU_SCAN_WALK.
 */
#define VIOMMU_SCAN_WORK 256
#define VIOMMU_SCAN_WALK 8

struct viommu_invs {
    unsigned int nr;
    struct {
        struct xen_viommu_log log;
        uint64_t generation;    /* of the first that has gone into it */
    } inv[VIOMMU_SCAN_INVS];
};

struct viommu_ledger {
    /*
     * Mapped for as long as the ledger is in its vIOMMU; shared with the DM.
     * The log and Xen's part of @shared are written, and never read back.
     */
    struct xen_viommu_ledger *shared;
    struct xen_viommu_log *log;
    const struct xen_viommu_slot *slot;

    /* The slots are looked at for these ... */
    struct viommu_invs scan;
    uint64_t goal;          /* generation of the last; @done: none under way */
    unsigned int next;      /* slot that is next, and in it ... */
    unsigned int page;      /* ... the first page that is not known as fresh */
    uint32_t page_seq;      /* ... if this is its use; valid if page is not 0 */
    /* ... and, once that has been done, for these. */
    struct viommu_invs pending;
    uint64_t done;          /* all slots have been looked at up to here */

    /* Slots whose DMA is waited for, as Xen tells the DM in waited[]. */
    uint64_t waited[VIOMMU_LEDGER_WORDS];
    bool waiting;           /* for any of them */
    struct {
        uint64_t generation;/* the first that has to wait */
        uint64_t ns;        /* since when, for statistics */
        uint32_t seq;       /* of the DMA that is waited for */
    } blocked[XEN_VIOMMU_SLOTS];
    bool floor_waited;
    bool tell;              /* the DM does not know of all of this */
    uint64_t floor_goal;    /* the DM knows of DMA with an older floor */
    uint64_t floor_ns;      /* since when that is waited for */
};

/* @frames: XEN_VIOMMU_LEDGER_FRAMES pages, contiguous and zeroed. */
void viommu_ledger_init(struct viommu_ledger *ledger, void *frames);

/* Nothing is waited for.  Leaves alone what a DM has written. */
void viommu_ledger_forget(struct viommu *viommu);

/*
 * A DM attaches: what the one before it has left behind goes.  Nothing else
 * writes into what is the DM's, and never while a DM is attached.
 */
void viommu_ledger_clear(struct viommu *viommu);

/* Look for DMA that @inv covers, when somebody waits for @generation. */
void viommu_ledger_cover(struct viommu *viommu,
                         const struct xen_viommu_log *inv,
                         uint64_t generation);

/*
 * Tell the DM not to use what @inv names: it is number @generation in the log.
 */
void viommu_ledger_append(struct viommu *viommu,
                          const struct xen_viommu_log *inv,
                          uint64_t generation);

/*
 * Look for DMA in flight that has been overtaken by invalidations up to
 * @generation, as far as the work allowed at one time goes.  Returns whether
 * there is more to be done.
 */
bool viommu_ledger_scan(struct viommu *viommu, uint64_t generation);

/*
 * Look again at the DMA that is waited for, having told the DM of it.  Returns
 * whether there is any that was not waited for the last time.
 */
bool viommu_ledger_poll(struct viommu *viommu);

/* Is any DMA waited for, as far as was seen when it was last looked at? */
bool viommu_ledger_blocked(struct viommu *viommu);

/* The generation up to which no invalidation has to wait for any DMA. */
uint64_t viommu_ledger_drained(struct viommu *viommu);

void viommu_ledger_stats(struct viommu *viommu,
                         struct xen_viommu_stats *stats);

#endif /* VIOMMU_LEDGER_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
