/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages that are held between accesses: which, and when are they let go of? */
#include "qemu/osdep.h"
#include "xen-viommu-held.h"
#include "fake-xen.h"
#include "test.h"

#define R XEN_VIOMMU_READ
#define W XEN_VIOMMU_WRITE

static FakeXen x;
static XenViommuClient c;
static XenViommuHeld h;
static char memory[1];      /* stands for all pages */
static char owners[64];
static unsigned int mapped;
static bool no_memory;

static char *map(XenViommuHeldPage *p)
{
    (void)p;
    if (no_memory) {
        return NULL;
    }
    mapped++;
    return memory;
}

static void unmap(XenViommuHeldPage *p)
{
    /* while it is mapped it may be accessed, and Xen has to know */
    CHECK(fake_ledger(&x)->busy[p->use.slot / 64] >> (p->use.slot % 64) & 1);
    mapped--;
}

static unsigned int busy(void)
{
    unsigned int i, n = 0;

    for (i = 0; i < XEN_VIOMMU_SLOT_WORDS; i++) {
        n += __builtin_popcountll(fake_ledger(&x)->busy[i]);
    }
    return n;
}

static void begin_test(void)
{
    unsigned int i;

    fake_init(&x, &c);
    for (i = 0; i < NR_PAGES; i++) {
        x.table[0][i] = (0x100 + i) * PAGE | R | W;
    }
    memset(&h, 0, sizeof(h));
    h.client = &c;
    h.map = map;
    h.unmap = unmap;
    no_memory = false;
}

static void end_test(void)
{
    xen_viommu_held_release(&h);
    CHECK(!mapped && !busy());
    CHECK(fake_ledger(&x)->floor == XEN_VIOMMU_NO_FLOOR);
    fake_end(&x, &c);
}

/* As a device does it.  True if no translation was needed. */
static bool access_by(const void *owner, uint64_t addr, uint8_t access)
{
    XenViommuUse u = XEN_VIOMMU_USE_INIT;

    if (xen_viommu_held_find(&h, owner, addr, 4, access)) {
        return true;
    }
    if (xen_viommu_begin(&c, 8, addr & -PAGE, PAGE, access, false, 1, &u)) {
        xen_viommu_end(&c, &u);
        xen_viommu_held_note(&h, owner, &x, &u.span);
    }
    return false;
}

/* Returns how many accesses were translated until one was not. */
static unsigned int until_held(uint64_t addr, uint8_t access)
{
    unsigned int n;

    for (n = 0; n < 1000 && !access_by(owners, addr, access); n++) {
        /* once more */
    }
    return n;
}

/* Xen waits for all that is in use. */
static void wait_for_all(void)
{
    struct xen_viommu_ledger *l = fake_ledger(&x);

    memcpy(l->waited, l->busy, sizeof(l->waited));
    xen_viommu_held_event(&h);
    memset(l->waited, 0, sizeof(l->waited));
}

static void held_after_a_while(void)
{
    XenViommuHeldPage *p;
    unsigned int i;

    begin_test();
    CHECK(until_held(0x3010, R) == XEN_VIOMMU_HELD_AFTER);
    CHECK(busy() == 1 && mapped == 1);
    CHECK(fake_slot(&x, 0)->iova == 0x3000 && fake_slot(&x, 0)->pages == 1);
    CHECK(fake_slot(&x, 0)->gpa == 0x103000 && fake_slot(&x, 0)->access == R);

    p = xen_viommu_held_find(&h, owners, 0x3ff8, 8, R);
    CHECK(p && p->use.span.gpa == 0x103000 && p->space == &x);
    /* another access, another device, another page, or part of one */
    CHECK(!xen_viommu_held_find(&h, owners, 0x3000, 8, W));
    for (i = 1; i < ARRAY_SIZE(owners); i++) {
        CHECK(!xen_viommu_held_find(&h, owners + i, 0x3000, 8, R));
    }
    CHECK(!xen_viommu_held_find(&h, owners, 0x4000, 8, R));
    CHECK(!xen_viommu_held_find(&h, owners, 0x2ff8, 16, R));
    CHECK(!xen_viommu_held_find(&h, owners, 0x3ff9, 8, R));
    end_test();
}

/* What Xen does not wait for stays: it is where it was. */
static void invalidations_leave_it(void)
{
    struct xen_viommu_log e = { .inv = XEN_VIOMMU_INV_TLB_DOMAIN };
    uint64_t calls;

    begin_test();
    until_held(0x3000, R);
    until_held(0x4000, W);
    fake_log(&x, &e);
    CHECK(!fake_stale(&x, &e, fake_ledger(&x)->head));
    calls = x.calls;
    xen_viommu_held_event(&h);
    CHECK(access_by(owners, 0x3000, R) && access_by(owners, 0x4000, W));
    CHECK(x.calls == calls && busy() == 2);
    end_test();
}

static void let_go_when_waited_for(void)
{
    struct xen_viommu_log e = {
        .inv = XEN_VIOMMU_INV_TLB_RANGE, .iova = 0x3000, .order = 12,
    };

    begin_test();
    until_held(0x3000, R);
    until_held(0x4000, R);
    x.table[0][3] = 0x200000 | R;
    fake_log(&x, &e);
    CHECK(fake_stale(&x, &e, fake_ledger(&x)->head));
    fake_ledger(&x)->waited[0] = 1;
    xen_viommu_held_event(&h);
    CHECK(x.told == 1);
    fake_ledger(&x)->waited[0] = 0;
    CHECK(!fake_stale(&x, &e, fake_ledger(&x)->head));
    CHECK(busy() == 1 && mapped == 1);
    CHECK(access_by(owners, 0x4000, R));
    /* and it is not held again as soon as that */
    CHECK(until_held(0x3000, R) == XEN_VIOMMU_HELD_LATER);
    CHECK(xen_viommu_held_find(&h, owners, 0x3000, 8, R)->use.span.gpa ==
          0x200000);
    end_test();
}

/* A page that is unmapped between accesses is a buffer, and no ring. */
static void buffers_are_not_held(void)
{
    unsigned int i;

    begin_test();
    for (i = 0; i < 200; i++) {
        CHECK(!access_by(owners, 0x3000, W));
        if (i % 2) {
            fake_inv(&x, XEN_VIOMMU_INV_TLB_RANGE, 0, 0x3000, 12);
        }
    }
    for (i = 0; i < 200; i++) {
        x.table[0][3] = (0x100 + i / 2) * PAGE | W;
        fake_inv(&x, XEN_VIOMMU_INV_TLB_DOMAIN, 0, 0, 0);
        CHECK(!access_by(owners, 0x3000, W));
    }
    /* more than the log has: perhaps it was */
    for (i = 0; i < 200; i++) {
        unsigned int n;

        CHECK(!access_by(owners, 0x3000, W));
        for (n = 0; n < XEN_VIOMMU_LOG_ENTRIES; n++) {
            fake_inv(&x, XEN_VIOMMU_INV_TLB_RANGE, 0, 0x9000, 12);
        }
    }
    CHECK(busy() == 0);
    /* others' pages say nothing of this one, nor does a flush of them all */
    CHECK(!access_by(owners, 0x3000, W));
    for (i = 1; i < XEN_VIOMMU_HELD_AFTER; i++) {
        fake_inv(&x, XEN_VIOMMU_INV_TLB_RANGE, 0, 0x4000, 12);
        fake_inv(&x, XEN_VIOMMU_INV_TLB_DOMAIN, 0, 0, 0);
        CHECK(!access_by(owners, 0x3000, W));
    }
    CHECK(access_by(owners, 0x3000, W));
    end_test();
}

static void only_with_a_slot(void)
{
    unsigned int i;

    begin_test();
    for (i = 0; i < XEN_VIOMMU_SLOTS; i++) {
        CHECK(xen_viommu_ledger_take(&c.ledger) == (int)i);
    }
    CHECK(until_held(0x3000, R) == 1000);
    CHECK(mapped == 0 && fake_ledger(&x)->floor == XEN_VIOMMU_NO_FLOOR);
    for (i = 0; i < XEN_VIOMMU_SLOTS; i++) {
        xen_viommu_ledger_put(&c.ledger, i);
    }
    end_test();
}

static void only_memory(void)
{
    begin_test();
    no_memory = true;
    CHECK(until_held(0x3000, R) == 1000);
    CHECK(busy() == 0);
    no_memory = false;
    x.table[0][5] = DEV_BASE | R;
    CHECK(until_held(0x5000, R) == 1000);
    CHECK(busy() == 0);
    end_test();
}

/* The number of slots is bounded, and what is used stays. */
static void the_oldest_goes(void)
{
    unsigned int i;

    begin_test();
    for (i = 0; i < NR_PAGES; i++) {
        until_held(i * PAGE, R);
        CHECK(i < 2 || access_by(owners, PAGE, R));
    }
    CHECK(busy() == XEN_VIOMMU_HELD_WAYS);
    CHECK(access_by(owners, PAGE, R));
    CHECK(access_by(owners, (NR_PAGES - 1) * PAGE, R));
    CHECK(!access_by(owners, 2 * PAGE, R));

    /* many devices */
    for (i = 0; i < ARRAY_SIZE(owners); i++) {
        unsigned int n;

        for (n = 0; n < 40; n++) {
            access_by(owners + i, (n % 4) * PAGE, W);
        }
    }
    CHECK(busy() <= XEN_VIOMMU_HELD_SETS * XEN_VIOMMU_HELD_WAYS);
    end_test();
}

static void the_idle_go(void)
{
    unsigned int i;

    begin_test();
    until_held(0x1000, R);
    until_held(0x2000, R);
    for (i = 0; i < XEN_VIOMMU_HELD_IDLE; i++) {
        CHECK(access_by(owners, 0x2000, R));
    }
    CHECK(busy() == 2);
    until_held(0x3000, R);
    CHECK(busy() == 2);
    CHECK(access_by(owners, 0x2000, R) && access_by(owners, 0x3000, R));
    CHECK(!access_by(owners, 0x1000, R));
    end_test();
}

static void released(void)
{
    begin_test();
    until_held(0x1000, R);
    until_held(0x2000, W);
    xen_viommu_held_release(&h);
    CHECK(busy() == 0 && mapped == 0 && x.told == 0);
    /* nobody had to wait, so they are held again as before */
    CHECK(until_held(0x1000, R) == XEN_VIOMMU_HELD_AFTER);
    wait_for_all();
    CHECK(busy() == 0 && mapped == 0 && x.told == 1);
    end_test();
}

/* What was found at first is used at last, if nothing came in between. */
static void begins_by_what_was_found(void)
{
    XenViommuUse u = XEN_VIOMMU_USE_INIT, kept = { .slot = -1, .keep = true };
    XenViommuSpan s;
    unsigned int i;

    begin_test();
    CHECK(xen_viommu_peek(&c, 8, 0x3010, 2 * PAGE, W, false, 4, &u));
    s = u.span;
    fake_inv(&x, XEN_VIOMMU_INV_TLB_RANGE, 0, 0x7000, 12);
    CHECK(xen_viommu_begin_again(&c, &s, 2 * PAGE, &u));
    CHECK(u.span.gpa == 0x103010 && u.span.len == 2 * PAGE);
    CHECK(fake_slot(&x, 0)->pages == 3 && fake_ledger(&x)->busy[0] == 1);
    fake_ledger(&x)->waited[0] = 1;
    CHECK(xen_viommu_end(&c, &u) && x.told == 1);
    fake_ledger(&x)->waited[0] = 0;

    /* not for more than that, but for less */
    CHECK(xen_viommu_begin_again(&c, &s, 9 * PAGE, &u));
    CHECK(u.span.len == 2 * PAGE);
    xen_viommu_end(&c, &u);
    CHECK(xen_viommu_begin_again(&c, &s, 8, &kept));
    CHECK(kept.span.len == 8 && fake_slot(&x, 0)->pages == 1);
    xen_viommu_end(&c, &kept);

    /* the last one of its pages has been invalidated */
    fake_inv(&x, XEN_VIOMMU_INV_TLB_RANGE, 0, 0x5000, 12);
    CHECK(!xen_viommu_begin_again(&c, &s, 2 * PAGE, &u));
    CHECK(u.slot < 0 && !fake_ledger(&x)->busy[0]);
    CHECK(!xen_viommu_begin_again(&c, &s, 2 * PAGE, &kept));
    CHECK(kept.slot == 0 && !fake_ledger(&x)->busy[0]);
    CHECK(xen_viommu_begin_again(&c, &s, 8, &u));
    xen_viommu_end(&c, &u);

    /* too long ago; the log has gone round; and no slot */
    for (i = 0; i < 2 * XEN_VIOMMU_LOG_ENTRIES; i++) {
        fake_inv(&x, XEN_VIOMMU_INV_TLB_RANGE, 0, 0x7000, 12);
        CHECK(i < 20 || !xen_viommu_begin_again(&c, &s, 8, &u));
    }
    s.pos = fake_ledger(&x)->head;
    for (i = 1; i < XEN_VIOMMU_SLOTS; i++) {
        CHECK(xen_viommu_ledger_take(&c.ledger) == (int)i);
    }
    CHECK(!xen_viommu_begin_again(&c, &s, 8, &u));
    CHECK(fake_ledger(&x)->floor == XEN_VIOMMU_NO_FLOOR);
    end_test();
}

static uint64_t seed;

static uint32_t rnd(uint32_t n)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (seed >> 33) % n;
}

/* Whatever is found is where the tables say, once Xen has not to wait. */
static void random_accesses(void)
{
    enum { STEPS = 400000, PAGES = 3 };
    unsigned int step, hits = 0, waits = 0;

    seed = getenv("STUB_SEED") ? strtoull(getenv("STUB_SEED"), NULL, 0) : 1;
    begin_test();
    for (step = 0; step < STEPS; step++) {
        struct xen_viommu_log e = {
            .inv = XEN_VIOMMU_INV_TLB_RANGE, .order = 12,
        };
        unsigned int page = rnd(PAGES);

        if (rnd(1000)) {
            uint8_t access = rnd(2) ? R : W;
            XenViommuHeldPage *p = xen_viommu_held_find(
                &h, owners, page * PAGE + rnd(PAGE), 1, access);

            if (p) {
                CHECK(p->use.span.gpa == (x.table[0][page] & -PAGE));
                CHECK(p->access & x.table[0][page]);
                hits++;
            } else {
                access_by(owners, page * PAGE, access);
            }
            continue;
        }
        e.iova = page * PAGE;
        if (rnd(4) == 0) {
            x.table[0][page] = rnd(4) ? rnd(1 << 20) * PAGE | (1 + rnd(3)) : 0;
        }
        if (rnd(4) == 0) {
            e.inv = XEN_VIOMMU_INV_TLB_DOMAIN;
        }
        fake_log(&x, &e);
        if (fake_stale(&x, &e, fake_ledger(&x)->head)) {
            wait_for_all();
            CHECK(!fake_stale(&x, &e, fake_ledger(&x)->head));
            waits++;
        }
    }
    CHECK(hits > STEPS / 8 && waits > 20);
    end_test();
}

int main(void)
{
    RUN(held_after_a_while);
    RUN(invalidations_leave_it);
    RUN(let_go_when_waited_for);
    RUN(buffers_are_not_held);
    RUN(only_with_a_slot);
    RUN(only_memory);
    RUN(the_oldest_goes);
    RUN(the_idle_go);
    RUN(released);
    RUN(begins_by_what_was_found);
    RUN(random_accesses);
    return 0;
}
