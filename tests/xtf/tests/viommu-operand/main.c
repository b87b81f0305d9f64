/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which page does an operand of an instruction that accesses a device lie in?
 * On AMD's processors Xen hears of the physical address of an access that has
 * faulted, and takes its page for the operand's where there is but one.  Here
 * there are others, too, at the same offset in their pages, and what lies there
 * is not to be taken for the device's, nor the reverse.
 *
 * All of it with a register of the unit, which Xen emulates in the exit, and
 * with one of an NVMe, which the device model does: there the instruction is
 * emulated a second time, with the answer.  User mode does the same.  And
 * another vCPU changes where an address leads meanwhile.
 */

#include "../viommu-lib/pci.h"
#include "../viommu-lib/smp.h"
#include "../viommu-lib/vtd.h"

const char test_title[] = "vIOMMU: operands of instructions that trap";

#define IOAPIC_BASE             0xfec00000u
#define HPET_BASE               0xfed00000u

#define NVME_CLASS              0x010802

/* The lower half of the NVMe's ASQ, and of CCMD. */
#define SHARED                  0x28

#define VALUE                   0xfee12344u
#define OTHER                   0xfee56788u

#define PTE_P                   3
#define PTE_U                   4
#define PTE_A                   0x20
#define PTE_D                   0x40

#define SOON_US                 10000000

/* Pages in which an offset is chosen, at addresses that are mapped anew. */
#define WINDOW                  (1ul << 39)
#define PAGE(n)                 (WINDOW + (n) * PAGE_SIZE)

static uint64_t l3[512] __page_aligned_bss, l2[512] __page_aligned_bss;
static uint64_t l1[512] __page_aligned_bss;
static uint8_t ram[2][4096] __page_aligned_bss;

/* A page of registers, where 4 bytes at @reg keep what is written to them. */
struct device {
    const char *of;
    unsigned long pa;
    unsigned int reg;
};

static struct device unit = { "", VTD_BASE, VTD_FEADDR };
static struct device model = { ", device model's", 0, SHARED };
static const struct device *dev;

/* Where it is mapped for good */
static volatile uint32_t *fixed(const struct device *of, unsigned int off)
{
    return _p(of->pa + off);
}

static uint32_t reg_value(void)
{
    return *fixed(dev, dev->reg);
}

static void forget(unsigned int n)
{
    asm volatile ( "invlpg (%0)" :: "r" (PAGE(n)) : "memory" );
}

static void map(unsigned int n, unsigned long pa)
{
    l1[n] = pa | PTE_P;
    forget(n);
}

static bool window_init(void)
{
    uint64_t *l4 = _p(read_cr3() & PAGE_MASK);
    unsigned int slot = (WINDOW >> 39) & 511;

    if ( !check(!(l4[slot] & 1), "the window is in use") )
        return false;

    /* What user mode may access is up to the entries of pages. */
    l2[0] = _u(l1) | PTE_P | PTE_U;
    l3[0] = _u(l2) | PTE_P | PTE_U;
    l4[slot] = _u(l3) | PTE_P | PTE_U;

    return true;
}

static uint32_t *word(unsigned int n, unsigned int off)
{
    return _p(PAGE(n) + off);
}

static uint32_t *ram_word(unsigned int n, unsigned int off)
{
    return (uint32_t *)&ram[n][off];
}

/* 0 is the device's page, 1 is one of memory with the same offsets. */
static void begin(const char *name)
{
    /* The last one is named once more when it ends. */
    static char buf[2][80];
    static unsigned int n;

    n ^= 1;
    snprintf(buf[n], sizeof(buf[n]), "%s%s", name, dev->of);
    subtest(buf[n]);
    memset(ram, 0, sizeof(ram));
    map(0, dev->pa);
    map(1, _u(ram[0]));
    map(2, _u(ram[1]));
    *fixed(dev, dev->reg) = VALUE;
    *fixed(dev, dev->reg + 4) = 0;
}

/* By an address in the instruction: of the register that is @off of page 0 */
#define STORE_EAX(off, val)                                             \
    asm volatile ( "movabs %0, 0x80000000" #off :: "a" (val) : "memory" )
#define LOAD_EAX(off, val)                                              \
    asm volatile ( "movabs 0x80000000" #off ", %%eax" : "=a" (val) :: "memory" )

static void test_moves(void)
{
    volatile uint32_t *reg = word(0, dev->reg);
    uint64_t val;

    begin("moves");
    check_eq("load", *reg, VALUE);
    *reg = OTHER;
    check_eq("store", reg_value(), OTHER);
    asm volatile ( "movl %1, %0" : "=m" (*reg) : "i" (0x1230) );
    check_eq("store of an immediate", reg_value(), 0x1230);
    BUILD_BUG_ON(PAGE(0) + VTD_FEADDR != 0x8000000040);
    BUILD_BUG_ON(PAGE(0) + SHARED != 0x8000000028);
    if ( dev == &unit )
        STORE_EAX(40, VALUE);
    else
        STORE_EAX(28, VALUE);
    check_eq("store of the accumulator", reg_value(), VALUE);
    if ( dev == &unit )
        LOAD_EAX(40, val);
    else
        LOAD_EAX(28, val);
    check_eq("load of the accumulator", (uint32_t)val, VALUE);
    check_eq("8 bytes", *(volatile uint64_t *)reg, VALUE);
    *(volatile uint64_t *)reg = OTHER;
    check_eq("store of 8 bytes", reg_value(), OTHER);
    asm volatile ( "movslq %1, %0" : "=r" (val) : "m" (*reg) );
    check_eq("sign extended", val, (int32_t)OTHER);
    if ( dev == &model )
    {
        asm volatile ( "movzwl %1, %k0" : "=r" (val) : "m" (*reg) );
        check_eq("zero extended", val, (uint16_t)OTHER);
    }
    check(!memcmp(ram[0], ram[1], sizeof(ram[0])), "memory has changed");
}

static void test_bytes(void)
{
    uint64_t val;

    begin("bytes");
    /* One that knows of bytes: its index, then the version and more. */
    map(0, IOAPIC_BASE);
    asm volatile ( "movb %1, %0" : "=m" (*(uint8_t *)word(0, 0)) : "i" (1) );
    check_eq("index", *(volatile uint8_t *)word(0, 0), 1);
    val = *(volatile uint32_t *)word(0, 0x10);
    asm volatile ( "movzbl %1, %%eax"
                   : "=a" (val) : "m" (*(uint8_t *)word(0, 0x10)), "0" (~0ul) );
    check_eq("byte", val, *(volatile uint8_t *)_p(IOAPIC_BASE + 0x10));
    check(val && val != 0xff, "the IO-APIC's version is %#"PRIx64, val);
    check(!memcmp(ram[0], ram[1], sizeof(ram[0])), "memory has changed");
}

static bool cmps(const void *src, const void *dst)
{
    bool equal;

    asm volatile ( "cmpsl; sete %0"
                   : "=q" (equal), "+S" (src), "+D" (dst) :: "memory", "cc" );

    return equal;
}

/* Both of them are read. */
static void test_compare(void)
{
    unsigned int reg = dev->reg;

    begin("cmps");
    *ram_word(0, reg) = OTHER;
    check(!cmps(word(1, reg), word(0, reg)),
          "memory is taken for the register");
    check(!cmps(word(0, reg), word(1, reg)),
          "the register is taken for memory");
    *ram_word(0, reg) = VALUE;
    check(cmps(word(1, reg), word(0, reg)), "not the same, memory first");
    check(cmps(word(0, reg), word(1, reg)), "not the same, register first");
    check(cmps(word(0, reg), word(0, reg)), "not the same as itself");

    /* What belongs to two devices. */
    map(1, HPET_BASE);
    check(!cmps(word(1, 0), word(0, 0)), "HPET's id is taken for the device's");
    check(!cmps(word(0, 0), word(1, 0)), "the device's id is taken for HPET's");
    if ( dev == &model )
    {
        map(1, unit.pa);
        *fixed(&unit, reg) = OTHER;
        check(!cmps(word(1, reg), word(0, reg)), "CCMD is taken for ASQ");
        check(!cmps(word(0, reg), word(1, reg)), "ASQ is taken for CCMD");
    }
}

/* One is read, the other written. */
static void movs(const void *src, void *dst)
{
    asm volatile ( "movsl" : "+S" (src), "+D" (dst) :: "memory" );
}

static void test_copy(void)
{
    unsigned int reg = dev->reg;
    uint32_t was = *fixed(dev, 8);

    begin("movs");
    movs(word(0, reg), word(1, reg));
    check_eq("to memory", *ram_word(0, reg), VALUE);
    *ram_word(0, reg) = OTHER;
    movs(word(1, reg), word(0, reg));
    check_eq("from memory", reg_value(), OTHER);
    check_eq("memory", *ram_word(0, reg), OTHER);
    /* From a device to the same offset of another, which is read-only. */
    map(1, HPET_BASE);
    movs(word(1, 8), word(0, 8));
    check_eq("read-only register", *fixed(dev, 8), was);
    if ( dev == &model )
    {
        map(1, unit.pa);
        *fixed(&unit, reg) = VALUE;
        movs(word(1, reg), word(0, reg));
        check_eq("from CCMD", reg_value(), VALUE);
        *word(0, reg) = 0x1230;
        movs(word(0, reg), word(1, reg));
        check_eq("to CCMD", *fixed(&unit, reg), 0x1230);
        check_eq("register", reg_value(), 0x1230);
    }
}

/* 8 bytes: the register and what is behind it. */
static void test_stack(void)
{
    unsigned int reg = dev->reg;
    unsigned long *top = _p(PAGE(1) + reg);
    unsigned long target;

    begin("push and pop");
    asm volatile ( "mov %%rsp, %%rbx; lea 8(%1), %%rsp; pushq (%2);"
                   "mov %%rbx, %%rsp"
                   : "+m" (*top) : "r" (top), "r" (word(0, reg)) : "rbx" );
    check_eq("pushed", *ram_word(0, reg), VALUE);
    check_eq("register", reg_value(), VALUE);

    *ram_word(0, reg) = OTHER;
    asm volatile ( "mov %%rsp, %%rbx; mov %1, %%rsp; popq (%2);"
                   "mov %%rbx, %%rsp"
                   : "+m" (*top) : "r" (top), "r" (word(0, reg))
                   : "rbx", "memory" );
    check_eq("popped", reg_value(), OTHER);
    check_eq("stack", *ram_word(0, reg), OTHER);

    /* Where to is read, where from is pushed. */
    asm volatile ( "lea 1f(%%rip), %0; mov %k0, (%3)\n\t"
                   "mov %%rsp, %%rbx; lea 8(%2), %%rsp; call *(%3)\n\t"
                   ".balign 16\n"
                   "1: mov %%rbx, %%rsp"
                   : "=&r" (target), "+m" (*top)
                   : "r" (top), "r" (word(0, reg)) : "rbx", "memory" );
    check_eq("register after a call", reg_value(), target);
    check(*ram_word(0, reg) && *ram_word(0, reg) != OTHER &&
          *ram_word(0, reg) <= target, "the call pushes %#x",
          *ram_word(0, reg));
}

/* The same is read and written. */
static void test_modify(void)
{
    volatile uint32_t *reg = word(0, dev->reg);
    uint32_t val = OTHER;

    begin("read and write");
    asm volatile ( "xchgl %0, %1" : "+r" (val), "+m" (*reg) );
    check_eq("read by xchg", val, VALUE);
    check_eq("written by xchg", reg_value(), OTHER);
    asm volatile ( "lock cmpxchgl %2, %0"
                   : "+m" (*reg), "+a" (val) : "r" (4) : "cc" );
    check_eq("read by cmpxchg that fails", val, OTHER);
    check_eq("register", reg_value(), OTHER);
    asm volatile ( "lock cmpxchgl %2, %0"
                   : "+m" (*reg), "+a" (val) : "r" (VALUE) : "cc" );
    check_eq("written by cmpxchg", reg_value(), VALUE);
    asm volatile ( "addl $8, %0" : "+m" (*reg) :: "cc" );
    check_eq("written by add", reg_value(), VALUE + 8);
    check(!memcmp(ram[0], ram[1], sizeof(ram[0])), "memory has changed");
}

/* Half of it belongs to the device, in either order. */
static void test_across(void)
{
    volatile uint64_t *across = _p(PAGE(0) + PAGE_SIZE - 4);
    uint32_t id = *fixed(dev, 0), end = *fixed(dev, PAGE_SIZE - 4);

    begin("across two pages");
    *ram_word(0, 0) = VALUE;
    check_eq("the device, then memory", *across, (uint64_t)VALUE << 32 | end);
    *across = ((uint64_t)OTHER << 32) | VALUE;
    check_eq("memory behind the device", *ram_word(0, 0), OTHER);
    check_eq("at the page's end", *ram_word(0, PAGE_SIZE - 4), 0);

    map(0, _u(ram[0]));
    map(1, dev->pa);
    *ram_word(0, PAGE_SIZE - 4) = OTHER;
    check_eq("memory, then the device", *across, (uint64_t)id << 32 | OTHER);
    *across = ((uint64_t)VALUE << 32) | VALUE;
    check_eq("memory in front of the device", *ram_word(0, PAGE_SIZE - 4),
             VALUE);
    check_eq("id", *fixed(dev, 0), id);
    check_eq("elsewhere", *ram_word(1, 0), 0);

    /* Another device beside it: HPET's page ends with nothing. */
    map(0, HPET_BASE);
    check_eq("HPET, then the device", *across >> 32, id);
    map(0, dev->pa);
    map(1, HPET_BASE);
    check_eq("the device, then HPET", *across >> 32,
             *(volatile uint32_t *)_p(HPET_BASE));
}

/* An address leads elsewhere from one access to the next. */
static void test_anew(void)
{
    volatile uint32_t *first = word(0, 0);
    uint32_t hpet = *(volatile uint32_t *)_p(HPET_BASE), id = *fixed(dev, 0);
    unsigned int i;

    begin("mapped anew");
    check(hpet != id, "HPET's id is the device's");
    *ram_word(0, 0) = VALUE;
    for ( i = 0; i < 4; i++ )
    {
        map(0, dev->pa);
        check_eq("id", *first, id);
        map(0, HPET_BASE);
        check_eq("HPET's id", *first, hpet);
        map(0, _u(ram[0]));
        check_eq("memory", *first, VALUE);
    }

    map(0, dev->pa);
    *word(0, dev->reg) = OTHER;
    map(0, _u(ram[0]));
    *word(0, dev->reg) = VALUE;
    check_eq("register", reg_value(), OTHER);
    check_eq("memory", *ram_word(0, dev->reg), VALUE);
}

/* Where Xen does not walk the tables, the processor has marked what it used. */
static void test_marks(void)
{
    volatile uint32_t *reg = word(0, dev->reg);

    begin("accessed and dirty");
    check_eq("load", *reg, VALUE);
    check_eq("entry after a load", l1[0] & (PTE_A | PTE_D), PTE_A);
    map(0, dev->pa);
    *reg = OTHER;
    check_eq("entry after a store", l1[0] & (PTE_A | PTE_D), PTE_A | PTE_D);
}

#define STAR                    0xc0000081
#define LSTAR                   0xc0000082
#define FMASK                   0xc0000084
#define SYSCALL_ON              1       /* in EFER */
#define IF_TF_DF                0x700

/* What user mode runs: with rdi and esi; eax comes back. */
#define USER_LOAD               0x00
#define USER_STORE              0x10
#define USER_XCHG               0x20
#define SYSCALL                 0x0f, 0x05
static uint8_t code[4096] __page_aligned_data = {
    [USER_LOAD] = 0x8b, 0x07, SYSCALL,              /* mov (%rdi), %eax */
    [USER_STORE] = 0x89, 0x37, SYSCALL,             /* mov %esi, (%rdi) */
    [USER_XCHG] = 0x89, 0xf0, 0x87, 0x07, SYSCALL,  /* xchg %eax, (%rdi) */
};

/* The way there and back loads no descriptor, and has no stack. */
static uint32_t in_user(unsigned int fn, const void *rdi, unsigned long rsi)
{
    unsigned long rax;
    unsigned int cs, ss;

    asm volatile ( "mov %%cs, %0; mov %%ss, %1" : "=r" (cs), "=r" (ss) );
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | SYSCALL_ON);
    wrmsr(STAR, (uint64_t)(cs | 3) << 48 | (uint64_t)cs << 32);
    wrmsr(FMASK, IF_TF_DF);
    asm volatile ( "lea 1f(%%rip), %%rax\n\t"
                   "mov %%rax, %%rdx\n\t"
                   "shr $32, %%rdx\n\t"
                   "mov %[lstar], %%ecx\n\t"
                   "wrmsr\n\t"
                   "mov %[rip], %%rcx\n\t"
                   "mov $2, %%r11d\n\t"
                   "sysretq\n\t"
                   "1: mov %[ss], %%ss"
                   : "=&a" (rax), "+D" (rdi), "+S" (rsi)
                   : [rip] "r" (PAGE(3) + fn), [lstar] "i" (LSTAR),
                     [ss] "r" (ss)
                   : "rcx", "rdx", "r11", "memory", "cc" );

    return rax;
}

static void test_user(void)
{
    unsigned int reg = dev->reg;

    begin("user mode");
    l1[0] |= PTE_U;
    l1[1] |= PTE_U;
    map(3, _u(code) | PTE_U);
    check_eq("load", in_user(USER_LOAD, word(0, reg), 0), VALUE);
    in_user(USER_STORE, word(0, reg), OTHER);
    check_eq("store", reg_value(), OTHER);
    check_eq("load by the kernel", *word(0, reg), OTHER);
    *word(0, reg) = VALUE;
    check_eq("load again", in_user(USER_LOAD, word(0, reg), 0), VALUE);
    check_eq("read by xchg", in_user(USER_XCHG, word(0, reg), OTHER), VALUE);
    check_eq("written by xchg", reg_value(), OTHER);
    check_eq("load of memory", in_user(USER_LOAD, word(1, reg), 0), 0);
    in_user(USER_STORE, word(1, reg), VALUE);
    check_eq("memory", *ram_word(0, reg), VALUE);
    check_eq("register", reg_value(), OTHER);
}

/*
 * Another vCPU changes where page 0 leads, without a pause as long as @turns is
 * odd.  It says when it has stopped.
 */
static volatile uint64_t leads[2];
static volatile unsigned int turns, stopped;

static void turn(void)
{
    unsigned int i = 0;

    for ( ; ; )
    {
        unsigned int n = turns;

        /* Once a round: an emulator may interrupt it between rounds only. */
        if ( n & 1 )
            ACCESS_ONCE(l1[0]) = leads[i++ & 1];
        else
        {
            stopped = n;
            asm volatile ( "pause" );
        }
    }
}

/* Each access goes to the one or to the other, as a whole. */
static void race(const char *name, unsigned int nr, volatile uint32_t *one,
                 volatile uint32_t *two)
{
    volatile uint32_t *here = word(0, _u(one) & ~PAGE_MASK);
    unsigned int i, first_loads = 0, neither = 0, stores[2] = {};

    subtest(name);
    leads[0] = (_u(one) & PAGE_MASK) | PTE_P;
    leads[1] = (_u(two) & PAGE_MASK) | PTE_P;
    l1[0] = leads[0];
    turns++;
    for ( i = 1; i <= nr; i++ )
    {
        uint32_t val = i * 8, a, b;

        *one = VALUE;
        *two = OTHER;
        forget(0);
        a = *here;
        first_loads += a == VALUE;
        neither += a != VALUE && a != OTHER;
        forget(0);
        *here = val;
        a = *one;
        b = *two;
        stores[0] += a == val && b == OTHER;
        stores[1] += a == VALUE && b == val;
    }
    turns++;
    check(wait_for(stopped == turns, SOON_US), "the other vCPU does not end");
    printk("OPERAND %s: loads=%u,%u stores=%u,%u\n", name, first_loads,
           nr - first_loads, stores[0], stores[1]);
    check(!neither, "%u loads of neither", neither);
    check_eq("stores to one of them", stores[0] + stores[1], nr);
}

static void test_races(void)
{
    if ( !smp_start(turn) )
        return;

    race("unit and memory", 400, fixed(&unit, unit.reg),
         ram_word(0, unit.reg));
    race("device model and memory", 100, fixed(&model, SHARED),
         ram_word(0, SHARED));
    race("device model and unit", 100, fixed(&model, SHARED),
         fixed(&unit, SHARED));
}

static bool model_init(void)
{
    uint16_t sid = pci_find(NVME_CLASS, 0);

    if ( sid == PCI_NONE )
    {
        xtf_error("Error: there is no NVMe\n");
        return false;
    }
    model.pa = _u(pci_enable(sid));

    return true;
}

void test_main(void)
{
    if ( !vtd_init() || !window_init() || !model_init() )
        return;

    for ( dev = &unit; dev; dev = dev == &unit ? &model : NULL )
    {
        test_moves();
        if ( dev == &unit )
            test_bytes();
        test_compare();
        test_copy();
        test_stack();
        test_modify();
        test_across();
        test_anew();
        test_marks();
        test_user();
    }
    test_races();
    subtest(NULL);

    xtf_success(NULL);
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
