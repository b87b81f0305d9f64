/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt remapping of an x86 HVM domain: the gate that deliveries pass, and the
 * pages of the guest's table, which are read in it.
 */

#include <xen/domain_page.h>
#include <xen/mm.h>
#include <xen/rwlock.h>
#include <xen/sched.h>
#include <xen/xmalloc.h>

#include <asm/p2m.h>

#include "hvm.h"

/*
 * Deliveries come with the domain's event_lock or irq_lock held, where no page
 * may be looked up: the p2m may want to populate it, or have it paged in.  So the
 * table's pages are looked up when the guest says which they are, and kept by a
 * reference each.  A guest that gives one up, or puts another one there, goes on
 * with the old one, which stays its own and on its account until it takes another
 * table.
 *
 * Whoever passes the gate says so in a variable of his CPU, so that deliveries
 * on several CPUs share no cache line that is written.
 */
struct hvm_viommu_irq {
    percpu_rwlock_t gate;
    struct page_info *page[VIOMMU_HELD_TABLES][VIOMMU_HELD_PAGES];
};

static DEFINE_PERCPU_RWLOCK_GLOBAL(viommu_gate);

static struct hvm_viommu_irq *domain_irq(const struct viommu *viommu)
{
    return viommu->domain->arch.hvm.viommu->irq;
}

void viommu_host_gate_close(struct viommu *viommu)
{
    ASSERT(spin_is_locked(&viommu->lock));

    percpu_write_lock(viommu_gate, &domain_irq(viommu)->gate);
}

void viommu_host_gate_open(struct viommu *viommu)
{
    percpu_write_unlock(viommu_gate, &domain_irq(viommu)->gate);
}

/* Only what is the guest's alone, so that nobody else wants it back. */
static struct page_info *hold_page(struct domain *d, gfn_t gfn)
{
    p2m_type_t p2mt;
    struct page_info *pg = get_page_from_gfn(d, gfn_x(gfn), &p2mt, P2M_ALLOC);

    if ( !pg )
        return NULL;

    if ( (p2mt == p2m_ram_rw || p2mt == p2m_ram_logdirty ||
          p2mt == p2m_ram_ro) &&
         page_get_owner(pg) == d && !is_special_page(pg) )
        return pg;

    put_page(pg);

    return NULL;
}

void viommu_host_hold(struct viommu *viommu, unsigned int table, paddr_t gpa,
                      unsigned int nr)
{
    struct page_info **page = domain_irq(viommu)->page[table];
    struct domain *d = viommu->domain;
    gfn_t gfn = gaddr_to_gfn(gpa);
    unsigned int i;

    ASSERT(spin_is_locked(&viommu->lock));
    ASSERT(nr <= VIOMMU_HELD_PAGES);

    /* The domain is being destroyed; what is held has been let go of. */
    if ( !viommu->ledger )
        return;

    for ( i = 0; i < VIOMMU_HELD_PAGES; i++ )
    {
        struct page_info *old = page[i];

        if ( i >= nr && !old )
            continue;

        page[i] = i < nr ? hold_page(d, gfn_add(gfn, i)) : NULL;
        if ( old )
            put_page(old);
    }
}

int viommu_host_read_held(const struct viommu *viommu, unsigned int table,
                          unsigned int off, void *buf)
{
    struct page_info *pg = domain_irq(viommu)->page[table][off >> PAGE_SHIFT];
    const void *va;

    if ( !pg )
        return -EFAULT;

    va = __map_domain_page(pg);
    hvm_viommu_copy_entry(va + (off & ~PAGE_MASK), buf, 16);
    unmap_domain_page(va);

    return 0;
}

bool hvm_viommu_irq_alloc(struct hvm_viommu *hv)
{
    hv->irq = xzalloc(struct hvm_viommu_irq);
    if ( !hv->irq )
        return false;

    percpu_rwlock_resource_init(&hv->irq->gate, viommu_gate);

    return true;
}

void hvm_viommu_irq_relinquish(struct hvm_viommu *hv)
{
    unsigned int table, i;

    /* There is no ledger any more: nothing will be held again. */
    ASSERT(!hv->viommu->ledger);

    if ( !hv->irq )
        return;

    percpu_write_lock(viommu_gate, &hv->irq->gate);

    for ( table = 0; table < VIOMMU_HELD_TABLES; table++ )
        for ( i = 0; i < VIOMMU_HELD_PAGES; i++ )
        {
            if ( hv->irq->page[table][i] )
                put_page(hv->irq->page[table][i]);
            hv->irq->page[table][i] = NULL;
        }

    percpu_write_unlock(viommu_gate, &hv->irq->gate);
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
