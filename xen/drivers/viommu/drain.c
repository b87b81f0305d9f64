/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage: drain.  In: flushes and waits.  Out: the token that completion asks
 * for.  Called with viommu->lock held throughout.
 */
#include "core.h"

/*
 * Defined here only, so that nothing else can make one.  It is a wait under
 * another name, which is what the pointers that leave this file point to.
 */
struct viommu_drained {
    struct viommu_wait wait;
};

/* Is the wait over? */
static bool over(const struct viommu_drain *drain,
                 const struct viommu_wait *wait)
{
    return wait->busy && wait->generation <= drain->drained;
}

/* Can any DMA be in flight? */
static bool dm_there(const struct viommu *viommu)
{
    return viommu->dm.attached &&
           viommu_host_port_bound(viommu, viommu->dm.port);
}

void viommu_drain_announce(struct viommu *viommu,
                           const struct xen_viommu_log *inv)
{
    struct viommu_drain *drain = &viommu->drain;

    ASSERT(spin_is_locked(&viommu->lock));

    drain->position++;
    viommu->stats.inv[inv->inv]++;

    /*
     * The log goes on whoever reads it: its head is the generation.  There is
     * no ledger only while the domain is being destroyed.
     */
    if ( viommu->ledger )
        viommu_ledger_append(viommu, inv, drain->position);
}

void viommu_drain_flush(struct viommu *viommu, const struct xen_viommu_log *inv)
{
    struct viommu_drain *drain = &viommu->drain;

    ASSERT(spin_is_locked(&viommu->lock));

    drain->flushed = true;
    drain->inv = inv->inv;
    if ( viommu->ledger )
        viommu_ledger_cover(viommu, inv, drain->position + 1);
    viommu_drain_announce(viommu, inv);
}

void viommu_drain_flush_irqs(struct viommu *viommu)
{
    ASSERT(spin_is_locked(&viommu->lock));

    viommu->drain.irqs = true;
}

/*
 * Whoever has read an entry as it was before the guest asked for this is in the
 * gate; who enters it later reads what is there now.
 */
static void drain_irqs(struct viommu *viommu)
{
    if ( !viommu->drain.irqs )
        return;

    viommu->drain.irqs = false;
    viommu_host_gate_close(viommu);
    viommu_host_gate_open(viommu);
}

/* Wait for what has been flushed since the last time. */
static void request(struct viommu *viommu)
{
    struct viommu_drain *drain = &viommu->drain;

    if ( !drain->flushed )
        return;

    drain->flushed = false;
    drain->requested = drain->position;
}

static void begin(struct viommu *viommu, struct viommu_wait *wait,
                  const struct viommu_result *result)
{
    struct viommu_drain *drain = &viommu->drain;

    drain_irqs(viommu);
    request(viommu);

    if ( !wait->busy )
    {
        wait->busy = true;
        wait->time = (struct xen_viommu_timeline){
            .write_ns = viommu_now(viommu),
            .inv = drain->inv,
        };
    }
    wait->result = *result;
    wait->generation = drain->requested;
    wait->counted = false;
}

void viommu_drain_wait(struct viommu *viommu, unsigned int slot,
                       const struct viommu_result *result)
{
    ASSERT(spin_is_locked(&viommu->lock));
    ASSERT(slot < VIOMMU_DRAIN_SLOTS);

    viommu->drain.busy |= 1u << slot;
    begin(viommu, &viommu->drain.slot[slot], result);
}

bool viommu_drain_queue_full(struct viommu *viommu)
{
    ASSERT(spin_is_locked(&viommu->lock));

    return viommu->drain.ring_prod - viommu->drain.ring_cons ==
           VIOMMU_DRAIN_RING;
}

bool viommu_drain_queue_empty(struct viommu *viommu)
{
    ASSERT(spin_is_locked(&viommu->lock));

    return viommu->drain.ring_prod == viommu->drain.ring_cons;
}

void viommu_drain_queue(struct viommu *viommu,
                        const struct viommu_result *result)
{
    struct viommu_drain *drain = &viommu->drain;

    ASSERT(!viommu_drain_queue_full(viommu));

    begin(viommu, &drain->ring[drain->ring_prod++ % VIOMMU_DRAIN_RING], result);
}

/* End a wait, and account for it if there was one worth the name. */
static const struct viommu_drained *finish(struct viommu *viommu,
                                           struct viommu_wait *wait)
{
    wait->busy = false;
    if ( !wait->counted )
        viommu->stats.in_trap++;

    if ( wait->time.event_ns )
    {
        uint64_t ns;

        wait->time.clear_ns = viommu_now(viommu);
        ns = wait->time.clear_ns - wait->time.write_ns;
        viommu->stats.drain_ns += ns;
        viommu->stats.drain_hist[min_t(unsigned int, XEN_VIOMMU_NR_HIST,
                                       flsl(ns / 1000) ?: 1) - 1]++;
        if ( ns >= viommu->stats.drain_max_ns )
        {
            viommu->stats.drain_max_ns = ns;
            viommu->stats.longest = wait->time;
        }
    }

    return container_of(wait, struct viommu_drained, wait);
}

const struct viommu_drained *viommu_drain_next(struct viommu *viommu)
{
    struct viommu_drain *drain = &viommu->drain;
    struct viommu_wait *wait;
    unsigned int busy, i;

    ASSERT(spin_is_locked(&viommu->lock));

    wait = &drain->ring[drain->ring_cons % VIOMMU_DRAIN_RING];
    if ( !viommu_drain_queue_empty(viommu) && over(drain, wait) )
    {
        /* It may end before anybody has looked. */
        if ( drain->ring_seen == drain->ring_cons )
            drain->ring_seen++;
        drain->ring_cons++;
        return finish(viommu, wait);
    }

    for ( busy = drain->busy; busy; busy &= busy - 1 )
    {
        i = ffsl(busy) - 1;
        if ( !over(drain, &drain->slot[i]) )
            continue;
        drain->busy &= ~(1u << i);
        return finish(viommu, &drain->slot[i]);
    }

    return NULL;
}

const struct viommu_result *viommu_drained_result(
    const struct viommu_drained *drained)
{
    return &drained->wait.result;
}

const struct viommu_result *viommu_drain_slot(const struct viommu *viommu,
                                              unsigned int slot)
{
    const struct viommu_wait *wait = &viommu->drain.slot[slot];

    return wait->busy ? &wait->result : NULL;
}

const struct viommu_result *viommu_drain_entry(const struct viommu *viommu,
                                               unsigned int n)
{
    const struct viommu_drain *drain = &viommu->drain;

    return n < drain->ring_prod - drain->ring_cons
           ? &drain->ring[(drain->ring_cons + n) % VIOMMU_DRAIN_RING].result
           : NULL;
}

uint64_t viommu_drain_hand_out(struct viommu *viommu)
{
    ASSERT(spin_is_locked(&viommu->lock));

    return viommu->drain.position;
}

/*
 * Stamp a wait that ends now with what is known of its end, if there was one
 * worth the name.
 */
static void stamp(struct viommu *viommu, struct viommu_wait *wait,
                  uint64_t ack_ns)
{
    if ( over(&viommu->drain, wait) && wait->time.event_ns )
    {
        wait->time.ack_ns = ack_ns;
        wait->time.drained_ns = viommu_now(viommu);
    }
}

/* All is drained up to @generation.  @ack_ns: when the DM said so, or 0. */
static void advance(struct viommu *viommu, uint64_t generation,
                    uint64_t ack_ns)
{
    struct viommu_drain *drain = &viommu->drain;
    unsigned int busy, i;

    drain->drained = generation;

    for ( busy = drain->busy; busy; busy &= busy - 1 )
        stamp(viommu, &drain->slot[ffsl(busy) - 1], ack_ns);
    for ( i = drain->ring_cons; i != drain->ring_prod; i++ )
        stamp(viommu, &drain->ring[i % VIOMMU_DRAIN_RING], ack_ns);
}

/* As far as no DMA is in the way, all is drained. */
static void look(struct viommu *viommu, uint64_t ack_ns)
{
    struct viommu_drain *drain = &viommu->drain;
    uint64_t drained;

    drain->notify |= viommu_ledger_poll(viommu);
    drained = min_t(uint64_t, viommu_ledger_drained(viommu), drain->requested);

    if ( drained > drain->drained )
        advance(viommu, drained, ack_ns);
}

/* Now that it is known: does it have to wait?  If not, it ends uncounted. */
static void count(struct viommu *viommu, struct viommu_wait *wait)
{
    if ( !wait->busy || wait->counted || over(&viommu->drain, wait) )
        return;

    wait->counted = true;
    wait->time.event_ns = viommu_now(viommu);
    viommu->stats.waited++;
}

/* Returns false if no more is known than before. */
static bool scan(struct viommu *viommu)
{
    uint64_t done;
    bool more;

    if ( !viommu_drain_oldest(viommu) )
        return true;

    if ( !dm_there(viommu) )
    {
        viommu_drain_abandon(viommu);
        return true;
    }

    done = viommu->ledger->done;
    more = viommu_ledger_scan(viommu, viommu->drain.requested);
    if ( more && viommu->ledger->done == done )
        return false;

    look(viommu, 0);

    return true;
}

bool viommu_drain_runnable(struct viommu *viommu)
{
    ASSERT(spin_is_locked(&viommu->lock));

    return viommu->dm.attached && viommu_drain_oldest(viommu) &&
           viommu->ledger->done < viommu->drain.requested;
}

void viommu_drain_run(struct viommu *viommu)
{
    struct viommu_drain *drain = &viommu->drain;
    struct viommu_wait *wait;
    uint64_t known;
    unsigned int busy;

    ASSERT(spin_is_locked(&viommu->lock));
    ASSERT(drain->ring_seen - drain->ring_cons <= VIOMMU_DRAIN_RING);

    if ( !scan(viommu) )
        return;

    known = viommu->ledger ? viommu->ledger->done : drain->requested;

    for ( busy = drain->busy; busy; busy &= busy - 1 )
    {
        wait = &drain->slot[ffsl(busy) - 1];
        if ( wait->generation <= known )
            count(viommu, wait);
    }
    for ( ; drain->ring_seen != drain->ring_prod; drain->ring_seen++ )
    {
        wait = &drain->ring[drain->ring_seen % VIOMMU_DRAIN_RING];
        if ( wait->generation > known )
            break;
        count(viommu, wait);
    }

    viommu_drain_tell(viommu);
}

void viommu_drain_tell(struct viommu *viommu)
{
    ASSERT(spin_is_locked(&viommu->lock));

    if ( viommu->drain.notify )
        viommu_host_port_notify(viommu, viommu->dm.port);
    viommu->drain.notify = false;
}

void viommu_drain_poll(struct viommu *viommu, bool told)
{
    ASSERT(spin_is_locked(&viommu->lock));

    look(viommu, told ? viommu_now(viommu) : 0);
}

void viommu_drain_abandon(struct viommu *viommu)
{
    struct viommu_drain *drain = &viommu->drain;

    ASSERT(spin_is_locked(&viommu->lock));

    if ( viommu->ledger )
    {
        /* It owes something only if somebody waits. */
        if ( viommu_drain_oldest(viommu) && viommu_ledger_blocked(viommu) )
            viommu->stats.dm_gone++;
        viommu_ledger_forget(viommu);
    }
    drain->notify = false;
    advance(viommu, drain->requested, 0);
}

void viommu_drain_cancel(struct viommu *viommu)
{
    struct viommu_drain *drain = &viommu->drain;

    ASSERT(spin_is_locked(&viommu->lock));

    drain->busy = 0;
    memset(drain->slot, 0, sizeof(drain->slot));
    memset(drain->ring, 0, sizeof(drain->ring));
    drain->ring_cons = drain->ring_seen = drain->ring_prod;

    /* Nor will anybody wait for it later. */
    drain->flushed = drain->irqs = false;
    drain->drained = drain->requested;
    if ( viommu->ledger )
        viommu_ledger_forget(viommu);
}

const struct viommu_wait *viommu_drain_oldest(struct viommu *viommu)
{
    const struct viommu_drain *drain = &viommu->drain;
    const struct viommu_wait *oldest = NULL;
    unsigned int busy;

    ASSERT(spin_is_locked(&viommu->lock));

    if ( !viommu_drain_queue_empty(viommu) )
        oldest = &drain->ring[drain->ring_cons % VIOMMU_DRAIN_RING];

    for ( busy = drain->busy; busy; busy &= busy - 1 )
    {
        const struct viommu_wait *wait = &drain->slot[ffsl(busy) - 1];

        if ( !oldest || wait->time.write_ns < oldest->time.write_ns )
            oldest = wait;
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
