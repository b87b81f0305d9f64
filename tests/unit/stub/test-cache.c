/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What does the cache find, and what must it not find? */
#include "qemu/osdep.h"
#include "xen-viommu-cache.h"
#include "test.h"

#define R  1
#define W  2
#define RW 3

static XenViommuCache c;

static void put(uint64_t gen, uint16_t rid, uint64_t iova, uint64_t gpa,
                uint8_t order, uint8_t perm)
{
    XenViommuRange r = {
        .iova = iova, .gpa = gpa, .order = order, .perm = perm,
    };

    xen_viommu_cache_insert(&c, gen, rid, &r);
}

/* The translation, or all ones if there is none. */
static uint64_t get(uint64_t gen, uint16_t rid, uint64_t iova, uint8_t access)
{
    const XenViommuRange *r = xen_viommu_cache_lookup(&c, gen, rid, iova,
                                                      access);

    return r ? r->gpa + (iova - r->iova) : UINT64_MAX;
}

static void reset(void)
{
    memset(&c, 0, sizeof(c));
}

static void empty_finds_nothing(void)
{
    reset();
    CHECK(get(0, 0, 0, 0) == UINT64_MAX);
    CHECK(get(1, 0, 0, R) == UINT64_MAX);
    /* the untouched entries look like generation 0, device 0, address 0 */
    put(0, 8, 0x5000, 0x1000, 12, RW);
    CHECK(get(0, 0, 0, 0) == UINT64_MAX);
    CHECK(get(0, 8, 0, 0) == UINT64_MAX);
}

static void page(void)
{
    reset();
    put(1, 8, 0x5000, 0x123000, 12, RW);
    CHECK(get(1, 8, 0x5000, R) == 0x123000);
    CHECK(get(1, 8, 0x5fff, W) == 0x123fff);
    CHECK(get(1, 8, 0x4fff, R) == UINT64_MAX);
    CHECK(get(1, 8, 0x6000, R) == UINT64_MAX);
    CHECK(get(1, 9, 0x5000, R) == UINT64_MAX);
    CHECK(get(1, 8, 0x8000000000005000ULL, R) == UINT64_MAX);
}

static void generation_drops_all(void)
{
    reset();
    put(1, 8, 0x5000, 0x123000, 12, RW);
    put(1, 8, 0x200000, 0x800000, 21, RW);
    CHECK(get(2, 8, 0x5000, R) == UINT64_MAX);
    put(2, 8, 0x6000, 0x7000, 12, R);
    CHECK(get(2, 8, 0x5000, R) == UINT64_MAX);
    CHECK(get(2, 8, 0x200000, R) == UINT64_MAX);
    CHECK(get(2, 8, 0x6000, R) == 0x7000);
    put(2, 8, 0x5000, 0x9000, 12, RW);
    CHECK(get(2, 8, 0x5000, R) == 0x9000);
}

static void permission(void)
{
    reset();
    put(1, 8, 0x5000, 0x1000, 12, R);
    CHECK(get(1, 8, 0x5000, R) == 0x1000);
    CHECK(get(1, 8, 0x5000, W) == UINT64_MAX);
    CHECK(get(1, 8, 0x5000, RW) == UINT64_MAX);
    CHECK(get(1, 8, 0x5000, 0) == 0x1000);
    put(1, 8, 0x5000, 0x1000, 12, RW);
    CHECK(get(1, 8, 0x5000, W) == 0x1000);
}

static void sizes_side_by_side(void)
{
    reset();
    put(1, 8, 0x40000000, 0x80000000, 30, RW);
    put(1, 8, 0x200000, 0x600000, 21, RW);
    put(1, 8, 0x1000, 0x2000, 12, RW);
    CHECK(get(1, 8, 0x7fffffff, R) == 0xbfffffff);
    CHECK(get(1, 8, 0x3fffff, R) == 0x7fffff);
    CHECK(get(1, 8, 0x1abc, R) == 0x2abc);
    CHECK(get(1, 8, 0x80000000, R) == UINT64_MAX);
}

static void everything(void)
{
    reset();
    put(1, 8, 0, 0, 64, RW);
    CHECK(get(1, 8, 0, W) == 0);
    CHECK(get(1, 8, 0xfee00000, R) == 0xfee00000);
    CHECK(get(1, 8, UINT64_MAX - 1, R) == UINT64_MAX - 1);
    CHECK(get(1, 9, 0, R) == UINT64_MAX);
    put(2, 8, 0x1000, 0x2000, 12, RW);
    CHECK(get(2, 8, 0x3000, R) == UINT64_MAX);
    put(3, 8, 1ULL << 63, 0, 63, RW);
    CHECK(get(3, 8, (1ULL << 63) + 5, R) == 5);
    CHECK(get(3, 8, 5, R) == UINT64_MAX);
}

/* Far more ranges than there is room for: forgetting is fine, lying is not. */
static void overfull(void)
{
    uint64_t i, found = 0, n = 4 * XEN_VIOMMU_CACHE_SETS *
                               XEN_VIOMMU_CACHE_WAYS;

    reset();
    for (i = 0; i < n; i++) {
        put(1, 8, i << 12, (i * 3) << 12, 12, RW);
        CHECK(get(1, 8, i << 12, R) == (i * 3) << 12);
    }
    for (i = 0; i < n; i++) {
        uint64_t gpa = get(1, 8, i << 12, R);

        CHECK(gpa == UINT64_MAX || gpa == (i * 3) << 12);
        found += gpa != UINT64_MAX;
    }
    /* a run of pages uses all of it */
    CHECK(found == n / 4);
}

int main(void)
{
    RUN(empty_finds_nothing);
    RUN(page);
    RUN(generation_drops_all);
    RUN(permission);
    RUN(sizes_side_by_side);
    RUN(everything);
    RUN(overfull);
    return 0;
}
