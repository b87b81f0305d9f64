/* SPDX-License-Identifier: GPL-2.0-only */
/* The vIOMMUs in the HVM context of their domain. */

#include <xen/compile.h>
#include <xen/lib.h>
#include <xen/sched.h>
#include <xen/xmalloc.h>

#include <asm/hvm/save.h>

#include <public/hvm/save.h>

#include "hvm.h"

static int cf_check save_viommu(struct vcpu *v, hvm_domain_context_t *h)
{
    const struct viommu_units *units = v->domain->arch.hvm.viommu;
    struct hvm_hw_viommu *rec;
    unsigned int i;
    int rc = 0;

    /* A Xen that knows of no vIOMMU does not accept such a record. */
    if ( !units )
        return 0;

    rec = xmalloc(struct hvm_hw_viommu);
    if ( !rec )
        return -ENOMEM;

    for ( i = 0; i < units->nr && !rc; i++ )
    {
        viommu_save(units->unit[i], rec);
        rc = hvm_save_entry(VIOMMU, i, h, rec);
    }
    xfree(rec);

    return rc;
}

static int refuse(const struct domain *d, const char *why, int rc)
{
    printk(XENLOG_G_ERR "HVM%d restore: vIOMMU record refused: %s\n",
           d->domain_id, why);

    return rc;
}

/* Has there been a record of the same unit?  All before it have been walked. */
static bool is_second(const hvm_domain_context_t *h)
{
    const struct hvm_save_descriptor *this = (const void *)&h->data[h->cur];
    const struct hvm_save_descriptor *desc;
    uint32_t off;

    for ( off = 0; off < h->cur; off += sizeof(*desc) + desc->length )
    {
        desc = (const void *)&h->data[off];
        if ( desc->typecode == this->typecode &&
             desc->instance == this->instance )
            return true;
    }

    return false;
}

/* Take the record out of the context, and check it if there is such a unit. */
static int get_viommu(const struct domain *d, hvm_domain_context_t *h,
                      struct viommu **viommu, struct hvm_hw_viommu **rec)
{
    const struct viommu_units *units = d->arch.hvm.viommu;
    const char *why;

    if ( !units )
        return refuse(d, "the domain was created without one", -ENODEV);
    *viommu = viommu_unit(units, hvm_load_instance(h));
    if ( !*viommu )
        return refuse(d, "the domain was created with fewer units", -ENODEV);
    if ( is_second(h) )
        return refuse(d, "a second one of the same unit", -EINVAL);

    *rec = xmalloc(struct hvm_hw_viommu);
    if ( !*rec )
        return -ENOMEM;

    /* There is no version that is shorter yet. */
    if ( hvm_load_entry(VIOMMU, h, *rec) )
        why = "torn, or of another length";
    else
        why = viommu_check(*viommu, *rec);
    if ( !why )
        return 0;

    XFREE(*rec);

    return refuse(d, why, -EINVAL);
}

static int cf_check load_viommu(struct domain *d, hvm_domain_context_t *h)
{
    struct hvm_hw_viommu *rec;
    struct viommu *viommu;
    const char *why;
    int rc = get_viommu(d, h, &viommu, &rec);

    if ( rc )
        return rc;

    rc = viommu_load(viommu, rec, &why);
    xfree(rec);
    if ( rc )
        return refuse(d, why, rc);

    /* What is over is shown by whoever comes first: a vCPU, or the DM. */
    ACCESS_ONCE(hvm_viommu_unit(viommu)->thaw) = true;

    return 0;
}

/* Since 4.19 a context is checked before any of it is loaded. */
#if XEN_VERSION > 4 || XEN_SUBVERSION >= 19

static int cf_check check_viommu(const struct domain *d,
                                 hvm_domain_context_t *h)
{
    struct hvm_hw_viommu *rec;
    struct viommu *viommu;
    int rc = get_viommu(d, h, &viommu, &rec);

    if ( !rc )
        xfree(rec);

    return rc;
}

HVM_REGISTER_SAVE_RESTORE(VIOMMU, save_viommu, check_viommu, load_viommu,
                          XEN_VIOMMU_MAX_UNITS, HVMSR_PER_DOM);

#else

HVM_REGISTER_SAVE_RESTORE(VIOMMU, save_viommu, load_viommu,
                          XEN_VIOMMU_MAX_UNITS, HVMSR_PER_DOM);

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
