/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * virtio devices that hold on to a request: a disk because the storage is slow, a
 * NIC because nobody takes its packet, and a disk because it is full and the
 * device model waits for somebody to mend that (werror=stop).  None of them holds
 * up an invalidation of the request's buffer, and what comes of it later does not
 * come into the page.
 */

#include "../viommu-lib/nvme.h"
#include "../viommu-lib/virtio.h"

const char test_title[] = "vIOMMU: virtio devices that hold a request";

#define NET_TX                  1
#define NET_HEADER              12

#define NR                      8
#define BASE                    0xf1000000u
#define STEP                    0x00100000u
#define DID                     8
#define IOVA                    0x40000000ull
#define WAIT_US                 20000000
#define HELD_US                 100000

static struct queue {
    struct virtio_desc desc[NR];
    struct {
        uint16_t flags, idx, ring[NR];
    } avail;
    struct {
        uint16_t flags, idx;
        struct virtio_used ring[NR];
    } used __aligned(4);
    struct virtio_blk_header header;
    uint8_t status;
} queues[3] __aligned(4096);

static uint64_t page[WORDS] __page_aligned_bss;

static struct vtd_dom dom;
static struct virtio device;

static bool start(struct queue *d, uint32_t class, unsigned int nth,
                  unsigned int queue)
{
    const struct virtio_queue q = {
        .number = queue, .size = NR, .desc = _u(d->desc),
        .avail = _u(&d->avail), .used = _u(&d->used),
    };

    return virtio_start(&device, class, nth, BASE + (d - queues) * STEP, &dom,
                        0, &q);
}

static void submit(struct queue *d)
{
    d->avail.ring[d->avail.idx % NR] = 0;
    smp_wmb();
    ACCESS_ONCE(d->avail.idx) = d->avail.idx + 1;
    virtio_notify(&device);
}

static void issue(struct queue *d, uint32_t type)
{
    d->header.type = type;
    d->header.sector = 0;
    d->status = 0xff;
    d->desc[0].addr = _u(&d->header);
    d->desc[0].len = sizeof(d->header);
    d->desc[0].flags = DESC_NEXT;
    d->desc[0].next = 1;
    d->desc[1].addr = IOVA;
    d->desc[1].len = PAGE_SIZE;
    d->desc[1].flags = DESC_NEXT | (type == BLK_READ ? DESC_WRITE : 0);
    d->desc[1].next = 2;
    d->desc[2].addr = _u(&d->status);
    d->desc[2].len = 1;
    d->desc[2].flags = DESC_WRITE;
    submit(d);
}

/* A packet of a whole page, behind its header. */
static void send(struct queue *d)
{
    d->desc[0].addr = _u(&d->header);
    d->desc[0].len = NET_HEADER;
    d->desc[0].flags = DESC_NEXT;
    d->desc[0].next = 1;
    d->desc[1].addr = IOVA;
    d->desc[1].len = PAGE_SIZE;
    d->desc[1].flags = 0;
    submit(d);
}

static bool held(const struct queue *d)
{
    return ACCESS_ONCE(d->used.idx) != d->avail.idx;
}

/* Take its buffer away from a device that holds a request. */
static void take_away(const struct queue *d)
{
    check(held(d), "the device does not hold the request");
    vtd_map(&dom, IOVA, 0, 1, 0);
    vtd_iotlb_pages(DID, IOVA, 0);
    check(held(d), "not complete before the device was done");
    FILL(page, SIGNATURE(i_));
}

static void give_back(void)
{
    FILL(page, UNTOUCHED(i_));
    vtd_map(&dom, IOVA, _u(page), 1, PTE_RW);
}

static void test_slow(void)
{
    struct queue *d = &queues[0];

    give_back();
    issue(d, BLK_READ);
    check(wait_for(!held(d), WAIT_US) && d->status == 0 &&
          COUNT(page, 0) == WORDS, "the disk cannot be read");

    issue(d, BLK_READ);
    take_away(d);
    check(wait_for(!held(d), WAIT_US), "the disk does not end");
    check(COUNT(page, SIGNATURE(i_)) == WORDS,
          "the page was written after completion");
    vtd_faults_clear();

    give_back();
    issue(d, BLK_READ);
    check(wait_for(!held(d), WAIT_US) && d->status == 0 &&
          COUNT(page, 0) == WORDS, "the disk cannot be read any more");
    check_eq("number of faults", vtd_faults_clear(), 0);
}

static void test_blocked(void)
{
    struct queue *d = &queues[1];

    give_back();
    send(d);
    delay_us(HELD_US);
    take_away(d);
    check_eq("number of faults", vtd_faults_clear(), 0);
}

static void test_full(void)
{
    struct queue *d = &queues[2];

    give_back();
    issue(d, BLK_WRITE);
    delay_us(HELD_US);
    take_away(d);
    check_eq("number of faults", vtd_faults_clear(), 0);
}

void test_main(void)
{
    unsigned int i;

    if ( !vtd_init() )
        return;

    dom = vtd_dom_new(vtd.max_levels, DID);
    vtd_root_set();
    for ( i = 0; i < sizeof(queues); i += PAGE_SIZE )
        vtd_map(&dom, _u(queues) + i, _u(queues) + i, 1, PTE_RW);
    if ( !vtd_enable() || !start(&queues[0], VIRTIO_BLK_CLASS, 0, 0) )
        return;

    subtest("a slow disk");
    test_slow();
    if ( !start(&queues[1], VIRTIO_NET_CLASS, 0, NET_TX) )
        return;
    subtest("a NIC whose peer takes nothing");
    test_blocked();
    if ( !start(&queues[2], VIRTIO_BLK_CLASS, 1, 0) )
        return;
    subtest("a full disk");
    test_full();
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
