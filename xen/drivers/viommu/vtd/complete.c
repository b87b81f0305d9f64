/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage: completion.  In: the proof that a flush has been drained.  Out: the
 * guest sees the command that asked for it as done.  No other file clears ICC
 * or IVT, changes GSTS to say that something has happened, or writes the status
 * of a wait descriptor.  Called with the lock held.
 */
#include "vtd.h"

/* Clear a command bit and report the granularity that was performed. */
static void finish(struct vtd *vtd, unsigned int reg, uint64_t busy,
                   uint64_t actual, uint64_t granularity)
{
    vtd_set64(vtd, reg, (vtd_get64(vtd, reg) & ~(busy | actual)) | granularity);
}

void cf_check vtd_complete(struct viommu *viommu,
                           const struct viommu_drained *drained)
{
    const struct viommu_result *result = viommu_drained_result(drained);
    struct vtd *vtd = to_vtd(viommu);
    uint32_t gsts = vtd_get32(vtd, VTD_GSTS);
    uint64_t val;

    ASSERT(spin_is_locked(&viommu->lock));

    switch ( result->kind )
    {
    case VTD_CMD_SRTP:
        vtd_set32(vtd, VTD_GSTS, gsts | VTD_GSTS_RTPS);
        break;

    case VTD_CMD_TE:
        gsts &= ~VTD_GSTS_TES;
        vtd_set32(vtd, VTD_GSTS, vtd->te ? gsts | VTD_GSTS_TES : gsts);
        break;

    case VTD_CMD_SIRTP:
        vtd_set32(vtd, VTD_GSTS, gsts | VTD_GSTS_IRTPS);
        break;

    case VTD_CMD_IRE:
        gsts &= ~(VTD_GSTS_IRES | VTD_GSTS_CFIS);
        vtd_set32(vtd, VTD_GSTS, gsts |
                                 (vtd->ir.enabled ? VTD_GSTS_IRES : 0) |
                                 (vtd->ir.compat ? VTD_GSTS_CFIS : 0));
        break;

    case VTD_CMD_QIE:
        gsts &= ~VTD_GSTS_QIES;
        if ( !vtd->queue.enabled )
            vtd_set64(vtd, VTD_IQH, 0);
        vtd_set32(vtd, VTD_GSTS,
                  vtd->queue.enabled ? gsts | VTD_GSTS_QIES : gsts);
        break;

    case VTD_CMD_IQH:
        /* The queue may have been disabled meanwhile. */
        if ( !vtd->queue.draining )
            break;
        vtd->queue.draining = false;
        vtd_queue_show_head(vtd);
        break;

    case VTD_CMD_QUEUED:
        /*
         * 6.5.2.8: the status first.  Where there is no memory of the guest
         * to write it to, it is not written.
         */
        if ( result->addr & VTD_RESULT_SW )
            (void)viommu_host_write32(viommu, result->addr & VTD_WAIT_ADDR,
                                      result->data);
        if ( result->addr & VTD_RESULT_IF )
            vtd_wait_event(vtd);
        break;

    case VTD_CMD_CCMD:
        val = (vtd_get64(vtd, VTD_CCMD) & VTD_CCMD_CIRG) >> VTD_CCMD_CIRG_SHIFT;
        finish(vtd, VTD_CCMD, VTD_CCMD_ICC, VTD_CCMD_CAIG,
               val << VTD_CCMD_CAIG_SHIFT);
        break;

    case VTD_CMD_IOTLB:
        val = (vtd_get64(vtd, VTD_IOTLB) & VTD_IOTLB_IIRG) >>
              VTD_IOTLB_IIRG_SHIFT;
        finish(vtd, VTD_IOTLB, VTD_IOTLB_IVT, VTD_IOTLB_IAIG,
               val << VTD_IOTLB_IAIG_SHIFT);
        break;
    }
}

void vtd_refuse(struct vtd *vtd, const struct vtd_cmd *cmd)
{
    ASSERT(spin_is_locked(&vtd->viommu.lock));

    if ( cmd->kind == VTD_CMD_CCMD )
        finish(vtd, VTD_CCMD, VTD_CCMD_ICC, VTD_CCMD_CAIG, 0);
    else if ( cmd->kind == VTD_CMD_IOTLB )
        finish(vtd, VTD_IOTLB, VTD_IOTLB_IVT, VTD_IOTLB_IAIG, 0);
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
