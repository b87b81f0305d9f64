/* SPDX-License-Identifier: MIT */
/*
 * viommu_save.h: the record of a vIOMMU in the HVM context of a domain, which
 * arch-x86/hvm/save.h declares.  One for each vIOMMU, the instance being its
 * number; none in the context of a domain that has no vIOMMU.
 *
 * It holds what the guest has made of its vIOMMU, and what the vIOMMU has to be
 * like for that: the toolstack creates one of the same configuration before it
 * loads the context.  It does not say what the device model was doing.  There
 * is none yet where the record is loaded, so that no DMA uses a translation
 * from before: what the guest waits for is over, and is shown to it once a
 * device model attaches or the guest runs.
 *
 * The record may grow: who knows more fields takes those that a shorter one does
 * not have for 0.  This is the first, and none is shorter.  pad has to be 0.
 */

#ifndef __XEN_PUBLIC_HVM_VIOMMU_SAVE_H__
#define __XEN_PUBLIC_HVM_VIOMMU_SAVE_H__

#define HVM_VIOMMU_WAITS 64
#define HVM_VIOMMU_REGS  172

/* A wait of the queue that has been fetched and is not complete. */
struct hvm_hw_viommu_wait {
    uint64_t addr;              /* of the status, a multiple of 4 */
    uint32_t data;              /* the status */
    uint32_t flags;
#define HVM_VIOMMU_WAIT_SW (1u << 0)    /* the status is to be written */
#define HVM_VIOMMU_WAIT_IF (1u << 1)    /* an interrupt is to be sent */
};

struct hvm_hw_viommu {
    /* As created; see XEN_DOMCTL_viommu_op. */
    uint64_t base;
    uint32_t type;
    uint32_t flags;
    uint8_t aw;
    /*
     * Of the host where the domain was created: it lives on none that has
     * less.
     */
    uint8_t haw;
    uint8_t nr_units;           /* of the domain, of which this is one */
    uint8_t pad0;

    /* XEN_VIOMMU_TYPE_VTD: what the commands in GCMD have made of the unit. */
    uint32_t state;
#define HVM_VIOMMU_TE      (1u << 0)    /* it translates */
#define HVM_VIOMMU_QUEUE   (1u << 1)    /* the queue is enabled */
#define HVM_VIOMMU_FENCE   (1u << 2)    /* ... and stands still for a fence */
/* IQH stands at queue_held, for an invalidation without a wait so far, ... */
#define HVM_VIOMMU_UNWAITED (1u << 3)
#define HVM_VIOMMU_DRAINING (1u << 4)   /* ... for which the queue waits */
/* Interrupt remapping, with XEN_VIOMMU_CREATE_INTREMAP. */
#define HVM_VIOMMU_IRE     (1u << 5)    /* it remaps interrupts */
#define HVM_VIOMMU_CFI     (1u << 6)    /* ... but for compatibility format */
#define HVM_VIOMMU_IRT     (1u << 7)    /* irta has been taken */
    uint64_t root;              /* RTADDR as it was taken */
    uint64_t queue_base;        /* IQA as it was taken; these are 0 ... */
    uint32_t queue_entries;
    uint32_t queue_head;        /* ... if the queue is not enabled */
    uint32_t next_frcd;         /* record of the next fault */

    /* Registers that are to change when all is drained. */
    uint32_t pending;
#define HVM_VIOMMU_PENDING_SRTP  (1u << 0)
#define HVM_VIOMMU_PENDING_TE    (1u << 1)
#define HVM_VIOMMU_PENDING_QIE   (1u << 2)
#define HVM_VIOMMU_PENDING_CCMD  (1u << 3)
#define HVM_VIOMMU_PENDING_IOTLB (1u << 4)
#define HVM_VIOMMU_PENDING_IQH   (1u << 5)
#define HVM_VIOMMU_PENDING_SIRTP (1u << 6)
#define HVM_VIOMMU_PENDING_IRE   (1u << 7)

    /* Waits, in the order in which they are to complete. */
    uint32_t nr_waits;
    uint32_t queue_held;        /* 0 if IQH does not stand there */
    struct hvm_hw_viommu_wait wait[HVM_VIOMMU_WAITS];

    /* The registers from offset 0 on. */
    uint32_t reg[HVM_VIOMMU_REGS];

    uint64_t irta;              /* IRTA as it was taken */
};

#endif /* __XEN_PUBLIC_HVM_VIOMMU_SAVE_H__ */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
