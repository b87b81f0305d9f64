/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * main.c: set up, run the test, report, end the domain.
 */

#include <xtf.h>

#define COM1                    0x3f8
#define COM1_LSR                (COM1 + 5)
#define DEBUG_PORT              0xe9    /* Xen's console, or QEMU's debugcon */

#define XEN_CPUID_FIRST         0x40000000u
#define XEN_CPUID_LAST          0x40010000u
#define MEMORY_OP               12
#define GRANT_TABLE_OP          20
#define VCPU_OP                 24
#define SCHED_OP                29
#define SCHEDOP_YIELD           0
#define SCHEDOP_SHUTDOWN        2

/* Where a plain QEMU's q35 has its ACPI control register after SeaBIOS. */
#define Q35_PM1_CNT             0x604
#define PM1_SLP_EN              0x2000

extern char exception_stubs[], hypercall_page[];
void __noreturn runtime_main(void);
void __noreturn runtime_exception(const uint64_t *frame);

static bool have_com1, have_xen;

static void console_write(const char *buf, size_t len)
{
    if ( have_com1 )
        rep_outsb(buf, len, COM1);
    rep_outsb(buf, len, DEBUG_PORT);
}

void vprintk(const char *fmt, va_list args)
{
    static char buf[1024];
    int len = vsnprintf(buf, sizeof(buf), fmt, args);

    console_write(buf, min((size_t)len, sizeof(buf) - 1));
}

void printk(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vprintk(fmt, args);
    va_end(args);
}

static void __noreturn halt(void)
{
    for ( ; ; )
        asm volatile ( "cli; hlt" );
}

void __noreturn panic(const char *fmt, ...)
{
    va_list args;

    printk("PANIC: ");
    va_start(args, fmt);
    vprintk(fmt, args);
    va_end(args);

    hypercall_shutdown(SHUTDOWN_crash);
    halt();
}

static long hypercall(unsigned int op, unsigned long arg1, unsigned long arg2,
                      unsigned long arg3)
{
    register unsigned long rdi asm ( "rdi" ) = arg1;
    register unsigned long rsi asm ( "rsi" ) = arg2;
    register unsigned long rdx asm ( "rdx" ) = arg3;
    long rc;

    asm volatile ( "call *%[entry]"
                   : "=a" (rc), "+r" (rdi), "+r" (rsi), "+r" (rdx)
                   : [entry] "r" (hypercall_page + op * 32)
                   : "memory", "r10", "r8" );

    return rc;
}

long hypercall_shutdown(unsigned int reason)
{
    if ( !have_xen )
    {
        outw(PM1_SLP_EN, Q35_PM1_CNT);
        return -1;
    }

    return hypercall(SCHED_OP, SCHEDOP_SHUTDOWN, _u(&reason), 0);
}

void hypercall_yield(void)
{
    if ( have_xen )
        hypercall(SCHED_OP, SCHEDOP_YIELD, 0, 0);
}

long hypercall_vcpu_op(unsigned int cmd, unsigned int vcpu, void *extra)
{
    return have_xen ? hypercall(VCPU_OP, cmd, vcpu, _u(extra)) : -1;
}

long hypercall_memory_op(unsigned int cmd, void *arg)
{
    return have_xen ? hypercall(MEMORY_OP, cmd, _u(arg), 0) : -1;
}

long hypercall_grant_table_op(unsigned int cmd, void *args, unsigned int count)
{
    return have_xen ? hypercall(GRANT_TABLE_OP, cmd, _u(args), count) : -1;
}

/* Severer results win. */
static enum { RUNNING, SUCCESS, SKIP, ERROR, FAILURE } status;
static bool warned;

#define DEFINE_REPORT(name, action)                     \
    void xtf_##name(const char *fmt, ...)               \
    {                                                   \
        va_list args;                                   \
                                                        \
        action;                                         \
        if ( !fmt )                                     \
            return;                                     \
        va_start(args, fmt);                            \
        vprintk(fmt, args);                             \
        va_end(args);                                   \
    }

DEFINE_REPORT(success, status = max(status, SUCCESS))
DEFINE_REPORT(skip,    status = max(status, SKIP))
DEFINE_REPORT(error,   status = max(status, ERROR))
DEFINE_REPORT(failure, status = max(status, FAILURE))
DEFINE_REPORT(warning, warned = true)

bool xtf_status_reported(void)
{
    return status != RUNNING;
}

void __noreturn xtf_exit(void)
{
    static const char *const names[] = {
        [SUCCESS] = "SUCCESS", [SKIP] = "SKIP",
        [ERROR] = "ERROR", [FAILURE] = "FAILURE",
    };

    if ( status == RUNNING )
        xtf_error("Test did not report a status\n");

    printk("Test result: %s%s\n", names[status],
           warned && status == SUCCESS ? " with warnings" : "");
    hypercall_shutdown(SHUTDOWN_poweroff);
    halt();
}

void __noreturn runtime_exception(const uint64_t *frame)
{
    uint64_t cr2;

    asm volatile ( "mov %%cr2, %0" : "=r" (cr2) );
    panic("exception %lu, error code %lx, rip %lx, cr2 %lx\n",
          frame[0], frame[1], frame[2], cr2);
}

static void init_exceptions(void)
{
    static struct {
        uint16_t offset_lo, sel;
        uint8_t ist, type;
        uint16_t offset_mid;
        uint32_t offset_hi, pad;
    } idt[32];
    struct __packed {
        uint16_t limit;
        uint64_t base;
    } desc = { sizeof(idt) - 1, _u(idt) };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(idt); i++ )
    {
        unsigned long addr = _u(exception_stubs) + i * 16;

        idt[i].offset_lo = addr;
        idt[i].offset_mid = addr >> 16;
        idt[i].sel = 8;
        idt[i].type = 0x8e;
    }

    asm volatile ( "lidt %0" :: "m" (desc) );
}

static void init_xen(void)
{
    uint32_t leaf, eax, ebx, ecx, edx;

    for ( leaf = XEN_CPUID_FIRST; leaf < XEN_CPUID_LAST; leaf += 0x100 )
    {
        cpuid(leaf, &eax, &ebx, &ecx, &edx);

        if ( ebx != 0x566e6558 || ecx != 0x65584d4d || edx != 0x4d4d566e )
            continue;

        cpuid(leaf + 2, &eax, &ebx, &ecx, &edx);
        wrmsr(ebx, _u(hypercall_page));
        have_xen = true;
        return;
    }
}

void __noreturn runtime_main(void)
{
    init_exceptions();
    init_xen();
    have_com1 = inb(COM1_LSR) != 0xff;

    printk("--- XTF runtime ---\nEnvironment: HVM 64bit%s\n%s\n",
           have_xen ? "" : " without Xen", test_title);

    test_main();
    xtf_exit();
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
