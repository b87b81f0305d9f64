/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vIOMMU of an x86 HVM domain: life cycle, register page and hypercalls.
 */

#include <xen/guest_access.h>
#include <xen/param.h>
#include <xen/sched.h>
#include <xen/softirq.h>

#include <asm/hvm/emulate.h>
#include <asm/hvm/io.h>
#include <asm/hvm/viommu.h>
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
 * The page, and the 16 bytes behind it: an access that begins in the page is
 * ours however it ends, or the dispatcher would crash the domain for it.
 */
static int cf_check mmio_check(struct vcpu *v, unsigned long addr)
{
    uint64_t base = domain_viommu(v->domain)->base;

    return addr >= base && addr < base + VIOMMU_PAGE_SIZE + 16;
}

static int cf_check mmio_read(struct vcpu *v, unsigned long addr,
                              unsigned int len, unsigned long *val)
{
    *val = viommu_mmio_read(domain_viommu(v->domain), addr, len);

    return X86EMUL_OKAY;
}

static int cf_check mmio_write(struct vcpu *v, unsigned long addr,
                               unsigned int len, unsigned long val)
{
    struct hvm_viommu *hv = v->domain->arch.hvm.viommu;

    /* The rest of the queue, slice by slice, on the way back to the guest. */
    if ( viommu_mmio_write(hv->viommu, addr, len, val) )
    {
        ACCESS_ONCE(hv->runner) = v;
        raise_softirq(SCHEDULE_SOFTIRQ);
    }

    return X86EMUL_OKAY;
}

static const struct hvm_mmio_ops mmio_ops = {
    .check = mmio_check,
    .read = mmio_read,
    .write = mmio_write,
};

static void cf_check watch(void *data)
{
    struct hvm_viommu *hv = data;

    spin_lock(&hv->viommu->lock);
    hv->watching = false;
    viommu_unlock(hv->viommu);

    viommu_continue(hv->viommu);
}

bool hvm_viommu_process_pending(struct vcpu *v)
{
    struct hvm_viommu *hv = v->domain->arch.hvm.viommu;

    if ( likely(!hv) || ACCESS_ONCE(hv->runner) != v )
        return false;

    if ( viommu_continue(hv->viommu) )
        return true;

    /* Whoever has taken over meanwhile keeps the job. */
    (void)cmpxchg(&hv->runner, v, NULL);

    return false;
}

int hvm_viommu_domctl(struct domain *d, struct xen_domctl_viommu_op *op)
{
    const struct viommu_frontend *fe;
    struct hvm_viommu *hv;

    if ( !opt_viommu || !is_hvm_domain(d) )
        return -EOPNOTSUPP;

    fe = viommu_frontend(op);
    if ( !fe )
        return -EINVAL;

    if ( d->arch.hvm.viommu )
        return -EEXIST;

    /* The list of MMIO handlers is not locked. */
    if ( d->creation_finished )
        return -EBUSY;

    hv = xzalloc(struct hvm_viommu);
    if ( !hv )
        return -ENOMEM;

    hv->viommu = xzalloc_bytes(fe->size);
    if ( !hv->viommu )
    {
        xfree(hv);
        return -ENOMEM;
    }

    viommu_init(hv->viommu, fe, d, min_t(unsigned int, paddr_bits, 52), op);
    init_timer(&hv->watch, watch, hv, smp_processor_id());
    d->arch.hvm.viommu = hv;
    register_mmio_handler(d, &mmio_ops);

    op->haw = hv->viommu->haw;

    return 0;
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

static int get_stats(struct viommu *viommu,
                     struct xen_dm_op_viommu_get_stats *op,
                     const struct dmop_args *args)
{
    struct xen_viommu_stats stats;

    if ( op->size || op->pad )
        return -EINVAL;
    if ( args->nr_bufs < 2 )
        return -EFAULT;

    viommu_get_stats(viommu, &stats);
    op->size = sizeof(stats);

    return copy_to_guest_offset(args->buf[1].h, 0, (void *)&stats,
                                min_t(size_t, sizeof(stats), args->buf[1].size))
           ? -EFAULT : 0;
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

    case XEN_DMOP_viommu_get_stats:
        return get_stats(viommu, &op->u.viommu_get_stats, args);
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
    if ( d->arch.hvm.viommu )
        kill_timer(&d->arch.hvm.viommu->watch);
}

void hvm_viommu_destroy(struct domain *d)
{
    if ( !d->arch.hvm.viommu )
        return;

    xfree(d->arch.hvm.viommu->viommu);
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
