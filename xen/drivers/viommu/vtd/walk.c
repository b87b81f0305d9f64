/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page walk in legacy mode: root entry, context entry, second-level tables.
 * Chapters 3 and 9.  Reads guest memory, each entry once, and changes nothing;
 * called with the lock for what is in flight, without it for the DM.
 */
#include "vtd.h"

/* Bits of an address in an entry that are above the guest's memory. */
static uint64_t beyond_haw(const struct viommu *viommu)
{
    return VTD_ENTRY_ADDR & ~((1ULL << viommu->haw) - 1);
}

/*
 * A refusal.  @quiet: context entry's FPD, or nobody asked for access.  An
 * access that both reads and writes counts as what it was refused for, and as
 * a write if it was refused altogether.
 */
static void deny(struct xen_viommu_xlat *xlat, struct viommu_fault *fault,
                 uint8_t reason, bool quiet)
{
    xlat->status = XEN_VIOMMU_XLAT_FAULT;
    xlat->reason = reason;
    fault->reason = reason;
    fault->write = (xlat->access & XEN_VIOMMU_WRITE) && reason != VTD_FR_READ;
    fault->quiet |= quiet;
}

/* An address's bits from here on lead to its last table. */
#define LAST_TABLE_SHIFT 21

/*
 * 9.8.  From the table of @level on, which is the context entry's if it is
 * @top.  The permission is what all levels grant; where a level grants
 * nothing, the rest of its entry is not looked at.
 */
static void walk_tables(const struct viommu *viommu, struct viommu_path *path,
                        unsigned int level, unsigned int top, uint64_t iova,
                        struct xen_viommu_xlat *xlat,
                        struct viommu_fault *fault)
{
    for ( ; ; level-- )
    {
        unsigned int shift = 12 + 9 * (level - 1);
        bool leaf = level == 1;
        uint64_t pte, rsvd = VTD_PTE_TM | beyond_haw(viommu);
        uint8_t perm = path->perm;

        if ( viommu_host_read(viommu,
                              path->table + ((iova >> shift) & 511) * 8,
                              &pte, sizeof(pte)) )
        {
            deny(xlat, fault, level == top ? VTD_FR_CTX_INV
                                           : VTD_FR_TABLE_ACCESS, path->quiet);
            return;
        }

        if ( !(pte & VTD_PTE_R) )
            perm &= ~XEN_VIOMMU_READ;
        if ( !(pte & VTD_PTE_W) )
            perm &= ~XEN_VIOMMU_WRITE;

        if ( pte & (VTD_PTE_R | VTD_PTE_W) )
        {
            if ( level > 3 )
                rsvd |= VTD_PTE_PS;
            else if ( level > 1 && (pte & VTD_PTE_PS) )
            {
                leaf = true;
                rsvd |= ((1ULL << shift) - 1) & VTD_ENTRY_ADDR;
            }

            if ( pte & rsvd )
            {
                deny(xlat, fault, VTD_FR_PTE_RSVD, path->quiet);
                return;
            }
        }

        if ( !perm || (xlat->access & ~perm) )
        {
            deny(xlat, fault, (xlat->access & ~perm & XEN_VIOMMU_WRITE)
                              ? VTD_FR_WRITE : VTD_FR_READ, path->quiet);
            return;
        }

        if ( !leaf )
        {
            path->table = pte & VTD_ENTRY_ADDR;
            path->perm = perm;
            path->valid = level == 2;
            continue;
        }

        xlat->gpa = pte & VTD_ENTRY_ADDR & ~((1ULL << shift) - 1);
        xlat->iova = iova & ~((1ULL << shift) - 1);
        xlat->perm = perm;
        xlat->order = shift;
        if ( VTD_IS_INTERRUPT(xlat->gpa + (iova - xlat->iova)) )
        {
            xlat->gpa = 0;
            xlat->perm = 0;
            deny(xlat, fault, VTD_FR_INTERRUPT, path->quiet);
        }
        return;
    }
}

void cf_check vtd_walk(const struct viommu *viommu,
                       const struct viommu_view *view,
                       struct viommu_path *path,
                       struct xen_viommu_xlat *xlat,
                       struct viommu_fault *fault)
{
    uint64_t entry[2], iova = xlat->iova, rsvd = beyond_haw(viommu);
    unsigned int bus = xlat->rid >> 8, devfn = xlat->rid & 0xff;
    unsigned int agaw, levels;
    bool fpd;

    xlat->format = XEN_VIOMMU_FORMAT_VTD;
    xlat->levels = (viommu->aw - 12) / 9;
    xlat->root = view->root;

    /* What was granted on the way decides alike, if it grants all of @xlat. */
    if ( path->valid && path->rid == xlat->rid &&
         path->prefix == iova >> LAST_TABLE_SHIFT &&
         !(xlat->access & ~path->perm) )
    {
        xlat->did = path->did;
        walk_tables(viommu, path, 1, 0, iova, xlat, fault);
        return;
    }
    path->valid = false;

    if ( viommu_host_read(viommu, view->root + bus * 16, entry, sizeof(entry)) )
    {
        deny(xlat, fault, VTD_FR_ROOT_ACCESS, false);
        return;
    }
    if ( !(entry[0] & VTD_ROOT_P) )
    {
        deny(xlat, fault, VTD_FR_ROOT_NP, false);
        return;
    }
    if ( (entry[0] & (VTD_ROOT_RSVD | rsvd | ~(VTD_ENTRY_ADDR | 0xfff))) ||
         entry[1] )
    {
        deny(xlat, fault, VTD_FR_ROOT_RSVD, false);
        return;
    }

    if ( viommu_host_read(viommu, (entry[0] & VTD_ENTRY_ADDR) + devfn * 16,
                          entry, sizeof(entry)) )
    {
        deny(xlat, fault, VTD_FR_CTX_ACCESS, false);
        return;
    }

    fpd = entry[0] & VTD_CTX_FPD;
    if ( !(entry[0] & VTD_CTX_P) )
    {
        deny(xlat, fault, VTD_FR_CTX_NP, fpd);
        return;
    }
    /* The table's address means nothing for pass-through. */
    if ( VTD_CTX_TT(entry[0]) != VTD_TT_PASS_THROUGH )
        rsvd |= ~(VTD_ENTRY_ADDR | 0xfff);
    else
        rsvd = 0;
    if ( (entry[0] & (VTD_CTX_LO_RSVD | rsvd)) || (entry[1] & VTD_CTX_HI_RSVD) )
    {
        deny(xlat, fault, VTD_FR_CTX_RSVD, fpd);
        return;
    }

    agaw = VTD_CTX_AW(entry[1]) == VTD_AW_39 ? 39 : 48;
    if ( (VTD_CTX_TT(entry[0]) != VTD_TT_TRANSLATE &&
          VTD_CTX_TT(entry[0]) != VTD_TT_PASS_THROUGH) ||
         (VTD_CTX_AW(entry[1]) != VTD_AW_39 &&
          VTD_CTX_AW(entry[1]) != VTD_AW_48) ||
         agaw > viommu->aw )
    {
        deny(xlat, fault, VTD_FR_CTX_INV, fpd);
        return;
    }

    xlat->did = VTD_CTX_DID(entry[1]);

    /* No more can pass through than there are guest-physical addresses. */
    if ( VTD_CTX_TT(entry[0]) == VTD_TT_PASS_THROUGH )
        agaw = min_t(unsigned int, agaw, viommu->haw);

    if ( iova >> agaw )
    {
        deny(xlat, fault, VTD_FR_ADDR_BEYOND, fpd);
        return;
    }

    if ( VTD_CTX_TT(entry[0]) == VTD_TT_PASS_THROUGH )
    {
        xlat->iova = 0;
        xlat->perm = XEN_VIOMMU_READ | XEN_VIOMMU_WRITE;
        xlat->order = agaw;
        return;
    }

    path->rid = xlat->rid;
    path->did = xlat->did;
    path->prefix = iova >> LAST_TABLE_SHIFT;
    path->perm = XEN_VIOMMU_READ | XEN_VIOMMU_WRITE;
    path->quiet = fpd;
    path->table = entry[0] & VTD_ENTRY_ADDR;
    levels = VTD_CTX_AW(entry[1]) + 2;
    walk_tables(viommu, path, levels, levels, iova, xlat, fault);
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
