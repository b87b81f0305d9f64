/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages of two devices, QEMU's "edu".  One writes what the other would send.  And
 * of a NIC, whose vectors can be masked.
 */

#include "ir.h"

#define EDU_SRC                 0x80
#define EDU_DST                 0x88
#define EDU_COUNT               0x90
#define EDU_CMD                 0x98
#define  EDU_RUN                (1u << 0)
#define  EDU_TO_MEMORY          (1u << 1)
#define EDU_BUFFER              0x40000

#define MSI_SHV                 (1u << 3)

static volatile uint32_t *reg(void *bar, unsigned int off)
{
    return bar + off;
}

static void msi(const struct edu *edu, uint32_t addr, uint32_t data)
{
    edu_set_msi(edu, addr, data);
    edu_raise(edu);
}

/* Four bytes of its buffer, which are 0, as any data. */
static void write(const struct edu *edu, uint32_t addr)
{
    *(volatile uint64_t *)reg(edu->bar, EDU_SRC) = EDU_BUFFER;
    *(volatile uint64_t *)reg(edu->bar, EDU_DST) = addr;
    *(volatile uint64_t *)reg(edu->bar, EDU_COUNT) = 4;
    *(volatile uint64_t *)reg(edu->bar, EDU_CMD) = EDU_RUN | EDU_TO_MEMORY;
    check(wait_for(!(*reg(edu->bar, EDU_CMD) & EDU_RUN), SOON_US), "DMA goes on");
}

/*
 * Vector 0 in compatibility format is a pirq to Xen and QEMU, which is masked in
 * another way.
 */
static void masked(void)
{
    struct nic nic;

    subtest("a message with data 0 that is masked");
    if ( !nic_find(&nic) )
        return;

    ir_entry(20, IRTE_P | IRTE_V(0x66), IRTE_SID(nic.sid));
    nic_message(ir_message(20));
    nic_raise(&nic);
    check(nic_pending(), "not pending");
    check(!irq_sent(0x66), "sent, though masked");
    nic_mask(false);
    ir_expect("no longer masked", 0x66);
    check(!nic_pending(), "pending");
}

void test_msi(void)
{
    struct edu a, b;

    if ( !edu_find(&a, 0) || !edu_find(&b, 1) )
        return;

    subtest("message of a device");
    ir_entry(16, IRTE_P | IRTE_V(0x61), IRTE_SID(a.sid));
    msi(&a, ir_message(16), 0);
    ir_expect("message", 0x61);

    subtest("message of a device, changed");
    ir_entry(16, IRTE_P | IRTE_V(0x62), IRTE_SID(a.sid));
    ir_invalidate(16);
    msi(&a, ir_message(16), 0);
    ir_expect("message", 0x62);

    subtest("a block of entries");
    ir_entry(19, IRTE_P | IRTE_V(0x63), IRTE_SID(a.sid));
    msi(&a, ir_message(16) | MSI_SHV, 3);
    ir_expect("subhandle", 0x63);

    subtest("another device sends it");
    ir_entry(16, IRTE_P | IRTE_V(0x64), IRTE_SID(a.sid));
    ir_invalidate(16);
    msi(&b, ir_message(16), 0);
    ir_expect_fault("source", 0x26, b.sid, 16, 0x64);
    ir_clear_faults();

    subtest("another device writes it by DMA");
    write(&b, ir_message(16));
    ir_expect_fault("source", 0x26, b.sid, 16, 0x64);
    ir_clear_faults();
    write(&a, ir_message(16));
    ir_expect("its own", 0x64);

    subtest("message in compatibility format");
    msi(&a, APIC_BASE, 0x65);
    ir_expect_fault("compatibility format", 0x25, a.sid, 0, 0x65);
    ir_clear_faults();

    subtest("message without an entry");
    msi(&a, ir_message(17), 0);
    ir_expect_fault("not present", 0x22, a.sid, 17, 0x65);
    ir_clear_faults();

    masked();
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
