/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * util.h: checks with names, and time.
 */

#ifndef VIOMMU_UTIL_H
#define VIOMMU_UTIL_H

#include <xtf.h>

/* Names what is checked from here on.  NULL ends the last subtest. */
void subtest(const char *name);

/* Returns cond.  If it does not hold, the test has failed. */
bool __printf(2, 3) check(bool cond, const char *fmt, ...);

/* got == want, or a message with both. */
bool check_eq(const char *what, uint64_t got, uint64_t want);

static inline uint64_t tsc(void)
{
    uint32_t lo, hi;

    asm volatile ( "lfence; rdtsc" : "=a" (lo), "=d" (hi) :: "memory" );

    return ((uint64_t)hi << 32) | lo;
}

/* Has to be called before the others below. */
void time_init(void);

uint64_t tsc_to_us(uint64_t ticks);
uint64_t us_to_tsc(uint64_t us);
void delay_us(uint64_t us);

/* Evaluate until it holds, at most that long.  The value is what it was last. */
#define wait_for(cond, us)                                      \
    ({ uint64_t wait_end_ = tsc() + us_to_tsc(us);              \
       bool wait_ok_;                                           \
       while ( !(wait_ok_ = (cond)) && tsc() < wait_end_ )      \
           asm volatile ( "pause" ::: "memory" );               \
       wait_ok_; })

/*
 * Interrupts are never taken here: one that has been sent stays where the
 * local APIC shows it, so that each needs a vector of its own.
 */
#define APIC_BASE               0xfee00000u

void irq_init(void);
bool irq_sent(unsigned int vector);

/*
 * Print to Xen's console alone, which is there even when nobody is left to
 * emulate the devices behind printk().
 */
void __printf(1, 2) xen_printk(const char *fmt, ...);

/*
 * Has somebody pressed the power button ("xl trigger DOMAIN power")?  Xen itself
 * emulates it, so that this works while the device model does not.
 */
#define PM1A_STS                0x1f40
#define PWRBTN_STS              (1u << 8)

static inline bool told_to_end(void)
{
    return inw(PM1A_STS) & PWRBTN_STS;
}

#endif /* VIOMMU_UTIL_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
