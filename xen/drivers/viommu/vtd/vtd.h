/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VT-d front end.  Stages, each of which sees only what is left of it:
 *
 *   regs.c      access -> register file -> struct vtd_cmd
 *   queue.c     descriptor in guest memory -> struct vtd_cmd
 *   vtd.c       struct vtd_cmd -> flush and wait -> (drain)
 *   complete.c  struct viommu_drained -> what the guest sees
 *
 * and from the side walk.c and remap.c, which only read, event.c, and record.c.
 */
#ifndef VIOMMU_VTD_H
#define VIOMMU_VTD_H

#include "../core.h"
#include "spec.h"

#define VTD_NR_DWORDS ((VTD_FRCD(VTD_NFR) + 16) / 4)

struct vtd {
    struct viommu viommu;       /* first; its lock guards what follows */

    uint32_t reg[VTD_NR_DWORDS];/* the register file */
    /* Which row of regs.c's table each word of the page belongs to, see there. */
    uint8_t row[VIOMMU_PAGE_SIZE / 4];

    /* What GCMD has made of the registers. */
    uint64_t root;              /* RTADDR as of the latest SRTP */
    bool te;                    /* translating; GSTS.TES follows the drain */

    struct {
        bool enabled;           /* GSTS.QIES follows the drain */
        bool fence;             /* nothing is fetched until all is complete */
        uint64_t base;          /* IQA as of when it was enabled */
        unsigned int entries;
        unsigned int head;      /* next to fetch, below entries */
        /*
         * What IQH shows instead of the head: the first invalidation since the
         * last wait descriptor, until it is known to be drained.
         */
        unsigned int held;
        bool unwaited;          /* there is one */
        bool draining;          /* ... and no wait came, so it is waited for */
    } queue;

    unsigned int next_frcd;     /* where the next fault is recorded */

    /*
     * Interrupt remapping.  Changes with the lock held while nobody is in the
     * gate; read with either.
     */
    struct vtd_ir {
        bool enabled;           /* remapping; GSTS.IRES follows */
        bool compat;            /* ... but for compatibility format */
        bool taken;             /* irta has been, by SIRTP */
        unsigned int table;     /* which of the host's */
        uint64_t irta;          /* IRTA as of the latest SIRTP */
    } ir;
};

/* What a register write asks for, beyond being stored. */
struct vtd_cmd {
    enum vtd_cmd_kind {
        VTD_CMD_SRTP,           /* val: RTADDR */
        VTD_CMD_TE,             /* val: 0 or 1 */
        VTD_CMD_SIRTP,          /* val: IRTA */
        VTD_CMD_IRE,            /* val: IRE, arg: CFI, 0 or 1 each */
        VTD_CMD_QIE,            /* val: 0 or 1, arg: IQA */
        VTD_CMD_CCMD,           /* val: CCMD */
        VTD_CMD_IOTLB,          /* val: IOTLB, arg: IVA */
        VTD_CMD_FAULT,          /* fault registers written */
        VTD_CMD_IQT,            /* queue to be looked at */
        VTD_CMD_IQ_EVENT,       /* completion event registers written */
        VTD_CMD_QUEUED,         /* val, arg: a valid descriptor */
        VTD_CMD_IQH,            /* the queue is empty, and was not waited for */
    } kind;
    uint64_t val;
    uint64_t arg;
};

/* Commands out of the queue in one go, under one hold of the lock. */
#define VTD_QUEUE_SLICE 32

/*
 * One GCMD write gives five commands at most, and of the two halves of an
 * 8-byte write only one is a GCMD.
 */
#define VTD_MAX_CMDS 6

struct vtd_cmds {
    unsigned int nr;
    struct vtd_cmd cmd[VTD_MAX_CMDS];
};

static inline struct vtd *to_vtd(struct viommu *viommu)
{
    return container_of(viommu, struct vtd, viommu);
}

static inline bool vtd_has_ir(const struct vtd *vtd)
{
    return vtd->viommu.flags & XEN_VIOMMU_CREATE_INTREMAP;
}

/* regs.c: all with the lock held. */
void vtd_regs_reset(struct vtd *vtd);
uint64_t vtd_regs_read(const struct vtd *vtd, unsigned int off,
                       unsigned int size);
void vtd_regs_write(struct vtd *vtd, unsigned int off, unsigned int size,
                    uint64_t val, struct vtd_cmds *cmds);
/* The register file as Xen sees it: @off names a register of that width. */
uint32_t vtd_get32(const struct vtd *vtd, unsigned int off);
void vtd_set32(struct vtd *vtd, unsigned int off, uint32_t val);
uint64_t vtd_get64(const struct vtd *vtd, unsigned int off);
void vtd_set64(struct vtd *vtd, unsigned int off, uint64_t val);

/* Is there a register of which the word at @off is a part? */
bool vtd_regs_exists(const struct vtd *vtd, unsigned int off);
/* The bits of that word which a guest with memory of @haw bits may have set. */
uint32_t vtd_regs_written(const struct vtd *vtd, unsigned int off,
                          unsigned int haw);

/* walk.c: with or without the lock. */
void vtd_walk(const struct viommu *viommu, const struct viommu_view *view,
              struct viommu_path *path, struct xen_viommu_xlat *xlat,
              struct viommu_fault *fault);

/* remap.c: in the gate, see struct viommu_frontend. */
enum viommu_remapped vtd_remap(const struct viommu *viommu,
                               const struct viommu_request *req,
                               struct viommu_irq *irq,
                               struct viommu_fault *fault);
/* ... and with the lock held: the commands, which close it, and reset. */
void vtd_remap_take(struct vtd *vtd, uint64_t irta);
void vtd_remap_enable(struct vtd *vtd, bool enabled, bool compat);
void vtd_remap_reset(struct vtd *vtd);

/*
 * queue.c: with the lock held.
 *
 * Descriptors are read several at a time, which are forgotten if they are not
 * fetched under the same hold of the lock.
 */
struct vtd_ahead {
    unsigned int left;          /* as many may be read */
    unsigned int nr, next;
    uint64_t desc[VIOMMU_HOST_READ / 16][2];
};
/* Fetch the next descriptor.  False: nothing there, or the queue stopped. */
bool vtd_queue_fetch(struct vtd *vtd, struct vtd_ahead *ahead,
                     struct vtd_cmd *cmd);
bool vtd_queue_runnable(struct viommu *viommu);
/* All that has been submitted has been fetched. */
bool vtd_queue_at_end(const struct vtd *vtd);
/* Bring IQH in line. */
void vtd_queue_show_head(struct vtd *vtd);

/* event.c: with the lock held. */
bool vtd_fault_record(struct viommu *viommu, const struct viommu_fault *fault);
/* Stop the queue for an error, @iqei saying which. */
void vtd_queue_error(struct vtd *vtd, unsigned int iqei);
/* A wait descriptor with IF has completed. */
void vtd_wait_event(struct vtd *vtd);
/* Bring status and event in line after the guest wrote their registers. */
void vtd_fault_update(struct vtd *vtd);
void vtd_wait_update(struct vtd *vtd);

/* Send what has been raised while the guest was suspended. */
void vtd_thaw(struct viommu *viommu);

/* record.c: see struct viommu_frontend. */
void vtd_save(const struct viommu *viommu, struct hvm_hw_viommu *rec);
const char *vtd_check(const struct viommu *viommu,
                      const struct hvm_hw_viommu *rec);
void vtd_load(struct viommu *viommu, const struct hvm_hw_viommu *rec);

/* complete.c: with the lock held. */
void vtd_complete(struct viommu *viommu, const struct viommu_drained *drained);
/* A command that asks for nothing that exists: ends, having done nothing. */
void vtd_refuse(struct vtd *vtd, const struct vtd_cmd *cmd);

/* What completing a wait descriptor does, in the low bits of its address. */
#define VTD_RESULT_SW 1u        /* write the status */
#define VTD_RESULT_IF 2u        /* raise the event */

/* One slot of the drain for each register command that can be waited for. */
enum {
    SLOT_SRTP, SLOT_TE, SLOT_QIE, SLOT_CCMD, SLOT_IOTLB, SLOT_IQH, SLOT_SIRTP,
    SLOT_IRE,
};

extern const struct viommu_frontend vtd_frontend;

#endif /* VIOMMU_VTD_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
