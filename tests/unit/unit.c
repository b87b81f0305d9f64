/* SPDX-License-Identifier: GPL-2.0-only */
/* What the unit tests share, see unit.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

struct viommu *viommu;
uint64_t dm_generation;
uint32_t unit_flags;
bool unit_more;
bool unit_ack_more;

struct xen_viommu_ledger *ldm;
struct xen_viommu_log *ldm_log;
struct xen_viommu_slot *ldm_slot;

static struct viommu_ledger *ledger;

/* The DMA without a slot: the generations of their translations. */
static uint64_t held[256];
static unsigned int nr_held;

uint32_t unit_mirror[VIOMMU_PAGE_SIZE / 4];

/* All of the above, and what the fake host has, of the other unit. */
static struct {
    struct viommu *viommu;
    struct xen_viommu_ledger *ldm;
    struct viommu_ledger *ledger;
    struct fake fake;
    uint64_t held[ARRAY_SIZE(held)];
    unsigned int nr_held;
} other;

static void set_frames(void *frames)
{
    ldm = frames;
    ldm_log = frames ? frames + VIOMMU_PAGE_SIZE : NULL;
    ldm_slot = frames ? frames + 2 * VIOMMU_PAGE_SIZE : NULL;
}

/* Memory that has not been used before, so that what is old is not seen. */
static void give_ledger(void)
{
    char *frames = calloc(XEN_VIOMMU_LEDGER_FRAMES, VIOMMU_PAGE_SIZE);

    free(ldm);
    free(ledger);
    ledger = calloc(1, sizeof(*ledger));
    assert_true(frames && ledger);
    set_frames(frames);
    viommu_give_ledger(viommu, ledger, frames);
}

static void create(unsigned int unit, uint8_t aw, uint8_t haw)
{
    const struct xen_domctl_viommu_create op = {
        .type = XEN_VIOMMU_TYPE_VTD,
        .base = BASE + unit * VIOMMU_PAGE_SIZE,
        .flags = unit_flags,
        .aw = aw,
    };
    const struct viommu_frontend *fe = viommu_frontend(&op);

    assert_non_null(fe);

    free(viommu);
    memset(fake.port, 0, sizeof(fake.port));
    fake.watching = fake.frozen = fake.to_thaw = false;

    viommu = calloc(1, fe->size);
    assert_non_null(viommu);
    fake.viommu = viommu;
    give_ledger();
    if ( !unit )
    {
        memset(unit_mirror, 0, sizeof(unit_mirror));
        viommu_give_mirror(viommu, unit_mirror);
    }
    viommu_init(viommu, fe, NULL, unit, haw, &op);
}

void unit_replace(uint8_t aw, uint8_t haw)
{
    create(0, aw, haw);
}

#define SWAP(a, b)                                                            \
    do {                                                                      \
        __typeof__(a) swap_ = (a);                                            \
                                                                              \
        (a) = (b);                                                            \
        (b) = swap_;                                                          \
    } while ( 0 )

void unit_switch(void)
{
    struct xen_viommu_ledger *frames = ldm;
    unsigned int i;

    fake_check_unlocked();
    SWAP(viommu, other.viommu);
    SWAP(ledger, other.ledger);
    SWAP(fake, other.fake);
    SWAP(nr_held, other.nr_held);
    for ( i = 0; i < ARRAY_SIZE(held); i++ )
        SWAP(held[i], other.held[i]);
    set_frames(other.ldm);
    other.ldm = frames;
    /* There is one clock, and one memory that is not in there. */
    fake.now = other.fake.now;
}

void unit_second(void)
{
    struct fake fresh = { .now = fake.now, .max_order = fake.max_order };

    assert_null(other.viommu);
    fresh.units = fake.units = 2;
    other.fake = fresh;
    unit_switch();
    create(1, 48, 46);
}

struct viommu *unit_other(void)
{
    return other.viommu;
}

uint64_t unit_sum(void)
{
    const unsigned char *part[] = {
        (void *)viommu, (void *)ledger, (void *)ldm,
    };
    const size_t size[] = {
        viommu->fe->size, sizeof(*ledger),
        XEN_VIOMMU_LEDGER_FRAMES * VIOMMU_PAGE_SIZE,
    };
    uint64_t sum = 14695981039346656037ULL;
    unsigned int i;
    size_t n;

    for ( i = 0; i < ARRAY_SIZE(part); i++ )
        for ( n = 0; n < size[i]; n++ )
            sum = (sum ^ part[i][n]) * 1099511628211ULL;

    return sum;
}

void unit_create(uint8_t aw, uint8_t haw)
{
    fake_reset();
    unit_replace(aw, haw);
}

int unit_setup(void **state)
{
    /* What unit_run() has said. */
    unit_flags = *state ? *(const uint32_t *)*state : 0;
    unit_create(48, 46);

    return 0;
}

/* The mirror has to say what the registers say, at all times. */
static uint64_t mirrored(unsigned int off, unsigned int size, uint64_t val)
{
    if ( viommu->mirror && !(off & (size - 1)) &&
         off + size <= VIOMMU_PAGE_SIZE )
        check(!memcmp((char *)unit_mirror + off, &val, size),
              "%#x reads %#" PRIx64 ", in the mirror it is %#x %#x", off, val,
              unit_mirror[off / 4], size == 8 ? unit_mirror[off / 4 + 1] : 0);

    return val;
}

static void teardown(void)
{
    unsigned int off;

    fake_check_unlocked();

    for ( off = 0; off < VIOMMU_PAGE_SIZE; off += 4 )
        (void)r32(off);
    viommu_take_ledger(viommu);
    assert_null(viommu_take_ledger(viommu));
    viommu_take_mirror(viommu);
    assert_null(viommu_take_mirror(viommu));
    fake_check_unlocked();
    harness_cpu = NULL;

    free(viommu);
    viommu = NULL;
    free(ldm);
    set_frames(NULL);
    free(ledger);
    ledger = NULL;
}

int unit_teardown(void **state)
{
    (void)state;
    teardown();
    if ( other.viommu )
    {
        unit_switch();
        teardown();
    }
    fake_free();

    return 0;
}

int unit_run(const struct CMUnitTest *tests, size_t nr, unsigned int kinds)
{
    static struct {
        const char *suffix;
        uint32_t flags;
    } kind[] = {
        { "", 0 },
        { "_no_queue", XEN_VIOMMU_CREATE_NO_QUEUE },
        { "_intremap", XEN_VIOMMU_CREATE_INTREMAP },
    };
    struct CMUnitTest *all = calloc(kinds * nr, sizeof(*all));
    char (*name)[80] = calloc(kinds * nr, sizeof(*name));
    size_t i;
    int rc;

    assert_true(all && name && kinds <= ARRAY_SIZE(kind));
    for ( i = 0; i < kinds * nr; i++ )
    {
        all[i] = tests[i % nr];
        snprintf(name[i], sizeof(*name), "%s%s", tests[i % nr].name,
                 kind[i / nr].suffix);
        all[i].name = name[i];
        /* Tests go by it, too: NULL if the unit is the usual one. */
        all[i].initial_state = kind[i / nr].flags ? &kind[i / nr].flags : NULL;
    }
    rc = _cmocka_run_group_tests("all", all, kinds * nr, NULL, NULL);
    free(all);
    free(name);

    return rc;
}

uint32_t r32(unsigned int off)
{
    return mirrored(off, 4, viommu_mmio_read(viommu, viommu->base + off, 4, true));
}

uint64_t r64(unsigned int off)
{
    return mirrored(off, 8, viommu_mmio_read(viommu, viommu->base + off, 8, true));
}

static void write(unsigned int off, unsigned int size, uint64_t val)
{
    fake.kicked = false;
    viommu_mmio_write(viommu, viommu->base + off, size, val, true);
    unit_more = fake.kicked;
}

void w32(unsigned int off, uint32_t val)
{
    write(off, 4, val);
}

void w64(unsigned int off, uint64_t val)
{
    write(off, 8, val);
}

bool idle(void)
{
    return !(r64(R_CCMD) & ICC) && !(r64(R_IOTLB) & IVT);
}

evtchn_port_t dm_attach(void)
{
    struct xen_dm_op_viommu_attach op = { .version = XEN_VIOMMU_DM_VERSION };

    assert_int_equal(viommu_attach(viommu, DM, &op), 0);
    assert_int_equal(op.version, XEN_VIOMMU_DM_VERSION);
    fake_bind(op.port);
    nr_held = 0;

    return op.port;
}

struct xen_viommu_xlat dm_translate(uint16_t rid, uint64_t iova, uint8_t access)
{
    struct xen_viommu_xlat xlat = {
        .rid = rid, .iova = iova, .access = access,
    };

    assert_int_equal(viommu_translate(viommu, DM, &xlat, 1, &dm_generation), 0);

    return xlat;
}

int dm_ack(void)
{
    const struct xen_dm_op_viommu_ack op = {};
    int rc;

    fake.kicked = false;
    rc = viommu_ack(viommu, DM, &op);
    unit_ack_more = fake.kicked && viommu_continue(viommu);

    return rc;
}

static void set_floor(void)
{
    ldm->floor = nr_held ? held[0] : XEN_VIOMMU_NO_FLOOR;
}

void dm_hold(void)
{
    assert_true(nr_held < ARRAY_SIZE(held));
    held[nr_held++] = ldm->head;
    set_floor();
}

void dm_end(uint64_t generation)
{
    unsigned int nr = 0;

    while ( nr < nr_held && held[nr] < generation )
        nr++;
    nr_held -= nr;
    memmove(held, held + nr, nr_held * sizeof(*held));
    set_floor();
    assert_int_equal(dm_ack(), 0);
}

void dm_end_all(void)
{
    dm_end(~0ULL);
}

uint64_t unit_requested(void)
{
    return unit_stats().requested;
}

struct xen_viommu_stats unit_stats(void)
{
    struct xen_viommu_stats stats;

    viommu_get_stats(viommu, &stats);

    return stats;
}

void tables_create(unsigned int levels, uint16_t did)
{
    fake_poke(T_ROOT, T_CTX | P);
    tables_ctx((levels == 4 ? T_L4 : T_L3) | P,
               (levels == 4 ? AW48 : AW39) | DID(did));
    fake_poke(T_L4, T_L3 | PRW);
    fake_poke(T_L3, T_L2 | PRW);
    fake_poke(T_L2, T_L1 | PRW);
}

void tables_map(uint64_t iova, uint64_t gpa, uint64_t flags)
{
    assert_true(iova < 0x200000);
    fake_poke(T_L1 + (iova >> 12) * 8, gpa | flags);
}

void tables_ctx(uint64_t lo, uint64_t hi)
{
    fake_poke(T_CTX + RID * 16, lo);
    fake_poke(T_CTX + RID * 16 + 8, hi);
}

void tables_enable(void)
{
    w64(R_RTADDR, T_ROOT);
    w32(R_GCMD, SRTP);
    w32(R_GCMD, TE);
}

static uint64_t random_state;

/* xorshift64*: good enough to stumble about with, and the same everywhere. */
static uint64_t next_random(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;

    return random_state * 2685821657736338717ULL;
}

uint64_t rnd(uint64_t below)
{
    return (next_random() >> 16) % below;
}

unsigned long unit_env(const char *name, unsigned long def)
{
    const char *val = getenv(name);

    return val ? strtoul(val, NULL, 0) : def;
}

void unit_seed(void)
{
    unsigned long seed = unit_env("UNIT_SEED", 20260804);
    static bool shown;

    if ( !shown )
        print_message("# UNIT_SEED=%lu\n", seed);
    shown = true;
    random_state = seed * 2 + 1;
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
