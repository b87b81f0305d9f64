/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A unit's state as a record, and back.  A record comes from outside: nothing
 * is taken from it before all of it has been found to be one that save() may
 * have written, on this unit or on a smaller one.
 */
#include "vtd.h"

/* Of each slot: what it is for, and its bit. */
static const struct {
    enum vtd_cmd_kind kind;
    uint32_t pending;
} cmds[VIOMMU_DRAIN_SLOTS] = {
    [SLOT_SRTP] = { VTD_CMD_SRTP, HVM_VIOMMU_PENDING_SRTP },
    [SLOT_TE] = { VTD_CMD_TE, HVM_VIOMMU_PENDING_TE },
    [SLOT_QIE] = { VTD_CMD_QIE, HVM_VIOMMU_PENDING_QIE },
    [SLOT_CCMD] = { VTD_CMD_CCMD, HVM_VIOMMU_PENDING_CCMD },
    [SLOT_IOTLB] = { VTD_CMD_IOTLB, HVM_VIOMMU_PENDING_IOTLB },
    [SLOT_IQH] = { VTD_CMD_IQH, HVM_VIOMMU_PENDING_IQH },
    [SLOT_SIRTP] = { VTD_CMD_SIRTP, HVM_VIOMMU_PENDING_SIRTP },
    [SLOT_IRE] = { VTD_CMD_IRE, HVM_VIOMMU_PENDING_IRE },
};

#define ALL_STATE   (HVM_VIOMMU_TE | HVM_VIOMMU_QUEUE | HVM_VIOMMU_FENCE |     \
                     HVM_VIOMMU_UNWAITED | HVM_VIOMMU_DRAINING | IR_STATE)
#define ALL_PENDING (HVM_VIOMMU_PENDING_SRTP | HVM_VIOMMU_PENDING_TE |         \
                     HVM_VIOMMU_PENDING_QIE | HVM_VIOMMU_PENDING_CCMD |        \
                     HVM_VIOMMU_PENDING_IOTLB | HVM_VIOMMU_PENDING_IQH |       \
                     IR_PENDING)
/* Of one that remaps interrupts. */
#define IR_STATE    (HVM_VIOMMU_IRE | HVM_VIOMMU_CFI | HVM_VIOMMU_IRT)
#define IR_PENDING  (HVM_VIOMMU_PENDING_SIRTP | HVM_VIOMMU_PENDING_IRE)
/* State of a queue that is enabled. */
#define QUEUE_STATE (HVM_VIOMMU_FENCE | HVM_VIOMMU_UNWAITED |                  \
                     HVM_VIOMMU_DRAINING)

void cf_check vtd_save(const struct viommu *viommu, struct hvm_hw_viommu *rec)
{
    const struct vtd *vtd = container_of(viommu, const struct vtd, viommu);
    const struct viommu_result *result;
    unsigned int i;

    BUILD_BUG_ON(ARRAY_SIZE(rec->reg) != VTD_NR_DWORDS);
    BUILD_BUG_ON(ARRAY_SIZE(rec->wait) != VIOMMU_DRAIN_RING);

    memcpy(rec->reg, vtd->reg, sizeof(rec->reg));
    rec->root = vtd->root;
    rec->next_frcd = vtd->next_frcd;
    if ( vtd->te )
        rec->state |= HVM_VIOMMU_TE;
    if ( vtd->queue.enabled )
    {
        rec->state |= HVM_VIOMMU_QUEUE;
        rec->queue_base = vtd->queue.base;
        rec->queue_entries = vtd->queue.entries;
        rec->queue_head = vtd->queue.head;
        if ( vtd->queue.fence )
            rec->state |= HVM_VIOMMU_FENCE;
        if ( vtd->queue.unwaited )
            rec->state |= HVM_VIOMMU_UNWAITED;
        if ( vtd->queue.draining )
            rec->state |= HVM_VIOMMU_DRAINING;
        if ( vtd->queue.unwaited || vtd->queue.draining )
            rec->queue_held = vtd->queue.held;
    }

    rec->irta = vtd->ir.irta;
    if ( vtd->ir.taken )
        rec->state |= HVM_VIOMMU_IRT;
    if ( vtd->ir.enabled )
        rec->state |= HVM_VIOMMU_IRE;
    if ( vtd->ir.compat )
        rec->state |= HVM_VIOMMU_CFI;

    for ( i = 0; i < VIOMMU_DRAIN_SLOTS; i++ )
        if ( viommu_drain_slot(viommu, i) )
            rec->pending |= cmds[i].pending;

    for ( i = 0; (result = viommu_drain_entry(viommu, i)); i++ )
    {
        rec->wait[i].addr = result->addr & VTD_WAIT_ADDR;
        rec->wait[i].data = result->data;
        if ( result->addr & VTD_RESULT_SW )
            rec->wait[i].flags |= HVM_VIOMMU_WAIT_SW;
        if ( result->addr & VTD_RESULT_IF )
            rec->wait[i].flags |= HVM_VIOMMU_WAIT_IF;
    }
    rec->nr_waits = i;
}

static uint32_t rec32(const struct hvm_hw_viommu *rec, unsigned int off)
{
    return rec->reg[off / 4];
}

/* Of registers, what Xen sets, beside what the guest writes. */
static uint32_t set_by_xen(const struct vtd *vtd, unsigned int off)
{
    switch ( off )
    {
    case VTD_GSTS:
        return VTD_GSTS_TES | VTD_GSTS_RTPS | VTD_GSTS_QIES |
               (vtd_has_ir(vtd) ? VTD_GSTS_IRES | VTD_GSTS_IRTPS |
                                  VTD_GSTS_CFIS : 0);
    case VTD_CCMD + 4:
        return VTD_CCMD_CAIG >> 32;
    case VTD_FSTS:
        return VTD_FSTS_PPF | VTD_FSTS_FRI;
    case VTD_FECTL:
    case VTD_IECTL:
        return VTD_ECTL_IP;
    case VTD_IQH:
        return VTD_IQ_OFFSET;
    case VTD_IQERCD:
        return VTD_IQERCD_IQEI;
    case VTD_IOTLB + 4:
        return VTD_IOTLB_IAIG >> 32;
    }

    if ( off >= VTD_FRCD(0) && off < VTD_FRCD(VTD_NFR) )
        switch ( off % 16 )
        {
        case VTD_FRO % 16:
            return (uint32_t)VTD_FRCD_FI;
        case VTD_FRO % 16 + 4:
            return ~0u;
        case VTD_FRO % 16 + 8:
            return VTD_FRCD_SID;
        case VTD_FRO % 16 + 12:
            return (VTD_FRCD_F | VTD_FRCD_T_READ) >> 32 | 0xff;
        }

    return 0;
}

static const char *check_regs(const struct vtd *vtd,
                              const struct hvm_hw_viommu *rec)
{
    uint32_t gsts = rec32(rec, VTD_GSTS);
    unsigned int i;

    for ( i = 0; i < VTD_NR_DWORDS; i++ )
    {
        unsigned int off = 4 * i;

        /* What it offers is a matter of its configuration, and of Xen. */
        if ( off < VTD_GCMD )
        {
            if ( rec->reg[i] != vtd_get32(vtd, off) )
                return "other capabilities";
        }
        else if ( rec->reg[i] & ~(vtd_regs_written(vtd, off, rec->haw) |
                                  (vtd_regs_exists(vtd, off) ?
                                   set_by_xen(vtd, off) : 0)) )
            return "a reserved bit of a register";
    }

    /*
     * The bits that say that a command is in progress are not cleared but by
     * its completion: with one of both the guest would wait for ever.
     */
    if ( !(rec->pending & HVM_VIOMMU_PENDING_CCMD) !=
         !(rec32(rec, VTD_CCMD + 4) & (VTD_CCMD_ICC >> 32)) ||
         !(rec->pending & HVM_VIOMMU_PENDING_IOTLB) !=
         !(rec32(rec, VTD_IOTLB + 4) & (VTD_IOTLB_IVT >> 32)) ||
         ((rec->pending & HVM_VIOMMU_PENDING_SRTP) &&
          (gsts & VTD_GSTS_RTPS)) ||
         ((rec->pending & HVM_VIOMMU_PENDING_SIRTP) &&
          (gsts & VTD_GSTS_IRTPS)) )
        return "a command both pending and complete";

    /* ... and where there is none, status and state are the same. */
    if ( (!(rec->pending & HVM_VIOMMU_PENDING_TE) &&
          !(rec->state & HVM_VIOMMU_TE) != !(gsts & VTD_GSTS_TES)) ||
         (!(rec->pending & HVM_VIOMMU_PENDING_QIE) &&
          !(rec->state & HVM_VIOMMU_QUEUE) != !(gsts & VTD_GSTS_QIES)) ||
         (!(rec->pending & HVM_VIOMMU_PENDING_SIRTP) &&
          !(rec->state & HVM_VIOMMU_IRT) != !(gsts & VTD_GSTS_IRTPS)) ||
         (!(rec->pending & HVM_VIOMMU_PENDING_IRE) &&
          (!(rec->state & HVM_VIOMMU_IRE) != !(gsts & VTD_GSTS_IRES) ||
           !(rec->state & HVM_VIOMMU_CFI) != !(gsts & VTD_GSTS_CFIS))) )
        return "a status that is not the state";

    return NULL;
}

static const char *check_queue(const struct hvm_hw_viommu *rec)
{
    unsigned int i;
    bool held;

    if ( (rec->flags & XEN_VIOMMU_CREATE_NO_QUEUE) &&
         ((rec->state & HVM_VIOMMU_QUEUE) || rec->nr_waits ||
          (rec->pending & (HVM_VIOMMU_PENDING_QIE |
                           HVM_VIOMMU_PENDING_IQH))) )
        return "a queue, where there is none";

    if ( rec->state & HVM_VIOMMU_QUEUE )
    {
        if ( (rec->queue_base & ~VTD_IQA_IQA) || rec->queue_base >> rec->haw )
            return "a queue out of memory";
        if ( rec->queue_entries < VTD_IQ_ENTRIES(0) ||
             rec->queue_entries > VTD_IQ_ENTRIES(VTD_IQA_QS) ||
             (rec->queue_entries & (rec->queue_entries - 1)) )
            return "a queue of no possible size";
        held = rec->state & (HVM_VIOMMU_UNWAITED | HVM_VIOMMU_DRAINING);
        if ( rec->queue_head >= rec->queue_entries ||
             rec->queue_held >= rec->queue_entries ||
             (!held && rec->queue_held) )
            return "a head beyond the queue";
        if ( rec32(rec, VTD_IQH) >> VTD_IQ_SHIFT !=
             (held ? rec->queue_held : rec->queue_head) )
            return "a status that is not the state";
        if ( (rec->state & HVM_VIOMMU_DRAINING) &&
             !(rec->pending & HVM_VIOMMU_PENDING_IQH) )
            return "a command both pending and complete";
    }
    else if ( rec->queue_base || rec->queue_entries || rec->queue_head ||
              rec->queue_held || (rec->state & QUEUE_STATE) )
        return "a disabled queue with state";

    if ( rec->nr_waits > ARRAY_SIZE(rec->wait) )
        return "too many waits";

    for ( i = 0; i < ARRAY_SIZE(rec->wait); i++ )
        if ( (rec->wait[i].addr & ~VTD_WAIT_ADDR) ||
             (rec->wait[i].flags & ~(HVM_VIOMMU_WAIT_SW |
                                     HVM_VIOMMU_WAIT_IF)) ||
             (i >= rec->nr_waits && (rec->wait[i].addr || rec->wait[i].data ||
                                     rec->wait[i].flags)) )
            return "a wait that is none";

    return NULL;
}

static const char *check_ir(const struct hvm_hw_viommu *rec)
{
    if ( !(rec->flags & XEN_VIOMMU_CREATE_INTREMAP) &&
         ((rec->state & IR_STATE) || (rec->pending & IR_PENDING)) )
        return "interrupt remapping, where there is none";

    if ( rec->irta & ~(VTD_IRTA_IRTA | VTD_IRTA_EIME | VTD_IRTA_S) ||
         rec->irta >> rec->haw )
        return "an interrupt table out of memory";

    if ( !(rec->state & HVM_VIOMMU_IRT) &&
         (rec->irta || (rec->pending & HVM_VIOMMU_PENDING_SIRTP)) )
        return "an interrupt table that has not been taken";

    return NULL;
}

const char *cf_check vtd_check(const struct viommu *viommu,
                               const struct hvm_hw_viommu *rec)
{
    const struct vtd *vtd = container_of(viommu, const struct vtd, viommu);
    const char *why;

    if ( (rec->state & ~ALL_STATE) || (rec->pending & ~ALL_PENDING) )
        return "an unknown state";
    if ( (rec->root & ~VTD_RTADDR_RTA) || rec->root >> rec->haw )
        return "a root table out of memory";
    if ( rec->next_frcd >= VTD_NFR )
        return "a fault record out of range";

    why = check_queue(rec);
    if ( !why )
        why = check_ir(rec);
    if ( !why )
        why = check_regs(vtd, rec);

    return why;
}

void cf_check vtd_load(struct viommu *viommu, const struct hvm_hw_viommu *rec)
{
    struct vtd *vtd = to_vtd(viommu);
    unsigned int i;

    ASSERT(spin_is_locked(&viommu->lock));

    for ( i = 0; i < VTD_NR_DWORDS; i++ )
        vtd_set32(vtd, 4 * i, rec->reg[i]);
    vtd->root = rec->root;
    vtd->te = rec->state & HVM_VIOMMU_TE;
    vtd->next_frcd = rec->next_frcd;
    vtd->queue.enabled = rec->state & HVM_VIOMMU_QUEUE;
    vtd->queue.fence = rec->state & HVM_VIOMMU_FENCE;
    vtd->queue.base = rec->queue_base;
    vtd->queue.entries = rec->queue_entries;
    vtd->queue.head = rec->queue_head;
    vtd->queue.held = rec->queue_held;
    vtd->queue.unwaited = rec->state & HVM_VIOMMU_UNWAITED;
    vtd->queue.draining = rec->state & HVM_VIOMMU_DRAINING;

    vtd_remap_reset(vtd);
    if ( rec->state & HVM_VIOMMU_IRT )
        vtd_remap_take(vtd, rec->irta);
    if ( rec->state & (HVM_VIOMMU_IRE | HVM_VIOMMU_CFI) )
        vtd_remap_enable(vtd, rec->state & HVM_VIOMMU_IRE,
                         rec->state & HVM_VIOMMU_CFI);

    for ( i = 0; i < rec->nr_waits; i++ )
    {
        const struct hvm_hw_viommu_wait *wait = &rec->wait[i];
        struct viommu_result result = {
            .kind = VTD_CMD_QUEUED,
            .data = wait->data,
            .addr = wait->addr |
                    (wait->flags & HVM_VIOMMU_WAIT_SW ? VTD_RESULT_SW : 0) |
                    (wait->flags & HVM_VIOMMU_WAIT_IF ? VTD_RESULT_IF : 0),
        };

        viommu_drain_queue(viommu, &result);
    }

    for ( i = 0; i < VIOMMU_DRAIN_SLOTS; i++ )
        if ( rec->pending & cmds[i].pending )
        {
            struct viommu_result result = { .kind = cmds[i].kind };

            viommu_drain_wait(viommu, i, &result);
        }
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
