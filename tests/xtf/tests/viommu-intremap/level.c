/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Level-triggered entries.  The end of an interrupt (EOI) names the vector that the local
 * APIC has seen, which is the interrupt table's; the IO-APIC compares it with the vector
 * in its own entry (5.1.5.1: so software gives both the same).
 *
 * Interrupts are taken here: those of the two highest classes of vectors.
 */

#include "ir.h"

#define IRTE_LEVEL              (1ull << 4)

#define RTE_LEVEL               (1u << 15)
#define RTE_REMOTE_IRR          (1u << 14)

#define APIC_TPR                0x80
#define APIC_EOI                0xb0
#define APIC_ISR                0x100

/* Device 10h, INTA, and 11h, INTA, as Xen routes them; entries of the same number. */
#define PIN_A                   18
#define PIN_B                   22

struct idt_ptr {
    uint16_t limit;
    uint64_t base;
} __packed;

static uint64_t own_idt[512] __page_aligned_bss;
volatile uint32_t level_taken;
extern const char level_entry[];

asm ( ".pushsection .text\n"
      "level_entry:\n"
      "    incl level_taken(%rip)\n"
      "    iretq\n"
      ".popsection" );

static volatile uint32_t *apic(unsigned int off)
{
    return _p(APIC_BASE + off);
}

static void idt_init(struct idt_ptr *old)
{
    const struct idt_ptr new = { sizeof(own_idt) - 1, _u(own_idt) };
    uint64_t entry = _u(level_entry);
    unsigned int vector;
    uint16_t cs;

    asm ( "mov %%cs, %0" : "=r" (cs) );
    for ( vector = 0xd0; vector < 0xf0; vector++ )
    {
        own_idt[vector * 2] = (entry & 0xffff) | (uint64_t)cs << 16 |
                              0x8eull << 40 | (entry >> 16 & 0xffff) << 48;
        own_idt[vector * 2 + 1] = entry >> 32;
    }
    asm volatile ( "sidt %0" : "=m" (*old) );
    asm volatile ( "lidt %0" :: "m" (new) );
}

/* The CPU takes it, and no other one. */
static void take(const char *what, unsigned int vector)
{
    ir_expect(what, vector);
    level_taken = 0;
    asm volatile ( "sti; nop; cli" ::: "memory" );
    check_eq(what, level_taken, 1);
    check(*apic(APIC_ISR + vector / 32 * 16) >> (vector % 32) & 1,
          "%s: vector %#x is not in service", what, vector);
    check(!irq_sent(vector), "%s: sent again before its end", what);
}

static void eoi(void)
{
    *apic(APIC_EOI) = 0;
}

static void expect_remote_irr(const char *what, unsigned int pin, bool set)
{
    check_eq(what, !!(ioapic_read(pin) & RTE_REMOTE_IRR), set);
}

/* @pin by the entry of that number, with a vector in each. */
static void route(unsigned int pin, unsigned int rte, uint64_t irte)
{
    ioapic_entry(pin, IOAPIC_MASKED);
    ir_entry(pin, IRTE_P | irte, IRTE_SID(IOAPIC_SID));
    ir_invalidate(pin);
    ioapic_entry(pin, (ioapic_remapped(pin) & ~0xffull) | RTE_LEVEL | rte);
}

/* Not by its vector, but as its pin is made to be edge-triggered, and back. */
static void end_at_ioapic(unsigned int pin, unsigned int rte)
{
    ioapic_entry(pin, (ioapic_remapped(pin) & ~0xffull) | RTE_LEVEL | rte);
}

static void test_same(const struct edu *a)
{
    subtest("level: its end is that of its vector");
    route(PIN_A, 0xd1, IRTE_LEVEL | IRTE_V(0xd1));
    expect_remote_irr("Remote IRR, before", PIN_A, false);
    edu_assert(a, true);
    expect_remote_irr("Remote IRR, sent", PIN_A, true);
    take("the first one", 0xd1);
    eoi();
    expect_remote_irr("Remote IRR, sent again", PIN_A, true);
    take("again, as the pin is asserted", 0xd1);
    edu_assert(a, false);
    eoi();
    expect_remote_irr("Remote IRR, over", PIN_A, false);
    check(!irq_sent(0xd1), "sent by a pin that is not asserted");
    edu_assert(a, true);
    take("another one", 0xd1);
    edu_assert(a, false);
    eoi();
    expect_remote_irr("Remote IRR, over", PIN_A, false);
}

static void test_different(const struct edu *a)
{
    subtest("level: the IO-APIC's entry has another vector");
    route(PIN_A, IOAPIC_VECTOR, IRTE_LEVEL | IRTE_V(0xd2));
    edu_assert(a, true);
    take("the first one", 0xd2);
    eoi();
    check(!irq_sent(0xd2), "ended by the interrupt table's vector");
    expect_remote_irr("Remote IRR", PIN_A, true);
    end_at_ioapic(PIN_A, IOAPIC_VECTOR);
    take("ended at the IO-APIC", 0xd2);
    edu_assert(a, false);
    eoi();
    end_at_ioapic(PIN_A, IOAPIC_VECTOR);
    expect_remote_irr("Remote IRR, over", PIN_A, false);
    check(!irq_sent(0xd2) && !irq_sent(IOAPIC_VECTOR), "sent in the end");
}

/* The vector of each pin's entry is that by which the other one is delivered. */
static void test_crossed(const struct edu *a, const struct edu *b)
{
    subtest("level: the end of one is that of another pin's");
    route(PIN_A, 0xe3, IRTE_LEVEL | IRTE_V(0xd3));
    route(PIN_B, 0xd3, IRTE_LEVEL | IRTE_V(0xe3));
    edu_assert(a, true);
    take("A", 0xd3);
    edu_assert(b, true);
    take("B, while A is in service", 0xe3);

    eoi();
    check(irq_sent(0xd3), "A is not sent again");
    check(!irq_sent(0xe3), "B is sent again by its own vector");
    edu_assert(b, false);
    eoi();
    expect_remote_irr("Remote IRR of B, over", PIN_B, false);
    take("A", 0xd3);
    edu_assert(a, false);
    eoi();
    expect_remote_irr("Remote IRR of A", PIN_A, true);
    ioapic_entry(PIN_A, IOAPIC_MASKED);
    ioapic_entry(PIN_B, IOAPIC_MASKED);
}

/* As Linux has it. */
static void test_edge(const struct edu *a)
{
    subtest("level at the IO-APIC, edge in its entry");
    route(PIN_A, 0xd4, IRTE_V(0xd4));
    edu_assert(a, true);
    take("the first one", 0xd4);
    eoi();
    check(!irq_sent(0xd4), "ended by its vector");
    expect_remote_irr("Remote IRR", PIN_A, true);
    end_at_ioapic(PIN_A, 0xd4);
    take("ended at the IO-APIC", 0xd4);
    edu_assert(a, false);
    eoi();
    ioapic_entry(PIN_A, IOAPIC_MASKED);
    check(!irq_sent(0xd4), "sent in the end");
}

void test_level(void)
{
    struct idt_ptr old;
    struct edu a, b;

    if ( !edu_find(&a, 0) || !edu_find(&b, 1) )
        return;

    idt_init(&old);
    *apic(APIC_TPR) = 0xc0;
    test_same(&a);
    test_different(&a);
    test_crossed(&a, &b);
    test_edge(&a);
    check_eq("FSTS", vtd_rd32(VTD_FSTS) & (FSTS_PPF | FSTS_PFO), 0);
    *apic(APIC_TPR) = 0;
    asm volatile ( "lidt %0" :: "m" (old) );
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
