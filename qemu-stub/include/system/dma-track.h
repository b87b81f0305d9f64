/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who wants to know what devices do to guest memory, and when it is over.
 *
 * address_space_map() hands out a pointer which is used until
 * address_space_unmap(), long after the translation that led to it.  A vIOMMU
 * that has to drain DMA needs to see both ends; every long-lived access of
 * every device goes through this pair.  One that wants to do better takes it
 * over, and hands out memory of its own.  Of short accesses it sees the
 * translation anyway; here it learns of their ends.
 */
#ifndef SYSTEM_DMA_TRACK_H
#define SYSTEM_DMA_TRACK_H

#if __has_include("system/memory.h")
#include "system/memory.h"
#else
#include "exec/memory.h"
#endif
#include "qemu/notify.h"

typedef struct DmaTrackOps {
    /* May this device be on its bus?  Asked before it is realized. */
    bool (*accept)(PCIDevice *dev, Error **errp);
    /* It has left its bus, and can do no DMA any more. */
    void (*gone)(PCIDevice *dev);
    /*
     * An address is to be mapped.  True if that is done, with the answer in
     * *@ptr and *@plen; false if QEMU is to map it.
     */
    bool (*map)(AddressSpace *as, hwaddr addr, hwaddr *plen, bool is_write,
                void **ptr);
    /* True if @ptr came from map above, and is gone now. */
    bool (*unmap)(AddressSpace *as, void *ptr, hwaddr len, bool is_write,
                  hwaddr access_len);
    /* Was the last mapping of this thread refused for good? */
    bool (*faulted)(void);
    /* Of what is mapped at @ptr only the first @keep bytes are written. */
    void (*discard)(void *ptr, hwaddr keep);
    /*
     * A short access.  True if it has been made, else it begins.  Those that go
     * by QEMU's cached translations have an end only.
     */
    bool (*access)(AddressSpace *as, hwaddr addr, void *buf, hwaddr len,
                   bool is_write);
    void (*access_end)(void);
} DmaTrackOps;

/* NULL, which is the normal case, when nobody wants to know. */
extern const DmaTrackOps *dma_track_ops;

/*
 * Set around a mapping that is used for longer than a transfer: what the
 * device reads there has to be what is in guest memory then.
 */
extern __thread bool dma_track_coherent;

/* With it, and around a mapping for writing: the device reads there, too. */
extern __thread bool dma_track_reads;

/*
 * Set around a mapping for reading that the device writes to all the same.  It
 * gets a copy, or nothing: guest memory it may not write.
 */
extern __thread bool dma_track_scratch;

/*
 * Set around a mapping for writing of which the device writes all, or nothing and
 * then says so (dma_track_discard).
 */
extern __thread bool dma_track_overwritten;

/*
 * Requests to the block layer are to end outside of coroutines, so that what
 * they have mapped is unmapped there.  In block/block-backend.c.
 */
extern bool dma_track_outside;

/*
 * Called, if not NULL, before the main thread waits in a nested event loop,
 * and before all mappings of guest memory go.  What is kept between accesses
 * is let go of.  In util/aio-posix.c.
 */
extern void (*dma_track_let_go)(void);

/* What translates @addr.  NULL: nobody; the device may not be bus master. */
IOMMUMemoryRegion *dma_track_iommu(AddressSpace *as, hwaddr addr);

/*
 * Mappings are waited for, or a device may not use its own any more.  Who
 * holds one for longer than a transfer has to unmap it, and may map the same
 * address anew.  Called from the main loop.
 */
extern NotifierList dma_remap_notifiers;

static inline bool dma_access(AddressSpace *as, hwaddr addr, void *buf,
                              hwaddr len, bool is_write)
{
    return unlikely(dma_track_ops) &&
           dma_track_ops->access(as, addr, buf, len, is_write);
}

static inline void dma_access_end(void)
{
    if (unlikely(dma_track_ops)) {
        dma_track_ops->access_end();
    }
}

static inline bool dma_track_faulted(void)
{
    return dma_track_ops && dma_track_ops->faulted();
}

static inline void dma_track_discard(void *ptr, hwaddr keep)
{
    if (dma_track_ops) {
        dma_track_ops->discard(ptr, keep);
    }
}

#endif /* SYSTEM_DMA_TRACK_H */
