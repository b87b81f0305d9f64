/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IOTLB_REG and IVA: each granularity as a command, and what it is for: DMA
 * after it goes where the tables say by then.
 */

#include "../viommu-lib/nvme.h"

const char test_title[] = "vIOMMU: IOTLB invalidation, tables of all shapes";

#define DID                     5

/* Two places in memory which pages of all sizes can reach. */
#define TARGET_A                MB(32)
#define TARGET_B                MB(34)

static uint64_t *const target_a = (void *)TARGET_A;
static uint64_t *const target_b = (void *)TARGET_B;

static void test_granularity(const char *name, uint64_t iva, uint64_t cmd,
                             bool valid)
{
    unsigned int want = (cmd >> 60) & 3, got;
    uint64_t val;

    vtd_wr64(vtd.iva, iva);
    val = vtd_iotlb(cmd);
    got = IOTLB_IAIG(val);

    /* Coarser than asked for is legal. */
    check(valid ? got && got <= want : !got,
          "%s: IAIG is %u, IIRG was %u", name, got, want);
    check_eq("DID", val & IOTLB_DID(0xffff), cmd & IOTLB_DID(0xffff));
}

static void test_commands(void)
{
    const uint64_t page = IOTLB_IIRG(INV_PAGE) | IOTLB_DID(DID);
    unsigned int am;

    subtest("granularities");
    test_granularity("global", 0, IOTLB_IIRG(INV_GLOBAL), true);
    test_granularity("domain", 0, IOTLB_IIRG(INV_DOMAIN) | IOTLB_DID(DID),
                     true);
    test_granularity("domain, never used", 0,
                     IOTLB_IIRG(INV_DOMAIN) | IOTLB_DID(0xffff), true);
    for ( am = 0; am <= vtd.mamv; am++ )
        test_granularity("page", GB(1) | am, page, true);
    test_granularity("page, leaf only", GB(1) | IVA_IH, page, true);
    test_granularity("page, address not aligned to its size",
                     GB(1) + PAGE_SIZE + 3, page, true);
    test_granularity("page, address beyond all tables", ~0ull << 12, page,
                     true);

    subtest("what is reserved is refused");
    test_granularity("granularity 0", 0, IOTLB_IIRG(INV_NONE), false);
    for ( am = vtd.mamv + 1; am < 64; am += 9 )
        test_granularity("page, AM above MAMV", GB(1) | am, page, false);
    test_granularity("page, AM 63", GB(1) | 63, page, false);
    test_granularity("domain does not look at AM", 63,
                     IOTLB_IIRG(INV_DOMAIN) | IOTLB_DID(DID), true);

    subtest("no command without IVT");
    vtd_wr64(vtd.iotlb, IOTLB_IIRG(INV_GLOBAL));
    check_eq("IVT", vtd_rd64(vtd.iotlb) & IOTLB_IVT, 0);
}

static const struct shape {
    const char *name;
    unsigned int levels, page; /* level of the leaf */
    uint64_t iova;
} shapes[] = {
    { "3 levels, 4K", 3, 1, 0x0000004040001000ull },
    { "3 levels, 2M", 3, 2, 0x0000007fffe00000ull },
    { "3 levels, 1G", 3, 3, 0x0000000080000000ull },
    { "4 levels, 4K", 4, 1, 0x0000fffffffff000ull },
    { "4 levels, 2M", 4, 2, 0x00007f1240200000ull },
    { "4 levels, 1G", 4, 3, 0x00004080c0000000ull },
};

/* Map so that iova (which is returned) ends up at the target. */
static uint64_t map_target(const struct vtd_dom *dom, const struct shape *s,
                           uint64_t target)
{
    uint64_t size = 1ull << (3 + 9 * s->page);

    vtd_map(dom, s->iova, target & ~(size - 1), s->page, PTE_RW);

    return s->iova + (target & (size - 1));
}

static void expect_read(const char *what, unsigned int disk_page, uint64_t iova,
                        const uint64_t *hit, const uint64_t *miss)
{
    int rc;

    FILL(target_a, UNTOUCHED(i_));
    FILL(target_b, UNTOUCHED(i_));
    rc = nvme_rw(NVME_READ, disk_page, iova);
    check(rc == 0, "%s: the device's status is %d", what, rc);
    check(COUNT(hit, DISK(disk_page, i_)) == WORDS,
          "%s: %u words where they belong", what,
          COUNT(hit, DISK(disk_page, i_)));
    if ( miss )
        check(COUNT(miss, UNTOUCHED(i_)) == WORDS,
              "%s: %u words where they do not belong any more", what,
              WORDS - COUNT(miss, UNTOUCHED(i_)));
}

static void expect_write(uint64_t iova, uint64_t *source)
{
    uint64_t *back = source == target_a ? target_b : target_a;

    FILL(source, SIGNATURE(i_));
    check(nvme_rw(NVME_WRITE, 4, iova) == 0, "cannot write");
    check(vtd_disable(), "cannot disable");
    check(nvme_rw(NVME_READ, 4, _u(back)) == 0, "cannot read back");
    check(vtd_gcmd(VTD_TE, 0), "cannot enable");
    check(COUNT(back, SIGNATURE(i_)) == WORDS, "%u words written are right",
          COUNT(back, SIGNATURE(i_)));
}

/*
 * DMA to one target; the tables move it to the other one; invalidate; DMA has
 * to follow.  A 1G page cannot point anywhere else where there is memory, so
 * it is split.
 */
static void test_shape(const struct shape *s)
{
    static const uint64_t cmds[] = {
        IOTLB_IIRG(INV_PAGE) | IOTLB_DID(DID),
        IOTLB_IIRG(INV_DOMAIN) | IOTLB_DID(DID),
        IOTLB_IIRG(INV_GLOBAL),
    };
    unsigned int i;

    if ( s->levels > vtd.max_levels )
        return;

    subtest(s->name);

    for ( i = 0; i < ARRAY_SIZE(cmds); i++ )
    {
        struct vtd_dom dom;
        uint64_t iova;

        vtd_tables_reset();
        dom = vtd_dom_new(s->levels, DID);
        nvme_map_queues(&dom);
        vtd_root_set();
        vtd_attach(nvme_sid, &dom);
        iova = map_target(&dom, s, TARGET_A);
        if ( !vtd_enable() )
            return;

        expect_read("before", 0, iova, target_a, target_b);

        if ( s->page < 3 )
            map_target(&dom, s, TARGET_B);
        else
        {
            ACCESS_ONCE(*vtd_pte(&dom, s->iova, 3)) = 0;
            vtd_map(&dom, s->iova + TARGET_A, TARGET_B, 2, PTE_RW);
        }

        /* A page order of the page that was there. */
        vtd_wr64(vtd.iva, s->iova | (9 * (s->page - 1)));
        vtd_iotlb(cmds[i]);
        expect_read("after", 1, iova, target_b, target_a);

        /* IVA still says which page. */
        if ( s->page == 1 )
        {
            map_target(&dom, s, TARGET_A);
            vtd_iotlb(cmds[i]);
            expect_read("with the old IVA", 2, iova, target_a, target_b);
            expect_write(iova, target_a);
        }

        check_eq("number of faults", vtd_faults_clear(), 0);
        vtd_disable();
    }
}

/* Translation off, and on again with other tables. */
static void test_te(void)
{
    struct vtd_dom dom[2];
    unsigned int i;

    subtest("off and on with a new root");
    vtd_tables_reset();
    vtd_root_set();
    for ( i = 0; i < 2; i++ )
    {
        dom[i] = vtd_dom_new(3, DID);
        nvme_map_queues(&dom[i]);
        vtd_map(&dom[i], GB(1), i ? TARGET_B : TARGET_A, 1, PTE_RW);
    }

    vtd_attach(nvme_sid, &dom[0]);
    vtd_enable();
    expect_read("first", 0, GB(1), target_a, target_b);
    vtd_disable();
    expect_read("off", 1, TARGET_B, target_b, target_a);
    vtd_attach(nvme_sid, &dom[1]);
    vtd_enable();
    expect_read("second", 2, GB(1), target_b, target_a);
    vtd_disable();
    check_eq("number of faults", vtd_faults_clear(), 0);
}

void test_main(void)
{
    unsigned int i;

    if ( !vtd_init() || !nvme_init() || !nvme_fill_disk(4) )
        return;

    test_commands();
    for ( i = 0; i < ARRAY_SIZE(shapes); i++ )
        test_shape(&shapes[i]);
    test_te();
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
