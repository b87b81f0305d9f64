/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is done to a vIOMMU, and what can be seen of it.  A case is a list of
 * operations with all their values, so that any part of the list is a case
 * too.  The two sides, subject.c and the reference (ref.h), are given the same
 * operations, and have to be seen doing the same.
 */
#ifndef OP_H
#define OP_H

#include <stdbool.h>
#include <stdint.h>

#define __XEN_TOOLS__ 1
#include <hvm/viommu.h>

#define OP_ARGS 6

/* name, number of arguments */
#define OPS(_)                                                                 \
    _(create, 3)    /* aw, haw, flags: a new machine; the first of a case */  \
    _(read, 2)      /* size, offset */                                        \
    _(write, 3)     /* size, offset, value */                                 \
    _(piece, 3)     /* the same, a later one of the same instruction */       \
    _(poke, 2)      /* gpa, value: 8 bytes, if there is memory */             \
    _(fill, 4)      /* gpa, number, low, high: 16 bytes, time and again */    \
    _(ram, 2)       /* gpa, there: the page */                                \
    _(readonly, 2)  /* gpa, readonly: the page */                             \
    _(attach, 2)    /* version, domain */                                     \
    _(bind, 0)      /* the DM's end of the port, if it is not */              \
    _(unbind, 0)                                                              \
    _(detach, 1)    /* domain */                                              \
    _(translate, 5) /* domain, number, rid, iova, access; page after page */  \
    _(meanwhile, 3) /* as write, while the tables are walked for the next */  \
    _(ack, 2)       /* domain, pad */                                         \
    _(use, 2)       /* slot, pages: for the latest translation */             \
    _(slot, 6)      /* slot, iova, gpa, pages, rid << 16 | did, access */     \
    _(unuse, 1)     /* slot */                                                \
    _(floor, 1)     /* value */                                               \
    _(go, 0)        /* viommu_continue() */                                   \
    _(tick, 0)      /* viommu_tick() */                                       \
    _(reset, 0)                                                               \
    _(gone, 0)      /* guest memory has gone */                               \
    _(remap, 4)     /* rid, by an IO-APIC, address, data: an interrupt */     \
    _(suspend, 1)   /* 0: it runs again */                                    \
    _(move, 1)      /* saved, restored in a host of so much larger haw */     \
    _(stats, 0)

enum op_kind {
#define OP_ENUM(name, nr) OP_##name,
    OPS(OP_ENUM)
#undef OP_ENUM
    OP_NR
};

struct op {
    enum op_kind kind;
    uint64_t a[OP_ARGS];
};

/* Guest memory: pages from 0 on, and as many from HIGH_BASE on. */
#define LOW_PAGES  64
#define HIGH_PAGES 4
#define HIGH_BASE  (1ULL << 35)

#define BASE       0xfed90000ULL    /* of the registers */

/* Of the DM's devices: a page behind memory, and those around the registers. */
static inline bool is_window(uint64_t gpa)
{
    return gpa >> 12 == LOW_PAGES + 1 ||
           (gpa >> 12) - (BASE >> 12) + 1 <= 2;
}

#define MAX_WRITES 160
#define MAX_XLAT   4
#define NR_STATS   24

/* Everything that is seen of one operation. */
struct seen {
    uint64_t result;        /* value read, or errno */
    uint64_t more;          /* there is work left */
    uint64_t watched;       /* somebody has to look whether the DM is alive */
    uint64_t notified;      /* event to the DM, if it is bound */
    uint64_t nr_msi;
    struct {
        uint64_t addr, data;
    } msi[4];               /* one for faults, then one for waits */
    uint64_t generation;
    struct {
        uint64_t status, reason, iova, gpa, did, perm, order;
    } xlat[MAX_XLAT];
    /* What became of a request: enum viommu_remapped. */
    uint64_t remapped, dest, vector, mode, logical, one, level;
    uint64_t stat[NR_STATS];
    /* What the DM sees in the shared pages. */
    uint64_t head, floor_waited, waited[XEN_VIOMMU_SLOTS / 64];
    struct xen_viommu_log log[4];   /* the latest */
    /* Guest memory written, in order; not zeroed beyond. */
    uint64_t nr_writes;
    struct {
        uint64_t gpa, val;
    } write[MAX_WRITES];
};

/* Returns a page's index in a table of all of them, or -1. */
static inline int page_of(uint64_t gpa)
{
    if ( gpa < (uint64_t)LOW_PAGES << 12 )
        return gpa >> 12;
    if ( gpa >= HIGH_BASE && gpa < HIGH_BASE + ((uint64_t)HIGH_PAGES << 12) )
        return LOW_PAGES + ((gpa - HIGH_BASE) >> 12);
    return -1;
}

static inline void *at_gpa(uint64_t (*memory)[512], uint64_t gpa)
{
    return (char *)memory[page_of(gpa)] + (gpa & 0xfff);
}

/* The sides.  @seen is zero before, up to nr_writes. */
/* Returns false if the core noticed that it was misused, or misused its host. */
bool core_do(const struct op *op, struct seen *seen);
/* After each operation save, and load elsewhere. */
extern bool core_always_save;
void ref_do(const struct op *op, struct seen *seen);

#endif /* OP_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
