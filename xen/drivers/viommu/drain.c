/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage: drain.  In: a flush.  Out: the token that completion asks for.
 * Called with viommu->lock held throughout.
 */
#include "core.h"

/*
 * Defined here only, so that nothing else can make one.  It is a slot under
 * another name, which is what the pointers that leave this file point to.
 */
struct viommu_drained {
    struct viommu_drain_slot slot;
};

/* Time since @then, which another CPU's clock may put in the future. */
static uint64_t since(uint64_t then, uint64_t now)
{
    return now > then ? now - then : 0;
}

/* The generation up to which no translation is in use. */
static bool drained_up_to(const struct viommu_drain *drain, uint64_t generation)
{
    return generation <= drain->acked;
}

void viommu_drain_start(struct viommu *viommu, const struct viommu_flush *flush)
{
    struct viommu_drain *drain = &viommu->drain;
    struct viommu_drain_slot *slot;
    uint64_t now = viommu_host_now();

    ASSERT(spin_is_locked(&viommu->lock));
    ASSERT(flush->slot < VIOMMU_DRAIN_SLOTS);

    slot = &drain->slot[flush->slot];
    if ( !slot->busy )
    {
        slot->busy = true;
        slot->time = (struct xen_viommu_timeline){
            .write_ns = now,
            .inv = flush->inv,
        };
    }
    slot->flush = *flush;
    slot->generation = ++drain->requested;
    viommu->stats.inv[flush->inv]++;

    /*
     * The DM owes nothing if all that it was given is from generations which
     * it has acknowledged: then it holds no translation, neither in its cache
     * nor in a DMA, and what it will be given is newer than this flush.
     */
    if ( drain->handed <= drain->acked )
    {
        drain->acked = drain->requested;
        viommu->stats.in_trap++;
        return;
    }

    viommu->stats.waited++;
    slot->time.event_ns = now;
    viommu_host_port_notify(viommu, viommu->dm.port);
}

const struct viommu_drained *viommu_drain_next(struct viommu *viommu)
{
    struct viommu_drain *drain = &viommu->drain;
    unsigned int i;

    ASSERT(spin_is_locked(&viommu->lock));

    for ( i = 0; i < VIOMMU_DRAIN_SLOTS; i++ )
    {
        struct viommu_drain_slot *slot = &drain->slot[i];
        uint64_t ns;

        if ( !slot->busy || !drained_up_to(drain, slot->generation) )
            continue;

        slot->busy = false;
        if ( !slot->time.event_ns )
            return container_of(slot, struct viommu_drained, slot);

        slot->time.clear_ns = viommu_host_now();
        ns = since(slot->time.write_ns, slot->time.clear_ns);
        viommu->stats.drain_ns += ns;
        viommu->stats.drain_hist[min_t(unsigned int, XEN_VIOMMU_NR_HIST,
                                       flsl(ns / 1000) ?: 1) - 1]++;
        if ( ns > viommu->stats.drain_max_ns )
        {
            viommu->stats.drain_max_ns = ns;
            viommu->stats.longest = slot->time;
        }

        return container_of(slot, struct viommu_drained, slot);
    }

    return NULL;
}

const struct viommu_flush *viommu_drained_flush(
    const struct viommu_drained *drained)
{
    return &drained->slot.flush;
}

uint64_t viommu_drain_hand_out(struct viommu *viommu)
{
    struct viommu_drain *drain = &viommu->drain;

    ASSERT(spin_is_locked(&viommu->lock));

    drain->handed = drain->requested + 1;

    return drain->requested;
}

/* Stamp the waits that end now with what is known of their end. */
static void stamp_ack(struct viommu_drain *drain, uint64_t dma_end_ns)
{
    uint64_t now = viommu_host_now();
    unsigned int i;

    for ( i = 0; i < VIOMMU_DRAIN_SLOTS; i++ )
    {
        struct viommu_drain_slot *slot = &drain->slot[i];

        if ( !slot->busy || !drained_up_to(drain, slot->generation) )
            continue;

        slot->time.ack_ns = now;
        slot->time.dma_end_ns = dma_end_ns;
    }
}

int viommu_drain_ack(struct viommu *viommu, uint64_t generation,
                     uint32_t idle_ns)
{
    struct viommu_drain *drain = &viommu->drain;

    ASSERT(spin_is_locked(&viommu->lock));

    if ( generation > drain->requested )
    {
        viommu->stats.bad_acks++;
        return -EINVAL;
    }

    if ( generation <= drain->acked )
        return 0;

    drain->acked = generation;
    stamp_ack(drain, idle_ns ? since(idle_ns, viommu_host_now()) : 0);

    return 0;
}

void viommu_drain_abandon(struct viommu *viommu)
{
    struct viommu_drain *drain = &viommu->drain;

    ASSERT(spin_is_locked(&viommu->lock));

    if ( drain->acked != drain->requested )
        viommu->stats.dm_gone++;
    drain->handed = 0;
    drain->acked = drain->requested;
    stamp_ack(drain, 0);
}

const struct viommu_drain_slot *viommu_drain_oldest(struct viommu *viommu)
{
    const struct viommu_drain_slot *oldest = NULL;
    unsigned int i;

    ASSERT(spin_is_locked(&viommu->lock));

    for ( i = 0; i < VIOMMU_DRAIN_SLOTS; i++ )
    {
        const struct viommu_drain_slot *slot = &viommu->drain.slot[i];

        if ( slot->busy &&
             (!oldest || slot->time.write_ns < oldest->time.write_ns) )
            oldest = slot;
    }

    return oldest;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
