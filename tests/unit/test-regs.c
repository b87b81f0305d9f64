/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The register file: every bit of the page, every width.  What is expected is
 * written down here from the architecture, not taken from the sources.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "unit.h"

/* What a guest finds, 4 bytes at a time; what is not listed is reserved. */
static const struct row {
    unsigned int off;
    const char *name;
    uint32_t reset, rw;
    uint32_t command;   /* bits that start something */
    enum { ALWAYS, QUEUE, NO_QUEUE, REMAP } when;
} rows[] = {
    { 0x000, "VER",       0x00000010 },
    { 0x008, "CAP low",   0x222f0606 },
    { 0x00c, "CAP high",  0x00d2078c },
    { 0x010, "ECAP low",  0x00f00fdb, .when = REMAP },
    { 0x010, "ECAP low",  0x00000fc3, .when = QUEUE },
    { 0x010, "ECAP low",  0x00000fc1, .when = NO_QUEUE },
    { 0x018, "GCMD",      0,          0,          0xc7800000, REMAP },
    { 0x018, "GCMD",      0,          0,          0xc4000000, QUEUE },
    { 0x018, "GCMD",      0,          0,          0xc0000000, NO_QUEUE },
    { 0x01c, "GSTS",      0 },
    { 0x020, "RTADDR low",  0,        0xfffff000 },
    { 0x024, "RTADDR high", 0,        0x00003fff }, /* 46 bits of address */
    { 0x028, "CCMD low",  0,          0xffffffff },
    { 0x02c, "CCMD high", 0,          0x60000003, 0x80000000 },
    { 0x034, "FSTS",      0 },
    { 0x038, "FECTL",     0x80000000, 0x80000000 },
    { 0x03c, "FEDATA",    0,          0x0000ffff },
    { 0x040, "FEADDR",    0,          0xfffffffc },
    { 0x044, "FEUADDR",   0,          0xffffff00, .when = REMAP },
    { 0x088, "IQT low",   0,          0x0007fff0, .when = QUEUE },
    { 0x090, "IQA low",   0,          0xfffff007, .when = QUEUE },
    { 0x094, "IQA high",  0,          0x00003fff, .when = QUEUE },
    { 0x0a0, "IECTL",     0x80000000, 0x80000000, .when = QUEUE },
    { 0x0a4, "IEDATA",    0,          0x0000ffff, .when = QUEUE },
    { 0x0a8, "IEADDR",    0,          0xfffffffc, .when = QUEUE },
    { 0x0ac, "IEUADDR",   0,          0xffffff00, .when = REMAP },
    { 0x0b8, "IRTA low",  0,          0xfffff80f, .when = REMAP },
    { 0x0bc, "IRTA high", 0,          0x00003fff, .when = REMAP },
    { 0x0f0, "IVA low",   0 },                      /* write only */
    { 0x0f4, "IVA high",  0 },
    { 0x0f8, "IOTLB low", 0 },
    { 0x0fc, "IOTLB high", 0,         0x3003ffff, 0x80000000 },
};

static const struct row reserved = { 0, "reserved" };

static bool has_queue(void)
{
    return !(unit_flags & XEN_VIOMMU_CREATE_NO_QUEUE);
}

static bool has_ir(void)
{
    return unit_flags & XEN_VIOMMU_CREATE_INTREMAP;
}

/* The first that is there. */
static const struct row *row_at(unsigned int off)
{
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
        if ( rows[i].off == off &&
             (rows[i].when == ALWAYS ||
              rows[i].when == (has_queue() ? QUEUE : NO_QUEUE) ||
              (rows[i].when == REMAP && has_ir())) )
            return &rows[i];

    return &reserved;
}

/* All of the page is as after reset but for the word at @off, which is @val. */
static void check_others(unsigned int off, uint32_t val, uint32_t written)
{
    unsigned int i;

    for ( i = 0; i < 4096; i += 4 )
    {
        uint32_t want = i == off ? val : row_at(i)->reset;

        check(r32(i) == want,
              "%s (%#x) is %#x, not %#x, after %#x was written to %s (%#x)",
              row_at(i)->name, i, r32(i), want, written,
              row_at(off)->name, off);
    }
}

static void test_reset_values(void **state)
{
    static const struct {
        uint8_t aw, haw;
        uint64_t cap;
    } units[] = {
        { 48, 46, 0x00d2078c222f0606 },
        { 48, 52, 0x00d2078c222f0606 },
        { 39, 39, 0x00d2078c22260206 },
        { 39, 36, 0x00d2078c22260206 },
    };
    unsigned int i;

    (void)state;
    check_others(0xfff, 0, 0);

    for ( i = 0; i < ARRAY_SIZE(units); i++ )
    {
        unit_create(units[i].aw, units[i].haw);
        check(r64(R_CAP) == units[i].cap, "%#" PRIx64, r64(R_CAP));
        check(r64(R_ECAP) == (has_ir() ? 0xf00fdb : has_queue() ? 0xfc3 : 0xfc1),
              "%#" PRIx64, r64(R_ECAP));
        check(r32(R_VER) == 0x10, "%#x", r32(R_VER));
        check(r32(R_GSTS) == 0 && r32(R_FECTL) == IM && r32(R_FSTS) == 0,
              "%#x %#x %#x", r32(R_GSTS), r32(R_FECTL), r32(R_FSTS));
    }
}

/* Each bit of each word on its own, then all ones and zero again. */
static void test_every_bit(void **state)
{
    unsigned int off, bit;

    (void)state;
    for ( off = 0; off < 4096; off += 4 )
    {
        const struct row *row = row_at(off);
        uint32_t rw = row->rw, back = row->reset & ~rw;

        for ( bit = 0; bit < 32; bit++ )
        {
            uint32_t val = 1u << bit;

            if ( val & row->command )
                continue;
            w32(off, val);
            check(r32(off) == (back | (val & rw)),
                  "%s (%#x) bit %u: %#x", row->name, off, bit, r32(off));
        }

        w32(off, ~row->command);
        check_others(off, back | rw, ~row->command);
        w32(off, 0);
        check(r32(off) == back, "%s (%#x): %#x", row->name, off, r32(off));
        w32(off, row->reset & rw);
        check_others(off, row->reset, 0);
    }
}

/* RTADDR, IQA and IRTA hold as many bits as the guest's memory has. */
static void test_address_width(void **state)
{
    static const uint8_t haw[] = { 36, 39, 46, 51, 52 };
    unsigned int i;

    (void)state;
    for ( i = 0; i < ARRAY_SIZE(haw); i++ )
    {
        uint64_t want = ((1ULL << haw[i]) - 1) & ~0xfffULL;

        unit_create(48, haw[i]);
        w64(R_RTADDR, ~0ULL);
        check(r64(R_RTADDR) == want, "%u: %#" PRIx64, haw[i], r64(R_RTADDR));
        w64(R_RTADDR, 0);
        w32(R_RTADDR + 4, ~0u);
        check(r64(R_RTADDR) == want >> 32 << 32,
              "%u: %#" PRIx64, haw[i], r64(R_RTADDR));

        w64(R_IQA, ~0ULL);
        check(r64(R_IQA) == (has_queue() ? want | 7 : 0),
              "%u: %#" PRIx64, haw[i], r64(R_IQA));

        w64(R_IRTA, ~0ULL);
        check(r64(R_IRTA) == (has_ir() ? want | 0x80f : 0),
              "%u: %#" PRIx64, haw[i], r64(R_IRTA));
    }
}

/* A 64-bit register is written and read as a whole and by its halves. */
static void test_halves(void **state)
{
    static const struct {
        unsigned int off;
        uint64_t rw;
    } wide[] = {
        { R_RTADDR, 0x00003ffffffff000 },
        { R_CCMD,   0x60000003ffffffff },
        { R_IOTLB,  0x3003ffff00000000 },
        { R_IQT,    0x000000000007fff0 },
        { R_IQA,    0x00003ffffffff007 },
        { R_IRTA,   0x00003ffffffff80f },
    };
    const uint64_t val = 0x5a5aa5a5c3c33c3c;
    unsigned int i;

    (void)state;
    for ( i = 0; i < ARRAY_SIZE(wide); i++ )
    {
        unsigned int off = wide[i].off;
        uint64_t rw = wide[i].off >= R_IQH && wide[i].off < R_IVA &&
                      !(off == R_IRTA ? has_ir() : has_queue())
                      ? 0 : wide[i].rw;
        uint64_t want = val & rw;

        w64(off, val);
        check(r64(off) == want, "%#x: %#" PRIx64, off, r64(off));
        check(r32(off) == (uint32_t)want, "%#x: %#x", off, r32(off));
        check(r32(off + 4) == want >> 32, "%#x: %#x", off, r32(off + 4));

        w32(off, ~(uint32_t)val);
        want = (want >> 32 << 32) | (~(uint32_t)val & (uint32_t)rw);
        check(r64(off) == want, "%#x low: %#" PRIx64, off, r64(off));

        w32(off + 4, 0);
        check(r64(off) == (uint32_t)want, "%#x high: %#" PRIx64, off, r64(off));
    }
}

/* An 8-byte access may cover two registers of 4 bytes. */
static void test_two_registers(void **state)
{
    (void)state;
    w64(R_FECTL, 0x0000123400000000);
    assert_int_equal(r32(R_FECTL), 0);
    assert_int_equal(r32(R_FEDATA), 0x1234);
    assert_true(r64(R_FECTL) == 0x0000123400000000);

    w64(R_FEADDR, 0xdeadbeeffee01000);
    assert_int_equal(r32(R_FEADDR), 0xfee01000);
    assert_int_equal(r32(R_FEUADDR), has_ir() ? 0xdeadbe00 : 0);
    assert_true(r64(R_FEADDR) == (has_ir() ? 0xdeadbe00fee01000 : 0xfee01000));

    /* GCMD reads as zero, GSTS beside it does not take what is written. */
    w64(R_GCMD, 0xffffffffULL << 32 | TE);
    assert_true(r64(R_GCMD) == (uint64_t)TE << 32);
    w64(R_GCMD, ~0ULL << 32);
    assert_true(r64(R_GCMD) == 0);

    /* A register and what is reserved. */
    assert_true(r64(R_VER) == 0x10);
    assert_true(r64(0x30) == 0);
}

/* What is not an aligned access of 4 or 8 bytes within the page. */
static void test_bad_accesses(void **state)
{
    static const unsigned int size[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 16 };
    unsigned int off, i, n = 0;

    (void)state;
    w64(R_RTADDR, 0x12345000);
    w64(R_CCMD, 0x1234);

    for ( i = 0; i < ARRAY_SIZE(size); i++ )
        for ( off = 0; off < 4096 + 16; off++ )
        {
            bool good = (size[i] == 4 || size[i] == 8) &&
                        !(off % size[i]) && off + size[i] <= 4096;

            if ( good )
                continue;

            check(viommu_mmio_read(viommu, BASE + off, size[i], true) == ~0ULL,
                  "%#x, %u bytes", off, size[i]);
            viommu_mmio_write(viommu, BASE + off, size[i], 0, true);
            viommu_mmio_write(viommu, BASE + off, size[i], ~0ULL, true);
            n++;
        }

    check(n > 8 * 4096, "%u", n);
    assert_true(r64(R_RTADDR) == 0x12345000);
    assert_true(r64(R_CCMD) == 0x1234);
    w64(R_RTADDR, 0);
    w64(R_CCMD, 0);
    check_others(0xfff, 0, 0);
    assert_string_equal(fake_trace(), "");
}

/* Random accesses of any kind: none may stop Xen or leave the page. */
static void test_fuzz(void **state)
{
    static const unsigned int size[] = { 1, 2, 4, 4, 4, 8, 8, 8, 16 };
    unsigned long n, steps = unit_env("UNIT_STEPS", 300000);

    (void)state;
    unit_seed();
    dm_attach();
    tables_create(4, 1);

    for ( n = 0; n < steps; n++ )
    {
        unsigned int off = rnd(4) ? rnd(R_END / 4) * 4 : rnd(4096 + 16);
        uint64_t val = rnd(1ULL << 32) << 32 | rnd(1ULL << 32);

        if ( !rnd(4) )
            dm_translate(rnd(2) ? RID : rnd(65536),
                         rnd(1ULL << 48), rnd(4));
        if ( !rnd(8) )
            dm_hold();
        if ( !rnd(4) )
            dm_end_all();
        if ( !rnd(4) )
            viommu_continue(viommu);
        viommu_mmio_write(viommu, BASE + off, size[rnd(ARRAY_SIZE(size))],
                          rnd(2) ? val : val & (rnd(2) ? 0xf : 0xfULL << 60), true);
        viommu_mmio_read(viommu, BASE + off, size[rnd(ARRAY_SIZE(size))], true);
    }

    dm_end_all();
    assert_true(idle());
    check(r64(R_CAP) == 0x00d2078c222f0606, "%#" PRIx64, r64(R_CAP));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        a_test(test_reset_values),
        a_test(test_every_bit),
        a_test(test_address_width),
        a_test(test_halves),
        a_test(test_two_registers),
        a_test(test_bad_accesses),
        a_test(test_fuzz),
    };

    return run_all(tests);
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
