/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cache of translations, one for all devices.
 *
 * What is shared with lookups is accessed atomically only.  A change is made
 * before "applied" passes it (release), and a lookup reads "applied" first
 * (acquire): so it finds nothing that the log has something against below the
 * position that it read.
 */
#include "qemu/osdep.h"
#include "xen-viommu-cache.h"

#define LOAD(p)         __atomic_load_n(p, __ATOMIC_RELAXED)
#define LOAD_ACQ(p)     __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define STORE(p, v)     __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define STORE_REL(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

#define PAGE_ORDER 12

/* The sizes of regions that have marks. */
static const uint8_t region_order[XEN_VIOMMU_CACHE_CLASSES] = { 16, 21, 30 };

/* A device has 8 functions, so no mask of the guest's has more bits. */
#define RID_MASK_BITS 0x7

XenViommuCache *xen_viommu_cache_new(uint64_t applied)
{
    XenViommuCache *c = g_new0(XenViommuCache, 1);

    c->applied = applied;
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

void xen_viommu_cache_free(XenViommuCache *c)
{
    pthread_mutex_destroy(&c->lock);
    g_free(c);
}

uint64_t xen_viommu_cache_applied(const XenViommuCache *c)
{
    return LOAD_ACQ(&c->applied);
}

static uint64_t frame_of(uint64_t iova, unsigned int order)
{
    return order < 64 ? iova >> order : 0;
}

/* Neighbours are in neighbouring sets, so that a run fills all of them. */
static unsigned int set_of(uint64_t frame, unsigned int order, uint16_t did)
{
    return (frame + (frame >> 15) + did * 0x2545u + order * 0x1003u) &
           (XEN_VIOMMU_CACHE_SETS - 1);
}

static unsigned int region_of(uint64_t iova, unsigned int class, uint16_t did)
{
    uint64_t h = (iova >> region_order[class]) ^ ((uint64_t)did << 44);

    return (h * 0x9e3779b97f4a7c15ULL) >> 52;
}

static uint64_t where_of(uint64_t iova, unsigned int order, unsigned int perm)
{
    return iova | order << 2 | perm;
}

/* Has a mark passed what is of position @pos? */
static bool alive(const XenViommuCache *c, uint16_t did, uint64_t iova,
                  unsigned int order, uint64_t pos)
{
    unsigned int class;

    if (pos < LOAD(&c->mark_all) || pos < LOAD(&c->mark_did[did])) {
        return false;
    }
    for (class = 0; class < XEN_VIOMMU_CACHE_CLASSES; class++) {
        if (order <= region_order[class] &&
            pos < LOAD(&c->mark_region[class][region_of(iova, class, did)])) {
            return false;
        }
    }
    return true;
}

uint64_t xen_viommu_cache_since(const XenViommuCache *c)
{
    return LOAD(&c->mark_all);
}

static bool lookup_did(const XenViommuCache *c, uint16_t rid, uint16_t *did)
{
    const XenViommuDid *d = &c->rid[rid];
    uint64_t tag = LOAD_ACQ(&d->tag);
    uint64_t pos = LOAD_ACQ(&d->pos);

    if (!pos || (tag & 0x10000) || LOAD(&d->tag) != tag) {
        return false;
    }
    *did = tag;
    return pos - 1 >= LOAD(&c->mark_all) &&
           pos - 1 >= LOAD(&c->mark_did[*did]);
}

bool xen_viommu_cache_lookup(const XenViommuCache *c, uint16_t rid,
                             uint64_t iova, uint8_t access,
                             XenViommuRange *r)
{
    unsigned int word, way;
    uint16_t did;

    if (!lookup_did(c, rid, &did)) {
        return false;
    }

    /* one probe for each size in use: one or two, as a rule */
    for (word = 0; word < 2; word++) {
        uint64_t orders = LOAD(&c->orders[word]);

        for (; orders; orders &= orders - 1) {
            unsigned int order = word * 64 + __builtin_ctzll(orders);
            uint64_t frame = frame_of(iova, order);
            uint64_t base = order < 64 ? frame << order : 0;
            uint64_t want = where_of(base, order, 0);
            const XenViommuEntry *set = c->set[set_of(frame, order, did)];

            for (way = 0; way < XEN_VIOMMU_CACHE_WAYS; way++) {
                const XenViommuEntry *e = &set[way];
                uint64_t tag = LOAD_ACQ(&e->tag);
                uint64_t where = LOAD_ACQ(&e->where);
                uint64_t gpa, pos;

                /*
                 * Too little permission is no hit: Xen has to see the access,
                 * to record the fault or to know better.
                 */
                if ((where & ~3ULL) != want || (uint16_t)tag != did ||
                    (access & ~where)) {
                    continue;
                }
                gpa = LOAD_ACQ(&e->gpa);
                pos = LOAD_ACQ(&e->pos);
                if ((tag & 0x10000) || LOAD(&e->tag) != tag ||
                    !alive(c, did, iova, order, pos)) {
                    continue;
                }
                *r = (XenViommuRange) {
                    .iova = base,
                    .gpa = gpa,
                    .did = did,
                    .order = order,
                    .perm = where & 3,
                };
                return true;
            }
        }
    }
    return false;
}

static void write_entry(XenViommuEntry *e, uint16_t did, uint64_t where,
                        uint64_t gpa, uint64_t pos)
{
    uint64_t seq = LOAD(&e->tag) >> 16;

    STORE(&e->tag, (seq + 1) << 16 | did);
    /* release: not before the odd tag */
    STORE_REL(&e->where, where);
    STORE_REL(&e->gpa, gpa);
    STORE_REL(&e->pos, pos);
    STORE_REL(&e->tag, (seq + 2) << 16 | did);
}

static void write_did(XenViommuDid *d, uint16_t did, uint64_t pos)
{
    uint64_t seq = LOAD(&d->tag) >> 16;

    STORE(&d->tag, (seq + 1) << 16 | did);
    STORE_REL(&d->pos, pos);
    STORE_REL(&d->tag, (seq + 2) << 16 | did);
}

static XenViommuEntry *find(XenViommuCache *c, uint16_t did, uint64_t frame,
                            unsigned int order)
{
    XenViommuEntry *set = c->set[set_of(frame, order, did)];
    uint64_t want = where_of(order < 64 ? frame << order : 0, order, 0);
    unsigned int way;

    for (way = 0; way < XEN_VIOMMU_CACHE_WAYS; way++) {
        if ((LOAD(&set[way].where) & ~3ULL) == want &&
            (uint16_t)LOAD(&set[way].tag) == did) {
            return &set[way];
        }
    }
    return NULL;
}

void xen_viommu_cache_insert(XenViommuCache *c, uint64_t pos, uint16_t rid,
                             const XenViommuRange *r)
{
    uint64_t frame = frame_of(r->iova, r->order), have;
    XenViommuEntry *set = c->set[set_of(frame, r->order, r->did)], *e;
    unsigned int way;

    pthread_mutex_lock(&c->lock);
    if (LOAD(&c->applied) > pos) {
        goto out;
    }

    write_did(&c->rid[rid], r->did, pos + 1);

    /* a second copy of a range with other permissions would hide the first */
    e = find(c, r->did, frame, r->order);
    for (way = 0; way < XEN_VIOMMU_CACHE_WAYS && !e; way++) {
        uint64_t where = LOAD(&set[way].where);

        if (!where ||
            !alive(c, (uint16_t)LOAD(&set[way].tag), where,
                   (where >> 2) & 0x7f, LOAD(&set[way].pos))) {
            e = &set[way];
        }
    }
    if (!e) {
        e = &set[c->victim++ % XEN_VIOMMU_CACHE_WAYS];
    }
    write_entry(e, r->did, where_of(r->iova, r->order, r->perm), r->gpa, pos);

    have = LOAD(&c->orders[r->order / 64]);
    STORE(&c->orders[r->order / 64], have | 1ULL << (r->order % 64));

 out:
    pthread_mutex_unlock(&c->lock);
}

void xen_viommu_cache_forget(XenViommuCache *c, uint16_t rid)
{
    pthread_mutex_lock(&c->lock);
    write_did(&c->rid[rid], 0, 0);
    pthread_mutex_unlock(&c->lock);
}

static void raise_mark(uint64_t *mark, uint64_t pos)
{
    if (LOAD(mark) < pos) {
        STORE(mark, pos);
    }
}

static void remove_range(XenViommuCache *c, uint16_t did, uint64_t iova,
                         unsigned int range, uint64_t after)
{
    /* entries up to this order go by a mark, larger ones one by one */
    unsigned int marked = 0, class = 0, word;

    if (range > PAGE_ORDER) {
        while (range > region_order[class]) {
            if (++class == XEN_VIOMMU_CACHE_CLASSES) {
                raise_mark(&c->mark_did[did], after);
                return;
            }
        }
        raise_mark(&c->mark_region[class][region_of(iova, class, did)],
                   after);
        marked = region_order[class];
    }

    for (word = 0; word < 2; word++) {
        uint64_t orders = LOAD(&c->orders[word]);

        for (; orders; orders &= orders - 1) {
            unsigned int order = word * 64 + __builtin_ctzll(orders);
            XenViommuEntry *e = NULL;

            if (order > marked) {
                e = find(c, did, frame_of(iova, order), order);
            }
            if (e) {
                write_entry(e, did, 0, 0, 0);
            }
        }
    }
}

/*
 * A device's table entry says which domain it is in.  What the device has
 * used of that domain goes too, and with it what others have cached of it:
 * devices seldom move.
 */
static void remove_device(XenViommuCache *c, uint16_t rid, uint16_t mask,
                          uint64_t after)
{
    unsigned int i;

    if (mask & ~RID_MASK_BITS) {
        raise_mark(&c->mark_all, after);
        return;
    }
    for (i = 0; i <= RID_MASK_BITS; i++) {
        const XenViommuDid *d = &c->rid[(rid & ~RID_MASK_BITS) | i];

        if (((rid ^ i) & ~mask & RID_MASK_BITS) || !LOAD(&d->pos)) {
            continue;
        }
        /* which is a mark for the device as well */
        raise_mark(&c->mark_did[(uint16_t)LOAD(&d->tag)], after);
    }
}

static void apply(XenViommuCache *c, const struct xen_viommu_log *e,
                  uint64_t after)
{
    switch (e->inv) {
    case XEN_VIOMMU_INV_TLB_RANGE:
        remove_range(c, e->did, e->iova, MAX(e->order, 12), after);
        break;
    case XEN_VIOMMU_INV_TLB_DOMAIN:
    case XEN_VIOMMU_INV_CONFIG_DOMAIN:
        raise_mark(&c->mark_did[e->did], after);
        break;
    case XEN_VIOMMU_INV_CONFIG_DEVICE:
        remove_device(c, e->rid, e->rid_mask, after);
        break;
    default:
        raise_mark(&c->mark_all, after);
        break;
    }
}

void xen_viommu_cache_apply(XenViommuCache *c, const struct xen_viommu_log *e)
{
    uint64_t after;

    pthread_mutex_lock(&c->lock);
    after = LOAD(&c->applied) + 1;
    apply(c, e, after);
    STORE_REL(&c->applied, after);
    pthread_mutex_unlock(&c->lock);
}

void xen_viommu_cache_sync(XenViommuCache *c, const XenViommuLedger *l)
{
    uint64_t head = xen_viommu_ledger_head(l), pos;
    struct xen_viommu_log e;

    if (xen_viommu_cache_applied(c) >= head) {
        return;
    }

    pthread_mutex_lock(&c->lock);
    for (pos = LOAD(&c->applied); pos < head; pos++) {
        if (head - pos > XEN_VIOMMU_LOG_ENTRIES - 1 ||
            !xen_viommu_ledger_read(l, pos, &e)) {
            raise_mark(&c->mark_all, head);
            pos = head;
            break;
        }
        apply(c, &e, pos + 1);
    }
    STORE_REL(&c->applied, pos);
    pthread_mutex_unlock(&c->lock);
}
