/* SPDX-License-Identifier: GPL-2.0-only */
/* What the model in test-model.c has in common with its guest's queue. */
#ifndef MODEL_H
#define MODEL_H

#include "queue.h"

/* Time, and when the latest invalidation was asked for that is complete. */
extern uint64_t model_steps, model_covered;

/* Is there a DM, and does it have DMA in flight? */
extern bool model_alive;
bool model_owes(void);
bool model_told(void);

/* Does no wait in the queue wait any more? */
bool model_ring_empty(void);

/* The enables of GCMD as the guest wants them. */
uint32_t model_gcmd(void);

/* model-queue.c */
extern enum model_queue { OFF, ON, GOING_OFF } model_queue;
void model_queue_init(void);
/* One step of the guest at its queue. */
void model_guest_queue(void);
/* It looks at all that it waits for; does it still wait for any? */
void model_look(void);
bool model_pending(void);
/* If the queue has stopped put something harmless in place of the offender. */
void model_recover(void);
/* Say how much has been done; fails the test if that is too little. */
void model_queue_report(void);

#endif /* MODEL_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
