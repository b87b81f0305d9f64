/* SPDX-License-Identifier: GPL-2.0-only */
/* The vIOMMUs of an x86 HVM domain: what Xen keeps beside the portable part. */
#ifndef VIOMMU_X86_HVM_H
#define VIOMMU_X86_HVM_H

#include <xen/mm.h>
#include <xen/timer.h>

#include "../core.h"

/* One of them.  Units share no data that is written. */
struct hvm_viommu_unit {
    struct viommu *viommu;  /* constant once created */

    /* Interrupt remapping, NULL without; constant as well.  irq.c's. */
    struct hvm_viommu_irq *irq;

    /*
     * The pages of the ledger, which are the domain's, and where Xen has them
     * mapped.  There from creation to hvm_viommu_relinquish(), which sets them
     * to NULL before it drops Xen's references.  Read without a lock.
     */
    struct page_info *frame[XEN_VIOMMU_LEDGER_FRAMES];
    void *frames;

    /*
     * The domain's, too: what the guest reads in place of its registers, or
     * NULL if its reads trap.
     */
    struct page_info *mirror;

    /* Looks after a DM that may have died; see viommu_host_watch(). */
    struct timer watch;
    bool slow;              /* guarded by viommu->lock: as it is ... */

    /*
     * ... while the guest is suspended and there may be something to do: the
     * first vCPU to run again does it.  Not locked, see viommu_host_frozen().
     */
    bool thaw;

    /*
     * The vCPU that is to work through the queue before it runs on, and the
     * one that wrote registers last, to whom such work falls.  Hints, not
     * locked: a vCPU lives as long as its domain.
     */
    struct vcpu *runner, *writer;
};

static inline struct hvm_viommu_unit *hvm_viommu_unit(
    const struct viommu *viommu)
{
    return viommu->host;
}

/*
 * An entry of 8 or 16 bytes of memory that the guest may be writing: each 8 in
 * one access, and 16 as they were at one moment.
 */
void hvm_viommu_copy_entry(const void *from, void *to, unsigned int size);

/*
 * irq.c: an interrupt of a unit that remaps others', which goes where it says.
 */
void hvm_viommu_send_event(struct domain *d, uint64_t addr, uint32_t data);

/*
 * A device behind @viommu sends an MSI, in the gate; returns false if there is
 * none, as nothing is ever remapped.
 */
bool hvm_viommu_device_msi(struct viommu *viommu,
                           const struct viommu_request *req);

/* Life cycle.  Nothing is held any more once that is relinquished. */
bool hvm_viommu_irq_alloc(struct hvm_viommu_unit *hu);
void hvm_viommu_irq_relinquish(struct hvm_viommu_unit *hu);

/* unit.c: unit @unit of @d, which is not the domain's yet; NULL: no memory. */
struct hvm_viommu_unit *hvm_viommu_unit_create(
    struct domain *d, const struct viommu_frontend *fe, unsigned int unit,
    const struct xen_domctl_viommu_create *op);
/*
 * Stop what is asynchronous, free the domain's pages; idempotent.  Then free
 * it.
 */
void hvm_viommu_unit_relinquish(struct hvm_viommu_unit *hu);
void hvm_viommu_unit_free(struct hvm_viommu_unit *hu);

#endif /* VIOMMU_X86_HVM_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
