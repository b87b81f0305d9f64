/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * smp.h: a second vCPU.  There is no IDT on it, and it must not use printk()
 * or check().
 */

#ifndef VIOMMU_SMP_H
#define VIOMMU_SMP_H

#include <xtf.h>

/* Let vCPU 1 run fn, which must not return.  False, and an error, if not. */
bool smp_start(void (*fn)(void));

static inline uint32_t atomic_add_return(volatile uint32_t *ptr, uint32_t n)
{
    uint32_t old = n;

    asm volatile ( "lock xaddl %0, %1" : "+r" (old), "+m" (*ptr)
                   :: "memory" );

    return old + n;
}

static inline uint32_t atomic_swap(volatile uint32_t *ptr, uint32_t val)
{
    asm volatile ( "xchgl %0, %1" : "+r" (val), "+m" (*ptr) :: "memory" );

    return val;
}

#endif /* VIOMMU_SMP_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
