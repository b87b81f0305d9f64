/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * queue.h: the invalidation queue, its descriptors and a driver of it.
 */

#ifndef VIOMMU_QUEUE_H
#define VIOMMU_QUEUE_H

#include "vtd.h"

#define ICS_IWC                 (1u << 0)

/* IQERCD: what is wrong with the queue. */
#define IQEI(v)                 ((unsigned int)(v) & 0xf)
#define IQEI_TAIL               1
#define IQEI_FETCH              2
#define IQEI_TYPE               3
#define IQEI_RSVD               4

/* Descriptors: their lower halves, to be combined. */
#define QI_CC(g)                (1ull | (uint64_t)(g) << 4)
#define QI_CC_SID(s)            ((uint64_t)(s) << 32)
#define QI_CC_FM(m)             ((uint64_t)(m) << 48)
#define QI_IOTLB(g)             (2ull | (uint64_t)(g) << 4)
#define QI_IOTLB_DRAIN          (3ull << 6) /* DR and DW */
#define QI_DID(d)               ((uint64_t)(d) << 16)
#define QI_WAIT                 5ull
#define QI_WAIT_IF              (1ull << 4)
#define QI_WAIT_SW              (1ull << 5)
#define QI_WAIT_FN              (1ull << 6)
#define QI_WAIT_DATA(d)         ((uint64_t)(d) << 32)

#define QI_MAX_QS               7
#define QI_ENTRIES(qs)          (256u << (qs))

/* Two words for each descriptor. */
extern uint64_t qi_ring[QI_ENTRIES(QI_MAX_QS) * 2];

/* Where the next descriptor is put, and how many the queue has. */
extern unsigned int qi_tail, qi_size;

/* Access 64-bit registers by halves from now on, as 32-bit software does. */
extern bool qi_halves;

/* Is there a queue?  If not, the test has failed. */
bool qi_init(void);

/* An empty queue of that size; and none. */
bool qi_enable(unsigned int qs);
bool qi_disable(void);

/* Index in the ring of what is fetched next. */
unsigned int qi_head(void);

/* Put a descriptor into the ring; nothing happens before IQT is written. */
void qi_put(uint64_t lo, uint64_t hi);
void qi_put_wait(uint64_t flags, volatile uint32_t *status, uint32_t data);
/* All from a place in the ring on, wherever it ends. */
void qi_set(unsigned int index, uint64_t lo, uint64_t hi);
void qi_submit(void);

/*
 * Invalidate a domain, and wait by polling memory.  False, and the test has
 * failed, if that takes too long.
 */
bool qi_sync(void);

#endif /* VIOMMU_QUEUE_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
