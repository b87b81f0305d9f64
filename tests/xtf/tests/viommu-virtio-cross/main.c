/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a virtio device accesses of its queue in one piece, and what lies across
 * two pages: a descriptor, one of an indirect table, an entry of the used ring.
 * The second page is mapped somewhere else than behind the first one in guest
 * memory, or not at all.  The device goes by the tables for each of the two,
 * and neither reads nor writes what is behind the first page in guest memory.
 */

#include "../viommu-lib/nvme.h"
#include "../viommu-lib/virtio.h"

const char test_title[] = "vIOMMU: virtio queues across a page";

#define NR                      8
#define BASE                    0xf1000000u
#define DID                     8
#define TABLE                   0x40000000ull /* crosses the page after it */
#define BUFFER                  0x50000000ull
/* Half of entry 2 of a table, and half of entry 0 of the used ring. */
#define CROSS_DESC              (PAGE_SIZE - 2 * 16 - 8)
#define CROSS_USED              (PAGE_SIZE - 8)
/* What the device reads if it goes by the wrong length. */
#define BLOCK                   512
#define WAIT_US                 20000000
#define NOTHING_US              100000

static struct {
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
} queue __aligned(4096);

/* As they are in guest memory; the device has the first and the last one. */
static uint8_t table[3][PAGE_SIZE] __aligned(4096);
#define FIRST                   0
#define DECOY                   1
#define SECOND                  2

static uint64_t page[WORDS] __page_aligned_bss;

static struct vtd_dom dom;
static struct virtio device;

/* Byte "at" of TABLE on, for a device; or for one that does not translate. */
static void put(uint64_t at, const void *from, size_t len, unsigned int second)
{
    size_t i;

    for ( i = 0; i < len; i++, at++ )
        table[at < PAGE_SIZE ? FIRST : second][at % PAGE_SIZE] =
            ((const uint8_t *)from)[i];
}

static void map_second(bool there)
{
    vtd_map(&dom, TABLE + PAGE_SIZE, there ? _u(table[SECOND]) : 0, 1,
            there ? PTE_RW : 0);
    vtd_iotlb_pages(DID, TABLE, 1);
}

static bool start(uint64_t desc, uint64_t used)
{
    const struct virtio_queue q = {
        .size = NR, .desc = desc, .avail = _u(&queue.avail), .used = used,
    };

    memset(&queue, 0, sizeof(queue));
    memset(table, 0, sizeof(table));
    FILL(page, UNTOUCHED(i_));
    queue.status = 0xff;

    return virtio_start(&device, VIRTIO_BLK_CLASS, 0, BASE, &dom,
                        VIRTIO_INDIRECT, &q);
}

/*
 * A read of the disk.  The descriptor of its buffer is the one that crosses; its
 * length is another one behind the first page in guest memory.
 */
static void read_at(uint64_t at)
{
    struct virtio_desc d[] = {
        { _u(&queue.header), sizeof(queue.header), DESC_NEXT, 2 },
        { _u(&queue.status), 1, DESC_WRITE, 0 },
        { BUFFER, PAGE_SIZE, DESC_NEXT | DESC_WRITE, 1 },
    };

    put(at, d, sizeof(d), SECOND);
    d[2].len = BLOCK;
    put(at, d, sizeof(d), DECOY);
}

static void submit(void)
{
    smp_wmb();
    ACCESS_ONCE(queue.avail.idx) = 1;
    virtio_notify(&device);
}

static void expect_fault(bool read)
{
    struct vtd_fault f;

    if ( !check(wait_for(vtd_fault_next(&f), WAIT_US), "no fault") )
        return;
    check(f.addr == TABLE + PAGE_SIZE && f.sid == device.sid &&
          f.read == read && f.reason == (read ? FR_READ : FR_WRITE),
          "fault %#x, %s at %#"PRIx64" by %#x", f.reason,
          f.read ? "read" : "write", f.addr, f.sid);
    check_eq("number of further faults", vtd_faults_clear(), 0);
}

static void expect_read(bool done)
{
    if ( done )
        check(wait_for(ACCESS_ONCE(queue.used.idx) == 1, WAIT_US),
              "the request does not end");
    else
    {
        delay_us(NOTHING_US);
        check_eq("index of the used ring", queue.used.idx, 0);
    }
    check_eq("status", queue.status, done ? 0 : 0xff);
    check_eq("words read", COUNT(page, 0), done ? WORDS : 0);
}

static void test_desc(bool there)
{
    map_second(there);
    if ( !start(TABLE + CROSS_DESC, _u(&queue.used)) )
        return;
    read_at(CROSS_DESC);
    submit();
    expect_read(there);
    if ( !there )
        expect_fault(true);
}

static void test_indirect(bool there)
{
    map_second(there);
    if ( !start(_u(queue.desc), _u(&queue.used)) )
        return;
    queue.desc[0].addr = TABLE + CROSS_DESC;
    queue.desc[0].len = 3 * sizeof(struct virtio_desc);
    queue.desc[0].flags = DESC_INDIRECT;
    read_at(CROSS_DESC);
    submit();
    expect_read(there);
    if ( !there )
        expect_fault(true);
}

/* The id of the first entry is in one page, its length in the other one. */
static void test_used(bool there)
{
    const uint32_t *second = (const uint32_t *)table[there ? SECOND : DECOY];
    const volatile uint16_t *idx =
        (const volatile uint16_t *)(table[FIRST] + CROSS_USED + 2);

    map_second(there);
    if ( !start(_u(queue.desc), TABLE + CROSS_USED) )
        return;
    queue.desc[0].addr = _u(&queue.header);
    queue.desc[0].len = sizeof(queue.header);
    queue.desc[0].flags = DESC_NEXT;
    queue.desc[0].next = 1;
    queue.desc[1].addr = BUFFER;
    queue.desc[1].len = PAGE_SIZE;
    queue.desc[1].flags = DESC_NEXT | DESC_WRITE;
    queue.desc[1].next = 2;
    queue.desc[2].addr = _u(&queue.status);
    queue.desc[2].len = 1;
    queue.desc[2].flags = DESC_WRITE;
    submit();

    check(wait_for(*idx == 1, WAIT_US), "the request does not end");
    check_eq("status", queue.status, 0);
    check_eq("words read", COUNT(page, 0), WORDS);
    if ( there )
        check_eq("length in the used ring", *second, PAGE_SIZE + 1);
    else
        expect_fault(false);
    check_eq("what is behind the ring in memory",
             *(const uint32_t *)table[DECOY], 0);
}

static void run(const char *const name[2], void (*test)(bool there))
{
    unsigned int there;

    for ( there = 2; there--; )
    {
        subtest(name[there]);
        test(there);
        check_eq("number of faults", vtd_faults_clear(), 0);
    }
}

void test_main(void)
{
    static const char *const desc[] = {
        "a descriptor, half mapped", "a descriptor",
    };
    static const char *const indirect[] = {
        "a descriptor of an indirect table, half mapped",
        "a descriptor of an indirect table",
    };
    static const char *const used[] = {
        "an entry of the used ring, half mapped", "an entry of the used ring",
    };

    if ( !vtd_init() )
        return;

    dom = vtd_dom_new(vtd.max_levels, DID);
    vtd_root_set();
    vtd_map(&dom, _u(&queue), _u(&queue), 1, PTE_RW);
    vtd_map(&dom, TABLE, _u(table[FIRST]), 1, PTE_RW);
    vtd_map(&dom, BUFFER, _u(page), 1, PTE_RW);
    if ( !vtd_enable() )
        return;

    run(desc, test_desc);
    run(indirect, test_indirect);
    run(used, test_used);
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
