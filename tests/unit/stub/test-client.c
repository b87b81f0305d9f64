/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does a DMA use what it may, and does Xen see it? */
#include "qemu/osdep.h"
#include "fake-xen.h"
#include "test.h"

#define R  XEN_VIOMMU_READ
#define W  XEN_VIOMMU_WRITE
#define RW (R | W)

static FakeXen x;
static XenViommuClient c;

static void begin_test(void)
{
    unsigned int i;

    fake_init(&x, &c);
    for (i = 0; i < NR_PAGES; i++) {
        x.table[0][i] = (0x100 + i) * PAGE | RW;
    }
}

static void end_test(void)
{
    unsigned int i;

    for (i = 0; i < XEN_VIOMMU_SLOT_WORDS; i++) {
        CHECK(!fake_ledger(&x)->busy[i]);
    }
    CHECK(fake_ledger(&x)->floor == XEN_VIOMMU_NO_FLOOR);
    fake_end(&x, &c);
}

static void asks_once(void)
{
    XenViommuUse u = XEN_VIOMMU_USE_INIT;
    unsigned int i;

    begin_test();
    for (i = 0; i < 5; i++) {
        CHECK(xen_viommu_begin(&c, 8, 0x3010, 16, R, false, 4, &u));
        CHECK(u.span.gpa == 0x103010 && u.span.len == 16);
        CHECK(fake_slot(&x, 0)->iova == 0x3000);
        CHECK(fake_slot(&x, 0)->seq == i + 1);
        CHECK(fake_ledger(&x)->busy[0] == 1);
        CHECK(!xen_viommu_end(&c, &u));
    }
    CHECK(x.calls == 1 && x.asked == 4);
    /* its neighbours came with it */
    CHECK(xen_viommu_begin(&c, 8, 0x6000, 16, W, false, 4, &u));
    xen_viommu_end(&c, &u);
    CHECK(x.calls == 1);
    end_test();
}

/* An access that reads and writes needs both, in the cache and without. */
static void both_or_none(void)
{
    static const uint8_t perm[] = { R, W, RW };
    XenViommuUse u = XEN_VIOMMU_USE_INIT;
    unsigned int i;

    begin_test();
    for (i = 0; i < ARRAY_SIZE(perm); i++) {
        x.table[0][3] = 0x103 * PAGE | perm[i];
        fake_inv(&x, XEN_VIOMMU_INV_TLB_DOMAIN, 0, 0, 0);
        CHECK(xen_viommu_begin(&c, 8, 0x3000, 16, RW, false, 1, &u) ==
              (perm[i] == RW));
        if (perm[i] == RW) {
            CHECK(fake_slot(&x, 0)->access == RW);
            xen_viommu_end(&c, &u);
        }
        CHECK(xen_viommu_begin(&c, 8, 0x3000, 16, perm[i], false, 1, &u));
        xen_viommu_end(&c, &u);
        CHECK(xen_viommu_begin(&c, 8, 0x3000, 16, RW, false, 1, &u) ==
              (perm[i] == RW));
        if (perm[i] == RW) {
            xen_viommu_end(&c, &u);
        }
    }
    CHECK(x.faults == 4);
    end_test();
}

static void a_run_is_one_slot(void)
{
    XenViommuUse u = XEN_VIOMMU_USE_INIT;

    begin_test();
    x.table[0][10] = 0x900 * PAGE | RW;
    CHECK(xen_viommu_begin(&c, 8, 0x2800, 12 * PAGE, R, false, 16, &u));
    CHECK(u.span.gpa == 0x102800 && u.span.len == 0xa000 - 0x2800);
    CHECK(fake_slot(&x, 0)->pages == 8);
    xen_viommu_shrink(&c, &u, 0x800);
    CHECK(fake_slot(&x, 0)->pages == 1);
    xen_viommu_end(&c, &u);
    CHECK(xen_viommu_begin(&c, 8, 0xa000, 4 * PAGE, R, false, 16, &u));
    CHECK(u.span.gpa == 0x900000 && u.span.len == PAGE);
    xen_viommu_end(&c, &u);
    CHECK(x.calls == 1);
    /* permission ends it as well */
    x.table[0][4] = 0x104 * PAGE | R;
    fake_inv(&x, XEN_VIOMMU_INV_TLB_DOMAIN, 0, 0, 0);
    CHECK(xen_viommu_begin(&c, 8, 0x2000, 8 * PAGE, W, false, 16, &u));
    CHECK(u.span.len == 2 * PAGE);
    xen_viommu_end(&c, &u);
    end_test();
}

static void refused(void)
{
    XenViommuUse u = XEN_VIOMMU_USE_INIT;

    begin_test();
    x.table[0][5] = 0x105 * PAGE | R;
    x.table[0][6] = 0;
    CHECK(!xen_viommu_begin(&c, 8, 0x6000, 1, R, false, 1, &u));
    CHECK(u.status == XEN_VIOMMU_XLAT_FAULT && u.reason == 5);
    CHECK(!xen_viommu_begin(&c, 8, 0x5000, 1, W, false, 1, &u));
    /* Xen answers the quiet question, and still it is no */
    CHECK(!xen_viommu_begin(&c, 8, 0x5000, 1, W, true, 1, &u));
    CHECK(xen_viommu_begin(&c, 8, 0x5000, 1, R, false, 1, &u));
    xen_viommu_end(&c, &u);
    /* what is refused is not remembered */
    x.table[0][6] = 0x106 * PAGE | R;
    CHECK(xen_viommu_begin(&c, 8, 0x6000, 1, R, false, 1, &u));
    xen_viommu_end(&c, &u);
    CHECK(u.slot == -1);
    end_test();
}

/*
 * No memory: one page at a time, which stands in its slot as any other, and
 * which Xen is asked for again each time.
 */
static void device(void)
{
    XenViommuUse u = XEN_VIOMMU_USE_INIT;
    unsigned int i;

    begin_test();
    x.table[0][4] = DEV_BASE | W;
    x.table[0][5] = (DEV_BASE + PAGE) | RW;
    for (i = 1; i < 4; i++) {
        CHECK(xen_viommu_begin(&c, 8, 0x4010, 2 * PAGE, W, false, 2, &u));
        CHECK(u.device && u.status == XEN_VIOMMU_XLAT_OK);
        CHECK(u.span.gpa == DEV_BASE + 0x10 && u.span.len == PAGE - 0x10);
        CHECK(fake_slot(&x, 0)->gpa == DEV_BASE);
        CHECK(fake_ledger(&x)->busy[0] == 1);
        xen_viommu_end(&c, &u);
        CHECK(x.calls == i);
    }
    CHECK(x.faults == 0);
    CHECK(!xen_viommu_begin(&c, 8, 0x4000, 8, R, false, 1, &u));
    CHECK(!u.device && u.status == XEN_VIOMMU_XLAT_FAULT);
    CHECK(!xen_viommu_begin(&c, 8, 0x4000, 8, R, true, 1, &u));
    CHECK(u.device && u.status == XEN_VIOMMU_XLAT_FAULT);
    /* memory that follows is not its own */
    x.table[0][8] = (DEV_END - PAGE) | RW;
    x.table[0][9] = DEV_END | RW;
    CHECK(xen_viommu_begin(&c, 8, 0x8000, 2 * PAGE, W, false, 2, &u));
    CHECK(u.device && u.span.len == PAGE);
    xen_viommu_end(&c, &u);
    CHECK(xen_viommu_begin(&c, 8, 0x9000, PAGE, W, false, 1, &u));
    CHECK(!u.device);
    xen_viommu_end(&c, &u);
    /* memory before it ends there, and is that again */
    CHECK(xen_viommu_begin(&c, 8, 0x3000, 2 * PAGE, W, false, 4, &u));
    CHECK(!u.device && u.span.len == PAGE);
    xen_viommu_end(&c, &u);
    CHECK(xen_viommu_begin(&c, 8, 0x3000, 2 * PAGE, W, false, 4, &u));
    CHECK(!u.device && u.span.len == PAGE);
    xen_viommu_end(&c, &u);
    end_test();
}

/* The guest hears of what a device did, and of nothing else. */
static void faults_of_accesses_only(void)
{
    XenViommuUse u = XEN_VIOMMU_USE_INIT;

    begin_test();
    x.table[0][6] = 0;
    CHECK(xen_viommu_begin(&c, 8, 0x5000, 1, R, false, 16, &u));
    xen_viommu_end(&c, &u);
    CHECK(!xen_viommu_begin(&c, 8, 0x6000, 1, R, true, 16, &u));
    CHECK(x.faults == 0);
    CHECK(!xen_viommu_begin(&c, 8, 0x6000, 1, R, false, 16, &u));
    CHECK(x.faults == 1);
    end_test();
}

static void ends_of_the_address_space(void)
{
    XenViommuUse u = XEN_VIOMMU_USE_INIT;

    begin_test();
    x.disabled = true;
    CHECK(xen_viommu_begin(&c, 8, 0, UINT64_MAX, R, false, 16, &u));
    CHECK(u.span.gpa == 0 && u.span.len == (XEN_VIOMMU_SLOT_PAGES - 1) * PAGE);
    CHECK(fake_slot(&x, 0)->pages == XEN_VIOMMU_SLOT_PAGES - 1);
    xen_viommu_end(&c, &u);
    CHECK(xen_viommu_begin(&c, 8, 0xfff, UINT64_MAX, R, false, 16, &u));
    CHECK(fake_slot(&x, 0)->pages == XEN_VIOMMU_SLOT_PAGES);
    xen_viommu_end(&c, &u);
    CHECK(xen_viommu_begin(&c, 8, -PAGE, 2 * PAGE, R, false, 16, &u));
    CHECK(u.span.gpa == -PAGE && u.span.len == PAGE);
    xen_viommu_end(&c, &u);
    CHECK(x.calls == 1);
    end_test();
}

/*
 * The guest changes a page while its translation is on the way to the slot:
 * the log moves after the lookup.  Done from within the questions to Xen.
 */
static int (*real_translate)(void *, struct xen_viommu_xlat *, unsigned int,
                             uint64_t *);
static unsigned int moves;

static int move_behind(void *opaque, struct xen_viommu_xlat *xlat,
                       unsigned int nr, uint64_t *generation)
{
    int rc = real_translate(opaque, xlat, nr, generation);

    if (moves) {
        moves--;
        x.table[0][3] += 0x10 * PAGE;
        fake_inv(&x, XEN_VIOMMU_INV_TLB_RANGE, 0, 0x3000, 12);
    }
    return rc;
}

static void begins_again(void)
{
    XenViommuUse u = XEN_VIOMMU_USE_INIT;

    begin_test();
    real_translate = c.translate;
    c.translate = move_behind;
    moves = 3;
    CHECK(xen_viommu_begin(&c, 8, 0x3000, 8, R, false, 1, &u));
    CHECK(u.again == 3 && u.span.gpa == 0x133000);
    CHECK(fake_slot(&x, 0)->gpa == 0x133000);
    xen_viommu_end(&c, &u);
    /* nor was an old answer taken in */
    CHECK(xen_viommu_begin(&c, 8, 0x3000, 8, R, false, 1, &u));
    CHECK(u.span.gpa == 0x133000);
    xen_viommu_end(&c, &u);
    end_test();
}

/* A guest that never stops may slow its devices down; QEMU goes on. */
static void begins_at_last(void)
{
    static const struct xen_viommu_log e = {
        .inv = XEN_VIOMMU_INV_TLB_RANGE, .iova = 0x3000, .order = 12,
    };
    XenViommuUse u[] = { XEN_VIOMMU_USE_INIT, { .slot = -1, .keep = true } };
    unsigned int i;

    begin_test();
    real_translate = c.translate;
    c.translate = move_behind;
    for (i = 0; i < ARRAY_SIZE(u); i++) {
        fake_log(&x, &e);
        moves = 1000;
        CHECK(xen_viommu_begin(&c, 8, 0x3000, 8 * PAGE, W, false, 16, &u[i]));
        CHECK(moves > 900);
        /* it is stale by now, and Xen sees that */
        CHECK(u[i].span.gpa + 0x10 * PAGE == (x.table[0][3] & ~3ULL));
        CHECK(fake_stale(&x, &e, fake_ledger(&x)->head));
        xen_viommu_shrink(&c, &u[i], 8);
        CHECK(fake_stale(&x, &e, fake_ledger(&x)->head));
        fake_ledger(&x)->floor_waited = 1;
        CHECK(xen_viommu_end(&c, &u[i]) && x.told == i + 1);
        fake_ledger(&x)->floor_waited = 0;
        CHECK(!fake_stale(&x, &e, fake_ledger(&x)->head));

        /* in the end it is refused: nothing is left behind */
        moves = 1000;
        x.table[0][3] = R;
        CHECK(!xen_viommu_begin(&c, 8, 0x3000, 8, W, false, 1, &u[i]));
        CHECK(!fake_stale(&x, &e, fake_ledger(&x)->head));
        x.table[0][3] = 0x103 * PAGE | RW;

        /* and when there is peace, a slot does */
        moves = 0;
        CHECK(xen_viommu_begin(&c, 8, 0x3000, 8, W, false, 1, &u[i]));
        CHECK(u[i].slot == 0 && !u[i].again);
        CHECK(fake_ledger(&x)->floor == XEN_VIOMMU_NO_FLOOR);
        CHECK(fake_ledger(&x)->busy[0] == 1);
        xen_viommu_end(&c, &u[i]);
    }
    end_test();
}

static void others_do_not_disturb(void)
{
    XenViommuUse u = XEN_VIOMMU_USE_INIT;
    uint64_t calls;
    unsigned int i;

    begin_test();
    CHECK(xen_viommu_begin(&c, 8, 0x3000, 8, R, false, 1, &u));
    xen_viommu_end(&c, &u);
    calls = x.calls;
    for (i = 0; i < 1000; i++) {
        fake_inv(&x, XEN_VIOMMU_INV_TLB_RANGE, 0, 0x4000, 12);
        fake_inv(&x, XEN_VIOMMU_INV_TLB_DOMAIN, 1, 0, 0);
        CHECK(xen_viommu_begin(&c, 8, 0x3000, 8, R, false, 1, &u));
        CHECK(u.again == 0);
        xen_viommu_end(&c, &u);
    }
    CHECK(x.calls == calls);
    end_test();
}

static void tells_when_waited(void)
{
    XenViommuUse u = XEN_VIOMMU_USE_INIT, kept = { .slot = -1, .keep = true };

    begin_test();
    CHECK(xen_viommu_begin(&c, 8, 0x3000, 8, R, false, 1, &kept));
    CHECK(xen_viommu_begin(&c, 8, 0x4000, 8, R, false, 1, &u));
    CHECK(kept.slot == 0 && u.slot == 1);
    fake_ledger(&x)->waited[0] = 2;
    CHECK(!xen_viommu_end(&c, &kept) && x.told == 0);
    CHECK(xen_viommu_end(&c, &u) && x.told == 1);
    fake_ledger(&x)->waited[0] = 0;
    /* the kept slot is nobody else's */
    CHECK(xen_viommu_begin(&c, 8, 0x4000, 8, R, false, 1, &u));
    CHECK(kept.slot == 0 && u.slot == 1);
    CHECK(xen_viommu_begin(&c, 8, 0x3000, 8, R, false, 1, &kept));
    CHECK(fake_slot(&x, 0)->seq == 2);
    xen_viommu_end(&c, &kept);
    xen_viommu_end(&c, &u);
    end_test();
}

static void more_than_there_are_slots(void)
{
    static XenViommuUse u[XEN_VIOMMU_SLOTS + 3];
    unsigned int i;

    begin_test();
    for (i = 0; i < ARRAY_SIZE(u); i++) {
        u[i] = (XenViommuUse)XEN_VIOMMU_USE_INIT;
        CHECK(xen_viommu_begin(&c, 8, 0x3000, 8, R, false, 1, &u[i]));
        CHECK((u[i].slot >= 0) == (i < XEN_VIOMMU_SLOTS));
        if (i >= XEN_VIOMMU_SLOTS) {
            CHECK(fake_ledger(&x)->floor ==
                  (i == XEN_VIOMMU_SLOTS ? 0 : 0));
        }
        if (i == XEN_VIOMMU_SLOTS) {
            fake_inv(&x, XEN_VIOMMU_INV_TLB_DOMAIN, 1, 0, 0);
        }
    }
    fake_ledger(&x)->floor_waited = 1;
    CHECK(xen_viommu_end(&c, &u[XEN_VIOMMU_SLOTS]));
    CHECK(fake_ledger(&x)->floor == 1 && x.told == 1);
    fake_ledger(&x)->floor_waited = 0;
    for (i = 0; i < ARRAY_SIZE(u); i++) {
        if (i != XEN_VIOMMU_SLOTS) {
            CHECK(!xen_viommu_end(&c, &u[i]));
        }
    }
    end_test();
}

static uint64_t seed;

static uint32_t rnd(uint32_t n)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (seed >> 33) % n;
}

/*
 * A guest that changes its tables and invalidates exactly what it changed,
 * among DMA that begins and ends.  Whatever is begun has to be what a walk of
 * that moment gives, and Xen has to see each DMA that is stale.
 */
static void random_dma(void)
{
    enum { STEPS = 100000, USES = 40 };
    static XenViommuUse u[USES];
    static bool live[USES];
    XenViommuNear near = { 0 };
    unsigned int step, i, page, stale_seen = 0;

    seed = getenv("STUB_SEED") ? strtoull(getenv("STUB_SEED"), NULL, 0) : 1;
    begin_test();
    for (i = 0; i < NR_RIDS; i++) {
        x.did[i] = i % NR_DIDS;
    }
    for (i = 0; i < USES; i++) {
        u[i] = (XenViommuUse){ .slot = -1, .near = i % 2 ? &near : NULL };
        live[i] = false;
    }

    for (step = 0; step < STEPS; step++) {
        unsigned int what = rnd(10);
        struct xen_viommu_log e = { .did = rnd(NR_DIDS) };
        bool stale = false;

        i = rnd(USES);
        if (what < 7) {
            unsigned int rid = rnd(NR_RIDS);
            uint64_t iova = rnd(NR_PAGES) * PAGE + rnd(PAGE), off;
            uint8_t access = 1 + rnd(3);
            XenViommuRange r;
            bool may;

            if (live[i]) {
                xen_viommu_end(&c, &u[i]);
                live[i] = false;
                continue;
            }
            may = fake_walk(&x, rid, iova, &r) && !(access & ~r.perm);
            live[i] = xen_viommu_begin(&c, rid, iova, 1 + rnd(8 * PAGE),
                                       access, rnd(2),
                                       rnd(2) ? 1 : 1 + rnd(16), &u[i]);
            CHECK(live[i] == may);
            for (off = 0; may && off < u[i].span.len; off++) {
                uint64_t at = iova + off;

                if (off && at % PAGE) {
                    continue;
                }
                CHECK(fake_walk(&x, rid, at, &r) && !(access & ~r.perm));
                CHECK(r.gpa + (at - r.iova) == u[i].span.gpa + off);
                CHECK(r.did == u[i].span.did);
            }
            continue;
        }

        if (what < 9) {
            e.inv = XEN_VIOMMU_INV_TLB_RANGE;
            e.order = 12 + rnd(5);
            page = rnd(NR_PAGES) >> (e.order - 12) << (e.order - 12);
            e.iova = page * PAGE;
            for (i = 0; i < 1u << (e.order - 12); i++) {
                x.table[e.did][page + i] =
                    rnd(4) ? rnd(1 << 20) * PAGE | (1 + rnd(3)) : 0;
            }
        } else {
            e.inv = XEN_VIOMMU_INV_CONFIG_DEVICE;
            e.rid = rnd(NR_RIDS);
            x.did[e.rid] = rnd(NR_DIDS);
        }
        fake_log(&x, &e);
        for (i = 0; i < USES; i++) {
            uint64_t off;

            for (off = 0; live[i] && off < u[i].span.len; off++) {
                uint64_t at = u[i].span.iova + off;
                XenViommuRange r;

                if (off && at % PAGE) {
                    continue;
                }
                stale |= fake_covers(&e, u[i].span.rid, u[i].span.did, at) &&
                         (!fake_walk(&x, u[i].span.rid, at, &r) ||
                          r.gpa + (at - r.iova) != u[i].span.gpa + off ||
                          (u[i].span.access & ~r.perm));
            }
        }
        CHECK(fake_stale(&x, &e, fake_ledger(&x)->head) == stale);
        stale_seen += stale;
    }
    CHECK(stale_seen > 100);
    for (i = 0; i < USES; i++) {
        if (live[i]) {
            xen_viommu_end(&c, &u[i]);
        }
    }
    CHECK(x.calls < STEPS);
    end_test();
}

/* A page of a request: mapped, looked up, accessed, and taken away. */
static void page_in(uint64_t iova, XenViommuNear *near)
{
    XenViommuUse u = { .slot = -1, .near = near };

    CHECK(xen_viommu_peek(&c, 8, iova, 16, W, true, 1, &u));
    CHECK(xen_viommu_begin(&c, 8, iova, 16, W, false, 1, &u));
    CHECK(u.span.gpa == (iova & (PAGE - 1)) + 0x100000 + (iova & -PAGE));
    xen_viommu_end(&c, &u);
}

static void page_out(uint64_t iova)
{
    fake_inv(&x, XEN_VIOMMU_INV_TLB_RANGE, 0, iova, 12);
}

/* Requests that come together need fewer calls than there are pages. */
static void a_batch_by_blocks(void)
{
    static const uint8_t order[16] = {
        4, 9, 0, 12, 5, 15, 14, 13, 11, 10, 8, 7, 6, 3, 2, 1
    };
    XenViommuNear near = { 0 };
    uint64_t calls, asked;
    unsigned int i, n;

    begin_test();
    for (n = 0; n < 8; n++) {
        calls = x.calls;
        asked = x.asked;
        for (i = 0; i < 32; i++) {
            page_in((16 + 16 * (i / 16) + order[i % 16]) * PAGE + 8, &near);
        }
        for (i = 0; i < 32; i++) {
            page_out((16 + i) * PAGE);
        }
    }
    /* each page of the two blocks once */
    CHECK(x.calls == calls + 2 && x.asked == asked + 32);

    /* What is known of a block is not asked for, ... */
    page_in(16 * PAGE, &near);
    page_out(20 * PAGE);
    page_out(21 * PAGE);
    asked = x.asked;
    page_in(20 * PAGE, &near);
    CHECK(x.asked == asked + 2);

    /* ... and blocks of no use become smaller. */
    calls = x.calls;
    for (n = 4, i = 0; n; n /= 2, i++) {
        asked = x.asked;
        page_in((i % 2 ? 3 : 40) * PAGE, &near);
        page_out((i % 2 ? 3 : 40) * PAGE);
        fake_inv(&x, XEN_VIOMMU_INV_TLB_DOMAIN, 0, 0, 0);
        CHECK(x.asked == asked + n);
    }
    CHECK(x.calls == calls + 3);
    end_test();
}

/* One request after the other, which get the same page or not */
static void a_page_by_itself(void)
{
    XenViommuNear near = { 0 };
    unsigned int i;

    begin_test();
    for (i = 0; i < 10; i++) {
        page_in(20 * PAGE, &near);
        page_out(20 * PAGE);
    }
    CHECK(x.calls == 10 && x.asked == 10);
    for (i = 0; i < 10; i++) {
        page_in((i % 2 ? 20 : 60) * PAGE, &near);
        page_out((i % 2 ? 20 : 60) * PAGE);
    }
    CHECK(x.calls == 20 && x.asked == 20);
    end_test();
}

static void blocks_keep_within_bounds(void)
{
    XenViommuNear near = { .pages = XEN_VIOMMU_MAX_XLAT, .used = true };
    XenViommuUse u = { .slot = -1, .near = &near };
    unsigned int i;

    begin_test();
    for (i = 0; i < NR_PAGES; i++) {
        x.table[0][i] = i == 5 ? 0x105 * PAGE | RW : 0;
    }
    /* the block has nothing else, and nobody has accessed that */
    page_in(5 * PAGE, &near);
    CHECK(x.calls == 1 && x.asked == XEN_VIOMMU_MAX_XLAT && x.faults == 0);
    /* the last one of the address space */
    near.used = true;
    CHECK(!xen_viommu_begin(&c, 8, -PAGE, 16, R, false, 1, &u));
    CHECK(x.calls == 2 && x.asked == 2 * XEN_VIOMMU_MAX_XLAT && x.faults == 1);
    end_test();
}

int main(void)
{
    RUN(asks_once);
    RUN(a_batch_by_blocks);
    RUN(a_page_by_itself);
    RUN(blocks_keep_within_bounds);
    RUN(both_or_none);
    RUN(a_run_is_one_slot);
    RUN(refused);
    RUN(device);
    RUN(faults_of_accesses_only);
    RUN(ends_of_the_address_space);
    RUN(begins_again);
    RUN(begins_at_last);
    RUN(others_do_not_disturb);
    RUN(tells_when_waited);
    RUN(more_than_there_are_slots);
    RUN(random_dma);
    return 0;
}
