/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stub's cache, with a log that this program writes. */
#include "qemu/osdep.h"
#include "xen-viommu-client.h"
#include "bench.h"

static _Alignas(4096) char frames[XEN_VIOMMU_LEDGER_FRAMES][4096];
static XenViommuClient client;

static int no_translate(void *opaque, struct xen_viommu_xlat *xlat,
                        unsigned int nr, uint64_t *generation)
{
    (void)opaque, (void)xlat, (void)nr, (void)generation;
    return -1;
}

static void init(void)
{
    memset(frames, 0, sizeof(frames));
    client.translate = no_translate;
    xen_viommu_client_init(&client, frames);
}

static void end(void)
{
    xen_viommu_client_destroy(&client);
}

static void insert(unsigned int rid, uint64_t iova, uint64_t gpa)
{
    XenViommuRange r = {
        .iova = iova, .gpa = gpa, .did = 1, .order = 12, .perm = 3,
    };

    xen_viommu_cache_insert(client.cache,
                            xen_viommu_cache_applied(client.cache), rid, &r);
}

static uint64_t lookup(unsigned int rid, uint64_t iova)
{
    XenViommuRange r;

    xen_viommu_cache_sync(client.cache, &client.ledger);
    if (!xen_viommu_cache_lookup(client.cache, rid, iova, 1, &r)) {
        return 0;
    }
    return r.gpa + (iova - r.iova);
}

static uint64_t use(void *state, unsigned int rid, uint64_t iova)
{
    XenViommuUse *u = state;

    if (!xen_viommu_begin(&client, rid, iova, 64, 1, false, 1, u)) {
        return 0;
    }
    xen_viommu_end(&client, u);
    return u->span.gpa;
}

static void *use_new(void)
{
    XenViommuUse *u = g_new0(XenViommuUse, 1);

    *u = (XenViommuUse) { .slot = -1, .keep = true };
    return u;
}

static void invalidate(enum inv inv, uint64_t iova)
{
    static const uint8_t kinds[] = {
        [INV_PAGE] = XEN_VIOMMU_INV_TLB_RANGE,
        [INV_DOMAIN] = XEN_VIOMMU_INV_TLB_DOMAIN,
        [INV_ALL] = XEN_VIOMMU_INV_TLB_GLOBAL,
    };
    struct xen_viommu_ledger *l = (void *)frames[0];
    struct xen_viommu_log *log = (void *)frames[1];

    log[l->head % XEN_VIOMMU_LOG_ENTRIES] = (struct xen_viommu_log) {
        .inv = kinds[inv], .did = 1, .iova = iova, .order = 12,
    };
    __atomic_fetch_add(&l->head, 1, __ATOMIC_SEQ_CST);
    xen_viommu_cache_sync(client.cache, &client.ledger);
}

const struct cache ours = {
    .name = "ledger", .init = init, .end = end, .insert = insert,
    .lookup = lookup, .invalidate = invalidate, .use = use,
    .use_new = use_new,
};
