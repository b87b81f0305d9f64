/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt remapping, chapter 5.  A request that is being remapped is in the
 * gate, and reads the guest's table where Xen holds its pages; with the lock
 * held the commands that say which table that is close the gate.
 */
#include "vtd.h"

/* One page at least, though a table of 2 entries is allowed. */
static unsigned int pages(uint64_t irta)
{
    return max_t(unsigned int, VTD_IRTA_ENTRIES(irta & VTD_IRTA_S) * 16 /
                               VIOMMU_PAGE_SIZE, 1);
}

static void change(struct vtd *vtd, const struct vtd_ir *ir)
{
    ASSERT(spin_is_locked(&vtd->viommu.lock));

    viommu_host_gate_close(&vtd->viommu);
    vtd->ir = *ir;
    viommu_host_gate_open(&vtd->viommu);
}

void vtd_remap_take(struct vtd *vtd, uint64_t irta)
{
    struct vtd_ir ir = vtd->ir;

    /* The new one is there before the old one goes. */
    ir.table = !ir.table;
    ir.irta = irta;
    ir.taken = true;
    viommu_host_hold(&vtd->viommu, ir.table, irta & VTD_IRTA_IRTA, pages(irta));
    change(vtd, &ir);
    viommu_host_hold(&vtd->viommu, !ir.table, 0, 0);
}

void vtd_remap_enable(struct vtd *vtd, bool enabled, bool compat)
{
    struct vtd_ir ir = vtd->ir;

    ir.enabled = enabled;
    ir.compat = compat;
    change(vtd, &ir);
}

void vtd_remap_reset(struct vtd *vtd)
{
    static const struct vtd_ir reset;
    unsigned int table = vtd->ir.table;
    bool taken = vtd->ir.taken;

    /* When it is created it is like this, and there is no gate yet. */
    if ( !taken && !vtd->ir.enabled && !vtd->ir.compat )
        return;

    change(vtd, &reset);
    if ( taken )
        viommu_host_hold(&vtd->viommu, table, 0, 0);
}

static enum viommu_remapped block(struct viommu_fault *fault, uint8_t reason,
                                  unsigned int index, bool quiet)
{
    fault->reason = reason;
    fault->write = true;
    fault->quiet = quiet;
    fault->addr = (uint64_t)(index & 0xffff) << VTD_FRCD_IR_SHIFT;

    return VIOMMU_IRQ_BLOCKED;
}

/*
 * 9.10: is it the source that the entry is for?  One that is not known is not:
 * on hardware there is none such, and it could be any device.
 */
static bool is_source(uint64_t hi, const struct viommu_request *req)
{
    /* Of the function, SQ excludes nothing, bit 2, bits 2:1 or bits 2:0. */
    static const uint16_t mask[4] = { 0xffff, 0xfffb, 0xfff9, 0xfff8 };
    uint16_t sid = VTD_IRTE_SID(hi), rid = req->rid;

    if ( req->anonymous )
        return false;

    switch ( VTD_IRTE_SVT(hi) )
    {
    case VTD_SVT_NONE:
        return true;

    case VTD_SVT_SID:
        return !((sid ^ rid) & mask[VTD_IRTE_SQ(hi)]);

    case VTD_SVT_BUS:
        return rid >> 8 >= sid >> 8 && rid >> 8 <= (sid & 0xff);
    }

    return false;
}

/* Reserved bits and values of an entry that is present. */
static bool is_malformed(const uint64_t irte[2], bool eime)
{
    return (irte[0] & (VTD_IRTE_LO_RSVD | (eime ? 0 : VTD_IRTE_DST_RSVD))) ||
           (irte[1] & VTD_IRTE_HI_RSVD) ||
           !VTD_DLM_VALID(VTD_IRTE_DLM(irte[0])) ||
           VTD_IRTE_SVT(irte[1]) > VTD_SVT_BUS;
}

/* The entry says where the request goes, and who may make it. */
static enum viommu_remapped look_up(const struct vtd *vtd, unsigned int index,
                                    const struct viommu_request *req,
                                    struct viommu_irq *irq,
                                    struct viommu_fault *fault)
{
    bool eime = vtd->ir.irta & VTD_IRTA_EIME, fpd;
    uint64_t irte[2];

    if ( index >= VTD_IRTA_ENTRIES(vtd->ir.irta & VTD_IRTA_S) )
        return block(fault, VTD_FR_IR_INDEX, index, false);

    index = array_index_nospec(index, VTD_IRTA_ENTRIES(vtd->ir.irta &
                                                       VTD_IRTA_S));

    if ( viommu_host_read_held(&vtd->viommu, vtd->ir.table,
                               index * sizeof(irte), irte) )
        return block(fault, VTD_FR_IR_ACCESS, index, false);

    fpd = irte[0] & VTD_IRTE_FPD;
    if ( !(irte[0] & VTD_IRTE_P) )
        return block(fault, VTD_FR_IR_NP, index, fpd);
    if ( is_malformed(irte, eime) )
        return block(fault, VTD_FR_IR_RSVD, index, fpd);
    if ( !is_source(irte[1], req) )
        return block(fault, VTD_FR_IR_SOURCE, index, fpd);

    *irq = (struct viommu_irq){
        .dest = eime ? VTD_IRTE_DST(irte[0]) : VTD_IRTE_DST_XAPIC(irte[0]),
        .logical = irte[0] & VTD_IRTE_DM,
        .one = irte[0] & VTD_IRTE_RH,
        .level = irte[0] & VTD_IRTE_TM,
        .mode = VTD_IRTE_DLM(irte[0]),
        .vector = VTD_IRTE_V(irte[0]),
    };

    return VIOMMU_IRQ_REMAPPED;
}

enum viommu_remapped cf_check vtd_remap(const struct viommu *viommu,
                                        const struct viommu_request *req,
                                        struct viommu_irq *irq,
                                        struct viommu_fault *fault)
{
    const struct vtd *vtd = container_of(viommu, const struct vtd, viommu);
    unsigned int index;

    fault->rid = req->rid;

    if ( !vtd->ir.enabled )
        return VIOMMU_IRQ_AS_IS;

    /*
     * The host calls it an interrupt.  It is one if all of the address says
     * so.
     */
    if ( !req->rte && !VTD_IS_INTERRUPT(req->addr) )
        return block(fault, VTD_FR_IR_REQ_RSVD, 0, false);

    if ( req->rte ? !(req->data & VTD_RTE_FORMAT)
                  : !(req->addr & VTD_MSI_FORMAT) )
        return vtd->ir.compat && !(vtd->ir.irta & VTD_IRTA_EIME)
               ? VIOMMU_IRQ_AS_IS
               : block(fault, VTD_FR_IR_COMPAT, 0, false);

    if ( req->rte )
        index = VTD_RTE_HANDLE(req->data);
    else
    {
        index = VTD_MSI_HANDLE(req->addr);
        if ( req->addr & VTD_MSI_SHV )
        {
            if ( req->data & VTD_MSI_DATA_RSVD )
                return block(fault, VTD_FR_IR_REQ_RSVD, index, false);
            index += req->data & VTD_MSI_SUBHANDLE;
        }
    }

    return look_up(vtd, index, req, irq, fault);
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
