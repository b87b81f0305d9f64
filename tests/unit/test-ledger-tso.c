/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger's barriers: every interleaving, under total store order, of
 * invalidations by the guest with DMA by a device model's threads, see tso.h.
 * Checked at every step:
 *
 *   safety    no access reaches memory by a translation which an invalidation
 *             that is complete has taken away
 *   promptness an invalidation which is not complete has a DMA to wait for
 *             that uses what it has taken away and has not ended; so that no
 *             wake-up is lost, and nothing is waited for that has seen the log
 *
 * The guest looks only at memory: no look of its own makes Xen look again.
 * That the device model's own barriers are needed is checked as well.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tso.h"
#include "vtd/vtd.h"

#define NR_THREADS 2
#define NR_VALUES  4

/* A scenario, and what is wrong with its device model. */
static struct scenario {
    const char *name;
    unsigned int threads, dmas; /* for each thread */
    bool cached;                /* a thread has translated at the beginning */
    bool floor;                 /* thread 0 has no slot */
    unsigned int nr_values;     /* how often the guest changes the page */
    uint64_t value[NR_VALUES];  /* what it is then: where it goes, 0: nowhere */
    bool other;                 /* DMA after the first is to another page */
    bool no_barrier_a, no_barrier_b, no_check, no_look, seq_stays;
} scenario;

/* The guest's: the page has been value[now], of which it said so up to said. */
static unsigned int now, said;

static struct thread {
    unsigned int pc, dmas;
    bool valid;                 /* its translation, in the cache */
    uint64_t gpa, generation;
    bool again;                 /* what it used has been invalidated */
    uint64_t head;
} thread[NR_THREADS];

#define OTHER_GPA 0x3000ULL     /* of 2000h */

/* What an access goes to; one word for each thread. */
static uint64_t data[NR_THREADS];

/* Steps of a thread, in the words of public/hvm/viommu.h. */
enum {
    LOOK_UP, IOVA, GPA, PAGES, IDS, BUSY, BARRIER_A, READ_HEAD, READ_LOG,
    ACCESS, FREE, BARRIER_B, READ_WAITED, ACK, DONE,
};

static void *saved_viommu, *saved_frames, *saved_ledger;
static struct fake saved_fake;

#define SHARED_SIZE (3 * VIOMMU_PAGE_SIZE)

static void save(void)
{
    unsigned int n;

    /* What is in the log behind the head covers nothing. */
    for ( n = ldm->head; n < XEN_VIOMMU_LOG_ENTRIES; n++ )
        ldm_log[n] = (struct xen_viommu_log)INV_DOMAIN(99);

    saved_viommu = malloc(viommu->fe->size);
    saved_frames = malloc(SHARED_SIZE);
    saved_ledger = malloc(sizeof(*viommu->ledger));
    memcpy(saved_viommu, viommu, viommu->fe->size);
    memcpy(saved_frames, ldm, SHARED_SIZE);
    memcpy(saved_ledger, viommu->ledger, sizeof(*viommu->ledger));
    saved_fake = fake;
}

static void begin(void)
{
    unsigned int n;

    memcpy(viommu, saved_viommu, viommu->fe->size);
    memcpy(ldm, saved_frames, SHARED_SIZE);
    memcpy(viommu->ledger, saved_ledger, sizeof(*viommu->ledger));
    fake = saved_fake;
    fake_trace();
    memset(thread, 0, sizeof(thread));
    memset(data, 0, sizeof(data));
    now = said = 0;
    tables_map(0x1000, scenario.value[0], PRW);
    for ( n = 0; n < scenario.threads; n++ )
    {
        thread[n].valid = scenario.cached;
        thread[n].gpa = scenario.value[0];
        thread[n].generation = ldm->head;
    }
    for ( ; n < NR_THREADS; n++ )
        thread[n].pc = DONE;
}

static bool complete(void)
{
    return !(vtd_get64(to_vtd(viommu), R_IOTLB) & IVT);
}

/* May an access that begins now go to @gpa, for all that is complete? */
static bool allowed(uint64_t gpa)
{
    unsigned int n = complete() ? said : said - !!said;

    if ( scenario.other && gpa == OTHER_GPA )
        return true;
    for ( ; n <= now; n++ )
        if ( scenario.value[n] && scenario.value[n] == gpa )
            return true;

    return false;
}

/* Is it of those that the latest invalidation has taken away? */
static bool taken_away(uint64_t gpa)
{
    unsigned int n;

    if ( scenario.other && gpa == OTHER_GPA )
        return false;
    for ( n = said; n <= now; n++ )
        if ( scenario.value[n] == gpa )
            return false;

    return true;
}

static void stored(unsigned int cpu, const void *addr, uint64_t val)
{
    (void)cpu;
    if ( addr >= (void *)data && addr < (void *)(data + NR_THREADS) &&
         !allowed(val) )
        tso_wrong("access after the invalidation is complete");
}

static void check_prompt(void)
{
    unsigned int n;

    if ( complete() )
        return;
    for ( n = 0; n < scenario.threads; n++ )
        if ( thread[n].pc > LOOK_UP && thread[n].pc < DONE &&
             taken_away(thread[n].gpa) )
            return;
    tso_wrong("waits for nothing");
}

static void key(void)
{
    unsigned int n;

    tso_hash(now * 16 + said);
    for ( n = 0; n < scenario.threads; n++ )
    {
        tso_hash(thread[n].pc | thread[n].dmas << 8 | thread[n].valid << 16 |
                 thread[n].again << 17);
        tso_hash(thread[n].gpa);
        tso_hash(thread[n].generation << 32 | thread[n].head);
    }
}

/* The guest: changes the page, says so, waits, and changes it again. */
static bool guest_can(bool lock_free)
{
    if ( now > said )
        return lock_free;

    return now + 1 < scenario.nr_values && complete();
}

static void guest(void)
{
    static const struct xen_viommu_log inv = INV_RANGE(1, 0x1000, 12);

    if ( now == said )
    {
        now++;
        tso_say(0, "maps the page to", scenario.value[now]);
        tables_map(0x1000, scenario.value[now],
                   scenario.value[now] ? PRW : 0);
        return;
    }
    tso_enter(0);
    said = now;
    tso_say(0, "invalidates", said);
    ldm_invalidate(&inv);
    tso_leave();
}

static void during_walk(uint64_t gpa, bool read)
{
    (void)gpa;
    (void)read;
    tso_unlocked_point();
    tso_remember(scenario.value[now]);
}

static void look_up(unsigned int cpu, struct thread *t)
{
    void (*was)(uint64_t, bool) = fake.on_look;
    struct xen_viommu_xlat xlat;

    /* Another page, which is not touched. */
    if ( scenario.other && t->dmas )
    {
        t->gpa = OTHER_GPA;
        t->pc = IOVA;
        return;
    }

    if ( !t->valid )
    {
        tso_enter(cpu);
        fake.on_look = during_walk;
        xlat = dm_translate(RID, 0x1000, 0);
        fake.on_look = was;
        tso_leave();
        t->gpa = xlat.gpa;
        t->generation = dm_generation;
        if ( xlat.status != XEN_VIOMMU_XLAT_OK )
        {
            t->pc = ++t->dmas < scenario.dmas ? LOOK_UP : DONE;
            return;
        }
        t->valid = true;
    }
    t->pc = scenario.floor && cpu == 1 ? BUSY : IOVA;
    t->again = false;
    tso_say(cpu, "uses", t->gpa);
}

/* Is the translation taken away by an entry of the log? */
static bool overtaken(const struct thread *t)
{
    uint64_t n;

    if ( scenario.other && t->dmas )
        return false;

    for ( n = t->generation; n < t->head; n++ )
        if ( ldm_covers(&ldm_log[n % XEN_VIOMMU_LOG_ENTRIES], &ldm_usual) )
            return true;

    return false;
}

static void end_dma(struct thread *t)
{
    t->dmas += !t->again;
    t->pc = t->dmas < scenario.dmas ? LOOK_UP : DONE;
}

static void device_model(unsigned int cpu)
{
    static const uint64_t *const usual = (const uint64_t *)&ldm_usual;
    struct thread *t = &thread[cpu - 1];
    unsigned int n = 64 * (cpu - 1);
    uint64_t *slot = (uint64_t *)&ldm_slot[n];
    bool floor = scenario.floor && cpu == 1;
    void *busy = floor ? &ldm->floor : &ldm->busy[n / 64];
    void *waited = floor ? &ldm->floor_waited : &ldm->waited[n / 64];
    struct xen_dm_op_viommu_ack ack = { 0 };

    switch ( t->pc )
    {
    case LOOK_UP:
        look_up(cpu, t);
        return;
    case IOVA:
        tso_store(cpu, &slot[0], scenario.other && t->dmas ? 0x2000
                                                             : usual[0]);
        break;
    case GPA:
        tso_store(cpu, &slot[1], t->gpa);
        break;
    case PAGES:
        /* With seq in the upper half. */
        tso_store(cpu, &slot[2], (tso_load(cpu, &slot[2]) & ~0xffffffffULL) +
                                 (scenario.seq_stays ? 0 : 1ULL << 32) + 1);
        break;
    case IDS:
        tso_store(cpu, &slot[3], usual[3]);
        break;
    case BUSY:
        tso_store(cpu, busy, floor ? t->generation : 1);
        break;
    case BARRIER_A:
        if ( !scenario.no_barrier_a )
            tso_barrier(cpu);
        break;
    case READ_HEAD:
        t->head = tso_load(cpu, &ldm->head);
        tso_say(cpu, "reads head", t->head);
        break;
    case READ_LOG:
        /* What it has not seen yet, which nobody writes a second time. */
        t->again = overtaken(t);
        if ( !scenario.no_check && t->again )
        {
            tso_say(cpu, "begins again", 0);
            t->valid = false;
            t->pc = FREE;
            return;
        }
        t->generation = t->head;
        break;
    case ACCESS:
        tso_say(cpu, "accesses", t->gpa);
        tso_store(cpu, &data[cpu - 1], t->gpa);
        break;
    case FREE:
        tso_say(cpu, "frees", 0);
        tso_store(cpu, busy, floor ? XEN_VIOMMU_NO_FLOOR : 0);
        break;
    case BARRIER_B:
        if ( !scenario.no_barrier_b )
            tso_barrier(cpu);
        break;
    case READ_WAITED:
        if ( tso_load(cpu, waited) && !scenario.no_look )
            break;
        end_dma(t);
        return;
    case ACK:
        tso_say(cpu, "acknowledges", 0);
        tso_enter(cpu);
        assert_int_equal(viommu_ack(viommu, DM, &ack), 0);
        tso_leave();
        end_dma(t);
        return;
    }
    t->pc++;
}

static bool can_step(unsigned int cpu, bool lock_free)
{
    const struct thread *t;

    if ( !cpu )
        return guest_can(lock_free);
    t = &thread[cpu - 1];
    if ( (t->pc == LOOK_UP && !t->valid) || t->pc == ACK )
        return lock_free;

    return t->pc != DONE;
}

static void step(unsigned int cpu)
{
    if ( cpu )
        device_model(cpu);
    else
        guest();
}

static const struct tso_ops ops = {
    .begin = begin, .can_step = can_step, .step = step, .stored = stored,
    .look = check_prompt, .key = key,
};

/* @want: what is to go wrong, or NULL. */
static void explore(const struct scenario *s, const char *want)
{
    const char *wrong;

    scenario = *s;
    /* It would have to be saved and begun again as well. */
    viommu_take_mirror(viommu);
    save();
    wrong = tso_explore(&ops, !want);
    begin();
    free(saved_viommu);
    free(saved_frames);
    free(saved_ledger);
    print_message("# %s: %lu choices, %lu runs%s%s\n", s->name, tso_states,
                  tso_runs, wrong ? ": " : "", wrong ?: "");
    check(!wrong == !want && (!want || !strcmp(wrong, want)), "%s: %s",
          s->name, wrong ?: "nothing is wrong");
}

#define A 0x2000ULL
#define B 0x3000ULL

static void test_cached(void **state)
{
    (void)state;
    explore(&(struct scenario){ "one DMA", 1, 1, true, false, 2, { A, 0 } },
            NULL);
    explore(&(struct scenario){ "one DMA, remapped", 1, 1, true, false, 2,
                                { A, B } }, NULL);
}

static void test_translates(void **state)
{
    (void)state;
    explore(&(struct scenario){ "translates first", 1, 1, false, false, 2,
                                { A, B } }, NULL);
    explore(&(struct scenario){ "translates again", 1, 2, false, false, 3,
                                { A, B, A } }, NULL);
}

static void test_reuse(void **state)
{
    (void)state;
    explore(&(struct scenario){ "slot used again", 1, 2, true, false, 2,
                                { A, B } }, NULL);
    explore(&(struct scenario){ "slot used for another page", 1, 2, true, false,
                                2, { A, 0 }, true }, NULL);
}

static void test_two_invalidations(void **state)
{
    (void)state;
    explore(&(struct scenario){ "invalidated twice", 1, 2, true, false, 3,
                                { A, B, 0 } }, NULL);
    explore(&(struct scenario){ "there and back", 1, 2, true, false, 3,
                                { A, B, A } }, NULL);
}

static void test_two_threads(void **state)
{
    (void)state;
    /* Not for each mutant. */
    if ( unit_env("UNIT_STEPS", 100000) < 100000 )
        return;
    explore(&(struct scenario){ "two threads", 2, 1, true, false, 2, { A, 0 } },
            NULL);
}

static void test_floor(void **state)
{
    (void)state;
    explore(&(struct scenario){ "no slot", 1, 2, true, true, 2, { A, B } },
            NULL);
    explore(&(struct scenario){ "one with a slot, one without", 2, 1, true,
                                true, 2, { A, 0 } }, NULL);
}

/* By hand: takes minutes. */
static void test_large(void **state)
{
    (void)state;
    if ( unit_env("UNIT_STEPS", 0) < 10000000 )
        return;
    explore(&(struct scenario){ "two threads, invalidated twice", 2, 1, true,
                                false, 3, { A, B, 0 } }, NULL);
    explore(&(struct scenario){ "two threads, two DMAs", 2, 2, true, false, 2,
                                { A, B } }, NULL);
}

#define EARLY "access after the invalidation is complete"
#define LATE  "waits for nothing"

/* Each step of the device model is there for a reason. */
static void test_each_step_counts(void **state)
{
    const struct scenario good = { "", 1, 2, true, false, 2, { A, B } };
    struct scenario bad;

    (void)state;
    bad = good;
    bad.name = "without barrier 3";
    bad.no_barrier_a = true;
    explore(&bad, EARLY);
    bad = good;
    bad.name = "without step 4";
    bad.no_check = true;
    explore(&bad, EARLY);
    bad = good;
    bad.name = "without barrier 7";
    bad.no_barrier_b = true;
    explore(&bad, LATE);
    bad = good;
    bad.name = "without step 8";
    bad.no_look = true;
    explore(&bad, LATE);
    bad = good;
    bad.name = "without barrier 3, no slot";
    bad.floor = bad.no_barrier_a = true;
    explore(&bad, EARLY);
    bad.name = "without barrier 7, no slot";
    bad.no_barrier_a = false;
    bad.no_barrier_b = true;
    explore(&bad, LATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(test_cached),
        world_test(test_translates),
        world_test(test_reuse),
        world_test(test_two_invalidations),
        world_test(test_two_threads),
        world_test(test_floor),
        world_test(test_large),
        world_test(test_each_step_counts),
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
