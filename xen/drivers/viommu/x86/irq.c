/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt remapping of an x86 HVM domain: the gate that deliveries pass, the
 * pages of the guest's table, which are read in it, and the deliveries.
 */

#include <xen/domain_page.h>
#include <xen/event.h>
#include <xen/mm.h>
#include <xen/rwlock.h>
#include <xen/sched.h>
#include <xen/xmalloc.h>

#include <asm/hvm/domain.h>
#include <asm/hvm/viommu.h>
#include <asm/hvm/vlapic.h>
#include <asm/hvm/vpt.h>
#include <asm/io_apic.h>
#include <asm/msi.h>
#include <asm/p2m.h>

#include "hvm.h"

/*
 * Deliveries come with the domain's event_lock or irq_lock held, where no page
 * may be looked up: the p2m may want to populate it, or have it paged in.  So
 * the table's pages are looked up when the guest says which they are, and kept
 * by a reference each.  A guest that gives one up, or puts another one there,
 * goes on with the old one, which stays its own and on its account until it
 * takes another table.
 *
 * Whoever passes the gate says so in a variable of his CPU, so that deliveries
 * on several CPUs share no cache line that is written.
 */
struct hvm_viommu_irq {
    percpu_rwlock_t gate;
    struct page_info *page[VIOMMU_HELD_TABLES][VIOMMU_HELD_PAGES];
};

static DEFINE_PERCPU_RWLOCK_GLOBAL(viommu_gate);

/* Pages of a table that are populated under one hold of the lock. */
#define HOLD_POPULATE 32

/* Behind which are the IO-APIC, and messages of whom nobody knows. */
static struct hvm_viommu_unit *first_unit(const struct domain *d)
{
    return hvm_viommu_unit(d->arch.hvm.viommu->unit[0]);
}

static struct hvm_viommu_irq *domain_irq(const struct viommu *viommu)
{
    return hvm_viommu_unit(viommu)->irq;
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

/*
 * Only what is the guest's alone, so that nobody else wants it back.  To
 * populate a page the p2m may have to look for one that the guest does not
 * use: @populate says for how many that may still be done.
 */
static struct page_info *hold_page(struct domain *d, gfn_t gfn,
                                   unsigned int *populate)
{
    p2m_type_t p2mt;
    struct page_info *pg = get_page_from_gfn(d, gfn_x(gfn), &p2mt, 0);

    if ( !pg && p2m_is_pod(p2mt) && *populate )
    {
        --*populate;
        pg = get_page_from_gfn(d, gfn_x(gfn), &p2mt, P2M_ALLOC);
        /* None was found, and none would be for the others. */
        if ( !pg )
            *populate = 0;
    }
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
    unsigned int i, populate = HOLD_POPULATE;

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

        page[i] = i < nr ? hold_page(d, gfn_add(gfn, i), &populate) : NULL;
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

/* What a message says by itself, which is also what an event of the unit is. */
static struct viommu_irq from_msi(uint64_t addr, uint32_t data)
{
    return (struct viommu_irq){
        .dest = ((addr >> 32) & 0xffffff00) |
                MASK_EXTR(addr, MSI_ADDR_DEST_ID_MASK),
        .logical = addr & MSI_ADDR_DESTMODE_MASK,
        .one = addr & MSI_ADDR_REDIRECTION_MASK,
        .level = data & MSI_DATA_TRIGGER_MASK,
        .mode = MASK_EXTR(data, MSI_DATA_DELIVERY_MODE_MASK),
        .vector = data & MSI_DATA_VECTOR_MASK,
    };
}

static struct viommu_irq from_rte(uint64_t bits)
{
    const union vioapic_redir_entry rte = { .bits = bits };

    return (struct viommu_irq){
        .dest = rte.fields.dest_id,
        .logical = rte.fields.dest_mode,
        .level = rte.fields.trig_mode,
        .mode = rte.fields.delivery_mode,
        .vector = rte.fields.vector,
    };
}

/*
 * Into the local APICs.  @timer: it is the platform timer's, which is for vCPU
 * 0 if that is among those that are named, as in vioapic_deliver().  What
 * local APICs do not take from a message here (SMI, INIT, ExtINT) is dropped.
 */
static void deliver(struct domain *d, const struct viommu_irq *irq, bool timer)
{
    struct vlapic *vlapic;
    struct vcpu *v;

    switch ( irq->mode )
    {
    case dest_Fixed:
        if ( irq->one && irq->logical )
            break;

        for_each_vcpu ( d, v )
        {
            vlapic = vcpu_vlapic(v);
            if ( vlapic_enabled(vlapic) &&
                 vlapic_match_dest(vlapic, NULL, 0, irq->dest, irq->logical) )
                vlapic_set_irq(vlapic, irq->vector, irq->level);
        }
        return;

    case dest_LowestPrio:
        break;

    case dest_NMI:
        for_each_vcpu ( d, v )
            if ( vlapic_match_dest(vcpu_vlapic(v), NULL, 0, irq->dest,
                                   irq->logical) &&
                 !test_and_set_bool(v->arch.nmi_pending) )
                vcpu_kick(v);
        return;

    default:
        return;
    }

    /* To one of them.  There may be no vCPU, yet. */
    if ( !d->vcpu || !d->vcpu[0] )
        return;

    vlapic = vcpu_vlapic(d->vcpu[0]);
    if ( !timer || !pt_active(&d->arch.vpit.pt0) || !vlapic_enabled(vlapic) ||
         !vlapic_match_dest(vlapic, NULL, 0, irq->dest, irq->logical) )
        vlapic = vlapic_lowest_prio(d, NULL, 0, irq->dest, irq->logical);
    if ( vlapic )
        vlapic_set_irq(vlapic, irq->vector, irq->level);
}

/*
 * All of it is in the gate, also if nothing is remapped: that may be about to
 * begin.
 */
static void request(struct hvm_viommu_unit *hu,
                    const struct viommu_request *req, bool timer)
{
    struct domain *d = hu->viommu->domain;
    struct viommu_irq irq;

    percpu_read_lock(viommu_gate, &hu->irq->gate);

    switch ( viommu_remap(hu->viommu, req, &irq) )
    {
    case VIOMMU_IRQ_AS_IS:
        irq = req->rte ? from_rte(req->data) : from_msi(req->addr, req->data);
        /* Fall through. */
    case VIOMMU_IRQ_REMAPPED:
        deliver(d, &irq, timer);
        break;

    case VIOMMU_IRQ_BLOCKED:
        break;
    }

    percpu_read_unlock(viommu_gate, &hu->irq->gate);
}

bool hvm_viommu_device_msi(struct viommu *viommu,
                           const struct viommu_request *req)
{
    struct hvm_viommu_unit *hu = hvm_viommu_unit(viommu);

    if ( !hu->irq )
        return false;

    request(hu, req, false);

    return true;
}

bool hvm_viommu_deliver_msi(struct domain *d, uint64_t addr, uint32_t data)
{
    /* Of the address device models give as little as they like, as it is. */
    const struct viommu_request req = {
        .anonymous = true, .addr = 0xfee00000 | (addr & 0xfffff), .data = data,
    };

    if ( likely(!hvm_viommu_remaps(d)) )
        return false;

    request(first_unit(d), &req, false);

    return true;
}

bool hvm_viommu_deliver_rte(struct domain *d, unsigned int gsi, uint64_t rte)
{
    const struct viommu_request req = {
        .rid = HVM_VIOMMU_IOAPIC_RID, .rte = true, .data = rte,
    };

    if ( likely(!hvm_viommu_remaps(d)) )
        return false;

    request(first_unit(d), &req, gsi == hvm_isa_irq_to_gsi(0));

    return true;
}

uint8_t hvm_viommu_rte_vector(const struct domain *d, uint64_t rte)
{
    const struct viommu_request req = {
        .rid = HVM_VIOMMU_IOAPIC_RID, .rte = true, .data = rte,
    };
    const struct hvm_viommu_unit *hu;
    struct viommu_irq irq = {};

    if ( likely(!hvm_viommu_remaps(d)) )
        return from_rte(rte).vector;

    hu = first_unit(d);
    percpu_read_lock(viommu_gate, &hu->irq->gate);

    if ( viommu_peek(hu->viommu, &req, &irq) == VIOMMU_IRQ_AS_IS )
        irq = from_rte(rte);

    percpu_read_unlock(viommu_gate, &hu->irq->gate);

    return irq.vector;
}

bool hvm_viommu_rte_passes(const struct domain *d, uint64_t rte)
{
    const struct viommu_request req = {
        .rid = HVM_VIOMMU_IOAPIC_RID, .rte = true, .data = rte,
    };
    const struct hvm_viommu_unit *hu;
    struct viommu_irq irq;
    bool passes;

    if ( likely(!hvm_viommu_remaps(d)) )
        return true;

    hu = first_unit(d);
    percpu_read_lock(viommu_gate, &hu->irq->gate);

    passes = viommu_peek(hu->viommu, &req, &irq) == VIOMMU_IRQ_AS_IS;

    percpu_read_unlock(viommu_gate, &hu->irq->gate);

    return passes;
}

void hvm_viommu_send_event(struct domain *d, uint64_t addr, uint32_t data)
{
    const struct viommu_irq irq = from_msi(addr, data);

    deliver(d, &irq, false);
}

/* All units remap interrupts, or none does. */
bool hvm_viommu_remaps(const struct domain *d)
{
    return d->arch.hvm.viommu && first_unit(d)->irq;
}

bool hvm_viommu_irq_alloc(struct hvm_viommu_unit *hu)
{
    hu->irq = xzalloc(struct hvm_viommu_irq);
    if ( !hu->irq )
        return false;

    percpu_rwlock_resource_init(&hu->irq->gate, viommu_gate);

    return true;
}

void hvm_viommu_irq_relinquish(struct hvm_viommu_unit *hu)
{
    unsigned int table, i;

    /* There is no ledger any more: nothing will be held again. */
    ASSERT(!hu->viommu->ledger);

    if ( !hu->irq )
        return;

    percpu_write_lock(viommu_gate, &hu->irq->gate);

    for ( table = 0; table < VIOMMU_HELD_TABLES; table++ )
        for ( i = 0; i < VIOMMU_HELD_PAGES; i++ )
        {
            if ( hu->irq->page[table][i] )
                put_page(hu->irq->page[table][i]);
            hu->irq->page[table][i] = NULL;
        }

    percpu_write_unlock(viommu_gate, &hu->irq->gate);
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
