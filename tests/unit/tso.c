/* SPDX-License-Identifier: GPL-2.0-only */
/* All interleavings under total store order, see tso.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tso.h"

#define MAX_CHOICES 4096
#define MAX_BUFFER  64
#define NOBODY      ~0u

unsigned long tso_states, tso_runs;

static const struct tso_ops *ops;

/* The choices of this run. */
static struct { unsigned int chosen, nr; } path[MAX_CHOICES];
static unsigned int nr_path, at;
static bool pruned;             /* the rest of the run is known */
static const char *wrong;

static struct buffer {
    unsigned int nr;
    struct { void *addr; uint64_t val; bool xen; } store[MAX_BUFFER];
} buffers[TSO_CPUS];

/* Who is in Xen, and who has been when the one after it came. */
static unsigned int xen_cpu = NOBODY;
static unsigned int outside[TSO_CPUS], depth;
static uint64_t xen_past;       /* what Xen has read so far, in order */

/* States that have been seen. */
static uint64_t *seen;
static size_t seen_size, seen_nr;
static uint64_t hash;

static bool say;                /* the trace of a run that goes wrong */

void tso_say(unsigned int cpu, const char *what, uint64_t val)
{
    if ( say && !pruned )
        print_message("#   cpu %u%s: %s %#" PRIx64 "\n", cpu,
                      cpu == xen_cpu ? " (Xen)" : "", what, val);
}

void tso_wrong(const char *what)
{
    if ( wrong || pruned )
        return;
    wrong = what;
    if ( say )
        print_message("#   %s\n", what);
}

/* A state's key */

void tso_hash(uint64_t val)
{
    hash = (hash ^ val) * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 29;
}

static bool insert(uint64_t key)
{
    size_t i, j;

    if ( 2 * seen_nr >= seen_size )
    {
        uint64_t *old = seen;
        size_t n = seen_size;

        seen_size = n ? 2 * n : 1 << 16;
        seen = calloc(seen_size, sizeof(*seen));
        assert_non_null(seen);
        for ( i = 0; i < n; i++ )
            if ( old[i] )
            {
                for ( j = old[i] % seen_size; seen[j];
                      j = (j + 1) % seen_size )
                    ;
                seen[j] = old[i];
            }
        free(old);
    }
    key += !key;
    for ( i = key % seen_size; seen[i]; i = (i + 1) % seen_size )
        if ( seen[i] == key )
            return false;
    seen[i] = key;
    seen_nr++;

    return true;
}

/* What Xen and the DM share, as far as a scenario uses it: in 2 words each. */
static bool tracked(const void *addr)
{
    size_t off = (const char *)addr - (const char *)ldm_slot;

    return addr == &ldm->head || addr == &ldm->floor ||
           addr == &ldm->floor_waited || addr == &ldm->busy[0] ||
           addr == &ldm->busy[1] || addr == &ldm->waited[0] ||
           addr == &ldm->waited[1] ||
           off / sizeof(*ldm_slot) == 0 || off / sizeof(*ldm_slot) == 64;
}

static bool new_state(void)
{
    const uint64_t *slot[] = { (void *)&ldm_slot[0], (void *)&ldm_slot[64] };
    unsigned int cpu, i;

    hash = 1;
    tso_hash(xen_past);
    tso_hash(xen_cpu);
    tso_hash(ldm->head);
    tso_hash(ldm->floor);
    tso_hash(ldm->floor_waited);
    for ( i = 0; i < 2; i++ )
    {
        tso_hash(ldm->busy[i]);
        tso_hash(ldm->waited[i]);
    }
    for ( i = 0; i < 8; i++ )
        tso_hash(slot[i / 4][i % 4]);
    for ( cpu = 0; cpu < TSO_CPUS; cpu++ )
    {
        tso_hash(buffers[cpu].nr);
        for ( i = 0; i < buffers[cpu].nr; i++ )
        {
            tso_hash((char *)buffers[cpu].store[i].addr - (char *)ldm);
            tso_hash(buffers[cpu].store[i].val);
        }
    }
    ops->key();

    return insert(hash);
}

/* Stores */

static void reach_memory(unsigned int cpu)
{
    struct buffer *b = &buffers[cpu];
    void *addr = b->store[0].addr;
    uint64_t val = b->store[0].val;

    assert_true(b->nr > 0);
    memmove(&b->store[0], &b->store[1], --b->nr * sizeof(b->store[0]));
    memcpy(addr, &val, sizeof(val));
    tso_say(cpu, "  ... is in memory:", val);
    ops->stored(cpu, addr, val);
}

void tso_store(unsigned int cpu, void *addr, uint64_t val)
{
    struct buffer *b = &buffers[cpu];

    assert_true(b->nr < MAX_BUFFER);
    b->store[b->nr].addr = addr;
    b->store[b->nr].val = val;
    b->store[b->nr++].xen = cpu == xen_cpu;
}

uint64_t tso_load(unsigned int cpu, const void *addr)
{
    const struct buffer *b = &buffers[cpu];
    unsigned int i;
    uint64_t val;

    for ( i = b->nr; i--; )
        if ( b->store[i].addr == addr )
            return b->store[i].val;
    memcpy(&val, addr, sizeof(val));

    return val;
}

void tso_barrier(unsigned int cpu)
{
    while ( buffers[cpu].nr )
        reach_memory(cpu);
}

/* Choices */

static unsigned int choose(unsigned int nr)
{
    if ( pruned || nr <= 1 )
        return 0;

    if ( at < nr_path )
    {
        assert_int_equal(path[at].nr, nr);
        return path[at++].chosen;
    }

    if ( say )
        return 0;
    if ( !new_state() )
    {
        pruned = true;
        return 0;
    }
    tso_states++;
    assert_true(nr_path < MAX_CHOICES);
    path[nr_path].nr = nr;
    path[nr_path++].chosen = 0;
    at++;

    return 0;
}

static bool in_xen(unsigned int cpu)
{
    unsigned int i;

    for ( i = 0; i < depth; i++ )
        if ( outside[i] == cpu )
            return true;

    return cpu == xen_cpu;
}

/*
 * Others act, as much as is chosen.  @inside: Xen, by xen_cpu, goes on after
 * that; otherwise this is all there is, and it ends when nothing is left.
 */
static void others(bool inside, bool lock_free)
{
    struct { bool store; unsigned int cpu; } can[2 * TSO_CPUS];
    unsigned int cpu, nr, n;

    for ( ; !pruned && !wrong; )
    {
        nr = 0;
        for ( cpu = 0; cpu < TSO_CPUS; cpu++ )
        {
            if ( !in_xen(cpu) && ops->can_step(cpu, lock_free) )
            {
                can[nr].store = false;
                can[nr++].cpu = cpu;
            }
            if ( buffers[cpu].nr )
            {
                can[nr].store = true;
                can[nr++].cpu = cpu;
            }
        }
        n = choose(nr + inside);
        if ( inside && !n )
            return;
        if ( !nr || pruned )
            return;
        n -= inside;
        if ( can[n].store )
            reach_memory(can[n].cpu);
        else
            ops->step(can[n].cpu);
        if ( xen_cpu == NOBODY )
            ops->look();
    }
}

/* Xen */

void tso_remember(uint64_t val)
{
    hash = xen_past;
    tso_hash(val);
    xen_past = hash + 1;
}

static uint64_t hook_read(const void *p, size_t size)
{
    const void *word = (const void *)((uintptr_t)p & ~(uintptr_t)7);
    unsigned int shift = ((uintptr_t)p & 7) * 8;
    uint64_t val;

    if ( xen_cpu == NOBODY || !tracked(word) )
    {
        val = 0;
        memcpy(&val, p, size);
        return val;
    }

    others(true, false);
    val = tso_load(xen_cpu, word) >> shift;
    if ( size < 8 )
        val &= (1ULL << (8 * size)) - 1;
    tso_remember(val);
    tso_say(xen_cpu, "reads", val);

    return val;
}

static void hook_write(void *p, size_t size, uint64_t val)
{
    unsigned int i;

    assert_int_equal(size, 8);
    if ( xen_cpu == NOBODY || !tracked(p) )
    {
        memcpy(p, &val, size);
        return;
    }

    /* What it is already, and will be, makes no difference. */
    for ( i = 0; i < buffers[xen_cpu].nr; i++ )
        if ( buffers[xen_cpu].store[i].addr == p )
            break;
    if ( i == buffers[xen_cpu].nr && !memcmp(p, &val, size) )
        return;

    tso_say(xen_cpu, p == &ldm->head ? "stores head" : "stores", val);
    tso_store(xen_cpu, p, val);
    tso_remember(2);
    others(true, false);
    /* The place before the next access is not the same as this one. */
    tso_remember(3);
}

static void hook_barrier(void)
{
    if ( xen_cpu == NOBODY )
        return;
    tso_say(xen_cpu, "barrier", 0);
    tso_barrier(xen_cpu);
    tso_remember(4);
}

static const struct harness_cpu hooks = {
    .read = hook_read, .write = hook_write, .barrier = hook_barrier,
};

/* To take the lock is a barrier, and sees what was done under it before. */
static void take_lock(unsigned int cpu)
{
    unsigned int other, i;

    tso_barrier(cpu);
    for ( other = 0; other < TSO_CPUS; other++ )
        for ( i = buffers[other].nr; i--; )
            if ( buffers[other].store[i].xen )
            {
                for ( i++; i--; )
                    reach_memory(other);
                break;
            }
}

void tso_enter(unsigned int cpu)
{
    outside[depth++] = xen_cpu;
    take_lock(cpu);
    xen_cpu = cpu;
    tso_remember(8);
}

/* All of Xen's own state that its further course can depend on. */
static void hash_xen(void)
{
    const struct viommu_ledger *ledger = viommu->ledger;
    unsigned int i;

    tso_hash(viommu->drain.position);
    tso_hash(viommu->drain.requested);
    tso_hash(viommu->drain.drained);
    for ( i = 0; i < VIOMMU_DRAIN_SLOTS; i++ )
        tso_hash(viommu->drain.slot[i].busy |
                 viommu->drain.slot[i].counted << 1 |
                 viommu->drain.slot[i].generation << 2);
    tso_hash(ledger->done);
    tso_hash(ledger->goal);
    tso_hash(ledger->floor_goal);
    tso_hash(ledger->pending.nr | ledger->scan.nr << 8 |
             !!ledger->page << 16 | ledger->floor_waited << 17 |
             ledger->tell << 18);
    for ( i = 0; i < 2; i++ )
    {
        tso_hash(ledger->waited[i]);
        tso_hash(ledger->blocked[64 * i].generation << 32 |
                 ledger->blocked[64 * i].seq);
    }
}

void tso_leave(void)
{
    tso_remember(16);
    xen_cpu = outside[--depth];
    if ( depth )
        return;
    /* How it has come to this does not matter any more. */
    hash = 2;
    hash_xen();
    xen_past = hash;
}

void tso_unlocked_point(void)
{
    tso_remember(32);
    others(true, true);
    tso_remember(33);
}

/* One run along the path, and as the first choices have it from there on. */
static void run(void)
{
    memset(buffers, 0, sizeof(buffers));
    at = 0;
    pruned = false;
    wrong = NULL;
    xen_past = depth = 0;
    xen_cpu = NOBODY;
    ops->begin();
    others(false, true);
    tso_runs++;
}

const char *tso_explore(const struct tso_ops *o, bool show)
{
    ops = o;
    tso_states = tso_runs = 0;
    nr_path = 0;
    say = false;
    harness_cpu = &hooks;
    for ( ; ; )
    {
        run();
        if ( wrong )
            break;
        while ( nr_path && path[nr_path - 1].chosen + 1 ==
                           path[nr_path - 1].nr )
            nr_path--;
        if ( !nr_path )
            break;
        path[nr_path - 1].chosen++;
    }
    free(seen);
    seen = NULL;
    seen_size = seen_nr = 0;
    if ( wrong && show )
    {
        say = true;
        run();
    }
    harness_cpu = NULL;

    return wrong;
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
