/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that does what no driver does, row by row of tests/hostile/rows.list.
 * Rows that need no more than registers and the queue are in here.
 */

#include "rows.h"

const char test_title[] = "vIOMMU: hostile guest";

/* RAM ends below 128M, and the device has its BAR where pci_enable() puts it. */
struct place places[NR_PLACES] = {
    { "hole", HOLE },
    { "MMIO", 0xf0000000 },
    { "IO-APIC", 0xfec00000 },
    { "beyond RAM", MB(512) },
    { "page given up", 0 },
    { "mapped grant", 0 },
};
const struct place special[2] = {
    { "registers", VTD_BASE },
    { "interrupt range", APIC_BASE },
};

static uint8_t given_up[PAGE_SIZE] __page_aligned_bss;
static uint8_t under_grant[PAGE_SIZE] __page_aligned_bss;
static uint32_t granted[PAGE_SIZE / 4] __page_aligned_bss;
static grant_entry_v1_t grants[PAGE_SIZE / 8] __page_aligned_bss;

static bool reservation(unsigned int cmd, unsigned long gfn)
{
    struct xen_memory_reservation op = {
        .extent_start = &gfn,
        .nr_extents = 1,
        .domid = DOMID_SELF,
    };

    return hypercall_memory_op(cmd, &op) == 1;
}

bool balloon_out(const void *page)
{
    return reservation(XENMEM_decrease_reservation, _u(page) >> PAGE_SHIFT);
}

bool balloon_in(uint64_t addr)
{
    return reservation(XENMEM_populate_physmap, addr >> PAGE_SHIFT);
}

long map_over(unsigned int space, unsigned long idx, uint64_t addr)
{
    struct xen_add_to_physmap op = {
        .domid = DOMID_SELF,
        .space = space,
        .idx = idx,
        .gfn = addr >> PAGE_SHIFT,
    };

    return hypercall_memory_op(XENMEM_add_to_physmap, &op);
}

uint32_t granted_word(unsigned int off)
{
    /* Not by its old address: Xen has moved the page. */
    return *(volatile uint32_t *)&under_grant[off];
}

/* Nobody can map what DOMID_SELF has granted, not even itself. */
static uint16_t own_domid(void)
{
    uint32_t leaf, eax, ebx, ecx, edx;

    for ( leaf = 0x40000000; leaf < 0x40010000; leaf += 0x100 )
    {
        cpuid(leaf, &eax, &ebx, &ecx, &edx);
        if ( ebx != 0x566e6558 || ecx != 0x65584d4d || edx != 0x4d4d566e )
            continue;

        cpuid(leaf + 4, &eax, &ebx, &ecx, &edx);
        if ( eax & (1u << 4) )
            return ecx;
    }

    return DOMID_SELF;
}

bool places_init(void)
{
    struct gnttab_map_grant_ref map = {
        .host_addr = _u(under_grant),
        .flags = GNTMAP_host_map | GNTMAP_readonly,
        .ref = 8,
        .dom = own_domid(),
    };
    long rc;

    subtest("places where no table can be");

    if ( !check(balloon_out(given_up) && balloon_out(under_grant),
                "cannot give up a page") )
        return false;
    places[4].addr = _u(given_up);

    /* A page granted by the domain to itself: no page of its own RAM. */
    rc = map_over(XENMAPSPACE_grant_table, 0, _u(grants));
    if ( !check(!rc, "no grant table: %ld", rc) )
        return false;
    grants[8] = (grant_entry_v1_t){
        .domid = map.dom, .frame = _u(granted) >> PAGE_SHIFT };
    smp_wmb();
    ACCESS_ONCE(grants[8].flags) = GTF_permit_access;
    rc = hypercall_grant_table_op(GNTTABOP_map_grant_ref, &map, 1);
    printk("HOSTILE grant rc=%ld status=%d\n", rc, map.status);
    if ( !check(!rc && !map.status, "no grant: %ld, %d", rc, map.status) )
        return false;
    places[5].addr = _u(under_grant);

    return true;
}

void still_works(const char *after)
{
    FILL(buf, UNTOUCHED(i_));
    check_eq(after, nvme_rw(NVME_READ, 0, IOVA), 0);
    check(COUNT(buf, DISK(0, i_)) == BLOCK_WORDS, "%s: DMA does not work",
          after);
}

/* No mirror here: all reads trap, and only 4 and 8 bytes are answered. */
static void test_access(void)
{
    unsigned int off;

    subtest("row 1: accesses of other sizes and alignments");
    for ( off = VTD_FEDATA; off < VTD_FEDATA + 8; off++ )
    {
        check_eq("1 byte", vtd_rd8(off), 0xff);
        vtd_wr8(off, 0xa5);
        if ( off % 4 != 3 )
        {
            check_eq("2 bytes", vtd_rd16(off), 0xffff);
            vtd_wr16(off, 0xa5a5);
        }
        if ( off % 4 )
        {
            check_eq("4 bytes, misaligned", vtd_rd32(off), ~0u);
            vtd_wr32(off, 0xa5a5a5a5);
        }
        if ( off % 8 )
        {
            check_eq("8 bytes, misaligned", vtd_rd64(off), ~0ull);
            vtd_wr64(off, 0xa5a5a5a5a5a5a5a5ull);
        }
    }
    check_eq("FEDATA", vtd_rd32(VTD_FEDATA), 0);
    check_eq("FEADDR", vtd_rd64(VTD_FEADDR), 0);

    subtest("row 6: RTADDR.TTM");
    vtd_wr64(VTD_RTADDR, _u(vtd_root) | 0xc00);
    check_eq("RTADDR", vtd_rd64(VTD_RTADDR), _u(vtd_root));
    vtd_wr64(VTD_RTADDR, 0);
}

void raise_event(uint32_t addr, uint32_t data)
{
    vtd_wr32(VTD_FEADDR, addr);
    vtd_wr32(VTD_FEDATA, data);
    qi_put(0, 0);
    qi_submit();
    check_eq("FSTS", fsts(), FSTS_IQE);
    qi_set(qi_tail - 1, QI_WAIT, 0);
    vtd_wr32(VTD_FSTS, FSTS_IQE);
}

unsigned int irqs(void)
{
    unsigned int vector, n = 0;

    for ( vector = 16; vector < 256; vector++ )
        n += irq_sent(vector);

    return n;
}

static void test_events(void)
{
    static const struct {
        const char *name;
        uint32_t addr, data;
    } tests[] = {
        { "memory", 0x00200000, 0x71 },
        { "registers", VTD_BASE + VTD_GCMD, 0x71 },
        { "below the range", 0xfedffffc, 0x71 },
        { "above the range", 0xfef00000, 0x71 },
        { "SMI", APIC_BASE, 0x271 }, { "reserved", APIC_BASE, 0x371 },
        { "NMI", APIC_BASE, 0x471 }, { "INIT", APIC_BASE, 0x571 },
        { "start-up", APIC_BASE, 0x671 }, { "ExtINT", APIC_BASE, 0x771 },
    };
    unsigned int i, before = irqs();

    subtest("row 32: events elsewhere, or of other kinds");
    vtd_wr32(VTD_FECTL, 0);
    for ( i = 0; i < ARRAY_SIZE(tests); i++ )
    {
        raise_event(tests[i].addr, tests[i].data);
        check(irqs() == before, "%s: an interrupt", tests[i].name);
    }
    check_eq("GSTS", vtd_rd32(VTD_GSTS) & ~VTD_SRTP, VTD_QIE);
    raise_event(APIC_BASE, 0x72);
    check(irq_sent(0x72), "fixed: no interrupt");
    raise_event(APIC_BASE, 0x173);
    check(irq_sent(0x73), "lowest priority: no interrupt");
}

void test_main(void)
{
    if ( !vtd_init() || !qi_init() || !nvme_init() || !nvme_fill_disk(4) )
        return;

    nvme_blocks = 1;
    irq_init();
    rows_reset();
    if ( !places_init() )
        return;
    test_access();
    qi_enable(0);
    test_events();
    rows_remap();
    qi_disable();
    rows_tables();
    rows_races();
    rows_memory();
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
