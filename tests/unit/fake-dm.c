/* SPDX-License-Identifier: GPL-2.0-only */
/* A device model, see fake-dm.h. */
#include "fake-dm.h"
#include "vtd/vtd.h"

evtchn_port_t ldm_port;

const struct xen_viommu_slot ldm_usual = {
    .iova = 0x1000, .gpa = 0x2000, .pages = 1, .rid = RID, .did = 1,
    .access = XEN_VIOMMU_WRITE,
};

void ldm_attach(void)
{
    ldm_port = dm_attach();
}

void ldm_fill(unsigned int n, const struct xen_viommu_slot *slot)
{
    uint32_t seq = ldm_slot[n].seq + 1;

    ldm_slot[n] = *slot;
    ldm_slot[n].seq = seq;
}

void ldm_busy(unsigned int n, bool busy)
{
    uint64_t bit = 1ULL << (n % 64);

    if ( busy )
        ldm->busy[n / 64] |= bit;
    else
        ldm->busy[n / 64] &= ~bit;
}

void ldm_publish(unsigned int n, const struct xen_viommu_slot *slot)
{
    ldm_fill(n, slot);
    ldm_busy(n, true);
}

bool ldm_covers(const struct xen_viommu_log *log,
                const struct xen_viommu_slot *slot)
{
    uint64_t page;
    unsigned int i;

    switch ( log->inv )
    {
    case XEN_VIOMMU_INV_CONFIG_DEVICE:
        return !((slot->rid ^ log->rid) & ~log->rid_mask);

    case XEN_VIOMMU_INV_CONFIG_DOMAIN:
    case XEN_VIOMMU_INV_TLB_DOMAIN:
        return slot->did == log->did;

    case XEN_VIOMMU_INV_TLB_RANGE:
        for ( i = 0; i < slot->pages; i++ )
        {
            page = slot->iova + ((uint64_t)i << 12);
            if ( slot->did == log->did &&
                 page >> log->order == log->iova >> log->order )
                return true;
        }
        return false;

    default:
        return true;
    }
}

bool ldm_overtaken(unsigned int n, uint64_t from)
{
    uint64_t head = ldm->head;

    for ( ; from < head; from++ )
        if ( head - from > XEN_VIOMMU_LOG_ENTRIES - 1 ||
             ldm_covers(&ldm_log[from % XEN_VIOMMU_LOG_ENTRIES], &ldm_slot[n]) )
            return true;

    return false;
}

bool ldm_waited(unsigned int n)
{
    return (ldm->waited[n / 64] >> (n % 64)) & 1;
}

bool ldm_end(unsigned int n)
{
    ldm_busy(n, false);
    if ( !ldm_waited(n) )
        return false;
    assert_int_equal(dm_ack(), 0);

    return true;
}

unsigned int ldm_nr_waited(void)
{
    unsigned int i, nr = 0;

    for ( i = 0; i < ARRAY_SIZE(ldm->waited); i++ )
        nr += __builtin_popcountll(ldm->waited[i]);

    return nr;
}

/* Function mask, from the bits of the function that do not count. */
static uint64_t fm(uint16_t rid_mask)
{
    return __builtin_popcount(rid_mask);
}

void ldm_invalidate(const struct xen_viommu_log *what)
{
    switch ( what->inv )
    {
    case XEN_VIOMMU_INV_CONFIG_GLOBAL:
        w64(R_CCMD, ICC | CIRG(1));
        break;
    case XEN_VIOMMU_INV_CONFIG_DOMAIN:
        w64(R_CCMD, ICC | CIRG(2) | what->did);
        break;
    case XEN_VIOMMU_INV_CONFIG_DEVICE:
        w64(R_CCMD, ICC | CIRG(3) | (uint64_t)what->rid << 16 |
                    fm(what->rid_mask) << 32);
        break;
    case XEN_VIOMMU_INV_TLB_GLOBAL:
        w64(R_IOTLB, IVT | IIRG(1));
        break;
    case XEN_VIOMMU_INV_TLB_DOMAIN:
        w64(R_IOTLB, IVT | IIRG(2) | IOTLB_DID(what->did));
        break;
    case XEN_VIOMMU_INV_TLB_RANGE:
        w64(R_IVA, what->iova | (what->order - 12));
        w64(R_IOTLB, IVT | IIRG(3) | IOTLB_DID(what->did));
        break;
    case XEN_VIOMMU_INV_CONTROL:
        w32(R_GCMD, SRTP | (to_vtd(viommu)->te ? TE : 0) |
                    (to_vtd(viommu)->queue.enabled ? QIE : 0));
        break;
    }
}

void ldm_put(const struct xen_viommu_log *what)
{
    uint64_t did = (uint64_t)what->did << 16;

    switch ( what->inv )
    {
    case XEN_VIOMMU_INV_CONFIG_GLOBAL:
        q_put(D_CC(1), 0);
        break;
    case XEN_VIOMMU_INV_CONFIG_DOMAIN:
        q_put(D_CC(2) | did, 0);
        break;
    case XEN_VIOMMU_INV_CONFIG_DEVICE:
        q_put(D_CC(3) | (uint64_t)what->rid << 32 | fm(what->rid_mask) << 48,
              0);
        break;
    case XEN_VIOMMU_INV_TLB_GLOBAL:
        q_put(D_TLB(1), 0);
        break;
    case XEN_VIOMMU_INV_TLB_DOMAIN:
        q_put(D_TLB(2) | did, 0);
        break;
    case XEN_VIOMMU_INV_TLB_RANGE:
        q_put(D_TLB(3) | did, what->iova | (what->order - 12));
        break;
    default:
        fail();
    }
}

bool ldm_pending(const struct xen_viommu_log *what)
{
    const struct vtd *vtd = to_vtd(viommu);

    switch ( what->inv )
    {
    case XEN_VIOMMU_INV_CONFIG_GLOBAL:
    case XEN_VIOMMU_INV_CONFIG_DOMAIN:
    case XEN_VIOMMU_INV_CONFIG_DEVICE:
        return vtd_get64(vtd, R_CCMD) & ICC;
    case XEN_VIOMMU_INV_CONTROL:
        return !(vtd_get32(vtd, R_GSTS) & SRTP);
    default:
        return vtd_get64(vtd, R_IOTLB) & IVT;
    }
}

void ldm_remap(void)
{
    tables_map(0x1000, 0x2000, PRW);
}

void ldm_unmap(void)
{
    tables_map(0x1000, 0, 0);
}

void ldm_world(void)
{
    uint64_t iova;

    tables_create(4, 1);
    for ( iova = 0x1000; iova < 0x9000; iova += 0x1000 )
        tables_map(iova, iova + 0x1000, PRW);
    fake_poke(T_L2 + 8, 0x400000 | PS | PRW);
    fake_poke(T_L3 + 8, 0 | PS | PRW);
    fake_poke(T_CTX + LDM_RID2 * 16, TT(2) | P);
    fake_poke(T_CTX + LDM_RID2 * 16 + 8, AW48 | DID(2));
    tables_enable();
    ldm_attach();
    fake_trace();
}

int ldm_world_setup(void **state)
{
    unit_setup(state);
    ldm_world();

    return 0;
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
