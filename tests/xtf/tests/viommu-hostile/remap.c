/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts that are remapped by tables that no driver makes.  They are sent by a device,
 * QEMU's "edu", and none of them may come by a vector that is not the entry's.
 */

#include "rows.h"
#include "../viommu-intremap/ir.h"

#define SHV                     (1u << 3)

#define IRTE_IM                 (1ull << 15)
#define IRTE_DLM(m)             ((uint64_t)(m) << 5)
#define IRTE_SVT(s, sid)        ((uint64_t)(s) << 18 | (sid))

/* Tables of 512 entries and of 65536, the largest. */
#define SIZE_512                8
#define SIZE_64K                15

#define IEC                     4ull
#define IEC_INDEX               (1ull << 4)

#define FR_IR_INDEX             0x21
#define FR_IR_NOT_PRESENT       0x22
#define FR_IR_ACCESS            0x23
#define FR_IR_RSVD              0x24
#define FR_IR_COMPAT            0x25
#define FR_IR_SOURCE            0x26

#define APIC_ESR                0x280
#define ESR_ILLEGAL             (1u << 6)

/* It is in entries and messages that are refused. */
#define NEVER                   0x7f

static struct edu edu;
/* Two pages of a table, of which the second one is given up. */
static uint64_t torn[2][512] __page_aligned_bss;
/* The next vector that no interrupt has had. */
static unsigned int vector = 0x80;

static void send(uint32_t addr, uint32_t data)
{
    edu_set_msi(&edu, addr, data);
    edu_raise(&edu);
}

static void refused(const char *what, uint32_t addr, uint32_t data,
                    unsigned int reason, unsigned int index)
{
    send(addr, data);
    ir_expect_fault(what, reason, edu.sid, index, NEVER);
    ir_clear_faults();
}

/* Entry 0 of the table that is in use, and a message that names it. */
static void comes(const char *what)
{
    ir_entry(0, IRTE_P | IRTE_V(++vector), IRTE_SID(edu.sid));
    ir_invalidate(0);
    send(ir_message(0), 0);
    ir_expect(what, vector);
}

static void refused_entry(const char *what, uint64_t lo, uint64_t hi,
                          unsigned int reason)
{
    ir_entry(0, IRTE_P | IRTE_V(NEVER) | lo, hi);
    ir_invalidate(0);
    refused(what, ir_message(0), 0, reason, 0);
}

/* Those of the unit are never remapped. */
static void event_comes(uint32_t addr)
{
    raise_event(addr, ++vector);
    check(irq_sent(vector), "no event by %#x", addr);
}

static void bad_table(const struct place *p)
{
    ir_table_of(p->addr | SIZE_64K);
    check_eq("GSTS", vtd_rd32(VTD_GSTS) & VTD_IRE, VTD_IRE);
    refused(p->name, ir_message(0), 0, FR_IR_ACCESS, 0);
    event_comes(APIC_BASE);
}

static void row_33(void)
{
    unsigned int i;

    subtest("row 33: a table of interrupts where there is none");
    for ( i = 0; i < NR_PLACES; i++ )
        bad_table(&places[i]);
    for ( i = 0; i < ARRAY_SIZE(special); i++ )
        bad_table(&special[i]);

    if ( !check(balloon_out(torn[1]), "cannot give up a page") )
        return;
    torn[0][0] = IRTE_P | IRTE_V(++vector);
    torn[0][1] = IRTE_SID(edu.sid);
    ir_table_of(_u(torn) | SIZE_512);
    send(ir_message(0), 0);
    ir_expect("the page that is there", vector);
    refused("the page that is not", ir_message(256), 0, FR_IR_ACCESS, 256);

    ir_table(0);
    comes("a good table");
}

static void row_34(void)
{
    subtest("row 34: an index past the end of the table");
    ir_entry(0, IRTE_P | IRTE_V(NEVER), IRTE_SID(edu.sid));
    refused("256 of 256", ir_message(256), 0, FR_IR_INDEX, 256);
    refused("the last there can be", ir_message(0xffff), 0, FR_IR_INDEX,
            0xffff);
    refused("by a subhandle", ir_message(255) | SHV, 1, FR_IR_INDEX, 256);
    refused("by the largest subhandle", ir_message(0) | SHV, 0xffff, FR_IR_INDEX,
            0xffff);

    /* Its index does not fit into 16 bits; what is left of it is 0. */
    ir_table_of(ir_address() | SIZE_64K);
    send(ir_message(0xffff) | SHV, 1);
    check(wait_for(vtd_rd32(VTD_FSTS) & FSTS_PPF, SOON_US), "no fault");
    check(!irq_sent(NEVER), "wraps to entry 0");
    ir_clear_faults();

    /* What would be a handle and a subhandle. */
    event_comes(APIC_BASE | 0x10);
    event_comes(APIC_BASE | 0x18);
    ir_table(0);
    comes("a good index");
}

static void row_35(void)
{
    volatile uint32_t *esr = _p(APIC_BASE + APIC_ESR);
    static const unsigned int ignored[] = { 2, 5, 7 }, reserved[] = { 3, 6 };
    unsigned int i, before;

    subtest("row 35: vectors and kinds of interrupt that there are not");
    before = irqs();
    for ( i = 0; i < 16; i++ )
    {
        ir_entry(0, IRTE_P | IRTE_V(i), IRTE_SID(edu.sid));
        ir_invalidate(0);
        *esr = 0;
        send(ir_message(0), 0);
        *esr = 0;
        check(*esr & ESR_ILLEGAL, "vector %u: ESR %#x", i, *esr);
    }
    for ( i = 0; i < ARRAY_SIZE(ignored); i++ )
    {
        ir_entry(0, IRTE_P | IRTE_DLM(ignored[i]) | IRTE_V(NEVER),
                 IRTE_SID(edu.sid));
        ir_invalidate(0);
        send(ir_message(0), 0);
    }
    check_eq("interrupts", irqs(), before);
    check_eq("FSTS", fsts(), 0);
    for ( i = 0; i < ARRAY_SIZE(reserved); i++ )
        refused_entry("a kind that is reserved", IRTE_DLM(reserved[i]),
                      IRTE_SID(edu.sid), FR_IR_RSVD);
    refused_entry("posted", IRTE_IM, IRTE_SID(edu.sid), FR_IR_RSVD);
    comes("a good entry");
}

static void row_36(void)
{
    subtest("row 36: entries of others, and of nobody");
    refused_entry("SVT 3", 0, IRTE_SVT(3, edu.sid), FR_IR_RSVD);
    refused_entry("another function", 0, IRTE_SVT(1, edu.sid ^ 1),
                  FR_IR_SOURCE);
    refused_entry("another device", 0, IRTE_SVT(1, nvme_sid), FR_IR_SOURCE);
    refused_entry("another bus", 0, IRTE_SVT(1, edu.sid | 0x100),
                  FR_IR_SOURCE);
    refused_entry("buses that end before they begin", 0, IRTE_SVT(2, 0x0100),
                  FR_IR_SOURCE);
    comes("its own");
}

static void row_37(void)
{
    subtest("row 37: compatibility format, with APIC ids of 32 bits");
    vtd_gcmd(VTD_CFI, 0);
    send(APIC_BASE, ++vector);
    ir_expect("as they are not of 32 bits", vector);
    ir_table(IRTA_EIME);
    refused("with CFI", APIC_BASE, NEVER, FR_IR_COMPAT, 0);
    vtd_gcmd(0, VTD_CFI);
    refused("without CFI", APIC_BASE, NEVER, FR_IR_COMPAT, 0);
    event_comes(APIC_BASE);
    comes("by the table");
    ir_table(0);
}

static void bad_iec(uint64_t desc)
{
    qi_put(desc, 0);
    qi_submit();
    check_eq("FSTS", fsts(), FSTS_IQE);
    check_eq("IQEI", IQEI(vtd_rd64(VTD_IQERCD)), IQEI_RSVD);
    qi_set(qi_tail - 1, QI_WAIT, 0);
    vtd_wr32(VTD_FSTS, FSTS_IQE);
}

static void row_38(void)
{
    unsigned int i;

    subtest("row 38: an entry that is changed and not invalidated");
    comes("before");
    for ( i = 0; i < 2; i++ )
    {
        /* What counts until the invalidation is either; then it is this. */
        ir_entry(0, IRTE_P | IRTE_V(++vector), IRTE_SID(edu.sid));
        send(ir_message(0), 0);
        ir_entry(0, IRTE_P | IRTE_V(++vector), IRTE_SID(edu.sid));
        ir_invalidate(0);
        send(ir_message(0), 0);
        ir_expect("after", vector);
    }
    ir_entry(0, 0, 0);
    ir_invalidate(0);
    refused("taken away", ir_message(0), 0, FR_IR_NOT_PRESENT, 0);

    subtest("row 38: invalidations of entries that are malformed");
    bad_iec(IEC | 1 << 5);
    bad_iec(IEC | IEC_INDEX | 31ull << 27);
    /* All that there can be, most of them beyond the end of the table. */
    qi_put(IEC | IEC_INDEX | 15ull << 27 | 0xffffull << 32, 0);
    qi_submit();
    check_eq("FSTS", fsts(), 0);
    comes("in the end");
}

void rows_remap(void)
{
    subtest("a device that sends");
    if ( !check(vtd.ecap & ECAP_IR, "ECAP %#"PRIx64" is without IR", vtd.ecap) ||
         !edu_find(&edu, 0) )
        return;

    vtd_wr32(VTD_FECTL, 0);
    vtd_wr32(VTD_FEADDR, 0);
    ir_table(0);
    vtd_gcmd(VTD_IRE, VTD_CFI);
    comes("entry 0");
    row_33();
    row_34();
    row_35();
    row_36();
    row_37();
    row_38();
    vtd_gcmd(0, VTD_IRE);
    vtd_wr32(VTD_FECTL, FECTL_IM);
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
