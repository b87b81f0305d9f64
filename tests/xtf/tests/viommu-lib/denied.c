/* SPDX-License-Identifier: GPL-2.0-only */

#include "denied.h"

#define SOON_US                 5000000

uint64_t buf[WORDS] __page_aligned_bss;
struct vtd_dom dom;

bool denied_setup(unsigned int levels)
{
    vtd_tables_reset();
    dom = vtd_dom_new(levels, DID);
    nvme_map_queues(&dom);
    vtd_map(&dom, IOVA, _u(buf), 1, PTE_RW);
    vtd_root_set();
    vtd_attach(nvme_sid, &dom);

    return vtd_enable();
}

void expect_fault(const char *what, unsigned int reason, bool read,
                  uint64_t addr)
{
    struct vtd_fault f;
    unsigned int n;

    if ( !check(wait_for(vtd_rd32(VTD_FSTS) & FSTS_PPF, SOON_US),
                "%s: no fault, expected reason %#x", what, reason) )
        return;

    for ( n = 0; n < 2 * vtd.nr_frcd && vtd_fault_next(&f); n++ )
        check(f.reason == reason && f.read == read && f.sid == nvme_sid &&
              f.addr == (addr & PAGE_MASK),
              "%s: fault %#x %s at %#"PRIx64" by %#x, expected %#x %s at %#"
              PRIx64" by %#x", what, f.reason, f.read ? "read" : "write",
              f.addr, f.sid, reason, read ? "read" : "write",
              addr & PAGE_MASK, nvme_sid);

    check(n, "%s: PPF is set, but no record is", what);
    /* The device may still be trying: then there is a record again. */
    check(!(vtd_rd32(VTD_FSTS) & FSTS_PPF) || vtd_fault_next(&f),
          "%s: PPF stays set, records are clear", what);
}

/* The device knows that its DMA was denied, and says so. */
static void expect_error(const char *what, int status)
{
    check(status && status != NVME_PENDING, "%s: the device reports %#x",
          what, status);
}

void denied_write(const char *what, unsigned int reason, uint64_t iova)
{
    FILL(buf, UNTOUCHED(i_));
    expect_error(what, nvme_rw(NVME_READ, 0, iova));
    check(COUNT(buf, UNTOUCHED(i_)) == WORDS, "%s: memory has changed", what);
    expect_fault(what, reason, false, iova);
}

void denied_read(const char *what, unsigned int reason, uint64_t iova)
{
    FILL(buf, SIGNATURE(i_));
    expect_error(what, nvme_rw(NVME_WRITE, 2, iova));
    expect_fault(what, reason, true, iova);

    vtd_disable();
    FILL(buf, UNTOUCHED(i_));
    check(nvme_rw(NVME_READ, 2, _u(buf)) == 0, "%s: cannot read back", what);
    check(COUNT(buf, SIGNATURE(i_)) == 0, "%s: memory has leaked", what);
    vtd_gcmd(VTD_TE, 0);
}

void change_pte(uint64_t iova, unsigned int level, uint64_t val)
{
    ACCESS_ONCE(*vtd_pte(&dom, iova, level)) = val;
    vtd_iotlb(IOTLB_IIRG(INV_DOMAIN) | IOTLB_DID(DID));
}

void lost_queue(const char *what, unsigned int reason)
{
    unsigned int n;

    nvme_queue(NVME_READ, 0, IOVA, 0);
    nvme_ring();

    if ( reason )
        expect_fault(what, reason, true, nvme_queue_addr());
    else
    {
        delay_us(20000);
        n = vtd_faults_clear();
        check(n == 0, "%s: %u faults", what, n);
    }

    vtd_disable();
    nvme_reset();
    vtd_faults_clear();
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
