/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests for interrupts and the entries that they name: each field of either,
 * each bit that is reserved, each source.
 */
#include <inttypes.h>

#include "irq.h"

struct irte {
    uint64_t lo, hi;
};

static bool eime;

static bool bit_of(const struct irte *e, unsigned int bit)
{
    return (bit < 64 ? e->lo >> bit : e->hi >> (bit - 64)) & 1;
}

static uint64_t field(const struct irte *e, unsigned int first,
                      unsigned int last)
{
    uint64_t val = 0;
    unsigned int bit;

    for ( bit = last + 1; bit-- > first; )
        val = val << 1 | bit_of(e, bit);

    return val;
}

/* The fields, as first and last bit; what is in none is reserved. */
static const struct {
    uint8_t first, last;
} known[] = {
    { 0, 0 }, { 1, 1 }, { 2, 2 }, { 3, 3 }, { 4, 4 }, { 5, 7 },
    { 8, 11 },  /* for software */
    { 16, 23 },
    { 40, 47 }, /* all of APIC ids of 8 bits */
    { 64, 79 }, { 80, 81 }, { 82, 83 },
};

static bool is_reserved(unsigned int bit)
{
    unsigned int i;

    if ( eime && bit >= 32 && bit < 64 )
        return false;
    for ( i = 0; i < ARRAY_SIZE(known); i++ )
        if ( bit >= known[i].first && bit <= known[i].last )
            return false;

    return true;
}

/* The source is one that the entry names.  Bit by bit. */
static bool may_send(const struct irte *e, uint16_t rid)
{
    unsigned int bit, bus = rid / 256, skip;

    switch ( field(e, 82, 83) )
    {
    case 0:
        return true;

    case 1:
        /* How many of the function's bits do not count; from bit 2 down. */
        skip = field(e, 80, 81);
        for ( bit = 0; bit < 16; bit++ )
            if ( bit_of(e, 64 + bit) != ((rid >> bit) & 1) &&
                 (bit > 2 || bit < 3 - skip) )
                return false;
        return true;

    case 2:
        return bus >= field(e, 72, 79) && bus <= field(e, 64, 71);
    }

    return false;
}

/* Why a request of @rid that names @e is blocked; 0: it is not. */
static unsigned int wrong(const struct irte *e, uint16_t rid)
{
    unsigned int bit;

    if ( !bit_of(e, 0) )
        return F_ABSENT;
    for ( bit = 0; bit < 128; bit++ )
        if ( bit_of(e, bit) && is_reserved(bit) )
            return F_RSVD;
    if ( field(e, 5, 7) == 3 || field(e, 5, 7) == 6 || field(e, 82, 83) == 3 )
        return F_RSVD;

    return may_send(e, rid) ? 0 : F_SOURCE;
}

/* Two ways to name it. */
static void attempt(const struct irte *e, uint16_t rid)
{
    const unsigned int index = 0x85;
    unsigned int why = wrong(e, rid), how;

    irq_entry(index, e->lo, e->hi);
    for ( how = 0; how < 2; how++ )
    {
        struct irq_got got = how ? irq_rte(rid, RTE_REMAP(index))
                                 : irq_msi(rid, MSI_REMAP(index), 0);

        if ( why && (e->lo & I_FPD) )
            check(got.what == VIOMMU_IRQ_BLOCKED && !got.faults,
                  "%#" PRIx64 " %#" PRIx64 ": %d, %u", e->lo, e->hi, got.what,
                  got.faults);
        else if ( why )
            blocked(&got, why, rid, index);
        else
            check(got.what == VIOMMU_IRQ_REMAPPED && !got.faults &&
                  got.irq.vector == field(e, 16, 23) &&
                  got.irq.dest == (eime ? field(e, 32, 63) : field(e, 40, 47)) &&
                  got.irq.logical == bit_of(e, 2) &&
                  got.irq.one == bit_of(e, 3) &&
                  got.irq.level == bit_of(e, 4) &&
                  got.irq.mode == field(e, 5, 7),
                  "%#" PRIx64 " %#" PRIx64 ": %d, %#x", e->lo, e->hi, got.what,
                  got.reason);
    }
}

static void with_eime(bool on)
{
    eime = on;
    irq_table(T_IRT, 7, on ? EIME : 0);
}

#define RID_SID (I_SVT(1) | I_SID(RID))

static const struct irte good[] = {
    { I_P, 0 },
    { I_P | I_V(0x41) | I_XDST(3), RID_SID },
    { I_P | I_DM | I_RH | I_V(0xfe) | I_XDST(0x81) | I_DLM(1), RID_SID },
    { I_P | I_TM | I_V(0x10) | I_DLM(7) | 0xf00, I_SVT(2) | I_SID(0x0001) },
    { I_P | I_FPD | I_V(0x31) | I_DLM(4), RID_SID | I_SQ(3) },
};

static void test_good(void **state)
{
    unsigned int i, on;

    (void)state;
    for ( on = 0; on < 2; on++ )
        for ( with_eime(on), i = 0; i < ARRAY_SIZE(good); i++ )
        {
            assert_int_equal(wrong(&good[i], RID), 0);
            attempt(&good[i], RID);
        }
}

static void flip(struct irte *e, unsigned int bit)
{
    if ( bit < 64 )
        e->lo ^= 1ULL << bit;
    else
        e->hi ^= 1ULL << (bit - 64);
}

static void test_each_bit(void **state)
{
    unsigned int i, bit, on;

    (void)state;
    for ( on = 0; on < 2; on++ )
        for ( with_eime(on), i = 0; i < ARRAY_SIZE(good); i++ )
            for ( bit = 0; bit < 128; bit++ )
            {
                struct irte e = good[i];

                flip(&e, bit);
                attempt(&e, RID);
            }
}

static void test_each_pair(void **state)
{
    unsigned int bit, second, on;

    (void)state;
    for ( on = 0; on < 2; on++ )
        for ( with_eime(on), bit = 0; bit < 128; bit++ )
            for ( second = bit + 1; second < 128; second++ )
            {
                struct irte e = good[1];

                flip(&e, bit);
                flip(&e, second);
                attempt(&e, RID);
            }
}

/* All values of each field. */
static void test_fields(void **state)
{
    unsigned int v;

    (void)state;
    for ( v = 0; v < 256; v++ )
    {
        struct irte e = { I_P | I_V(v) | I_DLM(v & 7) | I_XDST(255 - v), 0 };

        with_eime(v & 8);
        attempt(&e, RID);
    }
    with_eime(true);
    for ( v = 0; v < 32; v++ )
    {
        struct irte e = { I_P | I_DST(1u << v), 0 };

        attempt(&e, RID);
    }
}

/* Each source against entries that are for others, more or less. */
static void test_sid(void **state)
{
    static const uint16_t sids[] = { RID, 0, 0xffff, 0x0102, 0x8007, 0x05ff };
    unsigned int svt, sq, i, bit;

    (void)state;
    eime = true;
    for ( svt = 0; svt < 4; svt++ )
        for ( sq = 0; sq < 4; sq++ )
            for ( i = 0; i < ARRAY_SIZE(sids); i++ )
            {
                struct irte e = {
                    I_P, I_SID(sids[i]) | I_SQ(sq) | I_SVT(svt),
                };

                attempt(&e, sids[i]);
                for ( bit = 0; bit < 16; bit++ )
                    attempt(&e, sids[i] ^ 1u << bit);
                for ( bit = 0; bit < 8; bit++ )
                    attempt(&e, (sids[i] & ~7u) | bit);
            }
}

/* A request of whom nobody knows; and one that is only thought of. */
static void test_sid_anonymous(void **state)
{
    struct viommu_request req = { .anonymous = true, .addr = MSI_REMAP(1) };
    struct irq_got got = {};
    struct viommu_irq irq;

    (void)state;
    irq_entry(1, I_P | I_V(0x41), I_SVT(0));
    fake_gate_enter();
    assert_int_equal(viommu_peek(viommu, &req, &irq), VIOMMU_IRQ_BLOCKED);
    assert_int_equal(unit_stats().faults, 0);
    got.what = viommu_remap(viommu, &req, &irq);
    irq_faults(&got);
    blocked(&got, F_SOURCE, 0, 1);

    req.anonymous = false;
    assert_int_equal(viommu_peek(viommu, &req, &irq), VIOMMU_IRQ_REMAPPED);
    assert_int_equal(irq.vector, 0x41);
    req.addr = MSI_REMAP(2);
    assert_int_equal(viommu_peek(viommu, &req, &irq), VIOMMU_IRQ_BLOCKED);
    fake_gate_leave();
    assert_int_equal(r32(R_FSTS), 0);
    assert_int_equal(unit_stats().faults, 1);
}

/* The device model is told that it has to say whose interrupts it sends. */
static void test_told(void **state)
{
    struct xen_dm_op_viommu_attach op = { .version = 1 };

    (void)state;
    if ( viommu->dm.attached )
        fake_unbind(viommu->dm.port);
    assert_int_equal(viommu_attach(viommu, DM, &op), 0);
    assert_int_equal(op.flags, XEN_VIOMMU_ATTACH_INTREMAP);
}

/* First and last bus, and those around them. */
static void test_sid_buses(void **state)
{
    unsigned int first, last, bus;

    (void)state;
    eime = true;
    for ( first = 0; first < 4; first++ )
        for ( last = 0; last < 4; last++ )
            for ( bus = 0; bus < 5; bus++ )
            {
                struct irte e = {
                    I_P, I_SVT(2) | I_SID(first << 8 | last),
                };

                attempt(&e, bus << 8 | 0xff);
                e.hi = I_SVT(2) | I_SID((first + 252) << 8 | (last + 252));
                attempt(&e, ((bus + 251) << 8) & 0xff00);
            }
}

/* Tables of all sizes: the last that is in it, the first that is not. */
static void test_indexes(void **state)
{
    struct irq_got got;
    unsigned int s, entries;

    (void)state;
    for ( s = 0; s < 16; s++ )
    {
        entries = 2u << s;
        irq_table(T_IRT, s, EIME);
        irq_entry(0, I_P | I_V(0x40), 0);
        irq_entry(entries - 1, I_P | I_V(0x42), 0);
        irq_entry(entries, I_P | I_V(0x43), 0);

        got = irq_msi(RID, MSI_REMAP(entries - 1), 0);
        assert_int_equal(got.what, VIOMMU_IRQ_REMAPPED);
        assert_int_equal(got.irq.vector, 0x42);
        got = irq_rte(RID, RTE_REMAP(entries - 1));
        assert_int_equal(got.irq.vector, 0x42);
        got = irq_msi(RID, MSI_REMAP(0), 0);
        assert_int_equal(got.irq.vector, 0x40);

        /* By a subhandle, and by a handle and a subhandle. */
        got = irq_msi(RID, MSI_REMAP(0) | MSI_SHV, entries - 1);
        assert_int_equal(got.irq.vector, 0x42);
        got = irq_msi(RID, MSI_REMAP(entries / 2) | MSI_SHV, entries / 2 - 1);
        assert_int_equal(got.irq.vector, 0x42);
        /* Which does not count if it is not said to be valid. */
        got = irq_msi(RID, MSI_REMAP(0), entries - 1);
        assert_int_equal(got.irq.vector, 0x40);

        if ( s < 15 )
        {
            got = irq_msi(RID, MSI_REMAP(entries), 0);
            blocked(&got, F_INDEX, RID, entries);
            got = irq_rte(RID, RTE_REMAP(entries));
            blocked(&got, F_INDEX, RID, entries);
        }
        got = irq_msi(RID, MSI_REMAP(entries - 1) | MSI_SHV, 1);
        blocked(&got, F_INDEX, RID, entries & 0xffff);
        /* More than 16 bits do not come round. */
        got = irq_msi(RID, MSI_REMAP(0xffff) | MSI_SHV, 2);
        blocked(&got, F_INDEX, RID, 1);
        got = irq_msi(RID, MSI_REMAP(0xffff) | MSI_SHV, 0xffff);
        blocked(&got, F_INDEX, RID, 0xfffe);
        irq_entry(entries - 1, 0, 0);
        irq_entry(entries, 0, 0);
    }
}

/* Each bit of a request. */
static void test_requests(void **state)
{
    struct irq_got got;
    unsigned int bit, i;

    (void)state;
    irq_table(T_IRT, 15, EIME);
    for ( i = 0; i < 65536; i++ )
        irq_entry(i, I_P | I_V(1 + i % 255) | I_DST(i), 0);

    for ( bit = 0; bit < 64; bit++ )
    {
        got = irq_msi(RID, MSI_REMAP(0x81) ^ 1ULL << bit, 4);
        if ( bit >= 20 )
            blocked(&got, F_REQUEST, RID, 0);
        else if ( bit == 4 )
            blocked(&got, F_COMPAT, RID, 0);
        else
        {
            unsigned int want = bit < 2 ? 0x81 : bit == 2 ? 0x8081 :
                                bit == 3 ? 0x85 : 0x81 ^ 1u << (bit - 5);

            check(got.what == VIOMMU_IRQ_REMAPPED && got.irq.dest == want,
                  "bit %u: %d, %#x", bit, got.what, got.irq.dest);
        }
    }

    for ( bit = 0; bit < 32; bit++ )
    {
        got = irq_msi(RID, MSI_REMAP(0x81), 1u << bit);
        assert_true(got.what == VIOMMU_IRQ_REMAPPED && got.irq.dest == 0x81);
        got = irq_msi(RID, MSI_REMAP(0x81) | MSI_SHV, 1u << bit);
        if ( bit >= 16 )
            blocked(&got, F_REQUEST, RID, 0x81);
        else
            assert_int_equal(got.irq.dest, 0x81 + (1u << bit));
    }

    /* Of an IO-APIC's entry only the handle and the format count. */
    for ( bit = 0; bit < 64; bit++ )
    {
        got = irq_rte(RID, (RTE_REMAP(0x81) | 0x30) ^ 1ULL << bit);
        if ( bit == 48 )
            blocked(&got, F_COMPAT, RID, 0);
        else
            check(got.irq.dest == (bit == 11 ? 0x8081 : bit > 48 ?
                                   0x81u ^ 1u << (bit - 49) : 0x81),
                  "bit %u: %#x", bit, got.irq.dest);
    }
}

/* What is in compatibility format goes where it says, or nowhere. */
static void test_compatibility(void **state)
{
    struct irq_got got;
    unsigned int how, n;

    (void)state;
    irq_entry(0, I_P | I_V(0x41), 0);
    for ( how = 0; how < 8; how++ )
    {
        bool ire = how & 1, cfi = how & 2;

        with_eime(how & 4);
        irq_switch(ire, cfi);
        for ( n = 0; n < 2; n++ )
        {
            got = n ? irq_rte(RID, 0x0300000000000041)
                    : irq_msi(RID, 0xfee03000, 0x41);
            if ( !ire || (cfi && !eime) )
                assert_true(got.what == VIOMMU_IRQ_AS_IS && !got.faults);
            else
                blocked(&got, F_COMPAT, RID, 0);

            got = n ? irq_rte(RID, RTE_REMAP(0))
                    : irq_msi(RID, MSI_REMAP(0), 0);
            assert_int_equal(got.what, ire ? VIOMMU_IRQ_REMAPPED
                                           : VIOMMU_IRQ_AS_IS);
        }
        /* Somewhere else: not an interrupt by itself. */
        got = irq_msi(RID, 0x1fee03000, 0x41);
        if ( ire )
            blocked(&got, F_REQUEST, RID, 0);
        else
            assert_int_equal(got.what, VIOMMU_IRQ_AS_IS);
    }
}

/* Pages that are not there when the table is taken, and ones that go then. */
static void test_access(void **state)
{
    const uint64_t end = FAKE_LOW_SIZE - 0x2000;
    struct irq_got got;

    (void)state;
    fake_set_ram(T_IRT + 0x1000, false);
    irq_table(T_IRT, 15, EIME);
    assert_int_equal(fake_held(), 255);
    irq_entry(255, I_P | I_V(0x41), 0);
    irq_entry(512, I_P | I_V(0x42), 0);
    got = irq_msi(RID, MSI_REMAP(255), 0);
    assert_int_equal(got.irq.vector, 0x41);
    got = irq_msi(RID, MSI_REMAP(256), 0);
    blocked(&got, F_ACCESS, RID, 256);
    got = irq_msi(RID, MSI_REMAP(511), 0);
    blocked(&got, F_ACCESS, RID, 511);
    got = irq_msi(RID, MSI_REMAP(512), 0);
    assert_int_equal(got.irq.vector, 0x42);

    /* What comes or goes is noticed when the table is taken again. */
    fake_set_ram(T_IRT + 0x1000, true);
    fake_set_ram(T_IRT + 0x2000, false);
    irq_entry(256, I_P | I_V(0x43), 0);
    got = irq_msi(RID, MSI_REMAP(256), 0);
    blocked(&got, F_ACCESS, RID, 256);
    got = irq_msi(RID, MSI_REMAP(512), 0);
    assert_int_equal(got.irq.vector, 0x42);
    irq_table(T_IRT, 15, EIME);
    got = irq_msi(RID, MSI_REMAP(256), 0);
    assert_int_equal(got.irq.vector, 0x43);
    got = irq_msi(RID, MSI_REMAP(512), 0);
    blocked(&got, F_ACCESS, RID, 512);

    /* Over the end of memory. */
    irq_table(end, 15, EIME);
    assert_int_equal(fake_held(), 2);
    got = irq_msi(RID, MSI_REMAP(511), 0);
    blocked(&got, F_ABSENT, RID, 511);
    got = irq_msi(RID, MSI_REMAP(512), 0);
    blocked(&got, F_ACCESS, RID, 512);
}

/* Any entry, any source. */
static void test_random(void **state)
{
    unsigned long n, nr = unit_env("UNIT_STEPS", 100000);

    (void)state;
    unit_seed();
    for ( n = 0; n < nr; n++ )
    {
        struct irte e = good[rnd(ARRAY_SIZE(good))];
        unsigned int flips = rnd(5);

        if ( n % 1000 == 0 )
            with_eime(rnd(2));
        if ( !rnd(8) )
            e = (struct irte){ rnd(1ULL << 32) << 32 | rnd(1ULL << 32) | I_P,
                               rnd(1u << 20) };
        while ( flips-- )
            flip(&e, rnd(128));
        attempt(&e, rnd(2) ? RID : rnd(65536));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        irq_test(test_good),
        irq_test(test_each_bit),
        irq_test(test_each_pair),
        irq_test(test_fields),
        irq_test(test_sid),
        irq_test(test_sid_anonymous),
        irq_test(test_sid_buses),
        irq_test(test_indexes),
        irq_test(test_told),
        irq_test(test_requests),
        irq_test(test_compatibility),
        irq_test(test_access),
        irq_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
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
