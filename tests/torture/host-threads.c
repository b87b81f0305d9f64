/* SPDX-License-Identifier: GPL-2.0-only */
/* The host of the core in the torture: memory, locks, and not much else. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "torture.h"

uint64_t torture_ram[TORTURE_RAM / 8] __attribute__((aligned(4096)));
bool torture_whole;
unsigned long torture_notified;
bool torture_kicked;

/*
 * An entry of the log is written as any memory, and read word by word by the
 * device model, which then finds out by the head whether it may have been in
 * the middle of that.
 */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race_top:viommu_ledger_append\n";
}

void harness_bug(const char *what, const char *file, int line)
{
    printf("%s:%d: %s\nFAIL torture (assertion)\n", file, line, what);
    fflush(stdout);
    _Exit(1);
}

void spin_lock_init(spinlock_t *lock)
{
    pthread_mutex_init(&lock->mutex, NULL);
}

void spin_lock(spinlock_t *lock)
{
    pthread_mutex_lock(&lock->mutex);
    __atomic_store_n(&lock->held, true, __ATOMIC_RELAXED);
}

void spin_unlock(spinlock_t *lock)
{
    __atomic_store_n(&lock->held, false, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&lock->mutex);
}

bool spin_is_locked(const spinlock_t *lock)
{
    return __atomic_load_n(&lock->held, __ATOMIC_RELAXED);
}

/* 16 bytes in one access, of which the sanitizer sees nothing. */
static void exchange16(uint64_t gpa, uint64_t *lo, uint64_t *hi, uint64_t new_lo,
                       uint64_t new_hi)
{
    asm volatile ( "lock cmpxchg16b %[mem]"
                   : "+a" (*lo), "+d" (*hi)
                   : [mem] "m" (torture_ram[gpa / 8]), "b" (new_lo),
                     "c" (new_hi) : "memory", "cc" );
}

void torture_set16(uint64_t gpa, uint64_t lo, uint64_t hi)
{
    uint64_t old_lo = 0, old_hi = 0, was_lo, was_hi;

    do {
        was_lo = old_lo;
        was_hi = old_hi;
        exchange16(gpa, &old_lo, &old_hi, lo, hi);
    } while ( old_lo != was_lo || old_hi != was_hi );
}

int viommu_host_read(const struct viommu *viommu, uint64_t gpa, void *buf,
                     unsigned int size)
{
    uint64_t *to = buf;
    unsigned int i;

    (void)viommu;
    if ( gpa + size > TORTURE_RAM )
        return -EFAULT;
    for ( i = 0; i < size / 8; i++ )
        to[i] = __atomic_load_n(&torture_ram[gpa / 8 + i], __ATOMIC_ACQUIRE);
    /* Each of one moment; what is there is put back, which takes time. */
    for ( i = 0; size > 8 && torture_whole && i < size / 8; i += 2 )
        exchange16(gpa + 8 * i, &to[i], &to[i + 1], to[i], to[i + 1]);

    return 0;
}

int viommu_host_write32(const struct viommu *viommu, uint64_t gpa, uint32_t val)
{
    (void)viommu;
    if ( gpa + 4 > TORTURE_RAM )
        return -EFAULT;
    __atomic_store_n((uint32_t *)torture_ram + gpa / 4, val, __ATOMIC_RELEASE);

    return 0;
}

unsigned int viommu_host_block_order(const struct viommu *viommu, uint64_t gpa,
                                     bool *device)
{
    (void)viommu;
    *device = false;

    return gpa < TORTURE_RAM ? 12 : 0;
}

void viommu_host_msi(const struct viommu *viommu, uint64_t addr, uint32_t data)
{
    (void)viommu;
    (void)addr;
    (void)data;
}

/* The gate, and a table that is where it is in memory. */
static pthread_rwlock_t gate =
    PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static uint64_t held[VIOMMU_HELD_TABLES];

void torture_gate_enter(void)
{
    pthread_rwlock_rdlock(&gate);
}

void torture_gate_leave(void)
{
    pthread_rwlock_unlock(&gate);
}

void viommu_host_gate_close(struct viommu *viommu)
{
    (void)viommu;
    pthread_rwlock_wrlock(&gate);
}

void viommu_host_gate_open(struct viommu *viommu)
{
    (void)viommu;
    pthread_rwlock_unlock(&gate);
}

void viommu_host_hold(struct viommu *viommu, unsigned int table, uint64_t gpa,
                      unsigned int nr)
{
    (void)viommu;
    (void)nr;
    held[table] = gpa;
}

int viommu_host_read_held(const struct viommu *viommu, unsigned int table,
                          unsigned int off, void *buf)
{
    return viommu_host_read(viommu, held[table] + off, buf, 16);
}

int viommu_host_port_alloc(const struct viommu *viommu, domid_t domid)
{
    (void)viommu;
    (void)domid;

    return 1;
}

void viommu_host_port_free(const struct viommu *viommu, evtchn_port_t port)
{
    (void)viommu;
    (void)port;
}

bool viommu_host_port_bound(const struct viommu *viommu, evtchn_port_t port)
{
    (void)viommu;

    return port == 1;
}

void viommu_host_port_notify(const struct viommu *viommu, evtchn_port_t port)
{
    (void)viommu;
    (void)port;
    __atomic_fetch_add(&torture_notified, 1, __ATOMIC_RELAXED);
}

void viommu_host_kick(const struct viommu *viommu)
{
    (void)viommu;
    __atomic_store_n(&torture_kicked, true, __ATOMIC_SEQ_CST);
}

/* No timer: who has missed a wake-up waits for ever. */
void viommu_host_watch(struct viommu *viommu, bool on)
{
    (void)viommu;
    (void)on;
}

void viommu_host_alarm(const struct viommu *viommu)
{
    (void)viommu;
}

bool viommu_host_frozen(struct viommu *viommu)
{
    (void)viommu;

    return false;
}

unsigned int viommu_host_units(const struct viommu *viommu)
{
    (void)viommu;

    return 1;
}

uint64_t viommu_host_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
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
