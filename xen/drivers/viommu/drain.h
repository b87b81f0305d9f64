/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Drain: from a flush to the proof that no DMA uses what was flushed.
 *
 *   in    struct viommu_flush, from the front end that executed a command
 *   out   struct viommu_drained, taken by the front end's completion
 *
 * A struct viommu_drained exists nowhere but in here, and a front end cannot
 * complete an invalidation without one: an invalidation that completes before
 * it is drained does not compile.
 *
 * The form of the drain is the simple one: one generation counter, see
 * public/hvm/viommu.h.  A drain is skipped if the DM holds no translation
 * that it has not already acknowledged to be rid of.
 *
 * Everything in here is called with viommu->lock held.
 */
#ifndef VIOMMU_DRAIN_H
#define VIOMMU_DRAIN_H

#include "private.h"

struct viommu;

/* Invalidations of one vIOMMU that can be waited for at the same time. */
#define VIOMMU_DRAIN_SLOTS 4

/* What has been made unusable for new DMA. */
struct viommu_flush {
    unsigned int slot; /* chosen by the front end, 0 to VIOMMU_DRAIN_SLOTS-1 */
    unsigned int inv;  /* XEN_VIOMMU_INV_* */
    uint32_t arg;      /* the front end's, given back on completion */
};

struct viommu_drained;

struct viommu_drain_slot {
    bool busy;
    uint64_t generation;    /* acknowledgement that ends the wait */
    struct viommu_flush flush;
    struct xen_viommu_timeline time;
};

struct viommu_drain {
    uint64_t requested;     /* generation of the latest flush */
    uint64_t acked;         /* no DMA uses a translation older than this */
    /*
     * One above the generation of the latest translation handed out: what
     * has to be acknowledged before none is in use; 0 if there was none.
     */
    uint64_t handed;
    struct viommu_drain_slot slot[VIOMMU_DRAIN_SLOTS];
};

/*
 * Wait for the DMA that may use what @flush took away.  A slot which is still
 * waiting waits for this flush instead: the later covers the earlier.
 */
void viommu_drain_start(struct viommu *viommu, const struct viommu_flush *flush);

/*
 * The next flush of which the drain is over, or NULL.  Each is returned once,
 * and is valid until the next call.
 */
const struct viommu_drained *viommu_drain_next(struct viommu *viommu);

/* The flush that @drained is the proof for. */
const struct viommu_flush *viommu_drained_flush(
    const struct viommu_drained *drained);

/* A translation is about to be handed out: returns its generation. */
uint64_t viommu_drain_hand_out(struct viommu *viommu);

/*
 * The DM says that no DMA uses a translation older than @generation any more.
 *
 * -EINVAL: there is no such generation yet
 */
int viommu_drain_ack(struct viommu *viommu, uint64_t generation,
                     uint32_t idle_ns);

/* The DM is gone, and with it all its DMA. */
void viommu_drain_abandon(struct viommu *viommu);

/* The slot that has waited longest, or NULL if none waits. */
const struct viommu_drain_slot *viommu_drain_oldest(struct viommu *viommu);

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
