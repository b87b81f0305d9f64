/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Services that the vIOMMU takes from what it runs in, resolved at link time:
 * by x86/host.c in the hypervisor, by the harness in tests.
 *
 * "Locked" says whether viommu->lock may be held by the caller.
 */
#ifndef VIOMMU_HOST_H
#define VIOMMU_HOST_H

#include "private.h"

struct viommu;

/*
 * Copy @size bytes of guest memory, once.  @size is 8, or a multiple of 16 up to
 * VIOMMU_HOST_READ; @gpa is a multiple of 8 or 16, and all of it in one page.
 * 8 bytes are read in one access; each 16 as they were at one moment, so that a
 * guest may replace an entry with a 16-byte store while a device uses it.  Only
 * ordinary RAM of the guest is read.  Locked or not: takes the p2m's lock.
 *
 * -EFAULT: no RAM of the guest there (a hole, MMIO, foreign, paged out, ...)
 */
#define VIOMMU_HOST_READ 64
int viommu_host_read(const struct viommu *viommu, paddr_t gpa, void *buf,
                     unsigned int size);

/*
 * Write 4 bytes of guest memory at @gpa, a multiple of 4, in one access.  Only
 * RAM that the guest may write itself is written.  Locked: takes the p2m's
 * lock.
 *
 * -EFAULT: no such RAM of the guest there
 */
int viommu_host_write32(const struct viommu *viommu, paddr_t gpa,
                        uint32_t val);

/*
 * May a device access @gpa?  Returns the log2 of the length of the aligned
 * block around it of which that holds, at least 12, or 0 if it may not.  There
 * is RAM of the guest in all of the block, or *@device is set: accesses are the
 * DM's to answer, as the guest's own are.  Not locked.
 */
unsigned int viommu_host_block_order(const struct viommu *viommu, paddr_t gpa,
                                     bool *device);

/* Send an MSI to the guest.  Not locked: takes the interrupt locks. */
void viommu_host_msi(const struct viommu *viommu, uint64_t addr, uint32_t data);

/*
 * The tables of interrupt remapping, of which there are VIOMMU_HELD_TABLES of
 * at most VIOMMU_HELD_PAGES.  They are read where no page may be looked up.
 *
 * Hold @nr pages of guest memory from @gpa on as @table, in the place of those
 * that it was before.  They can be read from then on, whatever becomes of them
 * in the p2m.  What is no RAM of the guest now is not there.  Locked: takes the
 * p2m's lock.  No delivery may be using @table.
 */
#define VIOMMU_HELD_TABLES 2
#define VIOMMU_HELD_PAGES  256
void viommu_host_hold(struct viommu *viommu, unsigned int table, paddr_t gpa,
                      unsigned int nr);

/*
 * Copy the 16 bytes at @off, a multiple of 16, of @table as they were at one
 * moment.  In the gate.
 *
 * -EFAULT: no page there
 */
int viommu_host_read_held(const struct viommu *viommu, unsigned int table,
                          unsigned int off, void *buf);

/*
 * Whoever delivers an interrupt does so in the gate: enters it, remaps the
 * request, hands it to the local APICs, and leaves.  When this returns, all
 * who were in it have left, and nobody enters before viommu_host_gate_open().
 * Locked: the gate comes after the lock, and whoever is in it takes neither
 * that nor a lock that comes before it.
 */
void viommu_host_gate_close(struct viommu *viommu);
void viommu_host_gate_open(struct viommu *viommu);

/*
 * Allocate an event channel between @domid and Xen, in the guest's port space.
 * Returns the port or a negative errno.  Not locked: takes the event lock.
 */
int viommu_host_port_alloc(const struct viommu *viommu, domid_t domid);

/* Free a port.  Not locked: takes the event lock. */
void viommu_host_port_free(const struct viommu *viommu, evtchn_port_t port);

/* Is somebody bound to the other end?  Locked or not. */
bool viommu_host_port_bound(const struct viommu *viommu, evtchn_port_t port);

/* Fire the event channel.  Locked or not. */
void viommu_host_port_notify(const struct viommu *viommu, evtchn_port_t port);

/*
 * Have a vCPU of the guest call viommu_continue(), before it runs guest code
 * and until that returns false.  The current one, if that is the guest's; else
 * another one is woken.  If none can run, none does: it is asked for again by
 * viommu_tick().  Not locked.
 */
void viommu_host_kick(const struct viommu *viommu);

/*
 * While @on, call viommu_tick() every few milliseconds.  Locked: the callback
 * may still be running, or about to, when this returns.
 */
void viommu_host_watch(struct viommu *viommu, bool on);

/*
 * Call viommu_tick() within some milliseconds.  Not locked, but perhaps in the
 * gate and with any locks held that come before it.
 */
void viommu_host_alarm(const struct viommu *viommu);

/*
 * Is the guest suspended?  Then its memory is being saved: none of it is read
 * or written on its behalf, and it gets no interrupt.  If so, and only then,
 * viommu_continue() is called once it is not any more.  Locked.
 */
bool viommu_host_frozen(struct viommu *viommu);

/* How many vIOMMUs the guest has.  Locked or not. */
unsigned int viommu_host_units(const struct viommu *viommu);

/* System time in ns.  Locked or not. */
uint64_t viommu_host_now(void);

#endif /* VIOMMU_HOST_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
