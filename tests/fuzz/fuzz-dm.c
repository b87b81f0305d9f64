/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hostile DM: its hypercalls, and the shared pages, whose words change
 * between two accesses of the core's.  Beside it, in slots of its own, an honest
 * device (honest.h), whose DMA the guest has to be protected from whatever the
 * other one does.  Nothing may take long, and once all is over and
 * acknowledged nothing may be left waiting.
 */
#include <stdio.h>
#include <stdlib.h>

#include "honest.h"

/*
 * As in both.c, for two calls at a time; and reads of shared memory: 5 for each
 * slot that is looked at, 2 for each that is waited for, which may be looked at
 * twice.
 */
#define MAX_WALKS        (VIOMMU_SCAN_WORK / VIOMMU_SCAN_WALK + 1)
#define MAX_LOCKED_READS (2 * (32 + 6 * MAX_WALKS))
#define MAX_SHARED_READS (2 * (5 * VIOMMU_SCAN_WORK + 4 * XEN_VIOMMU_SLOTS + 64))

#define WORDS (XEN_VIOMMU_LEDGER_FRAMES * 512)

const uint8_t *fuzz_at, *fuzz_end;

static struct seen seen;
static unsigned int shared_reads;

/* What is to happen, and before which of the reads to come. */
static struct {
    unsigned int after, what;
    uint64_t where, val;
} race[4];
static unsigned int nr_races;

_Noreturn void fuzz_failed(const char *why)
{
    printf("# %s\n", why);
    fflush(stdout);
    abort();
}

void harness_bug(const char *what, const char *file, int line)
{
    printf("# %s:%d: %s\n", file, line, what);
    fflush(stdout);
    abort();
}

static void scribble(uint64_t where, uint64_t val)
{
    uint64_t *words = (uint64_t *)host_frames, word = where % WORDS;
    bool xens = &words[word] < &host_ledger->floor ||
                (word >= 512 && word < 1024);

    if ( &words[word] == &host_ledger->busy[0] ||
         (word >= 1024 && word < 1024 + 4 * HONEST) )
        return;
    if ( xens && !honest_spoilt )
        return;
    words[word] = val;
}

/* All that another CPU can do without a hypercall. */
static void without_a_call(unsigned int what, uint64_t where, uint64_t val)
{
    switch ( what % 9 )
    {
    case 0: case 1: scribble(where, val); break;
    case 2: honest_publish(where % HONEST); break;
    case 3: honest_check(where % HONEST); break;
    case 4: honest_end(where % HONEST); break;
    case 5: honest_forget(); break;
    case 6:
        honest_end(where % HONEST);
        honest_publish(val % HONEST);
        break;
    case 7:
        /* A slot that is used, without being written. */
        host_ledger->busy[1 + where % 15] ^= 1ULL << (val % 64);
        break;
    case 8: honest_again(where % HONEST, val % NR_MAPPED); break;
    }
}

static void race_now(void)
{
    for ( unsigned int i = 0; i < nr_races; i++ )
        if ( !race[i].after-- )
        {
            typeof(race[0]) now = race[i];

            race[i] = race[--nr_races];
            without_a_call(now.what, now.where, now.val);
            return;
        }
}

static uint64_t shared_read(const void *p, size_t size)
{
    uint64_t val = 0;

    shared_reads++;
    race_now();
    memcpy(&val, p, size);

    return val;
}

static void shared_write(void *p, size_t size, uint64_t val)
{
    race_now();
    memcpy(p, &val, size);
}

static void barrier(void)
{
}

/* Memory changes where the core accesses it. */
static const struct harness_cpu cpu = { shared_read, shared_write, barrier };

/*
 * Another CPU, while the tables are walked for the DM: before one of the reads,
 * or behind the last.
 */
static void look(void)
{
    for ( unsigned int i = 0; i < nr_races; i++ )
    {
        typeof(race[0]) now = race[i];

        if ( now.what < 0x80 )
            continue;
        if ( now.after & 7 )
        {
            race[i].after--;
            continue;
        }
        race[i] = race[--nr_races];
        guest_unmap(now.where % NR_MAPPED, now.val, now.val >> 8);
        return;
    }
}

static void check(const char *what)
{
    if ( host.held )
        fuzz_failed("a lock is held");
    if ( host.locked_reads > MAX_LOCKED_READS )
        fuzz_failed(what);
    if ( shared_reads > MAX_SHARED_READS )
        fuzz_failed(what);
    if ( host.reads - host.locked_reads > 6 * XEN_VIOMMU_MAX_XLAT )
        fuzz_failed(what);
    host.locked_reads = host.reads = host.writes = shared_reads = 0;
    seen.nr_writes = seen.nr_msi = 0;
}

static void hostile_translate(void)
{
    struct xen_viommu_xlat xlat[XEN_VIOMMU_MAX_XLAT + 1] = {};
    unsigned int nr = fuzz_take(1) % 18, i;
    uint64_t generation;

    for ( i = 0; i < nr && i < 3; i++ )
    {
        xlat[i].rid = fuzz_take(1) << (fuzz_take(1) % 24);
        xlat[i].iova = fuzz_value();
        xlat[i].access = fuzz_take(1) % 5;
        xlat[i].pad[1] = !(fuzz_take(1) % 16);
    }
    viommu_translate(host.viommu, DM, xlat, nr, &generation);
}

static void attach(unsigned int what)
{
    struct xen_dm_op_viommu_attach op = {
        .version = what & 3, .flags = !(what & 0x7c),
    };

    host.alloc_error = what & 0x80 ? -ENOMEM : 0;
    if ( !viommu_attach(host.viommu, DM, &op) )
    {
        honest_dies();
        host.port[op.port] = PORT_BOUND;
        honest_attached = true;
    }
    else
        honest_attached &= host.viommu->dm.attached;
    host.alloc_error = 0;
}

/*
 * Slots by the hundred, which say what is right, or nearly: more than is looked
 * at in one go.
 */
static void many_slots(unsigned int words, uint64_t iova)
{
    for ( unsigned int n = 64; n < 64 + words % 16 * 64; n++ )
    {
        host_slots[n].iova = iova & (NR_MAPPED - 1) * 4096;
        host_slots[n].gpa = host_slots[n].iova + TARGET;
        host_slots[n].pages = NR_MAPPED - (host_slots[n].iova >> 12);
        host_slots[n].rid = RID;
        host_slots[n].did = DID;
        host_slots[n].access = 1 + (iova & 1);
        host_ledger->busy[n / 64] |= 1ULL << (n % 64);
    }
}

static void hostile_ack(void)
{
    const struct xen_dm_op_viommu_ack op = {
        .unit = fuzz_take(1) & 1, .pad = fuzz_take(1) & 1,
    };

    viommu_ack(host.viommu, DM, &op);
}

/* All DMA ends, and what is left of it is acknowledged: nobody waits. */
static void finish(void)
{
    unsigned int i;

    nr_races = 0;
    for ( i = 0; i < HONEST; i++ )
    {
        honest_publish(i);
        honest_check(i);
        honest_end(i);
    }
    for ( i = 0; i < XEN_VIOMMU_SLOTS / 64; i++ )
        host_ledger->busy[i] = 0;
    host_ledger->floor = XEN_VIOMMU_NO_FLOOR;

    for ( i = 0; i < 300 && viommu_continue(host.viommu); i++ )
        check("too much work when all is over");
    if ( i == 300 )
        fuzz_failed("there is always more");
    honest_acknowledge();
    for ( i = 0; i < 300 && viommu_continue(host.viommu); i++ )
        check("too much work when all is over");
    guest_poll();
    if ( !honest_spoilt && guest_waits() )
        fuzz_failed("all is over, and the guest still waits");
}

static void one(void)
{
    struct xen_viommu_stats stats;
    unsigned int what = fuzz_take(1), a, b;

    switch ( what % 24 )
    {
    case 0: case 1: case 2:
        a = fuzz_take(1);
        b = a % NR_MAPPED;
        honest_begin(what / 24 % HONEST, b,
                     b + 4 <= NR_MAPPED ? 1 + a / 64 : 1);
        if ( what < 120 )
            honest_publish(what / 24 % HONEST);
        if ( what < 72 )
            honest_check(what / 24 % HONEST);
        break;

    case 3: case 4: case 5: case 6: case 7: case 8:
        a = fuzz_take(1);
        without_a_call(a, what % 24 == 8 ? fuzz_take(2) : a / 8, fuzz_value());
        break;

    case 9: case 10: case 11:
        a = fuzz_take(1);
        b = fuzz_take(1);
        guest_unmap(a % NR_MAPPED, b, a / NR_MAPPED * 3);
        break;

    case 12: guest_poll(); break;
    case 13:
        if ( what & 0x80 )
            many_slots(what >> 3, fuzz_take(2));
        else
            guest_poll();
        break;
    case 14: honest_acknowledge(); break;

    case 15: case 16: case 17:
        if ( nr_races == ARRAY_SIZE(race) )
            break;
        race[nr_races].what = fuzz_take(1);
        race[nr_races].after = fuzz_take(1);
        race[nr_races].where = fuzz_take(2);
        race[nr_races++].val = fuzz_value();
        break;

    case 18:
        if ( what & 0x80 )
            viommu_tick(host.viommu);
        else
            viommu_continue(host.viommu);
        break;

    case 19: hostile_translate(); break;
    case 20: hostile_ack(); break;

    case 21:
        if ( what & 0x80 )
        {
            for ( a = 0; a < HOST_PORTS; a++ )
                if ( host.port[a] == PORT_BOUND )
                    host.port[a] = PORT_UNBOUND;
            honest_dies();
        }
        attach(fuzz_take(1));
        break;

    case 22:
        if ( what & 0x80 )
        {
            viommu_detach(host.viommu, DM);
            honest_dies();
        }
        else
            viommu_get_stats(host.viommu, &stats);
        break;

    case 23:
        if ( honest_spoilt )
        {
            guest_gives_up();
            if ( what & 0x20 )
                viommu_reset(host.viommu);
            a = fuzz_take(2) & 0xffc;
            viommu_mmio_write(host.viommu, BASE + a, what & 0x40 ? 8 : 4,
                              fuzz_value(), true);
        }
        else if ( what & 0x80 )
            finish();
        break;
    }
    check("too much work");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned int how;

    fuzz_at = data;
    fuzz_end = data + size;
    nr_races = 0;
    how = fuzz_take(1);

    if ( how & 8 )
    {
        const struct xen_domctl_viommu_create op = {
            .type = fuzz_take(1) & 3,
            .base = fuzz_value(), .flags = fuzz_take(1) & 3,
            .aw = fuzz_take(1) & 1 ? 48 : fuzz_take(1),
            .pad = { 0, !(fuzz_take(1) & 7) },
        };

        if ( viommu_frontend(&op) &&
             (op.base > 0xfffff000 || op.base & 0xfff || op.pad[1] ||
              op.flags > 2 || op.type != 1) )
            fuzz_failed("what cannot be created is");
    }

    harness_cpu = &cpu;
    host.seen = &seen;
    host_create(39, 40, 0);
    host.on_look = look;
    honest_spoilt = how & 4;
    honest_create(how & 2);
    check("creation");
    attach(how & 1 ? 5 : 6);

    while ( !fuzz_over() )
        one();
    finish();
    viommu_take_ledger(host.viommu);
    viommu_take_mirror(host.viommu);
    if ( host.held )
        fuzz_failed("a lock is held");

    return 0;
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
