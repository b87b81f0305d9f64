/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What does Xen see in the slots, and what do we see in the log? */
#include "qemu/osdep.h"
#include <signal.h>
#include "fake-xen.h"
#include "test.h"

static FakeXen x;
static XenViommuClient c;
static XenViommuLedger *const l = &c.ledger;

static XenViommuSpan span(uint64_t iova, uint64_t gpa, uint64_t len)
{
    return (XenViommuSpan) {
        .iova = iova, .gpa = gpa, .len = len, .pos = fake_ledger(&x)->head,
        .rid = 0x18, .did = 3, .access = XEN_VIOMMU_WRITE,
    };
}

static bool busy(int slot)
{
    return fake_ledger(&x)->busy[slot / 64] >> (slot % 64) & 1;
}

static void init_says_nothing_is_in_use(void)
{
    unsigned int i;

    memset(x.frames, 0xff, sizeof(x.frames));
    xen_viommu_ledger_init(l, x.frames);
    CHECK(fake_ledger(&x)->floor == XEN_VIOMMU_NO_FLOOR);
    for (i = 0; i < XEN_VIOMMU_SLOT_WORDS; i++) {
        CHECK(!fake_ledger(&x)->busy[i]);
    }
    CHECK(fake_ledger(&x)->head == UINT64_MAX); /* not ours to write */
    CHECK(sizeof(struct xen_viommu_ledger) <= 4096);
    CHECK(sizeof(struct xen_viommu_log) * XEN_VIOMMU_LOG_ENTRIES == 4096);
    CHECK(sizeof(struct xen_viommu_slot) * XEN_VIOMMU_SLOTS == 8 * 4096);
}

static void slots_lowest_first(void)
{
    int i;

    fake_init(&x, &c);
    for (i = 0; i < XEN_VIOMMU_SLOTS; i++) {
        CHECK(xen_viommu_ledger_take(l) == i);
    }
    CHECK(xen_viommu_ledger_take(l) == -1);
    xen_viommu_ledger_put(l, 1000);
    xen_viommu_ledger_put(l, 77);
    CHECK(xen_viommu_ledger_take(l) == 77);
    CHECK(xen_viommu_ledger_take(l) == 1000);
    CHECK(xen_viommu_ledger_take(l) == -1);
    fake_end(&x, &c);
}

static void publish_fills_the_slot(void)
{
    static const struct {
        uint64_t iova, gpa, len;
        uint32_t pages;
    } cases[] = {
        { 0x5000, 0x9000, 4096, 1 },
        { 0x5000, 0x9000, 1, 1 },
        { 0x5fff, 0x9fff, 1, 1 },
        { 0x5fff, 0x9fff, 2, 2 },
        { 0x5800, 0x9800, 4096, 2 },
        { 0x5000, 0x9000, 4097, 2 },
        { 0xfffffffffffff000ULL, 0x1000, 4096, 1 },
        { 0, 0, 1ULL << 32, 1 << 20 },
    };
    unsigned int i;

    fake_init(&x, &c);
    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        XenViommuSpan s = span(cases[i].iova, cases[i].gpa, cases[i].len);
        struct xen_viommu_slot *slot = fake_slot(&x, 65);

        xen_viommu_ledger_publish(l, 65, &s);
        CHECK(busy(65) && !busy(64) && !busy(66) && !busy(1));
        CHECK(slot->iova == (cases[i].iova & ~4095ULL));
        CHECK(slot->gpa == (cases[i].gpa & ~4095ULL));
        CHECK(slot->pages == cases[i].pages);
        CHECK(slot->seq == i + 1);
        CHECK(slot->rid == 0x18 && slot->did == 3);
        CHECK(slot->access == XEN_VIOMMU_WRITE);
        CHECK(!slot->pad[0] && !slot->pad[1] && !slot->pad[2]);
        CHECK(!xen_viommu_ledger_retire(l, 65));
        CHECK(!busy(65));
    }
    fake_end(&x, &c);
}

static void shrink_keeps_the_rest(void)
{
    XenViommuSpan s;

    fake_init(&x, &c);
    s = span(0x5800, 0x9800, 5 * PAGE);
    xen_viommu_ledger_publish(l, 0, &s);
    CHECK(fake_slot(&x, 0)->pages == 6);
    xen_viommu_ledger_shrink(l, 0, &s, PAGE);
    CHECK(fake_slot(&x, 0)->pages == 2 && s.len == PAGE);
    xen_viommu_ledger_shrink(l, 0, &s, 0x800);
    CHECK(fake_slot(&x, 0)->pages == 1 && fake_slot(&x, 0)->seq == 1);
    CHECK(busy(0));
    fake_end(&x, &c);
}

static void retire_says_whether_xen_waits(void)
{
    XenViommuSpan s;

    fake_init(&x, &c);
    s = span(0, 0, 1);
    xen_viommu_ledger_publish(l, 70, &s);
    fake_ledger(&x)->waited[1] = 1 << 5;    /* another slot */
    CHECK(!xen_viommu_ledger_retire(l, 70));
    xen_viommu_ledger_publish(l, 70, &s);
    fake_ledger(&x)->waited[1] = 1 << 6;
    CHECK(xen_viommu_ledger_retire(l, 70));
    fake_end(&x, &c);
}

/* In any order, against a list that is looked through. */
static void floors_at_random(void)
{
    XenViommuFloor f[64];
    bool in[64] = { false };
    unsigned int i, n;

    fake_init(&x, &c);
    for (n = 0; n < 20000; n++) {
        uint64_t low = XEN_VIOMMU_NO_FLOOR;

        i = rand() % 64;
        if (in[i]) {
            xen_viommu_ledger_retire_floor(l, &f[i]);
        } else {
            xen_viommu_ledger_publish_floor(l, &f[i], rand() % 50);
        }
        in[i] = !in[i];
        for (i = 0; i < 64; i++) {
            low = in[i] ? MIN(low, f[i].pos) : low;
        }
        CHECK(fake_ledger(&x)->floor == low);
    }
    fake_end(&x, &c);
}

static void floor_is_the_lowest(void)
{
    XenViommuFloor f[4];

    fake_init(&x, &c);
    xen_viommu_ledger_publish_floor(l, &f[0], 7);
    CHECK(fake_ledger(&x)->floor == 7);
    xen_viommu_ledger_publish_floor(l, &f[1], 9);
    CHECK(fake_ledger(&x)->floor == 7);
    xen_viommu_ledger_publish_floor(l, &f[2], 5);
    CHECK(fake_ledger(&x)->floor == 5);
    xen_viommu_ledger_publish_floor(l, &f[3], 8);
    CHECK(fake_ledger(&x)->floor == 5);

    fake_ledger(&x)->floor_waited = 1;
    CHECK(!xen_viommu_ledger_retire_floor(l, &f[0])); /* 5 is left */
    CHECK(fake_ledger(&x)->floor == 5);
    CHECK(xen_viommu_ledger_retire_floor(l, &f[2]));
    CHECK(fake_ledger(&x)->floor == 8);
    CHECK(xen_viommu_ledger_retire_floor(l, &f[3]));
    CHECK(fake_ledger(&x)->floor == 9);
    fake_ledger(&x)->floor_waited = 0;
    CHECK(!xen_viommu_ledger_retire_floor(l, &f[1]));
    CHECK(fake_ledger(&x)->floor == XEN_VIOMMU_NO_FLOOR);
    CHECK(!l->lowest && !l->highest);
    fake_end(&x, &c);
}

static void what_an_entry_covers(void)
{
    static const struct {
        struct xen_viommu_log e;
        uint16_t rid, did;
        uint64_t iova, len;
        bool covers;
    } cases[] = {
#define TLB(d, a, o) { .inv = XEN_VIOMMU_INV_TLB_RANGE, .did = d, \
                       .iova = a, .order = o }
        { TLB(3, 0x5000, 12), 8, 3, 0x5000, 1, true },
        { TLB(3, 0x5000, 12), 8, 4, 0x5000, 1, false },
        { TLB(3, 0x5000, 12), 8, 3, 0x4fff, 1, false },
        { TLB(3, 0x5000, 12), 8, 3, 0x4fff, 2, true },
        { TLB(3, 0x5000, 12), 8, 3, 0x6000, 1, false },
        { TLB(3, 0x5000, 12), 8, 3, 0x5fff, 1, true },
        { TLB(3, 0x5000, 12), 8, 3, 0, 0x10000, true },
        { TLB(3, 0x200000, 21), 8, 3, 0x3ff000, 0x1000, true },
        { TLB(3, 0x200000, 21), 8, 3, 0x400000, 0x1000, false },
        { TLB(3, 0, 63), 8, 3, 0x7fffffffffffffffULL, 1, true },
        { TLB(3, 0, 63), 8, 3, 0x8000000000000000ULL, 1, false },
        { TLB(3, 1ULL << 63, 63), 8, 3, UINT64_MAX, 1, true },
        { TLB(3, 0, 64), 8, 3, UINT64_MAX, 1, true },
        { TLB(3, 0, 64), 8, 2, UINT64_MAX, 1, false },
        { { .inv = XEN_VIOMMU_INV_TLB_GLOBAL }, 8, 3, 0, 1, true },
        { { .inv = XEN_VIOMMU_INV_CONTROL }, 8, 3, 0, 1, true },
        { { .inv = XEN_VIOMMU_INV_CONFIG_GLOBAL }, 8, 3, 0, 1, true },
        { { .inv = XEN_VIOMMU_NR_INV }, 8, 3, 0, 1, true },
        { { .inv = XEN_VIOMMU_INV_TLB_DOMAIN, .did = 3 }, 8, 3, 0, 1, true },
        { { .inv = XEN_VIOMMU_INV_TLB_DOMAIN, .did = 2 }, 8, 3, 0, 1, false },
        { { .inv = XEN_VIOMMU_INV_CONFIG_DOMAIN, .did = 3 }, 8, 3, 0, 1,
          true },
        { { .inv = XEN_VIOMMU_INV_CONFIG_DOMAIN, .did = 2 }, 8, 3, 0, 1,
          false },
#define DEV(r, m) { .inv = XEN_VIOMMU_INV_CONFIG_DEVICE, .rid = r, \
                    .rid_mask = m }
        { DEV(8, 0), 8, 3, 0, 1, true },
        { DEV(8, 0), 9, 3, 0, 1, false },
        { DEV(8, 1), 9, 3, 0, 1, true },
        { DEV(9, 1), 8, 3, 0, 1, true },
        { DEV(8, 4), 12, 3, 0, 1, true },
        { DEV(8, 4), 13, 3, 0, 1, false },
        { DEV(8, 7), 16, 3, 0, 1, false },
        { DEV(8, 7), 0x108, 3, 0, 1, false },
    };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        CHECK(xen_viommu_log_covers(&cases[i].e, cases[i].rid, cases[i].did,
                                    cases[i].iova, cases[i].len) ==
              cases[i].covers);
    }
}

static void a_moved_head_is_read(void)
{
    XenViommuSpan s;
    int i;

    fake_init(&x, &c);
    s = span(0x5000, 0x9000, PAGE);
    CHECK(!xen_viommu_ledger_covered(l, &s));
    for (i = 0; i < 100; i++) {
        fake_inv(&x, XEN_VIOMMU_INV_TLB_RANGE, 3, 0x6000, 12);
        fake_inv(&x, XEN_VIOMMU_INV_TLB_DOMAIN, 4, 0, 0);
        CHECK(!xen_viommu_ledger_covered(l, &s));
    }
    fake_inv(&x, XEN_VIOMMU_INV_TLB_RANGE, 3, 0x4000, 13);
    CHECK(xen_viommu_ledger_covered(l, &s));
    fake_inv(&x, XEN_VIOMMU_INV_TLB_DOMAIN, 4, 0, 0);
    CHECK(xen_viommu_ledger_covered(l, &s));
    s.pos = fake_ledger(&x)->head;
    CHECK(!xen_viommu_ledger_covered(l, &s));
    fake_end(&x, &c);
}

/* 255 entries behind can be read, the next one may be half overwritten. */
static void a_log_that_ran_over_covers_all(void)
{
    struct xen_viommu_log e;
    XenViommuSpan s;
    int i;

    fake_init(&x, &c);
    s = span(0x5000, 0x9000, PAGE);
    for (i = 0; i < XEN_VIOMMU_LOG_ENTRIES - 1; i++) {
        fake_inv(&x, XEN_VIOMMU_INV_TLB_DOMAIN, 4, i, 0);
        CHECK(xen_viommu_ledger_read(l, 0, &e) && e.iova == 0);
        CHECK(!xen_viommu_ledger_covered(l, &s));
    }
    fake_inv(&x, XEN_VIOMMU_INV_TLB_DOMAIN, 4, i, 0);
    CHECK(!xen_viommu_ledger_read(l, 0, &e));
    CHECK(xen_viommu_ledger_read(l, 1, &e) && e.iova == 1);
    CHECK(xen_viommu_ledger_covered(l, &s));
    fake_end(&x, &c);
}

/*
 * Another slot of the same word is used, or freed, meanwhile: between any two
 * instructions, by the handler of a trap behind each or every n-th of them.
 */
static volatile sig_atomic_t traps, every, used, lost;

static void trap(int sig)
{
    XenViommuSpan s = { .len = 1 };

    (void)sig;
    if (++traps % every) {
        return;
    }
    lost |= busy(3) != used;
    used = !used;
    if (used) {
        xen_viommu_ledger_publish(l, 3, &s);
    } else {
        xen_viommu_ledger_retire(l, 3);
    }
}

static void set_trap(bool on)
{
    uint64_t flags = __builtin_ia32_readeflags_u64() & ~0x100ULL;

    __builtin_ia32_writeeflags_u64(flags | (on ? 0x100 : 0));
}

static void a_bit_is_its_slots(void)
{
    XenViommuSpan s = { .len = 1 };

    fake_init(&x, &c);
    signal(SIGTRAP, trap);
    for (every = 1; every < 40; every++) {
        set_trap(true);
        xen_viommu_ledger_publish(l, 4, &s);
        lost |= !busy(4);
        xen_viommu_ledger_retire(l, 4);
        lost |= busy(4);
        set_trap(false);
    }
    signal(SIGTRAP, SIG_DFL);
    CHECK(traps > 100);
    CHECK(!lost && busy(3) == used);
    fake_end(&x, &c);
}

int main(void)
{
    RUN(init_says_nothing_is_in_use);
    RUN(slots_lowest_first);
    RUN(publish_fills_the_slot);
    RUN(shrink_keeps_the_rest);
    RUN(retire_says_whether_xen_waits);
    RUN(floor_is_the_lowest);
    RUN(floors_at_random);
    RUN(what_an_entry_covers);
    RUN(a_moved_head_is_read);
    RUN(a_log_that_ran_over_covers_all);
    RUN(a_bit_is_its_slots);
    return 0;
}
