/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The surroundings of the vIOMMU's sources in user space, in place of Xen's
 * headers.  Kept in a directory of its own, with the stand-ins for Xen's
 * public headers one above: "../xen.h", as the public header has it, is found
 * relative to this include directory.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint64_t paddr_t;

#define __XEN_TOOLS__ 1
#include <hvm/viommu_domctl.h>
#include <hvm/viommu_save.h>

#define cf_check

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

#define BUILD_BUG_ON(cond) _Static_assert(!(cond), "!(" #cond ")")

#define ACCESS_ONCE(x) (*(volatile __typeof__(x) *)&(x))

/* No CPU of the tests guesses. */
#define array_index_nospec(index, nr) ((void)(nr), (index))

#define container_of(ptr, type, member)                                       \
    ((type *)((uintptr_t)(ptr) - offsetof(type, member)))

#define min_t(type, x, y)                                                     \
    ({ type x_ = (x), y_ = (y); x_ < y_ ? x_ : y_; })
#define max_t(type, x, y)                                                     \
    ({ type x_ = (x), y_ = (y); x_ > y_ ? x_ : y_; })

/*
 * What other CPUs can see, and when.  A test may look on, put off a store, and
 * do what another CPU does at each of these places.
 */
struct harness_cpu {
    uint64_t (*read)(const void *p, size_t size);
    void (*write)(void *p, size_t size, uint64_t val);
    void (*barrier)(void);
};

#ifdef HARNESS_CPU /* real threads bring their own */
#include HARNESS_CPU
#else
const struct harness_cpu *harness_cpu __attribute__((weak));

#define read_atomic(p)                                                        \
    ((__typeof__(*(p)))(harness_cpu ? harness_cpu->read(p, sizeof(*(p)))      \
                                    : __atomic_load_n(p, __ATOMIC_RELAXED)))
#define write_atomic(p, x)                                                    \
    do {                                                                      \
        if ( harness_cpu )                                                    \
            harness_cpu->write(p, sizeof(*(p)), x);                           \
        else                                                                  \
            __atomic_store_n(p, x, __ATOMIC_RELAXED);                         \
    } while ( 0 )
#define smp_mb()                                                              \
    do {                                                                      \
        if ( harness_cpu )                                                    \
            harness_cpu->barrier();                                           \
        __atomic_thread_fence(__ATOMIC_SEQ_CST);                              \
    } while ( 0 )
#define smp_rmb()          __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb()          __atomic_thread_fence(__ATOMIC_RELEASE)
#endif

static inline unsigned int flsl(unsigned long x)
{
    return x ? 8 * sizeof(x) - __builtin_clzl(x) : 0;
}

/* Ends the test as failed. */
_Noreturn void harness_bug(const char *what, const char *file, int line);

#ifdef HARNESS_COVERAGE
/* The branch that is never taken is not to be counted. */
#define ASSERT(cond) ((void)(cond))
#else
#define ASSERT(cond)                                                          \
    do {                                                                      \
        if ( !(cond) )                                                        \
            harness_bug("ASSERT(" #cond ")", __FILE__, __LINE__);             \
    } while ( 0 )
#endif

#ifndef HARNESS_CPU
/* A lock that nobody else wants, but which notices how it is used. */
typedef struct spinlock {
    bool ready, held;
} spinlock_t;
#endif

void spin_lock_init(spinlock_t *lock);
void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
bool spin_is_locked(const spinlock_t *lock);

struct domain;

#endif /* HARNESS_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
