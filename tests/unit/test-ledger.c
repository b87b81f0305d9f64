/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger: which version is in use, what the log says, and for which DMA an
 * invalidation waits.
 */
#include <inttypes.h>

#include "fake-dm.h"

#define R       XEN_VIOMMU_READ
#define W       XEN_VIOMMU_WRITE
#define RW      (R | W)

#define ledger_test(f) cmocka_unit_test_setup_teardown(f, unit_setup,        \
                                                        unit_teardown)

static void test_version(void **state)
{
    static const uint32_t asked[] = { 1, 2, 3, ~0u };
    struct xen_dm_op_viommu_attach op = { .version = 0 };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(asked); i++ )
    {
        unit_setup(state);
        op.version = 0;
        assert_int_equal(viommu_attach(viommu, DM, &op), -EINVAL);
        op.version = asked[i];
        assert_int_equal(viommu_attach(viommu, DM, &op), 0);
        check(op.version == 1, "asked for %u, got %u", asked[i], op.version);
    }
}

/* What one DM leaves behind does not hold up the next. */
static void test_in_turn(void **state)
{
    unsigned int i;

    (void)state;
    tables_create(4, 1);
    tables_map(0x1000, 0x2000, PRW);
    tables_enable();
    for ( i = 0; i < 6; i++ )
    {
        ldm_attach();
        w64(R_IOTLB, IVT | IIRG(1));
        assert_false(r64(R_IOTLB) & IVT);
        ldm_publish(i, &ldm_usual);
        ldm->floor = i;
        if ( i % 2 )
            fake_unbind(ldm_port);
        else
            assert_int_equal(viommu_detach(viommu, DM), 0);
    }
}

/* Attaching: nothing is in flight, and the head stays where it is. */
static void test_attach_clears(void **state)
{
    unsigned int i;

    (void)state;
    assert_true(ldm->head == 0);
    for ( i = 0; i < 5; i++ )
        w64(R_IOTLB, IVT | IIRG(1));
    memset(ldm->busy, 0xff, sizeof(ldm->busy));
    memset(ldm->waited, 0xff, sizeof(ldm->waited));
    ldm->floor = 3;
    ldm->floor_waited = 1;
    ldm_attach();
    assert_true(ldm->head == 5 && ldm->floor == XEN_VIOMMU_NO_FLOOR);
    assert_true(ldm->floor_waited == 0);
    for ( i = 0; i < ARRAY_SIZE(ldm->busy); i++ )
        assert_true(!ldm->busy[i] && !ldm->waited[i]);
}

/* The log */

static void check_entry(const struct xen_viommu_log *want, const char *how)
{
    const struct xen_viommu_log *got =
        &ldm_log[(ldm->head - 1) % XEN_VIOMMU_LOG_ENTRIES];

    check(!memcmp(got, want, sizeof(*got)),
          "%s: kind %u: %u iova %#" PRIx64 " did %u rid %#x mask %#x order %u",
          how, want->inv, got->inv, got->iova, got->did, got->rid,
          got->rid_mask, got->order);
}

static void check_one(const struct xen_viommu_log *inv)
{
    uint64_t head = ldm->head;

    ldm_invalidate(inv);
    assert_true(ldm->head == head + 1 && !ldm_pending(inv));
    check_entry(inv, "register");

    if ( unit_flags || inv->inv == XEN_VIOMMU_INV_CONTROL )
        return;

    q_create(0);
    head = ldm->head;
    ldm_put(inv);
    q_submit();
    assert_true(ldm->head == head + 1);
    check_entry(inv, "queue");
    q_switch(false);
}

static void test_log_entries(void **state)
{
    static const uint16_t dids[] = { 0, 1, 0x1234, 0xffff };
    static const uint16_t rids[] = { 0, 0x18, 0x1f, 0xffff };
    static const uint16_t masks[] = { 0, 4, 6, 7 };
    static const uint64_t iovas[] = {
        0, 0x1000, 0x12345678000, 0xffffffff000, 1ULL << 63, ~0ULL << 12,
    };
    static const struct xen_viommu_log plain[] = {
        INV_GLOBAL, INV_CC_GLOBAL, INV_ROOT,
    };
    unsigned int i, j, order;

    (void)state;
    for ( i = 0; i < ARRAY_SIZE(plain); i++ )
        check_one(&plain[i]);
    for ( i = 0; i < ARRAY_SIZE(dids); i++ )
    {
        check_one(&(const struct xen_viommu_log)INV_DOMAIN(dids[i]));
        check_one(&(const struct xen_viommu_log)INV_CC_DOMAIN(dids[i]));
        for ( order = 12; order <= 12 + 18; order++ )
            for ( j = 0; j < ARRAY_SIZE(iovas); j++ )
                check_one(&(const struct xen_viommu_log)INV_RANGE(
                    dids[i], iovas[j] & (~0ULL << order), order));
    }
    for ( i = 0; i < ARRAY_SIZE(rids); i++ )
        for ( j = 0; j < ARRAY_SIZE(masks); j++ )
            check_one(&(const struct xen_viommu_log)INV_CC_DEVICE(rids[i],
                                                                  masks[j]));

    /* An address that is not aligned to what is asked for. */
    w64(R_IVA, 0x12345000 | 9);
    w64(R_IOTLB, IVT | IIRG(3) | IOTLB_DID(7));
    check_entry(&(const struct xen_viommu_log)INV_RANGE(7, 0x12200000, 21),
                "unaligned");
    /* What does not belong to a kind is not in its entry. */
    w64(R_IOTLB, IVT | IIRG(1) | IOTLB_DID(7));
    check_entry(&plain[0], "global with did");
    w64(R_CCMD, ICC | CIRG(2) | 5 | 0x18 << 16 | 3ULL << 32);
    check_entry(&(const struct xen_viommu_log)INV_CC_DOMAIN(5), "with sid");
    w64(R_CCMD, ICC | CIRG(3) | 5 | 0x18 << 16 | 3ULL << 32);
    check_entry(&(const struct xen_viommu_log)INV_CC_DEVICE(0x18, 7), "fm");
    w32(R_GCMD, TE);
    check_entry(&plain[2], "TE");
    w32(R_GCMD, 0);
    check_entry(&plain[2], "TE off");
    viommu_reset(viommu);
    check_entry(&plain[2], "reset");
}

/* What is refused or only enables a queue leaves no entry. */
static void test_log_nothing(void **state)
{
    uint64_t head;

    (void)state;
    head = ldm->head;
    w64(R_IOTLB, IVT);
    w64(R_CCMD, ICC);
    w64(R_IVA, 19);
    w64(R_IOTLB, IVT | IIRG(3));
    q_switch(true);
    q_switch(false);
    w32(R_GCMD, 0);
    assert_true(ldm->head == head);
}

/* The log goes round; whoever reads it, and whoever does not. */
static void test_log_wraps(void **state)
{
    unsigned int i, n;

    (void)state;
    for ( n = 1; n <= 3 * XEN_VIOMMU_LOG_ENTRIES + 5; n++ )
    {
        const struct xen_viommu_log inv = INV_DOMAIN(n);

        if ( n == 100 )
            ldm_attach();
        if ( n == 400 )
        {
            fake_unbind(ldm_port);
            ldm_attach();
        }
        ldm_invalidate(&inv);
        assert_true(ldm->head == n);
        for ( i = 0; i < XEN_VIOMMU_LOG_ENTRIES && i < n; i++ )
            assert_int_equal(ldm_log[(n - 1 - i) % XEN_VIOMMU_LOG_ENTRIES].did,
                             n - i);
        /* Neither what is in front of it nor what is behind. */
        assert_true(!ldm->pad0[0] && !ldm_slot[0].iova);
    }
}

/* A translation's generation is the number of entries it has seen. */
static void test_generation(void **state)
{
    uint64_t head;

    (void)state;
    ldm_world();
    head = ldm->head;
    assert_int_equal(dm_translate(RID, 0x1000, W).status, 0);
    assert_true(dm_generation == head);
    ldm_invalidate(&(const struct xen_viommu_log)INV_GLOBAL);
    assert_int_equal(dm_translate(RID, 0x1000, W).status, 0);
    assert_true(dm_generation == head + 1 && ldm->head == head + 1);
}

/* In the trap or not */

#define SLOT(r, d, i, g, p, a) { .rid = (r), .did = (d), .iova = (i),         \
                                 .gpa = (g), .pages = (p), .access = (a) }
#define USUAL SLOT(RID, 1, 0x1000, 0x2000, 1, W)
#define PTE(iova) (T_L1 + ((iova) >> 12) * 8)

static const struct wait_case {
    const char *what;
    struct xen_viommu_slot slot;
    uint64_t at, val;           /* what the guest has changed meanwhile */
    struct xen_viommu_log inv;
    bool waits;
    unsigned int walks;
} wait_cases[] = {
#define HUGE SLOT(RID, 1, 0x200000, 0x400000, 512, RW)
#define GIANT SLOT(RID, 1, 0x40000000 + 0x3000000, 0x3000000, 16, W)
#define PASS SLOT(LDM_RID2, 2, 0x5000, 0x5000, 8, RW)
    /* Covered, walks to where it says. */
    { "fresh, range", USUAL, 0, 0, INV_RANGE(1, 0x1000, 12), false, 1 },
    { "fresh, wider range", USUAL, 0, 0, INV_RANGE(1, 0, 14), false, 1 },
    { "fresh, widest range", USUAL, 0, 0, INV_RANGE(1, 0, 30), false, 1 },
    { "fresh, domain", USUAL, 0, 0, INV_DOMAIN(1), false, 1 },
    { "fresh, all", USUAL, 0, 0, INV_GLOBAL, false, 1 },
    { "fresh, device", USUAL, 0, 0, INV_CC_DEVICE(RID, 0), false, 1 },
    { "fresh, functions", USUAL, 0, 0, INV_CC_DEVICE(RID + 7, 7), false, 1 },
    { "fresh, contexts of domain", USUAL, 0, 0, INV_CC_DOMAIN(1), false, 1 },
    { "fresh, contexts", USUAL, 0, 0, INV_CC_GLOBAL, false, 1 },
    { "fresh, root", USUAL, 0, 0, INV_ROOT, false, 1 },
    { "8 fresh pages", SLOT(RID, 1, 0x1000, 0x2000, 8, RW), 0, 0,
      INV_DOMAIN(1), false, 8 },
    { "2 of 8 pages", SLOT(RID, 1, 0x1000, 0x2000, 8, RW), 0, 0,
      INV_RANGE(1, 0x2000, 13), false, 2 },
    { "2M is one walk", HUGE, 0, 0, INV_GLOBAL, false, 1 },
    { "within 2M", SLOT(RID, 1, 0x2ff000, 0x4ff000, 100, R), 0, 0,
      INV_RANGE(1, 0x300000, 12), false, 1 },
    { "from 4K into 2M", SLOT(RID, 1, 0x1ff000, 0x3ff000, 2, R), PTE(0x1ff000),
      0x3ff000 | PRW, INV_GLOBAL, false, 2 },
    { "1G is one walk", GIANT, 0, 0, INV_GLOBAL, false, 1 },
    { "pass-through", PASS, 0, 0, INV_GLOBAL, false, 1 },
    { "permissions that remain", SLOT(RID, 1, 0x1000, 0x2000, 1, R),
      PTE(0x1000), 0x2000 | PR, INV_GLOBAL, false, 1 },
    { "another flag", USUAL, PTE(0x1000), 0x2000 | PRW | 1 << 9, INV_GLOBAL,
      false, 1 },
    { "same place by another table", USUAL, T_L2, 0x400000 | PS | PRW,
      INV_GLOBAL, true, 1 },
    { "another domain id, same place", USUAL, T_CTX + RID * 16 + 8,
      AW48 | DID(5), INV_CC_DEVICE(RID, 0), true, 1 },

    /* Not covered: stale, and not so much as walked. */
    { "other domain's range", USUAL, PTE(0x1000), 0, INV_RANGE(2, 0x1000, 12),
      false, 0 },
    { "range below", USUAL, PTE(0x1000), 0, INV_RANGE(1, 0, 12), false, 0 },
    { "range above", USUAL, PTE(0x1000), 0, INV_RANGE(1, 0x2000, 13), false,
      0 },
    { "range far above", USUAL, PTE(0x1000), 0, INV_RANGE(1, 1ULL << 63, 30),
      false, 0 },
    { "other domain", USUAL, PTE(0x1000), 0, INV_DOMAIN(0x101), false, 0 },
    { "other domain's contexts", USUAL, PTE(0x1000), 0, INV_CC_DOMAIN(0),
      false, 0 },
    { "other function", USUAL, PTE(0x1000), 0, INV_CC_DEVICE(RID + 1, 0),
      false, 0 },
    { "other functions", USUAL, PTE(0x1000), 0, INV_CC_DEVICE(RID + 3, 4),
      false, 0 },
    { "other slot of the bus", USUAL, PTE(0x1000), 0,
      INV_CC_DEVICE(RID + 8, 7), false, 0 },
    { "other bus", USUAL, PTE(0x1000), 0, INV_CC_DEVICE(RID + 0x100, 7),
      false, 0 },
    { "other page of the slot", SLOT(RID, 1, 0x1000, 0x2000, 2, W),
      PTE(0x2000), 0, INV_RANGE(1, 0x1000, 12), false, 1 },

    /* Covered and stale. */
    { "stale, range", USUAL, PTE(0x1000), 0, INV_RANGE(1, 0x1000, 12), true,
      1 },
    { "stale, wider range", USUAL, PTE(0x1000), 0, INV_RANGE(1, 0, 13), true,
      1 },
    { "stale, widest range", USUAL, PTE(0x1000), 0, INV_RANGE(1, 0, 30), true,
      1 },
    { "stale, domain", USUAL, PTE(0x1000), 0, INV_DOMAIN(1), true, 1 },
    { "stale, all", USUAL, PTE(0x1000), 0, INV_GLOBAL, true, 1 },
    { "stale, device", USUAL, PTE(0x1000), 0, INV_CC_DEVICE(RID, 0), true, 1 },
    { "stale, functions", USUAL, PTE(0x1000), 0, INV_CC_DEVICE(RID + 4, 4),
      true, 1 },
    { "stale, contexts of domain", USUAL, PTE(0x1000), 0, INV_CC_DOMAIN(1),
      true, 1 },
    { "stale, contexts", USUAL, PTE(0x1000), 0, INV_CC_GLOBAL, true, 1 },
    { "stale, root", USUAL, PTE(0x1000), 0, INV_ROOT, true, 1 },
    { "mapped elsewhere", USUAL, PTE(0x1000), 0x3000 | PRW, INV_GLOBAL, true,
      1 },
    { "read-only now", USUAL, PTE(0x1000), 0x2000 | PR, INV_GLOBAL, true, 1 },
    { "write-only now", SLOT(RID, 1, 0x1000, 0x2000, 1, R), PTE(0x1000),
      0x2000 | PW, INV_GLOBAL, true, 1 },
    { "no context", USUAL, T_CTX + RID * 16, 0, INV_GLOBAL, true, 1 },
    { "no root entry", USUAL, T_ROOT, 0, INV_GLOBAL, true, 1 },
    { "passes through now", USUAL, T_CTX + RID * 16, TT(2) | P, INV_GLOBAL,
      true, 1 },
    { "reserved bit", USUAL, PTE(0x1000), 0x2000 | PRW | 1ULL << 50,
      INV_GLOBAL, true, 1 },
    { "last of 8 pages", SLOT(RID, 1, 0x1000, 0x2000, 8, W), PTE(0x8000), 0,
      INV_GLOBAL, true, 8 },
    { "last page by range", SLOT(RID, 1, 0x1000, 0x2000, 8, W), PTE(0x8000), 0,
      INV_RANGE(1, 0x8000, 12), true, 1 },
    { "first page by range", SLOT(RID, 1, 0x1000, 0x2000, 8, W), PTE(0x1000),
      0, INV_RANGE(1, 0x1000, 12), true, 1 },
    { "2M elsewhere", HUGE, T_L2 + 8, 0x600000 | PS | PRW, INV_GLOBAL, true,
      1 },
    { "2M gone", HUGE, T_L2 + 8, 0, INV_RANGE(1, 0x3ff000, 12), true, 1 },
    { "into 2M that is gone", SLOT(RID, 1, 0x1ff000, 0x3ff000, 2, R),
      T_L2 + 8, 0, INV_RANGE(1, 0x200000, 21), true, 1 },
    { "1G gone", GIANT, T_L3 + 8, 0, INV_GLOBAL, true, 1 },
    { "does not pass through any more", PASS, T_CTX + LDM_RID2 * 16, T_L4 | P,
      INV_CC_DEVICE(LDM_RID2, 0), true, 1 },
};

/*
 * Everything about one case: what shows at once, what is told, who is waited
 * for, and how it ends.  @queued: by descriptor and a wait behind it.
 */
static void one_case(const struct wait_case *c, unsigned int n, bool queued)
{
    struct xen_viommu_stats s;
    bool pending;

    ldm_publish(n, &c->slot);
    if ( c->at )
        fake_poke(c->at, c->val);
    if ( queued )
        q_create(0);
    fake_trace();
    s = unit_stats();

    if ( queued )
    {
        ldm_put(&c->inv);
        q_put_wait(0, 0);
        q_submit();
        pending = !q_done(0);
    }
    else
    {
        ldm_invalidate(&c->inv);
        pending = ldm_pending(&c->inv);
    }
    check(pending == c->waits, "%s", c->what);
    check(unit_stats().walks - s.walks == c->walks, "%s: %u walks", c->what,
          (unsigned int)(unit_stats().walks - s.walks));
    check(unit_stats().stale - s.stale == c->waits, "%s", c->what);
    assert_true(unit_stats().scans == s.scans + 1);
    assert_true(ldm_waited(n) == c->waits && ldm_nr_waited() == c->waits);
    assert_int_equal(fake.count[FAKE_NOTIFY], c->waits);
    assert_int_equal(fake.count[FAKE_MSI], 0);
    assert_true(fake.watching == c->waits);

    /* However often it is looked at. */
    viommu_continue(viommu);
    r32(R_GSTS);
    assert_int_equal(dm_ack(), 0);
    assert_true((queued ? !q_done(0) : ldm_pending(&c->inv)) == c->waits);
    assert_int_equal(fake.count[FAKE_NOTIFY], c->waits);

    assert_true(ldm_end(n) == c->waits);
    assert_false(queued ? !q_done(0) : ldm_pending(&c->inv));
    assert_true(!ldm_nr_waited() && !fake.watching);
    assert_true(unit_stats().in_trap - s.in_trap == !c->waits);
    assert_true(unit_stats().waited - s.waited == c->waits);
}

static void test_cases(void **state)
{
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(wait_cases); i++ )
    {
        const struct wait_case *c = &wait_cases[i];

        ldm_world_setup(state);
        one_case(c, i * 16 % XEN_VIOMMU_SLOTS, false);
        if ( unit_flags || c->inv.inv == XEN_VIOMMU_INV_CONTROL )
            continue;
        ldm_world_setup(state);
        one_case(c, XEN_VIOMMU_SLOTS - 1 - i, true);
    }
}

/* With no slot at all, and with one that is not in busy[]. */
static void test_no_slot(void **state)
{
    unsigned int i;

    (void)state;
    for ( i = 0; i < ARRAY_SIZE(wait_cases); i++ )
    {
        ldm_invalidate(&wait_cases[i].inv);
        assert_false(ldm_pending(&wait_cases[i].inv));
        if ( i == 10 )
        {
            ldm_fill(3, &ldm_usual);
            ldm_unmap();
        }
    }
    assert_true(unit_stats().walks == 0 && unit_stats().stale == 0);
    assert_string_equal(fake_trace(), "");
}

/* Disabled, everything is where it is, whoever it is. */
static void test_identity(void **state)
{
    static const struct xen_viommu_log inv = INV_GLOBAL;
    static const struct xen_viommu_slot same = SLOT(RID, 0, 0x5000, 0x5000, 512,
                                                    RW);

    (void)state;
    w32(R_GCMD, 0);
    ldm_publish(0, &same);
    ldm_invalidate(&inv);
    assert_false(ldm_pending(&inv));
    assert_true(unit_stats().walks == 1);
    ldm_publish(1, &ldm_usual);
    ldm_invalidate(&inv);
    assert_true(ldm_pending(&inv) && ldm_waited(1) && !ldm_waited(0));
    ldm_end(1);
    assert_false(ldm_pending(&inv));

    /* Enabling it: what was there is stale now. */
    w32(R_GCMD, TE);
    assert_true(ldm_waited(0) && !(r32(R_GSTS) & TE));
    assert_true(ldm_end(0));
    assert_true(r32(R_GSTS) & TE);
    /* And back. */
    ldm_publish(2, &ldm_usual);
    w32(R_GCMD, 0);
    assert_true(ldm_waited(2) && (r32(R_GSTS) & TE));
    assert_true(ldm_end(2));
    assert_false(r32(R_GSTS) & TE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ledger_test(test_version),
        ledger_test(test_in_turn),
        ledger_test(test_attach_clears),
        ledger_test(test_log_entries),
        ledger_test(test_log_nothing),
        ledger_test(test_log_wraps),
        ledger_test(test_generation),
        world_test(test_cases),
        world_test(test_no_slot),
        world_test(test_identity),
    };

    return run_both(tests);
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
