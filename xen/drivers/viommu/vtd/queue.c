/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage: queue, 6.5.2.  In: descriptors in guest memory, copied once.  Out: a
 * command whose descriptor has been checked, reserved bits and all.  Called
 * with the lock held.
 */
#include "vtd.h"

/*
 * What is known by type: reserved bits of either half.  No row, no such
 * descriptor: those of device TLBs are unknown to a unit without ECAP.DT.
 */
static const struct {
    bool valid;
    uint64_t lo_rsvd, hi_rsvd;
} descs[16] = {
    [VTD_DESC_CC]    = { true, 0xfffc00000000ffc0ULL, ~0ULL },
    [VTD_DESC_IOTLB] = { true, 0xffffffff0000ff00ULL, 0xf80 },
    [VTD_DESC_IEC]   = { true, 0xffff000007ffffe0ULL, ~0ULL },
    [VTD_DESC_WAIT]  = { true, 0x00000000ffffff80ULL, ~VTD_WAIT_ADDR },
};

/* Returns 0 or the IQEI that says what is wrong. */
static unsigned int check(const struct vtd *vtd, const uint64_t desc[2])
{
    unsigned int type = VTD_DESC_TYPE(desc[0]);

    /* Nor are interrupts known without ECAP.IR. */
    if ( !descs[type].valid || (type == VTD_DESC_IEC && !vtd_has_ir(vtd)) )
        return VTD_IQEI_TYPE;

    if ( (desc[0] & descs[type].lo_rsvd) || (desc[1] & descs[type].hi_rsvd) )
        return VTD_IQEI_RSVD;

    if ( type == VTD_DESC_WAIT )
        return 0;

    if ( type == VTD_DESC_IEC )
        return (desc[0] & VTD_IEC_INDEX) && VTD_IEC_IM(desc[0]) > VTD_MHMV
               ? VTD_IQEI_RSVD : 0;

    if ( !VTD_DESC_G(desc[0]) ||
         (type == VTD_DESC_IOTLB && VTD_DESC_G(desc[0]) == VTD_G_PAGE &&
          (desc[1] & VTD_IVA_AM) > VTD_MAMV) )
        return VTD_IQEI_RSVD;

    return 0;
}

static unsigned int tail(const struct vtd *vtd)
{
    return vtd_get64(vtd, VTD_IQT) >> VTD_IQ_SHIFT;
}

bool vtd_queue_at_end(const struct vtd *vtd)
{
    return vtd->queue.head == tail(vtd);
}

void vtd_queue_show_head(struct vtd *vtd)
{
    bool held = vtd->queue.unwaited || vtd->queue.draining;
    unsigned int head = held ? vtd->queue.held : vtd->queue.head;

    vtd_set64(vtd, VTD_IQH, (uint64_t)head << VTD_IQ_SHIFT);
}

bool cf_check vtd_queue_runnable(struct viommu *viommu)
{
    struct vtd *vtd = to_vtd(viommu);

    return vtd->queue.enabled &&
           (vtd_get32(vtd, VTD_GSTS) & VTD_GSTS_QIES) &&
           !(vtd_get32(vtd, VTD_FSTS) & VTD_FSTS_IQE) &&
           !vtd_queue_at_end(vtd) &&
           !(vtd->queue.fence && !viommu_drain_queue_empty(viommu)) &&
           !viommu_drain_queue_full(viommu);
}

/* Read what is next, as far as it has been submitted and is in one page. */
static bool read_ahead(const struct vtd *vtd, struct vtd_ahead *ahead)
{
    unsigned int head = vtd->queue.head, last = tail(vtd);
    uint64_t gpa = vtd->queue.base + head * sizeof(ahead->desc[0]);

    /* IQA is that of a page, in which there are as many as in any other. */
    last = min_t(unsigned int, last > head ? last : vtd->queue.entries,
                 (head | (VIOMMU_PAGE_SIZE / sizeof(ahead->desc[0]) - 1)) + 1);

    ahead->next = 0;
    ahead->nr = min_t(unsigned int, last - head, ARRAY_SIZE(ahead->desc));
    ahead->nr = min_t(unsigned int, ahead->nr, ahead->left);
    ahead->left -= ahead->nr;

    return !viommu_host_read(&vtd->viommu, gpa, ahead->desc,
                             ahead->nr * sizeof(ahead->desc[0]));
}

bool vtd_queue_fetch(struct vtd *vtd, struct vtd_ahead *ahead,
                     struct vtd_cmd *cmd)
{
    const uint64_t *desc;
    unsigned int iqei;

    if ( !vtd_queue_runnable(&vtd->viommu) )
        return false;

    if ( tail(vtd) >= vtd->queue.entries )
    {
        vtd_queue_error(vtd, VTD_IQEI_TAIL);
        return false;
    }

    if ( ahead->next == ahead->nr && !read_ahead(vtd, ahead) )
    {
        vtd_queue_error(vtd, VTD_IQEI_FETCH);
        return false;
    }

    desc = ahead->desc[ahead->next++];

    /* On an error IQH stays at the offender, which software may replace. */
    iqei = check(vtd, desc);
    if ( iqei )
    {
        vtd_queue_error(vtd, iqei);
        return false;
    }

    if ( VTD_DESC_TYPE(desc[0]) == VTD_DESC_WAIT )
    {
        /* One that shows nothing leaves its driver with IQH to go by. */
        if ( desc[0] & (VTD_WAIT_SW | VTD_WAIT_IF) )
            vtd->queue.unwaited = false;
    }
    else if ( !vtd->queue.unwaited )
    {
        vtd->queue.unwaited = true;
        if ( !vtd->queue.draining )
            vtd->queue.held = vtd->queue.head;
    }

    vtd->queue.head = (vtd->queue.head + 1) % vtd->queue.entries;
    vtd->viommu.stats.descs++;

    *cmd = (struct vtd_cmd){
        .kind = VTD_CMD_QUEUED, .val = desc[0], .arg = desc[1],
    };

    return true;
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
