/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The invalidation queue as drivers use it: enabled and disabled, each valid
 * descriptor, wait descriptors with all they can do, their event, and the ring
 * in all its sizes.  No device does any DMA here.
 */

#include "../viommu-lib/queue.h"

const char test_title[] = "vIOMMU: invalidation queue";

#define SOON_US                 5000000
#define NOT_WRITTEN             0xdeadbeefu

/* Status words with something in front and behind. */
static volatile uint32_t status[8];

static void clear_status(void)
{
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(status); i++ )
        status[i] = NOT_WRITTEN;
}

/* All that is in the queue has been fetched, without an error. */
static void expect_idle(const char *what)
{
    check(wait_for(qi_head() == qi_tail, SOON_US),
          "%s: IQH is %#x, expected %#x", what, qi_head(), qi_tail);
    check_eq("FSTS", vtd_rd32(VTD_FSTS), 0);
}

static void expect_status(const char *what, unsigned int n, uint32_t data)
{
    check(wait_for(status[n] == data, SOON_US),
          "%s: the status is %#x, expected %#x", what, status[n], data);
}

static void test_enable(void)
{
    unsigned int i;

    subtest("enable and disable");
    for ( i = 0; i < 5; i++ )
    {
        check(qi_enable(0), "cannot be enabled");
        check_eq("IQH when enabled", vtd_rd64(VTD_IQH), 0);
        qi_sync();
        qi_sync();
        check_eq("IQH", vtd_rd64(VTD_IQH), 4 << 4);
        check_eq("IQT", vtd_rd64(VTD_IQT), 4 << 4);
        check(qi_disable(), "cannot be disabled");
        check_eq("IQH when disabled", vtd_rd64(VTD_IQH), 0);
    }

    subtest("nothing is fetched while disabled");
    clear_status();
    qi_set(0, QI_WAIT | QI_WAIT_SW | QI_WAIT_DATA(1), _u(&status[0]));
    vtd_wr64(VTD_IQT, 1 << 4);
    check_eq("IQH", vtd_rd64(VTD_IQH), 0);
    check_eq("status", status[0], NOT_WRITTEN);

    subtest("IQT is there before QIE");
    vtd_wr64(VTD_IQA, _u(qi_ring));
    check_eq("IQT after IQA", vtd_rd64(VTD_IQT), 1 << 4);
    vtd_gcmd(VTD_QIE, 0);
    expect_status("enabled", 0, 1);
    check_eq("IQH", vtd_rd64(VTD_IQH), 1 << 4);
    check_eq("IQT", vtd_rd64(VTD_IQT), 1 << 4);
    qi_disable();

    subtest("QIE with the other bits of GCMD");
    qi_enable(0);
    vtd_wr64(VTD_RTADDR, _u(vtd_root));
    vtd_gcmd(VTD_SRTP, 0);
    vtd_gcmd(VTD_TE, 0);
    check_eq("GSTS", vtd_rd32(VTD_GSTS), VTD_TE | VTD_SRTP | VTD_QIE);
    qi_sync();
    /* As Xen writes it, one-shot bits included. */
    vtd_wr32(VTD_GCMD, VTD_TE | VTD_SRTP | VTD_QIE);
    check(wait_for(vtd_rd32(VTD_GSTS) == (VTD_TE | VTD_SRTP | VTD_QIE),
                   SOON_US), "GSTS is %#x", vtd_rd32(VTD_GSTS));
    check_eq("IQH is not reset by that", qi_head(), qi_tail);
    qi_sync();
    vtd_disable();
    qi_sync();
    qi_disable();
}

/* A new IQA takes effect when the queue is enabled the next time. */
static void test_iqa(void)
{
    static uint64_t other[512] __page_aligned_bss;

    subtest("IQA while enabled");
    clear_status();
    qi_enable(1);
    qi_sync();
    other[0] = QI_WAIT | QI_WAIT_SW | QI_WAIT_DATA(2);
    other[1] = _u(&status[1]);
    vtd_wr64(VTD_IQA, _u(other));
    check_eq("IQA", vtd_rd64(VTD_IQA), _u(other));
    check_eq("IQH", qi_head(), qi_tail);
    qi_sync();
    qi_sync();
    check_eq("status of the other queue", status[1], NOT_WRITTEN);

    qi_disable();
    vtd_wr64(VTD_IQT, 1 << 4);
    vtd_gcmd(VTD_QIE, 0);
    expect_status("the other queue", 1, 2);
    qi_disable();
}

static void test_descriptors(void)
{
    static const struct {
        const char *name;
        uint64_t lo, hi;
    } tests[] = {
        { "context, global", QI_CC(INV_GLOBAL), 0 },
        { "context, global, with an id", QI_CC(INV_GLOBAL) | QI_DID(9), 0 },
        { "context, domain", QI_CC(INV_DOMAIN) | QI_DID(9), 0 },
        { "context, largest domain", QI_CC(INV_DOMAIN) | QI_DID(0xffff), 0 },
        { "context, device",
          QI_CC(INV_DEVICE) | QI_DID(9) | QI_CC_SID(0x18), 0 },
        { "context, largest device, functions masked",
          QI_CC(INV_DEVICE) | QI_DID(9) | QI_CC_SID(0xffff) | QI_CC_FM(3), 0 },
        { "IOTLB, global", QI_IOTLB(INV_GLOBAL), 0 },
        { "IOTLB, global, drained", QI_IOTLB(INV_GLOBAL) | QI_IOTLB_DRAIN, 0 },
        { "IOTLB, domain", QI_IOTLB(INV_DOMAIN) | QI_DID(9), 0 },
        { "IOTLB, largest domain", QI_IOTLB(INV_DOMAIN) | QI_DID(0xffff), 0 },
        { "IOTLB, domain, with an address",
          QI_IOTLB(INV_DOMAIN) | QI_DID(9), 63 | 1ull << 40 },
        { "IOTLB, page", QI_IOTLB(INV_PAGE) | QI_DID(9), MB(1) },
        { "IOTLB, page, leaf only",
          QI_IOTLB(INV_PAGE) | QI_DID(9), MB(1) | IVA_IH },
        { "IOTLB, page, address beyond all tables",
          QI_IOTLB(INV_PAGE) | QI_IOTLB_DRAIN | QI_DID(9), ~0ull << 12 },
        { "IOTLB, pages, address not aligned to their size",
          QI_IOTLB(INV_PAGE) | QI_IOTLB_DRAIN | QI_DID(9), MB(1) | 18 },
    };
    unsigned int i, n = 0;

    subtest("valid descriptors");
    qi_enable(0);
    for ( i = 0; i < ARRAY_SIZE(tests); i++ )
    {
        clear_status();
        qi_put(tests[i].lo, tests[i].hi);
        qi_put_wait(QI_WAIT_SW, &status[1], ++n);
        qi_submit();
        expect_status(tests[i].name, 1, n);
        expect_idle(tests[i].name);
    }
    for ( i = 0; i <= vtd.mamv; i++ )
    {
        qi_put(QI_IOTLB(INV_PAGE) | QI_DID(9), GB(1) | i);
        qi_put_wait(QI_WAIT_SW, &status[1], ++n);
        qi_submit();
        expect_status("IOTLB, by mask", 1, n);
    }

    subtest("all of them at once");
    clear_status();
    for ( i = 0; i < ARRAY_SIZE(tests); i++ )
        qi_put(tests[i].lo, tests[i].hi);
    qi_put_wait(QI_WAIT_SW, &status[1], ++n);
    qi_submit();
    expect_status("all", 1, n);
    expect_idle("all");
    qi_disable();
}

static void test_widths(void)
{
    subtest("4-byte accesses");
    qi_halves = true;
    qi_enable(2);
    check_eq("IQA low", vtd_rd32(VTD_IQA), (uint32_t)_u(qi_ring) | 2);
    check_eq("IQA high", vtd_rd32(VTD_IQA + 4), _u(qi_ring) >> 32);
    qi_sync();
    qi_sync();
    check_eq("IQT low", vtd_rd32(VTD_IQT), qi_tail << 4);
    check_eq("IQT high", vtd_rd32(VTD_IQT + 4), 0);

    /* The upper half has nothing in it, and starts nothing. */
    qi_put_wait(QI_WAIT_SW, &status[1], 77);
    vtd_wr32(VTD_IQT + 4, ~0u);
    check_eq("IQH after a write of IQT's upper half", qi_head(), 4);
    qi_halves = false;

    subtest("8-byte accesses");
    qi_submit();
    expect_status("IQT", 1, 77);
    check_eq("IQH", vtd_rd64(VTD_IQH), qi_tail << 4);

    /* Low bits and what is above the queue's largest size do not exist. */
    qi_put_wait(QI_WAIT_SW, &status[1], 78);
    vtd_wr64(VTD_IQT, ~0x7ffffull | 0xf | (qi_tail << 4));
    check_eq("IQT", vtd_rd64(VTD_IQT), qi_tail << 4);
    expect_status("IQT with bits that do not exist", 1, 78);

    subtest("other accesses");
    qi_put_wait(QI_WAIT_SW, &status[1], 79);
    vtd_wr8(VTD_IQT, qi_tail << 4);
    vtd_wr16(VTD_IQT, qi_tail << 4);
    vtd_wr32(VTD_IQT + 2, qi_tail << 4);
    check_eq("IQT", vtd_rd64(VTD_IQT) >> 4, qi_tail - 1);
    check_eq("status", status[1], 78);
    vtd_wr64(VTD_IQH, 0);
    check_eq("IQH, read-only", qi_head(), qi_tail - 1);
    qi_submit();
    expect_status("IQT", 1, 79);
    qi_disable();
}

static void test_waits(void)
{
    static uint32_t page[1024] __page_aligned_bss;
    static const uint32_t data[] = { 0, 1, 0x80000000, 0xffffffff };
    unsigned int i;

    subtest("wait descriptors: what they do");
    qi_enable(0);
    for ( i = 0; i < 8; i++ )
    {
        /* SW is bit 0 of i, IF bit 1, FN bit 2. */
        uint64_t flags = (i & 1 ? QI_WAIT_SW : 0) | (i & 2 ? QI_WAIT_IF : 0) |
                         (i & 4 ? QI_WAIT_FN : 0);

        clear_status();
        qi_put(QI_IOTLB(INV_GLOBAL), 0);
        qi_put_wait(flags, &status[1], i);
        qi_put(QI_CC(INV_GLOBAL), 0);
        qi_put_wait(QI_WAIT_SW, &status[3], 100 + i);
        qi_submit();
        expect_status("the next one", 3, 100 + i);
        check(status[1] == (i & 1 ? i : NOT_WRITTEN),
              "flags %#"PRIx64": the status is %#x", flags, status[1]);
        check(status[0] == NOT_WRITTEN && status[2] == NOT_WRITTEN &&
              status[4] == NOT_WRITTEN, "more than a status is written");
        check(vtd_rd32(VTD_ICS) == (i & 2 ? ICS_IWC : 0),
              "flags %#"PRIx64": ICS is %#x", flags, vtd_rd32(VTD_ICS));
        vtd_wr32(VTD_ICS, ICS_IWC);
        expect_idle("after");
    }

    subtest("wait descriptors: data and addresses");
    for ( i = 0; i < ARRAY_SIZE(data); i++ )
    {
        page[0] = page[1023] = ~data[i];
        qi_put_wait(QI_WAIT_SW, &page[1023], data[i]);
        qi_put_wait(QI_WAIT_SW, &page[0], data[i]);
        qi_submit();
        check(wait_for(ACCESS_ONCE(page[0]) == data[i], SOON_US) &&
              ACCESS_ONCE(page[1023]) == data[i],
              "%#x and %#x, expected %#x", page[0], page[1023], data[i]);
    }

    subtest("wait descriptors: in their order");
    clear_status();
    for ( i = 0; i < 200; i++ )
        qi_put_wait(QI_WAIT_SW, &status[1], i);
    qi_put_wait(QI_WAIT_SW, &status[3], 1);
    qi_submit();
    expect_status("last", 3, 1);
    expect_status("last of the others", 1, 199);
    expect_idle("after");
    qi_disable();
}

/* Nothing to wait for: the instruction that writes IQT sees to it all. */
static void test_at_once(void)
{
    unsigned int i, late = 0;
    uint32_t val;

    subtest("the status is written before the next instruction");
    qi_enable(0);
    for ( i = 0; i < 3; i++ )
        qi_sync();

    for ( i = 0; i < 100; i++ )
    {
        status[1] = NOT_WRITTEN;
        qi_put(QI_IOTLB(INV_PAGE) | QI_IOTLB_DRAIN | QI_DID(2), MB(4));
        qi_put_wait(QI_WAIT_SW, &status[1], i);
        asm volatile ( "movl %[tail], (%[iqt])\n\t"
                       "movl %[status], %[val]"
                       : [val] "=&r" (val)
                       : [tail] "r" (qi_tail << 4),
                         [iqt] "r" (_p(VTD_BASE + VTD_IQT)),
                         [status] "m" (status[1])
                       : "memory" );
        late += val != i;
    }
    check(!late, "%u of %u were late", late, i);
    expect_idle("after");
    qi_disable();
}

/* Let the guest use SSE, and AVX if there is any. */
static bool vectors_init(void)
{
    uint32_t eax, ebx, ecx, edx;
    unsigned long cr;

    cpuid(1, &eax, &ebx, &ecx, &edx);
    asm volatile ( "mov %%cr0, %0" : "=r" (cr) );
    cr = (cr & ~(4ul | 8ul)) | 2ul;                 /* EM, TS; MP */
    asm volatile ( "mov %0, %%cr0" :: "r" (cr) );
    asm volatile ( "mov %%cr4, %0" : "=r" (cr) );
    cr |= 1ul << 9 | 1ul << 10;                     /* OSFXSR, OSXMMEXCPT */
    if ( (ecx >> 26) & 1 )
        cr |= 1ul << 18;                            /* OSXSAVE */
    asm volatile ( "mov %0, %%cr4" :: "r" (cr) );

    if ( (~ecx >> 26) & 1 || (~ecx >> 28) & 1 )
        return false;
    asm volatile ( "xsetbv" :: "a" (7), "d" (0), "c" (0) );

    return true;
}

/* Read the status behind a store of 16 or 32 bytes to the registers from IQH. */
static uint32_t store_16(const uint64_t *val)
{
    uint32_t seen;

    asm volatile ( "movdqu (%[val]), %%xmm0\n\t"
                   "movdqu %%xmm0, (%[iqh])\n\t"
                   "movl %[status], %[seen]"
                   : [seen] "=&r" (seen)
                   : [val] "r" (val), [iqh] "r" (_p(VTD_BASE + VTD_IQH)),
                     [status] "m" (status[1])
                   : "memory" );

    return seen;
}

static uint32_t store_32(const uint64_t *val)
{
    uint32_t seen;

    asm volatile ( "vmovdqu (%[val]), %%ymm0\n\t"
                   "vmovdqu %%ymm0, (%[iqh])\n\t"
                   "movl %[status], %[seen]"
                   : [seen] "=&r" (seen)
                   : [val] "r" (val), [iqh] "r" (_p(VTD_BASE + VTD_IQH)),
                     [status] "m" (status[1])
                   : "memory" );

    return seen;
}

/* Reads both before it writes both. */
static uint32_t exchange_16(const uint64_t *val)
{
    uint64_t old[2] = { vtd_rd64(VTD_IQH), vtd_rd64(VTD_IQT) };
    uint32_t seen;

    asm volatile ( "lock; cmpxchg16b (%[iqh])\n\t"
                   "movl %[status], %[seen]"
                   : [seen] "=&r" (seen), "+a" (old[0]), "+d" (old[1])
                   : "b" (val[0]), "c" (val[1]),
                     [iqh] "r" (_p(VTD_BASE + VTD_IQH)),
                     [status] "m" (status[1])
                   : "memory" );

    return seen;
}

/*
 * One instruction makes several accesses, of which the one to IQT is not the
 * first, and leaves several slices: all of it is done before the next.
 */
static void test_wide(void)
{
    static const struct {
        const char *name;
        uint32_t (*store)(const uint64_t *val);
        bool avx;
    } stores[] = {
        { "16 bytes", store_16, false },
        { "32 bytes", store_32, true },
        { "compare and exchange of 16 bytes", exchange_16, false },
    };
    bool avx = vectors_init();
    unsigned int i, n;

    subtest("several registers by one instruction");
    printk("WIDE avx=%u\n", avx);
    for ( i = 0; i < ARRAY_SIZE(stores); i++ )
    {
        if ( stores[i].avx && !avx )
            continue;
        qi_enable(1);
        for ( n = 0; n < 300; n++ )
            qi_put(QI_IOTLB(INV_PAGE) | QI_IOTLB_DRAIN | QI_DID(2), MB(4));
        status[1] = NOT_WRITTEN;
        qi_put_wait(QI_WAIT_SW, &status[1], i);
        {
            const uint64_t val[4] = { 0, qi_tail << 4, vtd_rd64(VTD_IQA), 0 };

            check_eq(stores[i].name, stores[i].store(val), i);
        }
        check_eq("IQH", qi_head(), qi_tail);
        expect_idle(stores[i].name);
        qi_disable();
    }
}

/* Without a wait descriptor: IQH has come to IQT, in the exit. */
static void test_head(void)
{
    unsigned int i;

    subtest("IQH without a wait descriptor");
    qi_enable(0);
    for ( i = 0; i < 40; i++ )
    {
        qi_put(QI_IOTLB(INV_DOMAIN) | QI_IOTLB_DRAIN | QI_DID(2), 0);
        qi_submit();
        check_eq("IQH", qi_head(), qi_tail);
    }
    expect_idle("after");
    qi_disable();
}

static void submit_if(void)
{
    qi_put_wait(QI_WAIT_IF, NULL, 0);
    qi_submit();
    check(wait_for(vtd_rd32(VTD_ICS) & ICS_IWC, SOON_US), "no event");
}

static void test_event(void)
{
    subtest("completion event, masked");
    irq_init();
    qi_enable(0);
    vtd_wr32(VTD_IEADDR, APIC_BASE);
    vtd_wr32(VTD_IEDATA, 0x41);
    check_eq("IECTL before", vtd_rd32(VTD_IECTL), FECTL_IM);
    submit_if();
    check_eq("ICS", vtd_rd32(VTD_ICS), ICS_IWC);
    check_eq("IECTL", vtd_rd32(VTD_IECTL), FECTL_IM | FECTL_IP);
    submit_if();
    check_eq("IECTL after another one", vtd_rd32(VTD_IECTL),
             FECTL_IM | FECTL_IP);
    check(!irq_sent(0x41), "interrupt, although masked");

    subtest("served before it is unmasked");
    vtd_wr32(VTD_ICS, 0);
    check_eq("ICS, 0 written", vtd_rd32(VTD_ICS), ICS_IWC);
    vtd_wr32(VTD_ICS, ICS_IWC);
    check_eq("ICS, 1 written", vtd_rd32(VTD_ICS), 0);
    check_eq("IECTL", vtd_rd32(VTD_IECTL), FECTL_IM);
    vtd_wr32(VTD_IECTL, 0);
    check(!irq_sent(0x41), "interrupt, although served");

    subtest("not masked");
    submit_if();
    check(wait_for(irq_sent(0x41), SOON_US), "no interrupt");
    check_eq("IECTL", vtd_rd32(VTD_IECTL), 0);

    subtest("one for all until it has been served");
    vtd_wr32(VTD_IEDATA, 0x52);
    submit_if();
    submit_if();
    expect_idle("after");
    check(!irq_sent(0x52), "interrupt, although one is being served");
    vtd_wr32(VTD_ICS, ICS_IWC);
    submit_if();
    check(wait_for(irq_sent(0x52), SOON_US), "no interrupt after that");
    vtd_wr32(VTD_ICS, ICS_IWC);

    subtest("pending until it is unmasked");
    vtd_wr32(VTD_IEDATA, 0x63);
    vtd_wr32(VTD_IECTL, FECTL_IM);
    submit_if();
    check_eq("IECTL, masked", vtd_rd32(VTD_IECTL), FECTL_IM | FECTL_IP);
    vtd_wr32(VTD_IECTL, 0);
    check(wait_for(irq_sent(0x63), SOON_US), "no interrupt when unmasked");
    check_eq("IECTL, unmasked", vtd_rd32(VTD_IECTL), 0);
    vtd_wr32(VTD_ICS, ICS_IWC);

    subtest("nothing but interrupts");
    clear_status();
    vtd_wr32(VTD_IEADDR, _u(&status[1]));
    submit_if();
    vtd_wr32(VTD_ICS, ICS_IWC);
    check_eq("memory where the event was sent", status[1], NOT_WRITTEN);
    vtd_wr32(VTD_IEADDR, APIC_BASE);
    vtd_wr32(VTD_IEDATA, 0x500); /* INIT */
    submit_if();
    vtd_wr32(VTD_ICS, ICS_IWC);
    vtd_wr32(VTD_IECTL, FECTL_IM);
    qi_sync();
    qi_disable();
}

/* For the larger sizes see viommu-queue-full. */
static void test_all(unsigned int qs)
{
    unsigned int i;

    /* All but one: there is no fuller queue. */
    qi_enable(qs);
    for ( i = 0; i < qi_size - 2; i++ )
        qi_put_wait(0, NULL, 0);
    qi_put_wait(QI_WAIT_SW, &status[6], qs);
    check_eq("tail", qi_tail, qi_size - 1);
    qi_submit();
    expect_status("all but one", 6, qs);
    expect_idle("all but one");

    /* The last entry alone. */
    qi_set(qi_size - 1, QI_WAIT | QI_WAIT_SW | QI_WAIT_DATA(qs),
           _u(&status[7]));
    check(status[7] == NOT_WRITTEN, "the entry at IQT is fetched");
    vtd_wr64(VTD_IQT, 0);
    expect_status("the last entry", 7, qs);
    check_eq("IQH", qi_head(), 0);
    qi_disable();
}

/* In each size, through the end of the ring and on from its beginning. */
static void test_wrap(void)
{
    unsigned int qs, i;

    subtest("wrap-around at each size");
    for ( qs = 0; qs <= QI_MAX_QS; qs++ )
    {
        clear_status();
        if ( !qi_enable(qs) )
            return;

        /* Without SW and IF, for what is not of interest. */
        while ( qi_tail < qi_size - 3 )
            qi_put_wait(0, NULL, 0);
        qi_put_wait(QI_WAIT_SW, &status[0], qs);
        qi_submit();
        expect_status("before the end", 0, qs);
        check(wait_for(qi_head() == qi_size - 2, SOON_US),
              "size %u: IQH is %#x", qs, qi_head());

        for ( i = 1; i < 6; i++ )
            qi_put_wait(QI_WAIT_SW, &status[i], qs + i);
        check_eq("tail", qi_tail, 3);
        qi_submit();
        for ( i = 1; i < 6; i++ )
            expect_status("through the end", i, qs + i);
        expect_idle("through the end");

        qi_disable();
        if ( qs < 3 )
            test_all(qs);
    }
}

void test_main(void)
{
    if ( !vtd_init() || !qi_init() )
        return;

    test_enable();
    test_iqa();
    test_descriptors();
    test_widths();
    test_waits();
    test_at_once();
    test_wide();
    test_head();
    test_event();
    test_wrap();
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
