/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an invalidation costs that is an event to the device model, which wakes
 * up, asks what it is about, drops its cache and acknowledges: the simple form
 * of the drain, with no DMA under way.  Beside viommu-cost, where there is no
 * event.  The guest yields while it waits, so that on one CPU the clock counts
 * what has to be done and not how often the guest looks.
 */

#include "../viommu-lib/nvme.h"
#include "../viommu-lib/queue.h"

const char test_title[] = "vIOMMU: what an event for each invalidation costs";

#define DID                     1
#define IOVA                    0x40000000ull
#define NR_WARM                 4
#define NR_TIMES                32
#define MAX_YIELDS              1000000

static uint64_t page[WORDS] __page_aligned_bss;
static volatile uint32_t status;
static struct vtd_dom dom;
static uint64_t times[NR_TIMES];        /* ascending */

/* Returns how often somebody else could run, or -1 if that did not help. */
static int invalidate(uint32_t serial)
{
    int yields = 0;

    qi_put(QI_IOTLB(INV_PAGE) | QI_IOTLB_DRAIN | QI_DID(DID), IOVA);
    qi_put_wait(QI_WAIT_SW, &status, serial);
    qi_submit();
    while ( status != serial )
    {
        if ( ++yields == MAX_YIELDS )
            return -1;
        hypercall_yield();
    }

    return yields;
}

void test_main(void)
{
    unsigned int n, nr = 0, i;
    uint64_t yields = 0;

    if ( !vtd_init() || !qi_init() || !nvme_init() )
        return;

    dom = nvme_dom(DID);
    if ( !vtd_enable() || !qi_enable(0) )
        return;

    subtest("an event for each");
    for ( n = 0; n < NR_WARM + NR_TIMES; n++ )
    {
        uint64_t start, time;
        int waited;

        /* Translated since the last one, so that it has to be asked about. */
        vtd_map(&dom, IOVA, _u(page), 1, PTE_RW);
        if ( !check(nvme_rw(NVME_READ, 0, IOVA) == 0, "the disk") )
            break;
        ACCESS_ONCE(*vtd_pte(&dom, IOVA, 1)) = 0;

        start = tsc();
        waited = invalidate(n + 1);
        time = tsc() - start;
        if ( !check(waited >= 0, "invalidation %u stays incomplete", n) )
            break;
        /* One that others were fast enough for has not been waited for. */
        if ( n < NR_WARM || !waited )
            continue;

        yields += waited;
        for ( i = nr++; i && times[i - 1] > time; i-- )
            times[i] = times[i - 1];
        times[i] = time;
    }
    if ( check(nr, "no invalidation has waited") )
        printk("COST exits=1 descs=2 min=%"PRIu64" median=%"PRIu64" case=event "
               "nr=%u yields=%"PRIu64"\n", tsc_to_us(times[0] * 1000),
               tsc_to_us(times[nr / 2] * 1000), nr, yields);
    subtest(NULL);

    qi_disable();
    vtd_disable();
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
