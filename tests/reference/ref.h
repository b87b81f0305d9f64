/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reference: what a VT-d unit, with a DM behind it, is to do, in the most
 * obvious way.  Written from the architecture, with each register a variable
 * and each number spelt out; it has nothing in common with Xen's sources but
 * the public header, whose protocol with the DM it is the other half of.
 */
#ifndef REF_H
#define REF_H

#include "op.h"

struct ref_record {
    uint64_t address;       /* of the page */
    uint32_t source;
    uint32_t reason;
    bool read, full;        /* full: the F bit */
};

/* What the guest waits for. */
struct ref_wait {
    bool on;
    uint64_t generation;
    bool status, event;     /* of a wait descriptor */
    uint64_t addr;
    uint32_t data;
};

enum {
    WAIT_ROOT, WAIT_TE, WAIT_QIE, WAIT_CCMD, WAIT_IOTLB, WAIT_HEAD,
    WAIT_TABLE, WAIT_IRE, NR_WAITS
};

#define MAX_FIFO 64
#define MAX_GROUP 4096

struct ref {
    unsigned int aw, haw;
    bool no_queue, remaps;

    /* Registers, one by one. */
    bool tes, rtps, qies, ires, irtps, cfis;
    uint64_t rtaddr, ccmd, iqt, iqh, iqa, iva, iotlb, irta;
    bool pfo, iqe, ice, ite, fe_masked, fe_pending;
    unsigned int fri;
    uint32_t fedata, feaddr, feuaddr, iedata, ieaddr, ieuaddr;
    bool iwc, ie_masked, ie_pending;
    unsigned int iqei;
    struct ref_record record[8];
    unsigned int next_record;

    /* What they have been made to do. */
    bool te;
    uint64_t root;
    bool queue_on, fence;
    uint64_t queue_base;
    unsigned int queue_size, queue_head;
    /* No wait came since the invalidation at first_open: IQH stays there ... */
    bool open, closing;     /* ... also while it is being waited for */
    unsigned int first_open;

    /* Interrupts: what is in force, and which pages of the table are there. */
    bool ire, cfi, table_taken;
    uint64_t table;
    bool table_page[256];

    /* What is waited for. */
    struct ref_wait wait[NR_WAITS];
    struct ref_wait fifo[MAX_FIFO];
    unsigned int in_fifo;

    /* Invalidations, and the protocol with the DM. */
    uint64_t position;      /* how many there have been */
    uint64_t asked;         /* R */
    uint64_t drained;       /* up to where no DMA is in the way */
    bool unasked;           /* invalidations since R was raised */
    bool tell;              /* fire the event channel */

    bool attached, bound;
    unsigned int dm;

    /* The ledger. */
    struct xen_viommu_ledger ledger;
    struct xen_viommu_slot slot[XEN_VIOMMU_SLOTS];
    struct xen_viommu_log log[XEN_VIOMMU_LOG_ENTRIES];
    struct xen_viommu_log group[MAX_GROUP]; /* not looked at for, yet */
    uint64_t group_at[MAX_GROUP];           /* which invalidation each is */
    unsigned int in_group;
    uint64_t looked;        /* position up to which slots were looked at */
    struct {
        uint32_t seq;
        uint64_t first;     /* the first generation that waits for it */
    } blocked[XEN_VIOMMU_SLOTS];            /* those in ledger.waited[] */
    uint64_t floor_known;   /* the DM knows that older DMA is waited for */
    bool news;
    /* Which slots Xen says that it waits for: see ref-drain.c. */
    const uint64_t *hint;

    /* The machine. */
    uint64_t memory[LOW_PAGES + HIGH_PAGES][512];
    bool absent[LOW_PAGES + HIGH_PAGES], readonly[LOW_PAGES + HIGH_PAGES];

    bool watched, frozen, moved;

    /* Interrupts that were refused, and are not recorded yet. */
    struct {
        unsigned int rid, reason, index;
    } refused[16];
    unsigned int in_refused;
    uint64_t nr_refused, nr_unkept;

    /* A register write, during the next translation. */
    bool meanwhile;
    uint64_t meanwhile_what[3];

    /* The DM's latest translation. */
    struct xen_viommu_slot latest;

    uint64_t nr_inv[XEN_VIOMMU_NR_INV], nr_translated, nr_faults, nr_lost;
    uint64_t nr_reads, nr_writes, nr_descs, nr_errors;
    struct seen *seen;
    struct {
        bool raised;
        uint64_t addr;
        uint32_t data;
    } msi[2];               /* during this operation */
};

extern struct ref ref;

/* ref-walk.c */
struct ref_walk {
    bool ok;
    unsigned int reason, did, order;
    bool recorded, is_write;
    bool may_read, may_write;
    uint64_t gpa;           /* of the address itself */
};
struct ref_walk ref_walk(uint64_t root, unsigned int rid, uint64_t iova, bool r,
                         bool w);
bool ref_load(uint64_t gpa, uint64_t *val);

/* ref-irq.c */
void ref_take_table(uint64_t irta);
void ref_remap(unsigned int rid, bool is_rte, uint64_t addr, uint64_t data);
/* Record what has been refused, before anything else is seen. */
void ref_collect(void);

/* ref-event.c */
void ref_fault(unsigned int rid, uint64_t iova, unsigned int reason,
               bool is_write);
void ref_queue_error(unsigned int code);
void ref_wait_event(void);
void ref_fault_registers_written(void);
void ref_wait_registers_written(void);
/* The guest runs: it gets what was kept from it. */
void ref_send_pending(void);
bool ref_ppf(void);

/* ref-regs.c */
void ref_power_on(void);
uint64_t ref_read(unsigned int size, uint64_t off);
void ref_write(unsigned int size, uint64_t off, uint64_t val);

/* ref-queue.c */
void ref_queue_fetch(void);
bool ref_queue_ready(void);
void ref_show_head(void);
/* G of a command: 1 global, 2 domain, 3 device or pages. */
void ref_invalidate_context(unsigned int g, unsigned int did, unsigned int sid,
                            unsigned int fm);
void ref_invalidate_iotlb(unsigned int g, unsigned int did, uint64_t addr,
                          unsigned int am);
void ref_invalidate_all(void);

/* ref-drain.c */
void ref_invalidated(const struct xen_viommu_log *inv);
/* The DM is told, and nobody waits. */
void ref_announced(const struct xen_viommu_log *inv);
/* Nobody waits for what has been invalidated. */
void ref_forget(void);
void ref_begin(struct ref_wait *wait);
/* Go on as far as one hold of the lock does; returns whether there is more. */
bool ref_advance(void);
/* What others than a vCPU do of it: seen->more says whether one is woken. */
void ref_settle(void);
bool ref_is_more(void);
void ref_check_dm(void);
void ref_dm_gone(void);
void ref_forget_dma(void);
void ref_poll(void);
bool ref_waiting(void);
/* What is waited for is to be shown. */
void ref_show(unsigned int which);

#endif /* REF_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
