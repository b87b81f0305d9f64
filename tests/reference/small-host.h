/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small, quick host for the core, for differential runs and for fuzzers:
 * the memory of op.h, ports, and a record of what was asked of it.  Like the
 * fake host of the unit tests it objects to being misused.
 */
#ifndef SMALL_HOST_H
#define SMALL_HOST_H

#include "core.h"
#include "op.h"

#define HOST_PORTS 8

struct host {
    struct viommu *viommu;
    struct seen *seen;          /* where what happens is recorded */
    uint64_t memory[LOW_PAGES + HIGH_PAGES][512];
    bool absent[LOW_PAGES + HIGH_PAGES], readonly[LOW_PAGES + HIGH_PAGES];
    enum { PORT_FREE, PORT_UNBOUND, PORT_BOUND } port[HOST_PORTS];
    bool watching, frozen;
    bool kicked;                /* a vCPU is to go on */
    uint64_t now;
    unsigned int held;          /* locks */
    bool in_gate, gate_closed;

    /* Work of one call: reads and writes of guest memory, lock taken. */
    unsigned int locked_reads, reads, writes;
    /* Called before each access to memory that is not made under the lock. */
    void (*on_look)(void);
    int alloc_error;            /* of the next port */
};

extern struct host host;

/* A new machine with a vIOMMU, ledger and mirror; the one before is gone. */
struct viommu *host_create(uint8_t aw, uint8_t haw, uint32_t flags);
void host_free(void);
/* Another vIOMMU of the same configuration on the machine that there is. */
struct viommu *host_another(uint8_t haw);
/* The same in the place of the one there was, which is gone, and its DM. */
struct viommu *host_replace(uint8_t haw);

/* The ledger's pages, as the DM has them. */
extern uint8_t host_frames[XEN_VIOMMU_LEDGER_FRAMES][4096];
#define host_ledger ((struct xen_viommu_ledger *)host_frames[0])
#define host_log    ((struct xen_viommu_log *)host_frames[1])
#define host_slots  ((struct xen_viommu_slot *)host_frames[2])

/* The registers, as the guest reads them without an exit. */
extern uint8_t host_mirror[4096];

#endif /* SMALL_HOST_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
