/* SPDX-License-Identifier: GPL-2.0-only */

#include "util.h"

#define MAX_REPORTS             16

#define PIT_CH2                 0x42
#define PIT_MODE                0x43
#define PIT_GATE                0x61
#define PIT_HZ                  1193182

#define XEN_DEBUG_PORT          0xe9

#define APIC_SVR                0xf0
#define APIC_IRR                0x200

static const char *current_test;
static unsigned int failures, failures_before;
static uint64_t khz, started;

void subtest(const char *name)
{
    if ( current_test )
        printk("  %s %s (%"PRIu64" ms)\n",
               failures == failures_before ? "ok  " : "FAIL",
               current_test, tsc_to_us(tsc() - started) / 1000);

    current_test = name;
    failures_before = failures;
    started = tsc();
}

bool check(bool cond, const char *fmt, ...)
{
    char msg[160];
    va_list args;

    if ( cond )
        return true;

    va_start(args, fmt);
    vsnprintf(msg, sizeof(msg), fmt, args);
    va_end(args);

    if ( ++failures <= MAX_REPORTS )
        xtf_failure("  Fail: %s: %s\n", current_test ?: "setup", msg);
    else
        xtf_failure(NULL);

    return false;
}

bool check_eq(const char *what, uint64_t got, uint64_t want)
{
    return check(got == want, "%s is %#"PRIx64", expected %#"PRIx64,
                 what, got, want);
}

/* TSC ticks in 1/div of a second, by the PIT's channel 2. */
static uint64_t tsc_per_pit(unsigned int div)
{
    unsigned int count = PIT_HZ / div;
    uint64_t start;

    outb((inb(PIT_GATE) & ~3) | 1, PIT_GATE);
    outb(0xb0, PIT_MODE); /* Channel 2, both bytes, mode 0. */
    outb(count, PIT_CH2);
    outb(count >> 8, PIT_CH2);

    start = tsc();
    while ( !(inb(PIT_GATE) & 0x20) )
        ;

    return tsc() - start;
}

void time_init(void)
{
    uint32_t leaf, eax, ebx, ecx, edx;

    /* Xen says which frequency it gives to the guest. */
    for ( leaf = 0x40000000; leaf < 0x40010000; leaf += 0x100 )
    {
        cpuid(leaf, &eax, &ebx, &ecx, &edx);
        if ( ebx != 0x566e6558 || ecx != 0x65584d4d || edx != 0x4d4d566e )
            continue;

        cpuid_count(leaf + 3, 0, &eax, &ebx, &ecx, &edx);
        khz = ecx;
        break;
    }

    if ( !khz )
        khz = tsc_per_pit(50) * 50 / 1000;
}

uint64_t tsc_to_us(uint64_t ticks)
{
    return ticks * 1000 / khz;
}

uint64_t us_to_tsc(uint64_t us)
{
    return us * khz / 1000;
}

void delay_us(uint64_t us)
{
    uint64_t end = tsc() + us_to_tsc(us);

    while ( tsc() < end )
        asm volatile ( "pause" );
}

void irq_init(void)
{
    *(volatile uint32_t *)_p(APIC_BASE + APIC_SVR) = 0x1ff;
}

bool irq_sent(unsigned int vector)
{
    unsigned int reg = APIC_IRR + vector / 32 * 16;

    return (*(volatile uint32_t *)_p(APIC_BASE + reg) >> (vector % 32)) & 1;
}

void xen_printk(const char *fmt, ...)
{
    char msg[160];
    va_list args;
    int len;

    va_start(args, fmt);
    len = vsnprintf(msg, sizeof(msg), fmt, args);
    va_end(args);

    rep_outsb(msg, min(len, (int)sizeof(msg) - 1), XEN_DEBUG_PORT);
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
