/* SPDX-License-Identifier: GPL-2.0-only */
/* The small host, see small-host.h.  harness_bug() is the driver's. */
#include <stdlib.h>

#include "small-host.h"

struct host host;
uint8_t host_frames[XEN_VIOMMU_LEDGER_FRAMES][4096]
    __attribute__((aligned(4096)));
uint8_t host_mirror[4096] __attribute__((aligned(4096)));
static struct viommu_ledger ledger;

/* Tables that are held: which pages, with bit 0 set, or 0 for none. */
static uint64_t table_page[VIOMMU_HELD_TABLES][VIOMMU_HELD_PAGES];

#define forbid(cond)                                                          \
    do {                                                                      \
        if ( cond )                                                           \
            harness_bug("host misused: " #cond, __func__, __LINE__);          \
    } while ( 0 )

static struct viommu *create(uint8_t aw, uint8_t haw, uint32_t flags,
                             void *mirror)
{
    const struct xen_domctl_viommu_create op = {
        .type = XEN_VIOMMU_TYPE_VTD,
        .base = BASE, .flags = flags, .aw = aw,
    };
    const struct viommu_frontend *fe = viommu_frontend(&op);
    struct viommu *viommu = calloc(1, fe->size);

    viommu_give_mirror(viommu, mirror);
    viommu_init(viommu, fe, NULL, 0, haw, &op);

    return viommu;
}

static struct viommu *create_first(uint8_t aw, uint8_t haw, uint32_t flags)
{
    free(host.viommu);
    host.viommu = NULL;
    memset(host_frames, 0, sizeof(host_frames));
    memset(host_mirror, 0, sizeof(host_mirror));
    memset(&ledger, 0, sizeof(ledger));
    memset(table_page, 0, sizeof(table_page));

    host.viommu = create(aw, haw, flags, host_mirror);
    viommu_give_ledger(host.viommu, &ledger, host_frames);

    return host.viommu;
}

struct viommu *host_create(uint8_t aw, uint8_t haw, uint32_t flags)
{
    host = (struct host){
        .now = 1000, .seen = host.seen, .viommu = host.viommu,
    };

    return create_first(aw, haw, flags);
}

struct viommu *host_another(uint8_t haw)
{
    return create(host.viommu->aw, haw, host.viommu->flags, NULL);
}

struct viommu *host_replace(uint8_t haw)
{
    memset(host.port, 0, sizeof(host.port));
    host.watching = host.frozen = false;

    return create_first(host.viommu->aw, haw, host.viommu->flags);
}

void host_free(void)
{
    free(host.viommu);
    host.viommu = NULL;
}

static bool locked(void)
{
    return host.viommu && host.viommu->lock.held;
}

void spin_lock_init(spinlock_t *lock)
{
    *lock = (spinlock_t){ .ready = true };
}

void spin_lock(spinlock_t *lock)
{
    bool innermost = host.viommu && lock == &host.viommu->refused.lock;

    forbid(!lock->ready || lock->held);
    forbid((locked() || host.in_gate) && !innermost);
    lock->held = true;
    host.held++;
}

void spin_unlock(spinlock_t *lock)
{
    forbid(!lock->held);
    lock->held = false;
    host.held--;
}

bool spin_is_locked(const spinlock_t *lock)
{
    return lock->held;
}

static bool is_there(uint64_t gpa)
{
    return page_of(gpa) >= 0 && !host.absent[page_of(gpa)];
}

int viommu_host_read(const struct viommu *viommu, uint64_t gpa, void *buf,
                     unsigned int size)
{
    forbid(viommu != host.viommu);
    forbid(size != 8 && (!size || size % 16 || size > VIOMMU_HOST_READ));
    forbid((gpa & (size == 8 ? 7 : 15)) ||
           gpa >> 12 != (gpa + size - 1) >> 12);

    host.reads++;
    forbid(locked() && host.frozen);
    if ( locked() )
        host.locked_reads++;
    else if ( host.on_look )
        host.on_look();

    memset(buf, 0xa5, size);
    if ( !is_there(gpa) )
        return -EFAULT;
    memcpy(buf, at_gpa(host.memory, gpa), size);

    return 0;
}

int viommu_host_write32(const struct viommu *viommu, uint64_t gpa, uint32_t val)
{
    struct seen *seen = host.seen;
    int page = page_of(gpa);

    forbid(viommu != host.viommu);
    forbid((gpa & 3) || host.frozen);

    host.writes++;
    if ( page < 0 || host.absent[page] || host.readonly[page] )
        return -EFAULT;
    memcpy(at_gpa(host.memory, gpa), &val, 4);

    forbid(seen->nr_writes >= MAX_WRITES);
    seen->write[seen->nr_writes].gpa = gpa;
    seen->write[seen->nr_writes++].val = val;

    return 0;
}

unsigned int viommu_host_block_order(const struct viommu *viommu, uint64_t gpa,
                                     bool *device)
{
    unsigned int order;

    *device = is_window(gpa);
    forbid(viommu != host.viommu);
    forbid(locked());

    if ( host.on_look )
        host.on_look();
    if ( *device )
        return 12;
    if ( !is_there(gpa) )
        return 0;

    for ( order = 12; order < 30; order++ )
    {
        uint64_t buddy = ((gpa >> order) ^ 1) << order, page;

        for ( page = buddy; page < buddy + (1ULL << order); page += 4096 )
            if ( !is_there(page) )
                return order;
    }

    return order;
}

void viommu_host_hold(struct viommu *viommu, unsigned int table, uint64_t gpa,
                      unsigned int nr)
{
    forbid(!viommu->lock.held || host.gate_closed);
    forbid(table >= VIOMMU_HELD_TABLES || nr > VIOMMU_HELD_PAGES);
    forbid(gpa & 4095);
    /* Of another unit, which is only looked at. */
    if ( viommu != host.viommu )
        return;

    for ( unsigned int i = 0; i < VIOMMU_HELD_PAGES; i++ )
    {
        uint64_t page = gpa + i * 4096ULL;

        table_page[table][i] = i < nr && is_there(page) ? page | 1 : 0;
    }
}

int viommu_host_read_held(const struct viommu *viommu, unsigned int table,
                          unsigned int off, void *buf)
{
    forbid(viommu != host.viommu || !host.in_gate);
    forbid(table >= VIOMMU_HELD_TABLES || (off & 15));
    forbid(off >= VIOMMU_HELD_PAGES * 4096);

    memset(buf, 0xa5, 16);
    if ( !table_page[table][off / 4096] )
        return -EFAULT;
    memcpy(buf, at_gpa(host.memory, (table_page[table][off / 4096] & ~1ULL) +
                                    off % 4096), 16);

    return 0;
}

void viommu_host_gate_close(struct viommu *viommu)
{
    forbid(!viommu->lock.held || host.gate_closed || host.in_gate);
    host.gate_closed = true;
}

void viommu_host_gate_open(struct viommu *viommu)
{
    forbid(!viommu->lock.held || !host.gate_closed);
    host.gate_closed = false;
}

void viommu_host_msi(const struct viommu *viommu, uint64_t addr, uint32_t data)
{
    struct seen *seen = host.seen;

    forbid(viommu != host.viommu);
    forbid(locked() || host.frozen);
    forbid(seen->nr_msi >= ARRAY_SIZE(seen->msi));

    seen->msi[seen->nr_msi].addr = addr;
    seen->msi[seen->nr_msi++].data = data;
}

int viommu_host_port_alloc(const struct viommu *viommu, domid_t domid)
{
    forbid(viommu != host.viommu);
    forbid(locked() || !viommu->attach_lock.held);
    (void)domid;

    if ( host.alloc_error )
        return host.alloc_error;
    for ( unsigned int port = 1; port < HOST_PORTS; port++ )
        if ( host.port[port] == PORT_FREE )
        {
            host.port[port] = PORT_UNBOUND;
            return port;
        }

    return -ENOSPC;
}

void viommu_host_port_free(const struct viommu *viommu, evtchn_port_t port)
{
    forbid(viommu != host.viommu);
    forbid(locked() || !viommu->attach_lock.held);
    forbid(port >= HOST_PORTS || host.port[port] == PORT_FREE);
    host.port[port] = PORT_FREE;
}

bool viommu_host_port_bound(const struct viommu *viommu, evtchn_port_t port)
{
    forbid(viommu != host.viommu);

    return port < HOST_PORTS && host.port[port] == PORT_BOUND;
}

void viommu_host_port_notify(const struct viommu *viommu, evtchn_port_t port)
{
    forbid(viommu != host.viommu);
    forbid(port >= HOST_PORTS || host.port[port] == PORT_FREE);
    host.seen->notified += host.port[port] == PORT_BOUND;
}

void viommu_host_kick(const struct viommu *viommu)
{
    forbid(viommu != host.viommu);
    forbid(locked());
    host.kicked = true;
}

void viommu_host_watch(struct viommu *viommu, bool on)
{
    forbid(viommu != host.viommu);
    forbid(!locked());
    host.watching = on;
}

void viommu_host_alarm(const struct viommu *viommu)
{
    forbid(viommu != host.viommu);
    forbid(locked());
    host.watching = true;
}

bool viommu_host_frozen(struct viommu *viommu)
{
    forbid(!viommu->lock.held);

    return viommu == host.viommu && host.frozen;
}

unsigned int viommu_host_units(const struct viommu *viommu)
{
    (void)viommu;

    return 1;
}

uint64_t viommu_host_now(void)
{
    return host.now++;
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
