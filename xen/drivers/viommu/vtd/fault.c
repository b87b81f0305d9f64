/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fault records and the fault event, 7.2 and 7.3.  Called with the lock held.
 */
#include "vtd.h"

/* Raise the fault event, or keep it pending while the guest masks it. */
static void raise_event(struct vtd *vtd)
{
    uint32_t fectl = vtd_get32(vtd, VTD_FECTL);
    uint32_t addr = vtd_get32(vtd, VTD_FEADDR);
    uint32_t data = vtd_get32(vtd, VTD_FEDATA);
    unsigned int mode = (data >> 8) & 7;

    if ( fectl & VTD_FECTL_IM )
    {
        vtd_set32(vtd, VTD_FECTL, fectl | VTD_FECTL_IP);
        return;
    }

    vtd_set32(vtd, VTD_FECTL, fectl & ~VTD_FECTL_IP);

    /* Only an interrupt that the IOMMU itself may send: fixed or lowest. */
    if ( VTD_IS_INTERRUPT(addr) && mode <= 1 )
        vtd->viommu.msi = (struct viommu_msi){
            .valid = true, .addr = addr, .data = data,
        };
}

/* Set conditions in FSTS; the first one raises the event. */
static void set_status(struct vtd *vtd, uint32_t bits)
{
    uint32_t fsts = vtd_get32(vtd, VTD_FSTS);

    vtd_set32(vtd, VTD_FSTS, fsts | bits);
    if ( !(fsts & VTD_FSTS_EVENTS) )
        raise_event(vtd);
}

bool cf_check vtd_fault_record(struct viommu *viommu,
                               const struct viommu_fault *fault)
{
    struct vtd *vtd = to_vtd(viommu);
    unsigned int n = vtd->next_frcd, last = (n + VTD_NFR - 1) % VTD_NFR;
    uint32_t fsts = vtd_get32(vtd, VTD_FSTS);
    uint64_t lo = fault->addr & VTD_FRCD_FI;
    uint64_t hi = VTD_FRCD_F | (fault->rid & VTD_FRCD_SID) |
                  ((uint64_t)fault->reason << VTD_FRCD_FR_SHIFT) |
                  (fault->write ? 0 : VTD_FRCD_T_READ);

    ASSERT(spin_is_locked(&viommu->lock));

    /* After an overflow nothing is recorded until software clears it. */
    if ( fsts & VTD_FSTS_PFO )
        return false;

    /* The same fault again, before the guest has looked at the first. */
    if ( vtd_get64(vtd, VTD_FRCD(last)) == lo &&
         vtd_get64(vtd, VTD_FRCD(last) + 8) == hi )
        return true;

    if ( vtd_get64(vtd, VTD_FRCD(n) + 8) & VTD_FRCD_F )
    {
        set_status(vtd, VTD_FSTS_PFO);
        return false;
    }

    vtd_set64(vtd, VTD_FRCD(n), lo);
    vtd_set64(vtd, VTD_FRCD(n) + 8, hi);
    vtd->next_frcd = (n + 1) % VTD_NFR;

    /* FRI names the record that made PPF go from 0 to 1. */
    if ( !(fsts & VTD_FSTS_PPF) )
        vtd_set32(vtd, VTD_FSTS,
                  (fsts & ~VTD_FSTS_FRI) | (n << VTD_FSTS_FRI_SHIFT));
    set_status(vtd, VTD_FSTS_PPF);

    return true;
}

void vtd_fault_update(struct vtd *vtd)
{
    uint32_t fsts = vtd_get32(vtd, VTD_FSTS) & ~VTD_FSTS_PPF;
    uint32_t fectl = vtd_get32(vtd, VTD_FECTL);
    unsigned int n;

    ASSERT(spin_is_locked(&vtd->viommu.lock));

    for ( n = 0; n < VTD_NFR; n++ )
        if ( vtd_get64(vtd, VTD_FRCD(n) + 8) & VTD_FRCD_F )
            fsts |= VTD_FSTS_PPF;

    vtd_set32(vtd, VTD_FSTS, fsts);

    /* A pending event goes when the guest has served all that it is for... */
    if ( !(fsts & VTD_FSTS_EVENTS) )
        vtd_set32(vtd, VTD_FECTL, fectl & ~VTD_FECTL_IP);
    /* ... or out, once it is no longer masked. */
    else if ( (fectl & (VTD_FECTL_IP | VTD_FECTL_IM)) == VTD_FECTL_IP )
        raise_event(vtd);
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
