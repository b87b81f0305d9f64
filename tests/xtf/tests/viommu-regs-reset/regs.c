/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every register of the unit: its value at reset, which bits can be written,
 * and nothing where there is none.  With a queue and without.
 */

#include "regs.h"

#define CAP_EXPECTED            0x00d2078c222f0606ull
#define ECAP_EXPECTED           (0x0fc1 | (has_queue ? ECAP_QI : 0))

/* Bits that any address the guest could have may have. */
static uint64_t addr_mask(void)
{
    uint32_t eax, ebx, ecx, edx;

    cpuid(0x80000008, &eax, &ebx, &ecx, &edx);

    return ((1ull << (eax & 0xff)) - 1) & PAGE_MASK;
}

static void test_caps(void)
{
    subtest("VER, CAP, ECAP");
    check_eq("VER", vtd_rd32(VTD_VER), 0x10);
    check_eq("CAP", vtd.cap, CAP_EXPECTED);
    check_eq("ECAP", vtd.ecap, ECAP_EXPECTED);

    /* What drivers take for granted, whatever the values are. */
    check(vtd.frcd + (vtd.nr_frcd + 1) * 16 <= 4096 && vtd.iotlb + 8 <= 4096,
          "registers beyond the page: FRCD %#x x %u, IOTLB %#x",
          vtd.frcd, vtd.nr_frcd, vtd.iotlb);
    check((vtd.cap & 7) <= 6, "ND %u is reserved", (unsigned int)vtd.cap & 7);
    check(vtd.cap & 0x600, "neither 39 nor 48 bits wide");
}

/*
 * 32-bit registers with something in them.  A write of all ones must not
 * start anything here: GCMD, CCMD's and IOTLB's upper halves are elsewhere.
 */
struct reg {
    const char *name;
    unsigned int off;
    uint32_t reset;
    uint32_t rw;                /* bits that keep what is written */
    uint32_t may;               /* bits that may do so as well */
};

static void test_one(const struct reg *r)
{
    static const uint32_t patterns[] = {
        0xffffffff, 0, 0x55555555, 0xaaaaaaaa,
    };
    uint32_t old = vtd_rd32(r->off);
    unsigned int i;

    check(old == r->reset, "%s (%#x) is %#x at reset, expected %#x",
          r->name, r->off, old, r->reset);

    for ( i = 0; i < ARRAY_SIZE(patterns); i++ )
    {
        uint32_t val, ro = ~(r->rw | r->may);

        vtd_wr32(r->off, patterns[i]);
        val = vtd_rd32(r->off);
        check((val & r->rw) == (patterns[i] & r->rw) &&
              (val & ro) == (r->reset & ro),
              "%s (%#x) reads %#x after %#x, mask %#x",
              r->name, r->off, val, patterns[i], r->rw);
    }

    vtd_wr32(r->off, old);
}

static void test_masks(void)
{
    uint64_t mask = addr_mask();
    const struct reg regs[] = {
        { "VER",     VTD_VER,        0x10, 0, 0 },
        { "CAP",     VTD_CAP,        vtd.cap, 0, 0 },
        { "CAP+4",   VTD_CAP + 4,    vtd.cap >> 32, 0, 0 },
        { "ECAP",    VTD_ECAP,       vtd.ecap, 0, 0 },
        { "ECAP+4",  VTD_ECAP + 4,   vtd.ecap >> 32, 0, 0 },
        { "GSTS",    VTD_GSTS,       0, 0, 0 },
        { "RTADDR",  VTD_RTADDR,     0, mask, 0 },
        { "RTADDR+4", VTD_RTADDR + 4, 0, mask >> 32, 0 },
        /* DID, SID, FM: kept or not, nothing depends on it. */
        { "CCMD",    VTD_CCMD,       0, 0, 0xffffffff },
        { "FSTS",    VTD_FSTS,       0, 0, 0 },
        { "FEDATA",  VTD_FEDATA,     0, 0xffff, 0xffff0000 },
        { "FEADDR",  VTD_FEADDR,     0, 0xfffffffc, 0 },
        /* Without EIM the register need not exist. */
        { "FEUADDR", VTD_FEUADDR,    0, 0, 0xffffffff },
        { "FECTL",   VTD_FECTL,      FECTL_IM, FECTL_IM, 0 },
        /* Write only. */
        { "IVA",     vtd.iva,        0, 0, 0 },
        { "IVA+4",   vtd.iva + 4,    0, 0, 0 },
    };
    const struct reg queue_regs[] = {
        { "IQH",     VTD_IQH,        0, 0, 0 },
        { "IQH+4",   VTD_IQH + 4,    0, 0, 0 },
        { "IQT",     VTD_IQT,        0, 0x7fff0, 0 },
        { "IQT+4",   VTD_IQT + 4,    0, 0, 0 },
        { "IQA",     VTD_IQA,        0, mask | 7, 0 },
        { "IQA+4",   VTD_IQA + 4,    0, mask >> 32, 0 },
        { "ICS",     VTD_ICS,        0, 0, 0 },
        { "IECTL",   VTD_IECTL,      FECTL_IM, FECTL_IM, 0 },
        { "IEDATA",  VTD_IEDATA,     0, 0xffff, 0xffff0000 },
        { "IEADDR",  VTD_IEADDR,     0, 0xfffffffc, 0 },
        { "IEUADDR", VTD_IEUADDR,    0, 0, 0xffffffff },
        { "IQERCD",  VTD_IQERCD,     0, 0, 0 },
        { "IQERCD+4", VTD_IQERCD + 4, 0, 0, 0 },
    };
    unsigned int i;

    subtest("reset values and masks");
    for ( i = 0; i < ARRAY_SIZE(regs); i++ )
        test_one(&regs[i]);
    for ( i = 0; has_queue && i < ARRAY_SIZE(queue_regs); i++ )
        test_one(&queue_regs[i]);

    check_eq("GCMD as read", vtd_rd32(VTD_GCMD), 0);
    check_eq("CCMD+4", vtd_rd32(VTD_CCMD + 4) & ~0x18000003u, 0);
    check_eq("IOTLB", vtd_rd32(vtd.iotlb), 0);
    check_eq("IOTLB+4 but IAIG",
             vtd_rd32(vtd.iotlb + 4) & ~0x06000000u, 0);
}

static void test_frcd(void)
{
    unsigned int i, n;

    subtest("fault records");
    for ( i = 0; i < vtd.nr_frcd; i++ )
        for ( n = 0; n < 16; n += 4 )
        {
            unsigned int off = vtd.frcd + i * 16 + n;

            check(vtd_rd32(off) == 0, "record %u+%u is %#x at reset",
                  i, n, vtd_rd32(off));
            vtd_wr32(off, ~0u);
            check(vtd_rd32(off) == 0, "record %u+%u is %#x after all ones",
                  i, n, vtd_rd32(off));
        }
}

static bool defined(unsigned int off)
{
    return (off <= VTD_FEUADDR && off != 0x04 && off != 0x30) ||
           (has_queue && off >= VTD_IQH && off < VTD_IQERCD + 8 &&
            off != 0x98) ||
           (off >= vtd.iva && off < vtd.iva + 16) ||
           (off >= vtd.frcd && off < vtd.frcd + vtd.nr_frcd * 16);
}

static void test_undefined(void)
{
    unsigned int off;

    /*
     * Interrupt remapping, protected memory, page requests, the queue: what
     * the capabilities do not announce reads as zero like any hole.
     */
    subtest("everything else reads 0 and ignores writes");
    for ( off = 0; off < 4096; off += 4 )
    {
        uint32_t val;

        if ( defined(off) )
            continue;

        val = vtd_rd32(off);
        vtd_wr32(off, ~0u);
        if ( !check(val == 0 && vtd_rd32(off) == 0,
                    "%#x reads %#x, then %#x", off, val, vtd_rd32(off)) )
            break;
    }

    subtest("nothing has changed by that");
    check_eq("GSTS", vtd_rd32(VTD_GSTS), 0);
    check_eq("FSTS", vtd_rd32(VTD_FSTS), 0);
    check_eq("FECTL", vtd_rd32(VTD_FECTL), FECTL_IM);
    check_eq("RTADDR", vtd_rd64(VTD_RTADDR), 0);
    check_eq("CAP", vtd_rd64(VTD_CAP), vtd.cap);
}

void test_registers(void)
{
    if ( !vtd_init() )
        return;

    test_caps();
    test_masks();
    test_frcd();
    test_undefined();
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
