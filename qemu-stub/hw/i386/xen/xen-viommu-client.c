/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translations in use: cache, Xen and ledger together.
 */
#include "qemu/osdep.h"
#include "xen-viommu-client.h"

#define PAGE_MASK_4K (XEN_VIOMMU_PAGE_SIZE - 1)

/* What fits in a slot, less a page for what is not aligned. */
#define MAX_LEN ((XEN_VIOMMU_SLOT_PAGES - 1) * (uint64_t)XEN_VIOMMU_PAGE_SIZE)

/* Times that begin is overtaken by the log before it makes Xen wait for it. */
#define MAX_AGAIN 8

/* To read more of the log takes longer than to look a translation up. */
#define MAX_BEHIND 8

void xen_viommu_client_init(XenViommuClient *c, void *frames)
{
    xen_viommu_ledger_init(&c->ledger, frames);
    c->cache = xen_viommu_cache_new(xen_viommu_ledger_head(&c->ledger));
}

void xen_viommu_client_destroy(XenViommuClient *c)
{
    xen_viommu_walk_release(&c->walk);
    xen_viommu_cache_free(c->cache);
    pthread_mutex_destroy(&c->ledger.lock);
}

/* Bytes from @iova to the end of @r; 0 stands for 2^64. */
static uint64_t rest_of(const XenViommuRange *r, uint64_t iova)
{
    return (r->order < 64 ? r->iova + (1ULL << r->order) : 0) + r->more - iova;
}

/* Pages between what missed last and @iova, within aligned blocks */
static uint64_t distance(const XenViommuNear *near, uint64_t iova)
{
    return (near->iova ^ iova) / XEN_VIOMMU_PAGE_SIZE;
}

static void note_hit(XenViommuNear *near, uint64_t iova)
{
    uint64_t d = distance(near, iova);

    near->used |= d && d < near->pages;
}

/*
 * The block to ask for, in pages: larger if the last one was of use, smaller if
 * not.  A device that misses one page again and again, since requests follow
 * one another, is left alone; one that goes to and fro pays for a page.
 */
static unsigned int note_miss(XenViommuNear *near, uint64_t iova)
{
    uint64_t d = distance(near, iova);

    if (near->used) {
        near->pages = MIN(near->pages * 2, XEN_VIOMMU_MAX_XLAT);
    } else if (near->pages > 1) {
        near->pages /= 2;
    } else {
        near->pages = d && d < XEN_VIOMMU_MAX_XLAT ? 2 : 1;
    }
    near->used = false;
    near->iova = iova;
    return near->pages;
}

/* What is known, or can be found out here, of the translation of @iova. */
static bool find(XenViommuClient *c, uint16_t rid, uint64_t iova,
                 uint8_t access, XenViommuPath *path, XenViommuRange *r)
{
    return xen_viommu_cache_lookup(c->cache, rid, iova, access, r) ||
           xen_viommu_walk(&c->walk, c->cache, rid, iova, access, path, r);
}

/* The same of what follows on: a walk goes on to the end of what is asked about. */
static bool find_more(XenViommuClient *c, uint16_t rid, uint64_t iova,
                      uint8_t access, XenViommuPath *path, XenViommuRange *r)
{
    return xen_viommu_walk(&c->walk, c->cache, rid, iova, access, path, r) ||
           xen_viommu_cache_lookup(c->cache, rid, iova, access, r);
}

static bool ask(XenViommuClient *c, uint16_t rid, uint64_t iova,
                uint8_t access, bool quiet, unsigned int ahead,
                XenViommuUse *u, XenViommuRange *r)
{
    struct xen_viommu_xlat xlat[XEN_VIOMMU_MAX_XLAT];
    uint64_t asked[XEN_VIOMMU_MAX_XLAT];
    uint64_t here = iova & ~PAGE_MASK_4K, page = here;
    unsigned int nr = 0, i;
    bool known = false;     /* some of them are, perhaps */
    XenViommuPath path = {};

    xlat[nr++] = (struct xen_viommu_xlat) {
        .iova = iova,
        .rid = rid,
        .access = quiet ? 0 : access,
    };
    if (ahead <= 1 && u->near) {
        ahead = note_miss(u->near, iova);
        page = here & -(ahead * (uint64_t)XEN_VIOMMU_PAGE_SIZE);
        known = true;
    } else {
        ahead = MIN(ahead, XEN_VIOMMU_MAX_XLAT);
        if (here) {
            ahead = MIN(ahead, -here / XEN_VIOMMU_PAGE_SIZE);
        }
    }
    for (i = 0; i < ahead; i++, page += XEN_VIOMMU_PAGE_SIZE) {
        if (page != here &&
            !(known && find(c, rid, page, access, &path, r))) {
            xlat[nr++] = (struct xen_viommu_xlat) {
                .iova = page,
                .rid = rid,
            };
        }
    }

    for (i = 0; i < nr; i++) {
        asked[i] = xlat[i].iova;
    }

    u->status = XEN_VIOMMU_XLAT_BLOCKED;
    u->reason = 0;
    u->device = false;
    if (c->translate(c->opaque, xlat, nr, &u->span.pos)) {
        return false;
    }

    for (i = 0; i < nr; i++) {
        XenViommuRange range = {
            .iova = xlat[i].iova,
            .gpa = xlat[i].gpa,
            .did = xlat[i].did,
            .order = xlat[i].order,
            .perm = xlat[i].perm,
        };

        if (xlat[i].status == XEN_VIOMMU_XLAT_OK) {
            xen_viommu_walk_learn(&c->walk, u->span.pos, asked[i], &xlat[i]);
        }
        if (i == 0) {
            *r = range;
        }
        /* the first one's range may be all there is to know about the rest */
        if (xlat[i].status == XEN_VIOMMU_XLAT_OK &&
            (i == 0 || xlat[i].iova != xlat[i - 1].iova ||
             xlat[i - 1].status != XEN_VIOMMU_XLAT_OK)) {
            xen_viommu_cache_insert(c->cache, u->span.pos, rid, &range);
        }
    }

    u->status = xlat[0].status;
    u->reason = xlat[0].reason;
    /* not cached: it is rare, and so a cached one is memory */
    u->device = u->status == XEN_VIOMMU_XLAT_DEVICE;
    if (u->device) {
        u->status = XEN_VIOMMU_XLAT_OK;
    }
    if (u->status == XEN_VIOMMU_XLAT_OK && (access & ~r->perm)) {
        u->status = XEN_VIOMMU_XLAT_FAULT; /* a quiet one: not reported */
    }
    return u->status == XEN_VIOMMU_XLAT_OK;
}

/* Step 1, and on as long as the guest addresses are contiguous. */
bool xen_viommu_peek(XenViommuClient *c, uint16_t rid, uint64_t iova,
                     uint64_t len, uint8_t access, bool quiet,
                     unsigned int ahead, XenViommuUse *u)
{
    XenViommuSpan *s = &u->span;
    XenViommuPath path = {};
    XenViommuRange r;
    uint64_t rest;

    len = MIN(len, MAX_LEN);
    if (iova + len < iova) {
        len = 0 - iova;
    }
    path.end = iova + len;

    xen_viommu_cache_sync(c->cache, &c->ledger);
    s->pos = xen_viommu_cache_applied(c->cache);
    u->device = false;
    if (find(c, rid, iova, access, &path, &r)) {
        if (u->near) {
            note_hit(u->near, iova);
        }
    } else if (!ask(c, rid, iova, access, quiet, ahead, u, &r)) {
        return false;
    }

    s->iova = iova;
    s->gpa = r.gpa + (iova - r.iova);
    s->rid = rid;
    s->did = r.did;
    s->access = access;
    rest = rest_of(&r, iova);
    s->len = rest ? MIN(rest, len) : len;

    while (s->len < len && !u->device) {
        uint64_t next = iova + s->len;
        uint64_t pos = xen_viommu_cache_applied(c->cache);

        if (!find_more(c, rid, next, access, &path, &r) ||
            r.did != s->did || r.gpa + (next - r.iova) != s->gpa + s->len) {
            break;
        }
        s->pos = MIN(s->pos, pos);
        rest = rest_of(&r, next);
        s->len += rest ? MIN(rest, len - s->len) : len - s->len;
    }
    return true;
}

bool xen_viommu_begin(XenViommuClient *c, uint16_t rid, uint64_t iova,
                      uint64_t len, uint8_t access, bool quiet,
                      unsigned int ahead, XenViommuUse *u)
{
    /*
     * Each time round the log has moved against what was found.  A guest can
     * see to that for ever: one write of a register has Xen go through a queue
     * of thousands of invalidations.
     */
    for (u->again = 0; u->again < MAX_AGAIN; u->again++) {
        if (!xen_viommu_peek(c, rid, iova, len, access, quiet, ahead, u)) {
            if (u->slot >= 0 && !u->keep) {
                xen_viommu_ledger_put(&c->ledger, u->slot);
                u->slot = -1;
            }
            return false;
        }

        if (u->slot < 0) {
            u->slot = xen_viommu_ledger_take(&c->ledger);
        }
        u->busy = true;
        u->floor = u->slot < 0;
        if (u->floor) {
            xen_viommu_ledger_publish_floor(&c->ledger, &u->below, u->span.pos);
        } else {
            xen_viommu_ledger_publish(&c->ledger, u->slot, &u->span);
        }

        if (!xen_viommu_ledger_covered(&c->ledger, &u->span)) {
            return true;
        }
        /* Xen may have seen it, and wait for it by now */
        xen_viommu_end(c, u);
    }

    /*
     * The other way round: what comes after this waits, and what came before
     * is in the log.  So whatever is found now may be used.
     */
    u->busy = u->floor = true;
    u->span.pos = xen_viommu_ledger_head(&c->ledger);
    xen_viommu_ledger_publish_floor(&c->ledger, &u->below, u->span.pos);
    if (xen_viommu_peek(c, rid, iova, len, access, quiet, ahead, u)) {
        return true;
    }
    xen_viommu_end(c, u);
    return false;
}

bool xen_viommu_begin_again(XenViommuClient *c, const XenViommuSpan *s,
                            uint64_t len, XenViommuUse *u)
{
    if (xen_viommu_ledger_head(&c->ledger) - s->pos > MAX_BEHIND) {
        return false;
    }
    if (u->slot < 0) {
        u->slot = xen_viommu_ledger_take(&c->ledger);
        if (u->slot < 0) {
            return false;
        }
    }
    u->span = *s;
    u->span.len = MIN(len, s->len);
    u->busy = true;
    u->floor = u->device = false;
    xen_viommu_ledger_publish(&c->ledger, u->slot, &u->span);
    if (!xen_viommu_ledger_covered(&c->ledger, &u->span)) {
        return true;
    }
    xen_viommu_end(c, u);
    return false;
}

void xen_viommu_shrink(XenViommuClient *c, XenViommuUse *u, uint64_t len)
{
    if (u->floor) {
        u->span.len = len;
    } else {
        xen_viommu_ledger_shrink(&c->ledger, u->slot, &u->span, len);
    }
}

bool xen_viommu_end(XenViommuClient *c, XenViommuUse *u)
{
    bool waited;

    u->busy = false;
    if (u->floor) {
        waited = xen_viommu_ledger_retire_floor(&c->ledger, &u->below);
    } else {
        waited = xen_viommu_ledger_retire(&c->ledger, u->slot);
        if (!u->keep) {
            xen_viommu_ledger_put(&c->ledger, u->slot);
            u->slot = -1;
        }
    }
    if (waited) {
        c->tell(c->opaque);
    }
    return waited;
}
