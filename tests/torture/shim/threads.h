/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What harness.h leaves to whoever has real threads.  The orders are those of
 * x86, which is what the core is written for; the barrier is an operation that
 * ThreadSanitizer knows, as it does not know fences.
 */
#ifndef TORTURE_THREADS_H
#define TORTURE_THREADS_H

#include <pthread.h>

#define read_atomic(p)     __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define write_atomic(p, x) __atomic_store_n(p, x, __ATOMIC_RELEASE)
#ifdef BREAK_BARRIERS
#define smp_mb()           do { } while ( 0 )
#else
#define smp_mb()                                                              \
    do {                                                                      \
        uint64_t here_ = 0;                                                   \
        __atomic_fetch_add(&here_, 1, __ATOMIC_SEQ_CST);                      \
    } while ( 0 )
#endif
#define smp_rmb()          do { } while ( 0 )
#define smp_wmb()          do { } while ( 0 )

typedef struct spinlock {
    pthread_mutex_t mutex;
    bool held;
} spinlock_t;

#endif /* TORTURE_THREADS_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
