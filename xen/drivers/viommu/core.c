/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pipeline: one register access in, its command through flush and drain
 * as far as it goes, what is complete shown to the guest.
 */
#include "core.h"
#include "vtd/vtd.h"

static const struct viommu_frontend *const frontends[] = {
    &vtd_frontend,
};

const struct viommu_frontend *viommu_frontend(
    const struct xen_domctl_viommu_op *op)
{
    unsigned int i;

    if ( op->cmd != XEN_DOMCTL_VIOMMU_create || op->flags ||
         op->pad[0] || op->pad[1] || (op->aw != 39 && op->aw != 48) ||
         (op->base & (VIOMMU_PAGE_SIZE - 1)) ||
         op->base > 0x100000000ULL - VIOMMU_PAGE_SIZE )
        return NULL;

    for ( i = 0; i < ARRAY_SIZE(frontends); i++ )
        if ( frontends[i]->type == op->type )
            return frontends[i];

    return NULL;
}

void viommu_init(struct viommu *viommu, const struct viommu_frontend *fe,
                 struct domain *d, uint8_t haw,
                 const struct xen_domctl_viommu_op *op)
{
    viommu->fe = fe;
    viommu->domain = d;
    viommu->base = op->base;
    viommu->aw = op->aw;
    viommu->haw = haw;
    spin_lock_init(&viommu->attach_lock);
    spin_lock_init(&viommu->lock);
    fe->init(viommu);
}

void viommu_settle(struct viommu *viommu)
{
    const struct viommu_drained *drained;

    ASSERT(spin_is_locked(&viommu->lock));

    /* At most VIOMMU_DRAIN_SLOTS times: nothing in here starts a drain. */
    while ( (drained = viommu_drain_next(viommu)) )
        viommu->fe->complete(viommu, drained);

    viommu_host_watch(viommu, viommu_drain_oldest(viommu));
}

void viommu_unlock(struct viommu *viommu)
{
    struct viommu_msi msi = viommu->msi;

    viommu->msi.valid = false;
    spin_unlock(&viommu->lock);

    if ( msi.valid )
        viommu_host_msi(viommu, msi.addr, msi.data);
}

uint64_t viommu_mmio_read(struct viommu *viommu, uint64_t addr,
                          unsigned int size)
{
    struct xen_viommu_timeline *longest = &viommu->stats.longest;
    uint64_t val;

    spin_lock(&viommu->lock);

    /* The guest polls: without this it would wait for the next timer. */
    if ( viommu_drain_oldest(viommu) &&
         !viommu_host_port_bound(viommu, viommu->dm.port) )
    {
        viommu_drain_abandon(viommu);
        viommu_settle(viommu);
    }

    val = viommu->fe->read(viommu, addr - viommu->base, size);

    if ( longest->clear_ns && !longest->seen_ns )
        longest->seen_ns = viommu_host_now();

    viommu_unlock(viommu);

    return val;
}

void viommu_mmio_write(struct viommu *viommu, uint64_t addr,
                       unsigned int size, uint64_t val)
{
    spin_lock(&viommu->lock);
    viommu->fe->write(viommu, addr - viommu->base, size, val);
    viommu_settle(viommu);
    viommu_unlock(viommu);
}

void viommu_check_dm(struct viommu *viommu)
{
    spin_lock(&viommu->lock);

    if ( viommu_drain_oldest(viommu) &&
         !viommu_host_port_bound(viommu, viommu->dm.port) )
        viommu_drain_abandon(viommu);
    viommu_settle(viommu);

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
