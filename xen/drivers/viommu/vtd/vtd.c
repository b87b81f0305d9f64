/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage: execution.  In: commands from the register file.  Out: flushes, to be
 * drained.  Called with the lock held.
 *
 * Xen caches no translation, so that a flush is nothing but the end of the
 * generation in which the DM may cache what it was given.
 */
#include "vtd.h"

/* One slot of the drain for each thing that the guest can wait for. */
enum { SLOT_SRTP, SLOT_TE, SLOT_CCMD, SLOT_IOTLB };

static void flush(struct vtd *vtd, unsigned int slot, unsigned int inv,
                  enum vtd_cmd_kind kind)
{
    struct viommu_flush f = { .slot = slot, .inv = inv, .arg = kind };

    viommu_drain_start(&vtd->viommu, &f);
}

/* 6.5.1.1, 11.4.6.1 */
static void invalidate_context(struct vtd *vtd, const struct vtd_cmd *cmd)
{
    static const uint8_t inv[] = {
        [VTD_G_GLOBAL] = XEN_VIOMMU_INV_CONFIG_GLOBAL,
        [VTD_G_DOMAIN] = XEN_VIOMMU_INV_CONFIG_DOMAIN,
        [VTD_G_DEVICE] = XEN_VIOMMU_INV_CONFIG_DEVICE,
    };
    unsigned int g = (cmd->val & VTD_CCMD_CIRG) >> VTD_CCMD_CIRG_SHIFT;

    if ( !g )
        vtd_refuse(vtd, cmd);
    else
        flush(vtd, SLOT_CCMD, inv[g], cmd->kind);
}

/* 6.5.1.2, 11.4.6.2 */
static void invalidate_iotlb(struct vtd *vtd, const struct vtd_cmd *cmd)
{
    static const uint8_t inv[] = {
        [VTD_G_GLOBAL] = XEN_VIOMMU_INV_TLB_GLOBAL,
        [VTD_G_DOMAIN] = XEN_VIOMMU_INV_TLB_DOMAIN,
        [VTD_G_PAGE] = XEN_VIOMMU_INV_TLB_RANGE,
    };
    unsigned int g = (cmd->val & VTD_IOTLB_IIRG) >> VTD_IOTLB_IIRG_SHIFT;

    if ( !g || (g == VTD_G_PAGE && (cmd->iva & VTD_IVA_AM) > VTD_MAMV) )
        vtd_refuse(vtd, cmd);
    else
        flush(vtd, SLOT_IOTLB, inv[g], cmd->kind);
}

static void execute(struct vtd *vtd, const struct vtd_cmd *cmd)
{
    switch ( cmd->kind )
    {
    case VTD_CMD_SRTP:
        vtd->root = cmd->val;
        vtd_set32(vtd, VTD_GSTS, vtd_get32(vtd, VTD_GSTS) & ~VTD_GSTS_RTPS);
        /* CAP.ESRTPS is 0, but nothing is lost by what it promises. */
        flush(vtd, SLOT_SRTP, XEN_VIOMMU_INV_CONTROL, cmd->kind);
        break;

    case VTD_CMD_TE:
        vtd->te = cmd->val;
        flush(vtd, SLOT_TE, XEN_VIOMMU_INV_CONTROL, cmd->kind);
        break;

    case VTD_CMD_CCMD:
        invalidate_context(vtd, cmd);
        break;

    case VTD_CMD_IOTLB:
        invalidate_iotlb(vtd, cmd);
        break;

    case VTD_CMD_FAULT:
        vtd_fault_update(vtd);
        break;
    }
}

static uint64_t cf_check vtd_read(struct viommu *viommu, unsigned int off,
                                  unsigned int size)
{
    return vtd_regs_read(to_vtd(viommu), off, size);
}

static void cf_check vtd_write(struct viommu *viommu, unsigned int off,
                               unsigned int size, uint64_t val)
{
    struct vtd *vtd = to_vtd(viommu);
    struct vtd_cmds cmds;
    unsigned int i;

    ASSERT(spin_is_locked(&viommu->lock));

    vtd_regs_write(vtd, off, size, val, &cmds);
    for ( i = 0; i < cmds.nr; i++ )
        execute(vtd, &cmds.cmd[i]);
}

static void cf_check vtd_view(const struct viommu *viommu,
                              struct viommu_view *view)
{
    const struct vtd *vtd = container_of(viommu, const struct vtd, viommu);

    view->enabled = vtd->te;
    view->root = vtd->root;
}

static void cf_check vtd_init(struct viommu *viommu)
{
    BUILD_BUG_ON(offsetof(struct vtd, viommu));

    vtd_regs_reset(to_vtd(viommu));
}

const struct viommu_frontend vtd_frontend = {
    .type = XEN_VIOMMU_TYPE_VTD,
    .size = sizeof(struct vtd),
    .init = vtd_init,
    .read = vtd_read,
    .write = vtd_write,
    .view = vtd_view,
    .walk = vtd_walk,
    .fault = vtd_fault_record,
    .complete = vtd_complete,
};

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
