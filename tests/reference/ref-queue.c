/* SPDX-License-Identifier: GPL-2.0-only */
/* The queue of descriptors, and what they ask for. */
#include "ref.h"

void ref_invalidate_all(void)
{
    struct xen_viommu_log inv = { .inv = XEN_VIOMMU_INV_CONTROL };

    ref_invalidated(&inv);
}

void ref_invalidate_context(unsigned int g, unsigned int did, unsigned int sid,
                            unsigned int fm)
{
    struct xen_viommu_log inv = {};

    if ( g == 1 )
        inv.inv = XEN_VIOMMU_INV_CONFIG_GLOBAL;
    else if ( g == 2 )
    {
        inv.inv = XEN_VIOMMU_INV_CONFIG_DOMAIN;
        inv.did = did;
    }
    else
    {
        /* FM: no bit, bit 2, bits 2:1, bits 2:0 of the function masked. */
        static const unsigned int mask[4] = { 0, 4, 6, 7 };

        inv.inv = XEN_VIOMMU_INV_CONFIG_DEVICE;
        inv.rid = sid;
        inv.rid_mask = mask[fm];
    }
    ref_invalidated(&inv);
}

void ref_invalidate_iotlb(unsigned int g, unsigned int did, uint64_t addr,
                          unsigned int am)
{
    struct xen_viommu_log inv = {};

    if ( g == 1 )
        inv.inv = XEN_VIOMMU_INV_TLB_GLOBAL;
    else if ( g == 2 )
    {
        inv.inv = XEN_VIOMMU_INV_TLB_DOMAIN;
        inv.did = did;
    }
    else
    {
        uint64_t pages = 1;

        inv.inv = XEN_VIOMMU_INV_TLB_RANGE;
        inv.did = did;
        inv.order = 12 + am;
        for ( ; am; am-- )
            pages *= 2;
        inv.iova = addr / (pages * 4096) * (pages * 4096);
    }
    ref_invalidated(&inv);
}

bool ref_queue_ready(void)
{
    if ( !ref.queue_on || !ref.qies || ref.iqe )
        return false;
    if ( ref.queue_head == ref.iqt / 16 )
        return false;
    /* A fence holds what is behind it, and 64 waits are enough. */
    if ( ref.fence && ref.in_fifo )
        return false;
    return ref.in_fifo < MAX_FIFO;
}

/* One descriptor.  Returns an IQEI, 0 for none. */
static unsigned int execute(uint64_t lo, uint64_t hi)
{
    unsigned int type = lo & 0xf, g = lo >> 4 & 3;

    switch ( type )
    {
    case 1:     /* 5:4 G, 31:16 DID, 47:32 SID, 49:48 FM */
        if ( lo & 0xffc0 || lo >> 50 || hi || !g )
            return 4;
        ref_invalidate_context(g, lo >> 16 & 0xffff, lo >> 32 & 0xffff,
                               lo >> 48 & 3);
        return 0;

    case 2:     /* 5:4 G, 6 DW, 7 DR, 31:16 DID; 5:0 AM, 6 IH, 63:12 address */
        if ( lo & 0xff00 || lo >> 32 || hi & 0xf80 || !g )
            return 4;
        if ( g == 3 && (hi & 0x3f) > 18 )
            return 4;
        ref_invalidate_iotlb(g, lo >> 16 & 0xffff, hi, hi & 0x3f);
        return 0;

    case 4:     /* 4 G, 31:27 IM, 47:32 IIDX */
        if ( !ref.remaps )
            return 3;
        if ( lo & 0x07ffffe0 || lo >> 48 || hi )
            return 4;
        if ( lo & 0x10 && (lo >> 27 & 31) > 15 )
            return 4;
        /* Whoever delivers an interrupt has done so by now. */
        return 0;

    case 5:     /* 4 IF, 5 SW, 6 FN, 63:32 data; 63:2 address */
        if ( lo & 0xffffff80 || hi & 3 )
            return 4;
        if ( lo & 0x40 )
            ref.fence = true;
        ref.fifo[ref.in_fifo] = (struct ref_wait){
            .event = lo & 0x10, .status = lo & 0x20, .addr = hi,
            .data = lo >> 32,
        };
        ref_begin(&ref.fifo[ref.in_fifo++]);
        return 0;
    }

    return 3;
}

void ref_queue_fetch(void)
{
    unsigned int n, error;

    if ( !ref.in_fifo )
        ref.fence = false;

    /* As many as 32 under one hold of the lock. */
    for ( n = 0; n < 32 && ref_queue_ready(); n++ )
    {
        uint64_t lo, hi, at = ref.queue_base + ref.queue_head * 16;

        if ( ref.iqt / 16 >= ref.queue_size )
            error = 1;
        else if ( !ref_load(at, &lo) || !ref_load(at + 8, &hi) )
            error = 2;
        else
            error = execute(lo, hi);

        if ( error )
        {
            ref.first_open = ref.queue_head;
            ref_show_head();
            ref_queue_error(error);
            return;
        }

        /* Does a wait that shows something follow what is to be drained? */
        if ( (lo & 0xf) == 5 )
            ref.open = ref.open && !(lo & 0x30);
        else if ( !ref.open )
        {
            if ( !ref.closing )
                ref.first_open = ref.queue_head;
            ref.open = true;
        }

        ref.nr_descs++;
        ref.queue_head++;
        if ( ref.queue_head == ref.queue_size )
            ref.queue_head = 0;
    }

    if ( n && ref.open && ref.queue_head == ref.iqt / 16 )
    {
        ref.open = false;
        ref.closing = true;
        ref_begin(&ref.wait[WAIT_HEAD]);
    }
    if ( n )
        ref_show_head();
}

void ref_show_head(void)
{
    ref.iqh = (ref.open || ref.closing ? ref.first_open : ref.queue_head) * 16;
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
