/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A thread for a guest's CPU, which changes an entry of its interrupt table time
 * and again, and threads that deliver interrupts by it.  When an invalidation of
 * the entry is complete, no interrupt is delivered by what it was before: each
 * version has a higher destination, so that one that is lower than what is
 * complete at that moment is late.
 *
 * usage: torture-irq [ROUNDS]
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pair.h"

enum { SENDERS = 2, INDEX = 3 };

#define QUEUE   0x10000ULL
#define STATUS  0x20000ULL
#define TABLE_I 0x30000ULL

static unsigned long rounds = 4000;
static uint32_t complete;
static bool stop;
static unsigned long nr_sent, nr_late, nr_old;

static void *sender(void *arg)
{
    const struct viommu_request req = {
        .rid = 0x18, .addr = 0xfee00010 | INDEX << 5,
    };
    uint64_t seed = (uintptr_t)arg + 1;
    unsigned long sent = 0, late = 0, old = 0;

    while ( !__atomic_load_n(&stop, __ATOMIC_ACQUIRE) )
    {
        struct viommu_irq irq = { 0 };
        uint32_t before = __atomic_load_n(&complete, __ATOMIC_SEQ_CST);

        torture_gate_enter();
        if ( viommu_remap(viommu, &req, &irq) != VIOMMU_IRQ_REMAPPED )
            abort();
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        if ( !(seed >> 60) )
            sched_yield();
        /* Now it is delivered. */
        late += irq.dest < __atomic_load_n(&complete, __ATOMIC_SEQ_CST);
        old += irq.dest < before;
        torture_gate_leave();
        sent++;
    }

    __atomic_fetch_add(&nr_sent, sent, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&nr_late, late, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&nr_old, old, __ATOMIC_SEQ_CST);

    return NULL;
}

static void set_entry(uint32_t dest)
{
    pair_set(TABLE_I + INDEX * 16, (uint64_t)dest << 32 | 0x40 << 16 | 1);
}

static void create(void)
{
    pair_create(XEN_VIOMMU_CREATE_INTREMAP);
    set_entry(0);
    pair_write(IRTA, 8, TABLE_I | 1 << 11 | 7);
    pair_write(IQA, 8, QUEUE);
    pair_write(GCMD, 4, 1u << 26 | 1u << 24);
    pair_write(GCMD, 4, 1u << 26 | 1u << 25);
}

int main(int argc, char **argv)
{
    pthread_t thread[SENDERS];
    unsigned int tail = 0;
    unsigned long n;
    uintptr_t i;
    bool good;

    if ( argc > 1 )
        rounds = strtoul(argv[1], NULL, 0);
    /* Not a measure of anything: the end of a hang. */
    alarm(rounds / 10 + 120);

    create();
    for ( i = 0; i < SENDERS; i++ )
        pthread_create(&thread[i], NULL, sender, (void *)i);

    for ( n = 1; n <= rounds; n++ )
    {
        set_entry(n);
        pair_set(QUEUE + tail * 16,
                 4 | (n & 1 ? 1 << 4 | (uint64_t)INDEX << 32 : 0));
        pair_set(QUEUE + tail * 16 + 8, 0);
        pair_set(QUEUE + tail * 16 + 16, 5 | 1 << 5 | (uint64_t)n << 32);
        pair_set(QUEUE + tail * 16 + 24, STATUS);
        tail = (tail + 2) % 256;
        pair_write(IQT, 8, tail << 4);
        /* In the trap: there is nothing else to wait for. */
        if ( (uint32_t)torture_ram[STATUS / 8] != n )
            abort();
        __atomic_store_n(&complete, n, __ATOMIC_SEQ_CST);
        sched_yield();
    }

    __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
    for ( i = 0; i < SENDERS; i++ )
        pthread_join(thread[i], NULL);

    good = nr_sent && !nr_late && !nr_old;
    printf("    interrupts: %lu delivered, %lu late, %lu by an entry that was "
           "gone\n%s torture/interrupts\n", nr_sent, nr_late, nr_old,
           good ? "PASS" : "FAIL");
    free(viommu_take_ledger(viommu));
    free(viommu);

    return !good;
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
