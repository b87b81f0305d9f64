/* SPDX-License-Identifier: GPL-2.0-only */

#include "vtd.h"

#define WAIT_US                 2000000

#define NR_TABLES               40

struct vtd vtd;
unsigned int vtd_unit;

uint64_t vtd_roots[VTD_UNITS][512] __page_aligned_bss;
uint64_t vtd_contexts[VTD_UNITS][512] __page_aligned_bss;

static uint64_t tables[NR_TABLES][512] __page_aligned_bss;
static unsigned int nr_tables;

bool vtd_init(void)
{
    uint32_t ver = vtd_rd32(VTD_VER);

    time_init();

    if ( ver == 0 || ver == ~0u )
    {
        xtf_skip("No VT-d unit at %#x\n", VTD_BASE);
        return false;
    }

    vtd.cap = vtd_rd64(VTD_CAP);
    vtd.ecap = vtd_rd64(VTD_ECAP);
    vtd.frcd = ((vtd.cap >> 24) & 0x3ff) * 16;
    vtd.nr_frcd = ((vtd.cap >> 40) & 0xff) + 1;
    vtd.iva = ((vtd.ecap >> 8) & 0x3ff) * 16;
    vtd.iotlb = vtd.iva + 8;
    vtd.mamv = (vtd.cap >> 48) & 0x3f;
    vtd.max_levels = (vtd.cap & (4 << 8)) ? 4 : 3;
    vtd_tables_reset();

    return true;
}

bool vtd_gcmd(uint32_t set, uint32_t clear)
{
    uint32_t sts = vtd_rd32(VTD_GSTS) & ~VTD_ONE_SHOT;

    vtd_wr32(VTD_GCMD, (sts & ~clear) | set);

    return check(wait_for((vtd_rd32(VTD_GSTS) & (set | clear)) == set, WAIT_US),
                 "GSTS %#x does not follow GCMD: set %#x, clear %#x",
                 vtd_rd32(VTD_GSTS), set, clear);
}

static uint64_t command(unsigned int off, uint64_t cmd, uint64_t go)
{
    uint64_t val;

    vtd_wr64(off, cmd | go);
    check(wait_for(!((val = vtd_rd64(off)) & go), WAIT_US),
          "command %#"PRIx64" at %#x does not end", cmd, off);

    return val;
}

uint64_t vtd_ccmd(uint64_t cmd)
{
    return command(VTD_CCMD, cmd, CCMD_ICC);
}

uint64_t vtd_iotlb(uint64_t cmd)
{
    return command(vtd.iotlb, cmd | IOTLB_DR | IOTLB_DW, IOTLB_IVT);
}

uint64_t vtd_iotlb_pages(uint16_t did, uint64_t iova, unsigned int am)
{
    vtd_wr64(vtd.iva, iova | am);

    return vtd_iotlb(IOTLB_IIRG(INV_PAGE) | IOTLB_DID(did));
}

bool vtd_enable(void)
{
    vtd_wr64(VTD_RTADDR, _u(vtd_root));

    if ( !vtd_gcmd(VTD_SRTP, 0) )
        return false;

    vtd_ccmd(CCMD_CIRG(INV_GLOBAL));
    vtd_iotlb(IOTLB_IIRG(INV_GLOBAL));

    return vtd_gcmd(VTD_TE, 0);
}

bool vtd_disable(void)
{
    return vtd_gcmd(0, VTD_TE);
}

void vtd_tables_reset(void)
{
    memset(vtd_root, 0, sizeof(vtd_root));
    memset(vtd_context, 0, sizeof(vtd_context));
    nr_tables = 0;
}

void vtd_root_set(void)
{
    vtd_root[0] = _u(vtd_context) | 1;
}

static uint64_t *new_table(void)
{
    uint64_t *table = tables[nr_tables];

    ASSERT(nr_tables < NR_TABLES);
    nr_tables++;
    memset(table, 0, sizeof(tables[0]));

    return table;
}

struct vtd_dom vtd_dom_new(unsigned int levels, uint16_t did)
{
    return (struct vtd_dom){ new_table(), levels, did };
}

uint64_t *vtd_pte(const struct vtd_dom *dom, uint64_t iova, unsigned int level)
{
    uint64_t *table = dom->top;
    unsigned int l;

    for ( l = dom->levels; ; l-- )
    {
        uint64_t *pte = &table[(iova >> (3 + 9 * l)) & 511];

        if ( l == level )
            return pte;

        if ( !(*pte & PTE_RW) )
            ACCESS_ONCE(*pte) = _u(new_table()) | PTE_RW;
        table = _p(*pte & PAGE_MASK);
    }
}

void vtd_map(const struct vtd_dom *dom, uint64_t iova, uint64_t gpa,
             unsigned int level, unsigned int prot)
{
    ACCESS_ONCE(*vtd_pte(dom, iova, level)) =
        gpa | prot | (level > 1 ? PTE_PS : 0);
}

void vtd_ctx_set(uint16_t sid, uint64_t lo, uint64_t hi)
{
    uint64_t *ctx = &vtd_context[(sid & 0xff) * 2];

    ACCESS_ONCE(ctx[0]) = 0;
    ACCESS_ONCE(ctx[1]) = hi;
    ACCESS_ONCE(ctx[0]) = lo;
}

void vtd_attach(uint16_t sid, const struct vtd_dom *dom)
{
    vtd_ctx_set(sid, _u(dom->top) | CTX_P,
                CTX_AW(dom->levels) | CTX_DID(dom->did));
}

bool vtd_fault_next(struct vtd_fault *f)
{
    unsigned int i, first = FSTS_FRI(vtd_rd32(VTD_FSTS));

    for ( i = 0; i < vtd.nr_frcd; i++ )
    {
        unsigned int off = vtd.frcd + (first + i) % vtd.nr_frcd * 16;
        uint64_t hi = vtd_rd64(off + 8);

        if ( !(hi & FRCD_F) )
            continue;

        f->addr = vtd_rd64(off) & PAGE_MASK;
        f->sid = FRCD_SID(hi);
        f->reason = FRCD_FR(hi);
        f->read = hi & FRCD_T;
        vtd_wr32(off + 12, FRCD_F >> 32);

        return true;
    }

    return false;
}

unsigned int vtd_faults_clear(void)
{
    struct vtd_fault f;
    unsigned int n = 0;

    while ( n < 1000 && vtd_fault_next(&f) )
        n++;
    vtd_wr32(VTD_FSTS, FSTS_PFO);

    return n;
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
