/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who wants to know about host pointers into guest memory that devices hold.
 *
 * address_space_map() hands out a pointer which is used until
 * address_space_unmap(), long after the translation that led to it.  A vIOMMU
 * that has to drain DMA needs to see both ends; every long-lived access of
 * every device goes through this pair.
 */
#ifndef EXEC_DMA_TRACK_H
#define EXEC_DMA_TRACK_H

#include "exec/memory.h"
#include "qemu/notify.h"

typedef struct DmaTrackOps {
    /* before the first translation that a mapping may use */
    void (*map_begin)(void);
    /*
     * The same thread got @ptr, directly into guest memory.  Not called for
     * a failed mapping, nor for a bounce buffer: that is read within
     * address_space_map(), and written back by address_space_unmap() through
     * a translation of that time, so it never uses an old one.
     */
    void (*mapped)(AddressSpace *as, hwaddr addr, void *ptr, hwaddr len);
    /* @ptr is not going to be used any more (again, no bounce buffers) */
    void (*unmapped)(AddressSpace *as, void *ptr);
} DmaTrackOps;

/* NULL, which is the normal case, when nobody wants to know. */
extern const DmaTrackOps *dma_track_ops;

/*
 * Mappings are waited for.  Who holds one for longer than a transfer has to
 * unmap it, and may map the same address anew.  Called from the main loop.
 */
extern NotifierList dma_remap_notifiers;

#endif /* EXEC_DMA_TRACK_H */
