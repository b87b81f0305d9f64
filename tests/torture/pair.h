/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A unit, from Xen's own sources, and a device model's client of it, from the
 * QEMU stub's, in one process.
 */
#ifndef TORTURE_PAIR_H
#define TORTURE_PAIR_H

#include "torture.h"
#include "xen-viommu-client.h"

/* Registers, by offset. */
enum {
    GCMD = 0x18, RTADDR = 0x20, CCMD = 0x28, IQT = 0x88, IQA = 0x90, IRTA = 0xb8,
    IVA = 0xf0, IOTLB = 0xf8
};

/* Where the tables lie in guest memory, which end at 0x8000. */
#define ROOT            0x1000ULL
#define CTX             0x2000ULL
#define TABLE(level)    (0x3000ULL + (level) * 0x1000)

extern struct viommu *viommu;
extern XenViommuClient client;

/* This thread walks tables by itself, as one of them may; and has asked so often. */
extern __thread bool pair_walks;
extern __thread unsigned long pair_asked;

/* What a guest does: 8 bytes of its memory, a register, all that comes of it. */
void pair_set(uint64_t gpa, uint64_t val);
uint64_t pair_read(unsigned int off);
void pair_write(unsigned int off, unsigned int size, uint64_t val);
/* A vCPU is about to run on: if it was woken for that, it goes on first. */
void pair_go_on(void);

/*
 * A new unit with a ledger; the guest has set nothing up yet.  @flags:
 * XEN_VIOMMU_CREATE_*.
 */
void pair_create(uint32_t flags);
/* The client attaches to it. */
void pair_attach(void);
void pair_destroy(void);

#endif /* TORTURE_PAIR_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
