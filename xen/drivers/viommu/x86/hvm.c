/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vIOMMU of an x86 HVM domain: life cycle, register page and hypercalls.
 */

#include <xen/domain_page.h>
#include <xen/event.h>
#include <xen/guest_access.h>
#include <xen/ioreq.h>
#include <xen/param.h>
#include <xen/sched.h>
#include <xen/softirq.h>
#include <xen/viommu.h>
#include <xen/vmap.h>

#include <asm/hvm/emulate.h>
#include <asm/hvm/io.h>
#include <asm/hvm/irq.h>
#include <asm/hvm/nestedhvm.h>
#include <asm/hvm/viommu.h>
#include <asm/p2m.h>
#include <asm/processor.h>

#include "hvm.h"

/* viommu=<bool>: may domains have one? */
static bool __read_mostly opt_viommu = true;
boolean_param("viommu", opt_viommu);

static struct viommu *domain_viommu(const struct domain *d)
{
    return d->arch.hvm.viommu ? d->arch.hvm.viommu->viommu : NULL;
}

/*
 * An access that begins in the page is ours, however it ends.  Not by way of
 * register_mmio_handler(): that would crash the domain for one that ends
 * elsewhere.
 */
static bool cf_check regs_accept(const struct hvm_io_handler *handler,
                                 const ioreq_t *p)
{
    return ioreq_mmio_first_byte(p) - domain_viommu(current->domain)->base <
           VIOMMU_PAGE_SIZE;
}

/*
 * The loop over the accesses of a string instruction cannot be preempted: it is
 * left after the first, and the guest comes back for the next.
 */
static bool is_rest(uint64_t addr)
{
    return addr != current->io.req.addr;
}

/*
 * An access of another size or alignment than devices know comes in pieces, one
 * that writes what it has read twice.  Is this the first of its instruction?
 */
static bool is_first(void)
{
    bool first = !current->arch.hvm.viommu_accessed;

    current->arch.hvm.viommu_accessed = true;

    return first;
}

void hvm_viommu_begin_insn(struct vcpu *v)
{
    v->arch.hvm.viommu_accessed = false;
}

static int cf_check regs_read(const struct hvm_io_handler *handler,
                              uint64_t addr, uint32_t size, uint64_t *data)
{
    if ( is_rest(addr) )
        return X86EMUL_UNHANDLEABLE;

    *data = viommu_mmio_read(domain_viommu(current->domain), addr, size,
                             is_first());

    return X86EMUL_OKAY;
}

static int cf_check regs_write(const struct hvm_io_handler *handler,
                               uint64_t addr, uint32_t size, uint64_t data)
{
    struct hvm_viommu *hv = current->domain->arch.hvm.viommu;

    if ( is_rest(addr) )
        return X86EMUL_UNHANDLEABLE;

    ACCESS_ONCE(hv->writer) = current;
    viommu_mmio_write(hv->viommu, addr, size, data, is_first());

    return X86EMUL_OKAY;
}

static const struct hvm_io_ops regs_ops = {
    .accept = regs_accept,
    .read = regs_read,
    .write = regs_write,
};

static void register_regs(struct domain *d)
{
    struct hvm_io_handler *handler = hvm_next_io_handler(d);

    /* Too many for one domain: it has been crashed. */
    if ( !handler )
        return;

    handler->type = IOREQ_TYPE_COPY;
    handler->ops = &regs_ops;
}

static void cf_check watch(void *data)
{
    viommu_tick(data);
}

bool hvm_viommu_process_pending(struct vcpu *v)
{
    struct hvm_viommu *hv = v->domain->arch.hvm.viommu;

    if ( likely(!hv) )
        return false;

    if ( unlikely(ACCESS_ONCE(hv->thaw)) )
    {
        ACCESS_ONCE(hv->thaw) = false;
        ACCESS_ONCE(hv->runner) = v;
    }

    /* Given back first: what comes while it is being done is asked for anew. */
    if ( ACCESS_ONCE(hv->runner) != v ||
         cmpxchg(&hv->runner, v, NULL) != v || !viommu_continue(hv->viommu) )
        return false;

    /* Slice by slice; whoever has taken over meanwhile keeps the job. */
    (void)cmpxchg(&hv->runner, NULL, v);

    return true;
}

/*
 * A page that the domain owns and pays for, but which is not among those that
 * it was given as memory, as those of its ioreq servers.
 */
static struct page_info *alloc_frame(struct domain *d)
{
    struct page_info *pg = alloc_domheap_page(d, MEMF_no_refcount);

    /* Nobody knows of the page yet: this fails, and leaks it, never. */
    if ( !pg || !get_page_and_type(pg, d, PGT_writable_page) )
        return NULL;

    clear_domain_page(page_to_mfn(pg));

    return pg;
}

static void free_frame(struct page_info **ppg)
{
    struct page_info *pg = *ppg;

    if ( !pg )
        return;

    *ppg = NULL;

    put_page_alloc_ref(pg);
    put_page_and_type(pg);
}

/*
 * The pointer goes before the references, as in ioreq_server_free_mfn().  A page
 * that somebody has mapped is freed when he drops it; until then the domain stays.
 */
static void free_frames(struct hvm_viommu *hv)
{
    unsigned int i;

    if ( hv->frames )
        vunmap(hv->frames);
    hv->frames = NULL;

    for ( i = 0; i < ARRAY_SIZE(hv->frame); i++ )
        free_frame(&hv->frame[i]);
}

static int alloc_frames(struct domain *d, struct hvm_viommu *hv)
{
    mfn_t mfn[ARRAY_SIZE(hv->frame)];
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(hv->frame); i++ )
    {
        hv->frame[i] = alloc_frame(d);
        if ( !hv->frame[i] )
            goto fail;
        mfn[i] = page_to_mfn(hv->frame[i]);
    }

    hv->frames = vmap(mfn, ARRAY_SIZE(mfn));
    if ( hv->frames )
        return 0;

 fail:
    free_frames(hv);

    return -ENOMEM;
}

/*
 * A guest that polls a register is to do so without an exit: reads have no
 * effect, so that a page of memory which says the same will do, read-only, in
 * the place of the registers.  Writes to it trap, and reads if it is not there,
 * be it that there was no memory for it or that the guest has given it up.
 *
 * Only without a queue, where each invalidation ends with a read.  With one it
 * ends in memory, and on AMD's processors a write that traps costs more where
 * there is a page, as Xen takes the p2m's lock to see why.
 *
 * Not with shadow paging, nor if the guest's own guests might get the page: the
 * former takes the page for memory whose writes are dropped, and so does the
 * handler of faults when it works for the latter.
 */
static void alloc_mirror(struct domain *d, struct hvm_viommu *hv,
                         uint32_t flags)
{
    void *va;

    if ( !(flags & XEN_VIOMMU_CREATE_NO_QUEUE) || !hap_enabled(d) ||
         nestedhvm_enabled(d) )
        return;

    hv->mirror = alloc_frame(d);
    if ( !hv->mirror )
        return;

    va = __map_domain_page_global(hv->mirror);
    if ( va )
    {
        viommu_give_mirror(hv->viommu, va);
        return;
    }

    free_frame(&hv->mirror);
}

static void free_mirror(struct hvm_viommu *hv)
{
    void *va = viommu_take_mirror(hv->viommu);

    if ( !va )
        return;

    unmap_domain_page_global(va);
    free_frame(&hv->mirror);
}

bool hvm_viommu_is_regs(const struct domain *d, paddr_t gpa)
{
    return d->arch.hvm.viommu &&
           domain_viommu(d)->base == (gpa & PAGE_MASK);
}

bool hvm_viommu_in_range(const struct domain *d, gfn_t gfn,
                         unsigned int order)
{
    return d->arch.hvm.viommu &&
           PFN_DOWN(domain_viommu(d)->base) - gfn_x(gfn) < 1UL << order;
}

void viommu_mapcache_invalidate(struct domain *d)
{
    if ( d->arch.hvm.viommu )
        viommu_p2m_changed(domain_viommu(d));
}

unsigned int viommu_resource_max_frames(const struct domain *d,
                                        unsigned int id)
{
    return !id && is_hvm_domain(d) && d->arch.hvm.viommu
           ? XEN_VIOMMU_LEDGER_FRAMES : 0;
}

int viommu_acquire_resource(struct domain *d, unsigned int id,
                            unsigned int frame, unsigned int nr_frames,
                            xen_pfn_t mfn_list[])
{
    unsigned int i, max = viommu_resource_max_frames(d, id);
    const struct hvm_viommu *hv;

    if ( frame >= max || nr_frames > max - frame )
        return -EINVAL;

    /*
     * As for other resources no reference is taken here.  A PV domain that maps
     * the frame takes one, or is refused if the frame has gone meanwhile.  A
     * translated one takes none, which is why it has to be the hardware domain:
     * see arch_acquire_resource_check().
     */
    hv = d->arch.hvm.viommu;
    for ( i = 0; i < nr_frames; i++ )
    {
        const struct page_info *pg = ACCESS_ONCE(hv->frame[frame + i]);

        if ( !pg )
            return -ENODATA;
        mfn_list[i] = mfn_x(page_to_mfn(pg));
    }

    return nr_frames;
}

static struct hvm_viommu *alloc(struct domain *d, size_t size, uint32_t flags)
{
    struct hvm_viommu *hv = xzalloc(struct hvm_viommu);
    struct viommu_ledger *ledger;

    if ( !hv )
        return NULL;

    hv->viommu = vzalloc(size);
    ledger = vzalloc(sizeof(*ledger));
    if ( hv->viommu && ledger &&
         (!(flags & XEN_VIOMMU_CREATE_INTREMAP) || hvm_viommu_irq_alloc(hv)) &&
         !alloc_frames(d, hv) )
    {
        viommu_give_ledger(hv->viommu, ledger, hv->frames);
        return hv;
    }

    xfree(hv->irq);
    vfree(ledger);
    vfree(hv->viommu);
    xfree(hv);

    return NULL;
}

static int create(struct domain *d, struct xen_domctl_viommu_create *op)
{
    const struct viommu_frontend *fe;
    struct hvm_viommu *hv;

    if ( !opt_viommu )
        return -EOPNOTSUPP;

    fe = viommu_frontend(op);
    if ( !fe )
        return -EINVAL;

    if ( d->arch.hvm.viommu )
        return -EEXIST;

    /* The list of MMIO handlers is not locked. */
    if ( d->creation_finished )
        return -EBUSY;

    /* It would not be torn down with the rest.  Both hold the domctl lock. */
    if ( d->is_dying )
        return -EINVAL;

    hv = alloc(d, fe->size, op->flags);
    if ( !hv )
        return -ENOMEM;

    /*
     * A guest that is offered pirqs asks for its interrupts by messages that name
     * one, which are no request for an interrupt to an IOMMU: it would block them.
     */
    if ( op->flags & XEN_VIOMMU_CREATE_INTREMAP )
        d->arch.emulation_flags &= ~X86_EMU_USE_PIRQ;

    alloc_mirror(d, hv, op->flags);
    viommu_init(hv->viommu, fe, d, min_t(unsigned int, paddr_bits, 52), op);
    init_timer(&hv->watch, watch, hv->viommu, smp_processor_id());

    /* Once there is a vIOMMU, nothing can be put there any more. */
    if ( hv->mirror && p2m_add_page(d, gaddr_to_gfn(op->base),
                                    page_to_mfn(hv->mirror), PAGE_ORDER_4K,
                                    p2m_ram_ro) )
        free_mirror(hv);

    /* A DM may look at any time. */
    smp_wmb();
    ACCESS_ONCE(d->arch.hvm.viommu) = hv;
    register_regs(d);

    op->haw = hv->viommu->haw;

    return 0;
}

static int get_stats(struct domain *d, struct xen_domctl_viommu_get_stats *op)
{
    struct xen_viommu_stats stats;

    if ( !d->arch.hvm.viommu )
        return -ENODEV;

    viommu_get_stats(domain_viommu(d), &stats);

    return copy_to_guest(op->stats, &stats, 1) ? -EFAULT : 0;
}

int hvm_viommu_domctl(struct domain *d, struct xen_domctl_viommu_op *op)
{
    if ( !is_hvm_domain(d) )
        return -EOPNOTSUPP;

    if ( op->pad )
        return -EINVAL;

    switch ( op->cmd )
    {
    case XEN_DOMCTL_VIOMMU_create:
        return create(d, &op->u.create);

    case XEN_DOMCTL_VIOMMU_get_stats:
        return get_stats(d, &op->u.get_stats);
    }

    return -EINVAL;
}

static int translate(struct viommu *viommu, domid_t caller,
                     struct xen_dm_op_viommu_translate *op,
                     const struct dmop_args *args)
{
    struct xen_viommu_xlat xlat[XEN_VIOMMU_MAX_XLAT];
    uint64_t generation;
    size_t size;
    int rc;

    if ( !op->nr || op->pad )
        return -EINVAL;
    if ( op->nr > ARRAY_SIZE(xlat) )
        return -E2BIG;

    size = op->nr * sizeof(*xlat);
    if ( args->nr_bufs < 2 || args->buf[1].size < size ||
         copy_from_guest_offset((void *)xlat, args->buf[1].h, 0, size) )
        return -EFAULT;

    rc = viommu_translate(viommu, caller, xlat, op->nr, &generation);
    if ( rc )
        return rc;

    op->generation = generation;

    return copy_to_guest_offset(args->buf[1].h, 0, (void *)xlat, size)
           ? -EFAULT : 0;
}

static int send_msi(struct domain *d, const struct xen_dm_op_viommu_msi *op)
{
    struct viommu_request req;
    int rc = viommu_msi(op, &req);

    if ( rc )
        return rc;

    /* A device model speaks for the devices that it has, and for no others. */
    if ( !ioreq_server_has_device(d, current->domain, op->rid) )
        return -EPERM;

    return hvm_viommu_device_msi(d, &req)
           ? 0 : hvm_inject_msi(d, op->addr, op->data);
}

int hvm_viommu_dm_op(struct domain *d, struct xen_dm_op *op,
                     const struct dmop_args *args, bool *const_op)
{
    struct viommu *viommu = domain_viommu(d);
    domid_t caller = current->domain->domain_id;

    if ( !viommu )
        return -ENODEV;

    *const_op = false;

    switch ( op->op )
    {
    case XEN_DMOP_viommu_attach:
        return viommu_attach(viommu, caller, &op->u.viommu_attach);

    case XEN_DMOP_viommu_detach:
        return viommu_detach(viommu, caller, &op->u.viommu_detach);

    case XEN_DMOP_viommu_translate:
        return translate(viommu, caller, &op->u.viommu_translate, args);

    case XEN_DMOP_viommu_ack:
        return viommu_ack(viommu, caller, &op->u.viommu_ack);

    case XEN_DMOP_viommu_msi:
        return send_msi(d, &op->u.viommu_msi);
    }

    return -EOPNOTSUPP;
}

void hvm_viommu_reset(struct domain *d)
{
    if ( d->arch.hvm.viommu )
        viommu_reset(d->arch.hvm.viommu->viommu);
}

void hvm_viommu_relinquish(struct domain *d)
{
    struct hvm_viommu *hv = d->arch.hvm.viommu;

    if ( !hv )
        return;

    /* Called twice, the second time when there are no vCPUs any more. */
    if ( !hv->viommu->ledger )
        return;

    kill_timer(&hv->watch);
    vfree(viommu_take_ledger(hv->viommu));
    hvm_viommu_irq_relinquish(hv);
    free_frames(hv);
    /* The p2m is gone already. */
    free_mirror(hv);
}

void hvm_viommu_destroy(struct domain *d)
{
    if ( !d->arch.hvm.viommu )
        return;

    xfree(d->arch.hvm.viommu->irq);
    vfree(d->arch.hvm.viommu->viommu);
    XFREE(d->arch.hvm.viommu);
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
