/* SPDX-License-Identifier: GPL-2.0-only */

#include "queue.h"

#define WAIT_US                 2000000

uint64_t qi_ring[QI_ENTRIES(QI_MAX_QS) * 2] __page_aligned_bss;
unsigned int qi_tail, qi_size;
bool qi_halves;

static void write_reg(unsigned int off, uint64_t val)
{
    if ( qi_halves )
    {
        vtd_wr32(off, val);
        vtd_wr32(off + 4, val >> 32);
    }
    else
        vtd_wr64(off, val);
}

bool qi_init(void)
{
    return check(vtd.ecap & ECAP_QI, "ECAP %#"PRIx64" is without a queue",
                 vtd.ecap);
}

bool qi_enable(unsigned int qs)
{
    qi_tail = 0;
    qi_size = QI_ENTRIES(qs);
    write_reg(VTD_IQT, 0);
    write_reg(VTD_IQA, _u(qi_ring) | qs);

    return vtd_gcmd(VTD_QIE, 0);
}

bool qi_disable(void)
{
    return vtd_gcmd(0, VTD_QIE);
}

unsigned int qi_head(void)
{
    return vtd_rd32(VTD_IQH) >> 4;
}

void qi_set(unsigned int index, uint64_t lo, uint64_t hi)
{
    volatile uint64_t *desc = &qi_ring[index * 2];

    desc[0] = lo;
    desc[1] = hi;
}

void qi_put(uint64_t lo, uint64_t hi)
{
    qi_set(qi_tail, lo, hi);
    qi_tail = (qi_tail + 1) % qi_size;
}

void qi_put_wait(uint64_t flags, volatile uint32_t *status, uint32_t data)
{
    qi_put(QI_WAIT | flags | QI_WAIT_DATA(data), _u(status));
}

void qi_submit(void)
{
    smp_wmb();
    if ( qi_halves )
        vtd_wr32(VTD_IQT, qi_tail << 4);
    else
        vtd_wr64(VTD_IQT, qi_tail << 4);
}

bool qi_sync(void)
{
    static volatile uint32_t status;
    static uint32_t data;

    qi_put(QI_IOTLB(INV_DOMAIN) | QI_IOTLB_DRAIN | QI_DID(1), 0);
    qi_put_wait(QI_WAIT_SW, &status, ++data);
    qi_submit();

    return check(wait_for(status == data, WAIT_US),
                 "the queue does not go on: IQH %#x, IQT %#x, FSTS %#x",
                 vtd_rd32(VTD_IQH), vtd_rd32(VTD_IQT), vtd_rd32(VTD_FSTS));
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
