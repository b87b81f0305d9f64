/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As much of Xen as the stub can tell. */
#include "qemu/osdep.h"
#include "fake-xen.h"

typedef uint64_t __attribute__((may_alias)) word;

struct xen_viommu_ledger *fake_ledger(FakeXen *x)
{
    return (void *)x->frames[0];
}

struct xen_viommu_slot *fake_slot(FakeXen *x, unsigned int slot)
{
    return (struct xen_viommu_slot *)(void *)x->frames[2] + slot;
}

void fake_log(FakeXen *x, const struct xen_viommu_log *e)
{
    struct xen_viommu_ledger *l = fake_ledger(x);
    struct xen_viommu_log *log = (void *)x->frames[1];
    word *to = (word *)&log[l->head % XEN_VIOMMU_LOG_ENTRIES];
    const word *from = (const word *)e;

    __atomic_store_n(&to[0], from[0], __ATOMIC_RELEASE);
    __atomic_store_n(&to[1], from[1], __ATOMIC_RELEASE);
    __atomic_fetch_add(&l->head, 1, __ATOMIC_SEQ_CST);
}

void fake_inv(FakeXen *x, uint8_t inv, uint16_t did, uint64_t iova,
              uint8_t order)
{
    struct xen_viommu_log e = {
        .inv = inv, .did = did, .iova = iova, .order = order,
    };

    fake_log(x, &e);
}

bool fake_walk(FakeXen *x, uint16_t rid, uint64_t iova, XenViommuRange *r)
{
    uint16_t did = x->did[rid % NR_RIDS];
    uint64_t entry;

    if (x->disabled) {
        *r = (XenViommuRange) { .order = 64, .perm = 3 };
        return true;
    }
    if (iova >= NR_PAGES * PAGE) {
        return false;
    }
    entry = x->table[did][iova / PAGE];
    *r = (XenViommuRange) {
        .iova = iova & ~(PAGE - 1), .gpa = entry & ~(PAGE - 1), .did = did,
        .order = 12, .perm = entry & 3,
    };
    return entry;
}

static bool is_device(FakeXen *x, const XenViommuRange *r)
{
    return !x->disabled && r->gpa >= DEV_BASE && r->gpa < DEV_END;
}

static int translate(void *opaque, struct xen_viommu_xlat *xlat,
                     unsigned int nr, uint64_t *generation)
{
    FakeXen *x = opaque;
    unsigned int i;

    assert(nr && nr <= XEN_VIOMMU_MAX_XLAT);
    pthread_mutex_lock(&x->lock);
    x->calls++;
    x->asked += nr;
    *generation = __atomic_load_n(&fake_ledger(x)->head, __ATOMIC_SEQ_CST);
    for (i = 0; i < nr; i++) {
        XenViommuRange r;

        if (!fake_walk(x, xlat[i].rid, xlat[i].iova, &r) ||
            (xlat[i].access & ~r.perm)) {
            xlat[i].status = XEN_VIOMMU_XLAT_FAULT;
            xlat[i].reason = 5;
            x->faults += !!xlat[i].access;
            continue;
        }
        xlat[i].iova = r.iova;
        xlat[i].gpa = r.gpa;
        xlat[i].did = r.did;
        xlat[i].order = r.order;
        xlat[i].perm = r.perm;
        xlat[i].status = is_device(x, &r) ? XEN_VIOMMU_XLAT_DEVICE
                                          : XEN_VIOMMU_XLAT_OK;
    }
    pthread_mutex_unlock(&x->lock);
    return 0;
}

static void tell(void *opaque)
{
    FakeXen *x = opaque;

    __atomic_fetch_add(&x->told, 1, __ATOMIC_SEQ_CST);
}

void fake_init(FakeXen *x, XenViommuClient *c)
{
    memset(x, 0, sizeof(*x));
    memset(c, 0, sizeof(*c));
    pthread_mutex_init(&x->lock, NULL);
    c->translate = translate;
    c->tell = tell;
    c->opaque = x;
    xen_viommu_client_init(c, x->frames);
}

void fake_end(FakeXen *x, XenViommuClient *c)
{
    xen_viommu_client_destroy(c);
    pthread_mutex_destroy(&x->lock);
}

bool fake_covers(const struct xen_viommu_log *e, uint16_t rid, uint16_t did,
                 uint64_t iova)
{
    switch (e->inv) {
    case XEN_VIOMMU_INV_CONFIG_DEVICE:
        return (e->rid | e->rid_mask) == (rid | e->rid_mask);
    case XEN_VIOMMU_INV_CONFIG_DOMAIN:
    case XEN_VIOMMU_INV_TLB_DOMAIN:
        return e->did == did;
    case XEN_VIOMMU_INV_TLB_RANGE:
        return e->did == did && (iova >> e->order) == (e->iova >> e->order);
    default:
        return true;
    }
}

bool fake_stale(FakeXen *x, const struct xen_viommu_log *e, uint64_t head)
{
    struct xen_viommu_ledger *l = fake_ledger(x);
    unsigned int i, page;

    if (__atomic_load_n(&l->floor, __ATOMIC_SEQ_CST) < head) {
        return true;
    }
    for (i = 0; i < XEN_VIOMMU_SLOTS; i++) {
        union {
            struct xen_viommu_slot s;
            uint64_t w[sizeof(struct xen_viommu_slot) / 8];
        } u;
        const word *from = (const word *)fake_slot(x, i);

        if (!(__atomic_load_n(&l->busy[i / 64], __ATOMIC_SEQ_CST) &
              (1ULL << (i % 64)))) {
            continue;
        }
        for (page = 0; page < ARRAY_SIZE(u.w); page++) {
            u.w[page] = __atomic_load_n(&from[page], __ATOMIC_ACQUIRE);
        }
        for (page = 0; page < u.s.pages; page++) {
            uint64_t iova = u.s.iova + page * PAGE;
            XenViommuRange r;

            if (fake_covers(e, u.s.rid, u.s.did, iova) &&
                (!fake_walk(x, u.s.rid, iova, &r) ||
                 r.gpa + (iova - r.iova) != u.s.gpa + page * PAGE ||
                 (u.s.access & ~r.perm))) {
                return true;
            }
        }
    }
    return false;
}
