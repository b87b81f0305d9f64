/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In-flight DMA by generation, and what may be acknowledged to Xen.
 *
 * Free of any other part of QEMU, so that it can be tested by itself.
 */
#ifndef XEN_VIOMMU_DRAIN_H
#define XEN_VIOMMU_DRAIN_H

#define XEN_VIOMMU_DRAIN_BUCKETS 1024 /* power of 2 */

typedef struct XenViommuDma XenViommuDma;
typedef struct XenViommuGen XenViommuGen;

typedef struct XenViommuDrain {
    /* records by (as, ptr); in a chain, newest first */
    XenViommuDma *bucket[XEN_VIOMMU_DRAIN_BUCKETS];
    /* generations that have records, ascending */
    XenViommuGen *oldest, *newest;
    uint64_t nr;            /* records */
    uint64_t requested;     /* highest generation Xen wants acknowledged */
    uint64_t acked;         /* highest generation handed out for that */
} XenViommuDrain;

void xen_viommu_drain_init(XenViommuDrain *d);

/* A DMA through @ptr begins, with translations of @gen or newer. */
void xen_viommu_drain_begin(XenViommuDrain *d, const void *as,
                            const void *ptr, uint64_t gen);

/*
 * A DMA through @ptr is over.  False, and nothing is changed, if none was
 * known; else *@gen is its generation.
 */
bool xen_viommu_drain_end(XenViommuDrain *d, const void *as, const void *ptr,
                          uint64_t *gen);

/* Xen wants @gen acknowledged.  Repeats and older values change nothing. */
void xen_viommu_drain_request(XenViommuDrain *d, uint64_t gen);

/* Is DMA in flight of a generation below the requested one? */
bool xen_viommu_drain_busy(const XenViommuDrain *d);

/* The lowest generation that DMA is in flight of; all ones if there is none. */
uint64_t xen_viommu_drain_oldest(const XenViommuDrain *d);

/*
 * The generation to acknowledge now, or 0: the highest one, not above what
 * was requested, below which no DMA is in flight.  Each is returned once, so
 * the caller has to pass it on.
 */
uint64_t xen_viommu_drain_due(XenViommuDrain *d);

#endif /* XEN_VIOMMU_DRAIN_H */
