/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks while the guest changes its tables, its memory, or its mind. */
#define _GNU_SOURCE
#include "qemu/osdep.h"
#include <signal.h>
#include <ucontext.h>
#include "walk-guest.h"

/*
 * The guest moves a device to other tables: they are used from the first walk on,
 * and with what is the domain's by then, be there an invalidation or not.
 */
static void no_context_is_kept(void)
{
    begin_test();
    know();
    set(7, (DATA + 0x7000) | RW);
    CHECK(!asks(0x7000, R, DATA + 0x7000));
    poke(0x10000, 0x11000 | RW);
    poke(0x11000, 0x12000 | RW);
    poke(0x12000, 0x13000 | RW);
    poke(0x13000 + 7 * 8, (DATA + 0x9000) | RW);
    poke(CTX + 8, 2 | 7 << 8);
    poke(CTX, 0x10000 | 1);
    CHECK(!asks(0x7000, R, DATA + 0x9000));
    end_test();
}

/* A lazy guest flushes all of a domain: what has not changed costs no question. */
static void flushes_cost_nothing(void)
{
    static const uint8_t kinds[] = {
        XEN_VIOMMU_INV_TLB_DOMAIN, XEN_VIOMMU_INV_TLB_RANGE,
        XEN_VIOMMU_INV_CONFIG_DOMAIN, XEN_VIOMMU_INV_CONFIG_DEVICE,
    };
    unsigned int i;

    begin_test();
    know();
    for (i = 0; i < ARRAY_SIZE(kinds); i++) {
        inv(kinds[i]);
        CHECK(!asks(0x5000, R, DATA + 0x5000));
    }
    CHECK(asked == 1 && maps == 6);
    end_test();
}

/* The guest gives the unit another root: it is used once that is in the log. */
static void a_root_does_not_last(void)
{
    static const uint8_t kinds[] = {
        XEN_VIOMMU_INV_CONTROL, XEN_VIOMMU_INV_CONFIG_GLOBAL,
        XEN_VIOMMU_INV_TLB_GLOBAL, XEN_VIOMMU_NR_INV,
    };
    unsigned int i;

    begin_test();
    know();
    set(7, (DATA + 0x7000) | RW);
    for (i = 0; i < ARRAY_SIZE(kinds); i++) {
        CHECK(!asks(0x7000, R, DATA + 0x7000));
        poke(root + (BUS - ROOT), 0);
        root = 0x10000 + i * 0x1000;
        poke(root + (BUS - ROOT), L(5) | 1);
        inv(kinds[i]);
        CHECK(asks(0x5000, R, DATA + 0x5000));
        /* by the new one: the old one is empty */
        CHECK(!asks(0x7000, R, DATA + 0x7000));
    }
    end_test();
}

/* An answer that says nothing of tables: there are none. */
static void a_root_goes(void)
{
    begin_test();
    know();
    format = XEN_VIOMMU_FORMAT_NONE;
    set(9, 0x412000 | RW);
    CHECK(asks(0x9000, R, 0x412000));
    set(7, (DATA + 0x7000) | RW);
    CHECK(asks(0x7000, R, DATA + 0x7000));
    end_test();
}

/* The guest has given memory away: nothing is known, and nothing kept. */
static void memory_goes(void)
{
    begin_test();
    know();
    set(9, (DATA + 0x9000) | RW);
    set(11, 0x412000 | RW);
    CHECK(asks(0xb000, R, 0x412000));
    CHECK(!asks(0xb000, W, 0x412000));
    CHECK(maps == 6);
    inv(XEN_VIOMMU_INV_TLB_GLOBAL);
    vouches = false;
    CHECK(asks(0x5000, R, DATA + 0x5000));
    CHECK(asks(0x9000, R, DATA + 0x9000));
    CHECK(asks(0xb000, R, 0x412000));
    CHECK(maps == 12 && unmaps == 6);
    end_test();
}

/* ... while Xen answers: then the answer is about what was there before. */
static void memory_goes_meanwhile(void)
{
    XenViommuUse u = XEN_VIOMMU_USE_INIT;

    begin_test();
    set(5, (DATA + 0x5000) | RW);
    set(7, (DATA + 0x7000) | RW);
    gives_away = true;
    CHECK(xen_viommu_peek(&c, RID, 0x5000, 1, R, false, 1, &u));
    vouches = false;
    CHECK(asks(0x5000, R, DATA + 0x5000));
    CHECK(asks(0x7000, R, DATA + 0x7000));
    end_test();
}

/* While a run is walked its first page is taken away. */
static unsigned int takes;

static void take_away(uint64_t gpa)
{
    if (gpa == L1B && takes) {
        takes--;
        set(511, 0x3ff000 | RW);
        fake_inv(&x, XEN_VIOMMU_INV_TLB_RANGE, DID, 511 * PAGE, 12);
    }
}

static void position_before_walk(void)
{
    XenViommuUse u = XEN_VIOMMU_USE_INIT;

    begin_test();
    know();
    set(511, (DATA + 0x10000) | RW);
    set(512, (DATA + 0x11000) | RW);
    on_map = take_away;
    takes = 1;
    CHECK(xen_viommu_begin(&c, RID, 511 * PAGE, 2 * PAGE, R, false, 1, &u));
    CHECK(takes == 0 && u.again == 1 && u.span.gpa == 0x3ff000);
    xen_viommu_end(&c, &u);
    end_test();
}

/* Another thread has the cache, and Xen. */
static void one_thread(void)
{
    begin_test();
    know();
    here = false;
    maps = unmaps = 0;
    xen_viommu_walk_release(&c.walk);
    unmaps = 0;
    set(7, (DATA + 0x7000) | RW);
    CHECK(asks(0x7000, R, DATA + 0x7000));
    CHECK(!asks(0x7000, R, DATA + 0x7000));
    CHECK(maps == 0);
    end_test();
}

/*
 * The guest replaces entries after every fourth instruction of a walk, which sees the
 * old ones or the new ones, or asks.  The processor is told to stop after each.
 */
#define TRAP_FLAG 0x100

static volatile long steps_left;
static volatile sig_atomic_t stepping;

static void step(int sig, siginfo_t *info, void *context)
{
    greg_t *flags = &((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL];

    *flags |= TRAP_FLAG;
    if (!stepping || --steps_left < 0) {
        if (stepping) {
            /* another table of pages, and domain; and another page */
            ram[CTX / 8] = 0x10000 | 1;
            ram[CTX / 8 + 1] = 2 | 9 << 8;
            ram[(L(1) + 7 * 8) / 8] = (DATA + 0x8000) | RW;
        }
        *flags &= ~(greg_t)TRAP_FLAG;
    }
    stepping &= sig == SIGTRAP && info;
}

static void at_any_moment(void)
{
    struct sigaction on = { .sa_sigaction = step, .sa_flags = SA_SIGINFO }, off;
    unsigned int seen[4] = {};
    long at, left;

    begin_test();
    know();
    poke(0x10000, 0x11000 | RW);
    poke(0x11000, 0x12000 | RW);
    poke(0x12000, 0x13000 | RW);
    poke(0x13000 + 7 * 8, (DATA + 0x9000) | RW);
    sigaction(SIGTRAP, &on, &off);
    for (at = 0, left = -1; left < 0; at += 4) {
        XenViommuPath path = {};
        XenViommuRange r;
        bool found;

        poke(CTX, L(4) | 1);
        poke(CTX + 8, 2 | DID << 8);
        set(7, (DATA + 0x7000) | R);
        /* all tables are mapped */
        if (!at) {
            poke(CTX, 0x10000 | 1);
            CHECK(xen_viommu_walk(&c.walk, c.cache, RID, 0x7000, R,
                                  &(XenViommuPath) {}, &r));
            poke(CTX, L(4) | 1);
            CHECK(xen_viommu_walk(&c.walk, c.cache, RID, 0x7000, R,
                                  &(XenViommuPath) {}, &r));
        }
        steps_left = at;
        stepping = 1;
        raise(SIGTRAP);
        found = xen_viommu_walk(&c.walk, c.cache, RID, 0x7000, R, &path, &r);
        stepping = 0;
        left = steps_left;
        if (!found) {
            seen[0]++;
        } else if (r.did == 9) {
            CHECK(r.gpa == DATA + 0x9000 && r.perm == RW);
            seen[1]++;
        } else if (r.gpa == DATA + 0x8000) {
            CHECK(r.did == DID && r.perm == RW);
            seen[2]++;
        } else {
            CHECK(r.did == DID && r.gpa == DATA + 0x7000 && r.perm == R);
            seen[3]++;
        }
    }
    sigaction(SIGTRAP, &off, NULL);
    CHECK(seen[0] && seen[1] && seen[2] && seen[3]);
    end_test();
}

/* More tables than are kept */
static void tables_take_turns(void)
{
    unsigned int i, round;

    begin_test();
    know();
    for (i = 0; i < 200; i++) {
        poke(L(2) + (2 + i) * 8, (0x20000 + i * PAGE) | RW);
        poke(0x20000 + i * PAGE, (DATA + i * PAGE) | RW);
    }
    for (round = 0; round < 3; round++) {
        for (i = 0; i < 200; i++) {
            CHECK(!asks((2ULL + i) << 21, R, DATA + i * PAGE));
            CHECK(maps - unmaps <= XEN_VIOMMU_WALK_TABLES);
        }
    }
    xen_viommu_walk_release(&c.walk);
    CHECK(maps == unmaps);
    for (i = 0; i < XEN_VIOMMU_WALK_TABLES; i++) {
        CHECK(!c.walk.table[i].host);
    }
    CHECK(!asks(0x5000, R, DATA + 0x5000));
    end_test();
}

/* Random tables, which are also each other's: the same as Xen would say. */
static void random_walks(void)
{
    static const uint64_t pages[] = {
        L(1), L(2), L(3), L(4), L1B, DATA, DATA + PAGE, 0x400000, 0x5ef000,
        MEMORY, 0x80000000,
    };
    static const unsigned int index[] = { 0, 1, 2, 255, 511 };
    const char *env = getenv("STUB_SEED");
    uint64_t seed = env ? strtoull(env, NULL, 0) : 1, walked = 0, before = 0;
    uint64_t runs = 0, at;
    unsigned int n, i, j;

#define RND(n) (((seed = seed * 6364136223846793005ULL + \
                 1442695040888963407ULL) >> 33) % (n))
    begin_test();
    for (n = 0; n < 200000; n++) {
        static XenViommuPath path;
        XenViommuRange r;
        uint64_t iova = 0;
        uint8_t access = 1 + RND(3);

        if (n % 256 == 0) {
            path = (XenViommuPath) {};
            for (i = 0; i < 5; i++) {
                for (j = 0; j < ARRAY_SIZE(index); j++) {
                    uint64_t pte = pages[RND(ARRAY_SIZE(pages))];

                    pte |= RND(6) ? RW : RND(4);
                    if (!RND(5)) {
                        pte |= PS;
                        pte &= RND(3) ? ~0x1ff000ULL : ~0ULL;
                    }
                    pte |= RND(12) ? 0 : 1ULL << RND(64);
                    poke(pages[i] + index[j] * 8, pte);
                }
            }
            levels = 3 + RND(2);
            poke(BUS, L(5) | 1);
            poke(CTX, pages[RND(5)] | 1);
            poke(CTX + 8, 1 + RND(2));
            ram[CTX / 8 + 1] |= RND(8) << 8;
            inv(RND(4) ? XEN_VIOMMU_INV_TLB_GLOBAL
                       : XEN_VIOMMU_INV_CONTROL);
        }
        for (i = 0; i < (ram[CTX / 8 + 1] & 7) + 2 + !RND(16); i++) {
            if (i && n % 256 && RND(2)) {
                iova |= before >> (12 + 9 * i) << (12 + 9 * i);
                break;
            }
            iova |= (uint64_t)index[RND(ARRAY_SIZE(index))] << (12 + 9 * i);
        }
        before = iova;
        path.end = iova + RND(4) * PAGE;
        xen_viommu_cache_sync(c.cache, &c.ledger);
        if (xen_viommu_walk(&c.walk, c.cache, RID, iova, access, &path, &r)) {
            XenViommuRange want;

            walked++;
            CHECK(xen_walk(RID, iova, &want));
            CHECK(r.gpa + (iova - r.iova) == want.gpa + (iova - want.iova));
            CHECK(r.did == want.did && r.perm == want.perm);
            CHECK(!(access & ~r.perm));
            CHECK(r.order <= want.order && r.gpa + (1ULL << r.order) <= MEMORY);
            CHECK(!((r.gpa | r.iova) & ((1ULL << r.order) - 1)));
            CHECK(iova - r.iova < 1ULL << r.order);
            runs += !!r.more;
            for (at = r.iova + PAGE; r.more; r.more -= PAGE, at += PAGE) {
                CHECK(r.order == 12 && at < path.end);
                CHECK(xen_walk(RID, at, &want) && want.perm == r.perm);
                CHECK(want.gpa + (at - want.iova) == r.gpa + (at - r.iova));
            }
        } else {
            XenViommuUse u = XEN_VIOMMU_USE_INIT;

            xen_viommu_peek(&c, RID, iova, 1, access, false, 1, &u);
            path = (XenViommuPath) {};
        }
    }
    CHECK(walked > 2000 && runs > 20);
    end_test();
}

int main(void)
{
    RUN(no_context_is_kept);
    RUN(flushes_cost_nothing);
    RUN(a_root_does_not_last);
    RUN(a_root_goes);
    RUN(memory_goes);
    RUN(memory_goes_meanwhile);
    RUN(position_before_walk);
    RUN(one_thread);
    RUN(at_any_moment);
    RUN(tables_take_turns);
    RUN(random_walks);
    return 0;
}
