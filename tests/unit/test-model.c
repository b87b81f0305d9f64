/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest which does whatever it likes, on several CPUs, by registers or by
 * queue, and a well-behaved device model with DMA in flight, in random
 * interleavings of small steps, an invalidation in the middle of a page walk
 * included.  The DMA has no slots, so that all of it is waited for; those are in
 * test-ledger-model.c.  Checked at every step:
 *
 *   safety    no DMA makes an access with a translation that was walked before
 *             an invalidation which the guest has seen complete, unless a walk
 *             made now gives the same
 *   liveness  what waits waits for DMA in flight, and is complete once that
 *             has ended and the DM has said so; without any it is complete
 *             within the trap
 *
 * and of the queue besides: nothing is written that is not waited for, least of
 * all after the guest has seen the queue disabled.
 */
#include <inttypes.h>

#include "model.h"
#include "ref-walk.h"
#include "vtd/vtd.h"

#define NR_IOVAS 6
#define NR_DMAS  8
#define NR_GPAS  8
#define NR_CMDS  4

uint64_t model_steps;

/* The guest's view: the four things that it can wait for. */
static struct command {
    bool pending;
    uint64_t written;           /* when it asked */
} cmds[NR_CMDS];
enum { SET_ROOT, SET_TE, INV_CONTEXT, INV_IOTLB };

static bool te_wanted;
uint64_t model_covered;

static bool with_queue;

/* The DM's. */
bool model_alive;
static evtchn_port_t port;
static struct dma {
    bool active;
    unsigned int iova;
    uint64_t gpa, generation, walked;
} dmas[NR_DMAS];
static bool due;                /* the DM is to say that DMA has ended */

static uint64_t leaf_read;      /* when the walk read memory last */

static unsigned long nr_waited, nr_at_once, nr_accesses, nr_deaths, nr_races;

static uint64_t iova_of(unsigned int n)
{
    return (uint64_t)(n + 1) << 12;
}

static uint64_t rnd_gpa(void)
{
    return 0x800000 + (rnd(NR_GPAS) << 12);
}

static bool busy(unsigned int cmd)
{
    uint32_t gsts;

    switch ( cmd )
    {
    case SET_ROOT:
        return !(r32(R_GSTS) & SRTP);
    case SET_TE:
        gsts = r32(R_GSTS);
        return !(gsts & TE) == te_wanted;
    case INV_CONTEXT:
        return r64(R_CCMD) & ICC;
    default:
        return r64(R_IOTLB) & IVT;
    }
}

uint32_t model_gcmd(void)
{
    return (te_wanted ? TE : 0) | (model_queue == ON ? QIE : 0);
}

/* Whoever asks now waits for DMA in flight. */
bool model_owes(void)
{
    return model_alive && ldm->floor != XEN_VIOMMU_NO_FLOOR;
}

/* The DM has been told of DMA that is still in flight. */
bool model_told(void)
{
    return ldm->floor < fake.notify_done;
}

bool model_ring_empty(void)
{
    return viommu->drain.ring_prod == viommu->drain.ring_cons;
}

/* The guest looks. */
static void poll(unsigned int cmd)
{
    if ( !cmds[cmd].pending || busy(cmd) )
        return;

    cmds[cmd].pending = false;
    if ( cmds[cmd].written > model_covered )
        model_covered = cmds[cmd].written;
}

static void ask(unsigned int cmd)
{
    bool waits = model_owes(), told = model_told();
    unsigned int events = fake.count[FAKE_NOTIFY];
    uint64_t was = viommu->drain.requested;

    if ( cmds[cmd].pending )
        return;
    cmds[cmd].pending = true;
    cmds[cmd].written = model_steps;

    switch ( cmd )
    {
    case SET_ROOT:
        w32(R_GCMD, SRTP | model_gcmd());
        break;
    case SET_TE:
        te_wanted = !te_wanted;
        w32(R_GCMD, model_gcmd());
        break;
    case INV_CONTEXT:
        w64(R_CCMD, ICC | CIRG(1 + rnd(3)) | 1);
        break;
    case INV_IOTLB:
        w64(R_IVA, iova_of(rnd(NR_IOVAS)) | 4);
        w64(R_IOTLB, IVT | IIRG(1 + rnd(3)) | IOTLB_DID(1));
        break;
    }

    /* The queue may have more to do and take the chance. */
    assert_true(with_queue ? viommu->drain.requested > was
                           : viommu->drain.requested == was + 1);
    if ( waits )
    {
        /* Once more than needed if Xen has looked further meanwhile. */
        assert_in_range(fake.count[FAKE_NOTIFY], events + !told, events + 1);
        assert_true(busy(cmd));
        nr_waited++;
    }
    else
    {
        /* One that has died unnoticed may be told, but is not waited for. */
        if ( model_alive )
            assert_int_equal(fake.count[FAKE_NOTIFY], events);
        assert_false(busy(cmd));
        nr_at_once++;
    }
}

static void guest(void)
{
    if ( with_queue && rnd(2) )
    {
        model_guest_queue();
        return;
    }

    switch ( rnd(16) )
    {
    case 0: case 1: case 2: case 3: case 4:
        /* Remapped, unmapped or mapped; at times two at once. */
        tables_map(iova_of(rnd(NR_IOVAS)), rnd_gpa(), rnd(4) ? PRW : 0);
        break;
    case 5:
        tables_ctx(rnd(4) ? T_L4 | P : TT(2) | P, AW48 | DID(1));
        break;
    case 6: case 7: case 8:
        ask(INV_IOTLB);
        break;
    case 9:
        ask(INV_CONTEXT);
        break;
    case 10:
        ask(rnd(4) ? INV_IOTLB : rnd(2) ? SET_TE : SET_ROOT);
        break;
    default:
        poll(rnd(NR_CMDS));
        break;
    }
}

/* Between two steps of a walk the guest goes on. */
static void during_walk(uint64_t gpa, bool read)
{
    (void)gpa;

    while ( !rnd(4) )
    {
        model_steps++;
        fake.on_look = NULL;
        guest();
        fake.on_look = during_walk;
        nr_races++;
    }
    model_steps++;
    if ( read )
        leaf_read = model_steps;
}

/* What would be the answer now? */
static bool same_now(const struct dma *dma)
{
    struct ref_in in = {
        .aw = 48, .haw = 46, .root = T_ROOT, .devfn = RID,
        .iova = iova_of(dma->iova), .write = true,
    };
    struct ref_out out;

    if ( !to_vtd(viommu)->te )
        return dma->gpa == in.iova;

    out = ref_walk(&in);

    return out.ok && out.gpa == dma->gpa;
}

static void access_memory(struct dma *dma)
{
    check(dma->walked >= model_covered || same_now(dma),
          "step %" PRIu64 ": iova %#" PRIx64 " to %#" PRIx64 ", walked at %"
          PRIu64 ", invalidation of %" PRIu64 " complete", model_steps,
          iova_of(dma->iova), dma->gpa, dma->walked, model_covered);
    nr_accesses++;
}

static void set_floor(void)
{
    uint64_t floor = XEN_VIOMMU_NO_FLOOR;
    unsigned int i;

    for ( i = 0; i < NR_DMAS; i++ )
        if ( dmas[i].active && dmas[i].generation < floor )
            floor = dmas[i].generation;
    ldm->floor = floor;
}

static void end_dma(struct dma *dma)
{
    dma->active = false;
    set_floor();
    due |= ldm->floor_waited;
}

static void begin_dma(void)
{
    unsigned int n = rnd(NR_IOVAS);
    struct dma *dma = &dmas[rnd(NR_DMAS)];
    struct xen_viommu_xlat x;

    if ( dma->active )
        return;

    /* floor before the translation, which then needs no look at the log. */
    *dma = (struct dma){ .active = true, .iova = n, .generation = ldm->head };
    set_floor();

    leaf_read = model_steps;
    fake.on_look = during_walk;
    x = dm_translate(RID, iova_of(n), XEN_VIOMMU_WRITE);
    fake.on_look = NULL;
    dma->gpa = x.gpa + (iova_of(n) - x.iova);
    dma->walked = leaf_read;
    if ( x.status != XEN_VIOMMU_XLAT_OK )
        end_dma(dma);
}

static void acknowledge(void)
{
    unsigned int i;

    if ( !due )
        return;

    assert_int_equal(dm_ack(), 0);
    due = false;

    /* Whatever the guest had asked for by then it has. */
    if ( !model_owes() )
    {
        assert_true(model_ring_empty());
        for ( i = 0; i < NR_CMDS; i++ )
            assert_false(busy(i) && cmds[i].pending);
    }
}

static void attach(void)
{
    memset(dmas, 0, sizeof(dmas));
    due = false;
    fake.notify_done = 0;
    port = dm_attach();
    model_alive = true;
}

static void device_model(void)
{
    unsigned int i;

    if ( !model_alive )
    {
        if ( !rnd(8) )
            attach();
        return;
    }

    switch ( rnd(12) )
    {
    case 0: case 1:
        /* At times the devices have nothing to do. */
        if ( model_steps & 512 )
            begin_dma();
        break;
    case 2: case 3: case 4: case 5:
        i = rnd(NR_DMAS);
        if ( !dmas[i].active )
            break;
        access_memory(&dmas[i]);
        if ( rnd(2) )
            end_dma(&dmas[i]);
        break;
    case 6: case 7: case 8: case 9: case 10:
        acknowledge();
        break;
    default:
        if ( rnd(200) )
            break;
        nr_deaths++;
        model_alive = false;
        memset(dmas, 0, sizeof(dmas));
        if ( rnd(2) )
            fake_unbind(port);
        else
            assert_int_equal(viommu_detach(viommu, DM), 0);
        /* The guest's next look, or the timer, ends all waiting. */
        if ( rnd(2) )
            viommu_continue(viommu);
        for ( i = 0; i < NR_CMDS; i++ )
            assert_false(busy(i) && cmds[i].pending);
        assert_true(model_ring_empty());
    }
}

/* Who waits is being worked for: no wake-up is lost. */
static void check_progress(void)
{
    bool waiting = !model_ring_empty(), more;
    unsigned int i;

    spin_lock(&viommu->lock);
    more = viommu->fe->runnable(viommu) || viommu_drain_runnable(viommu);
    spin_unlock(&viommu->lock);

    for ( i = 0; i < VIOMMU_DRAIN_SLOTS; i++ )
        waiting |= viommu->drain.slot[i].busy;

    assert_true(fake.watching == (waiting || more));
    if ( waiting && model_alive && !due && !more )
        assert_true(ldm->floor < viommu->drain.requested && model_told());
    assert_true(viommu->drain.drained <= viommu->drain.requested);
}

/* Devices and tables come to rest: then all that was asked for is done. */
static void rest(void)
{
    unsigned int i, n;

    for ( n = 0; n < 1000; n++ )
    {
        for ( i = 0; i < NR_DMAS; i++ )
        {
            if ( !dmas[i].active )
                continue;
            access_memory(&dmas[i]);
            end_dma(&dmas[i]);
        }
        if ( model_alive )
            acknowledge();
        model_recover();
        if ( !viommu_continue(viommu) && !fake.watching &&
             !(model_queue == ON && (r32(R_FSTS) & IQE)) )
            break;
    }
    assert_false(fake.watching);
    assert_true(model_ring_empty());
    for ( i = 0; i < NR_CMDS; i++ )
        assert_false(busy(i) && cmds[i].pending);
    model_look();
    if ( model_queue == ON )
        assert_false(model_pending());
    if ( model_queue != OFF )
        assert_int_equal(r32(R_GSTS) & QIE, model_queue == ON ? QIE : 0);
}

static void interleave(bool use_queue)
{
    unsigned long n, nr = unit_env("UNIT_STEPS", 2000000);

    memset(cmds, 0, sizeof(cmds));
    model_steps = model_covered = 0;
    nr_waited = nr_at_once = nr_accesses = nr_deaths = nr_races = 0;
    with_queue = use_queue;
    model_queue_init();
    unit_seed();
    tables_create(4, 1);
    tables_enable();
    te_wanted = true;
    attach();

    for ( n = 0; n < nr; n++ )
    {
        model_steps++;
        fake.now += 100;
        if ( rnd(2) )
            guest();
        else
            device_model();
        check_progress();
        if ( !rnd(5000) )
            rest();
    }

    print_message("# %lu waited, %lu at once, %lu accesses, %lu deaths, "
                  "%lu races\n", nr_waited, nr_at_once, nr_accesses, nr_deaths,
                  nr_races);
    assert_true(nr_waited > nr / 1000 && nr_at_once > nr / 1000);
    assert_true(nr_accesses > nr / 100 && nr_races > nr / 1000);
    assert_true(nr < 100000 || nr_deaths > 10);
}

static void test_random_interleaving(void **state)
{
    (void)state;
    interleave(false);
}

static void test_random_queue(void **state)
{
    (void)state;
    interleave(true);
    model_queue_report();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        a_test(test_random_interleaving),
        a_test(test_random_queue),
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
