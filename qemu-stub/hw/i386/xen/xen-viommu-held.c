/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages that short accesses come back to: rings and doorbells.
 */
#include "qemu/osdep.h"
#include "xen-viommu-held.h"

#define PAGE_MASK_4K (XEN_VIOMMU_PAGE_SIZE - 1)

static unsigned int set_of(const void *owner)
{
    return ((uintptr_t)owner * 0x9e3779b97f4a7c15ULL >> 32) &
           (XEN_VIOMMU_HELD_SETS - 1);
}

XenViommuHeldPage *xen_viommu_held_find(XenViommuHeld *h, const void *owner,
                                        uint64_t addr, uint64_t len,
                                        uint8_t access)
{
    XenViommuHeldSet *set = &h->set[set_of(owner)];
    XenViommuHeldPage *p;

    for (p = set->page; p < set->page + set->nr; p++) {
        uint64_t off = addr - p->iova;

        if (off < XEN_VIOMMU_PAGE_SIZE && p->owner == owner &&
            p->access == access && len <= XEN_VIOMMU_PAGE_SIZE - off) {
            p->last = ++set->accesses;
            return p;
        }
    }
    return NULL;
}

/* What is known of the page; anew if that is nothing. */
static XenViommuTried *tried_of(XenViommuHeld *h, const void *owner,
                                uint64_t iova, uint8_t access)
{
    XenViommuTried *set = h->tried[set_of(owner)], *t;

    for (t = set; t < set + XEN_VIOMMU_HELD_TRIED; t++) {
        if (t->owner == owner && t->iova == iova && t->access == access) {
            return t;
        }
    }
    t = &set[h->victim++ % XEN_VIOMMU_HELD_TRIED];
    *t = (XenViommuTried) {
        .owner = owner, .iova = iova, .access = access,
        .enough = XEN_VIOMMU_HELD_AFTER,
    };
    return t;
}

static void drop(XenViommuHeld *h, XenViommuHeldSet *set, XenViommuHeldPage *p)
{
    XenViommuHeldPage old = *p;

    *p = set->page[--set->nr];
    /* no access any more, then the slot */
    h->unmap(&old);
    if (xen_viommu_end(h->client, &old.use)) {
        tried_of(h, old.owner, old.iova, old.access)->enough =
            XEN_VIOMMU_HELD_LATER;
    }
}

/*
 * Has the guest taken the page away by itself since the last time?  A flush of
 * a whole domain says nothing of it.
 */
static bool taken_away(XenViommuHeld *h, const XenViommuTried *t)
{
    const XenViommuLedger *l = &h->client->ledger;
    uint64_t head = xen_viommu_ledger_head(l), pos;
    struct xen_viommu_log e;

    if (head - t->pos > XEN_VIOMMU_LOG_ENTRIES - 1) {
        return true;
    }
    for (pos = t->pos; pos != head; pos++) {
        if (!xen_viommu_ledger_read(l, pos, &e)) {
            return true;
        }
        if (e.inv != XEN_VIOMMU_INV_TLB_DOMAIN &&
            e.inv != XEN_VIOMMU_INV_TLB_GLOBAL &&
            xen_viommu_log_covers(&e, t->rid, t->did, t->iova,
                                  XEN_VIOMMU_PAGE_SIZE)) {
            return true;
        }
    }
    return false;
}

static bool often(XenViommuHeld *h, const void *owner, const XenViommuSpan *s)
{
    uint64_t gpa = s->gpa & ~PAGE_MASK_4K;
    XenViommuTried *t = tried_of(h, owner, s->iova & ~PAGE_MASK_4K, s->access);

    if (t->gpa != gpa || t->rid != s->rid || t->did != s->did ||
        taken_away(h, t)) {
        t->gpa = gpa;
        t->rid = s->rid;
        t->did = s->did;
        t->times = 0;
    }
    t->pos = s->pos;
    if (++t->times < t->enough) {
        return false;
    }
    t->times = 0;
    return true;
}

static void hold(XenViommuHeld *h, const void *owner, void *space,
                 const XenViommuSpan *s)
{
    XenViommuHeldSet *set = &h->set[set_of(owner)];
    XenViommuHeldPage new = {
        .owner = owner, .iova = s->iova & ~PAGE_MASK_4K, .access = s->access,
        .space = space, .last = set->accesses, .use = XEN_VIOMMU_USE_INIT,
    };
    unsigned int i;

    for (i = set->nr; i-- > 0; ) {
        if (set->accesses - set->page[i].last > XEN_VIOMMU_HELD_IDLE) {
            drop(h, set, &set->page[i]);
        }
    }
    if (set->nr == XEN_VIOMMU_HELD_WAYS) {
        XenViommuHeldPage *oldest = set->page;

        for (i = 1; i < set->nr; i++) {
            if (set->page[i].last < oldest->last) {
                oldest = &set->page[i];
            }
        }
        drop(h, set, oldest);
    }

    if (!xen_viommu_begin(h->client, s->rid, new.iova, XEN_VIOMMU_PAGE_SIZE,
                          s->access, true, 1, &new.use)) {
        return;
    }
    /* Without a slot, all invalidations would wait for this. */
    if (!new.use.floor && !new.use.device &&
        new.use.span.len == XEN_VIOMMU_PAGE_SIZE) {
        new.host = h->map(&new);
    }
    if (!new.host) {
        xen_viommu_end(h->client, &new.use);
        return;
    }
    set->page[set->nr++] = new;
}

void xen_viommu_held_note(XenViommuHeld *h, const void *owner, void *space,
                          const XenViommuSpan *s)
{
    h->set[set_of(owner)].accesses++;
    if (often(h, owner, s)) {
        hold(h, owner, space, s);
    }
}

void xen_viommu_held_event(XenViommuHeld *h)
{
    XenViommuHeldSet *set;
    unsigned int i;

    for (set = h->set; set < h->set + XEN_VIOMMU_HELD_SETS; set++) {
        for (i = set->nr; i-- > 0; ) {
            if (xen_viommu_ledger_waited(&h->client->ledger,
                                         set->page[i].use.slot)) {
                drop(h, set, &set->page[i]);
            }
        }
    }
}

void xen_viommu_held_release(XenViommuHeld *h)
{
    XenViommuHeldSet *set;

    for (set = h->set; set < h->set + XEN_VIOMMU_HELD_SETS; set++) {
        while (set->nr) {
            drop(h, set, &set->page[set->nr - 1]);
        }
    }
}
