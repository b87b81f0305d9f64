/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CCMD: each granularity as a command, and what it is for: a device moves from
 * one domain to another, and to pass-through and back.
 */

#include "../viommu-lib/nvme.h"

const char test_title[] = "vIOMMU: context-cache invalidation";

#define DID_A                   3
#define DID_B                   4
#define DID_PT                  5
#define IOVA                    0x40000000ull

static uint64_t target_a[WORDS] __page_aligned_bss;
static uint64_t target_b[WORDS] __page_aligned_bss;

static void test_granularity(const char *name, uint64_t cmd, bool valid)
{
    unsigned int want = (cmd >> 61) & 3, got;
    uint64_t val = vtd_ccmd(cmd);

    got = CCMD_CAIG(val);
    check(valid ? got && got <= want : !got,
          "%s: CAIG is %u, CIRG was %u", name, got, want);
    check_eq("DID", val & 0xffff, cmd & 0xffff);
}

static void test_commands(void)
{
    subtest("granularities");
    test_granularity("global", CCMD_CIRG(INV_GLOBAL), true);
    test_granularity("domain", CCMD_CIRG(INV_DOMAIN) | CCMD_DID(DID_A), true);
    test_granularity("device", CCMD_CIRG(INV_DEVICE) | CCMD_DID(DID_A) |
                     CCMD_SID(nvme_sid), true);
    test_granularity("device, functions masked", CCMD_CIRG(INV_DEVICE) |
                     CCMD_DID(DID_A) | CCMD_SID(nvme_sid) | 3ull << 32, true);
    test_granularity("device that does not exist", CCMD_CIRG(INV_DEVICE) |
                     CCMD_SID(0xfff8), true);

    subtest("granularity 0 is refused");
    test_granularity("none", CCMD_CIRG(INV_NONE), false);

    subtest("no command without ICC");
    vtd_wr64(VTD_CCMD, CCMD_CIRG(INV_GLOBAL));
    check_eq("ICC", vtd_rd64(VTD_CCMD) & CCMD_ICC, 0);
}

static void expect_read(const char *what, uint64_t iova, const uint64_t *hit,
                        const uint64_t *miss)
{
    int rc;

    FILL(target_a, UNTOUCHED(i_));
    FILL(target_b, UNTOUCHED(i_));
    rc = nvme_rw(NVME_READ, 1, iova);
    check(rc == 0, "%s: the device's status is %d", what, rc);
    check(COUNT(hit, DISK(1, i_)) == WORDS, "%s: %u words where they belong",
          what, COUNT(hit, DISK(1, i_)));
    check(COUNT(miss, UNTOUCHED(i_)) == WORDS,
          "%s: %u words where they do not belong", what,
          WORDS - COUNT(miss, UNTOUCHED(i_)));
}

/* What software owes when a context entry has changed. */
static void invalidate(unsigned int granularity, uint16_t old_did)
{
    vtd_ccmd(CCMD_CIRG(granularity) | CCMD_DID(old_did) | CCMD_SID(nvme_sid));
    vtd_iotlb(IOTLB_IIRG(granularity == INV_GLOBAL ? INV_GLOBAL : INV_DOMAIN) |
              IOTLB_DID(old_did));
}

static void test_domains(const struct vtd_dom *a, const struct vtd_dom *b)
{
    static const struct {
        const char *name;
        unsigned int granularity;
    } tests[] = {
        { "from domain to domain, by device", INV_DEVICE },
        { "from domain to domain, by domain", INV_DOMAIN },
        { "from domain to domain, all", INV_GLOBAL },
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(tests); i++ )
    {
        subtest(tests[i].name);
        expect_read("first", IOVA, target_a, target_b);
        vtd_attach(nvme_sid, b);
        invalidate(tests[i].granularity, a->did);
        expect_read("second", IOVA, target_b, target_a);
        vtd_attach(nvme_sid, a);
        invalidate(tests[i].granularity, b->did);
        expect_read("first again", IOVA, target_a, target_b);
    }
}

static void test_pass_through(const struct vtd_dom *a)
{
    subtest("pass-through");
    if ( !check(vtd.ecap & (1 << 6), "not supported") )
        return;

    /* The table's address does not count, the width has to be valid. */
    vtd_ctx_set(nvme_sid, CTX_P | CTX_TT(CTX_TT_PASS_THROUGH),
                CTX_AW(vtd.max_levels) | CTX_DID(DID_PT));
    invalidate(INV_DEVICE, a->did);
    expect_read("direct", _u(target_b), target_b, target_a);

    vtd_attach(nvme_sid, a);
    invalidate(INV_DEVICE, DID_PT);
    expect_read("translated again", IOVA, target_a, target_b);
}

void test_main(void)
{
    struct vtd_dom a, b;

    if ( !vtd_init() || !nvme_init() || !nvme_fill_disk(2) )
        return;

    test_commands();

    a = vtd_dom_new(3, DID_A);
    b = vtd_dom_new(vtd.max_levels, DID_B);
    nvme_map_queues(&a);
    nvme_map_queues(&b);
    vtd_map(&a, IOVA, _u(target_a), 1, PTE_RW);
    vtd_map(&b, IOVA, _u(target_b), 1, PTE_RW);
    vtd_root_set();
    vtd_attach(nvme_sid, &a);

    if ( vtd_enable() )
    {
        test_domains(&a, &b);
        test_pass_through(&a);
        check_eq("number of faults", vtd_faults_clear(), 0);
        vtd_disable();
    }
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
