/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All interleavings of a few CPUs under total store order, by running the real
 * sources again and again.  CPU 0 is the guest's, in Xen or not; the others
 * are threads of a device model.  Each has a store buffer, of which the stores
 * reach memory in order and at any time, at a barrier at the latest.
 *
 * A run is a sequence of choices.  Whenever somebody else could act, be it
 * between two accesses of Xen to what it shares, one of the things that could
 * happen is chosen.  A choice in a state that has been seen before is not
 * followed again.  The first run chooses the first each time, and each run
 * after that differs from the one before in the last choice that can be made
 * differently.
 */
#ifndef TSO_H
#define TSO_H

#include "fake-dm.h"

#define TSO_CPUS 3

/* What one scenario consists of.  Fixed while it is explored. */
struct tso_ops {
    /* Put all of the scenario's state back to the beginning. */
    void (*begin)(void);
    /* Is there a next step for @cpu?  If it needs Xen's lock, is it free? */
    bool (*can_step)(unsigned int cpu, bool lock_free);
    void (*step)(unsigned int cpu);
    /* A store to @addr, of @val, has just reached memory. */
    void (*stored)(unsigned int cpu, const void *addr, uint64_t val);
    /* Nobody is in Xen: is all as it should be?  See tso_wrong(). */
    void (*look)(void);
    /* Feed the scenario's own state, with tso_hash(), into the key. */
    void (*key)(void);
};

/* Explore.  Returns what is wrong, with a way to it if @show, or NULL. */
const char *tso_explore(const struct tso_ops *ops, bool show);
extern unsigned long tso_states, tso_runs;

/* For the steps.  Words of 8 bytes, in the ledger or of the scenario. */
void tso_store(unsigned int cpu, void *addr, uint64_t val);
uint64_t tso_load(unsigned int cpu, const void *addr);
void tso_barrier(unsigned int cpu);
/* @cpu calls Xen, and is back. */
void tso_enter(unsigned int cpu);
void tso_leave(void);
/* In Xen, but without the lock. */
void tso_unlocked_point(void);
/* @val: what Xen's further course depends on. */
void tso_remember(uint64_t val);

void tso_hash(uint64_t val);
void tso_wrong(const char *what);
/* For a trace of a run that goes wrong. */
void tso_say(unsigned int cpu, const char *what, uint64_t val);

#endif /* TSO_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
