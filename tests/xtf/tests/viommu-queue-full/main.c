/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The largest queue there is, full, by one write of IQT: 32766 invalidations
 * of a domain and a wait.  How long it takes, and that the other vCPU of the
 * domain hardly notices.  Then the same with a device at work.
 */

#include "../viommu-lib/nvme.h"
#include "../viommu-lib/queue.h"
#include "../viommu-lib/smp.h"

const char test_title[] = "vIOMMU: a full queue of the largest size";

#define DID                     1
#define WAIT_US                 20000000
#define NR_READS                16

static uint64_t buf[NR_READS][WORDS] __page_aligned_bss;
static volatile uint32_t status;

/* The other vCPU's clock: where it has been, and its longest absence. */
static volatile uint64_t turns, longest, reset;

static void watch(void)
{
    uint64_t last = tsc(), seen = 0;

    for ( ; ; turns++ )
    {
        uint64_t now = tsc();

        if ( seen != reset )
            seen = reset;
        else if ( now > last && now - last > longest )
            longest = now - last;
        last = now;
    }
}

static void fill(unsigned int n)
{
    while ( n-- )
        qi_put(QI_IOTLB(INV_DOMAIN) | QI_IOTLB_DRAIN | QI_DID(n & 0xffff), 0);
}

static void run(const char *name, unsigned int n)
{
    uint64_t start, written, us, other, away;

    fill(n);
    status = 0;
    qi_put_wait(QI_WAIT_SW, &status, 1);

    longest = 0;
    reset++;
    delay_us(1000);
    other = turns;

    start = tsc();
    qi_submit();
    written = tsc() - start;
    check(wait_for(status, WAIT_US), "not complete, IQH %#x, IQT %#x, FSTS %#x",
          qi_head(), qi_tail, vtd_rd32(VTD_FSTS));
    us = tsc_to_us(tsc() - start);
    other = turns - other;
    away = tsc_to_us(longest);

    printk("QUEUE-FULL descs=%u total_us=%"PRIu64" write_us=%"PRIu64
           " desc_ns=%"PRIu64" other_turns=%"PRIu64" other_away_us=%"PRIu64
           " case=%s\n", n + 1, us, tsc_to_us(written), us * 1000 / (n + 1),
           other, away, name);

    check_eq("IQH", qi_head(), qi_tail);
    check_eq("FSTS", vtd_rd32(VTD_FSTS), 0);
    check(other || !n, "the other vCPU has stood still");
}

static void test_idle(void)
{
    subtest("no device");
    qi_enable(QI_MAX_QS);
    run("first", qi_size - 2);
    run("second", qi_size - 2);
    check_eq("tail", qi_tail, qi_size - 2);

    /* For comparison: what one costs by itself. */
    run("one", 0);
    run("one", 0);
    qi_disable();
}

/* All waits: as many statuses as there are descriptors. */
static void test_waits(void)
{
    uint64_t start, us;
    unsigned int n;

    subtest("nothing but waits");
    qi_enable(QI_MAX_QS);
    for ( n = 1; n < qi_size; n++ )
        qi_put_wait(QI_WAIT_SW, &status, n);
    status = 0;
    start = tsc();
    qi_submit();
    check(wait_for(status == n - 1, WAIT_US), "status %#x, IQH %#x",
          status, qi_head());
    us = tsc_to_us(tsc() - start);
    printk("QUEUE-FULL-WAITS descs=%u total_us=%"PRIu64" desc_ns=%"PRIu64"\n",
           n - 1, us, us * 1000 / (n - 1));
    qi_disable();
}

static void test_busy(void)
{
    struct vtd_dom dom = vtd_dom_new(vtd.max_levels, DID);
    unsigned int i, ids[NR_READS], wrong = 0;

    subtest("with a device at work");
    nvme_map_queues(&dom);
    for ( i = 0; i < NR_READS; i++ )
    {
        FILL(buf[i], UNTOUCHED(i_));
        vtd_map(&dom, GB(1) + i * PAGE_SIZE, _u(buf[i]), 1, PTE_RW);
    }
    vtd_root_set();
    vtd_attach(nvme_sid, &dom);
    if ( !vtd_enable() || !qi_enable(QI_MAX_QS) )
        return;

    for ( i = 0; i < NR_READS; i++ )
        ids[i] = nvme_queue(NVME_READ, i, GB(1) + i * PAGE_SIZE, 0);
    nvme_ring();
    run("busy", qi_size - 2);

    for ( i = 0; i < NR_READS; i++ )
        wrong += !wait_for(nvme_status(ids[i]) != NVME_PENDING, WAIT_US) ||
                 nvme_status(ids[i]) ||
                 COUNT(buf[i], DISK(i, i_)) != WORDS;
    check(!wrong, "%u reads of the disk went wrong", wrong);

    /* The device holds translations now, and has to answer. */
    run("held", qi_size - 2);
    check_eq("number of faults", vtd_faults_clear(), 0);
    qi_disable();
    vtd_disable();
}

void test_main(void)
{
    if ( !vtd_init() || !qi_init() || !nvme_init() ||
         !nvme_fill_disk(NR_READS) || !smp_start(watch) )
        return;

    check(wait_for(turns, 1000000), "the other vCPU does not run");
    test_idle();
    test_waits();
    test_busy();
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
