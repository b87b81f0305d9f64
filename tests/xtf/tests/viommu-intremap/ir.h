/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ir.h: the table of interrupt remapping, what is sent and what is refused.
 */

#ifndef VIOMMU_INTREMAP_IR_H
#define VIOMMU_INTREMAP_IR_H

#include "../viommu-lib/pci.h"
#include "../viommu-lib/queue.h"

#define SOON_US                 2000000

#define IRTE_P                  1ull
#define IRTE_V(v)               ((uint64_t)(v) << 16)
#define IRTE_SID(s)             (1ull << 18 | (s))

#define IRTA_EIME               (1u << 11)

/* Take the table, of 256 entries; and any other. */
void ir_table(unsigned int flags);
void ir_table_of(uint64_t irta);
/* Where the table is. */
uint64_t ir_address(void);
/* The address of a message in remappable format. */
uint32_t ir_message(unsigned int handle);
void ir_entry(unsigned int index, uint64_t lo, uint64_t hi);
/* IEC of one entry, and a wait: over in the trap. */
void ir_invalidate(unsigned int index);

/* Each vector is for one interrupt. */
void ir_expect(const char *what, unsigned int vector);
/* A record of this fault, and no interrupt. */
void ir_expect_fault(const char *what, unsigned int reason, uint16_t source,
                     unsigned int index, unsigned int vector);
void ir_clear_faults(void);

#define ECAP_IR                 (1u << 3)

/* ioapic.c: its timer is the only source there is, before devices are told to send. */
#define IOAPIC_SID              0xff00u
#define IOAPIC_MASKED           (1u << 16)
/* What its remappable entries have for a vector, which nobody is to see. */
#define IOAPIC_VECTOR           0x21
void ioapic_init(void);
void ioapic_entry(unsigned int pin, uint64_t val);
/* The low half of an entry. */
uint32_t ioapic_read(unsigned int pin);
/* The low half of the entry that was written last. */
void ioapic_low(uint32_t val);
uint64_t ioapic_remapped(unsigned int index);
#define TIMER_PIN               2
void timer(bool on);

uint16_t pci_find_id(uint32_t id, unsigned int nth);
/* Offset of a capability; without it the test has failed. */
unsigned int pci_find_cap(uint16_t sid, unsigned int id);

struct edu {
    uint16_t sid;
    void *bar;
};

/* The nth.  False, and the test has failed, if there is none. */
bool edu_find(struct edu *edu, unsigned int nth);
/* Give it that message; make it send. */
void edu_set_msi(const struct edu *edu, uint32_t addr, uint32_t data);
void edu_raise(const struct edu *edu);
/* Its pin, without a message. */
void edu_assert(const struct edu *edu, bool on);

struct nic {
    uint16_t sid;
    void *bar;
};

/* Its one vector is masked.  False, and the test has failed, if there is none. */
bool nic_find(struct nic *nic);
void nic_message(uint32_t addr);
void nic_mask(bool masked);
bool nic_pending(void);
/* It has sent all that it will for that when this returns. */
void nic_raise(const struct nic *nic);

/* level.c: pins of devices, which have not been told to send yet. */
void test_level(void);

/* msi.c: devices; interrupts are being remapped, to APIC ids of 32 bits. */
void test_msi(void);

#endif /* VIOMMU_INTREMAP_IR_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
