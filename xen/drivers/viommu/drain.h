/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Drain: from a flush to the proof that no DMA uses what was flushed.
 *
 *   in    flushes and waits, from the front end that executes commands
 *   out   struct viommu_drained, taken by the front end's completion
 *
 * A struct viommu_drained exists nowhere but in here, and a front end cannot
 * complete an invalidation without one: an invalidation that completes before
 * it is drained does not compile.  It stands for interrupts, too: whoever
 * delivers one is in the gate (host.h), which is closed once in between.
 *
 * There is a generation up to which all is drained, and waits for generations.
 * ledger.c finds out what is in flight; without a DM nothing is.
 *
 * Everything in here is called with viommu->lock held.
 */
#ifndef VIOMMU_DRAIN_H
#define VIOMMU_DRAIN_H

#include "ledger.h"
#include "private.h"

struct viommu;

/* Registers whose change can be waited for, one of each, at the same time. */
#define VIOMMU_DRAIN_SLOTS 8

/* Commands from a queue that can be waited for; a power of 2. */
#define VIOMMU_DRAIN_RING 64

/* What is to be shown to the guest; the front end's, given back to it. */
struct viommu_result {
    unsigned int kind;
    uint32_t data;
    uint64_t addr;
};

struct viommu_drained;

struct viommu_wait {
    bool busy;
    bool counted;           /* as one that had to wait */
    uint64_t generation;    /* ends once all is drained up to here */
    struct viommu_result result;
    struct xen_viommu_timeline time;
};

struct viommu_drain {
    uint64_t position;      /* generation of the latest flush */
    uint64_t requested;     /* ... of the latest that is waited for */
    uint64_t drained;       /* no DMA uses a translation older than this */
    bool flushed;           /* since the latest generation was requested */
    bool irqs;              /* entries of interrupts were, likewise */
    bool notify;            /* the DM is to be told that it is waited for */
    unsigned int inv;       /* XEN_VIOMMU_INV_* of the latest flush */
    unsigned int busy;      /* slots that wait, a bit each */
    struct viommu_wait slot[VIOMMU_DRAIN_SLOTS];
    struct viommu_wait ring[VIOMMU_DRAIN_RING];
    unsigned int ring_prod, ring_cons;  /* free running */
    unsigned int ring_seen; /* up to where they are counted */
};

/* Make the translations that @inv names unusable for new DMA. */
void viommu_drain_announce(struct viommu *viommu,
                           const struct xen_viommu_log *inv);

/* The same, and the next wait waits for DMA that already uses them. */
void viommu_drain_flush(struct viommu *viommu,
                        const struct xen_viommu_log *inv);

/*
 * The next wait also waits for interrupts that are being delivered by what the
 * guest's entries for them were.  That takes no longer than a delivery, and is
 * over before the wait has begun.
 */
void viommu_drain_flush_irqs(struct viommu *viommu);

/*
 * Wait for the DMA that may use what has been flushed, to show @result then.
 * A @slot that still waits waits for this instead: the later covers the
 * earlier.
 */
void viommu_drain_wait(struct viommu *viommu, unsigned int slot,
                       const struct viommu_result *result);

/* The same for a command from a queue.  There must be room for it. */
void viommu_drain_queue(struct viommu *viommu,
                        const struct viommu_result *result);
bool viommu_drain_queue_full(struct viommu *viommu);
bool viommu_drain_queue_empty(struct viommu *viommu);

/*
 * See what has to be waited for, as far as the work allowed at one time goes,
 * and tell the DM, if it has to be told: once, whatever the number of waits.
 * A vCPU's work, as it walks the guest's tables.
 */
void viommu_drain_run(struct viommu *viommu);

/* Tell the DM, if it has to be told of what has been found since. */
void viommu_drain_tell(struct viommu *viommu);

/* Is there more for viommu_drain_run() to do? */
bool viommu_drain_runnable(struct viommu *viommu);

/*
 * The next wait that is over, or NULL: of the queue in its order, then of the
 * slots.  Each is returned once, and is valid until the next call.
 */
const struct viommu_drained *viommu_drain_next(struct viommu *viommu);

/*
 * What is to be shown for the wait in @slot, and for the wait of the queue that
 * is the @n-th to complete, from 0 on; NULL if there is none.  As long as it is
 * in here there is nothing to be shown yet.
 */
const struct viommu_result *viommu_drain_slot(const struct viommu *viommu,
                                              unsigned int slot);
const struct viommu_result *viommu_drain_entry(const struct viommu *viommu,
                                               unsigned int n);

/* What to show the guest now that it is @drained. */
const struct viommu_result *viommu_drained_result(
    const struct viommu_drained *drained);

/* The generation of a translation whose walk is about to begin. */
uint64_t viommu_drain_hand_out(struct viommu *viommu);

/*
 * Look again whether what is waited for is over.  @told: the DM has said that
 * something has ended.
 */
void viommu_drain_poll(struct viommu *viommu, bool told);

/*
 * There is no DM, or its port is not bound, so that no DMA is in flight.  What
 * the DM has written is left alone: it may be binding its port just now, and
 * what it writes then counts for what comes after this.
 */
void viommu_drain_abandon(struct viommu *viommu);

/* Nobody waits for what has been flushed, now or later. */
void viommu_drain_cancel(struct viommu *viommu);

/* The wait that began first, or NULL if there is none. */
const struct viommu_wait *viommu_drain_oldest(struct viommu *viommu);

#endif /* VIOMMU_DRAIN_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
