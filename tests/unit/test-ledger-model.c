/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that maps, unmaps and invalidates as it likes, and a device model of
 * version 2 with many DMA in flight, in random interleavings: what other CPUs
 * may do while Xen walks for the slots, and while a translation is walked,
 * included.  An oracle knows of each DMA which invalidations cover it.
 *
 *   safety    nothing is complete as long as a DMA is in flight which it covers
 *             and which no walk made since has found where it says
 *   exactness if nothing came in between, an invalidation waits if and only if
 *             it covers a DMA that is stale, or is behind one that waits
 *   liveness  when the last such DMA has ended and, if Xen asked for that, has
 *             been acknowledged, it is complete without anybody's look
 */
#include <inttypes.h>

#include "fake-dm.h"
#include "ref-walk.h"
#include "vtd/vtd.h"

#define NR_IOVAS 7
#define NR_DMAS  16
#define NR_CMDS  2

static const uint16_t rids[] = { RID, LDM_RID2 };

static struct dma {
    bool active, waiting;       /* in a slot; ended, and asked to say so */
    bool floor;                 /* without a slot */
    unsigned int n;             /* its slot */
    struct xen_viommu_slot slot;
    uint64_t generation;        /* what it has seen of the log */
} dmas[NR_DMAS];

static struct cmd {
    bool pending;
    struct xen_viommu_log inv;
    uint64_t generation;
    uint32_t blockers;          /* DMA that it may wait for */
    uint32_t stale;             /* ... and that it has to wait for */
} cmds[NR_CMDS];

static struct entry {
    bool valid;
    uint64_t gpa, generation;
    uint16_t did;
} cache[ARRAY_SIZE(rids)][NR_IOVAS];

static bool alive;
static bool raced;              /* somebody acted while Xen was looking */
static bool racing;             /* Xen has the lock: no hypercalls */
static unsigned long nr_begun, nr_trap, nr_waited, nr_races, nr_deaths,
                     nr_again;

static uint64_t iova_of(unsigned int i)
{
    return (uint64_t)(i + 1) << 12;
}

static void change_tables(void)
{
    uint64_t iova = iova_of(rnd(NR_IOVAS));

    switch ( rnd(8) )
    {
    case 0: case 1: case 2: case 3:
        tables_map(iova, iova + 0x1000, rnd(8) ? PRW : PR);
        break;
    case 4: case 5:
        tables_map(iova, 0, 0);
        break;
    case 6:
        tables_map(iova, 0x800000 + (rnd(4) << 12), PRW);
        break;
    default:
        /* The other device: through, or as the first. */
        fake_poke(T_CTX + LDM_RID2 * 16, rnd(2) ? TT(2) | P : T_L4 | P);
        break;
    }
}

/* Would a walk now give the same for all of it, or for what @inv covers? */
static bool same_now(const struct dma *dma, const struct xen_viommu_log *inv)
{
    struct xen_viommu_slot page = dma->slot;
    unsigned int i;

    page.pages = 1;
    for ( i = 0; i < dma->slot.pages; i++, page.iova += 4096, page.gpa += 4096 )
    {
        struct ref_in in = {
            .aw = 48, .haw = 46, .root = T_ROOT, .devfn = page.rid,
            .iova = page.iova, .write = page.access & XEN_VIOMMU_WRITE,
            .read = page.access & XEN_VIOMMU_READ,
        };
        struct ref_out out;

        if ( inv && !ldm_covers(inv, &page) )
            continue;
        out = ref_walk(&in);
        if ( !out.ok || out.gpa != page.gpa || out.did != page.did )
            return false;
    }

    return true;
}

static void remap(void)
{
    unsigned int c, i;

    change_tables();
    /* A walk may have seen that what was stale is as it was. */
    for ( c = 0; c < NR_CMDS; c++ )
        for ( i = 0; i < NR_DMAS; i++ )
            if ( (cmds[c].stale >> i & 1) &&
                 same_now(&dmas[i], &cmds[c].inv) )
                cmds[c].stale &= ~(1u << i);
}

/* The device model */

static void set_floor(void)
{
    uint64_t floor = XEN_VIOMMU_NO_FLOOR;
    unsigned int i;

    for ( i = 0; i < NR_DMAS; i++ )
        if ( dmas[i].active && dmas[i].floor && dmas[i].generation < floor )
            floor = dmas[i].generation;
    ldm->floor = floor;
}

static bool acks_due(void)
{
    unsigned int i;

    for ( i = 0; i < NR_DMAS; i++ )
        if ( dmas[i].waiting )
            return true;

    return false;
}

static void acknowledge(void)
{
    unsigned int i;

    if ( racing || !acks_due() )
        return;
    assert_int_equal(dm_ack(), 0);
    while ( unit_ack_more )
        unit_ack_more = viommu_continue(viommu);
    for ( i = 0; i < NR_DMAS; i++ )
        dmas[i].waiting = false;
}

static void end_dma(struct dma *dma)
{
    uint32_t bit = 1u << (dma - dmas);
    unsigned int c;

    for ( c = 0; c < NR_CMDS; c++ )
    {
        cmds[c].blockers &= ~bit;
        cmds[c].stale &= ~bit;
    }
    dma->active = false;
    if ( dma->floor )
        set_floor();
    else
        ldm_busy(dma->n, false);
    dma->waiting = dma->floor ? ldm->floor_waited : ldm_waited(dma->n);
}

static bool slot_taken(unsigned int n)
{
    unsigned int i;

    for ( i = 0; i < NR_DMAS; i++ )
        if ( dmas[i].active && !dmas[i].floor && dmas[i].n == n )
            return true;

    return false;
}

static void during(uint64_t gpa);
static void during_walk(uint64_t gpa, bool read);

/* Looks it up; returns whether it is there. */
static bool look_up(unsigned int dev, unsigned int i)
{
    struct entry *e = &cache[dev][i];
    struct xen_viommu_xlat x;

    if ( e->valid )
        return true;
    if ( racing )
        return false;
    fake.on_look = during_walk;
    x = dm_translate(rids[dev], iova_of(i), 0);
    fake.on_look = NULL;
    if ( x.status != XEN_VIOMMU_XLAT_OK || !(x.perm & XEN_VIOMMU_WRITE) )
        return false;
    *e = (struct entry){ true, x.gpa + iova_of(i) - x.iova, dm_generation,
                         x.did };

    return true;
}

static void begin_dma(void)
{
    static const unsigned int places[] = { 0, 1, 2, 63, 64, 700, 1022, 1023 };
    unsigned int dev = rnd(ARRAY_SIZE(rids)), i = rnd(NR_IOVAS), j, n;
    struct dma *dma = &dmas[rnd(NR_DMAS)];
    struct entry *e = cache[dev];
    struct dma new = { 0 };

    n = places[rnd(ARRAY_SIZE(places))];
    if ( dma->active || dma->waiting || slot_taken(n) || !look_up(dev, i) )
        return;
    new.generation = e[i].generation;
    new.slot = (struct xen_viommu_slot){
        .iova = iova_of(i), .gpa = e[i].gpa, .pages = 1, .rid = rids[dev],
        .did = e[i].did, .access = 1 + rnd(3),
    };
    for ( j = i + 1; j < NR_IOVAS && rnd(2) && e[j].valid &&
                     e[j].gpa == e[i].gpa + ((uint64_t)(j - i) << 12) &&
                     e[j].did == e[i].did; j++ )
    {
        new.slot.pages++;
        if ( e[j].generation < new.generation )
            new.generation = e[j].generation;
    }
    new.n = n;
    new.active = true;
    new.floor = !rnd(16);
    /* It may have been used by others while this one was being walked. */
    if ( dma->active || dma->waiting || slot_taken(n) )
        return;
    *dma = new;

    if ( new.floor )
        set_floor();
    else
        ldm_publish(n, &new.slot);
    ldm_slot[XEN_VIOMMU_SLOTS - 100] = new.slot;
    if ( ldm_overtaken(new.floor ? XEN_VIOMMU_SLOTS - 100 : n,
                       new.generation) )
    {
        end_dma(dma);
        for ( j = i; j < i + new.slot.pages; j++ )
            e[j].valid = false;
        nr_again++;
        return;
    }
    dma->generation = ldm->head;
    if ( new.floor )
        set_floor();
    nr_begun++;
}

static void device_model(void)
{
    struct dma *dma = &dmas[rnd(NR_DMAS)];

    switch ( rnd(8) )
    {
    case 0: case 1:
        begin_dma();
        break;
    case 2:
        if ( dma->active )
            end_dma(dma);
        break;
    default:
        acknowledge();
        break;
    }
}

/* Other CPUs, while Xen walks: without the lock, and with it. */
static void during_walk(uint64_t gpa, bool read)
{
    void (*was)(uint64_t, bool) = fake.on_look;

    (void)gpa;
    (void)read;
    fake.on_look = NULL;
    racing = true;
    while ( !rnd(6) )
    {
        nr_races++;
        remap();
    }
    racing = false;
    fake.on_look = was;
}

static void during(uint64_t gpa)
{
    (void)gpa;
    racing = true;
    while ( !rnd(12) )
    {
        raced = true;
        nr_races++;
        if ( rnd(2) )
            remap();
        else
            device_model();
    }
    racing = false;
}

/* The guest */

static void look(void)
{
    unsigned int c;

    for ( c = 0; c < NR_CMDS; c++ )
    {
        if ( !cmds[c].pending || ldm_pending(&cmds[c].inv) )
            continue;
        cmds[c].pending = false;
        check(!cmds[c].stale, "kind %u complete, DMA %#x in flight",
              cmds[c].inv.inv, cmds[c].stale);
    }
}

/* What is pending has somebody to wait for, or is behind one that has. */
static void check_progress(void)
{
    unsigned int c, o, i;

    look();
    if ( acks_due() )
        return;
    for ( c = 0; c < NR_CMDS; c++ )
    {
        uint32_t blockers = 0;

        if ( !cmds[c].pending )
            continue;
        for ( o = 0; o < NR_CMDS; o++ )
            if ( cmds[o].pending && cmds[o].generation <= cmds[c].generation )
                blockers |= cmds[o].blockers;
        for ( i = 0; i < NR_DMAS; i++ )
            if ( (blockers >> i & 1) && dmas[i].active )
                break;
        check(i < NR_DMAS, "kind %u waits for nobody", cmds[c].inv.inv);
    }
}

static void invalidate(void)
{
    struct cmd *cmd = &cmds[rnd(NR_CMDS)];
    bool must = false, behind;
    unsigned int i;

    if ( cmd->pending )
        return;
    if ( cmd == &cmds[0] )
        switch ( rnd(4) )
        {
        case 0: cmd->inv = (struct xen_viommu_log)INV_GLOBAL; break;
        case 1: cmd->inv = (struct xen_viommu_log)INV_DOMAIN(1 + rnd(2)); break;
        default:
            i = rnd(3);
            cmd->inv = (struct xen_viommu_log)INV_RANGE(
                1 + !rnd(4), iova_of(rnd(NR_IOVAS)) & (~0ULL << (12 + i)),
                12 + i);
        }
    else if ( rnd(2) )
        cmd->inv = (struct xen_viommu_log)INV_CC_DEVICE(rids[rnd(2)], 0);
    else
        cmd->inv = (struct xen_viommu_log)INV_CC_DOMAIN(1 + rnd(2));

    for ( i = 0; i < NR_CMDS; i++ )
        must |= cmds[i].pending;
    behind = must;
    cmd->pending = true;
    cmd->generation = ldm->head + 1;
    cmd->blockers = cmd->stale = 0;
    for ( i = 0; i < NR_DMAS; i++ )
    {
        if ( dmas[i].active && ldm_covers(&cmd->inv, &dmas[i].slot) &&
             !same_now(&dmas[i], &cmd->inv) )
            cmd->stale |= 1u << i;
        if ( dmas[i].active && dmas[i].floor )
            cmd->blockers |= 1u << i;
    }
    cmd->blockers |= cmd->stale;
    must |= cmd->blockers;

    raced = behind && acks_due();
    fake.on_scan = during;
    ldm_invalidate(&cmd->inv);
    while ( unit_more )
        unit_more = viommu_continue(viommu);
    fake.on_scan = NULL;
    look();

    nr_waited += cmd->pending;
    nr_trap += !cmd->pending;
    if ( !raced )
        check(cmd->pending == must, "kind %u, blockers %#x", cmd->inv.inv,
              cmd->blockers);
    for ( i = 0; raced && i < NR_DMAS; i++ )
        /* Whoever was made stale, or began, meanwhile counts as well. */
        cmd->blockers |= (uint32_t)dmas[i].active << i;
}

static void live_and_die(void)
{
    unsigned int i;

    if ( !alive )
    {
        if ( rnd(8) )
            return;
        ldm_attach();
        alive = true;
        return;
    }
    if ( rnd(1500) )
        return;

    nr_deaths++;
    alive = false;
    memset(dmas, 0, sizeof(dmas));
    memset(cache, 0, sizeof(cache));
    for ( i = 0; i < NR_CMDS; i++ )
        cmds[i].stale = 0;
    fake_unbind(ldm_port);
    viommu_continue(viommu);
    look();
    for ( i = 0; i < NR_CMDS; i++ )
        assert_false(cmds[i].pending);
}

static void test_random(void **state)
{
    unsigned long n, nr = unit_env("UNIT_STEPS", 2000000);

    (void)state;
    memset(dmas, 0, sizeof(dmas));
    memset(cmds, 0, sizeof(cmds));
    memset(cache, 0, sizeof(cache));
    nr_begun = nr_trap = nr_waited = nr_races = nr_deaths = nr_again = 0;
    unit_seed();
    alive = true;
    for ( n = 0; n < nr; n++ )
    {
        fake.now += 100;
        switch ( rnd(8) )
        {
        case 0:
            remap();
            break;
        case 1:
            invalidate();
            break;
        case 2:
            live_and_die();
            break;
        default:
            if ( alive )
                device_model();
            break;
        }
        check_progress();
        /* Nobody else looks: no timer, no read by the guest. */
    }
    print_message("# %lu in the trap, %lu waited, %lu DMA, %lu races, "
                  "%lu begun again, %lu deaths\n", nr_trap, nr_waited,
                  nr_begun, nr_races, nr_again, nr_deaths);
    assert_true(nr_trap > nr / 1000 && nr_waited > nr / 1000);
    assert_true(nr_begun > nr / 50 && nr_races > nr / 1000);
    assert_true(nr_again > nr / 10000 && (nr < 100000 || nr_deaths > 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(test_random),
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
