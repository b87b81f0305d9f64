/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A disk that stalls for 5 s in the middle of a DMA.
 *
 * The guest unmaps the buffer meanwhile and invalidates.  No driver waits for
 * seconds (Linux gives up after 10 of them, Xen after 1), so the invalidation
 * has to be complete while the disk stalls (within 90 ms: see what is printed);
 * and when it comes to life again, its data has to stay out of a page that is
 * the guest's own since.
 */

#include "../viommu-lib/nvme.h"

const char test_title[] = "vIOMMU: invalidation while the storage stalls";

#define DID                     3
#define IOVA_FIRST              0x40000000ull
#define IOVA_HELD               0x40010000ull

#define WAIT_US                 12000000

static uint64_t first[WORDS] __page_aligned_bss;
static uint64_t held[WORDS] __page_aligned_bss;
static struct vtd_dom dom;

/* Unmap the page and invalidate.  Returns how long that took. */
static uint64_t invalidate(void)
{
    uint64_t start = tsc();

    ACCESS_ONCE(*vtd_pte(&dom, IOVA_HELD, 1)) = 0;
    vtd_wr64(vtd.iva, IOVA_HELD);
    vtd_wr64(vtd.iotlb, IOTLB_IVT | IOTLB_DR | IOTLB_DW |
                        IOTLB_IIRG(INV_PAGE) | IOTLB_DID(DID));
    check(wait_for(!(vtd_rd64(vtd.iotlb) & IOTLB_IVT), WAIT_US),
          "IVT stays set");

    return tsc_to_us(tsc() - start);
}

static void stall(const char *name, unsigned int opcode)
{
    unsigned int id, id_held, faults, intact;
    uint64_t begin, us;
    int status;

    subtest(name);

    vtd_map(&dom, IOVA_HELD, _u(held), 1, PTE_RW);
    FILL(held, opcode == NVME_READ ? UNTOUCHED(i_) : SIGNATURE(i_));
    FILL(first, LATER(i_));

    begin = tsc();
    id = nvme_queue(opcode, 2, IOVA_FIRST, 0);
    id_held = nvme_queue(opcode, 3, IOVA_HELD, 0);
    nvme_ring();
    wait_for(nvme_status(id) != NVME_PENDING, WAIT_US);
    if ( !check(nvme_status(id) == 0 && nvme_status(id_held) == NVME_PENDING,
                "the disk is not throttled as it should be") )
        return;

    us = invalidate();
    check(nvme_status(id_held) == NVME_PENDING,
          "complete after %"PRIu64" us, when the disk was done", us);
    FILL(held, opcode == NVME_READ ? SIGNATURE(i_) : LATER(i_));

    wait_for(nvme_status(id_held) != NVME_PENDING, WAIT_US);
    status = nvme_status(id_held);
    begin = tsc_to_us(tsc() - begin);
    intact = COUNT(held, opcode == NVME_READ ? SIGNATURE(i_) : LATER(i_));
    faults = vtd_faults_clear();

    printk("STALLED %s invalidation_us=%"PRIu64" stall_us=%"PRIu64
           " page_intact=%u status=%d faults=%u\n",
           name, us, begin, intact == WORDS, status, faults);

    check(status != NVME_PENDING, "the command does not end");
    check(intact == WORDS, "%u of %u words overwritten", WORDS - intact, WORDS);
    /* The data was refused, once; or it had been fetched long before. */
    check_eq("number of faults", faults, opcode == NVME_READ);
}

/* What did the device read, while it was allowed to? */
static void what_was_read(void)
{
    unsigned int id, n;

    subtest("what the device has read");

    FILL(first, UNTOUCHED(i_));
    id = nvme_queue(NVME_READ, 3, IOVA_FIRST, 0);
    nvme_ring();
    wait_for(nvme_status(id) != NVME_PENDING, WAIT_US);
    check(nvme_status(id) == 0, "cannot read back: %d", nvme_status(id));
    n = COUNT(first, SIGNATURE(i_));
    check(n == WORDS, "%u of %u words are of the time before", n, WORDS);
}

void test_main(void)
{
    if ( !vtd_init() || !nvme_init() )
        return;

    dom = nvme_dom(DID);
    vtd_map(&dom, IOVA_FIRST, _u(first), 1, PTE_RW);
    if ( !vtd_enable() )
        return;

    stall("device writes memory", NVME_READ);
    stall("device reads memory", NVME_WRITE);
    what_was_read();
    subtest(NULL);

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
