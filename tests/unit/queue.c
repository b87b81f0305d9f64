/* SPDX-License-Identifier: GPL-2.0-only */
/* The invalidation queue as a guest's driver uses it, see queue.h. */
#include <inttypes.h>

#include "queue.h"
#include "vtd/vtd.h"

struct q q;
evtchn_port_t q_port;

int q_setup(void **state)
{
    unit_setup(state);
    tables_create(4, 1);
    tables_map(0x1000, 0x2000, PRW);
    tables_enable();
    q_port = dm_attach();
    w32(R_IEDATA, 0x61);
    w32(R_IEADDR, 0xfee03000);
    w32(R_IECTL, 0);
    q_create(0);
    fake_trace();

    return 0;
}

void q_check_trace(const char *want, int line)
{
    const char *trace = fake_trace();

    check(!strcmp(trace, want), "\"%s\", not \"%s\", line %d", trace, want,
          line);
}

int ring_setup(void **state)
{
    unit_setup(state);
    tables_create(4, 1);
    tables_map(0x1000, 0x2000, PRW);
    tables_enable();
    dm_attach();
    fake_trace();

    return 0;
}

void q_create(unsigned int qs)
{
    q = (struct q){ .base = Q_BASE, .entries = 256u << qs };
    w64(R_IQT, 0);
    w64(R_IQA, q.base | qs);
    q_switch(true);
    assert_int_equal(r32(R_GSTS) & QIE, QIE);
    assert_int_equal(q_head(), 0);
}

void q_switch(bool on)
{
    w32(R_GCMD, (r32(R_GSTS) & (TE | IRE | CFI)) | (on ? QIE : 0));
}

void q_put_at(unsigned int at, uint64_t lo, uint64_t hi)
{
    assert_true(at < q.entries);
    fake_poke(q.base + at * 16, lo);
    fake_poke(q.base + at * 16 + 8, hi);
}

void q_put(uint64_t lo, uint64_t hi)
{
    q_put_at(q.tail, lo, hi);
    q.tail = (q.tail + 1) % q.entries;
}

void q_put_wait(unsigned int n, uint64_t flags)
{
    q_put(D_WAIT | W_SW | flags | W_DATA(n + 1), STATUS(n));
}

void q_submit(void)
{
    w64(R_IQT, (uint64_t)q.tail << 4);
}

unsigned int q_rest(void)
{
    unsigned int calls = 0;

    for ( ; unit_more; calls++ )
    {
        unsigned int reads = fake.queue_reads;

        assert_true(fake.watching);
        unit_more = viommu_continue(viommu);
        assert_true(fake.queue_reads - reads <= Q_SLICE);
    }

    return calls;
}

unsigned int q_head(void)
{
    uint64_t iqh = r64(R_IQH);

    assert_false(iqh & 15);

    return iqh >> 4;
}

unsigned int q_head_unseen(void)
{
    return vtd_get64(to_vtd(viommu), R_IQH) >> 4;
}

uint32_t q_status(unsigned int n)
{
    return fake_peek(STATUS(n));
}

bool q_done(unsigned int n)
{
    check(q_status(n) == 0 || q_status(n) == n + 1, "status %u: %u", n,
          q_status(n));

    return q_status(n);
}

void q_clear(unsigned int nr)
{
    unsigned int n;

    for ( n = 0; n < nr; n += 2 )
        fake_poke(STATUS(n), 0);
}

void q_hold(void)
{
    dm_hold();
    assert_int_equal(dm_translate(RID, 0x1000, 0).status, XEN_VIOMMU_XLAT_OK);
}

void q_put_held(unsigned int n, uint64_t flags)
{
    q_hold();
    q_put(D_TLB(3), 0x1000);
    q_put_wait(n, flags);
    q_submit();
}

void q_ack_all(void)
{
    dm_end_all();
}

void q_check_stopped(unsigned int head, unsigned int iqei)
{
    unsigned int reads = fake.queue_reads;

    check(r32(R_FSTS) & IQE, "FSTS %#x", r32(R_FSTS));
    check(r64(R_IQERCD) == iqei, "IQERCD %#" PRIx64, r64(R_IQERCD));
    check(q_head() == head, "IQH at %u, not %u", q_head(), head);

    /* It stays so, costing nothing. */
    assert_false(unit_more);
    assert_false(viommu_continue(viommu));
    w64(R_IQT, r64(R_IQT));
    assert_int_equal(fake.queue_reads, reads);
    assert_int_equal(q_head(), head);
}

void q_check_running(unsigned int head)
{
    check(!(r32(R_FSTS) & IQE), "FSTS %#x, IQERCD %#" PRIx64, r32(R_FSTS),
          r64(R_IQERCD));
    check(q_head() == head, "IQH at %u, not %u", q_head(), head);
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
