/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does a walk find what Xen would have answered, and nothing else? */
#include "qemu/osdep.h"
#include "walk-guest.h"

static void asks_once_a_device(void)
{
    begin_test();
    know();
    set(7, (DATA + 0x9000) | RW);
    CHECK(!asks(0x7123, W, DATA + 0x9123));
    /* changes are seen at once, and need no entry of the log */
    set(7, (DATA + 0x3000) | R);
    CHECK(!asks(0x7123, R, DATA + 0x3123));
    CHECK(maps == 6);
    end_test();
}

static void a_run_is_one_span(void)
{
    XenViommuUse u = XEN_VIOMMU_USE_INIT;
    unsigned int i;

    begin_test();
    know();
    for (i = 508; i < 516; i++) {
        set(i, (DATA + (i - 500) * PAGE) | RW);
    }
    set(515, (DATA + 100 * PAGE) | RW);
    CHECK(xen_viommu_begin(&c, RID, 508 * PAGE + 8, 8 * PAGE, W, false, 8,
                           &u));
    CHECK(u.span.len == 7 * PAGE - 8 && fake_slot(&x, 0)->pages == 7);
    xen_viommu_end(&c, &u);
    CHECK(asked == 1);
    end_test();
}

/* Of a device that moves some pages are known in the one domain, some in the other. */
static void a_run_is_in_one_domain(void)
{
    XenViommuUse u = XEN_VIOMMU_USE_INIT;

    begin_test();
    know();
    set(4, (DATA + 0x4000) | RW);
    set(6, (DATA + 0x6000) | RW);
    poke(CTX + 8, 2 | 9 << 8);
    CHECK(xen_viommu_begin(&c, RID, 0x5000, 2 * PAGE, R, false, 2, &u));
    CHECK(u.span.did == DID && u.span.len == PAGE);
    CHECK(fake_slot(&x, 0)->did == DID && fake_slot(&x, 0)->pages == 1);
    xen_viommu_end(&c, &u);

    set(5, 0);
    CHECK(xen_viommu_begin(&c, RID, 0x4000, 2 * PAGE, R, false, 2, &u));
    CHECK(u.span.did == 9 && u.span.len == PAGE);
    xen_viommu_end(&c, &u);
    CHECK(asked == 1);
    end_test();
}

/* Bytes that are found with a page of @n bytes that are asked about */
static uint64_t more(uint64_t iova, uint64_t n)
{
    XenViommuPath path = { .end = iova + n };
    XenViommuRange r;

    CHECK(xen_viommu_walk(&c.walk, c.cache, RID, iova, R, &path, &r));
    CHECK(path.end == iova + n && r.order == 12);
    return r.more;
}

/* With a page are found those behind it that are the same but for the address. */
static void a_run_is_one_walk(void)
{
    static const struct {
        uint64_t pte;
        unsigned int pages;
    } cases[] = {
        { (DATA + 0x4000) | RW, 7 }, { (DATA + 0x4000) | R, 3 }, { 0, 3 },
        { (DATA + 0x4000) | RW | 1ULL << 62, 3 }, { (DATA + 0x5000) | RW, 3 },
        { (DATA + 0x4000) | RW | 1ULL << 2, 3 }, { (DATA + 0x3000) | RW, 3 },
    };
    unsigned int i;

    begin_test();
    know();
    for (i = 0; i < 8; i++) {
        set(20 + i, (DATA + i * PAGE) | RW);
    }
    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        set(24, cases[i].pte);
        CHECK(more(20 * PAGE, 64 * PAGE) == cases[i].pages * PAGE);
    }
    /* as much as is asked about */
    set(24, cases[0].pte);
    CHECK(more(20 * PAGE, 1) == 0 && more(20 * PAGE + 5, PAGE - 5) == 0);
    CHECK(more(20 * PAGE + 5, PAGE - 4) == PAGE);
    CHECK(more(20 * PAGE, 3 * PAGE) == 2 * PAGE);
    CHECK(more(20 * PAGE, 3 * PAGE + 1) == 3 * PAGE);
    /* the end of the block that is known to be memory */
    for (i = 0; i < 8; i++) {
        set(20 + i, (0x3fd000 + i * PAGE) | RW);
    }
    CHECK(more(20 * PAGE, 8 * PAGE) == 2 * PAGE);
    /* where only pages are */
    set(30, 0x410000 | RW);
    set(31, 0x411000 | RW);
    CHECK(asks(30 * PAGE, R, 0x410000) && !asks(30 * PAGE, R, 0x410000));
    inv(XEN_VIOMMU_INV_TLB_DOMAIN);
    CHECK(more(30 * PAGE, 8 * PAGE) == 0);
    /* the end of the table, behind which is what looks like one more */
    set(12, 0x13000 | RW);
    CHECK(asks(12 * PAGE, R, 0x13000));
    set(511, (L(1) - PAGE) | RW);
    CHECK(L(2) == L(1) + PAGE && ram[L(2) / 8] == (L(1) | RW));
    CHECK(more(511 * PAGE, 8 * PAGE) == 0);
    end_test();
}

/* What permits less on the way, or has a bit that is not known, Xen decides. */
static void plainly_valid(void)
{
    static const uint64_t entries[] = { L(4), L(3), L(2), L(1) + 7 * 8 };
    unsigned int level, bit;

    begin_test();
    know();
    set(7, (DATA + 0x7000) | RW);
    CHECK(!asks(0x7000, RW, DATA + 0x7000));
    for (level = 0; level < 4; level++) {
        uint64_t at = entries[level], was = ram[at / 8];

        poke(at, was & ~(uint64_t)W);
        CHECK(!asks(0x7000, R, DATA + 0x7000));
        CHECK(asks(0x7000, W, 0));
        CHECK(asks(0x7000, RW, 0));
        poke(at, was & ~(uint64_t)R);
        CHECK(!asks(0x7000, W, DATA + 0x7000));
        CHECK(asks(0x7000, R, 0));
        poke(at, 0);
        CHECK(asks(0x7000, R, 0));
        for (bit = 2; bit < 64; bit++) {
            if (bit < 12 || bit > 51) {
                inv(XEN_VIOMMU_INV_TLB_GLOBAL);
                poke(at, was);
                dma(0x5000, R);
                CHECK(!asks(0x7000, R, DATA + 0x7000));
                poke(at, was | 1ULL << bit);
                asked = 0;
                dma(0x7000, R);
                CHECK(asked == 1);
            }
        }
        poke(at, was);
        /* answers of Xen's are in the cache by now */
        inv(XEN_VIOMMU_INV_TLB_GLOBAL);
        dma(0x5000, R);
    }
    CHECK(faults);
    end_test();
}

static void blocks(void)
{
    begin_test();
    poke(CTX, L(3) | 1);
    poke(CTX + 8, 1 | DID << 8);
    know();
    /* 2M, in memory that is known by the 2M and by the page */
    poke(L(2) + 16, DATA | PS | RW);
    CHECK(!asks(0x434567, W, DATA + 0x34567));
    poke(L(2) + 16, 0x400000 | PS | RW);
    CHECK(asks(0x434567, W, 0x434567));
    CHECK(!asks(0x434fff, W, 0x434fff));
    CHECK(asks(0x435000, W, 0x435000));
    /* 1G: only what is known of it */
    poke(L(3) + 8, PS | RW);
    CHECK(!asks(0x40234567, R, 0x234567));
    CHECK(!asks(0x40434567, R, 0x434567));
    CHECK(asks(0x40436567, R, 0x436567));
    /* not aligned */
    poke(L(3) + 8, PS | RW | 0x200000);
    CHECK(asks(0x40334567, R, 0));
    poke(L(2) + 24, (DATA + 0x1000) | PS | RW);
    CHECK(asks(0x634567, R, 0));
    end_test();
}

static void ends_of_the_tables(void)
{
    begin_test();
    poke(CTX, L(3) | 1);
    poke(CTX + 8, 1 | DID << 8);
    know();
    CHECK(!asks(0x5000, R, DATA + 0x5000));
    CHECK(asks((1ULL << 39) + 0x5000, R, 0));
    CHECK(asks((1ULL << 48) + 0x5000, R, 0));
    CHECK(asks(~0xfffULL, R, 0));

    /* as many levels as the unit has */
    poke(CTX, L(4) | 1);
    poke(CTX + 8, 2 | DID << 8);
    set(7, (DATA + 0x7000) | RW);
    CHECK(!asks(0x7000, R, DATA + 0x7000));
    levels = 3;
    inv(XEN_VIOMMU_INV_CONTROL);
    poke(CTX, L(3) | 1);
    poke(CTX + 8, 1 | DID << 8);
    know();
    CHECK(!asks(0x7000, R, DATA + 0x7000));
    poke(CTX, L(4) | 1);
    poke(CTX + 8, 2 | DID << 8);
    CHECK(asks(0x7000, R, 0));
    end_test();
}

/* Tables, and what they lead to, that are not known to be memory */
static void memory_only(void)
{
    begin_test();
    know();
    set(7, MEMORY | RW);
    CHECK(asks(0x7000, R, 0));
    set(7, 0x412000 | RW);          /* nobody has asked about it */
    CHECK(asks(0x7000, R, 0x412000));
    CHECK(!asks(0x7000, R, 0x412000));
    set(7, 0x413000 | RW);
    fake_inv(&x, XEN_VIOMMU_INV_TLB_RANGE, DID, 0x7000, 12);
    CHECK(asks(0x7000, R, 0x413000));
    fake_inv(&x, XEN_VIOMMU_INV_TLB_RANGE, DID, 0x7000, 12);
    CHECK(!asks(0x7000, R, 0x413000));

    poke(L(2) + 16, MEMORY | RW);
    CHECK(asks(0x400000, R, 0));
    poke(L(2) + 16, 0x300000 | RW);
    poke(0x300000, DATA | RW);
    not_ram = 0x300000;
    CHECK(asks(0x400000, R, DATA));
    end_test();
}

static void silent_about_memory(void)
{
    begin_test();
    vouches = false;
    set(5, (DATA + 0x5000) | RW);
    CHECK(asks(0x5000, R, DATA + 0x5000));
    set(7, (DATA + 0x7000) | RW);
    CHECK(asks(0x7000, R, DATA + 0x7000));
    end_test();
}

static void other_formats(void)
{
    begin_test();
    format = 2;
    set(5, (DATA + 0x5000) | RW);
    set(7, (DATA + 0x7000) | RW);
    CHECK(asks(0x5000, R, DATA + 0x5000));
    CHECK(asks(0x7000, R, DATA + 0x7000));
    end_test();

    begin_test();
    format = XEN_VIOMMU_FORMAT_NONE;
    set(5, (DATA + 0x5000) | RW);
    set(7, (DATA + 0x7000) | RW);
    CHECK(asks(0x5000, R, DATA + 0x5000));
    CHECK(asks(0x7000, R, DATA + 0x7000));
    CHECK(maps == 0);
    end_test();
}

/* The entries of the bus and of the device */
static void contexts(void)
{
    static const uint64_t entries[] = { BUS, BUS + 8, CTX, CTX + 8 };
    unsigned int i, bit;

    begin_test();
    know();
    set(7, (DATA + 0x7000) | RW);
    set(9, 0x10000 | RW);       /* where the tables are, too */
    CHECK(asks(0x9000, R, 0x10000));
    poke(L(3) + 7 * 8, 0x10000 | RW);   /* with two levels less */
    for (i = 0; i < ARRAY_SIZE(entries); i++) {
        uint64_t at = entries[i], was = ram[at / 8];

        for (bit = 0; bit < 64; bit++) {
            if ((i == 0 || i == 2) && bit >= 12 && bit < 52) {
                continue;
            }
            if (i == 3 && bit >= 8 && bit < 24) {
                poke(at, was ^ 1ULL << bit);
                CHECK(!asks(0x7000, R, DATA + 0x7000));
                poke(at, was);
                continue;
            }
            poke(at, was ^ 1ULL << bit);
            asked = 0;
            dma(0x7000, R);
            CHECK(asked == 1);
            poke(at, was);
            inv(XEN_VIOMMU_INV_TLB_GLOBAL);
            dma(0x5000, R);
            dma(0x9000, R);
            CHECK(!asks(0x7000, R, DATA + 0x7000));
        }
    }
    /* tables that are no memory */
    poke(BUS, MEMORY | 1);
    CHECK(asks(0x7000, R, 0));
    poke(BUS, L(5) | 1);
    poke(CTX, MEMORY | 1);
    CHECK(asks(0x7000, R, 0));
    end_test();
}

static void other_devices(void)
{
    XenViommuUse u = XEN_VIOMMU_USE_INIT;

    begin_test();
    know();
    set(7, (DATA + 0x7000) | RW);
    /* nothing is there for these */
    CHECK(!xen_viommu_begin(&c, RID + 1, 0x7000, 1, R, false, 1, &u));
    CHECK(!xen_viommu_begin(&c, RID + 0x100, 0x7000, 1, R, false, 1, &u));
    CHECK(asked == 3);
    /* the first answer about one is good for all */
    poke(CTX + 16, L(4) | 1);
    poke(CTX + 24, 2 | 9 << 8);
    CHECK(xen_viommu_begin(&c, RID + 1, 0x7000, 1, R, false, 1, &u));
    CHECK(u.span.did == 9 && asked == 3);
    xen_viommu_end(&c, &u);
    end_test();
}

int main(void)
{
    RUN(asks_once_a_device);
    RUN(a_run_is_one_span);
    RUN(a_run_is_in_one_domain);
    RUN(a_run_is_one_walk);
    RUN(plainly_valid);
    RUN(blocks);
    RUN(ends_of_the_tables);
    RUN(memory_only);
    RUN(silent_about_memory);
    RUN(other_formats);
    RUN(contexts);
    RUN(other_devices);
    return 0;
}
