/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What invalidations cost when nothing has to be waited for: the shortest and
 * the median of many, by the clock.  Where the clock counts instructions
 * (scripts/bench), so does this.  It is a test of no more than that each of
 * them completes, and in one exit, before the guest's next instruction.
 */

#include "../viommu-lib/queue.h"

const char test_title[] = "vIOMMU: what invalidations cost";

#define DID                     1
#define NR_WARM                 8
#define NR_TIMES                64
#define MANY                    16

static volatile uint32_t status, word;
static uint32_t serial;
static unsigned int late;
static uint64_t times[NR_TIMES], empty;

/* The guest's own part of it: what all the others do as well. */
static void op_empty(void)
{
    word++;
}

/* Any register: an exit in which there is nothing to be done. */
static void op_exit(void)
{
    word = vtd_rd32(VTD_VER);
}

static void op_write(void)
{
    vtd_wr32(VTD_FEDATA, 0);
}

static void wait_in_trap(void)
{
    qi_put_wait(QI_WAIT_SW, &status, ++serial);
    qi_submit();
    if ( status != serial )
    {
        late++;
        wait_for(status == serial, 1000000);
    }
}

static void put_pages(unsigned int n)
{
    while ( n-- )
        qi_put(QI_IOTLB(INV_PAGE) | QI_IOTLB_DRAIN | QI_DID(DID),
               GB(1) + n * PAGE_SIZE);
}

static void op_queue_wait(void)
{
    wait_in_trap();
}

/* What Linux does for each unmap when it is strict. */
static void op_queue_page(void)
{
    put_pages(1);
    wait_in_trap();
}

/* What it does for many at once when it is lazy. */
static void op_queue_domain(void)
{
    qi_put(QI_IOTLB(INV_DOMAIN) | QI_IOTLB_DRAIN | QI_DID(DID), 0);
    wait_in_trap();
}

static void op_queue_many(void)
{
    put_pages(MANY);
    wait_in_trap();
}

/* The same by registers: two writes and a read at least. */
static void op_reg_page(void)
{
    vtd_wr64(vtd.iva, GB(1));
    vtd_wr64(vtd.iotlb, IOTLB_IIRG(INV_PAGE) | IOTLB_DID(DID) | IOTLB_DR |
             IOTLB_DW | IOTLB_IVT);
    if ( vtd_rd64(vtd.iotlb) & IOTLB_IVT )
    {
        late++;
        wait_for(!(vtd_rd64(vtd.iotlb) & IOTLB_IVT), 1000000);
    }
}

static void sort(void)
{
    unsigned int i, j;

    for ( i = 1; i < NR_TIMES; i++ )
    {
        uint64_t t = times[i];

        for ( j = i; j && times[j - 1] > t; j-- )
            times[j] = times[j - 1];
        times[j] = t;
    }
}

/* In units of 1 ns; the clock has to be read, too, which is subtracted. */
static uint64_t ns(uint64_t ticks)
{
    return tsc_to_us(ticks * 1000);
}

static void measure(const char *name, void (*op)(void), unsigned int exits,
                    unsigned int descs)
{
    unsigned int i;
    uint64_t base;

    subtest(name);
    late = 0;
    for ( i = 0; i < NR_WARM + NR_TIMES; i++ )
    {
        uint64_t start = tsc();

        op();
        if ( i >= NR_WARM )
            times[i - NR_WARM] = tsc() - start;
        else
            late = 0;
    }
    sort();
    if ( op == op_empty )
        empty = times[0];
    base = min(empty, times[0]);
    printk("COST exits=%u descs=%u min=%"PRIu64" median=%"PRIu64" case=%s\n",
           exits, descs, ns(times[0] - base), ns(times[NR_TIMES / 2] - base),
           name);
    check(!late, "%u of %u had to wait", late, NR_TIMES);
}

void test_main(void)
{
    if ( !vtd_init() || !qi_init() )
        return;

    measure("empty", op_empty, 0, 0);
    measure("exit-read", op_exit, 1, 0);
    measure("exit-write", op_write, 1, 0);
    measure("reg-page", op_reg_page, 3, 0);
    qi_enable(0);
    measure("queue-wait", op_queue_wait, 1, 1);
    measure("queue-page", op_queue_page, 1, 2);
    measure("queue-domain", op_queue_domain, 1, 2);
    measure("queue-16-pages", op_queue_many, 1, MANY + 1);
    qi_disable();
    check_eq("FSTS", vtd_rd32(VTD_FSTS), 0);
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
