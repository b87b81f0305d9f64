/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the core sees in place of other CPUs when Frama-C reads it (see
 * HARNESS_CPU in tests/unit/shim/core/harness.h): a word that is shared, with
 * the guest or with the DM, may hold anything whenever it is read.
 */
#ifndef EVA_CPU_H
#define EVA_CPU_H

#include <stdint.h>

uint64_t eva_read(const void *p, size_t size);
void eva_write(void *p, size_t size, uint64_t val);

#define read_atomic(p)     ((__typeof__(*(p)))eva_read(p, sizeof(*(p))))
#define write_atomic(p, x) eva_write(p, sizeof(*(p)), x)
#define smp_mb()           ((void)0)
#define smp_rmb()          ((void)0)
#define smp_wmb()          ((void)0)

typedef struct spinlock {
    bool ready, held;
} spinlock_t;

/* glibc has it, Frama-C's library does not. */
int ffsl(long word);

#endif /* EVA_CPU_H */
