/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pipeline: one register access in, its command through flush and drain
 * as far as it goes, what is complete shown to the guest.
 */
#include "core.h"

const struct viommu_frontend *viommu_frontend(
    const struct xen_domctl_viommu_create *op)
{
    const struct viommu_frontend *const *fe;
    const uint32_t flags = XEN_VIOMMU_CREATE_NO_QUEUE |
                           XEN_VIOMMU_CREATE_INTREMAP;
    unsigned int i;

    if ( (op->flags & ~flags) || op->flags == flags ||
         (op->aw != 39 && op->aw != 48) ||
         (op->base & (VIOMMU_PAGE_SIZE - 1)) ||
         op->base > 0x100000000ULL - VIOMMU_PAGE_SIZE )
        return NULL;

    for ( i = 0; i < ARRAY_SIZE(op->pad); i++ )
        if ( op->pad[i] )
            return NULL;

    for ( fe = viommu_frontends; *fe; fe++ )
        if ( (*fe)->type == op->type )
            return *fe;

    return NULL;
}

void viommu_init(struct viommu *viommu, const struct viommu_frontend *fe,
                 struct domain *d, unsigned int unit, uint8_t haw,
                 const struct xen_domctl_viommu_create *op)
{
    viommu->fe = fe;
    viommu->domain = d;
    viommu->unit = unit;
    viommu->base = op->base;
    viommu->aw = op->aw;
    viommu->haw = viommu->host_haw = haw;
    viommu->flags = op->flags;
    spin_lock_init(&viommu->attach_lock);
    spin_lock_init(&viommu->lock);
    spin_lock_init(&viommu->refused.lock);

    spin_lock(&viommu->lock);
    fe->init(viommu);
    spin_unlock(&viommu->lock);
}

void viommu_give_ledger(struct viommu *viommu, struct viommu_ledger *ledger,
                        void *frames)
{
    viommu_ledger_init(ledger, frames);
    viommu->ledger = ledger;
}

void viommu_give_mirror(struct viommu *viommu, void *page)
{
    viommu->mirror = page;
}

void *viommu_take_mirror(struct viommu *viommu)
{
    void *page;

    spin_lock(&viommu->lock);
    page = viommu->mirror;
    viommu->mirror = NULL;
    spin_unlock(&viommu->lock);

    return page;
}

/* Show the guest what is drained. */
static void show(struct viommu *viommu)
{
    const struct viommu_drained *drained;

    /* At most one for each slot and entry: nothing in here begins a wait. */
    while ( (drained = viommu_drain_next(viommu)) )
        viommu->fe->complete(viommu, drained);
}

/* Is there work for a vCPU?  If not, somebody may have to look after the DM. */
static bool is_more(struct viommu *viommu)
{
    bool more = viommu->fe->runnable(viommu) || viommu_drain_runnable(viommu);

    viommu_host_watch(viommu, more || viommu_drain_oldest(viommu));

    return more;
}

/* Is the guest to be shown anything now? */
static bool is_awake(struct viommu *viommu)
{
    if ( viommu_host_frozen(viommu) )
        return false;

    viommu->fe->thaw(viommu);

    return true;
}

bool viommu_advance(struct viommu *viommu)
{
    ASSERT(spin_is_locked(&viommu->lock));

    if ( !is_awake(viommu) )
        return false;

    show(viommu);
    viommu->fe->run(viommu);
    viommu_drain_run(viommu);
    show(viommu);

    return is_more(viommu);
}

void viommu_settle(struct viommu *viommu)
{
    ASSERT(spin_is_locked(&viommu->lock));

    if ( !is_awake(viommu) )
        return;

    show(viommu);
    viommu_drain_tell(viommu);
    viommu->kick |= is_more(viommu);
}

void viommu_lock(struct viommu *viommu)
{
    spin_lock(&viommu->lock);
    viommu_collect_refused(viommu);
}

void viommu_unlock(struct viommu *viommu)
{
    struct viommu_msi msi[VIOMMU_NR_MSI];
    bool kick = viommu->kick;
    unsigned int i;

    memcpy(msi, viommu->msi, sizeof(msi));
    for ( i = 0; i < VIOMMU_NR_MSI; i++ )
        viommu->msi[i].valid = false;
    viommu->kick = false;

    spin_unlock(&viommu->lock);

    for ( i = 0; i < VIOMMU_NR_MSI; i++ )
        if ( msi[i].valid )
            viommu_host_msi(viommu, msi[i].addr, msi[i].data);

    if ( kick )
        viommu_host_kick(viommu);
}

void viommu_reset(struct viommu *viommu)
{
    static const struct xen_viommu_log all = { .inv = XEN_VIOMMU_INV_CONTROL };

    spin_lock(&viommu->lock);
    viommu_forget_refused(viommu);
    viommu_drain_cancel(viommu);
    viommu->fe->init(viommu);
    viommu_drain_announce(viommu, &all);
    viommu_settle(viommu);
    viommu_unlock(viommu);
}

void viommu_p2m_changed(struct viommu *viommu)
{
    static const struct xen_viommu_log all = {
        .inv = XEN_VIOMMU_INV_TLB_GLOBAL,
    };
    struct viommu_view view;

    viommu_lock(viommu);
    viommu->fe->view(viommu, &view);
    /* While disabled, addresses are what they are, whatever is there. */
    if ( view.enabled )
    {
        viommu_drain_announce(viommu, &all);
        viommu_settle(viommu);
    }
    viommu_unlock(viommu);
}

static bool dm_alive(const struct viommu *viommu)
{
    return viommu->dm.attached &&
           viommu_host_port_bound(viommu, viommu->dm.port);
}

/* What a DM that died owes is paid, and what one did not say is seen. */
static void check_dm(struct viommu *viommu)
{
    if ( !viommu_drain_oldest(viommu) )
        return;

    if ( dm_alive(viommu) )
        viommu_drain_poll(viommu, false);
    else
        viommu_drain_abandon(viommu);
}

bool viommu_continue(struct viommu *viommu)
{
    bool more;

    viommu_lock(viommu);
    check_dm(viommu);
    more = viommu_advance(viommu);
    viommu_unlock(viommu);

    return more;
}

void viommu_tick(struct viommu *viommu)
{
    viommu_lock(viommu);
    /* Slots are not looked at: who is alive says when DMA has ended. */
    if ( viommu_drain_oldest(viommu) && !dm_alive(viommu) )
        viommu_drain_abandon(viommu);
    viommu_settle(viommu);
    viommu_unlock(viommu);
}

uint64_t viommu_mmio_read(struct viommu *viommu, uint64_t addr,
                          unsigned int size, bool first)
{
    struct xen_viommu_timeline *longest = &viommu->stats.longest;
    uint64_t val;

    viommu_lock(viommu);

    viommu->stats.mmio_reads++;

    /* The guest polls: without this it would wait for the next timer. */
    if ( first )
    {
        check_dm(viommu);
        viommu->kick |= viommu_advance(viommu);
    }

    val = viommu->fe->read(viommu, addr - viommu->base, size);

    if ( longest->clear_ns && !longest->seen_ns )
        longest->seen_ns = viommu_now(viommu);

    viommu_unlock(viommu);

    return val;
}

void viommu_mmio_write(struct viommu *viommu, uint64_t addr,
                       unsigned int size, uint64_t val, bool first)
{
    viommu_lock(viommu);
    viommu->stats.mmio_writes++;
    viommu->fe->write(viommu, addr - viommu->base, size, val);
    if ( first )
        viommu->kick |= viommu_advance(viommu);
    else
    {
        viommu->kick = true;
        viommu_host_watch(viommu, true);
    }
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
