/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which page does an operand of an instruction that accesses a device lie in?
 * On AMD's processors Xen hears of the physical address of an access that has
 * faulted, and takes its page for the operand's where there is but one.  Here
 * there are others, too, at the same offset in their pages, and what lies there
 * is not to be taken for the device's, nor the reverse.
 */

#include "../viommu-lib/vtd.h"

const char test_title[] = "vIOMMU: operands of instructions that trap";

#define IOAPIC_BASE             0xfec00000u
#define HPET_BASE               0xfed00000u

/* Registers that keep what is written to them. */
#define REG                     VTD_FEADDR
#define NEXT                    VTD_FEUADDR
#define VALUE                   0xfee12344u
#define OTHER                   0xfee56788u

#define PTE_P                   3

/* Pages in which an offset is chosen, at addresses that are mapped anew. */
#define WINDOW                  (1ul << 39)
#define PAGE(n)                 (WINDOW + (n) * PAGE_SIZE)

static uint64_t l3[512] __page_aligned_bss, l2[512] __page_aligned_bss;
static uint64_t l1[512] __page_aligned_bss;
static uint8_t ram[2][4096] __page_aligned_bss;

static void map(unsigned int n, unsigned long pa)
{
    l1[n] = pa | PTE_P;
    asm volatile ( "invlpg (%0)" :: "r" (PAGE(n)) : "memory" );
}

static bool window_init(void)
{
    uint64_t *l4 = _p(read_cr3() & PAGE_MASK);
    unsigned int slot = (WINDOW >> 39) & 511;

    if ( !check(!(l4[slot] & 1), "the window is in use") )
        return false;

    l2[0] = _u(l1) | PTE_P;
    l3[0] = _u(l2) | PTE_P;
    l4[slot] = _u(l3) | PTE_P;

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

/* 0 is the unit's page, 1 is one of memory with the same offsets. */
static void begin(const char *name)
{
    subtest(name);
    memset(ram, 0, sizeof(ram));
    map(0, VTD_BASE);
    map(1, _u(ram[0]));
    map(2, _u(ram[1]));
    vtd_wr32(REG, VALUE);
    vtd_wr32(NEXT, 0);
}

static void test_moves(void)
{
    volatile uint32_t *reg = word(0, REG);
    uint64_t val;

    begin("moves");
    check_eq("load", *reg, VALUE);
    *reg = OTHER;
    check_eq("store", vtd_rd32(REG), OTHER);
    asm volatile ( "movl %1, %0" : "=m" (*reg) : "i" (0x1230) );
    check_eq("store of an immediate", vtd_rd32(REG), 0x1230);
    BUILD_BUG_ON(PAGE(0) + REG != 0x8000000040);
    asm volatile ( "movabs %1, 0x8000000040" : "=m" (*reg) : "a" (VALUE) );
    check_eq("store of the accumulator", vtd_rd32(REG), VALUE);
    asm volatile ( "movabs 0x8000000040, %%eax" : "=a" (val) : "m" (*reg) );
    check_eq("load of the accumulator", (uint32_t)val, VALUE);
    check_eq("8 bytes", *(volatile uint64_t *)word(0, VTD_CAP), vtd.cap);
    asm volatile ( "movslq %1, %0" : "=r" (val) : "m" (*reg) );
    check_eq("sign extended", val, (int32_t)VALUE);

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
    begin("cmps");
    *ram_word(0, REG) = OTHER;
    check(!cmps(word(1, REG), word(0, REG)), "memory is taken for the register");
    check(!cmps(word(0, REG), word(1, REG)), "the register is taken for memory");
    *ram_word(0, REG) = VALUE;
    check(cmps(word(1, REG), word(0, REG)), "not the same, memory first");
    check(cmps(word(0, REG), word(1, REG)), "not the same, register first");

    /* What belongs to two devices. */
    map(1, HPET_BASE);
    check(!cmps(word(1, 0), word(0, 0)), "HPET's id is VER");
    check(!cmps(word(0, 0), word(1, 0)), "VER is HPET's id");
}

/* One is read, the other written. */
static void test_copy(void)
{
    const void *src;
    void *dst;

    begin("movs");
    src = word(0, REG);
    dst = word(1, REG);
    asm volatile ( "movsl" : "+S" (src), "+D" (dst) :: "memory" );
    check_eq("to memory", *ram_word(0, REG), VALUE);
    *ram_word(0, REG) = OTHER;
    src = word(1, REG);
    dst = word(0, REG);
    asm volatile ( "movsl" : "+S" (src), "+D" (dst) :: "memory" );
    check_eq("from memory", vtd_rd32(REG), OTHER);
    check_eq("memory", *ram_word(0, REG), OTHER);
    /* From a device to the same offset of another. */
    map(1, HPET_BASE);
    src = word(1, 0x10);
    dst = word(0, 0x10);
    asm volatile ( "movsl" : "+S" (src), "+D" (dst) :: "memory" );
    check_eq("ECAP", vtd_rd64(VTD_ECAP), vtd.ecap);
}

/* 8 bytes: REG and NEXT. */
static void test_stack(void)
{
    unsigned long *top = _p(PAGE(1) + REG);
    unsigned long target;

    begin("push and pop");
    asm volatile ( "mov %%rsp, %%rbx; lea 8(%1), %%rsp; pushq (%2);"
                   "mov %%rbx, %%rsp"
                   : "+m" (*top) : "r" (top), "r" (word(0, REG)) : "rbx" );
    check_eq("pushed", *ram_word(0, REG), VALUE);
    check_eq("register", vtd_rd32(REG), VALUE);

    *ram_word(0, REG) = OTHER;
    asm volatile ( "mov %%rsp, %%rbx; mov %1, %%rsp; popq (%2);"
                   "mov %%rbx, %%rsp"
                   : "+m" (*top) : "r" (top), "r" (word(0, REG))
                   : "rbx", "memory" );
    check_eq("popped", vtd_rd32(REG), OTHER);
    check_eq("stack", *ram_word(0, REG), OTHER);

    /* Where to is read, where from is pushed. */
    asm volatile ( "lea 1f(%%rip), %0; mov %k0, (%3)\n\t"
                   "mov %%rsp, %%rbx; lea 8(%2), %%rsp; call *(%3)\n\t"
                   ".balign 16\n"
                   "1: mov %%rbx, %%rsp"
                   : "=&r" (target), "+m" (*top)
                   : "r" (top), "r" (word(0, REG)) : "rbx", "memory" );
    check_eq("register after a call", vtd_rd32(REG), target);
    check(*ram_word(0, REG) && *ram_word(0, REG) != OTHER &&
          *ram_word(0, REG) <= target, "the call pushes %#x", *ram_word(0, REG));
}

/* The same is read and written. */
static void test_modify(void)
{
    volatile uint32_t *reg = word(0, REG);
    uint32_t val = OTHER;

    begin("read and write");
    asm volatile ( "xchgl %0, %1" : "+r" (val), "+m" (*reg) );
    check_eq("read by xchg", val, VALUE);
    check_eq("written by xchg", vtd_rd32(REG), OTHER);
    asm volatile ( "lock cmpxchgl %2, %0"
                   : "+m" (*reg), "+a" (val) : "r" (4) : "cc" );
    check_eq("read by cmpxchg that fails", val, OTHER);
    check_eq("register", vtd_rd32(REG), OTHER);
    asm volatile ( "lock cmpxchgl %2, %0"
                   : "+m" (*reg), "+a" (val) : "r" (VALUE) : "cc" );
    check_eq("written by cmpxchg", vtd_rd32(REG), VALUE);
    asm volatile ( "addl $8, %0" : "+m" (*reg) :: "cc" );
    check_eq("written by add", vtd_rd32(REG), VALUE + 8);
    check(!memcmp(ram[0], ram[1], sizeof(ram[0])), "memory has changed");
}

/* Half of it belongs to the device, in either order. */
static void test_across(void)
{
    volatile uint64_t *across = _p(PAGE(0) + PAGE_SIZE - 4);

    begin("across two pages");
    *ram_word(0, 0) = VALUE;
    check_eq("the unit, then memory", *across, (uint64_t)VALUE << 32);
    *across = ((uint64_t)OTHER << 32) | VALUE;
    check_eq("memory behind the unit", *ram_word(0, 0), OTHER);
    check_eq("at the page's end", *ram_word(0, PAGE_SIZE - 4), 0);

    map(0, _u(ram[0]));
    map(1, VTD_BASE);
    *ram_word(0, PAGE_SIZE - 4) = OTHER;
    check_eq("memory, then the unit", *across, (0x10ull << 32) | OTHER);
    *across = ((uint64_t)VALUE << 32) | VALUE;
    check_eq("memory in front of the unit", *ram_word(0, PAGE_SIZE - 4), VALUE);
    check_eq("VER", vtd_rd32(VTD_VER), 0x10);
    check_eq("elsewhere", *ram_word(1, 0), 0);

    /* Another device behind it: HPET's page ends with nothing. */
    map(0, HPET_BASE);
    check_eq("HPET, then the unit", *across >> 32, 0x10);
}

/* An address leads elsewhere from one access to the next. */
static void test_anew(void)
{
    volatile uint32_t *first = word(0, 0);
    uint32_t hpet = *(volatile uint32_t *)_p(HPET_BASE);
    unsigned int i;

    begin("mapped anew");
    check(hpet != 0x10, "HPET's id is the unit's version");
    *ram_word(0, 0) = VALUE;
    for ( i = 0; i < 4; i++ )
    {
        map(0, VTD_BASE);
        check_eq("VER", *first, 0x10);
        map(0, HPET_BASE);
        check_eq("HPET's id", *first, hpet);
        map(0, _u(ram[0]));
        check_eq("memory", *first, VALUE);
    }

    map(0, VTD_BASE);
    *word(0, REG) = OTHER;
    map(0, _u(ram[0]));
    *word(0, REG) = VALUE;
    check_eq("register", vtd_rd32(REG), OTHER);
    check_eq("memory", *ram_word(0, REG), VALUE);
}

void test_main(void)
{
    if ( !vtd_init() || !window_init() )
        return;

    test_moves();
    test_compare();
    test_copy();
    test_stack();
    test_modify();
    test_across();
    test_anew();
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
