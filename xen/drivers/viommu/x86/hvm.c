/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vIOMMUs of an x86 HVM domain: life cycle, register pages and hypercalls.
 */

#include <xen/event.h>
#include <xen/guest_access.h>
#include <xen/ioreq.h>
#include <xen/param.h>
#include <xen/sched.h>
#include <xen/softirq.h>
#include <xen/viommu.h>

#include <asm/hvm/emulate.h>
#include <asm/hvm/io.h>
#include <asm/hvm/irq.h>
#include <asm/hvm/viommu.h>
#include <asm/p2m.h>

#include "hvm.h"

/* viommu=<bool>: may domains have one? */
static bool __read_mostly opt_viommu = true;
boolean_param("viommu", opt_viommu);

/* The unit whose registers are at @gpa, or NULL. */
static struct viommu *find_unit(const struct domain *d, paddr_t gpa)
{
    return viommu_at(d->arch.hvm.viommu, gpa);
}

/* Each unit that @d has, which does not get any more meanwhile. */
#define for_each_unit(d, i, viommu)                                           \
    for ( i = 0; (d)->arch.hvm.viommu && i < (d)->arch.hvm.viommu->nr &&      \
                 (viommu = (d)->arch.hvm.viommu->unit[i]); i++ )

/*
 * An access that begins in a page of registers is ours, however it ends.  Not
 * by way of register_mmio_handler(): that would crash the domain for one that
 * ends elsewhere.
 */
static bool cf_check regs_accept(const struct hvm_io_handler *handler,
                                 const ioreq_t *p)
{
    return find_unit(current->domain, ioreq_mmio_first_byte(p));
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
    struct viommu *viommu = find_unit(current->domain, addr);

    if ( is_rest(addr) )
        return X86EMUL_UNHANDLEABLE;

    /* One that goes down may begin above the page, where there is nothing. */
    *data = viommu ? viommu_mmio_read(viommu, addr, size, is_first()) : ~0ULL;

    return X86EMUL_OKAY;
}

static int cf_check regs_write(const struct hvm_io_handler *handler,
                               uint64_t addr, uint32_t size, uint64_t data)
{
    struct viommu *viommu = find_unit(current->domain, addr);

    if ( is_rest(addr) )
        return X86EMUL_UNHANDLEABLE;

    if ( viommu )
    {
        ACCESS_ONCE(hvm_viommu_unit(viommu)->writer) = current;
        viommu_mmio_write(viommu, addr, size, data, is_first());
    }

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

static bool process(struct hvm_viommu_unit *hu, struct vcpu *v)
{
    if ( unlikely(ACCESS_ONCE(hu->thaw)) )
    {
        ACCESS_ONCE(hu->thaw) = false;
        ACCESS_ONCE(hu->runner) = v;
    }

    /* Given back first: what comes while it is being done is asked for anew. */
    if ( ACCESS_ONCE(hu->runner) != v ||
         cmpxchg(&hu->runner, v, NULL) != v || !viommu_continue(hu->viommu) )
        return false;

    /* Slice by slice; whoever has taken over meanwhile keeps the job. */
    (void)cmpxchg(&hu->runner, NULL, v);

    return true;
}

bool hvm_viommu_process_pending(struct vcpu *v)
{
    struct viommu *viommu;
    bool more = false;
    unsigned int i;

    if ( likely(!v->domain->arch.hvm.viommu) )
        return false;

    /*
     * A slice of each, so that none waits for the end of another one's queue.
     */
    for_each_unit ( v->domain, i, viommu )
        more |= process(hvm_viommu_unit(viommu), v);

    return more;
}

bool hvm_viommu_is_regs(const struct domain *d, paddr_t gpa)
{
    return find_unit(d, gpa);
}

bool hvm_viommu_in_range(const struct domain *d, gfn_t gfn,
                         unsigned int order)
{
    return viommu_in_range(d->arch.hvm.viommu, gfn_to_gaddr(gfn),
                           gfn_to_gaddr(gfn_add(gfn, (1UL << order) - 1)));
}

void viommu_mapcache_invalidate(struct domain *d)
{
    struct viommu *viommu;
    unsigned int i;

    for_each_unit ( d, i, viommu )
        viommu_p2m_changed(viommu);
}

unsigned int viommu_resource_max_frames(const struct domain *d,
                                        unsigned int id)
{
    return is_hvm_domain(d) && viommu_unit(d->arch.hvm.viommu, id)
           ? XEN_VIOMMU_LEDGER_FRAMES : 0;
}

int viommu_acquire_resource(struct domain *d, unsigned int id,
                            unsigned int frame, unsigned int nr_frames,
                            xen_pfn_t mfn_list[])
{
    unsigned int i, max = viommu_resource_max_frames(d, id);
    const struct hvm_viommu_unit *hu;

    if ( frame >= max || nr_frames > max - frame )
        return -EINVAL;

    /*
     * As for other resources no reference is taken here.  A PV domain that maps
     * the frame takes one, or is refused if the frame has gone meanwhile.  A
     * translated one takes none, which is why it has to be the hardware domain:
     * see arch_acquire_resource_check().
     */
    hu = hvm_viommu_unit(viommu_unit(d->arch.hvm.viommu, id));
    for ( i = 0; i < nr_frames; i++ )
    {
        const struct page_info *pg = ACCESS_ONCE(hu->frame[frame + i]);

        if ( !pg )
            return -ENODATA;
        mfn_list[i] = mfn_x(page_to_mfn(pg));
    }

    return nr_frames;
}

static int create(struct domain *d, unsigned int unit,
                  struct xen_domctl_viommu_create *op)
{
    struct viommu_units *units = d->arch.hvm.viommu;
    const struct viommu_frontend *fe;
    struct hvm_viommu_unit *hu;
    int rc;

    if ( !opt_viommu )
        return -EOPNOTSUPP;

    fe = viommu_frontend(op);
    if ( !fe )
        return -EINVAL;

    rc = viommu_may_add(units, unit, op);
    if ( rc )
        return rc;

    /* The list of MMIO handlers is not locked. */
    if ( d->creation_finished )
        return -EBUSY;

    /* It would not be torn down with the rest.  Both hold the domctl lock. */
    if ( d->is_dying )
        return -EINVAL;

    /* Known from the first unit on, so that it is empty at no time. */
    if ( !unit )
        units = xzalloc(struct viommu_units);
    hu = units ? hvm_viommu_unit_create(d, fe, unit, op) : NULL;
    if ( !hu )
    {
        if ( !unit )
            xfree(units);
        return -ENOMEM;
    }

    /*
     * A guest that is offered pirqs asks for its interrupts by messages that
     * name one, which are no request for an interrupt to an IOMMU: it would
     * block them.
     */
    if ( op->flags & XEN_VIOMMU_CREATE_INTREMAP )
        d->arch.emulation_flags &= ~X86_EMU_USE_PIRQ;

    viommu_add(units, hu->viommu);
    if ( !unit )
    {
        smp_wmb();
        ACCESS_ONCE(d->arch.hvm.viommu) = units;
        /* One for all of them. */
        register_regs(d);
    }

    op->haw = hu->viommu->haw;

    return 0;
}

static int get_stats(const struct domain *d, unsigned int unit,
                     struct xen_domctl_viommu_get_stats *op)
{
    struct viommu *viommu = viommu_unit(d->arch.hvm.viommu, unit);
    struct xen_viommu_stats stats;

    if ( !viommu )
        return -ENODEV;

    viommu_get_stats(viommu, &stats);

    return copy_to_guest(op->stats, &stats, 1) ? -EFAULT : 0;
}

int hvm_viommu_domctl(struct domain *d, struct xen_domctl_viommu_op *op)
{
    if ( !is_hvm_domain(d) )
        return -EOPNOTSUPP;

    switch ( op->cmd )
    {
    case XEN_DOMCTL_VIOMMU_create:
        return create(d, op->unit, &op->u.create);

    case XEN_DOMCTL_VIOMMU_get_stats:
        return get_stats(d, op->unit, &op->u.get_stats);
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

    if ( !op->nr )
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

static int send_msi(struct viommu *viommu,
                    const struct xen_dm_op_viommu_msi *op)
{
    struct domain *d = viommu->domain;
    struct viommu_request req;
    int rc = viommu_msi(op, &req);

    if ( rc )
        return rc;

    /* A device model speaks for the devices that it has, and for no others. */
    if ( !ioreq_server_has_device(d, current->domain, op->rid) )
        return -EPERM;

    return hvm_viommu_device_msi(viommu, &req)
           ? 0 : hvm_inject_msi(d, op->addr, op->data);
}

/* Which unit an operation names. */
static uint32_t unit_of(const struct xen_dm_op *op)
{
    switch ( op->op )
    {
    case XEN_DMOP_viommu_attach:
        return op->u.viommu_attach.unit;

    case XEN_DMOP_viommu_detach:
        return op->u.viommu_detach.unit;

    case XEN_DMOP_viommu_translate:
        return op->u.viommu_translate.unit;

    case XEN_DMOP_viommu_ack:
        return op->u.viommu_ack.unit;

    case XEN_DMOP_viommu_msi:
        return op->u.viommu_msi.unit;
    }

    return XEN_VIOMMU_MAX_UNITS;
}

int hvm_viommu_dm_op(struct domain *d, struct xen_dm_op *op,
                     const struct dmop_args *args, bool *const_op)
{
    struct viommu *viommu = viommu_unit(d->arch.hvm.viommu, unit_of(op));
    domid_t caller = current->domain->domain_id;

    if ( !viommu )
        return -ENODEV;

    *const_op = false;

    switch ( op->op )
    {
    case XEN_DMOP_viommu_attach:
        return viommu_attach(viommu, caller, &op->u.viommu_attach);

    case XEN_DMOP_viommu_detach:
        return viommu_detach(viommu, caller);

    case XEN_DMOP_viommu_translate:
        return translate(viommu, caller, &op->u.viommu_translate, args);

    case XEN_DMOP_viommu_ack:
        return viommu_ack(viommu, caller, &op->u.viommu_ack);

    case XEN_DMOP_viommu_msi:
        return send_msi(viommu, &op->u.viommu_msi);
    }

    return -EOPNOTSUPP;
}

void hvm_viommu_reset(struct domain *d)
{
    struct viommu *viommu;
    unsigned int i;

    for_each_unit ( d, i, viommu )
        viommu_reset(viommu);
}

void hvm_viommu_relinquish(struct domain *d)
{
    struct viommu *viommu;
    unsigned int i;

    for_each_unit ( d, i, viommu )
        hvm_viommu_unit_relinquish(hvm_viommu_unit(viommu));
}

void hvm_viommu_destroy(struct domain *d)
{
    struct viommu *viommu;
    unsigned int i;

    for_each_unit ( d, i, viommu )
        hvm_viommu_unit_free(hvm_viommu_unit(viommu));

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
