/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The invalidation queue as a guest's driver uses it.  Descriptors are written
 * down here from the architecture.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include "unit.h"

/* Where tests have their queue, of 512K at most, and their status words. */
#define Q_BASE     0x200000ULL
#define Q_STATUS   0x3008000ULL
#define STATUS(n)  (Q_STATUS + 4 * (n))

/* As many descriptors are processed at a time. */
#define Q_SLICE    32

/* Descriptors: the lower 8 bytes. */
#define D_CC(g)    (1ULL | (uint64_t)(g) << 4)
#define D_TLB(g)   (2ULL | (uint64_t)(g) << 4)
#define D_IEC      4ULL
#define IEC_INDEX(i, m) (1ULL << 4 | (uint64_t)(m) << 27 | (uint64_t)(i) << 32)
#define D_WAIT     5ULL
#define W_IF       (1ULL << 4)
#define W_SW       (1ULL << 5)
#define W_FN       (1ULL << 6)
#define W_DATA(d)  ((uint64_t)(d) << 32)

/* IQERCD.IQEI */
#define E_TAIL     1
#define E_FETCH    2
#define E_TYPE     3
#define E_RSVD     4

/* The driver's idea of its queue. */
extern struct q {
    uint64_t base;
    unsigned int entries;
    unsigned int tail;      /* where the next descriptor goes */
} q;

/*
 * For cmocka: a page is mapped, translation is on, a DM is attached at q_port,
 * the completion event is unmasked, and the queue is q_create(0).
 */
int q_setup(void **state);
extern evtchn_port_t q_port;
#define MSI "msi(fee03000,61)"
#define queue_test(f) cmocka_unit_test_setup_teardown(f, q_setup, unit_teardown)
/* The same without a queue and its event. */
int ring_setup(void **state);
#define ring_test(f) \
    cmocka_unit_test_setup_teardown(f, ring_setup, unit_teardown)

/* Fails the test unless just this has happened, see fake_trace(). */
void q_check_trace(const char *want, int line);
#define trace_is(want) q_check_trace(want, __LINE__)

/* Set up an empty queue at Q_BASE, of 2^(@qs + 8) entries, and enable it. */
void q_create(unsigned int qs);
/* GCMD.QIE, the other enables staying as they are. */
void q_switch(bool on);
/* Write a descriptor, at the tail or at any place. */
void q_put(uint64_t lo, uint64_t hi);
void q_put_at(unsigned int at, uint64_t lo, uint64_t hi);
/* A wait that writes @n + 1 into status word @n. */
void q_put_wait(unsigned int n, uint64_t flags);
/* Tell the IOMMU of what has been put: one exit. */
void q_submit(void);
/* Whatever is left, as the hypervisor does it; returns the calls it took. */
unsigned int q_rest(void);

/* IQH as an index: by the guest's look, and without one. */
unsigned int q_head(void);
unsigned int q_head_unseen(void);
/* Has the wait of status word @n completed?  Without a look. */
bool q_done(unsigned int n);
uint32_t q_status(unsigned int n);
/* Forget what has been written into the first @nr status words. */
void q_clear(unsigned int nr);

/* A DMA without a slot begins. */
void q_hold(void);

/* An invalidation and a wait for it, held up by a DMA of their own. */
void q_put_held(unsigned int n, uint64_t flags);
/* All DMA ends, and the DM says so. */
void q_ack_all(void);

/* Fails the test unless the queue has stopped at @head for @iqei. */
void q_check_stopped(unsigned int head, unsigned int iqei);
/* ... unless it has not, and has come to @head. */
void q_check_running(unsigned int head);

#endif /* QUEUE_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
