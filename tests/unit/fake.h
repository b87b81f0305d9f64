/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fake host: implements the core's host.h on a machine that consists of
 * some memory, a clock, a few event channels and a record of what happened.
 * Whatever the core does that host.h or core.h forbids fails the test.
 */
#ifndef FAKE_H
#define FAKE_H

#include "core.h"

/* Guest memory: low RAM from 0 on, and a little at a high address. */
#define FAKE_LOW_SIZE   (64u << 20)
#define FAKE_HIGH_BASE  (1ULL << 35)
#define FAKE_HIGH_SIZE  (1u << 20)

#define FAKE_PORTS      16

enum fake_event {
    FAKE_NOTIFY,
    FAKE_MSI,
    FAKE_PORT_ALLOC,
    FAKE_PORT_FREE,
    FAKE_WRITE,
    FAKE_WATCH,
    FAKE_UNWATCH,
    FAKE_IRQ,
    FAKE_NR_EVENTS,
};

struct fake {
    struct viommu *viommu;      /* the one under test ... */
    unsigned int units;         /* ... of so many that the guest has */

    uint64_t now;               /* ns */
    uint64_t tick;              /* by how much each look moves it on */

    unsigned int count[FAKE_NR_EVENTS];
    uint64_t notify_done;       /* up to where Xen had looked at the latest */
    uint64_t msi_addr;          /* the latest */
    uint32_t msi_data;

    struct {
        enum { FAKE_FREE, FAKE_UNBOUND, FAKE_BOUND } state;
        domid_t domid;
        bool pending;           /* notified, not yet taken by the DM */
    } port[FAKE_PORTS];
    int alloc_error;            /* what the next allocation returns, if set */
    bool watching;
    bool kicked;                /* a vCPU is to call viommu_continue() */
    bool alarmed;               /* somebody is to call viommu_tick() */
    bool frozen;                /* the guest is suspended */
    bool to_thaw;               /* ... and is to be gone on with after that */

    unsigned int reads;         /* viommu_host_read() so far */
    unsigned int fail_read;     /* the n-th of them fails; 0: none does */
    unsigned int queue_reads;   /* ... with the lock held: descriptors */
    unsigned int writes;        /* viommu_host_write32() so far */
    unsigned int fail_write;    /* likewise */
    unsigned int max_order;     /* limit of viommu_host_block_order() */
    uint64_t device;            /* a page of an emulated device's, no RAM */

    /*
     * Called before each look at memory without the lock, be it to read it or
     * to see whether it is there: what another CPU does meanwhile.
     */
    void (*on_look)(uint64_t gpa, bool read);
    /* The same with the lock held: fetches, and walks for the ledger. */
    void (*on_scan)(uint64_t gpa);
    /*
     * Called when the gate is to be closed and somebody is in it, who has to
     * leave it now.
     */
    void (*on_gate)(void);
    unsigned int in_gate;
    bool gate_closed;
    unsigned int gates;         /* times that it was closed */

    /* Called when a port is found unbound, before that is told. */
    void (*on_unbound)(void);
};

extern struct fake fake;

/* How often one of these has failed because it was to, in all tests so far. */
extern unsigned long fake_failures;

/* Forget everything: fresh memory, all zero, all of it there. */
void fake_reset(void);
void fake_free(void);

/* Fails the test if a lock is held. */
void fake_check_unlocked(void);

/* Guest memory as the guest, or a device, sees it. */
bool fake_is_ram(uint64_t gpa);
bool fake_is_device(uint64_t gpa);
void fake_set_ram(uint64_t gpa, bool there); /* the page at @gpa */
/* The page at @gpa is not to be written. */
void fake_set_read_only(uint64_t gpa);
uint64_t fake_peek(uint64_t gpa);
/* The page at @gpa, or NULL if there is none. */
const uint64_t *fake_page(uint64_t gpa);
void fake_poke(uint64_t gpa, uint64_t val);

/* For host-fake.c alone: of memory that is there. */
void fake_memory_new(void);
bool fake_is_read_only(uint64_t gpa);
uint8_t *fake_at(uint64_t gpa);

/*
 * A delivery: what goes on in between is remapped, and then handed over, which
 * is traced as "irq(dest,vector)".
 */
void fake_gate_enter(void);
void fake_gate_leave(void);
void fake_deliver(const struct viommu_irq *irq);
/* Pages of tables that are held. */
unsigned int fake_held(void);

/* The DM's end of an event channel. */
void fake_bind(evtchn_port_t port);
void fake_unbind(evtchn_port_t port);
/* Was it fired since last asked? */
bool fake_take(evtchn_port_t port);

/*
 * Events since last asked, in order and in words, such as
 * "alloc(1) notify(1) write(3000,2) msi(fee00000,41)".
 */
const char *fake_trace(void);

#endif /* FAKE_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
