/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pages that Xen shares with us.
 *
 * Two pairs of accesses are of the store-buffering kind, where each side
 * stores and then loads what the other one stores, and one of them has to see
 * the other's store:
 *
 *   A   DM:  busy[] (or floor) set, reads head          steps 2, 3, 4
 *       Xen: head moved, reads busy[] (and floor)
 *
 *   B   DM:  busy[] cleared (floor raised), reads waited[]   steps 6, 7, 8
 *       Xen: waited[] set, reads busy[] (floor) again
 *
 * A DMA that Xen does not see in A sees the new entry in the log and begins
 * again; an end that Xen does not see in B sees that Xen waits.  On this side
 * the full barrier is the atomic operation on busy[] or floor itself, which
 * is sequentially consistent as is the load behind it.
 */
#include "qemu/osdep.h"
#include "xen-viommu-ledger.h"

#define LOG_MASK (XEN_VIOMMU_LOG_ENTRIES - 1)

/* Entries and slots are read and written as words of 64 bits. */
typedef uint64_t __attribute__((may_alias)) word;

void xen_viommu_ledger_init(XenViommuLedger *l, void *frames)
{
    char *page = frames;
    unsigned int i;

    memset(l, 0, sizeof(*l));
    l->shared = frames;
    l->log = (const void *)(page + XEN_VIOMMU_PAGE_SIZE);
    l->slots = (void *)(page + 2 * XEN_VIOMMU_PAGE_SIZE);
    pthread_mutex_init(&l->lock, NULL);

    for (i = 0; i < XEN_VIOMMU_SLOT_WORDS; i++) {
        __atomic_store_n(&l->shared->busy[i], 0, __ATOMIC_SEQ_CST);
    }
    __atomic_store_n(&l->shared->floor, XEN_VIOMMU_NO_FLOOR,
                     __ATOMIC_SEQ_CST);
}

uint64_t xen_viommu_ledger_head(const XenViommuLedger *l)
{
    /* acquire: the entries below it are there; the load of pair A */
    return __atomic_load_n(&l->shared->head, __ATOMIC_SEQ_CST);
}

bool xen_viommu_ledger_read(const XenViommuLedger *l, uint64_t pos,
                            struct xen_viommu_log *e)
{
    const word *from = (const word *)&l->log[pos & LOG_MASK];
    word *to = (word *)e;

    to[0] = __atomic_load_n(&from[0], __ATOMIC_ACQUIRE);
    to[1] = __atomic_load_n(&from[1], __ATOMIC_ACQUIRE);

    /*
     * Xen writes entry "head" before it moves head, so the entry that is
     * XEN_VIOMMU_LOG_ENTRIES behind head may have been half new already.  The
     * loads above are not behind this one.
     */
    return xen_viommu_ledger_head(l) - pos <= XEN_VIOMMU_LOG_ENTRIES - 1;
}

int xen_viommu_ledger_take(XenViommuLedger *l)
{
    unsigned int w;

    /* the lowest ones, so that those in use are in few words */
    for (w = 0; w < XEN_VIOMMU_SLOT_WORDS; w++) {
        uint64_t old = __atomic_load_n(&l->taken[w], __ATOMIC_RELAXED);

        while (~old) {
            unsigned int bit = __builtin_ctzll(~old);

            /* acquire: pairs with the release in xen_viommu_ledger_put() */
            if (__atomic_compare_exchange_n(&l->taken[w], &old,
                                            old | (1ULL << bit), false,
                                            __ATOMIC_ACQUIRE,
                                            __ATOMIC_RELAXED)) {
                return w * 64 + bit;
            }
        }
    }
    return -1;
}

void xen_viommu_ledger_put(XenViommuLedger *l, int slot)
{
    __atomic_fetch_and(&l->taken[slot / 64], ~(1ULL << (slot % 64)),
                       __ATOMIC_RELEASE);
}

static uint32_t pages_of(const XenViommuSpan *s, uint64_t len)
{
    uint64_t offset = s->iova & (XEN_VIOMMU_PAGE_SIZE - 1);

    return (offset + len - 1) / XEN_VIOMMU_PAGE_SIZE + 1;
}

void xen_viommu_ledger_publish(XenViommuLedger *l, int slot,
                               const XenViommuSpan *s)
{
    struct xen_viommu_slot *shared = &l->slots[slot], new = {
        .iova = s->iova & ~(XEN_VIOMMU_PAGE_SIZE - 1),
        .gpa = s->gpa & ~(XEN_VIOMMU_PAGE_SIZE - 1),
        .pages = pages_of(s, s->len),
        .seq = shared->seq + 1,
        .rid = s->rid,
        .did = s->did,
        .access = s->access,
    };
    const word *from = (const word *)&new;
    word *to = (word *)shared;
    unsigned int i, seq = offsetof(struct xen_viommu_slot, seq) / sizeof(word);

    QEMU_BUILD_BUG_ON(sizeof(new) % sizeof(word));
    /* seq last, so that Xen takes no word of before for one of this use */
    for (i = 0; i < sizeof(new) / sizeof(word); i++) {
        if (i != seq) {
            __atomic_store_n(&to[i], from[i], __ATOMIC_RELAXED);
        }
    }
    __atomic_store_n(&to[seq], from[seq], __ATOMIC_RELEASE);

    /* the slot's fields before its bit; and the barrier of pair A */
    __atomic_fetch_or(&l->shared->busy[slot / 64], 1ULL << (slot % 64),
                      __ATOMIC_SEQ_CST);
}

void xen_viommu_ledger_shrink(XenViommuLedger *l, int slot, XenViommuSpan *s,
                              uint64_t len)
{
    s->len = len;
    __atomic_store_n(&l->slots[slot].pages, pages_of(s, len),
                     __ATOMIC_RELEASE);
}

bool xen_viommu_ledger_retire(XenViommuLedger *l, int slot)
{
    uint64_t bit = 1ULL << (slot % 64);

    /* the accesses of the DMA before this; and the barrier of pair B */
    __atomic_fetch_and(&l->shared->busy[slot / 64], ~bit, __ATOMIC_SEQ_CST);
    return __atomic_load_n(&l->shared->waited[slot / 64],
                           __ATOMIC_SEQ_CST) & bit;
}

bool xen_viommu_ledger_waited(const XenViommuLedger *l, int slot)
{
    return __atomic_load_n(&l->shared->waited[slot / 64], __ATOMIC_SEQ_CST) &
           (1ULL << (slot % 64));
}

/* Under the lock.  True if it rose. */
static bool set_floor(XenViommuLedger *l)
{
    uint64_t floor = l->lowest ? l->lowest->pos : XEN_VIOMMU_NO_FLOOR;
    uint64_t old = l->shared->floor;

    /* the barrier of pair A when it falls, of pair B when it rises */
    __atomic_exchange_n(&l->shared->floor, floor, __ATOMIC_SEQ_CST);
    return floor > old;
}

void xen_viommu_ledger_publish_floor(XenViommuLedger *l, XenViommuFloor *f,
                                     uint64_t pos)
{
    pthread_mutex_lock(&l->lock);
    /* nearly always the highest: positions only go up */
    f->pos = pos;
    f->lower = l->highest;
    while (f->lower && f->lower->pos > pos) {
        f->lower = f->lower->lower;
    }
    f->higher = f->lower ? f->lower->higher : l->lowest;
    *(f->lower ? &f->lower->higher : &l->lowest) = f;
    *(f->higher ? &f->higher->lower : &l->highest) = f;
    set_floor(l);
    pthread_mutex_unlock(&l->lock);
}

bool xen_viommu_ledger_retire_floor(XenViommuLedger *l, XenViommuFloor *f)
{
    bool rose;

    pthread_mutex_lock(&l->lock);
    *(f->lower ? &f->lower->higher : &l->lowest) = f->higher;
    *(f->higher ? &f->higher->lower : &l->highest) = f->lower;
    rose = set_floor(l);
    pthread_mutex_unlock(&l->lock);

    /* as long as it has not risen, there is nothing that Xen could learn */
    return rose && __atomic_load_n(&l->shared->floor_waited,
                                   __ATOMIC_SEQ_CST);
}

bool xen_viommu_log_covers(const struct xen_viommu_log *e, uint16_t rid,
                           uint16_t did, uint64_t iova, uint64_t len)
{
    uint64_t last = iova + len - 1, log_last;

    switch (e->inv) {
    case XEN_VIOMMU_INV_CONFIG_DEVICE:
        return !((e->rid ^ rid) & (uint16_t)~e->rid_mask);
    case XEN_VIOMMU_INV_CONFIG_DOMAIN:
    case XEN_VIOMMU_INV_TLB_DOMAIN:
        return e->did == did;
    case XEN_VIOMMU_INV_TLB_RANGE:
        if (e->order > 63) {
            return e->did == did;
        }
        log_last = e->iova + ((1ULL << e->order) - 1);
        return e->did == did && iova <= log_last && e->iova <= last;
    default:
        /* all of it; as is what we do not know */
        return true;
    }
}

bool xen_viommu_ledger_covered(const XenViommuLedger *l,
                               const XenViommuSpan *s)
{
    uint64_t head = xen_viommu_ledger_head(l), pos;
    struct xen_viommu_log e;

    if (head - s->pos > XEN_VIOMMU_LOG_ENTRIES - 1) {
        return true;
    }
    for (pos = s->pos; pos != head; pos++) {
        if (!xen_viommu_ledger_read(l, pos, &e) ||
            xen_viommu_log_covers(&e, s->rid, s->did, s->iova, s->len)) {
            return true;
        }
    }
    return false;
}
