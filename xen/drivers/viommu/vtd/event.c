/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fault records, 7.2, and the two events with their interrupts, 7.3 and
 * 6.5.2.8.  Called with the lock held.
 */
#include "vtd.h"

/*
 * An event: its control register is followed by data and address, whose upper
 * half is that of an APIC id.  Its interrupt is the entry of viommu->msi.
 */
enum event { EVENT_FAULT, EVENT_WAIT };

static const uint16_t ectl_of[VIOMMU_NR_MSI] = {
    [EVENT_FAULT] = VTD_FECTL,
    [EVENT_WAIT] = VTD_IECTL,
};

/*
 * Send the interrupt, or keep it pending while the guest masks it or does not
 * run: an interrupt controller that has been saved would not show it.
 */
static void raise(struct vtd *vtd, enum event event)
{
    unsigned int ectl = ectl_of[event];
    uint32_t ctl = vtd_get32(vtd, ectl);
    uint32_t data = vtd_get32(vtd, ectl + 4);
    uint64_t addr = vtd_get64(vtd, ectl + 8);
    unsigned int mode = (data >> 8) & 7;

    if ( (ctl & VTD_ECTL_IM) || viommu_host_frozen(&vtd->viommu) )
    {
        vtd_set32(vtd, ectl, ctl | VTD_ECTL_IP);
        return;
    }

    vtd_set32(vtd, ectl, ctl & ~VTD_ECTL_IP);

    /* Only an interrupt that the IOMMU itself may send: fixed or lowest. */
    if ( VTD_IS_INTERRUPT((uint32_t)addr) && mode <= 1 )
        vtd->viommu.msi[event] = (struct viommu_msi){
            .valid = true, .addr = addr, .data = data,
        };
}

/*
 * The guest has written the control or the status register.  A pending
 * interrupt goes when all that it is for has been served, or out once it is
 * no longer masked.
 */
static void update(struct vtd *vtd, enum event event, bool condition)
{
    unsigned int ectl = ectl_of[event];
    uint32_t ctl = vtd_get32(vtd, ectl);

    if ( !condition )
        vtd_set32(vtd, ectl, ctl & ~VTD_ECTL_IP);
    else if ( (ctl & (VTD_ECTL_IP | VTD_ECTL_IM)) == VTD_ECTL_IP )
        raise(vtd, event);
}

void cf_check vtd_thaw(struct viommu *viommu)
{
    struct vtd *vtd = to_vtd(viommu);
    unsigned int i;

    ASSERT(spin_is_locked(&viommu->lock));

    for ( i = 0; i < VIOMMU_NR_MSI; i++ )
        update(vtd, i, true);
}

/* Set conditions in FSTS; the first one raises the event. */
static void set_status(struct vtd *vtd, uint32_t bits)
{
    uint32_t fsts = vtd_get32(vtd, VTD_FSTS);

    vtd_set32(vtd, VTD_FSTS, fsts | bits);
    if ( !(fsts & VTD_FSTS_EVENTS) )
        raise(vtd, EVENT_FAULT);
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
    unsigned int n;

    ASSERT(spin_is_locked(&vtd->viommu.lock));

    for ( n = 0; n < VTD_NFR; n++ )
        if ( vtd_get64(vtd, VTD_FRCD(n) + 8) & VTD_FRCD_F )
            fsts |= VTD_FSTS_PPF;

    vtd_set32(vtd, VTD_FSTS, fsts);
    update(vtd, EVENT_FAULT, fsts & VTD_FSTS_EVENTS);
}

void vtd_queue_error(struct vtd *vtd, unsigned int iqei)
{
    ASSERT(spin_is_locked(&vtd->viommu.lock));

    /* 6.5.2.6: IQH names the offender, which is not the end of the queue. */
    vtd->queue.held = vtd->queue.head;
    vtd_queue_show_head(vtd);

    vtd->viommu.stats.queue_errors++;
    vtd_set64(vtd, VTD_IQERCD, iqei);
    set_status(vtd, VTD_FSTS_IQE);
}

void vtd_wait_event(struct vtd *vtd)
{
    uint32_t ics = vtd_get32(vtd, VTD_ICS);

    ASSERT(spin_is_locked(&vtd->viommu.lock));

    /* Until software has cleared the last one, there is no new one. */
    if ( ics & VTD_ICS_IWC )
        return;

    vtd_set32(vtd, VTD_ICS, ics | VTD_ICS_IWC);
    raise(vtd, EVENT_WAIT);
}

void vtd_wait_update(struct vtd *vtd)
{
    ASSERT(spin_is_locked(&vtd->viommu.lock));

    update(vtd, EVENT_WAIT, vtd_get32(vtd, VTD_ICS) & VTD_ICS_IWC);
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
