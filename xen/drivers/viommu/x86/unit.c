/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory of a vIOMMU of an x86 HVM domain, and its end. */

#include <xen/domain_page.h>
#include <xen/sched.h>
#include <xen/vmap.h>

#include <asm/hvm/nestedhvm.h>
#include <asm/hvm/viommu.h>
#include <asm/p2m.h>
#include <asm/processor.h>

#include "hvm.h"

static void cf_check watch(void *data)
{
    viommu_tick(data);
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
 * The pointer goes before the references, as in ioreq_server_free_mfn().  A
 * page that somebody has mapped is freed when he drops it; until then the
 * domain stays.
 */
static void free_frames(struct hvm_viommu_unit *hu)
{
    unsigned int i;

    if ( hu->frames )
        vunmap(hu->frames);
    hu->frames = NULL;

    for ( i = 0; i < ARRAY_SIZE(hu->frame); i++ )
        free_frame(&hu->frame[i]);
}

static int alloc_frames(struct domain *d, struct hvm_viommu_unit *hu)
{
    mfn_t mfn[ARRAY_SIZE(hu->frame)];
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(hu->frame); i++ )
    {
        hu->frame[i] = alloc_frame(d);
        if ( !hu->frame[i] )
            goto fail;
        mfn[i] = page_to_mfn(hu->frame[i]);
    }

    hu->frames = vmap(mfn, ARRAY_SIZE(mfn));
    if ( hu->frames )
        return 0;

 fail:
    free_frames(hu);

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
static void alloc_mirror(struct domain *d, struct hvm_viommu_unit *hu,
                         uint32_t flags)
{
    void *va;

    if ( !(flags & XEN_VIOMMU_CREATE_NO_QUEUE) || !hap_enabled(d) ||
         nestedhvm_enabled(d) )
        return;

    hu->mirror = alloc_frame(d);
    if ( !hu->mirror )
        return;

    va = __map_domain_page_global(hu->mirror);
    if ( va )
    {
        viommu_give_mirror(hu->viommu, va);
        return;
    }

    free_frame(&hu->mirror);
}

static void free_mirror(struct hvm_viommu_unit *hu)
{
    void *va = viommu_take_mirror(hu->viommu);

    if ( !va )
        return;

    unmap_domain_page_global(va);
    free_frame(&hu->mirror);
}

struct hvm_viommu_unit *hvm_viommu_unit_create(
    struct domain *d, const struct viommu_frontend *fe, unsigned int unit,
    const struct xen_domctl_viommu_create *op)
{
    struct hvm_viommu_unit *hu = xzalloc(struct hvm_viommu_unit);
    struct viommu_ledger *ledger;

    if ( !hu )
        return NULL;

    hu->viommu = vzalloc(fe->size);
    ledger = vzalloc(sizeof(*ledger));
    if ( !hu->viommu || !ledger ||
         ((op->flags & XEN_VIOMMU_CREATE_INTREMAP) &&
          !hvm_viommu_irq_alloc(hu)) ||
         alloc_frames(d, hu) )
    {
        vfree(ledger);
        hvm_viommu_unit_free(hu);
        return NULL;
    }

    hu->viommu->host = hu;
    viommu_give_ledger(hu->viommu, ledger, hu->frames);
    alloc_mirror(d, hu, op->flags);
    viommu_init(hu->viommu, fe, d, unit, min_t(unsigned int, paddr_bits, 52),
                op);
    init_timer(&hu->watch, watch, hu->viommu, smp_processor_id());

    /* Once the unit is known, nothing can be put there any more. */
    if ( hu->mirror && p2m_add_page(d, gaddr_to_gfn(op->base),
                                    page_to_mfn(hu->mirror), PAGE_ORDER_4K,
                                    p2m_ram_ro) )
        free_mirror(hu);

    return hu;
}

void hvm_viommu_unit_relinquish(struct hvm_viommu_unit *hu)
{
    /* Called twice, the second time when there are no vCPUs any more. */
    if ( !hu->viommu->ledger )
        return;

    kill_timer(&hu->watch);
    vfree(viommu_take_ledger(hu->viommu));
    hvm_viommu_irq_relinquish(hu);
    free_frames(hu);
    /* The p2m is gone already. */
    free_mirror(hu);
}

void hvm_viommu_unit_free(struct hvm_viommu_unit *hu)
{
    xfree(hu->irq);
    vfree(hu->viommu);
    xfree(hu);
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
