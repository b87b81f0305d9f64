/* SPDX-License-Identifier: GPL-2.0-only */
/* Interrupt remapping as a guest uses it, see irq.h. */
#include <inttypes.h>

#include "irq.h"

int irq_setup(void **state)
{
    static uint32_t flags = XEN_VIOMMU_CREATE_INTREMAP;

    *state = &flags;
    q_setup(state);
    irq_table(T_IRT, 7, EIME);
    irq_switch(true, false);
    fake_trace();

    return 0;
}

/* The enables as they are. */
static uint32_t enables(void)
{
    return r32(R_GSTS) & (TE | QIE | IRE | CFI);
}

void irq_table(uint64_t base, unsigned int s, uint64_t flags)
{
    w64(R_IRTA, base | flags | s);
    w32(R_GCMD, enables() | SIRTP);
    assert_true(r32(R_GSTS) & SIRTP);
}

void irq_switch(bool ire, bool cfi)
{
    uint32_t want = (enables() & ~(IRE | CFI)) | (ire ? IRE : 0) |
                    (cfi ? CFI : 0);

    w32(R_GCMD, want);
    assert_int_equal(enables(), want);
}

void irq_entry(unsigned int index, uint64_t lo, uint64_t hi)
{
    fake_poke(T_IRT + index * 16, lo);
    fake_poke(T_IRT + index * 16 + 8, hi);
}

void irq_faults(struct irq_got *got)
{
    unsigned int n, first = r32(R_FSTS) >> 8 & 0xff;
    uint64_t hi;

    for ( n = 0; n < NR_FRCD; n++ )
    {
        unsigned int at = (first + n) % NR_FRCD;

        hi = r64(R_FRCD(at) + 8);
        if ( !(hi >> 63) )
            continue;
        if ( !got->faults++ )
        {
            got->reason = hi >> 32 & 0xff;
            got->source = hi & 0xffff;
            got->info = r64(R_FRCD(at));
            got->read = hi >> 62 & 1;
            check(!(hi >> 40 & 0x3fffff) && !(hi & 0xffff0000), "%#" PRIx64,
                  hi);
        }
        w64(R_FRCD(at) + 8, 1ULL << 63);
    }
    w32(R_FSTS, PFO);
}

static struct irq_got request(const struct viommu_request *req)
{
    struct irq_got got = {};

    fake_gate_enter();
    got.what = viommu_remap(viommu, req, &got.irq);
    fake_gate_leave();
    irq_faults(&got);

    return got;
}

struct irq_got irq_msi(uint16_t rid, uint64_t addr, uint32_t data)
{
    const struct viommu_request req = {
        .rid = rid, .addr = addr, .data = data,
    };

    return request(&req);
}

struct irq_got irq_rte(uint16_t rid, uint64_t rte)
{
    const struct viommu_request req = { .rid = rid, .rte = true, .data = rte };

    return request(&req);
}

void irq_check_fault(const struct irq_got *got, unsigned int reason,
                     uint16_t source, unsigned int index, int line)
{
    check(got->what == VIOMMU_IRQ_BLOCKED && got->faults == 1 &&
          got->reason == reason && got->source == source &&
          got->info == (uint64_t)index << 48 && !got->read,
          "line %d: %d, %u faults, reason %#x, source %#x, %#" PRIx64, line,
          got->what, got->faults, got->reason, got->source, got->info);
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
