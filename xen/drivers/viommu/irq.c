/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests for interrupts.  They come from wherever there is a device, with
 * locks of the interrupt controllers held; so viommu->lock, under which a queue
 * is worked through, is not taken here.  What the front end needs to remap them
 * changes only while nobody is in the gate (host.h).
 */
#include "core.h"

static bool is_same(const struct viommu_fault *a, const struct viommu_fault *b)
{
    return a->reason == b->reason && a->rid == b->rid && a->addr == b->addr;
}

/* Keep @fault for the records.  Returns whether somebody has to see to it. */
static bool keep(struct viommu *viommu, const struct viommu_fault *fault)
{
    unsigned int nr;
    bool kept = false;

    spin_lock(&viommu->refused.lock);

    viommu->refused.total++;
    nr = viommu->refused.nr;
    /* The same again before anybody has looked is the same. */
    if ( !fault->quiet &&
         (!nr || !is_same(&viommu->refused.fault[nr - 1], fault)) )
    {
        if ( nr < VIOMMU_REFUSED )
        {
            viommu->refused.fault[viommu->refused.nr++] = *fault;
            kept = true;
        }
        else
            viommu->refused.lost++;
    }

    spin_unlock(&viommu->refused.lock);

    return kept;
}

static enum viommu_remapped look(const struct viommu *viommu,
                                 const struct viommu_request *req,
                                 struct viommu_irq *irq,
                                 struct viommu_fault *fault)
{
    if ( !(viommu->flags & XEN_VIOMMU_CREATE_INTREMAP) )
        return VIOMMU_IRQ_AS_IS;

    return viommu->fe->remap(viommu, req, irq, fault);
}

enum viommu_remapped viommu_peek(const struct viommu *viommu,
                                 const struct viommu_request *req,
                                 struct viommu_irq *irq)
{
    struct viommu_fault fault = {};

    return look(viommu, req, irq, &fault);
}

enum viommu_remapped viommu_remap(struct viommu *viommu,
                                  const struct viommu_request *req,
                                  struct viommu_irq *irq)
{
    struct viommu_fault fault = {};
    enum viommu_remapped result = look(viommu, req, irq, &fault);

    /*
     * Not by a vCPU, before it runs on: a timer of the guest may be blocked,
     * which is raised each time that it is about to, so that it would never
     * run on.
     */
    if ( result == VIOMMU_IRQ_BLOCKED && keep(viommu, &fault) )
        viommu_host_alarm(viommu);

    return result;
}

static void empty(struct viommu *viommu, bool record)
{
    unsigned int i;

    ASSERT(spin_is_locked(&viommu->lock));

    if ( !(viommu->flags & XEN_VIOMMU_CREATE_INTREMAP) )
        return;

    spin_lock(&viommu->refused.lock);

    viommu->stats.faults += viommu->refused.total;
    viommu->stats.faults_lost += viommu->refused.lost;
    for ( i = 0; record && i < viommu->refused.nr; i++ )
        if ( !viommu->fe->fault(viommu, &viommu->refused.fault[i]) )
            viommu->stats.faults_lost++;
    viommu->refused.nr = viommu->refused.total = viommu->refused.lost = 0;

    spin_unlock(&viommu->refused.lock);
}

void viommu_collect_refused(struct viommu *viommu)
{
    empty(viommu, true);
}

void viommu_forget_refused(struct viommu *viommu)
{
    empty(viommu, false);
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
