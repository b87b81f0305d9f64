/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest with tables in its memory, of which the stub has pointers, and a Xen that
 * walks them, for the tests of walks.
 */
#include "fake-xen.h"
#include "test.h"

#define R  XEN_VIOMMU_READ
#define W  XEN_VIOMMU_WRITE
#define RW (R | W)
#define PS 0x80ULL

/* The guest's memory: whole blocks of 2M but the last, which lacks its end. */
#define MEMORY  0x5f0000ULL
#define RID     0x508
#define DID     3
/* Tables, by level; and others.  Level 5 is the context table. */
#define L(n)    (0x1000ULL * (n))
#define L1B     0x8000ULL
#define ROOT    0x9000ULL
#define BUS     (ROOT + 16 * (RID >> 8))
#define CTX     (L(5) + 16 * (RID & 255))
#define DATA    0x200000ULL

static FakeXen x;
static XenViommuClient c;
static uint64_t ram[MEMORY / 8];

/* What Xen knows, and what it says. */
static uint64_t root, asked, faults;
static unsigned int levels, format;
static bool vouches, gives_away;
/* The stub's side. */
static unsigned int maps, unmaps;
static bool here;
static uint64_t not_ram;
static void (*on_map)(uint64_t gpa);

static inline void poke(uint64_t gpa, uint64_t val)
{
    __atomic_store_n(&ram[gpa / 8], val, __ATOMIC_RELEASE);
}

/* Slow, obvious, and of its own: bit by bit from the header's words. */
static inline bool xen_walk(uint16_t rid, uint64_t iova, XenViommuRange *r)
{
    uint64_t at = root + 16 * (rid >> 8), table, pte = 0, size;
    unsigned int level;
    uint16_t did;
    uint8_t perm = RW;

    if (at >= MEMORY || (ram[at / 8] & ~0xffffffffff000) != 1 ||
        ram[at / 8 + 1]) {
        return false;
    }
    at = (ram[at / 8] & 0xffffffffff000) + 16 * (rid & 255);
    if (at >= MEMORY || (ram[at / 8] & 0xfff0000000000ffd) != 1 ||
        (ram[at / 8 + 1] & ~0xffff7fULL)) {
        return false;
    }
    table = ram[at / 8] & 0xffffffffff000;
    level = (ram[at / 8 + 1] & 7) + 2;
    did = ram[at / 8 + 1] >> 8;
    if (level < 3 || level > levels || iova >> (9 * level + 12)) {
        return false;
    }
    for (; level; level--) {
        at = table + (iova >> (9 * level + 3) & 511) * 8;
        size = 1ULL << (9 * level + 3);
        if (at >= MEMORY) {
            return false;
        }
        pte = ram[at / 8];
        perm &= pte;
        if (!perm || (pte >> 62 & 1)) {
            return false;
        }
        if (level > 1 && (pte & PS)) {
            if (level > 3 || (pte & 0xffffffffff000 & (size - 1))) {
                return false;
            }
            break;
        }
        if (level > 1) {
            table = pte & 0xffffffffff000;
        }
    }
    size = 1ULL << (9 * MAX(level, 1) + 3);
    *r = (XenViommuRange) {
        .iova = iova & ~(size - 1), .gpa = pte & 0xffffffffff000, .did = did,
        .order = 9 * MAX(level, 1) + 3, .perm = perm,
    };
    return true;
}

static inline int translate(void *opaque, struct xen_viommu_xlat *xlat,
                     unsigned int nr, uint64_t *generation)
{
    unsigned int i;

    CHECK(opaque == &x);
    asked++;
    *generation = fake_ledger(&x)->head;
    for (i = 0; i < nr; i++) {
        uint64_t iova = xlat[i].iova, gpa;
        uint8_t access = xlat[i].access;
        uint16_t rid = xlat[i].rid;
        XenViommuRange r;

        xlat[i] = (struct xen_viommu_xlat) {
            .iova = iova, .rid = rid, .status = XEN_VIOMMU_XLAT_FAULT, .reason = 6,
        };
        if (!xen_walk(xlat[i].rid, iova, &r) || (access & ~r.perm)) {
            faults += !!access;
            continue;
        }
        gpa = r.gpa + (iova - r.iova);
        if (gpa >= MEMORY) {
            xlat[i].status = XEN_VIOMMU_XLAT_BLOCKED;
            continue;
        }
        /* what the p2m has been looked at for */
        xlat[i].order = gpa < (MEMORY & ~0x1fffffULL) ? 21 : 12;
        xlat[i].block = vouches ? xlat[i].order : 0;
        xlat[i].order = MIN(xlat[i].order, r.order);
        xlat[i].iova = iova & -(1ULL << xlat[i].order);
        xlat[i].gpa = gpa & -(1ULL << xlat[i].order);
        xlat[i].did = r.did;
        xlat[i].perm = r.perm;
        xlat[i].status = XEN_VIOMMU_XLAT_OK;
        xlat[i].format = format;
        xlat[i].levels = levels;
        xlat[i].root = root;
    }
    if (gives_away) {
        gives_away = false;
        fake_inv(&x, XEN_VIOMMU_INV_TLB_GLOBAL, 0, 0, 0);
    }
    return 0;
}

static inline const uint64_t *map(void *opaque, uint64_t gpa)
{
    CHECK(opaque == &x);
    if (on_map) {
        on_map(gpa);
    }
    if (gpa >= MEMORY || gpa == not_ram) {
        return NULL;
    }
    maps++;
    return &ram[gpa / 8];
}

static inline void unmap(void *opaque, const uint64_t *host)
{
    CHECK(opaque == &x && host >= ram && host < ram + MEMORY / 8);
    unmaps++;
}

static inline bool may(void *opaque)
{
    CHECK(opaque == &x);
    return here;
}

static inline void begin_test(void)
{
    unsigned int level;

    fake_init(&x, &c);
    memset(ram, 0, sizeof(ram));
    asked = faults = maps = unmaps = 0;
    not_ram = ~0ULL;
    on_map = NULL;
    here = vouches = true;
    format = XEN_VIOMMU_FORMAT_VTD;
    levels = 4;
    root = ROOT;
    poke(BUS, L(5) | 1);
    poke(CTX, L(4) | 1);
    poke(CTX + 8, 2 | DID << 8);
    for (level = 4; level > 1; level--) {
        poke(L(level), L(level - 1) | RW);
    }
    poke(L(2) + 8, L1B | RW);
    c.translate = translate;
    c.walk.map = map;
    c.walk.unmap = unmap;
    c.walk.may = may;
    c.walk.opaque = &x;
}

static inline void end_test(void)
{
    unsigned int i;

    for (i = 0; i < XEN_VIOMMU_SLOT_WORDS; i++) {
        CHECK(!fake_ledger(&x)->busy[i]);
    }
    fake_end(&x, &c);
    CHECK(maps == unmaps);
}

/* A page of the first table, and of the one behind it. */
static inline void set(unsigned int page, uint64_t pte)
{
    poke((page < 512 ? L(1) : L1B) + page % 512 * 8, pte);
}

static inline void inv(uint8_t kind)
{
    struct xen_viommu_log e = { .inv = kind, .did = DID, .rid = RID };

    fake_log(&x, &e);
}

static inline uint64_t dma(uint64_t iova, uint8_t access)
{
    XenViommuUse u = XEN_VIOMMU_USE_INIT;
    uint64_t gpa;

    if (!xen_viommu_begin(&c, RID, iova, 1, access, false, 1, &u)) {
        return 0;
    }
    CHECK(u.span.did == ram[CTX / 8 + 1] >> 8 && u.span.access == access);
    CHECK(fake_slot(&x, 0)->did == u.span.did);
    gpa = u.span.gpa;
    xen_viommu_end(&c, &u);
    return gpa;
}

/* Was Xen asked meanwhile? */
static inline bool asks(uint64_t iova, uint8_t access, uint64_t gpa)
{
    uint64_t before = asked;

    CHECK(dma(iova, access) == gpa);
    CHECK(asked - before <= 1);
    return asked != before;
}

/* The first answer says all, be it about another page. */
static inline void know(void)
{
    set(5, (DATA + 0x5000) | RW);
    CHECK(asks(0x5000, R, DATA + 0x5000));
    CHECK(!asks(0x5000, R, DATA + 0x5000));
}
