/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Save and restore: the configuration, and who may load what when.  The rest
 * of the record is the front end's.
 */
#include "core.h"

void viommu_save(struct viommu *viommu, struct hvm_hw_viommu *rec)
{
    spin_lock(&viommu->lock);

    /* While the guest may run, there is one to do it. */
    if ( viommu_host_frozen(viommu) )
        viommu_collect_refused(viommu);
    memset(rec, 0, sizeof(*rec));
    rec->base = viommu->base;
    rec->type = viommu->fe->type;
    rec->flags = viommu->flags;
    rec->aw = viommu->aw;
    rec->haw = viommu->haw;
    rec->nr_units = viommu_host_units(viommu);
    viommu->fe->save(viommu, rec);

    spin_unlock(&viommu->lock);
}

const char *viommu_check(const struct viommu *viommu,
                         const struct hvm_hw_viommu *rec)
{
    if ( rec->type != viommu->fe->type )
        return "another type";
    if ( rec->base != viommu->base )
        return "another base";
    if ( rec->flags != viommu->flags )
        return "other flags";
    if ( rec->aw != viommu->aw )
        return "another width of addresses";
    /* 36: as in viommu_init(). */
    if ( rec->haw < 36 || rec->haw > viommu->host_haw )
        return "memory wider than this host's";
    /*
     * One whose record is missing would not be what its guest has made of it.
     */
    if ( rec->nr_units != viommu_host_units(viommu) )
        return "another number of units";
    if ( rec->pad0 )
        return "a reserved field in use";

    return viommu->fe->check(viommu, rec);
}

int viommu_load(struct viommu *viommu, const struct hvm_hw_viommu *rec,
                const char **why)
{
    int rc = 0;

    *why = viommu_check(viommu, rec);
    if ( *why )
        return -EINVAL;

    spin_lock(&viommu->lock);

    if ( viommu->dm.attached &&
         viommu_host_port_bound(viommu, viommu->dm.port) )
    {
        *why = "a device model is attached";
        rc = -EBUSY;
    }
    else
    {
        /* Nothing is in flight: whatever is begun from here on is drained. */
        viommu_forget_refused(viommu);
        viommu_drain_abandon(viommu);
        viommu_drain_cancel(viommu);
        memset(&viommu->stats, 0, sizeof(viommu->stats));
        viommu->stats.flags = XEN_VIOMMU_STATS_RESTORED;
        viommu->haw = rec->haw;
        viommu->fe->load(viommu, rec);
    }

    spin_unlock(&viommu->lock);

    return rc;
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
