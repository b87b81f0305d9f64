/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage: execution.  In: commands from the register file and the queue.  Out:
 * flushes, and waits for their drain.  Called with the lock held.
 *
 * Xen caches no translation, so that a flush is nothing but the end of the
 * generation in which the DM may cache what it was given.
 */
#include "vtd.h"

static const uint8_t inv_config[] = {
    [VTD_G_GLOBAL] = XEN_VIOMMU_INV_CONFIG_GLOBAL,
    [VTD_G_DOMAIN] = XEN_VIOMMU_INV_CONFIG_DOMAIN,
    [VTD_G_DEVICE] = XEN_VIOMMU_INV_CONFIG_DEVICE,
};

static const uint8_t inv_tlb[] = {
    [VTD_G_GLOBAL] = XEN_VIOMMU_INV_TLB_GLOBAL,
    [VTD_G_DOMAIN] = XEN_VIOMMU_INV_TLB_DOMAIN,
    [VTD_G_PAGE] = XEN_VIOMMU_INV_TLB_RANGE,
};

/* What an invalidation names; what does not belong to its kind is 0. */
static void flush_config(struct vtd *vtd, unsigned int g, uint16_t did,
                         uint16_t sid, unsigned int fm)
{
    struct xen_viommu_log inv = { .inv = inv_config[g] };

    if ( g == VTD_G_DOMAIN )
        inv.did = did;
    else if ( g == VTD_G_DEVICE )
    {
        inv.rid = sid;
        /* 6.5.1.1: the most significant FM bits of the function do not count */
        inv.rid_mask = 7 & ~(7 >> fm);
    }
    viommu_drain_flush(&vtd->viommu, &inv);
}

static void flush_tlb(struct vtd *vtd, unsigned int g, uint16_t did,
                      uint64_t iva)
{
    struct xen_viommu_log inv = { .inv = inv_tlb[g] };

    if ( g != VTD_G_GLOBAL )
        inv.did = did;
    if ( g == VTD_G_PAGE )
    {
        inv.order = 12 + (iva & VTD_IVA_AM);
        inv.iova = iva & ~((1ULL << inv.order) - 1);
    }
    viommu_drain_flush(&vtd->viommu, &inv);
}

static void flush_control(struct vtd *vtd)
{
    static const struct xen_viommu_log inv = { .inv = XEN_VIOMMU_INV_CONTROL };

    viommu_drain_flush(&vtd->viommu, &inv);
}

/* The guest waits for a register to change. */
static void wait_slot(struct vtd *vtd, unsigned int slot,
                      enum vtd_cmd_kind kind)
{
    struct viommu_result result = { .kind = kind };

    viommu_drain_wait(&vtd->viommu, slot, &result);
}

/*
 * 6.5.1.1, 11.4.6.1.  Software is to use the queue while there is one in use.
 * Some falls back to the registers when that is full, and does not read back
 * what was done: so it is done.
 */
static void invalidate_context(struct vtd *vtd, const struct vtd_cmd *cmd)
{
    unsigned int g = (cmd->val & VTD_CCMD_CIRG) >> VTD_CCMD_CIRG_SHIFT;

    if ( !g )
    {
        vtd_refuse(vtd, cmd);
        return;
    }

    flush_config(vtd, g, cmd->val & VTD_CCMD_DID,
                 (cmd->val & VTD_CCMD_SID) >> 16,
                 (cmd->val & VTD_CCMD_FM) >> 32);
    wait_slot(vtd, SLOT_CCMD, cmd->kind);
}

/* 6.5.1.2, 11.4.6.2 */
static void invalidate_iotlb(struct vtd *vtd, const struct vtd_cmd *cmd)
{
    unsigned int g = (cmd->val & VTD_IOTLB_IIRG) >> VTD_IOTLB_IIRG_SHIFT;

    if ( !g || (g == VTD_G_PAGE && (cmd->arg & VTD_IVA_AM) > VTD_MAMV) )
    {
        vtd_refuse(vtd, cmd);
        return;
    }

    flush_tlb(vtd, g, (cmd->val & VTD_IOTLB_DID) >> 32, cmd->arg);
    wait_slot(vtd, SLOT_IOTLB, cmd->kind);
}

/*
 * 6.5.2.  IQA counts as of now; the head is back at 0 since the queue was
 * disabled.  The guest sees QIES go only when all that the queue has begun is
 * complete, so that no status is written into memory that it has reused.
 */
static void enable_queue(struct vtd *vtd, const struct vtd_cmd *cmd)
{
    vtd->queue.enabled = cmd->val;
    if ( cmd->val )
    {
        vtd->queue.base = cmd->arg & VTD_IQA_IQA;
        vtd->queue.entries = VTD_IQ_ENTRIES(cmd->arg & VTD_IQA_QS);
        vtd->queue.head = 0;
        vtd->queue.fence = false;
        vtd_set64(vtd, VTD_IQH, 0);
    }
    vtd->queue.unwaited = vtd->queue.draining = false;
    wait_slot(vtd, SLOT_QIE, cmd->kind);
}

/* 6.5.2.1 to 6.5.2.8: a descriptor that vtd_queue_fetch() has checked. */
static void execute_queued(struct vtd *vtd, const struct vtd_cmd *cmd)
{
    struct viommu_result result = {
        .kind = VTD_CMD_QUEUED,
        .data = VTD_WAIT_DATA(cmd->val),
        .addr = cmd->arg,
    };

    switch ( VTD_DESC_TYPE(cmd->val) )
    {
    case VTD_DESC_CC:
        flush_config(vtd, VTD_DESC_G(cmd->val), VTD_DESC_DID(cmd->val),
                     VTD_DESC_SID(cmd->val), VTD_DESC_FM(cmd->val));
        break;

    case VTD_DESC_IOTLB:
        flush_tlb(vtd, VTD_DESC_G(cmd->val), VTD_DESC_DID(cmd->val), cmd->arg);
        break;

    case VTD_DESC_IEC:
        /* Xen keeps no copy of an entry: any of them is as good as all. */
        viommu_drain_flush_irqs(&vtd->viommu);
        break;

    case VTD_DESC_WAIT:
        /* The address has 2 bits to spare, which say what completion does. */
        result.addr |= (cmd->val & VTD_WAIT_SW ? VTD_RESULT_SW : 0) |
                       (cmd->val & VTD_WAIT_IF ? VTD_RESULT_IF : 0);
        if ( cmd->val & VTD_WAIT_FN )
            vtd->queue.fence = true;
        viommu_drain_queue(&vtd->viommu, &result);
        break;
    }
}

static void execute(struct vtd *vtd, const struct vtd_cmd *cmd)
{
    switch ( cmd->kind )
    {
    case VTD_CMD_SRTP:
        vtd->root = cmd->val;
        vtd_set32(vtd, VTD_GSTS, vtd_get32(vtd, VTD_GSTS) & ~VTD_GSTS_RTPS);
        /* CAP.ESRTPS is 0, but nothing is lost by what it promises. */
        flush_control(vtd);
        wait_slot(vtd, SLOT_SRTP, cmd->kind);
        break;

    case VTD_CMD_TE:
        vtd->te = cmd->val;
        flush_control(vtd);
        wait_slot(vtd, SLOT_TE, cmd->kind);
        break;

    case VTD_CMD_SIRTP:
        vtd_set32(vtd, VTD_GSTS, vtd_get32(vtd, VTD_GSTS) & ~VTD_GSTS_IRTPS);
        vtd_remap_take(vtd, cmd->val);
        wait_slot(vtd, SLOT_SIRTP, cmd->kind);
        break;

    case VTD_CMD_IRE:
        vtd_remap_enable(vtd, cmd->val, cmd->arg);
        wait_slot(vtd, SLOT_IRE, cmd->kind);
        break;

    case VTD_CMD_QIE:
        enable_queue(vtd, cmd);
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

    case VTD_CMD_IQT:
        /* vtd_run() follows every write. */
        break;

    case VTD_CMD_IQ_EVENT:
        vtd_wait_update(vtd);
        break;

    case VTD_CMD_QUEUED:
        execute_queued(vtd, cmd);
        break;

    case VTD_CMD_IQH:
        /* Nobody asks for it. */
        break;
    }
}

static void cf_check vtd_run(struct viommu *viommu)
{
    struct vtd *vtd = to_vtd(viommu);
    struct vtd_ahead ahead;
    struct vtd_cmd cmd;
    unsigned int n;

    ASSERT(spin_is_locked(&viommu->lock));

    if ( viommu_drain_queue_empty(viommu) )
        vtd->queue.fence = false;

    ahead.left = VTD_QUEUE_SLICE;
    ahead.nr = ahead.next = 0;
    for ( n = 0; n < VTD_QUEUE_SLICE && vtd_queue_fetch(vtd, &ahead, &cmd); n++ )
        execute(vtd, &cmd);

    if ( !n )
        return;

    /*
     * Software that knows no wait descriptors takes it for completion that IQH
     * has come to IQT.
     */
    if ( vtd->queue.unwaited && vtd_queue_at_end(vtd) )
    {
        vtd->queue.unwaited = false;
        vtd->queue.draining = true;
        wait_slot(vtd, SLOT_IQH, VTD_CMD_IQH);
    }
    vtd_queue_show_head(vtd);
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
    struct vtd *vtd = to_vtd(viommu);

    BUILD_BUG_ON(offsetof(struct vtd, viommu));
    ASSERT(spin_is_locked(&viommu->lock));

    vtd->root = 0;
    vtd->te = false;
    memset(&vtd->queue, 0, sizeof(vtd->queue));
    vtd->next_frcd = 0;
    vtd_remap_reset(vtd);
    vtd_regs_reset(vtd);
}

const struct viommu_frontend vtd_frontend = {
    .type = XEN_VIOMMU_TYPE_VTD,
    .size = sizeof(struct vtd),
    .init = vtd_init,
    .read = vtd_read,
    .write = vtd_write,
    .run = vtd_run,
    .runnable = vtd_queue_runnable,
    .view = vtd_view,
    .walk = vtd_walk,
    .fault = vtd_fault_record,
    .remap = vtd_remap,
    .complete = vtd_complete,
    .thaw = vtd_thaw,
    .save = vtd_save,
    .check = vtd_check,
    .load = vtd_load,
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
