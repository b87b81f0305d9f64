/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt remapping as a guest uses it.  What is in a request and in an entry is
 * written down here from the architecture.
 */
#ifndef IRQ_H
#define IRQ_H

#include "queue.h"

/* Where tests have their table, of 1M at most. */
#define T_IRT      0x1000000ULL
#define EIME       (1ULL << 11)

/* A remappable request. */
#define MSI_REMAP(handle)                                                     \
    (0xfee00010ULL | ((uint64_t)(handle) & 0x7fff) << 5 |                     \
     ((uint64_t)(handle) >> 15 & 1) << 2)
#define MSI_SHV    (1ULL << 3)
#define RTE_REMAP(handle)                                                     \
    (1ULL << 48 | ((uint64_t)(handle) & 0x7fff) << 49 |                       \
     ((uint64_t)(handle) >> 15 & 1) << 11)

/* Entries: the lower half, ... */
#define I_P        1ULL
#define I_FPD      2ULL
#define I_DM       4ULL
#define I_RH       8ULL
#define I_TM       16ULL
#define I_DLM(m)   ((uint64_t)(m) << 5)
#define I_V(v)     ((uint64_t)(v) << 16)
#define I_DST(d)   ((uint64_t)(d) << 32)    /* with EIME */
#define I_XDST(d)  ((uint64_t)(d) << 40)    /* without */
/* ... and the upper. */
#define I_SID(s)   ((uint64_t)(s))
#define I_SQ(q)    ((uint64_t)(q) << 16)
#define I_SVT(t)   ((uint64_t)(t) << 18)

/* Why a request is blocked. */
#define F_REQUEST  0x20
#define F_INDEX    0x21
#define F_ABSENT   0x22
#define F_ACCESS   0x23
#define F_RSVD     0x24
#define F_COMPAT   0x25
#define F_SOURCE   0x26

/*
 * For cmocka: q_setup() of a unit that remaps interrupts, with a table of 256
 * entries, all zero, and APIC ids of 32 bits.
 */
int irq_setup(void **state);
#define irq_test(f) cmocka_unit_test_setup_teardown(f, irq_setup, unit_teardown)

/* Take the table at @base, of 2^(@s + 1) entries; @flags: EIME. */
void irq_table(uint64_t base, unsigned int s, uint64_t flags);
/* GCMD.IRE and CFI, the other enables staying as they are. */
void irq_switch(bool ire, bool cfi);
/* An entry of the table at T_IRT. */
void irq_entry(unsigned int index, uint64_t lo, uint64_t hi);

/* A request, and what became of it. */
struct irq_got {
    enum viommu_remapped what;
    struct viommu_irq irq;      /* if it was remapped */
    /* If it was blocked: what the guest finds recorded, if anything. */
    unsigned int faults;        /* how many; the others are of the first */
    unsigned int reason, source;
    uint64_t info;
    bool read;
};
struct irq_got irq_msi(uint16_t rid, uint64_t addr, uint32_t data);
struct irq_got irq_rte(uint16_t rid, uint64_t rte);
/* Whatever is recorded, and forget it. */
void irq_faults(struct irq_got *got);

/* Fails the test unless just this fault is recorded. */
void irq_check_fault(const struct irq_got *got, unsigned int reason,
                     uint16_t source, unsigned int index, int line);
#define blocked(got, reason, source, index)                                   \
    irq_check_fault(got, reason, source, index, __LINE__)

#endif /* IRQ_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
