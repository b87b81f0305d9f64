/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which DMA does an invalidation have to wait for?  The barriers are in pairs
 * with those of the DM: (A) what is appended to the log against what is
 * published in a slot, (B) what is waited for against what is freed.  Either
 * pair is a store on each side followed by a load of what the other stores,
 * of which at least one sees the other.
 */
#include "core.h"

static const struct xen_viommu_log everything = {
    .inv = XEN_VIOMMU_INV_CONTROL,
};

void viommu_ledger_init(struct viommu_ledger *ledger, void *frames)
{
    BUILD_BUG_ON(sizeof(struct xen_viommu_ledger) > VIOMMU_PAGE_SIZE);
    BUILD_BUG_ON(sizeof(struct xen_viommu_log) * XEN_VIOMMU_LOG_ENTRIES !=
                 VIOMMU_PAGE_SIZE);
    BUILD_BUG_ON(sizeof(struct xen_viommu_slot) * XEN_VIOMMU_SLOTS !=
                 VIOMMU_PAGE_SIZE * (XEN_VIOMMU_LEDGER_FRAMES - 2));

    ledger->shared = frames;
    ledger->log = frames + VIOMMU_PAGE_SIZE;
    ledger->slot = frames + 2 * VIOMMU_PAGE_SIZE;
}

/* Tell the DM what is waited for. */
static void publish_waited(struct viommu_ledger *ledger)
{
    unsigned int i;

    for ( i = 0; i < VIOMMU_LEDGER_WORDS; i++ )
        write_atomic(&ledger->shared->waited[i], ledger->waited[i]);
    write_atomic(&ledger->shared->floor_waited,
                 (uint64_t)ledger->floor_waited);
}

void viommu_ledger_forget(struct viommu *viommu)
{
    struct viommu_ledger *ledger = viommu->ledger;

    ASSERT(spin_is_locked(&viommu->lock));

    ledger->scan.nr = ledger->pending.nr = 0;
    ledger->goal = ledger->done = viommu->drain.position;
    ledger->page = 0;
    memset(ledger->waited, 0, sizeof(ledger->waited));
    ledger->waiting = ledger->floor_waited = ledger->tell = false;
    publish_waited(ledger);
}

void viommu_ledger_clear(struct viommu *viommu)
{
    struct xen_viommu_ledger *shared = viommu->ledger->shared;
    unsigned int i;

    ASSERT(spin_is_locked(&viommu->lock));

    viommu_ledger_forget(viommu);

    for ( i = 0; i < VIOMMU_LEDGER_WORDS; i++ )
        write_atomic(&shared->busy[i], (uint64_t)0);
    write_atomic(&shared->floor, XEN_VIOMMU_NO_FLOOR);
}

/* The smallest range that holds both, or all of the domain. */
static void join(struct xen_viommu_log *to, const struct xen_viommu_log *from)
{
    to->order = max_t(uint8_t, to->order, from->order);
    while ( to->order < 63 && (to->iova ^ from->iova) >> to->order )
        to->order++;
    if ( (to->iova ^ from->iova) >> to->order )
        to->inv = XEN_VIOMMU_INV_TLB_DOMAIN;
    to->iova &= ~((1ULL << to->order) - 1);
}

/*
 * Bounded whatever the guest invalidates at once: ranges become larger, and in
 * the end everything.  That costs walks of slots that are not concerned, which
 * then turn out to be fresh; nobody waits for it.
 */
static void add(struct viommu_invs *invs, const struct xen_viommu_log *inv,
                uint64_t generation)
{
    unsigned int i;

    if ( inv->inv == XEN_VIOMMU_INV_TLB_RANGE )
        for ( i = 0; i < invs->nr; i++ )
            if ( invs->inv[i].log.inv == inv->inv &&
                 invs->inv[i].log.did == inv->did )
            {
                join(&invs->inv[i].log, inv);
                return;
            }

    if ( invs->nr < ARRAY_SIZE(invs->inv) )
    {
        invs->inv[invs->nr].log = *inv;
        invs->inv[invs->nr++].generation = generation;
    }
    else
    {
        /* Entries are in the order of their generations. */
        invs->inv[0].log = everything;
        invs->nr = 1;
    }
}

void viommu_ledger_cover(struct viommu *viommu,
                         const struct xen_viommu_log *inv, uint64_t generation)
{
    ASSERT(spin_is_locked(&viommu->lock));

    add(&viommu->ledger->pending, inv, generation);
}

void viommu_ledger_append(struct viommu *viommu,
                          const struct xen_viommu_log *inv, uint64_t generation)
{
    struct viommu_ledger *ledger = viommu->ledger;

    ASSERT(spin_is_locked(&viommu->lock));

    ledger->log[(generation - 1) % XEN_VIOMMU_LOG_ENTRIES] = *inv;
    smp_wmb(); /* the entry before the head */
    write_atomic(&ledger->shared->head, generation);
}

/* Does @inv cover the slot?  If so, narrow down which of its pages. */
static bool covers(const struct xen_viommu_log *inv,
                   const struct xen_viommu_slot *slot,
                   uint64_t *first, uint64_t *last)
{
    uint64_t end = slot->iova + ((uint64_t)slot->pages << 12) - 1, size;

    switch ( inv->inv )
    {
    case XEN_VIOMMU_INV_CONFIG_DEVICE:
        if ( (slot->rid ^ inv->rid) & ~inv->rid_mask )
            return false;
        break;

    case XEN_VIOMMU_INV_TLB_DOMAIN:
    case XEN_VIOMMU_INV_CONFIG_DOMAIN:
        if ( slot->did != inv->did )
            return false;
        break;

    case XEN_VIOMMU_INV_TLB_RANGE:
        size = 1ULL << inv->order;
        if ( slot->did != inv->did || end < inv->iova ||
             slot->iova > inv->iova + (size - 1) )
            return false;
        *first = min_t(uint64_t, *first,
                       max_t(uint64_t, slot->iova, inv->iova));
        *last = max_t(uint64_t, *last,
                      min_t(uint64_t, end, inv->iova + (size - 1)));
        return true;
    }

    *first = slot->iova;
    *last = end;

    return true;
}

/*
 * Each word is read once.  They need not be of the same use of the slot: the
 * one with seq is the first, so that a mixture never goes by the number of the
 * later use, which has seen what the earlier one has not.
 */
static void read_slot(const struct viommu_ledger *ledger, unsigned int n,
                      struct xen_viommu_slot *slot)
{
    const uint64_t *from = (const uint64_t *)&ledger->slot[n];
    uint64_t to[4];

    BUILD_BUG_ON(sizeof(*slot) != sizeof(to));
    BUILD_BUG_ON(offsetof(struct xen_viommu_slot, seq) / sizeof(*from) != 2);

    to[2] = read_atomic(&from[2]);
    smp_rmb();
    to[0] = read_atomic(&from[0]);
    to[1] = read_atomic(&from[1]);
    to[3] = read_atomic(&from[3]);
    memcpy(slot, to, sizeof(*slot));
}

static bool is_busy(const struct viommu_ledger *ledger, unsigned int n)
{
    return (read_atomic(&ledger->shared->busy[n / 64]) >> (n % 64)) & 1;
}

/* Is the DMA that is waited for over?  Its slot may have been used again. */
static bool is_over(const struct viommu_ledger *ledger, unsigned int n)
{
    return !is_busy(ledger, n) ||
           read_atomic(&ledger->slot[n].seq) != ledger->blocked[n].seq;
}

static void block(struct viommu *viommu, unsigned int n,
                  const struct xen_viommu_slot *slot, uint64_t generation)
{
    struct viommu_ledger *ledger = viommu->ledger;
    uint64_t bit = 1ULL << (n % 64);

    /* Who waits for it already goes on doing so. */
    if ( (ledger->waited[n / 64] & bit) && ledger->blocked[n].seq == slot->seq )
        return;

    viommu->stats.stale++;
    ledger->tell = true;
    ledger->waited[n / 64] |= bit;
    ledger->waiting = true;
    ledger->blocked[n].seq = slot->seq;
    ledger->blocked[n].generation = generation;
    ledger->blocked[n].ns = viommu_now(viommu);
}

/*
 * Look at one slot: if it is covered, walk its pages again and see whether
 * they are where the slot says.  Returns false if the work allowed is done
 * before the slot is.
 */
static bool look_at(struct viommu *viommu, unsigned int n, int *work)
{
    struct viommu_ledger *ledger = viommu->ledger;
    uint64_t first = ~0ULL, last = 0, iova;
    struct xen_viommu_slot slot;
    struct viommu_view view;
    uint64_t generation = 0;
    unsigned int i, skip = ledger->page;

    read_slot(ledger, n, &slot);

    /* A use that began after the scan has seen what the scan is for. */
    ledger->page = 0;
    if ( skip && slot.seq != ledger->page_seq )
        return true;

    /* Not what a DM writes that means well: it waits until it is gone. */
    if ( !slot.pages || slot.pages > XEN_VIOMMU_SLOT_PAGES ||
         ((slot.iova | slot.gpa) & (VIOMMU_PAGE_SIZE - 1)) ||
         slot.iova + ((uint64_t)slot.pages << 12) - 1 < slot.iova ||
         !slot.access ||
         (slot.access & ~(XEN_VIOMMU_READ | XEN_VIOMMU_WRITE)) )
    {
        block(viommu, n, &slot, ledger->done + 1);
        return true;
    }

    for ( i = ledger->scan.nr; i-- > 0; )
        if ( covers(&ledger->scan.inv[i].log, &slot, &first, &last) )
            generation = ledger->scan.inv[i].generation;
    if ( !generation )
        return true;

    first = max_t(uint64_t, first, slot.iova + ((uint64_t)skip << 12));

    viommu->fe->view(viommu, &view);

    for ( iova = first; iova <= last; )
    {
        struct xen_viommu_xlat xlat = {
            .iova = iova, .rid = slot.rid, .access = slot.access,
        };
        struct viommu_fault fault = { .quiet = true };
        struct viommu_path path = {};
        uint64_t end;

        if ( *work <= 0 )
        {
            ledger->page = (iova - slot.iova) >> 12;
            ledger->page_seq = slot.seq;
            ledger->next = n;
            return false;
        }
        *work -= VIOMMU_SCAN_WALK;
        viommu->stats.walks++;

        viommu_resolve(viommu, &view, &path, &xlat, &fault);
        /*
         * The same memory by way of another domain is stale as well: what is
         * invalidated in that domain later would not find the slot.
         */
        if ( xlat.status != XEN_VIOMMU_XLAT_OK || xlat.did != slot.did ||
             xlat.gpa - xlat.iova != slot.gpa - slot.iova )
        {
            block(viommu, n, &slot, generation);
            return true;
        }

        /* The rest of a large page is where its beginning is. */
        if ( xlat.order >= 64 )
            break;
        end = xlat.iova + ((1ULL << xlat.order) - 1);
        if ( end >= last )
            break;
        iova = end + 1;
    }

    return true;
}

/* The next slot in busy[] from @n on, or XEN_VIOMMU_SLOTS. */
static unsigned int next_busy(const struct viommu_ledger *ledger,
                              unsigned int n, int *work)
{
    uint64_t word = read_atomic(&ledger->shared->busy[n / 64]) >> (n % 64);

    while ( !word )
    {
        n = (n | 63) + 1;
        if ( n == XEN_VIOMMU_SLOTS )
            return n;
        --*work;
        word = read_atomic(&ledger->shared->busy[n / 64]);
    }

    return n + ffsl(word) - 1;
}

bool viommu_ledger_scan(struct viommu *viommu, uint64_t generation)
{
    struct viommu_ledger *ledger = viommu->ledger;
    int work = VIOMMU_SCAN_WORK;
    unsigned int n;

    ASSERT(spin_is_locked(&viommu->lock));

    while ( ledger->done < generation )
    {
        if ( ledger->goal == ledger->done )
        {
            ledger->goal = viommu->drain.position;
            ledger->scan = ledger->pending;
            ledger->pending.nr = 0;
            ledger->next = ledger->page = 0;
            viommu->stats.scans++;
            /* (A) the head, stored when appending, before the slots */
            smp_mb();
        }

        while ( ledger->next < XEN_VIOMMU_SLOTS )
        {
            if ( work-- <= 0 )
                return true;
            n = next_busy(ledger, ledger->next, &work);
            /* The slot that was not finished is free: so is all of its use. */
            if ( n != ledger->next )
                ledger->page = 0;
            if ( n < XEN_VIOMMU_SLOTS && !look_at(viommu, n, &work) )
                return true;
            ledger->next = n + 1;
        }

        ledger->done = ledger->goal;
        ledger->scan.nr = 0;
    }

    return false;
}

bool viommu_ledger_blocked(struct viommu *viommu)
{
    const struct viommu_ledger *ledger = viommu->ledger;

    ASSERT(spin_is_locked(&viommu->lock));

    return ledger->waiting || ledger->floor_waited;
}

bool viommu_ledger_poll(struct viommu *viommu)
{
    struct viommu_ledger *ledger = viommu->ledger;
    uint64_t floor = read_atomic(&ledger->shared->floor);
    bool waited = false;
    unsigned int i;

    ASSERT(spin_is_locked(&viommu->lock));

    /* What was waited for before may be over, and other DMA in the way now. */
    if ( floor < ledger->done &&
         (!ledger->floor_waited || floor >= ledger->floor_goal) )
    {
        ledger->floor_waited = ledger->tell = true;
        ledger->floor_goal = ledger->done;
        ledger->floor_ns = viommu_now(viommu);
    }

    if ( !viommu_ledger_blocked(viommu) )
        return false;

    publish_waited(ledger);
    /* (B) what is waited for before whether it is still there */
    smp_mb();

    for ( i = 0; i < VIOMMU_LEDGER_WORDS; i++ )
    {
        uint64_t word = ledger->waited[i];

        while ( word )
        {
            unsigned int bit = ffsl(word) - 1;

            word &= word - 1;
            if ( is_over(ledger, i * 64 + bit) )
                ledger->waited[i] &= ~(1ULL << bit);
            else
                waited = true;
        }
    }
    ledger->waiting = waited;

    if ( ledger->floor_waited )
    {
        ledger->floor_waited = read_atomic(&ledger->shared->floor) <
                               ledger->done;
        waited |= ledger->floor_waited;
    }

    publish_waited(ledger);
    waited &= ledger->tell;
    ledger->tell = false;

    return waited;
}

uint64_t viommu_ledger_drained(struct viommu *viommu)
{
    const struct viommu_ledger *ledger = viommu->ledger;
    uint64_t drained = ledger->done;
    unsigned int i;

    ASSERT(spin_is_locked(&viommu->lock));

    for ( i = 0; ledger->waiting && i < VIOMMU_LEDGER_WORDS; i++ )
    {
        uint64_t word = ledger->waited[i];

        for ( ; word; word &= word - 1 )
            drained = min_t(uint64_t, drained,
                            ledger->blocked[i * 64 + ffsl(word) - 1].generation
                            - 1);
    }

    if ( ledger->floor_waited )
        drained = min_t(uint64_t, drained,
                        read_atomic(&ledger->shared->floor));

    return drained;
}

void viommu_ledger_stats(struct viommu *viommu,
                         struct xen_viommu_stats *stats)
{
    const struct viommu_ledger *ledger = viommu->ledger;
    uint64_t oldest = ~0ULL;
    unsigned int i;

    ASSERT(spin_is_locked(&viommu->lock));

    stats->blocked_floor = ledger->floor_waited;
    stats->blocked_ns = ledger->floor_waited ? ledger->floor_ns : 0;
    for ( i = 0; i < XEN_VIOMMU_SLOTS; i++ )
    {
        if ( !((ledger->waited[i / 64] >> (i % 64)) & 1) )
            continue;
        stats->blocked++;
        if ( ledger->blocked[i].generation < oldest )
        {
            oldest = ledger->blocked[i].generation;
            stats->blocked_ns = ledger->blocked[i].ns;
            read_slot(ledger, i, &stats->blocked_by);
        }
    }
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
