/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What does the cache find, and what must it not find? */
#include "qemu/osdep.h"
#include "fake-xen.h"
#include "test.h"

#define R    1
#define W    2
#define RW   3
#define NONE UINT64_MAX

static XenViommuCache *c;

static void reset(void)
{
    if (c) {
        xen_viommu_cache_free(c);
    }
    c = xen_viommu_cache_new(0);
}

static void put(uint16_t rid, uint16_t did, uint64_t iova, uint64_t gpa,
                uint8_t order, uint8_t perm)
{
    XenViommuRange r = {
        .iova = iova, .gpa = gpa, .did = did, .order = order, .perm = perm,
    };

    xen_viommu_cache_insert(c, xen_viommu_cache_applied(c), rid, &r);
}

/* The translation, or NONE. */
static uint64_t get(uint16_t rid, uint64_t iova, uint8_t access)
{
    XenViommuRange r;

    return xen_viommu_cache_lookup(c, rid, iova, access, &r) ?
           r.gpa + (iova - r.iova) : NONE;
}

static void inv(uint8_t kind, uint16_t did, uint64_t iova, uint8_t order)
{
    struct xen_viommu_log e = {
        .inv = kind, .did = did, .iova = iova, .order = order,
    };

    xen_viommu_cache_apply(c, &e);
}

static void inv_device(uint16_t rid, uint16_t mask)
{
    struct xen_viommu_log e = {
        .inv = XEN_VIOMMU_INV_CONFIG_DEVICE, .rid = rid, .rid_mask = mask,
    };

    xen_viommu_cache_apply(c, &e);
}

static void empty_finds_nothing(void)
{
    reset();
    CHECK(get(0, 0, 0) == NONE);
    /* the untouched entries look like domain 0, address 0 */
    put(8, 0, 0x5000, 0x1000, 12, RW);
    CHECK(get(8, 0, 0) == NONE);
    CHECK(get(0, 0x5000, 0) == NONE);
}

static void page(void)
{
    reset();
    put(8, 1, 0x5000, 0x123000, 12, RW);
    CHECK(get(8, 0x5000, R) == 0x123000);
    CHECK(get(8, 0x5fff, W) == 0x123fff);
    CHECK(get(8, 0x4fff, R) == NONE);
    CHECK(get(8, 0x6000, R) == NONE);
    CHECK(get(9, 0x5000, R) == NONE);
    CHECK(get(8, 0x8000000000005000ULL, R) == NONE);
}

static void devices_share_a_domain(void)
{
    reset();
    put(8, 1, 0x5000, 0x1000, 12, RW);
    put(9, 1, 0x6000, 0x2000, 12, RW);
    put(10, 2, 0x5000, 0x3000, 12, RW);
    CHECK(get(8, 0x6000, R) == 0x2000);
    CHECK(get(9, 0x5000, R) == 0x1000);
    CHECK(get(10, 0x5000, R) == 0x3000);
    CHECK(get(10, 0x6000, R) == NONE);
    /* a device moves: it sees the other domain, and its old one nobody else */
    put(9, 2, 0x7000, 0x4000, 12, RW);
    CHECK(get(9, 0x5000, R) == 0x3000);
    CHECK(get(8, 0x7000, R) == NONE);
}

/* Also where they are in the same set. */
static void domains_in_one_set(void)
{
    unsigned int did;

    reset();
    for (did = 0; did < 0x10000; did += 0x1000) {
        put(did, did, 0x5000, did << 12, 12, RW);
    }
    for (did = 0; did < 0x10000; did += 0x1000) {
        CHECK(get(did, 0x5000, R) == did << 12);
    }
    inv(XEN_VIOMMU_INV_TLB_RANGE, 0x1000, 0x5000, 12);
    for (did = 0; did < 0x10000; did += 0x1000) {
        CHECK(get(did, 0x5000, R) == (did == 0x1000 ? NONE : did << 12));
    }
}

static void permission(void)
{
    reset();
    put(8, 1, 0x5000, 0x1000, 12, R);
    CHECK(get(8, 0x5000, R) == 0x1000);
    CHECK(get(8, 0x5000, W) == NONE);
    CHECK(get(8, 0x5000, RW) == NONE);
    CHECK(get(8, 0x5000, 0) == 0x1000);
    put(8, 1, 0x5000, 0x1000, 12, RW);
    CHECK(get(8, 0x5000, W) == 0x1000);
}

static void sizes_side_by_side(void)
{
    reset();
    put(8, 1, 0x40000000, 0x80000000, 30, RW);
    put(8, 1, 0x200000, 0x600000, 21, RW);
    put(8, 1, 0x1000, 0x2000, 12, RW);
    CHECK(get(8, 0x7fffffff, R) == 0xbfffffff);
    CHECK(get(8, 0x3fffff, R) == 0x7fffff);
    CHECK(get(8, 0x1abc, R) == 0x2abc);
    CHECK(get(8, 0x80000000, R) == NONE);
}

static void everything(void)
{
    reset();
    put(8, 0, 0, 0, 64, RW);
    CHECK(get(8, 0, W) == 0);
    CHECK(get(8, 0xfee00000, R) == 0xfee00000);
    CHECK(get(8, UINT64_MAX - 1, R) == UINT64_MAX - 1);
    CHECK(get(9, 0, R) == NONE);
    inv(XEN_VIOMMU_INV_CONTROL, 0, 0, 0);
    CHECK(get(8, 0, R) == NONE);
    put(8, 1, 1ULL << 63, 0, 63, RW);
    CHECK(get(8, (1ULL << 63) + 5, R) == 5);
    CHECK(get(8, 5, R) == NONE);
}

/* One page goes, and the page beside it stays; of more, what is beside their region. */
static void small_range_spares_its_neighbours(void)
{
    static const uint8_t regions[] = { 12, 16, 16, 16, 16, 21, 21, 21, 21, 21 };
    unsigned int order, i;

    for (order = 12; order < 12 + ARRAY_SIZE(regions); order++) {
        uint64_t at = order > 16 ? 0x200000 : 0x210000;

        reset();
        for (i = 0; i < 1024; i++) {
            put(8, 1, i * PAGE, i * PAGE, 12, RW);
            put(9, 2, i * PAGE, i * PAGE, 12, RW);
        }
        put(8, 1, 0x40000000, 0, 30, RW);
        inv(XEN_VIOMMU_INV_TLB_RANGE, 1, at, order);
        for (i = 0; i < 1024; i++) {
            uint64_t off = i * PAGE ^ at;

            if (!(off >> order)) {
                CHECK(get(8, i * PAGE, R) == NONE);
            } else if (off >> regions[order - 12]) {
                CHECK(get(8, i * PAGE, R) == i * PAGE);
            }
            CHECK(get(9, i * PAGE, R) == i * PAGE);
        }
        CHECK(get(8, 0x40000000, R) == 0);
    }
}

/* Of a larger entry that a range is in, nothing may be left. */
static void a_page_takes_the_superpage_with_it(void)
{
    static const uint8_t orders[] = { 12, 13, 16, 17, 20, 21, 29, 30 };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(orders); i++) {
        uint64_t at = 3ULL << 30;

        reset();
        put(8, 1, 0xc0000000, 0, 30, RW);
        put(8, 1, 0, 0, 40, RW);
        put(8, 1, 0, 0, 64, RW);
        put(8, 1, at, 0, 21, RW);
        put(9, 2, 0xc0000000, 0, 30, RW);
        inv(XEN_VIOMMU_INV_TLB_RANGE, 1, at, orders[i]);
        CHECK(get(8, at, R) == NONE);
        CHECK(get(8, at + (1ULL << 29) + 4095, R) == NONE);
        CHECK(get(9, at, R) == 0);
    }
}

static void devices_of_an_entry(void)
{
    unsigned int fn;

    static const struct {
        uint16_t rid, mask;
        uint8_t gone;           /* bitmap of functions of device 0x18 */
    } cases[] = {
        { 0x18, 0, 0x01 }, { 0x1b, 0, 0x08 }, { 0x18, 4, 0x11 },
        { 0x1d, 4, 0x22 }, { 0x18, 6, 0x55 }, { 0x19, 6, 0xaa },
        { 0x1a, 7, 0xff }, { 0x20, 7, 0x00 }, { 0x118, 7, 0x00 },
        { 0, 0xffff, 0xff },
    };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        reset();
        for (fn = 0; fn < 8; fn++) {
            put(0x18 + fn, 10 + fn, 0x5000, fn * PAGE, 12, RW);
        }
        inv_device(cases[i].rid, cases[i].mask);
        for (fn = 0; fn < 8; fn++) {
            CHECK(get(0x18 + fn, 0x5000, R) ==
                  (cases[i].gone >> fn & 1 ? NONE : fn * PAGE));
        }
    }
}

static void late_answers_are_not_taken(void)
{
    XenViommuRange r = { .iova = 0x5000, .did = 1, .order = 12, .perm = RW };

    reset();
    inv(XEN_VIOMMU_INV_TLB_RANGE, 1, 0x5000, 12);
    xen_viommu_cache_insert(c, 0, 8, &r);
    CHECK(get(8, 0x5000, R) == NONE);
    xen_viommu_cache_insert(c, 1, 8, &r);
    CHECK(get(8, 0x5000, R) == 0);
    /* one from the future is, and dies by what comes in between */
    xen_viommu_cache_insert(c, 5, 8, &r);
    CHECK(get(8, 0x5000, R) == 0);
    inv(XEN_VIOMMU_INV_TLB_RANGE, 1, 0x5000, 12);
    CHECK(get(8, 0x5000, R) == NONE);
}

/* Far more ranges than there is room for: forgetting is fine, lying is not. */
static void overfull(void)
{
    uint64_t room = XEN_VIOMMU_CACHE_SETS * XEN_VIOMMU_CACHE_WAYS, i, n;
    uint64_t found = 0;

    CHECK(room >= 65536);
    n = 2 * room;
    reset();
    for (i = 0; i < n; i++) {
        put(8, 1, i << 12, (i * 3) << 12, 12, RW);
        CHECK(get(8, i << 12, R) == (i * 3) << 12);
    }
    for (i = 0; i < n; i++) {
        uint64_t gpa = get(8, i << 12, R);

        CHECK(gpa == NONE || gpa == (i * 3) << 12);
        found += gpa != NONE;
    }
    /* a run of pages uses all of it */
    CHECK(found == n / 2);
}

static void what_is_dead_makes_room(void)
{
    uint64_t i, found = 0;

    reset();
    for (i = 0; i < 65536; i++) {
        put(8, 1, i << 12, 0, 12, RW);
    }
    inv(XEN_VIOMMU_INV_TLB_DOMAIN, 1, 0, 0);
    for (i = 0; i < 65536; i++) {
        put(8, 2, i << 12, 0, 12, RW);
    }
    for (i = 0; i < 65536; i++) {
        found += get(8, i << 12, R) == 0;
    }
    CHECK(found == 65536);
}

/* 255 new entries are applied one by one; one more, and all is dropped. */
static void log_overflow(void)
{
    static FakeXen x;
    XenViommuClient client;
    unsigned int behind, i;

    for (behind = XEN_VIOMMU_LOG_ENTRIES - 2;
         behind <= XEN_VIOMMU_LOG_ENTRIES + 1; behind++) {
        fake_init(&x, &client);
        reset();
        put(8, 1, 0x5000, 0x1000, 12, RW);
        put(8, 1, 0x6000, 0x2000, 12, RW);
        fake_inv(&x, XEN_VIOMMU_INV_TLB_RANGE, 1, 0x6000, 12);
        for (i = 1; i < behind; i++) {
            fake_inv(&x, XEN_VIOMMU_INV_TLB_DOMAIN, 2, 0, 0);
        }
        xen_viommu_cache_sync(c, &client.ledger);
        CHECK(xen_viommu_cache_applied(c) == behind);
        CHECK(get(8, 0x6000, R) == NONE);
        CHECK(get(8, 0x5000, R) ==
              (behind < XEN_VIOMMU_LOG_ENTRIES ? 0x1000 : NONE));
        put(8, 1, 0x5000, 0x3000, 12, RW);
        xen_viommu_cache_sync(c, &client.ledger);
        CHECK(get(8, 0x5000, R) == 0x3000);
        fake_end(&x, &client);
    }
}

static uint64_t seed;

static uint32_t rnd(uint32_t n)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (seed >> 33) % n;
}

/*
 * Against a list of everything that was ever put in and that no entry of the
 * log has covered since, looked at one by one.  What the cache finds has to be
 * in the list.  What it forgets is its own affair, but for a bound.
 */
static void random_against_a_list(void)
{
    enum { LIST = 400, STEPS = 60000, DIDS = 4, RIDS = 16 };
    static const uint8_t sizes[] = { 12, 12, 12, 12, 21, 30, 39 };
    static struct { bool used; XenViommuRange r; } list[LIST];
    uint16_t did_of[RIDS];
    unsigned int step, i, n = 0;
    uint64_t hits = 0, misses = 0;

    seed = getenv("STUB_SEED") ? strtoull(getenv("STUB_SEED"), NULL, 0) : 1;
    reset();
    memset(list, 0, sizeof(list));
    for (i = 0; i < RIDS; i++) {
        did_of[i] = i % DIDS;
    }

    for (step = 0; step < STEPS; step++) {
        uint64_t iova = ((uint64_t)rnd(3) << 30) + ((uint64_t)rnd(3) << 21) +
                        (uint64_t)rnd(40) * PAGE;
        unsigned int rid = rnd(RIDS), what = rnd(100);
        uint16_t did = did_of[rid];

        if (what < 45) {
            XenViommuRange r = {
                .order = sizes[rnd(ARRAY_SIZE(sizes))],
                .did = did, .perm = 1 + rnd(3),
            };

            r.iova = iova >> r.order << r.order;
            r.gpa = ((uint64_t)step + 1) << 40;
            /* Xen answers alike for all devices of a domain */
            for (i = 0; i < LIST; i++) {
                if (list[i].used && list[i].r.did == did &&
                    list[i].r.iova == r.iova && list[i].r.order == r.order) {
                    list[i].used = false;
                }
            }
            list[n].used = true;
            list[n].r = r;
            n = (n + 1) % LIST;
            xen_viommu_cache_insert(c, xen_viommu_cache_applied(c), rid, &r);
        } else if (what < 90) {
            uint8_t access = rnd(4);
            bool in_list = false;
            XenViommuRange r;

            if (!xen_viommu_cache_lookup(c, rid, iova, access, &r)) {
                misses++;
                continue;
            }
            hits++;
            CHECK(r.did == did);
            for (i = 0; i < LIST; i++) {
                in_list |= list[i].used && list[i].r.did == did &&
                           list[i].r.order == r.order &&
                           list[i].r.iova == r.iova &&
                           list[i].r.gpa == r.gpa && list[i].r.perm == r.perm;
            }
            CHECK(in_list);
            CHECK(!(access & ~r.perm));
            CHECK(r.order == 64 || iova - r.iova < 1ULL << r.order);
        } else {
            struct xen_viommu_log e = { .did = rnd(DIDS), .rid = rnd(RIDS) };
            unsigned int kind = rnd(40);

            if (kind < 30) {
                e.inv = XEN_VIOMMU_INV_TLB_RANGE;
                e.order = kind < 24 ? 12 + rnd(5) : 12 + rnd(30);
                e.iova = iova >> e.order << e.order;
            } else if (kind < 35) {
                e.inv = XEN_VIOMMU_INV_TLB_DOMAIN;
            } else if (kind < 36) {
                e.inv = XEN_VIOMMU_INV_CONFIG_DOMAIN;
            } else if (kind < 39) {
                static const uint8_t masks[] = { 0, 4, 6, 7 };

                e.inv = XEN_VIOMMU_INV_CONFIG_DEVICE;
                e.rid_mask = masks[rnd(4)];
            } else {
                static const uint8_t all[] = {
                    XEN_VIOMMU_INV_CONFIG_GLOBAL, XEN_VIOMMU_INV_TLB_GLOBAL,
                    XEN_VIOMMU_INV_CONTROL,
                };

                e.inv = all[rnd(3)];
            }
            xen_viommu_cache_apply(c, &e);
            for (i = 0; i < LIST; i++) {
                uint64_t size = list[i].r.order < 64 ?
                                1ULL << list[i].r.order : 0;

                list[i].used &= e.inv == XEN_VIOMMU_INV_CONFIG_DEVICE ||
                    !xen_viommu_log_covers(&e, 0, list[i].r.did,
                                           list[i].r.iova, size);
            }
            if (e.inv == XEN_VIOMMU_INV_CONFIG_DEVICE) {
                for (i = 0; i < RIDS; i++) {
                    XenViommuRange r;
                    uint64_t a;

                    if (!fake_covers(&e, i, 0, 0)) {
                        continue;
                    }
                    /* may be in another domain now, and has nothing */
                    did_of[i] = rnd(DIDS);
                    for (a = 0; a < 40; a++) {
                        CHECK(!xen_viommu_cache_lookup(c, i, a * PAGE, 0,
                                                       &r));
                    }
                }
            }
        }
    }
    CHECK(hits > STEPS / 20 && misses > STEPS / 20);
}

/* A device that has gone takes along what was known of it, and no more. */
static void device_gone(void)
{
    reset();
    put(8, 1, 0x5000, 0x123000, 12, RW);
    put(9, 1, 0x5000, 0x123000, 12, RW);
    put(8, 1, 0x6000, 0x124000, 12, RW);
    put(10, 2, 0x5000, 0x125000, 12, RW);
    xen_viommu_cache_forget(c, 8);
    CHECK(get(8, 0x5000, R) == NONE);
    CHECK(get(8, 0x6000, R) == NONE);
    CHECK(get(9, 0x5000, R) == 0x123000);
    CHECK(get(9, 0x6000, R) == 0x124000);
    CHECK(get(10, 0x5000, R) == 0x125000);
    xen_viommu_cache_forget(c, 11);
    CHECK(get(10, 0x5000, R) == 0x125000);

    /* the next one there, in another domain */
    put(8, 2, 0x7000, 0x126000, 12, RW);
    CHECK(get(8, 0x7000, R) == 0x126000);
    CHECK(get(8, 0x5000, R) == 0x125000);
    CHECK(get(8, 0x6000, R) == NONE);
}

int main(void)
{
    RUN(empty_finds_nothing);
    RUN(page);
    RUN(devices_share_a_domain);
    RUN(domains_in_one_set);
    RUN(permission);
    RUN(sizes_side_by_side);
    RUN(everything);
    RUN(small_range_spares_its_neighbours);
    RUN(a_page_takes_the_superpage_with_it);
    RUN(devices_of_an_entry);
    RUN(device_gone);
    RUN(late_answers_are_not_taken);
    RUN(overfull);
    RUN(what_is_dead_makes_room);
    RUN(log_overflow);
    RUN(random_against_a_list);
    xen_viommu_cache_free(c);
    return 0;
}
