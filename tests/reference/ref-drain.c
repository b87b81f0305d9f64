/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When may the guest see that an invalidation is complete?  The protocol of
 * public/hvm/viommu.h, in sets and lists.
 *
 * Every slot in use is compared with what the invalidations since
 * the last time name, page by page, and with what its pages translate to now.
 * Xen may take more for covered than is: where it had many invalidations at
 * once or the DM wrote nonsense.  Then, and only for a slot that is stale or
 * nonsense, what Xen says in waited[] counts.
 */
#include <string.h>

#include "ref.h"

bool ref_waiting(void)
{
    for ( unsigned int i = 0; i < NR_WAITS; i++ )
        if ( ref.wait[i].on )
            return true;
    return ref.in_fifo;
}

void ref_announced(const struct xen_viommu_log *inv)
{
    ref.position++;
    ref.nr_inv[inv->inv]++;
    ref.log[(ref.position - 1) % XEN_VIOMMU_LOG_ENTRIES] = *inv;
    ref.ledger.head = ref.position;
}

void ref_invalidated(const struct xen_viommu_log *inv)
{
    ref_announced(inv);
    ref.unasked = true;
    if ( ref.in_group < MAX_GROUP )
    {
        ref.group[ref.in_group] = *inv;
        ref.group_at[ref.in_group++] = ref.position;
    }
}

void ref_forget(void)
{
    memset(ref.wait, 0, sizeof(ref.wait));
    ref.in_fifo = 0;
    ref.unasked = false;
    ref.drained = ref.asked;
    ref.in_group = 0;
    ref.looked = ref.position;
    memset(ref.ledger.waited, 0, sizeof(ref.ledger.waited));
    ref.ledger.floor_waited = 0;
    ref.news = false;
}

static void ask(void)
{
    if ( !ref.unasked )
        return;
    ref.unasked = false;
    ref.asked = ref.position;
}

void ref_begin(struct ref_wait *wait)
{
    ask();
    wait->on = true;
    wait->generation = ref.asked;
}

static void show_what_is_drained(void)
{
    while ( ref.in_fifo && ref.fifo[0].generation <= ref.drained )
    {
        struct ref_wait wait = ref.fifo[0];
        int page = page_of(wait.addr);

        ref.in_fifo--;
        memmove(&ref.fifo[0], &ref.fifo[1], ref.in_fifo * sizeof(wait));

        if ( wait.status && page >= 0 && !ref.absent[page] &&
             !ref.readonly[page] )
        {
            memcpy((char *)ref.memory[page] + (wait.addr & 0xfff), &wait.data,
                   4);
            ref.seen->write[ref.seen->nr_writes].gpa = wait.addr;
            ref.seen->write[ref.seen->nr_writes].val = wait.data;
            ref.seen->nr_writes++;
        }
        if ( wait.event )
            ref_wait_event();
    }

    for ( unsigned int i = 0; i < NR_WAITS; i++ )
        if ( ref.wait[i].on && ref.wait[i].generation <= ref.drained )
        {
            ref.wait[i].on = false;
            ref_show(i);
        }
}

static bool is_set(const uint64_t *words, unsigned int n)
{
    return words[n / 64] >> (n % 64) & 1;
}

static bool is_busy(unsigned int n)
{
    return is_set(ref.ledger.busy, n);
}

static bool is_waited_for(unsigned int n)
{
    return is_set(ref.ledger.waited, n);
}

static bool is_nonsense(const struct xen_viommu_slot *slot)
{
    return slot->pages < 1 || slot->pages > 512 || slot->iova % 4096 ||
           slot->gpa % 4096 || slot->iova + slot->pages * 4096ULL - 1 <
           slot->iova || slot->access < 1 || slot->access > 3;
}

/* Is the page at @iova of the slot named by the invalidation? */
static bool is_named(const struct xen_viommu_log *inv,
                     const struct xen_viommu_slot *slot, uint64_t iova)
{
    switch ( inv->inv )
    {
    case XEN_VIOMMU_INV_CONFIG_DEVICE:
        return (slot->rid | inv->rid_mask) == (inv->rid | inv->rid_mask);
    case XEN_VIOMMU_INV_CONFIG_DOMAIN:
    case XEN_VIOMMU_INV_TLB_DOMAIN:
        return slot->did == inv->did;
    case XEN_VIOMMU_INV_TLB_RANGE:
        return slot->did == inv->did && iova >> inv->order ==
                                        inv->iova >> inv->order;
    }
    return true;
}

/* Would the device get to the same place today? */
static bool is_fresh(const struct xen_viommu_slot *slot, uint64_t iova)
{
    uint64_t gpa = iova;

    if ( ref.te )
    {
        struct ref_walk walk = ref_walk(ref.root, slot->rid, iova,
                                        slot->access & 1, slot->access & 2);

        if ( !walk.ok || walk.did != slot->did )
            return false;
        gpa = walk.gpa;
    }
    else if ( slot->did )
        return false;
    return gpa - iova == slot->gpa - slot->iova;
}

/* Many at once, or two ranges that Xen may take for one. */
static bool may_be_coarse(void)
{
    if ( ref.in_group > 8 )
        return true;
    for ( unsigned int i = 0; i < ref.in_group; i++ )
        for ( unsigned int j = 0; j < i; j++ )
            if ( ref.group[i].inv == XEN_VIOMMU_INV_TLB_RANGE &&
                 ref.group[j].inv == XEN_VIOMMU_INV_TLB_RANGE &&
                 ref.group[i].did == ref.group[j].did )
                return true;
    return false;
}

/*
 * Of the ranges of one domain Xen makes one: the smallest block of a size that
 * is a power of two, and aligned to it, which has them all.  Is any of the slot
 * in that of @n and of those before it?
 */
static bool in_block(unsigned int n, const struct xen_viommu_slot *slot)
{
    const struct xen_viommu_log *inv = &ref.group[n];
    uint64_t last = slot->iova + slot->pages * 4096ULL - 1;
    unsigned int order = inv->order;

    for ( unsigned int i = 0; i < n; i++ )
    {
        const struct xen_viommu_log *other = &ref.group[i];

        if ( other->inv != inv->inv || other->did != inv->did )
            continue;
        if ( other->order > order )
            order = other->order;
        while ( order < 64 && other->iova >> order != inv->iova >> order )
            order++;
    }

    return slot->did == inv->did &&
           (order > 63 || (slot->iova >> order <= inv->iova >> order &&
                           inv->iova >> order <= last >> order));
}

/*
 * From which generation on is there to be waited for the slot?  From that of
 * the first invalidation which names it, or may be taken for one that does:
 * ranges of a domain count as the first of them, and everything as the first
 * of all once there are more than 8.
 */
static uint64_t first_for(const struct xen_viommu_slot *slot)
{
    uint64_t first = ~0ULL, began[MAX_GROUP];
    unsigned int i, j, kinds = 0;

    for ( i = 0; i < ref.in_group; i++ )
    {
        const struct xen_viommu_log *inv = &ref.group[i];
        bool range = inv->inv == XEN_VIOMMU_INV_TLB_RANGE;

        began[i] = ref.group_at[i];
        for ( j = 0; range && j < i; j++ )
            if ( ref.group[j].inv == inv->inv &&
                 ref.group[j].did == inv->did && began[j] < began[i] )
                began[i] = began[j];
        kinds += began[i] == ref.group_at[i];
        if ( kinds > 8 )
            return ref.group_at[0];

        if ( (range ? in_block(i, slot) : is_named(inv, slot, slot->iova)) &&
             began[i] < first )
            first = began[i];
    }

    return first;
}

static void look_at(unsigned int n)
{
    const struct xen_viommu_slot *slot = &ref.slot[n];
    bool must = false, may = false, nonsense = is_nonsense(slot);
    bool again = is_waited_for(n) && ref.blocked[n].seq == slot->seq;

    if ( nonsense )
        may = true;
    else
        for ( unsigned int p = 0; p < slot->pages && !must; p++ )
        {
            uint64_t iova = slot->iova + p * 4096ULL;
            bool named = false;

            if ( is_fresh(slot, iova) )
                continue;
            for ( unsigned int i = 0; i < ref.in_group && !named; i++ )
                named = is_named(&ref.group[i], slot, iova);
            must |= named;
            may |= may_be_coarse();
        }

    /* As for the one that it already waits for, there is nothing to tell. */
    if ( !must && may && !again )
        must = ref.hint && is_set(ref.hint, n);

    if ( must && !again )
    {
        ref.ledger.waited[n / 64] |= 1ULL << (n % 64);
        ref.blocked[n].seq = slot->seq;
        ref.blocked[n].first = nonsense ? ref.looked + 1 : first_for(slot);
        ref.news = true;
    }
}

static void look(void)
{
    if ( ref.looked >= ref.asked )
        return;

    for ( unsigned int n = 0; n < XEN_VIOMMU_SLOTS; n++ )
        if ( !ref.ledger.busy[n / 64] )
            n |= 63;
        else if ( is_busy(n) )
            look_at(n);
    ref.in_group = 0;
    ref.looked = ref.position;
}

/* See what has ended of what is waited for. */
void ref_poll(void)
{
    bool any = false;
    uint64_t drained = ref.looked;

    for ( unsigned int n = 0; n < XEN_VIOMMU_SLOTS; n++ )
    {
        if ( !ref.ledger.waited[n / 64] )
            n |= 63;
        if ( !is_waited_for(n) )
            continue;
        if ( !is_busy(n) || ref.slot[n].seq != ref.blocked[n].seq )
            ref.ledger.waited[n / 64] &= ~(1ULL << (n % 64));
        else
        {
            any = true;
            if ( ref.blocked[n].first - 1 < drained )
                drained = ref.blocked[n].first - 1;
        }
    }

    if ( ref.ledger.floor < ref.looked )
    {
        /* All that it has been told of may be over. */
        if ( !ref.ledger.floor_waited || ref.ledger.floor >= ref.floor_known )
        {
            ref.news = true;
            ref.floor_known = ref.looked;
        }
        ref.ledger.floor_waited = 1;
        any = true;
        if ( ref.ledger.floor < drained )
            drained = ref.ledger.floor;
    }
    else
        ref.ledger.floor_waited = 0;

    if ( any && ref.news )
        ref.tell = true;
    ref.news = false;

    if ( drained > ref.asked )
        drained = ref.asked;
    if ( drained > ref.drained )
        ref.drained = drained;
}

static void tell(void)
{
    if ( ref.tell )
        ref.seen->notified++;
    ref.tell = false;
}

/* Descriptors to be fetched, or slots to be looked at for somebody? */
bool ref_is_more(void)
{
    bool more = ref_queue_ready() || (ref.attached && ref_waiting() &&
                                      ref.looked < ref.asked);

    ref.watched = ref_waiting() || more;

    return more;
}

bool ref_advance(void)
{
    if ( ref.frozen )
        return false;
    ref_send_pending();
    show_what_is_drained();
    ref_queue_fetch();
    if ( ref_waiting() && !ref.bound )
        ref_dm_gone();
    else if ( ref_waiting() )
    {
        look();
        ref_poll();
    }
    tell();
    show_what_is_drained();

    return ref_is_more();
}

void ref_settle(void)
{
    if ( ref.frozen )
        return;
    ref_send_pending();
    show_what_is_drained();
    tell();
    ref.seen->more |= ref_is_more();
}

void ref_check_dm(void)
{
    if ( !ref_waiting() )
        return;
    if ( !ref.bound )
        ref_dm_gone();
    else
        ref_poll();
}

/* Nothing is in flight. */
void ref_forget_dma(void)
{
    ref.in_group = 0;
    ref.looked = ref.position;
    memset(ref.ledger.waited, 0, sizeof(ref.ledger.waited));
    ref.ledger.floor_waited = 0;
    ref.news = ref.tell = false;
}

/* There is no DM, or its port is not bound. */
void ref_dm_gone(void)
{
    ref_forget_dma();
    ref.drained = ref.asked;
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
