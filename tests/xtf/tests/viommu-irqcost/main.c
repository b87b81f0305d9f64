/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What interrupt remapping costs, where the clock counts instructions
 * (scripts/test-hostile): an interrupt before and after it is remapped, the
 * invalidation of an entry, and the largest table that is taken.  As a test it is of no
 * more than that interrupts come, and that each command is over before the guest's next
 * instruction.
 *
 * The interrupt is that of a device's pin, which is asserted all the time: it comes when
 * the IO-APIC's entry is unmasked, within that one exit, with no device model.
 */

#include "../viommu-intremap/ir.h"

const char test_title[] = "vIOMMU: what interrupt remapping costs";

/* Device 10h, INTA, as Xen routes it. */
#define PIN                     18
#define LEVEL                   (1u << 15)

/* 1 MiB. */
#define LARGE                   0x04000000u

#define NR_TIMES                8
/* Vectors, of which each is sent once; and entries, of the same number. */
#define FIRST                   0x30
#define FIRST_REMAPPED          0x70
#define NS_PER_INSN             4

static volatile uint32_t status;
static uint32_t serial;

static void wait_in_trap(void)
{
    qi_put_wait(QI_WAIT_SW, &status, ++serial);
    qi_submit();
    check_eq("status, without a wait", status, serial);
}

static void op_wait(void)
{
    wait_in_trap();
}

static void op_iec(void)
{
    qi_put(4 | 1 << 4 | (uint64_t)FIRST_REMAPPED << 32, 0);
    wait_in_trap();
}

static void op_iec_global(void)
{
    qi_put(4, 0);
    wait_in_trap();
}

/* The largest table, all of it in memory that nobody uses. */
static void op_sirtp(void)
{
    vtd_wr32(VTD_GCMD, VTD_QIE | VTD_IRE | VTD_SIRTP);
    check(vtd_rd32(VTD_GSTS) & VTD_SIRTP, "not taken in the trap");
}

static void worst(const char *name, uint64_t ticks, unsigned int bound)
{
    printk("WORST case=%s insns=%"PRIu64" bound=%u\n", name,
           tsc_to_us(ticks * 1000) / NS_PER_INSN, bound);
}

static void invalidation(const char *name, void (*op)(void), unsigned int bound)
{
    uint64_t best = ~0ull;
    unsigned int i;

    for ( i = 0; i < NR_TIMES; i++ )
    {
        uint64_t start = tsc();

        op();
        best = min(best, tsc() - start);
    }
    worst(name, best, bound);
}

/* The interrupt, with each vector from @first on. */
static uint64_t interrupts(const char *name, unsigned int first, uint64_t format)
{
    uint64_t best = ~0ull;
    unsigned int i;

    for ( i = 0; i < NR_TIMES; i++ )
    {
        unsigned int vector = first + i;
        uint64_t entry = format | LEVEL | vector, start;

        if ( format )
            entry |= (uint64_t)vector << 49;
        ioapic_entry(PIN, entry | IOAPIC_MASKED);
        start = tsc();
        ioapic_low(entry);
        best = min(best, tsc() - start);
        check(irq_sent(vector), "vector %#x has not come", vector);
        /* As edge-triggered it has nothing to be ended. */
        ioapic_entry(PIN, IOAPIC_MASKED);
    }
    worst(name, best, 25000);

    return best;
}

void test_main(void)
{
    struct edu edu;
    uint64_t as_is, remapped;
    unsigned int n;

    if ( !vtd_init() || !qi_init() || !edu_find(&edu, 0) )
        return;

    ioapic_init();
    qi_enable(0);
    edu_assert(&edu, true);

    subtest("interrupts as they are");
    as_is = interrupts("interrupt", FIRST, 0);

    subtest("interrupts remapped");
    ir_table(IRTA_EIME);
    for ( n = FIRST_REMAPPED; n < FIRST_REMAPPED + NR_TIMES; n++ )
        ir_entry(n, IRTE_P | IRTE_V(n), IRTE_SID(IOAPIC_SID));
    vtd_gcmd(VTD_IRE, 0);
    remapped = interrupts("interrupt-remapped", FIRST_REMAPPED, 1ull << 48);
    worst("remapping", remapped - min(remapped, as_is), 1000);

    subtest("invalidations");
    invalidation("write-iqt-wait", op_wait, 32000);
    invalidation("write-iqt-iec", op_iec, 32000);
    invalidation("write-iqt-iec-global", op_iec_global, 32000);

    subtest("tables");
    vtd_wr64(VTD_IRTA, LARGE | 0xf);
    invalidation("write-gcmd-sirtp", op_sirtp, 240000);

    edu_assert(&edu, false);
    check_eq("FSTS", vtd_rd32(VTD_FSTS), 0);
    vtd_gcmd(0, VTD_IRE);
    qi_disable();
    subtest(NULL);

    xtf_success(NULL);
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
