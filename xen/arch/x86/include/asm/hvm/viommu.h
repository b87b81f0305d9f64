/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where x86 HVM code meets the vIOMMU (xen/drivers/viommu).  What common code
 * needs is in xen/viommu.h.
 */
#ifndef __ASM_X86_HVM_VIOMMU_H__
#define __ASM_X86_HVM_VIOMMU_H__

#include <xen/dm.h>
#include <xen/errno.h>
#include <xen/mm-frame.h>
#include <xen/types.h>

#include <public/domctl.h>

struct domain;
struct vcpu;
struct viommu_units;

#ifdef CONFIG_VIOMMU

/* XEN_DOMCTL_viommu_op, under the domctl lock.  For errno see the op. */
int hvm_viommu_domctl(struct domain *d, struct xen_domctl_viommu_op *op);

/*
 * XEN_DMOP_viommu_*, from dm_op(), which has done the access check.  Clears
 * @const_op if the caller has to copy @op back.
 */
int hvm_viommu_dm_op(struct domain *d, struct xen_dm_op *op,
                     const struct dmop_args *args, bool *const_op);

/*
 * Work through a slice of each queue, before @v runs on, if that is to do it.
 * Returns whether there is more, in which case the scheduler is to be given a
 * chance first.
 */
bool hvm_viommu_process_pending(struct vcpu *v);

/* The emulator begins with another instruction of @v, which is current. */
void hvm_viommu_begin_insn(struct vcpu *v);

/*
 * Is @gpa in a unit's page of registers?  That may be memory to the p2m, which
 * is what the guest reads it by; to the emulator it is MMIO.
 */
bool hvm_viommu_is_regs(const struct domain *d, paddr_t gpa);

/*
 * Is a unit's page of registers among these?  Nothing else may be put there,
 * or the guest would find that instead.
 */
bool hvm_viommu_in_range(const struct domain *d, gfn_t gfn,
                         unsigned int order);

/*
 * Interrupts of a domain whose vIOMMU may remap them.  These return false if
 * there is none such; otherwise they have done what there is to do.  Any locks
 * may be held but the vIOMMU's own.
 *
 * An MSI of whom nobody knows is delivered only where nothing is remapped.
 */
bool hvm_viommu_remaps(const struct domain *d);
bool hvm_viommu_deliver_msi(struct domain *d, uint64_t addr, uint32_t data);
/* By the IO-APIC, which is 255:00.0 to the vIOMMU. */
#define HVM_VIOMMU_IOAPIC_RID 0xff00
bool hvm_viommu_deliver_rte(struct domain *d, unsigned int gsi, uint64_t rte);
/*
 * The vector that comes of it, at this moment; 0, which is none, if it is
 * blocked.
 */
uint8_t hvm_viommu_rte_vector(const struct domain *d, uint64_t rte);
/*
 * Does an entry reach the local APIC as it is?  For the 8259's interrupts
 * only.
 */
bool hvm_viommu_rte_passes(const struct domain *d, uint64_t rte);

/* S3: registers to their reset values. */
void hvm_viommu_reset(struct domain *d);

/*
 * Stop all that is asynchronous, free the domain's pages.  Idempotent; no-op
 * without a vIOMMU.
 */
void hvm_viommu_relinquish(struct domain *d);

/*
 * Free.  Only once nobody can hold a reference to @d any more: dm_op and the
 * timer work on domains that are dying.
 */
void hvm_viommu_destroy(struct domain *d);

#else

static inline int hvm_viommu_domctl(struct domain *d,
                                    struct xen_domctl_viommu_op *op)
{
    return -EOPNOTSUPP;
}

static inline int hvm_viommu_dm_op(struct domain *d, struct xen_dm_op *op,
                                   const struct dmop_args *args, bool *const_op)
{
    return -EOPNOTSUPP;
}

static inline bool hvm_viommu_process_pending(struct vcpu *v)
{
    return false;
}

static inline void hvm_viommu_begin_insn(struct vcpu *v) {}

static inline bool hvm_viommu_is_regs(const struct domain *d, paddr_t gpa)
{
    return false;
}

static inline bool hvm_viommu_in_range(const struct domain *d, gfn_t gfn,
                                       unsigned int order)
{
    return false;
}

static inline bool hvm_viommu_remaps(const struct domain *d)
{
    return false;
}

static inline bool hvm_viommu_deliver_msi(struct domain *d, uint64_t addr,
                                          uint32_t data)
{
    return false;
}

static inline bool hvm_viommu_deliver_rte(struct domain *d, unsigned int gsi,
                                          uint64_t rte)
{
    return false;
}

static inline uint8_t hvm_viommu_rte_vector(const struct domain *d,
                                            uint64_t rte)
{
    return rte;
}

static inline bool hvm_viommu_rte_passes(const struct domain *d,
                                         uint64_t rte)
{
    return true;
}

static inline void hvm_viommu_reset(struct domain *d) {}
static inline void hvm_viommu_relinquish(struct domain *d) {}
static inline void hvm_viommu_destroy(struct domain *d) {}

#endif /* CONFIG_VIOMMU */

#endif /* __ASM_X86_HVM_VIOMMU_H__ */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
