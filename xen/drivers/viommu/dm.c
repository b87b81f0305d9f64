/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device model's side: attachment, translation, acknowledgement.  All of
 * its input is hostile; the arch code has copied it.
 */
#include "core.h"

/* May @caller act as the DM?  Only the one that is attached, and alive. */
static bool is_dm(struct viommu *viommu, domid_t caller)
{
    ASSERT(spin_is_locked(&viommu->lock));

    return viommu->dm.attached && viommu->dm.domid == caller &&
           viommu_host_port_bound(viommu, viommu->dm.port);
}

/* End an attachment.  Returns whether there is a port to be freed. */
static bool drop_dm(struct viommu *viommu, evtchn_port_t *port)
{
    bool attached = viommu->dm.attached;

    ASSERT(spin_is_locked(&viommu->lock));

    *port = viommu->dm.port;
    viommu_drain_abandon(viommu);
    viommu->dm.attached = false;
    viommu_settle(viommu);

    return attached;
}

int viommu_attach(struct viommu *viommu, domid_t caller,
                  struct xen_dm_op_viommu_attach *op)
{
    evtchn_port_t old;
    bool had;
    int rc;

    if ( !op->version || op->flags )
        return -EINVAL;

    spin_lock(&viommu->attach_lock);

    viommu_lock(viommu);
    if ( viommu->dm.attached &&
         viommu_host_port_bound(viommu, viommu->dm.port) )
    {
        viommu_unlock(viommu);
        rc = -EBUSY;
        goto out;
    }
    /* The domain is being destroyed. */
    if ( !viommu->ledger )
    {
        viommu_unlock(viommu);
        rc = -EINVAL;
        goto out;
    }
    had = drop_dm(viommu, &old);
    viommu_unlock(viommu);

    if ( had )
        viommu_host_port_free(viommu, old);

    rc = viommu_host_port_alloc(viommu, caller);
    if ( rc < 0 )
        goto out;

    /*
     * attach_lock keeps the ledger where it is.  Until this is done the DM can
     * neither translate nor be waited for.
     */
    viommu_lock(viommu);
    viommu_ledger_clear(viommu);
    viommu->dm.attached = true;
    viommu->dm.domid = caller;
    viommu->dm.port = rc;
    viommu_unlock(viommu);

    op->version = XEN_VIOMMU_DM_VERSION;
    if ( viommu->flags & XEN_VIOMMU_CREATE_INTREMAP )
        op->flags = XEN_VIOMMU_ATTACH_INTREMAP;
    op->port = rc;
    rc = 0;

 out:
    spin_unlock(&viommu->attach_lock);

    return rc;
}

int viommu_detach(struct viommu *viommu, domid_t caller)
{
    evtchn_port_t old = 0;
    bool had = false;
    int rc = -ENOTCONN;

    spin_lock(&viommu->attach_lock);

    viommu_lock(viommu);
    if ( viommu->dm.attached && viommu->dm.domid == caller )
    {
        had = drop_dm(viommu, &old);
        rc = 0;
    }
    viommu_unlock(viommu);

    if ( had )
        viommu_host_port_free(viommu, old);

    spin_unlock(&viommu->attach_lock);

    return rc;
}

struct viommu_ledger *viommu_take_ledger(struct viommu *viommu)
{
    struct viommu_ledger *ledger;
    evtchn_port_t port;
    bool had;

    spin_lock(&viommu->attach_lock);

    viommu_lock(viommu);
    had = drop_dm(viommu, &port);
    ledger = viommu->ledger;
    viommu->ledger = NULL;
    viommu_unlock(viommu);

    if ( had )
        viommu_host_port_free(viommu, port);

    spin_unlock(&viommu->attach_lock);

    return ledger;
}

/* A stretch of the guest's addresses that a device may access. */
struct block {
    unsigned int order;     /* log2 of its length, 0 for none */
    uint64_t gpa;           /* any address in it */
    bool device;            /* the DM has it, and it is no memory */
};

/*
 * A valid translation says where; the p2m says whether anything is there, and
 * over how long a stretch that has been looked at.  With the vIOMMU disabled
 * the DM works as if there were none, holes included.  @block: what has been
 * found so in the same call.
 */
static void check_target(const struct viommu *viommu, struct block *block,
                         struct xen_viommu_xlat *xlat, uint64_t iova)
{
    uint64_t off = iova - xlat->iova, mask;
    unsigned int order;

    if ( !block->order || ((xlat->gpa + off) ^ block->gpa) >> block->order )
    {
        block->gpa = xlat->gpa + off;
        /* Whatever is in place of the registers, devices do not reach it. */
        if ( block->gpa >> 12 == viommu->base >> 12 )
            block->order = 0;
        else
            block->order = viommu_host_block_order(viommu, block->gpa,
                                                   &block->device);
    }
    order = block->order;

    if ( !order )
    {
        xlat->status = XEN_VIOMMU_XLAT_BLOCKED;
        xlat->gpa = 0;
        xlat->perm = 0;
        return;
    }

    if ( block->device )
        xlat->status = XEN_VIOMMU_XLAT_DEVICE;
    else
        xlat->block = order;

    if ( order >= xlat->order )
        return;

    mask = (1ULL << order) - 1;
    xlat->order = order;
    xlat->iova += off & ~mask;
    xlat->gpa += off & ~mask;
}

int viommu_translate(struct viommu *viommu, domid_t caller,
                     struct xen_viommu_xlat *xlat, unsigned int nr,
                     uint64_t *generation)
{
    struct viommu_fault fault[XEN_VIOMMU_MAX_XLAT] = {};
    struct viommu_path path = {};
    struct block block = {};
    struct viommu_view view;
    unsigned int i, j;

    if ( !nr )
        return -EINVAL;
    if ( nr > XEN_VIOMMU_MAX_XLAT )
        return -E2BIG;

    for ( i = 0; i < nr; i++ )
    {
        if ( (xlat[i].access & ~(XEN_VIOMMU_READ | XEN_VIOMMU_WRITE)) ||
             xlat[i].rid > 0xffff )
            return -EINVAL;
        for ( j = 0; j < ARRAY_SIZE(xlat[i].pad); j++ )
            if ( xlat[i].pad[j] )
                return -EINVAL;
    }

    viommu_lock(viommu);
    if ( !is_dm(viommu, caller) )
    {
        viommu_unlock(viommu);
        return -ENOTCONN;
    }
    /*
     * Before the walks: an invalidation that comes while they run, and which
     * they may or may not see, then waits for whatever they come to.
     */
    *generation = viommu_drain_hand_out(viommu);
    viommu->fe->view(viommu, &view);
    viommu_unlock(viommu);

    for ( i = 0; i < nr; i++ )
    {
        uint64_t iova = xlat[i].iova;

        fault[i].rid = xlat[i].rid;
        fault[i].addr = iova;
        fault[i].quiet = !xlat[i].access;
        viommu_resolve(viommu, &view, &path, &xlat[i], &fault[i]);
        if ( view.enabled && xlat[i].status == XEN_VIOMMU_XLAT_OK )
            check_target(viommu, &block, &xlat[i], iova);
    }

    viommu_lock(viommu);
    viommu->stats.translations += nr;
    for ( i = 0; i < nr; i++ )
    {
        /* What was only asked for, to be ready for it, is not refused. */
        if ( xlat[i].status == XEN_VIOMMU_XLAT_OK ||
             xlat[i].status == XEN_VIOMMU_XLAT_DEVICE || !xlat[i].access )
            continue;

        viommu->stats.faults++;
        if ( fault[i].reason && !fault[i].quiet &&
             !viommu->fe->fault(viommu, &fault[i]) )
            viommu->stats.faults_lost++;
    }
    viommu_unlock(viommu);

    return 0;
}

int viommu_ack(struct viommu *viommu, domid_t caller,
               const struct xen_dm_op_viommu_ack *op)
{
    int rc = -ENOTCONN;

    if ( op->pad )
        return -EINVAL;

    viommu_lock(viommu);
    if ( is_dm(viommu, caller) )
    {
        viommu_drain_poll(viommu, true);
        viommu_settle(viommu);
        rc = 0;
    }
    viommu_unlock(viommu);

    return rc;
}

int viommu_msi(const struct xen_dm_op_viommu_msi *op,
               struct viommu_request *req)
{
    if ( op->segment || op->flags || op->addr >> 20 != 0xfee )
        return -EINVAL;

    *req = (struct viommu_request){
        .rid = op->rid, .addr = op->addr, .data = op->data,
    };

    return 0;
}

void viommu_get_stats(struct viommu *viommu, struct xen_viommu_stats *stats)
{
    const struct viommu_wait *oldest;
    struct viommu_view view;

    viommu_lock(viommu);

    viommu->fe->view(viommu, &view);
    oldest = viommu_drain_oldest(viommu);

    *stats = viommu->stats;
    stats->type = viommu->fe->type;
    stats->base = viommu->base;
    stats->requested = viommu->drain.requested;
    stats->drained = viommu->drain.drained;
    if ( view.enabled )
        stats->flags |= XEN_VIOMMU_STATS_ENABLED;
    if ( viommu->dm.attached &&
         viommu_host_port_bound(viommu, viommu->dm.port) )
        stats->flags |= XEN_VIOMMU_STATS_DM;
    if ( oldest )
    {
        stats->flags |= XEN_VIOMMU_STATS_WAITING;
        stats->waiting = oldest->time;
    }
    if ( viommu->ledger )
        viommu_ledger_stats(viommu, stats);
    stats->now_ns = viommu_now(viommu);

    viommu_unlock(viommu);
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
