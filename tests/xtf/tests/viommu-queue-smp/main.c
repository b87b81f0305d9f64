/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two vCPUs and one queue: with a lock, as drivers do it; without one, each
 * writing IQT as it comes; and hostile, writing whatever there is to write.
 */

#include "../viommu-lib/queue.h"
#include "../viommu-lib/smp.h"

const char test_title[] = "vIOMMU: two vCPUs and one invalidation queue";

#define SOON_US                 5000000
#define NR_LOCKED               500
#define NR_RACES                20
#define HOSTILE_US              500000

/* What the other vCPU is to do, as often as that changes; and how often done. */
static void (*volatile job)(unsigned int cpu);
static volatile unsigned int given, done;

/* Run on both, wait for both. */
static void both(void (*fn)(unsigned int cpu))
{
    job = fn;
    smp_wmb();
    given++;
    fn(0);
    check(wait_for(done == given, 2 * SOON_US),
          "the other vCPU does not end");
}

static volatile uint32_t lock;
static volatile uint32_t status[2];
static volatile unsigned int late[2], completed[2];

/* As a driver: invalidate, wait, and hold the lock for the submission only. */
static void locked(unsigned int cpu)
{
    unsigned int n;

    for ( n = 1; n <= NR_LOCKED; n++ )
    {
        while ( atomic_swap(&lock, 1) )
            rmb();
        qi_put(QI_IOTLB(INV_DOMAIN) | QI_DID(1 + cpu), 0);
        qi_put_wait(QI_WAIT_SW, &status[cpu], n);
        qi_submit();
        atomic_swap(&lock, 0);

        if ( wait_for(status[cpu] == n, SOON_US) )
            completed[cpu]++;
        else
            late[cpu]++;
    }
}

static void test_locked(void)
{
    uint64_t start = tsc();
    unsigned int cpu;

    subtest("with a lock");
    qi_enable(0);
    both(locked);
    for ( cpu = 0; cpu < 2; cpu++ )
        check(completed[cpu] == NR_LOCKED, "vCPU %u: %u complete, %u not",
              cpu, completed[cpu], late[cpu]);
    printk("QUEUE-SMP pairs=%u each_ns=%"PRIu64"\n", 2 * NR_LOCKED,
           tsc_to_us(tsc() - start) * 1000 / (2 * NR_LOCKED));
    check(wait_for(qi_head() == qi_tail, SOON_US), "IQH %#x, IQT %#x",
          qi_head(), qi_tail);
    check_eq("FSTS", vtd_rd32(VTD_FSTS), 0);
    qi_disable();
}

/*
 * Each entry of the ring is a wait with a status of its own.  Both take the
 * next tail from a counter, but write IQT when they get there: it may well go
 * back, which is another round through the ring.
 */
static volatile uint32_t slots[256], next;

static void race(unsigned int __maybe_unused cpu)
{
    uint32_t tail;

    while ( (tail = atomic_add_return(&next, 1)) < 256 )
        vtd_wr32(VTD_IQT, tail << 4);
}

static void test_race(void)
{
    unsigned int round, i, missing = 0;

    subtest("without a lock");
    for ( round = 1; round <= NR_RACES; round++ )
    {
        if ( !qi_enable(0) )
            return;
        for ( i = 0; i < 256; i++ )
            qi_set(i, QI_WAIT | QI_WAIT_SW | QI_WAIT_DATA(round),
                   _u(&slots[i]));
        next = 0;
        both(race);

        /* Whoever was last has the last word. */
        vtd_wr32(VTD_IQT, 255 << 4);
        for ( i = 0; i < 255; i++ )
            missing += !wait_for(slots[i] == round, missing ? 0 : SOON_US);
        check(wait_for(qi_head() == 255, SOON_US), "IQH is %#x", qi_head());
        check_eq("FSTS", vtd_rd32(VTD_FSTS), 0);
        qi_disable();
    }
    check(!missing, "%u waits are missing", missing);
}

static uint32_t random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;

    return *state >> 8;
}

/*
 * No rules but one: the upper half of a descriptor, which may meet any lower
 * half on its way to memory, is an address that can be written.
 */
static uint32_t sink[1024] __page_aligned_bss;

static void hostile(unsigned int cpu)
{
    uint64_t end = tsc() + us_to_tsc(HOSTILE_US);
    uint32_t state = 12345 + cpu;

    while ( tsc() < end )
    {
        uint32_t r = random(&state);
        unsigned int index = random(&state) % 1024;

        switch ( r % 16 )
        {
        case 0: vtd_wr32(VTD_GCMD, r & 16 ? VTD_QIE : 0); break;
        case 1: vtd_wr64(VTD_IQA, _u(qi_ring) | ((r >> 4) & 3)); break;
        case 2: vtd_wr32(VTD_FSTS, ~0u); break;
        case 3: vtd_wr32(VTD_ICS, ~0u); break;
        case 4: vtd_wr32(VTD_IECTL, random(&state) << 8); break;
        case 5: vtd_wr64(vtd.iotlb, IOTLB_IVT | IOTLB_IIRG(r >> 4)); break;
        case 6: vtd_wr64(VTD_CCMD, CCMD_ICC | CCMD_CIRG(r >> 4)); break;
        case 7: qi_set(index, random(&state), _u(&sink[index])); break;
        case 8: case 9: case 10: case 11:
            qi_set(index, QI_WAIT | (r & (7 << 4)) | QI_WAIT_DATA(r),
                   _u(&sink[index]));
            break;
        case 12: vtd_wr32(VTD_IQT, random(&state)); break;
        default: vtd_wr32(VTD_IQT, index << 4); break;
        }
    }
}

static void test_hostile(void)
{
    unsigned int i;

    subtest("hostile");
    for ( i = 0; i < 1024; i++ )
        qi_set(i, QI_WAIT, _u(&sink[i]));
    qi_enable(0);
    both(hostile);

    subtest("all is well after that");
    check(qi_disable(), "cannot be disabled");
    vtd_wr32(VTD_FSTS, ~0u);
    vtd_wr32(VTD_ICS, ~0u);
    vtd_wr32(VTD_IECTL, FECTL_IM);
    check(!(vtd_rd64(vtd.iotlb) & IOTLB_IVT) &&
          !(vtd_rd64(VTD_CCMD) & CCMD_ICC), "a command is still there");
    check_eq("GSTS", vtd_rd32(VTD_GSTS), 0);
    check_eq("IQH", vtd_rd64(VTD_IQH), 0);
    qi_enable(0);
    for ( i = 0; i < 200; i++ )
        if ( !qi_sync() )
            break;
    check_eq("FSTS", vtd_rd32(VTD_FSTS), 0);
    check_eq("IECTL", vtd_rd32(VTD_IECTL), FECTL_IM);
    qi_disable();
}

static void other(void)
{
    for ( ; ; )
    {
        while ( done == given )
            rmb();
        smp_rmb();
        job(1);
        done++;
    }
}

void test_main(void)
{
    if ( !vtd_init() || !qi_init() || !smp_start(other) )
        return;

    test_locked();
    test_race();
    test_hostile();
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
