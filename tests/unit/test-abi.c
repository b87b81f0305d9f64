/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract of public/hvm/viommu.h: layout of the structures, and what each
 * operation refuses with which errno, as far as it is not the copying in and
 * out, which is the hypervisor's.
 */
#include <inttypes.h>
#include <stddef.h>

#include "unit.h"

#define FIELD(s, f, off, size) \
    { #s "." #f, offsetof(struct s, f), sizeof(((struct s *)0)->f), off, size }
#define SIZE(s, size) { #s, 0, sizeof(struct s), 0, size }

/* A field that moves is a device model that breaks. */
static void test_layout(void **state)
{
    static const struct {
        const char *name;
        size_t off, size, want_off, want_size;
    } rows[] = {
        SIZE(xen_dm_op_viommu_attach, 16),
        FIELD(xen_dm_op_viommu_attach, version, 0, 4),
        FIELD(xen_dm_op_viommu_attach, flags, 4, 4),
        FIELD(xen_dm_op_viommu_attach, port, 8, 4),
        FIELD(xen_dm_op_viommu_attach, unit, 12, 4),
        SIZE(xen_dm_op_viommu_detach, 4),
        FIELD(xen_dm_op_viommu_detach, unit, 0, 4),
        SIZE(xen_viommu_xlat, 40),
        FIELD(xen_viommu_xlat, iova, 0, 8),
        FIELD(xen_viommu_xlat, gpa, 8, 8),
        FIELD(xen_viommu_xlat, rid, 16, 4),
        FIELD(xen_viommu_xlat, did, 20, 2),
        FIELD(xen_viommu_xlat, access, 22, 1),
        FIELD(xen_viommu_xlat, perm, 23, 1),
        FIELD(xen_viommu_xlat, order, 24, 1),
        FIELD(xen_viommu_xlat, status, 25, 1),
        FIELD(xen_viommu_xlat, reason, 26, 1),
        FIELD(xen_viommu_xlat, block, 27, 1),
        FIELD(xen_viommu_xlat, format, 28, 1),
        FIELD(xen_viommu_xlat, levels, 29, 1),
        FIELD(xen_viommu_xlat, pad, 30, 2),
        FIELD(xen_viommu_xlat, root, 32, 8),
        SIZE(xen_dm_op_viommu_translate, 16),
        FIELD(xen_dm_op_viommu_translate, nr, 0, 4),
        FIELD(xen_dm_op_viommu_translate, unit, 4, 4),
        FIELD(xen_dm_op_viommu_translate, generation, 8, 8),
        SIZE(xen_dm_op_viommu_ack, 8),
        FIELD(xen_dm_op_viommu_ack, unit, 0, 4),
        FIELD(xen_dm_op_viommu_ack, pad, 4, 4),
        SIZE(xen_dm_op_viommu_msi, 24),
        FIELD(xen_dm_op_viommu_msi, data, 8, 4),
        FIELD(xen_dm_op_viommu_msi, rid, 12, 2),
        FIELD(xen_dm_op_viommu_msi, segment, 14, 2),
        FIELD(xen_dm_op_viommu_msi, flags, 16, 4),
        FIELD(xen_dm_op_viommu_msi, unit, 20, 4),
        SIZE(xen_viommu_timeline, 56),
        FIELD(xen_viommu_timeline, inv, 48, 4),
        SIZE(xen_viommu_stats, 472),
        FIELD(xen_viommu_stats, base, 8, 8),
        FIELD(xen_viommu_stats, translations, 16, 8),
        FIELD(xen_viommu_stats, inv, 40, 56),
        FIELD(xen_viommu_stats, in_trap, 96, 8),
        FIELD(xen_viommu_stats, requested, 120, 8),
        FIELD(xen_viommu_stats, drain_hist, 152, 96),
        FIELD(xen_viommu_stats, waiting, 248, 56),
        FIELD(xen_viommu_stats, longest, 304, 56),
        FIELD(xen_viommu_stats, now_ns, 360, 8),
        FIELD(xen_viommu_stats, mmio_reads, 368, 8),
        FIELD(xen_viommu_stats, descs, 384, 8),
        FIELD(xen_viommu_stats, queue_errors, 392, 8),
        FIELD(xen_viommu_stats, blocked, 400, 4),
        FIELD(xen_viommu_stats, blocked_ns, 408, 8),
        FIELD(xen_viommu_stats, blocked_by, 416, 32),
        FIELD(xen_viommu_stats, stale, 464, 8),
        SIZE(xen_viommu_ledger, 384),
        FIELD(xen_viommu_ledger, head, 0, 8),
        FIELD(xen_viommu_ledger, floor_waited, 8, 8),
        FIELD(xen_viommu_ledger, waited, 64, 128),
        FIELD(xen_viommu_ledger, floor, 192, 8),
        FIELD(xen_viommu_ledger, busy, 256, 128),
        SIZE(xen_viommu_log, 16),
        FIELD(xen_viommu_log, did, 8, 2),
        FIELD(xen_viommu_log, rid, 10, 2),
        FIELD(xen_viommu_log, rid_mask, 12, 2),
        FIELD(xen_viommu_log, inv, 14, 1),
        FIELD(xen_viommu_log, order, 15, 1),
        SIZE(xen_viommu_slot, 32),
        FIELD(xen_viommu_slot, gpa, 8, 8),
        FIELD(xen_viommu_slot, pages, 16, 4),
        FIELD(xen_viommu_slot, seq, 20, 4),
        FIELD(xen_viommu_slot, rid, 24, 2),
        FIELD(xen_viommu_slot, did, 26, 2),
        FIELD(xen_viommu_slot, access, 28, 1),
        SIZE(xen_domctl_viommu_op, 32),
        FIELD(xen_domctl_viommu_op, unit, 4, 4),
        FIELD(xen_domctl_viommu_op, u, 8, 24),
        FIELD(xen_domctl_viommu_create, base, 0, 8),
        FIELD(xen_domctl_viommu_create, type, 8, 4),
        FIELD(xen_domctl_viommu_create, flags, 12, 4),
        FIELD(xen_domctl_viommu_create, aw, 16, 1),
        FIELD(xen_domctl_viommu_create, haw, 17, 1),
        FIELD(xen_domctl_viommu_create, pad, 18, 6),
        SIZE(xen_domctl_viommu_get_stats, 8),
    };
    unsigned int i;

    (void)state;
    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
        check(rows[i].off == rows[i].want_off &&
              rows[i].size == rows[i].want_size, "%s: %zu bytes at %zu",
              rows[i].name, rows[i].size, rows[i].off);

    /* A dm_op's arguments have this much room. */
    assert_true(sizeof(struct xen_dm_op_viommu_ack) <= 64);
}

/* Series that are not merged use the numbers which follow master's 20. */
static void test_numbers(void **state)
{
    static const unsigned int ops[] = {
        XEN_DMOP_viommu_attach, XEN_DMOP_viommu_detach,
        XEN_DMOP_viommu_translate, XEN_DMOP_viommu_ack,
        XEN_DMOP_viommu_msi,
    };
    unsigned int i;

    (void)state;
    for ( i = 0; i < ARRAY_SIZE(ops); i++ )
        assert_int_equal(ops[i], 40 + i);
}

static void test_create(void **state)
{
    static const struct xen_domctl_viommu_create good = {
        .type = XEN_VIOMMU_TYPE_VTD, .base = BASE, .aw = 48,
    };
    struct xen_domctl_viommu_create op;
    unsigned int aw, bit, i;

    (void)state;
    assert_non_null(viommu_frontend(&good));
    for ( aw = 0; aw < 256; aw++ )
    {
        op = good;
        op.aw = aw;
        assert_true(!viommu_frontend(&op) == (aw != 39 && aw != 48));
    }

#define REFUSED(field, value)                                                 \
    op = good; op.field = value; assert_null(viommu_frontend(&op))
    REFUSED(type, 0);
    REFUSED(type, 2);
    REFUSED(type, ~0u);
    REFUSED(flags, XEN_VIOMMU_CREATE_INTREMAP | XEN_VIOMMU_CREATE_NO_QUEUE);
    for ( bit = 2; bit < 32; bit++ )
    {
        REFUSED(flags, 1u << bit);
        REFUSED(flags, 1u << bit | XEN_VIOMMU_CREATE_INTREMAP);
        REFUSED(flags, 1u << bit | XEN_VIOMMU_CREATE_NO_QUEUE);
    }
    for ( i = 0; i < ARRAY_SIZE(op.pad); i++ )
    {
        REFUSED(pad[i], 1);
        REFUSED(pad[i], 0x80);
    }
    REFUSED(base, BASE + 1);
    REFUSED(base, BASE + 0x800);
    REFUSED(base, 1ULL << 32);
    REFUSED(base, ~0xfffULL);
#undef REFUSED

    op = good;
    op.flags = XEN_VIOMMU_CREATE_NO_QUEUE;
    assert_non_null(viommu_frontend(&op));
    op.flags = XEN_VIOMMU_CREATE_INTREMAP;
    assert_non_null(viommu_frontend(&op));
    op.base = 0xfffff000;
    assert_non_null(viommu_frontend(&op));
    op.base = 0;
    assert_non_null(viommu_frontend(&op));
    /* The width that is told is not for the caller to choose. */
    op.haw = 99;
    assert_non_null(viommu_frontend(&op));
}

/* An interrupt of a device: what is in the call, and what must not be. */
static void test_msi(void **state)
{
    static const struct xen_dm_op_viommu_msi good = {
        .addr = 0xfee12345, .data = 0x87654321, .rid = 0x1234,
    };
    struct xen_dm_op_viommu_msi op = good;
    struct viommu_request req;
    unsigned int bit;

    (void)state;
    assert_int_equal(viommu_msi(&op, &req), 0);
    assert_true(req.addr == good.addr && req.data == good.data &&
                req.rid == good.rid && !req.rte && !req.anonymous);
#define REFUSED(field, bits)                                                  \
    for ( bit = 0; bit < bits; bit++ )                                        \
    {                                                                         \
        op = good;                                                            \
        op.field ^= 1ULL << bit;                                              \
        assert_int_equal(viommu_msi(&op, &req), -EINVAL);                     \
    }
    REFUSED(segment, 16)
    REFUSED(flags, 32)
#undef REFUSED
    for ( bit = 0; bit < 64; bit++ )
    {
        op = good;
        op.addr ^= 1ULL << bit;
        assert_int_equal(viommu_msi(&op, &req), bit < 20 ? 0 : -EINVAL);
    }
}

static void test_attach(void **state)
{
    static const struct {
        struct xen_dm_op_viommu_attach op;
        int rc;
    } cases[] = {
        { { .version = 0 }, -EINVAL },
        { { .version = 1, .flags = 1 }, -EINVAL },
        { { .version = 1, .flags = 1u << 31 }, -EINVAL },
        { { .version = 0, .flags = 1 }, -EINVAL },
        { { .version = 1 }, 0 },
        { { .version = 2 }, 0 },
        { { .version = ~0u }, 0 },
        { { .version = 1, .port = 99 }, 0 },
    };
    unsigned int i;

    (void)state;
    for ( i = 0; i < ARRAY_SIZE(cases); i++ )
    {
        struct xen_dm_op_viommu_attach op = cases[i].op;

        unit_create(48, 46);
        assert_int_equal(viommu_attach(viommu, DM, &op), cases[i].rc);
        if ( !cases[i].rc )
        {
            assert_int_equal(op.version, XEN_VIOMMU_DM_VERSION);
            assert_int_equal(op.flags, 0);
            assert_int_equal(op.port, 1);
            assert_int_equal(fake.port[1].domid, DM);
            assert_string_equal(fake_trace(), "alloc(1)");
        }
        else
            assert_string_equal(fake_trace(), "");
    }
}

/* Attached and bound: nobody else, and not the same one twice. */
static void test_attach_busy(void **state)
{
    struct xen_dm_op_viommu_attach op = { .version = 1 };
    evtchn_port_t port = dm_attach();

    (void)state;
    fake_trace();
    assert_int_equal(viommu_attach(viommu, DM, &op), -EBUSY);
    assert_int_equal(viommu_attach(viommu, DM + 1, &op), -EBUSY);
    assert_string_equal(fake_trace(), "");
    dm_translate(RID, 0, 0);

    /* Not bound any more: by anybody, and as often as one likes. */
    fake_unbind(port);
    assert_int_equal(viommu_attach(viommu, DM + 1, &op), 0);
    assert_string_equal(fake_trace(), "free(1) alloc(1)");
    assert_int_equal(fake.port[1].domid, DM + 1);
    assert_int_equal(viommu_attach(viommu, DM, &op), 0);
    assert_string_equal(fake_trace(), "free(1) alloc(1)");
    fake_bind(op.port);
    dm_translate(RID, 0, 0);
}

/* No event channel to be had: the error as it is, and nobody is attached. */
static void test_attach_no_port(void **state)
{
    static const int errors[] = { -ENOSPC, -ENOMEM, -EPERM };
    struct xen_dm_op_viommu_attach op = { .version = 1 };
    unsigned int i;

    (void)state;
    for ( i = 0; i < ARRAY_SIZE(errors); i++ )
    {
        fake.alloc_error = errors[i];
        assert_int_equal(viommu_attach(viommu, DM, &op), errors[i]);
        assert_int_equal(viommu_detach(viommu, DM), -ENOTCONN);
        assert_int_equal(dm_ack(), -ENOTCONN);

        /* ... even if somebody was, who is gone; the port is freed once. */
        fake.alloc_error = 0;
        fake_trace();
        fake_unbind(dm_attach());
        fake.alloc_error = errors[i];
        assert_int_equal(viommu_attach(viommu, DM, &op), errors[i]);
        assert_int_equal(viommu_attach(viommu, DM, &op), errors[i]);
        assert_string_equal(fake_trace(), "alloc(1) free(1)");
    }
}

static void test_detach(void **state)
{
    (void)state;
    assert_int_equal(viommu_detach(viommu, DM), -ENOTCONN);

    dm_attach();
    fake_trace();
    assert_int_equal(viommu_detach(viommu, DM + 1), -ENOTCONN);
    assert_string_equal(fake_trace(), "");
    assert_int_equal(viommu_detach(viommu, DM), 0);
    assert_string_equal(fake_trace(), "free(1)");
    assert_int_equal(viommu_detach(viommu, DM), -ENOTCONN);
    assert_string_equal(fake_trace(), "");

    /* It need not have bound its port. */
    fake_unbind(dm_attach());
    assert_int_equal(viommu_detach(viommu, DM), 0);
}

static int translate(domid_t caller, struct xen_viommu_xlat *xlat,
                     unsigned int nr)
{
    uint64_t generation;

    return viommu_translate(viommu, caller, xlat, nr, &generation);
}

static void test_translate(void **state)
{
    static const struct xen_viommu_xlat good = { .rid = RID, .access = 1 };
    struct xen_viommu_xlat x[XEN_VIOMMU_MAX_XLAT + 1];
    unsigned int i, at;

    (void)state;
    dm_attach();
    for ( i = 0; i < ARRAY_SIZE(x); i++ )
        x[i] = good;

    assert_int_equal(translate(DM, x, 0), -EINVAL);
    assert_int_equal(translate(DM, x, XEN_VIOMMU_MAX_XLAT + 1), -E2BIG);
    assert_int_equal(translate(DM, x, ~0u), -E2BIG);
    for ( i = 1; i <= XEN_VIOMMU_MAX_XLAT; i++ )
        assert_int_equal(translate(DM, x, i), 0);

    /* One bad entry, anywhere, and none is answered. */
    for ( at = 0; at < XEN_VIOMMU_MAX_XLAT; at++ )
    {
        for ( i = 0; i < ARRAY_SIZE(x); i++ )
            x[i] = good;

#define REFUSED(field, value)                                                 \
        x[at].field = value;                                                  \
        assert_int_equal(translate(DM, x, XEN_VIOMMU_MAX_XLAT), -EINVAL);     \
        x[at].field = good.field
        REFUSED(access, 4);
        REFUSED(access, 0x80);
        REFUSED(access, 0xff);
        REFUSED(rid, 0x10000);
        REFUSED(rid, ~0u);
        for ( i = 0; i < ARRAY_SIZE(x[0].pad); i++ )
        {
            REFUSED(pad[i], 1);
            REFUSED(pad[i], 0x80);
        }
#undef REFUSED

        for ( i = 0; i < ARRAY_SIZE(x); i++ )
            assert_memory_equal(&x[i], &good, sizeof(good));
    }
    assert_true(unit_stats().translations == 16 * 17 / 2);
}

/* What was in the output fields does not matter, and is gone. */
static void test_translate_outputs(void **state)
{
    struct xen_viommu_xlat x;

    (void)state;
    dm_attach();
    tables_create(4, 5);
    tables_map(0x1000, 0x2000, PR);
    tables_enable();
    memset(&x, 0xff, sizeof(x));
    memset(x.pad, 0, sizeof(x.pad));
    x.rid = RID;
    x.iova = 0x1008;
    x.access = XEN_VIOMMU_READ;
    assert_int_equal(translate(DM, &x, 1), 0);
    assert_true(x.iova == 0x1000 && x.gpa == 0x2000);
    assert_true(x.did == 5 && x.perm == XEN_VIOMMU_READ && x.order == 12);
    assert_true(x.status == XEN_VIOMMU_XLAT_OK && x.reason == 0);

    memset(&x, 0xff, sizeof(x));
    memset(x.pad, 0, sizeof(x.pad));
    x.rid = RID + 1;
    x.access = XEN_VIOMMU_READ;
    assert_int_equal(translate(DM, &x, 1), 0);
    assert_true(x.gpa == 0 && x.did == 0 && x.perm == 0);
    assert_true(x.status == XEN_VIOMMU_XLAT_FAULT && x.reason == 2);
}

/* Neither to translate nor to acknowledge: who is not the DM, or not there. */
static void test_not_connected(void **state)
{
    struct xen_dm_op_viommu_attach attach = { .version = 1 };
    struct xen_viommu_xlat x = { .rid = RID };
    struct xen_dm_op_viommu_ack ack = { 0 };

    (void)state;
    assert_int_equal(translate(DM, &x, 1), -ENOTCONN);
    assert_int_equal(dm_ack(), -ENOTCONN);
    /* Domain 0, port 0, are not what an empty record means. */
    assert_int_equal(translate(0, &x, 1), -ENOTCONN);

    assert_int_equal(viommu_attach(viommu, DM, &attach), 0);
    assert_int_equal(translate(DM, &x, 1), -ENOTCONN);
    assert_int_equal(dm_ack(), -ENOTCONN);

    fake_bind(attach.port);
    assert_int_equal(translate(DM + 1, &x, 1), -ENOTCONN);
    assert_int_equal(viommu_ack(viommu, DM + 1, &ack), -ENOTCONN);
    assert_int_equal(translate(DM, &x, 1), 0);
    assert_int_equal(dm_ack(), 0);

    fake_unbind(attach.port);
    assert_int_equal(translate(DM, &x, 1), -ENOTCONN);
    assert_int_equal(dm_ack(), -ENOTCONN);

    assert_int_equal(viommu_attach(viommu, DM, &attach), 0);
    fake_bind(attach.port);
    assert_int_equal(viommu_detach(viommu, DM), 0);
    assert_int_equal(translate(DM, &x, 1), -ENOTCONN);
    assert_int_equal(dm_ack(), -ENOTCONN);
    assert_true(unit_stats().translations == 1);
}

static void test_ack(void **state)
{
    struct xen_dm_op_viommu_ack op = {};
    unsigned int i;

    (void)state;
    dm_attach();
    for ( i = 0; i < 32; i++ )
    {
        op.pad = 1u << i;
        assert_int_equal(viommu_ack(viommu, DM, &op), -EINVAL);
        op.pad = 0;
    }
    assert_int_equal(viommu_ack(viommu, DM, &op), 0);
    w64(R_IOTLB, IVT | IIRG(1));
    assert_int_equal(viommu_ack(viommu, DM, &op), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        a_test(test_layout),
        a_test(test_numbers),
        a_test(test_create),
        a_test(test_msi),
        a_test(test_attach),
        a_test(test_attach_busy),
        a_test(test_attach_no_port),
        a_test(test_detach),
        a_test(test_translate),
        a_test(test_translate_outputs),
        a_test(test_not_connected),
        a_test(test_ack),
    };

    int rc = cmocka_run_group_tests(tests, NULL, NULL);

    print_message("# %lu failures injected\n", fake_failures);

    return rc;
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
