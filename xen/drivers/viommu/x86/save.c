/* SPDX-License-Identifier: GPL-2.0-only */
/* The vIOMMU in the HVM context of its domain. */

#include <xen/compile.h>
#include <xen/lib.h>
#include <xen/sched.h>
#include <xen/xmalloc.h>

#include <asm/hvm/save.h>

#include <public/hvm/save.h>

#include "hvm.h"

static int cf_check save_viommu(struct vcpu *v, hvm_domain_context_t *h)
{
    struct hvm_viommu *hv = v->domain->arch.hvm.viommu;
    struct hvm_hw_viommu *rec;
    int rc;

    /* A Xen that knows of no vIOMMU does not accept such a record. */
    if ( !hv )
        return 0;

    rec = xmalloc(struct hvm_hw_viommu);
    if ( !rec )
        return -ENOMEM;

    viommu_save(hv->viommu, rec);
    rc = hvm_save_entry(VIOMMU, 0, h, rec);
    xfree(rec);

    return rc;
}

static int refuse(const struct domain *d, const char *why, int rc)
{
    printk(XENLOG_G_ERR "HVM%d restore: vIOMMU record refused: %s\n", d->domain_id, why);

    return rc;
}

/* Take the record out of the context, and check it if there is a vIOMMU. */
static int get_viommu(const struct domain *d, hvm_domain_context_t *h,
                      struct hvm_hw_viommu **rec)
{
    unsigned int instance = hvm_load_instance(h);
    const char *why;

    if ( !d->arch.hvm.viommu )
        return refuse(d, "the domain was created without one", -ENODEV);
    if ( instance )
        return refuse(d, "there is one only", -ENODEV);

    *rec = xmalloc(struct hvm_hw_viommu);
    if ( !*rec )
        return -ENOMEM;

    if ( hvm_load_entry_zeroextend(VIOMMU, h, *rec) )
        why = "a record of another length";
    else
        why = viommu_check(d->arch.hvm.viommu->viommu, *rec);
    if ( !why )
        return 0;

    XFREE(*rec);

    return refuse(d, why, -EINVAL);
}

static int cf_check load_viommu(struct domain *d, hvm_domain_context_t *h)
{
    struct hvm_viommu *hv = d->arch.hvm.viommu;
    struct hvm_hw_viommu *rec;
    const char *why;
    int rc = get_viommu(d, h, &rec);

    if ( rc )
        return rc;

    rc = viommu_load(hv->viommu, rec, &why);
    xfree(rec);
    if ( rc )
        return refuse(d, why, rc);

    /* What is over is shown by whoever comes first: a vCPU, or the DM. */
    ACCESS_ONCE(hv->thaw) = true;

    return 0;
}

/* Since 4.19 a context is checked before any of it is loaded. */
#if XEN_VERSION > 4 || XEN_SUBVERSION >= 19

static int cf_check check_viommu(const struct domain *d,
                                 hvm_domain_context_t *h)
{
    struct hvm_hw_viommu *rec;
    int rc = get_viommu(d, h, &rec);

    if ( !rc )
        xfree(rec);

    return rc;
}

HVM_REGISTER_SAVE_RESTORE(VIOMMU, save_viommu, check_viommu, load_viommu, 1,
                          HVMSR_PER_DOM);

#else

HVM_REGISTER_SAVE_RESTORE(VIOMMU, save_viommu, load_viommu, 1, HVMSR_PER_DOM);

#endif

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
