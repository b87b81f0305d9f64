/* SPDX-License-Identifier: MIT */
/*
 * viommu_domctl.h: the virtual IOMMU of an HVM guest, as the toolstack creates
 * and observes it.  A part of domctl.h, whose interface version it goes by.
 */

#ifndef __XEN_PUBLIC_HVM_VIOMMU_DOMCTL_H__
#define __XEN_PUBLIC_HVM_VIOMMU_DOMCTL_H__

#if !defined(__XEN__) && !defined(__XEN_TOOLS__)
#error "domctl operations are intended for use by node control tools only"
#endif

#include "viommu.h"

/* Bucket n of the histogram counts drains of 2^n to 2^(n+1) - 1 us. */
#define XEN_VIOMMU_NR_HIST             24

/* How an invalidation that had to wait went; 0 for what is not known yet. */
struct xen_viommu_timeline {
    uint64_aligned_t write_ns;  /* the guest asked for it */
    uint64_aligned_t event_ns;  /* Xen found DMA to wait for and told the DM */
    uint64_aligned_t ack_ns;    /* the DM told Xen that it has ended */
    uint64_aligned_t drained_ns;/* Xen saw that it has ended */
    uint64_aligned_t clear_ns;  /* the guest could see the completion */
    uint64_aligned_t seen_ns;   /* the first read after that which trapped */
    uint32_t inv;               /* XEN_VIOMMU_INV_* */
    uint32_t pad;
};
typedef struct xen_viommu_timeline xen_viommu_timeline_t;

struct xen_viommu_stats {
    uint32_t type;              /* XEN_VIOMMU_TYPE_* */
    uint32_t flags;
#define XEN_VIOMMU_STATS_ENABLED   (1u << 0) /* DMA is being translated */
#define XEN_VIOMMU_STATS_DM        (1u << 1) /* a DM is attached and bound */
#define XEN_VIOMMU_STATS_WAITING   (1u << 2) /* an invalidation waits */
/* The vIOMMU was restored, and all is counted from then on. */
#define XEN_VIOMMU_STATS_RESTORED  (1u << 3)
    uint64_aligned_t base;      /* guest-physical address of the registers */
    uint64_aligned_t translations;          /* addresses translated */
    uint64_aligned_t faults;                /* ... and refused */
    uint64_aligned_t faults_lost;           /* no room to record them */
    uint64_aligned_t inv[XEN_VIOMMU_NR_INV];/* by XEN_VIOMMU_INV_* */
    uint64_aligned_t in_trap;   /* completions shown within the same exit */
    uint64_aligned_t waited;    /* ... that had to wait for the DM */
    uint64_aligned_t dm_gone;   /* deaths and detaches of a DM that owed */
    uint64_aligned_t requested, drained;    /* generations */
    uint64_aligned_t drain_ns;              /* all drains together */
    uint64_aligned_t drain_max_ns;
    uint32_t drain_hist[XEN_VIOMMU_NR_HIST];
    struct xen_viommu_timeline waiting; /* the one that waits, if any */
    struct xen_viommu_timeline longest; /* the one that waited longest */
    uint64_aligned_t now_ns;    /* when this was taken */
    uint64_aligned_t mmio_reads, mmio_writes; /* accesses that trapped */
    uint64_aligned_t descs;     /* commands fetched from a queue */
    uint64_aligned_t queue_errors;          /* ... and refused, queue stopped */
    /* What is waited for: slots, and whether for floor. */
    uint32_t blocked;
    uint32_t blocked_floor;
    uint64_aligned_t blocked_ns;/* since when blocked_by or, if none, floor */
    struct xen_viommu_slot blocked_by;      /* what has been for longest */
    uint64_aligned_t scans;     /* times that the slots were looked at */
    uint64_aligned_t walks;     /* pages of slots that were walked again */
    uint64_aligned_t stale;     /* slots that were waited for */
};
typedef struct xen_viommu_stats xen_viommu_stats_t;
DEFINE_XEN_GUEST_HANDLE(xen_viommu_stats_t);

/*
 * XEN_DOMCTL_viommu_op: for the toolstack only.
 *
 * -EOPNOTSUPP  not built in, or the domain is not HVM
 * -EINVAL      unknown cmd
 */
struct xen_domctl_viommu_op {
    uint32_t cmd;               /* IN: XEN_DOMCTL_VIOMMU_* */
    uint32_t unit;              /* IN: which vIOMMU of the domain */
    union {
        /*
         * Give a domain a vIOMMU: unit 0, then unit 1, and so on, before the
         * domain first runs and, on restore, before its HVM context is loaded.
         * It lives until the domain is destroyed.
         *
         * -EOPNOTSUPP  forbidden by "viommu=no" on Xen's command line
         * -EEXIST      the domain has that unit, or one with that base
         * -EBUSY       the domain has run
         * -EINVAL      unknown type or flag; interrupt remapping without a
         *              queue, or in some units only; base not page aligned or
         *              not below 4G; aw not 39 or 48; pad not zero; unit not
         *              the next one, or above the last one that can be; or the
         *              domain is dying
         * -ENOMEM
         */
#define XEN_DOMCTL_VIOMMU_create     1
        struct xen_domctl_viommu_create {
            uint64_aligned_t base;  /* IN: guest-physical, of the registers */
            uint32_t type;          /* IN: XEN_VIOMMU_TYPE_* */
            uint32_t flags;         /* IN: XEN_VIOMMU_CREATE_* */
/* Offer no command queue: the guest invalidates through registers only. */
#define XEN_VIOMMU_CREATE_NO_QUEUE   (1u << 0)
/* Offer interrupt remapping. */
#define XEN_VIOMMU_CREATE_INTREMAP   (1u << 1)
            /* IN: width of translated addresses in bits, 39 or 48. */
            uint8_t aw;
            /* OUT: width of guest-physical addresses, as for the DMAR. */
            uint8_t haw;
            uint8_t pad[6];         /* IN: must be zero */
        } create;

        /*
         * What the vIOMMU has done and is doing.  All counters start at zero
         * when it is created.  Times are ns of Xen's system time.
         *
         * -ENODEV      the domain has no such unit
         * -EFAULT      stats cannot be written
         */
#define XEN_DOMCTL_VIOMMU_get_stats  2
        struct xen_domctl_viommu_get_stats {
            XEN_GUEST_HANDLE_64(xen_viommu_stats_t) stats;  /* OUT */
        } get_stats;
    } u;
};
typedef struct xen_domctl_viommu_op xen_domctl_viommu_op_t;

#endif /* __XEN_PUBLIC_HVM_VIOMMU_DOMCTL_H__ */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
