/* SPDX-License-Identifier: GPL-2.0-only */
/* Host services of the vIOMMU, as Xen gives them to an x86 HVM domain. */

#include <xen/compile.h>
#include <xen/domain_page.h>
#include <xen/event.h>
#include <xen/sched.h>
#include <xen/softirq.h>

#include <asm/apicdef.h>
#include <asm/hvm/irq.h>
#include <asm/hvm/vioapic.h>
#include <asm/hvm/viommu.h>
#include <asm/p2m.h>
#include <asm/paging.h>

#include <public/sched.h>

#include "hvm.h"

/* Xen's hpet.c keeps it to itself. */
#define HPET_BASE_ADDRESS 0xfed00000ULL

/* How often a DM that owes an acknowledgement is looked at. */
#define WATCH_PERIOD MILLISECS(10)

/* How often one looks whether a guest runs again of which no vCPU does. */
#define FROZEN_PERIOD MILLISECS(100)

void hvm_viommu_copy_entry(const void *from, void *to, unsigned int size)
{
    const uint64_t *src = from;
    uint64_t *dst = to;
    unsigned int i, tries;

    for ( i = 0; i < size / sizeof(*src); i++ )
        dst[i] = read_atomic(&src[i]);
    /* Of one moment; who replaces it time and again reads what he gets. */
    for ( tries = 0; size == 16 && tries < 3; tries++ )
    {
        uint64_t lo, hi;

        smp_rmb();
        lo = read_atomic(&src[0]);
        hi = read_atomic(&src[1]);
        if ( lo == dst[0] && hi == dst[1] )
            break;
        dst[0] = lo;
        dst[1] = hi;
    }
}

int viommu_host_read(const struct viommu *viommu, paddr_t gpa, void *buf,
                     unsigned int size)
{
    struct page_info *page;
    p2m_type_t p2mt;
    int rc = -EFAULT;

    ASSERT(size <= VIOMMU_HOST_READ);
    ASSERT(!(gpa & (size == 8 ? 7 : 15)) &&
           (gpa & ~PAGE_MASK) + size <= PAGE_SIZE);

    /*
     * The guest may find memory in place of the registers; the unit does not.
     */
    if ( hvm_viommu_is_regs(viommu->domain, gpa) )
        return -EFAULT;

    /*
     * Not hvm_copy_from_guest_phys(): that means the memory of current, and
     * goes through the instruction emulator's cache.  Nor
     * check_get_page_from_gfn(), which asks the pager for what is paged out.
     */
    page = get_page_from_gfn(viommu->domain, gfn_x(gaddr_to_gfn(gpa)), &p2mt,
                             P2M_ALLOC);
    if ( !page )
        return -EFAULT;

    /* Tables lie in the guest's own RAM, and nowhere else. */
    if ( p2mt == p2m_ram_rw || p2mt == p2m_ram_logdirty || p2mt == p2m_ram_ro )
    {
        void *va = __map_domain_page(page), *from = va + (gpa & ~PAGE_MASK);
        unsigned int i;

        if ( size == 8 )
            hvm_viommu_copy_entry(from, buf, 8);
        else
            for ( i = 0; i < size; i += 16 )
                hvm_viommu_copy_entry(from + i, buf + i, 16);
        unmap_domain_page(va);
        rc = 0;
    }

    put_page(page);

    return rc;
}

int viommu_host_write32(const struct viommu *viommu, paddr_t gpa,
                        uint32_t val)
{
    struct domain *d = viommu->domain;
    gfn_t gfn = gaddr_to_gfn(gpa);
    struct page_info *page;
    p2m_type_t p2mt;
    int rc = -EFAULT;

    ASSERT(!(gpa & (sizeof(val) - 1)));

    page = get_page_from_gfn(d, gfn_x(gfn), &p2mt, P2M_ALLOC);
    if ( !page )
        return -EFAULT;

    if ( (p2mt == p2m_ram_rw || p2mt == p2m_ram_logdirty) &&
         get_page_type(page, PGT_writable_page) )
    {
        void *va = __map_domain_page(page);

        write_atomic((uint32_t *)(va + (gpa & ~PAGE_MASK)), val);
        unmap_domain_page(va);
        paging_mark_pfn_dirty(d, _pfn(gfn_x(gfn)));
        put_page_type(page);
        rc = 0;
    }

    put_page(page);

    return rc;
}

/*
 * Registers that Xen emulates.  They answer to the CPUs and to nobody else: a
 * DM may have the like of them, which nobody uses, and take a write to a local
 * APIC's for an interrupt.
 */
static bool is_xens(const struct domain *d, paddr_t gpa)
{
    unsigned int i;

    if ( (gpa & ~0xfffffULL) == APIC_DEFAULT_PHYS_BASE ||
         (has_vhpet(d) && (gpa & PAGE_MASK) == HPET_BASE_ADDRESS) )
        return true;

    for ( i = 0; i < d->arch.hvm.nr_vioapics; i++ )
        if ( (gpa & PAGE_MASK) == domain_vioapic(d, i)->base_address )
            return true;

    return false;
}

unsigned int viommu_host_block_order(const struct viommu *viommu, paddr_t gpa,
                                     bool *device)
{
    unsigned long gfn = gfn_x(gaddr_to_gfn(gpa));
    unsigned int order = 0;
    p2m_type_t p2mt;
    p2m_access_t p2ma;

    *device = false;

    /* Those of any unit, and whatever the p2m has in their place. */
    if ( hvm_viommu_is_regs(viommu->domain, gpa) )
        return 0;

    get_gfn_type_access(p2m_get_hostp2m(viommu->domain), gfn, &p2mt, &p2ma,
                        P2M_ALLOC, &order);
    put_gfn(viommu->domain, gfn);

    if ( p2m_is_ram(p2mt) )
        return order + PAGE_SHIFT;

    /*
     * What neither the p2m nor Xen has is the DM's.  Of such an entry @order
     * says nothing about the pages around it.
     */
    if ( p2mt != p2m_mmio_dm || is_xens(viommu->domain, gpa) )
        return 0;

    *device = true;

    return PAGE_SHIFT;
}

void viommu_host_msi(const struct viommu *viommu, uint64_t addr, uint32_t data)
{
    /* Never remapped, and no pirq, whatever vector it has. */
    if ( hvm_viommu_remaps(viommu->domain) )
        hvm_viommu_send_event(viommu->domain, addr, data);
    else
        hvm_inject_msi(viommu->domain, addr, data);
}

/*
 * The DM answers by hypercall: nothing is to be done if it fires.  Not what
 * NULL stands for, which wakes @v: the domain may have no vCPU yet.
 */
static void cf_check port_fired(struct vcpu *v, unsigned int port)
{
}

int viommu_host_port_alloc(const struct viommu *viommu, domid_t domid)
{
    return alloc_unbound_xen_event_channel(viommu->domain, 0, domid,
                                           port_fired);
}

void viommu_host_port_free(const struct viommu *viommu, evtchn_port_t port)
{
    free_xen_event_channel(viommu->domain, port);
}

bool viommu_host_port_bound(const struct viommu *viommu, evtchn_port_t port)
{
    /*
     * A port that belongs to Xen cannot be closed by the guest.  When its
     * other end is closed, be it by the exit of the DM's process, it goes
     * back to being unbound.  The kernel closes a process's files only after
     * it has torn down its memory, so there is no DMA any more.
     */
    return xen_event_channel_is_bound(viommu->domain, port);
}

void viommu_host_port_notify(const struct viommu *viommu, evtchn_port_t port)
{
    notify_via_xen_event_channel(viommu->domain, port);
}

/* Is it only a matter of time, or of waking it, until @v runs? */
static bool can_run(const struct vcpu *v)
{
    return v->is_initialised && !atomic_read(&v->pause_count) &&
           !(ACCESS_ONCE(v->pause_flags) & ~VPF_blocked);
}

/* The guest's vCPU to which work falls, or NULL if none can run now. */
static struct vcpu *pick_vcpu(struct domain *d, struct vcpu *writer)
{
    struct vcpu *v;

    if ( current->domain == d )
        return current;

    if ( writer && can_run(writer) )
        return writer;

    /* There may be none at all, yet. */
    for_each_vcpu ( d, v )
        if ( can_run(v) )
            return v;

    return NULL;
}

void viommu_host_kick(const struct viommu *viommu)
{
    struct domain *d = viommu->domain;
    struct hvm_viommu_unit *hu = hvm_viommu_unit(viommu);
    struct vcpu *v;

    if ( d->is_dying )
        return;

    /* Who has been asked already is asked again: it may have missed it. */
    v = ACCESS_ONCE(hu->runner);
    if ( !v || current->domain == d || !can_run(v) )
        v = pick_vcpu(d, ACCESS_ONCE(hu->writer));
    if ( !v )
        return;

    /* Before it passes hvm_do_resume(), to which the rest makes it go. */
    ACCESS_ONCE(hu->runner) = v;
    smp_mb();

    /*
     * A guest that has halted finds that HLT is over without an interrupt, as
     * it does whenever a DM notifies it of an I/O request that is no more.
     */
    vcpu_unblock(v);

    /* Should it move to another CPU meanwhile, it has been scheduled. */
    cpu_raise_softirq(v->processor, SCHEDULE_SOFTIRQ);
}

void viommu_host_watch(struct viommu *viommu, bool on)
{
    struct hvm_viommu_unit *hu = hvm_viommu_unit(viommu);

    ASSERT(spin_is_locked(&viommu->lock));

    /* A timer that is no longer needed may fire: it finds nothing to do. */
    if ( on && (hu->slow || !timer_is_active(&hu->watch)) )
    {
        hu->slow = false;
        set_timer(&hu->watch, NOW() + WATCH_PERIOD);
    }
}

void viommu_host_alarm(const struct viommu *viommu)
{
    struct hvm_viommu_unit *hu = hvm_viommu_unit(viommu);

    /* If it has just fired, it looks after this. */
    if ( !timer_is_active(&hu->watch) )
        set_timer(&hu->watch, NOW() + WATCH_PERIOD);
}

static bool is_suspended(const struct domain *d)
{
#if XEN_VERSION > 4 || XEN_SUBVERSION >= 23
    return domain_shutting_down(d) && d->shutdown_code == SHUTDOWN_suspend;
#else
    return d->is_shutting_down && d->shutdown_code == SHUTDOWN_suspend;
#endif
}

bool viommu_host_frozen(struct viommu *viommu)
{
    const struct domain *d = viommu->domain;
    struct hvm_viommu_unit *hu = hvm_viommu_unit(viommu);

    ASSERT(spin_is_locked(&viommu->lock));

    if ( likely(!is_suspended(d)) )
        return false;

    /*
     * The vCPU that runs next finds this, unless the guest has been resumed
     * meanwhile.  All of them may be halted: then the timer does it.
     */
    ACCESS_ONCE(hu->thaw) = true;
    smp_mb();
    if ( !is_suspended(d) )
        return false;

    if ( !timer_is_active(&hu->watch) )
    {
        hu->slow = true;
        set_timer(&hu->watch, NOW() + FROZEN_PERIOD);
    }

    return true;
}

unsigned int viommu_host_units(const struct viommu *viommu)
{
    return viommu->domain->arch.hvm.viommu->nr;
}

uint64_t viommu_host_now(void)
{
    return NOW();
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
