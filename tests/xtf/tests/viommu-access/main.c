/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How registers may be accessed, and that all other accesses do no harm: they
 * write nothing, and read as all ones or as what the bytes are a part of.
 */

#include "../viommu-lib/vtd.h"

const char test_title[] = "vIOMMU: access widths and alignment";

/* A register that keeps what is written to it, all of it. */
#define REG                     VTD_FEADDR
#define VALUE                   0xfee12344u

#define UNMAPS                  64
#define EXIT_US                 20

static uint64_t rtaddr_mask;

/*
 * A read that is none of a register: if it does not trap, nobody can tell it
 * from what memory does.
 */
static void check_odd(unsigned int off, unsigned int size, uint64_t val,
                      uint64_t memory)
{
    uint64_t ones = size == 8 ? ~0ull : (1ull << (8 * size)) - 1;

    check(val == ones || val == (memory & ones),
          "%u bytes at %#x read %#"PRIx64, size, off, val);
}

static void test_narrow(void)
{
    unsigned int i;

    subtest("1 and 2 bytes");
    vtd_wr32(REG, VALUE);
    for ( i = 0; i < 4; i++ )
    {
        check_odd(REG + i, 1, vtd_rd8(REG + i), VALUE >> (8 * i));
        vtd_wr8(REG + i, 0x5c);
    }
    for ( i = 0; i < 4; i += 2 )
    {
        check_odd(REG + i, 2, vtd_rd16(REG + i), VALUE >> (8 * i));
        vtd_wr16(REG + i, 0x5c5c);
    }
    check_eq("FEADDR after narrow writes", vtd_rd32(REG), VALUE);

    /* A byte can have all the bits that start a command. */
    vtd_wr8(VTD_GCMD + 3, 0xc0);
    vtd_wr16(VTD_GCMD + 2, 0xc000);
    check_eq("GSTS", vtd_rd32(VTD_GSTS), 0);
    vtd_wr8(vtd.iotlb + 7, 0x90);
    vtd_wr8(VTD_CCMD + 7, 0xa0);
    check(!(vtd_rd64(vtd.iotlb) & IOTLB_IVT) && !(vtd_rd64(VTD_CCMD) & CCMD_ICC),
          "a byte has started a command");
}

static void test_misaligned(void)
{
    unsigned int i;

    subtest("misaligned 4 bytes");
    for ( i = 1; i < 4; i++ )
    {
        /* FEUADDR, which is behind it, is 0. */
        check_odd(REG + i, 4, vtd_rd32(REG + i), VALUE >> (8 * i));
        vtd_wr32(REG + i, 0x5c5c5c5c);
    }
    check_eq("FEADDR", vtd_rd32(REG), VALUE);

    subtest("misaligned 8 bytes");
    vtd_wr64(VTD_RTADDR, _u(vtd_root));
    for ( i = 1; i < 8; i++ )
    {
        check_odd(VTD_RTADDR + i, 8, vtd_rd64(VTD_RTADDR + i),
                  (_u(vtd_root) >> (8 * i)) |
                  (vtd_rd64(VTD_CCMD) << (64 - 8 * i)));
        vtd_wr64(VTD_RTADDR + i, 0x5c5c5c5c5c5c5c5cull);
    }
    check_eq("RTADDR", vtd_rd64(VTD_RTADDR), _u(vtd_root));
    check_eq("CCMD", vtd_rd64(VTD_CCMD) & CCMD_ICC, 0);
}

static void test_halves(void)
{
    const uint64_t val = 0x5555555555555000ull & rtaddr_mask;

    subtest("halves of 64-bit registers");
    check_eq("CAP low", vtd_rd32(VTD_CAP), (uint32_t)vtd.cap);
    check_eq("CAP high", vtd_rd32(VTD_CAP + 4), vtd.cap >> 32);
    check_eq("ECAP low", vtd_rd32(VTD_ECAP), (uint32_t)vtd.ecap);
    check_eq("ECAP high", vtd_rd32(VTD_ECAP + 4), vtd.ecap >> 32);

    vtd_wr64(VTD_RTADDR, 0);
    vtd_wr32(VTD_RTADDR, val);
    check_eq("RTADDR, low half written", vtd_rd64(VTD_RTADDR), (uint32_t)val);
    vtd_wr32(VTD_RTADDR + 4, val >> 32);
    check_eq("RTADDR, both written", vtd_rd64(VTD_RTADDR), val);
    check_eq("RTADDR low", vtd_rd32(VTD_RTADDR), (uint32_t)val);
    check_eq("RTADDR high", vtd_rd32(VTD_RTADDR + 4), val >> 32);
    vtd_wr32(VTD_RTADDR, 0);
    check_eq("RTADDR, low half cleared", vtd_rd64(VTD_RTADDR),
             val >> 32 << 32);

    /* As a 32-bit kernel has it: the command starts with the upper half. */
    subtest("commands in halves");
    vtd_wr32(VTD_CCMD, 0);
    vtd_wr32(VTD_CCMD + 4, (CCMD_ICC | CCMD_CIRG(INV_GLOBAL)) >> 32);
    check(wait_for(!(vtd_rd32(VTD_CCMD + 4) >> 31), 5000000), "ICC stays set");
    check_eq("CAIG", CCMD_CAIG(vtd_rd64(VTD_CCMD)), INV_GLOBAL);
    vtd_wr32(vtd.iotlb, ~0u);
    check_eq("IVT after a write of the low half",
             vtd_rd64(vtd.iotlb) & IOTLB_IVT, 0);
    vtd_wr32(vtd.iotlb + 4, (IOTLB_IVT | IOTLB_IIRG(INV_GLOBAL)) >> 32);
    check(wait_for(!(vtd_rd32(vtd.iotlb + 4) >> 31), 5000000), "IVT stays set");
    check_eq("IAIG", IOTLB_IAIG(vtd_rd64(vtd.iotlb)), INV_GLOBAL);
}

/*
 * 8 bytes over two 32-bit registers: the specification leaves it open.  Both
 * registers or none, for reads and for writes.
 */
static void test_two_registers(void)
{
    uint64_t both, val;

    subtest("8 bytes over two registers");
    vtd_wr32(VTD_FECTL, FECTL_IM);
    vtd_wr32(VTD_FEDATA, 0x41);

    val = vtd_rd64(VTD_FECTL);
    both = (0x41ull << 32) | FECTL_IM;
    check(val == both || val == ~0ull, "reads %#"PRIx64, val);

    vtd_wr64(VTD_FECTL, 0x52ull << 32);
    if ( vtd_rd32(VTD_FECTL) )
        check_eq("FEDATA, FECTL not being written", vtd_rd32(VTD_FEDATA), 0x41);
    else
        check_eq("FEDATA, FECTL being written", vtd_rd32(VTD_FEDATA), 0x52);

    vtd_wr32(VTD_FECTL, FECTL_IM);
    vtd_wr32(VTD_FEDATA, 0);
}

/* The emulator may see this as two accesses, which are fine then. */
static void test_sse(void)
{
    uint64_t val[2] __aligned(16) = { 0, 0 };
    unsigned long cr4 = read_cr4();

    subtest("16 bytes");
    write_cr4(cr4 | 0x200); /* OSFXSR */
    asm volatile ( "movups (%[reg]), %%xmm0; movups %%xmm0, %[val]"
                   : [val] "=m" (val)
                   : [reg] "r" (_p(VTD_BASE + VTD_CAP)) );
    check((val[0] == vtd.cap && val[1] == vtd.ecap) ||
          (val[0] == ~0ull && val[1] == ~0ull),
          "CAP and ECAP read %#"PRIx64" %#"PRIx64, val[0], val[1]);

    asm volatile ( "movups %[val], %%xmm0; movups %%xmm0, (%[reg])"
                   :: [val] "m" (val), [reg] "r" (_p(VTD_BASE + VTD_CAP))
                   : "memory" );
    write_cr4(cr4);
    check_eq("CAP", vtd_rd64(VTD_CAP), vtd.cap);
}

/* What lies behind the page belongs to nobody. */
static void test_end(void)
{
    unsigned int off, n;

    subtest("the end of the page");
    check_eq("last 4 bytes", vtd_rd32(0xffc), 0);
    check_eq("last 8 bytes", vtd_rd64(0xff8), 0);
    vtd_wr32(0xffc, ~0u);
    vtd_wr64(0xff8, ~0ull);
    for ( off = 0xff9; off < 0x1000; off++ )
    {
        (void)vtd_rd64(off);
        vtd_wr64(off, 0x5c5c5c5c5c5c5c5cull);
    }
    for ( off = 0xffd; off < 0x1000; off++ )
    {
        (void)vtd_rd32(off);
        vtd_wr32(off, 0x5c5c5c5c);
    }
    (void)vtd_rd32(0x1000);
    check_eq("last 8 bytes again", vtd_rd64(0xff8), 0);

    /* Behind it, wherever that ends. */
    for ( off = 0x1000; off < 0x1014; off++ )
    {
        (void)*(volatile uint16_t *)_p(VTD_BASE + off);
        (void)vtd_rd32(off);
        (void)vtd_rd64(off);
        vtd_wr32(off, ~0u);
        vtd_wr64(off, ~0ull);
    }
    for ( n = 1; n < 16; n++ )
    {
        void *dst = _p(VTD_BASE + 0x1000);
        unsigned long count = n;

        asm volatile ( "rep stosl" : "+D" (dst), "+c" (count) : "a" (~0u)
                       : "memory" );
        dst = _p(VTD_BASE + 0x1000 - 4 * n);
        count = 2 * n;
        asm volatile ( "rep stosl" : "+D" (dst), "+c" (count) : "a" (~0u)
                       : "memory" );
    }
    check_eq("last 8 bytes still", vtd_rd64(0xff8), 0);

    /* In front of it, too: the other page's 4 bytes and VER. */
    (void)*(volatile uint64_t *)_p(VTD_BASE - 4);
    *(volatile uint64_t *)_p(VTD_BASE - 4) = ~0ull;
    check_eq("VER", vtd_rd32(VTD_VER), 0x10);
}

/* Instructions other than a plain move. */
static void test_instructions(void)
{
    static uint32_t copy[4];
    volatile uint32_t *reg = _p(VTD_BASE + REG);
    const void *src = _p(VTD_BASE + VTD_CAP);
    void *dst = copy;
    unsigned long n = 4;
    unsigned int i;

    subtest("string and read-modify-write instructions");
    asm volatile ( "rep movsl" : "+S" (src), "+D" (dst), "+c" (n)
                   :: "memory" );
    check(copy[0] == (uint32_t)vtd.cap && copy[1] == vtd.cap >> 32 &&
          copy[2] == (uint32_t)vtd.ecap && copy[3] == vtd.ecap >> 32,
          "rep movsl reads %#x %#x %#x %#x",
          copy[0], copy[1], copy[2], copy[3]);

    /* All of a range, from either end. */
    for ( n = 3, dst = _p(VTD_BASE + VTD_FEDATA), i = 0; i < 2; i++ )
    {
        asm volatile ( "cld; test %3, %3; jz 1f; std; 1: rep stosl; cld"
                       : "+D" (dst), "+c" (n) : "a" (0x5150 + 4 * i), "r" (i)
                       : "memory" );
        check(!n && vtd_rd32(VTD_FEDATA) == 0x5150 + 4 * i &&
              vtd_rd32(VTD_FEADDR) == 0x5150 + 4 * i,
              "rep stosl writes %#x %#x, %lu left", vtd_rd32(VTD_FEDATA),
              vtd_rd32(VTD_FEADDR), n);
        n = 3;
        dst = _p(VTD_BASE + VTD_FEUADDR);
    }

    vtd_wr32(REG, VALUE);
    asm volatile ( "orl $0x80, %0" : "+m" (*reg) );
    check_eq("FEADDR after or", vtd_rd32(REG), VALUE | 0x80);
    asm volatile ( "lock andl $~0x80, %0" : "+m" (*reg) );
    check_eq("FEADDR after lock and", vtd_rd32(REG), VALUE & ~0x80);
}

/*
 * A read that is the first half of a write traps, a plain one need not: both
 * have to say the same.  What is written is what has been read, which changes
 * nothing while no status is set and no command runs.
 */
static void check_trapped(const char *when)
{
    unsigned int off;

    for ( off = 0; off < PAGE_SIZE; off += 4 )
    {
        uint32_t plain = vtd_rd32(off), trapped = 0;

        asm volatile ( "xaddl %0, %1"
                       : "+r" (trapped),
                         "+m" (*(volatile uint32_t *)_p(VTD_BASE + off)) );
        check(plain == trapped && vtd_rd32(off) == plain,
              "%s: %#x reads %#x, trapped %#x, then %#x", when, off, plain,
              trapped, vtd_rd32(off));
    }
}

static void test_trapped(void)
{
    const void *src = _p(VTD_BASE + VTD_FEDATA);
    void *dst = _p(VTD_BASE + VTD_CCMD);
    unsigned long n = 2;
    unsigned int i;

    subtest("reads that trap");
    check_trapped("unused");

    /* Each command, and all that can be written. */
    vtd_wr64(VTD_RTADDR, _u(vtd_root));
    vtd_gcmd(VTD_SRTP, 0);
    vtd_ccmd(CCMD_CIRG(INV_GLOBAL));
    vtd_wr64(vtd.iva, 0x123456789000ull);
    vtd_iotlb(IOTLB_IIRG(INV_GLOBAL));
    for ( i = VTD_FECTL; i <= VTD_FEUADDR; i += 4 )
        vtd_wr32(i, ~0u);
    check_trapped("used");

    /* The device model sees nothing there; both are MMIO. */
    subtest("from register to register");
    vtd_wr32(VTD_FEDATA, 0x41);
    asm volatile ( "movsl" : "+S" (src), "+D" (dst) :: "memory" );
    check_eq("CCMD low", vtd_rd32(VTD_CCMD), 0x41);
    dst = _p(VTD_BASE + VTD_FEDATA);
    asm volatile ( "rep stosl" : "+D" (dst), "+c" (n) : "a" (0x52)
                   : "memory" );
    check_eq("FEDATA", vtd_rd32(VTD_FEDATA), 0x52);
    check_eq("FEADDR", vtd_rd32(VTD_FEADDR), 0x50);
}

/*
 * How many of the accesses that it takes to unmap a page are exits?  Told by
 * what they cost, which is for make bench and decides nothing.
 */
static void count_exits(bool page)
{
    unsigned int i, exits = 0;
    uint64_t begin;
    bool ivt;

    for ( i = 0; i < UNMAPS; i++ )
    {
        begin = tsc();
        vtd_wr64(vtd.iva, i * PAGE_SIZE);
        exits += tsc_to_us(tsc() - begin) >= EXIT_US;
        begin = tsc();
        vtd_wr64(vtd.iotlb, IOTLB_IVT | IOTLB_IIRG(INV_PAGE));
        exits += tsc_to_us(tsc() - begin) >= EXIT_US;
        do {
            begin = tsc();
            ivt = vtd_rd64(vtd.iotlb) & IOTLB_IVT;
            exits += tsc_to_us(tsc() - begin) >= EXIT_US;
        } while ( ivt );
    }
    printk("ACCESS page=%u unmaps=%u exits=%u\n", page, UNMAPS, exits);
}

/* As if to balloon it out: without the page, all reads trap. */
static void test_given_up(void)
{
    unsigned long gfn = VTD_BASE >> PAGE_SHIFT;
    struct xen_memory_reservation op = {
        .extent_start = &gfn,
        .nr_extents = 1,
        .domid = DOMID_SELF,
    };
    long nr;

    count_exits(true);
    nr = hypercall_memory_op(XENMEM_decrease_reservation, &op);

    /* With shadow paging, and on other than Xen, it is not there. */
    subtest("the page is given up");
    printk("ACCESS pages=%ld byte=%#x\n", nr, vtd_rd8(VTD_VER));
    count_exits(false);
    if ( nr == 1 )
        check(vtd_rd8(VTD_VER) == 0xff, "1 byte reads %#x", vtd_rd8(VTD_VER));
    check_eq("CAP", vtd_rd64(VTD_CAP), vtd.cap);
    vtd_wr32(VTD_FEDATA, 0x63);
    check_eq("FEDATA", vtd_rd32(VTD_FEDATA), 0x63);
    check_trapped("given up");
}

void test_main(void)
{
    uint32_t eax, ebx, ecx, edx;

    if ( !vtd_init() )
        return;

    cpuid(0x80000008, &eax, &ebx, &ecx, &edx);
    rtaddr_mask = ((1ull << (eax & 0xff)) - 1) & PAGE_MASK;

    test_narrow();
    test_misaligned();
    test_halves();
    test_two_registers();
    test_sse();
    test_end();
    test_instructions();
    test_trapped();
    test_given_up();
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
