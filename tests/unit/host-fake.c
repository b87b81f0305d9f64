/* SPDX-License-Identifier: GPL-2.0-only */
/* The fake host, see fake.h: Xen's services and locks, in user space. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"
#include "vtd/vtd.h"

#define PAGE_SHIFT 12

struct fake fake;
unsigned long fake_failures;

static char trace[4096];
static size_t trace_len;

void harness_bug(const char *what, const char *file, int line)
{
    print_error("%s:%d: %s\n", file, line, what);
    _fail(file, line);
    abort();
}

#define forbid(cond)                                                          \
    do {                                                                      \
        if ( cond )                                                           \
            harness_bug("host service misused: " #cond, __func__, __LINE__);  \
    } while ( 0 )

/* Locks */

static unsigned int nr_held;
static bool remapping;

static bool locked(void)
{
    return fake.viommu && fake.viommu->lock.held;
}

void spin_lock_init(spinlock_t *lock)
{
    *lock = (spinlock_t){ .ready = true };
}

void spin_lock(spinlock_t *lock)
{
    forbid(!lock->ready);
    forbid(lock->held);
    /* attach_lock comes before lock, and in that is but the innermost. */
    forbid(locked() && lock != &fake.viommu->refused.lock);
    forbid(remapping && lock != &fake.viommu->refused.lock);
    lock->held = true;
    nr_held++;
}

void spin_unlock(spinlock_t *lock)
{
    forbid(!lock->held);
    lock->held = false;
    nr_held--;
}

bool spin_is_locked(const spinlock_t *lock)
{
    return lock->held;
}

void fake_check_unlocked(void)
{
    forbid(nr_held);
}

/*
 * Whose CPU is it?  Descriptors are fetched, and tables walked for the ledger,
 * by vCPUs only, before they run on; and by an exit of one no more of it than
 * what is stated, however many accesses its instruction makes.
 */

#define MAX_DESCS 32
#define MAX_WALKS 32

static struct {
    unsigned int depth;         /* vCPUs in the core; others call back */
    uint64_t descs, walks;      /* of this exit so far */
} exits;

#define VCPU(first, call)                                                     \
    do {                                                                      \
        const struct xen_viommu_stats *now = &viommu->stats;                  \
        uint64_t descs = now->descs, walks = now->walks;                      \
                                                                              \
        exits.depth++;                                                        \
        if ( first )                                                          \
            exits.descs = exits.walks = 0;                                    \
        call;                                                                 \
        exits.descs += now->descs - descs;                                    \
        exits.walks += now->walks - walks;                                    \
        exits.depth--;                                                        \
        /* Another vCPU may have been here meanwhile. */                      \
        forbid(!exits.depth && exits.descs > MAX_DESCS);                      \
        forbid(!exits.depth && exits.walks > MAX_WALKS);                      \
    } while ( 0 )

uint64_t __real_viommu_mmio_read(struct viommu *viommu, uint64_t addr,
                                 unsigned int size, bool first);
uint64_t __wrap_viommu_mmio_read(struct viommu *viommu, uint64_t addr,
                                 unsigned int size, bool first);
uint64_t __wrap_viommu_mmio_read(struct viommu *viommu, uint64_t addr,
                                 unsigned int size, bool first)
{
    uint64_t val;

    VCPU(first, val = __real_viommu_mmio_read(viommu, addr, size, first));

    return val;
}

void __real_viommu_mmio_write(struct viommu *viommu, uint64_t addr,
                              unsigned int size, uint64_t val, bool first);
void __wrap_viommu_mmio_write(struct viommu *viommu, uint64_t addr,
                              unsigned int size, uint64_t val, bool first);
void __wrap_viommu_mmio_write(struct viommu *viommu, uint64_t addr,
                              unsigned int size, uint64_t val, bool first)
{
    VCPU(first, __real_viommu_mmio_write(viommu, addr, size, val, first));
}

bool __real_viommu_continue(struct viommu *viommu);
bool __wrap_viommu_continue(struct viommu *viommu);
bool __wrap_viommu_continue(struct viommu *viommu)
{
    bool more;

    VCPU(true, more = __real_viommu_continue(viommu));

    return more;
}

enum viommu_remapped __real_viommu_remap(struct viommu *viommu,
                                         const struct viommu_request *req,
                                         struct viommu_irq *irq);
enum viommu_remapped __wrap_viommu_remap(struct viommu *viommu,
                                         const struct viommu_request *req,
                                         struct viommu_irq *irq);
enum viommu_remapped __wrap_viommu_remap(struct viommu *viommu,
                                         const struct viommu_request *req,
                                         struct viommu_irq *irq)
{
    enum viommu_remapped result;

    forbid(!fake.in_gate);
    remapping = true;
    result = __real_viommu_remap(viommu, req, irq);
    remapping = false;

    return result;
}

void viommu_host_kick(const struct viommu *viommu)
{
    forbid(viommu != fake.viommu);
    forbid(locked() || remapping);

    fake.kicked = true;
}

/* Events */

static void __attribute__((format(printf, 2, 3)))
happened(enum fake_event event, const char *fmt, ...)
{
    va_list args;
    int len;

    fake.count[event]++;

    va_start(args, fmt);
    len = vsnprintf(trace + trace_len, sizeof(trace) - trace_len, fmt, args);
    va_end(args);

    if ( trace_len + len < sizeof(trace) )
        trace_len += len;
    trace[trace_len] = 0;
}

const char *fake_trace(void)
{
    static char last[sizeof(trace)];

    memcpy(last, trace, sizeof(last));
    if ( trace_len )
        last[trace_len - 1] = 0;    /* the space behind the last */
    trace_len = 0;
    trace[0] = 0;

    return last;
}

/* Memory, see fake-memory.c */

int viommu_host_read(const struct viommu *viommu, uint64_t gpa, void *buf,
                     unsigned int size)
{
    forbid(viommu != fake.viommu);
    forbid(locked() && fake.frozen);
    forbid(size != 8 && (!size || size % 16 || size > VIOMMU_HOST_READ));
    forbid(gpa & (size == 8 ? 7 : 15));
    forbid(gpa >> 12 != (gpa + size - 1) >> 12);
    /* The lock is held to fetch from a queue, and to walk for the ledger. */
    forbid(locked() && size == 8 && !fake.viommu->ledger);

    if ( locked() )
    {
        forbid(!exits.depth);
        fake.queue_reads += size / 16;
        if ( fake.on_scan )
            fake.on_scan(gpa);
    }
    else if ( fake.on_look )
        fake.on_look(gpa, true);

    /* What is in the buffer of a read that fails is nobody's business. */
    memset(buf, 0xa5, size);
    if ( ++fake.reads == fake.fail_read )
        fake_failures++;
    if ( fake.reads == fake.fail_read || !fake_is_ram(gpa) )
        return -EFAULT;

    memcpy(buf, fake_at(gpa), size);

    return 0;
}

int viommu_host_write32(const struct viommu *viommu, uint64_t gpa, uint32_t val)
{
    forbid(viommu != fake.viommu);
    forbid(fake.frozen);
    forbid(gpa & 3);

    if ( ++fake.writes == fake.fail_write )
        fake_failures++;
    if ( fake.writes == fake.fail_write || !fake_is_ram(gpa) ||
         fake_is_read_only(gpa) )
        return -EFAULT;

    memcpy(fake_at(gpa), &val, sizeof(val));
    happened(FAKE_WRITE, "write(%" PRIx64 ",%x) ", gpa, val);

    return 0;
}

/*
 * The largest aligned block that is RAM throughout, up to max_order; or a page
 * of a device.
 */
unsigned int viommu_host_block_order(const struct viommu *viommu, uint64_t gpa,
                                     bool *device)
{
    unsigned int order;
    uint64_t page;

    forbid(viommu != fake.viommu);
    forbid(locked());

    if ( fake.on_look )
        fake.on_look(gpa, false);

    *device = fake_is_device(gpa);
    if ( *device )
        return PAGE_SHIFT;
    if ( !fake_is_ram(gpa) )
        return 0;

    for ( order = PAGE_SHIFT; order < fake.max_order; order++ )
    {
        uint64_t buddy = ((gpa >> order) ^ 1) << order;

        for ( page = buddy; page < buddy + (1ULL << order); page += 4096 )
            if ( !fake_is_ram(page) )
                return order;
    }

    return order;
}

/* Interrupts and event channels */

void viommu_host_msi(const struct viommu *viommu, uint64_t addr, uint32_t data)
{
    forbid(viommu != fake.viommu);
    forbid(locked());
    forbid(fake.frozen);

    fake.msi_addr = addr;
    fake.msi_data = data;
    happened(FAKE_MSI, "msi(%" PRIx64 ",%x) ", addr, data);
}

int viommu_host_port_alloc(const struct viommu *viommu, domid_t domid)
{
    unsigned int port;

    forbid(viommu != fake.viommu);
    forbid(locked());
    forbid(!viommu->attach_lock.held);

    if ( fake.alloc_error )
    {
        fake_failures++;
        return fake.alloc_error;
    }

    /* Port 0 is never valid. */
    for ( port = 1; port < FAKE_PORTS; port++ )
        if ( fake.port[port].state == FAKE_FREE )
        {
            fake.port[port].state = FAKE_UNBOUND;
            fake.port[port].domid = domid;
            fake.port[port].pending = false;
            happened(FAKE_PORT_ALLOC, "alloc(%u) ", port);
            return port;
        }

    return -ENOSPC;
}

void viommu_host_port_free(const struct viommu *viommu, evtchn_port_t port)
{
    forbid(viommu != fake.viommu);
    forbid(locked());
    forbid(!viommu->attach_lock.held);
    forbid(port >= FAKE_PORTS || fake.port[port].state == FAKE_FREE);

    fake.port[port].state = FAKE_FREE;
    happened(FAKE_PORT_FREE, "free(%u) ", port);
}

bool viommu_host_port_bound(const struct viommu *viommu, evtchn_port_t port)
{
    bool bound = port < FAKE_PORTS && fake.port[port].state == FAKE_BOUND;

    forbid(viommu != fake.viommu);

    /* Binding takes no lock that Xen holds. */
    if ( !bound && fake.on_unbound )
        fake.on_unbound();

    return bound;
}

void viommu_host_port_notify(const struct viommu *viommu, evtchn_port_t port)
{
    forbid(viommu != fake.viommu);
    forbid(port >= FAKE_PORTS || fake.port[port].state == FAKE_FREE);

    fake.port[port].pending = true;
    fake.notify_done = viommu->ledger->done;
    happened(FAKE_NOTIFY, "notify(%u) ", port);
}

void fake_bind(evtchn_port_t port)
{
    assert_true(port < FAKE_PORTS && fake.port[port].state == FAKE_UNBOUND);
    fake.port[port].state = FAKE_BOUND;
}

void fake_unbind(evtchn_port_t port)
{
    assert_true(port < FAKE_PORTS && fake.port[port].state == FAKE_BOUND);
    fake.port[port].state = FAKE_UNBOUND;
    fake.port[port].pending = false;
}

bool fake_take(evtchn_port_t port)
{
    bool pending = fake.port[port].pending;

    fake.port[port].pending = false;

    return pending;
}

/* The gate, and what is read in it */

#define NOT_HELD (~0ULL)

static uint64_t held[VIOMMU_HELD_TABLES][VIOMMU_HELD_PAGES];

void viommu_host_hold(struct viommu *viommu, unsigned int table, uint64_t gpa,
                      unsigned int nr)
{
    unsigned int i;

    forbid(viommu != fake.viommu);
    forbid(!locked() || fake.gate_closed);
    forbid(table >= VIOMMU_HELD_TABLES || nr > VIOMMU_HELD_PAGES);
    forbid(gpa & 4095);
    /* It is not in use while this takes its time. */
    forbid(nr && table == to_vtd(viommu)->ir.table);

    for ( i = 0; i < VIOMMU_HELD_PAGES; i++ )
    {
        uint64_t page = gpa + ((uint64_t)i << PAGE_SHIFT);

        held[table][i] = i < nr && fake_is_ram(page) ? page : NOT_HELD;
    }
}

int viommu_host_read_held(const struct viommu *viommu, unsigned int table,
                          unsigned int off, void *buf)
{
    forbid(viommu != fake.viommu);
    forbid(!fake.in_gate);
    forbid(table >= VIOMMU_HELD_TABLES || off & 15);
    forbid(off >= VIOMMU_HELD_PAGES << PAGE_SHIFT);

    memset(buf, 0xa5, 16);
    if ( held[table][off >> PAGE_SHIFT] == NOT_HELD )
        return -EFAULT;

    memcpy(buf, fake_at(held[table][off >> PAGE_SHIFT] + (off & 4095)), 16);

    return 0;
}

void viommu_host_gate_close(struct viommu *viommu)
{
    forbid(viommu != fake.viommu);
    forbid(!locked());
    forbid(fake.gate_closed);

    fake.gates++;
    if ( fake.in_gate && fake.on_gate )
        fake.on_gate();
    /* For ever. */
    forbid(fake.in_gate);
    fake.gate_closed = true;
}

void viommu_host_gate_open(struct viommu *viommu)
{
    forbid(viommu != fake.viommu);
    forbid(!locked());
    forbid(!fake.gate_closed);

    fake.gate_closed = false;
}

void fake_gate_enter(void)
{
    forbid(fake.gate_closed);
    fake.in_gate++;
}

void fake_gate_leave(void)
{
    forbid(!fake.in_gate);
    fake.in_gate--;
}

void fake_deliver(const struct viommu_irq *irq)
{
    forbid(!fake.in_gate);
    happened(FAKE_IRQ, "irq(%x,%x) ", irq->dest, irq->vector);
}

unsigned int fake_held(void)
{
    unsigned int i, j, n = 0;

    for ( i = 0; i < VIOMMU_HELD_TABLES; i++ )
        for ( j = 0; j < VIOMMU_HELD_PAGES; j++ )
            n += held[i][j] != NOT_HELD;

    return n;
}

/* Time */

void viommu_host_watch(struct viommu *viommu, bool on)
{
    forbid(viommu != fake.viommu);
    forbid(!locked());

    if ( on == fake.watching )
        return;

    fake.watching = on;
    if ( on )
        happened(FAKE_WATCH, "watch ");
    else
        happened(FAKE_UNWATCH, "unwatch ");
}

void viommu_host_alarm(const struct viommu *viommu)
{
    forbid(viommu != fake.viommu);
    forbid(locked());

    fake.alarmed = true;
}

bool viommu_host_frozen(struct viommu *viommu)
{
    forbid(viommu != fake.viommu);
    forbid(!locked());
    fake.to_thaw |= fake.frozen;

    return fake.frozen;
}

unsigned int viommu_host_units(const struct viommu *viommu)
{
    forbid(viommu != fake.viommu);

    return fake.units;
}

uint64_t viommu_host_now(void)
{
    return fake.now += fake.tick;
}

void fake_reset(void)
{
    fake_memory_new();
    memset(held, 0xff, sizeof(held));

    /* Xen's clock never shows zero either. */
    fake = (struct fake){ .now = 1000000, .max_order = 30, .units = 1 };
    nr_held = 0;
    remapping = false;
    exits.depth = 0;
    trace_len = 0;
    trace[0] = 0;
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
