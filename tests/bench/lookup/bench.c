/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times of lookups and invalidations.  One JSON line each; of several rounds
 * the median, because other programs run too.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "bench.h"

enum { ROUNDS = 9, LOOKUPS = 400000, MAX_THREADS = 2 };

static const unsigned int sizes[] = { 1, 1024, 65536 };
static const unsigned int device_counts[] = { 1, 64 };
static const char *const inv_names[] = { "page", "domain", "all" };

static const struct cache *cache;
static unsigned int entries, devices;
static bool whole_use;
static pthread_barrier_t barrier;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

/*
 * A thread's own, for what it used: waiting for a CPU is not our affair.  It
 * is a system call, so not for what is shorter than that.
 */
static double cpu_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *v, unsigned int n)
{
    qsort(v, n, sizeof(*v), compare);
    return v[n / 2];
}

static void insert(unsigned int i)
{
    cache->insert(i % devices, (uint64_t)i << 12, (uint64_t)(i + 1) << 12);
}

static void fill(void)
{
    unsigned int i;

    for (i = 0; i < entries; i++) {
        insert(i);
    }
    /* each device has been seen, however few entries there are */
    for (i = entries; i < devices; i++) {
        cache->insert(i, 0, 1 << 12);
    }
}

struct result {
    double cpu, wall;
};

static void *look(void *arg)
{
    struct result *result = arg;
    void *state = whole_use ? cache->use_new() : NULL;
    uint64_t seed = (uintptr_t)arg, found = 0;
    unsigned int n;

    pthread_barrier_wait(&barrier);
    result->wall = now();
    result->cpu = cpu_now();
    for (n = 0; n < LOOKUPS; n++) {
        unsigned int i;

        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        i = (seed >> 40) % entries;
        found += whole_use
            ? !!cache->use(state, i % devices, (uint64_t)i << 12)
            : !!cache->lookup(i % devices, (uint64_t)i << 12);
    }
    result->cpu = (cpu_now() - result->cpu) / LOOKUPS;
    result->wall = (now() - result->wall) / LOOKUPS;
    free(state);
    if (found != LOOKUPS) {
        fprintf(stderr, "%s: not all found\n", cache->name);
        exit(1);
    }
    return NULL;
}

static void lookups(unsigned int threads)
{
    pthread_t thread[MAX_THREADS];
    struct result result[MAX_THREADS];
    double cpu[ROUNDS], wall[ROUNDS];
    unsigned int round, i;

    for (round = 0; round < ROUNDS; round++) {
        pthread_barrier_init(&barrier, NULL, threads);
        cpu[round] = wall[round] = 0;
        for (i = 0; i < threads; i++) {
            pthread_create(&thread[i], NULL, look, &result[i]);
        }
        for (i = 0; i < threads; i++) {
            pthread_join(thread[i], NULL);
            cpu[round] += result[i].cpu / threads;
            wall[round] += result[i].wall / threads;
        }
        pthread_barrier_destroy(&barrier);
    }
    printf("{\"bench\":\"%s\",\"cache\":\"%s\",\"threads\":%u,\"entries\":%u,"
           "\"ns\":%.1f,\"wall_ns\":%.1f}\n",
           whole_use ? "use_ns" : "lookup_ns", cache->name, threads, entries,
           median(cpu, ROUNDS), median(wall, ROUNDS));
}

/*
 * To fill a cache of 65536 entries leaves nothing of it where it is fast to get
 * at.  So that there is one cost to compare and not that of memory, all sizes
 * are found like that.
 */
static void make_cold(void)
{
    static char memory[8 << 20];
    size_t i;

    for (i = 0; i < sizeof(memory); i += 64) {
        ((volatile char *)memory)[i]++;
    }
}

static void invalidations(enum inv inv)
{
    /* one that empties a cache is followed by filling it, which takes long */
    unsigned int rounds = inv == INV_PAGE && entries < 65536 ? 401 : 101;
    double *ns = calloc(rounds, sizeof(*ns));
    unsigned int round;

    for (round = 0; round < rounds; round++) {
        unsigned int i = (uint64_t)round * 7919 % entries;
        double begin;

        make_cold();
        begin = now();
        cache->invalidate(inv, (uint64_t)i << 12);
        ns[round] = now() - begin;
        if (inv == INV_PAGE) {
            insert(i);
        } else {
            fill();
        }
    }
    printf("{\"bench\":\"inval_ns\",\"cache\":\"%s\",\"inv\":\"%s\","
           "\"devices\":%u,\"entries\":%u,\"ns\":%.0f}\n",
           cache->name, inv_names[inv], devices, entries, median(ns, rounds));
    free(ns);
}

int main(void)
{
    const struct cache *const caches[] = { &ours, &theirs };
    unsigned int c, size, threads, d, inv;

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (c = 0; c < 2; c++) {
        cache = caches[c];
        for (size = 0; size < 3; size++) {
            entries = sizes[size];
            devices = 1;
            cache->init();
            fill();
            for (threads = 1; threads <= MAX_THREADS; threads++) {
                whole_use = false;
                lookups(threads);
                if (cache->use) {
                    whole_use = true;
                    lookups(threads);
                }
            }
            cache->end();

            for (d = 0; d < 2; d++) {
                devices = device_counts[d];
                cache->init();
                fill();
                for (inv = 0; inv < NR_INV; inv++) {
                    invalidations(inv);
                }
                cache->end();
            }
        }
    }
    return 0;
}
