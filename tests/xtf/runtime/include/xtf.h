/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xtf.h: the part of XTF's public API which the tests beside this runtime
 * use, under the names and with the meanings that XTF gives them.
 *
 * A test must not depend on anything that is only in here: it has to build in
 * a stock XTF tree as well.  "names check" compares with XTF's names.
 */

#ifndef XTF_H
#define XTF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Compiler. */
#define __aligned(x)          __attribute__((__aligned__(x)))
#define __maybe_unused        __attribute__((__unused__))
#define __noinline            __attribute__((__noinline__))
#define __noreturn            __attribute__((__noreturn__))
#define __packed              __attribute__((__packed__))
#define __printf(f, v)        __attribute__((__format__(__printf__, f, v)))
#define __used                __attribute__((__used__))
#define __weak                __attribute__((__weak__))

#define __page_aligned_data \
    __attribute__((__section__(".data.page_aligned"), __aligned__(4096)))
#define __page_aligned_bss \
    __attribute__((__section__(".bss.page_aligned"), __aligned__(4096)))

#define ACCESS_ONCE(x)        (*(volatile typeof(x) *)&(x))
#define ARRAY_SIZE(a)         (sizeof(a) / sizeof((a)[0]))
#define BUILD_BUG_ON(cond)    _Static_assert(!(cond), "!(" #cond ")")

/* Numbers. */
#define PRIx32                "x"
#define PRIu32                "u"
#define PRIx64                "lx"
#define PRIu64                "lu"

#define KB(n)                 (n ## ULL << 10)
#define MB(n)                 (n ## ULL << 20)
#define GB(n)                 (n ## ULL << 30)

#define IS_ALIGNED(v, align)  (((v) & ((align) - 1)) == 0)
#define _p(v)                 ((void *)(unsigned long)(v))
#define _u(v)                 ((unsigned long)(v))

#define min(a, b)                               \
    ({ const typeof(a) min_a = (a);             \
       const typeof(b) min_b = (b);             \
       min_a < min_b ? min_a : min_b; })
#define max(a, b)                               \
    ({ const typeof(a) max_a = (a);             \
       const typeof(b) max_b = (b);             \
       max_a > max_b ? max_a : max_b; })

#define PAGE_SHIFT            12
#define PAGE_SIZE             4096L
#define PAGE_MASK             (~(PAGE_SIZE - 1))

/* What the C library would have. */
void *memset(void *dst, int c, size_t n);
void *memcpy(void *dst, const void *src, size_t n);
int memcmp(const void *s1, const void *s2, size_t n);
size_t strlen(const char *s);

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
    __printf(3, 0);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/* Console. */
void vprintk(const char *fmt, va_list args) __printf(1, 0);
void printk(const char *fmt, ...) __printf(1, 2);
void __noreturn panic(const char *fmt, ...) __printf(1, 2);

#define ASSERT(cond)                                            \
    do {                                                        \
        if ( !(cond) )                                          \
            panic("ASSERT(%s) failed at %s:%d\n",               \
                  #cond, __FILE__, __LINE__);                   \
    } while ( 0 )

/* The test, and how it reports. */
extern const char test_title[];
void test_main(void);

void xtf_success(const char *fmt, ...) __printf(1, 2);
void xtf_warning(const char *fmt, ...) __printf(1, 2);
void xtf_skip(const char *fmt, ...) __printf(1, 2);
void xtf_error(const char *fmt, ...) __printf(1, 2);
void xtf_failure(const char *fmt, ...) __printf(1, 2);
bool xtf_status_reported(void);
void __noreturn xtf_exit(void);

/* Hypercalls: what ends the domain, lets others run, starts a vCPU, gives memory. */
#define SHUTDOWN_poweroff     0
#define SHUTDOWN_reboot       1
#define SHUTDOWN_crash        3

long hypercall_shutdown(unsigned int reason);
void hypercall_yield(void);

#define VCPUOP_initialise     0
#define VCPUOP_up             1
#define VCPU_HVM_MODE_64B     1

struct xen_vcpu_hvm_context {
    uint32_t mode;
    uint32_t pad;
    union {
        struct {
            uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, rip, rflags;
            uint64_t cr0, cr3, cr4, efer;
        } x86_64;
    } cpu_regs;
};

long hypercall_vcpu_op(unsigned int cmd, unsigned int vcpu, void *extra);

#define DOMID_SELF            0x7ff0

#define XENMEM_decrease_reservation 1
#define XENMEM_populate_physmap     6
#define XENMEM_add_to_physmap       7
#define  XENMAPSPACE_shared_info    0
#define  XENMAPSPACE_grant_table    1
#define  XENMAPSPACE_gmfn           2

struct xen_memory_reservation {
    unsigned long *extent_start;
    unsigned long nr_extents;
    unsigned int extent_order;
    unsigned int mem_flags;
    uint16_t domid;
};

struct xen_add_to_physmap {
    uint16_t domid;
    uint16_t size;
    unsigned int space;
    unsigned long idx;
    unsigned long gfn;
};

long hypercall_memory_op(unsigned int cmd, void *arg);

#define GNTTABOP_map_grant_ref 0

#define GTF_permit_access     1
#define GNTMAP_host_map       2
#define GNTMAP_readonly       4

typedef struct {
    uint16_t flags;
    uint16_t domid;
    uint32_t frame;
} grant_entry_v1_t;

struct gnttab_map_grant_ref {
    uint64_t host_addr;
    uint32_t flags;
    uint32_t ref;
    uint16_t dom;
    int16_t status;
    uint32_t handle;
    uint64_t dev_bus_addr;
};

long hypercall_grant_table_op(unsigned int cmd, void *args, unsigned int count);

/* The processor. */
#define barrier()             asm volatile ( "" ::: "memory" )
#define mb()                  asm volatile ( "mfence" ::: "memory" )
#define rmb()                 asm volatile ( "lfence" ::: "memory" )
#define wmb()                 asm volatile ( "sfence" ::: "memory" )
#define smp_rmb()             barrier()
#define smp_wmb()             barrier()

#define DEFINE_PORT_IO(sfx, type)                                       \
    static inline type in##sfx(uint16_t port)                           \
    {                                                                   \
        type val;                                                       \
        asm volatile ( "in" #sfx " %1, %0" : "=a" (val) : "Nd" (port) ); \
        return val;                                                     \
    }                                                                   \
    static inline void out##sfx(type val, uint16_t port)                \
    {                                                                   \
        asm volatile ( "out" #sfx " %0, %1" :: "a" (val), "Nd" (port) ); \
    }

DEFINE_PORT_IO(b, uint8_t)
DEFINE_PORT_IO(w, uint16_t)
DEFINE_PORT_IO(l, uint32_t)

#undef DEFINE_PORT_IO

static inline void rep_outsb(const char *buf, size_t len, uint16_t port)
{
    asm volatile ( "rep outsb" : "+S" (buf), "+c" (len)
                   : "d" (port) : "memory" );
}

static inline void cpuid_count(uint32_t leaf, uint32_t subleaf,
                               uint32_t *eax, uint32_t *ebx,
                               uint32_t *ecx, uint32_t *edx)
{
    asm volatile ( "cpuid"
                   : "=a" (*eax), "=b" (*ebx), "=c" (*ecx), "=d" (*edx)
                   : "0" (leaf), "2" (subleaf) );
}

static inline void cpuid(uint32_t leaf, uint32_t *eax, uint32_t *ebx,
                         uint32_t *ecx, uint32_t *edx)
{
    cpuid_count(leaf, 0, eax, ebx, ecx, edx);
}

static inline uint64_t rdmsr(uint32_t idx)
{
    uint32_t lo, hi;

    asm volatile ( "rdmsr" : "=a" (lo), "=d" (hi) : "c" (idx) );

    return ((uint64_t)hi << 32) | lo;
}

static inline void wrmsr(uint32_t idx, uint64_t val)
{
    asm volatile ( "wrmsr" :: "c" (idx), "a" ((uint32_t)val),
                   "d" ((uint32_t)(val >> 32)) );
}

#define MSR_EFER              0xc0000080

#define DEFINE_READ_CR(n)                                       \
    static inline unsigned long read_cr##n(void)                \
    {                                                           \
        unsigned long val;                                      \
        asm volatile ( "mov %%cr" #n ", %0" : "=r" (val) );     \
        return val;                                             \
    }

DEFINE_READ_CR(0)
DEFINE_READ_CR(3)
DEFINE_READ_CR(4)

#undef DEFINE_READ_CR

static inline void write_cr4(unsigned long val)
{
    asm volatile ( "mov %0, %%cr4" :: "r" (val) : "memory" );
}

#endif /* XTF_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
