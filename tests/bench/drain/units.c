/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Units side by side, in native time: each has a thread that is its device and its
 * guest in turn.  A round is a DMA begun and ended, and an invalidation of a page
 * that no device uses.
 *
 *   units   rounds a second of all threads: each with a unit of its own, or all
 *           with the same one; and CPU time of a round, which does not depend on
 *           who else wants the CPUs.  "linear" is the rate by as many times that
 *           of one thread; "cpu_linear" the CPU time of one by that of these.
 *           More threads than CPUs share them, which "linear" is no measure of.
 *           One thread with several units uses them in turn.
 *
 * One JSON line each, with the median of all runs.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "torture.h"
#include "xen-viommu-client.h"

#define BASE    0xfed90000ULL
#define DM      7
#define RID     0x18
#define DID     1
#define ROOT    0x1000ULL
#define CTX     0x2000ULL
#define TABLE(level) (0x3000ULL + (level) * 0x1000)
#define LEAF    0x10000ULL
#define DATA    0x800000ULL

enum { GCMD = 0x18, RTADDR = 0x20, IVA = 0xf0, IOTLB = 0xf8 };
enum { ROUNDS = 1000000, RUNS = 7, PAGES = 512, WARM = 1000 };

/* All of a unit, on cache lines of its own. */
struct unit {
    struct viommu *viommu;
    XenViommuClient client;
    void *frames;
} __attribute__((aligned(256)));

static struct unit units[XEN_VIOMMU_MAX_UNITS];

static void set(uint64_t gpa, uint64_t val)
{
    __atomic_store_n(&torture_ram[gpa / 8], val, __ATOMIC_RELEASE);
}

static int translate(void *opaque, struct xen_viommu_xlat *xlat,
                     unsigned int nr, uint64_t *generation)
{
    struct unit *unit = opaque;

    return viommu_translate(unit->viommu, DM, xlat, nr, generation);
}

static void tell(void *opaque)
{
    static const struct xen_dm_op_viommu_ack op;
    struct unit *unit = opaque;

    if ( viommu_ack(unit->viommu, DM, &op) )
        abort();
}

static void reg(struct unit *unit, unsigned int off, unsigned int size,
                uint64_t val)
{
    viommu_mmio_write(unit->viommu, unit->viommu->base + off, size, val, true);
}

static void create(unsigned int n)
{
    const struct xen_domctl_viommu_create op = {
        .type = XEN_VIOMMU_TYPE_VTD, .base = BASE + n * 4096, .aw = 48,
    };
    struct xen_dm_op_viommu_attach attach = { .version = XEN_VIOMMU_DM_VERSION };
    const struct viommu_frontend *fe = viommu_frontend(&op);
    size_t size = (fe->size + 4095) & ~4095ul;
    size_t ledger = (sizeof(struct viommu_ledger) + 4095) & ~4095ul;
    struct unit *unit = &units[n];

    unit->frames = aligned_alloc(4096, XEN_VIOMMU_LEDGER_FRAMES * 4096);
    memset(unit->frames, 0, XEN_VIOMMU_LEDGER_FRAMES * 4096);
    unit->viommu = memset(aligned_alloc(4096, size), 0, size);
    viommu_init(unit->viommu, fe, NULL, n, 46, &op);
    viommu_give_ledger(unit->viommu,
                       memset(aligned_alloc(4096, ledger), 0, ledger),
                       unit->frames);
    reg(unit, RTADDR, 8, ROOT);
    reg(unit, GCMD, 4, 1u << 30);
    reg(unit, GCMD, 4, 1u << 31);
    if ( viommu_attach(unit->viommu, DM, &attach) )
        abort();
    unit->client.translate = translate;
    unit->client.tell = tell;
    unit->client.opaque = unit;
    xen_viommu_client_init(&unit->client, unit->frames);
}

static void tables(void)
{
    unsigned int n;

    set(ROOT, CTX | 1);
    set(CTX + RID * 16, TABLE(4) | 1);
    set(CTX + RID * 16 + 8, 2 | DID << 8);
    set(TABLE(4), TABLE(3) | 3);
    set(TABLE(3), TABLE(2) | 3);
    set(TABLE(2), LEAF | 3);
    for ( n = 0; n < PAGES; n++ )
        set(LEAF + n * 8, (DATA + n * 4096) | 3);
}

static uint64_t cpu_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);

    return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

struct job {
    struct unit *unit;
    unsigned int nr;            /* units from there on, in turn */
    unsigned int cpu_nr;        /* it stays there */
    pthread_barrier_t *start;
    uint64_t cpu;
} __attribute__((aligned(256)));

static void *work(void *arg)
{
    struct job *job = arg;
    unsigned int n;
    uint64_t cpu = 0;
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(job->cpu_nr, &set);
    pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
    for ( n = 0; n < WARM + ROUNDS; n++ )
    {
        XenViommuUse use = XEN_VIOMMU_USE_INIT;
        struct unit *unit = job->unit + n % job->nr;

        if ( n == WARM )
        {
            pthread_barrier_wait(job->start);
            cpu = cpu_ns();
        }
        if ( !xen_viommu_begin(&unit->client, RID, n % 256 * 4096ull, 4096,
                               XEN_VIOMMU_WRITE, true, 16, &use) )
            abort();
        xen_viommu_end(&unit->client, &use);
        reg(unit, IVA, 8, (256 + n % 256) * 4096ull);
        reg(unit, IOTLB, 8, 1ull << 63 | 3ull << 60 | (uint64_t)DID << 32);
    }
    job->cpu = cpu_ns() - cpu;

    return NULL;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* Medians of rounds a second of all together, and of CPU time of one. */
static void measure(unsigned int threads, unsigned int nr, double *rate,
                    double *cpu)
{
    double rates[RUNS], cpus[RUNS];
    unsigned int run, i, there = sysconf(_SC_NPROCESSORS_ONLN);

    for ( run = 0; run < RUNS; run++ )
    {
        struct job jobs[XEN_VIOMMU_MAX_UNITS];
        pthread_t thread[XEN_VIOMMU_MAX_UNITS];
        pthread_barrier_t start;
        uint64_t begin;

        pthread_barrier_init(&start, NULL, threads + 1);
        for ( i = 0; i < threads; i++ )
        {
            jobs[i] = (struct job){ &units[threads == nr ? i : 0],
                                    threads == 1 ? nr : 1, i % there, &start };
            pthread_create(&thread[i], NULL, work, &jobs[i]);
        }
        pthread_barrier_wait(&start);
        begin = viommu_host_now();
        cpus[run] = 0;
        for ( i = 0; i < threads; i++ )
        {
            pthread_join(thread[i], NULL);
            cpus[run] += (double)jobs[i].cpu / ROUNDS / threads;
        }
        rates[run] = 1e9 * threads * ROUNDS / (viommu_host_now() - begin);
        pthread_barrier_destroy(&start);
    }
    qsort(rates, RUNS, sizeof(*rates), compare);
    qsort(cpus, RUNS, sizeof(*cpus), compare);
    *rate = rates[RUNS / 2];
    *cpu = cpus[RUNS / 2];
}

int main(void)
{
    unsigned int n, i;
    double one_rate = 0, one_cpu = 0;

    tables();
    for ( n = 0; n < XEN_VIOMMU_MAX_UNITS; n++ )
        create(n);

    for ( n = 1; n <= XEN_VIOMMU_MAX_UNITS; n *= 2 )
    {
        /* Threads and units: each its own, all the same, one with all. */
        const unsigned int both[][2] = { { n, n }, { n, 1 }, { 1, n } };

        for ( i = 0; i < (n > 1 ? 3 : 1); i++ )
        {
            unsigned int threads = both[i][0];
            double rate, cpu;

            measure(threads, both[i][1], &rate, &cpu);
            if ( n == 1 )
            {
                one_rate = rate;
                one_cpu = cpu;
            }
            printf("{\"what\": \"units\", \"threads\": %u, \"units\": %u, "
                   "\"cpus\": %lu, \"rounds_per_s\": %.0f, "
                   "\"linear\": %.3f, \"cpu_ns\": %.1f, "
                   "\"cpu_linear\": %.3f}\n", threads, both[i][1],
                   sysconf(_SC_NPROCESSORS_ONLN), rate,
                   rate / (threads * one_rate), cpu, one_cpu / cpu);
            fflush(stdout);
        }
    }

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
