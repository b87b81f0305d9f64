/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vIOMMU of a domain, which may have several: the generic layer, which knows
 * of no vendor's registers and of no other vIOMMU, and the interface to the
 * front end, which does know the registers.
 *
 *   MMIO write -> front end: registers -> command -> flush
 *              -> drain (drain.c) -> front end: completion
 *
 * Translation comes in from the side, as a reader (dm.c), and so do requests
 * for interrupts (irq.c).
 *
 * A file calls those to its right only; tests/unit/layers looks at that:
 *
 *   dm.c   core.c   irq.c   front end   drain.c   ledger.c   resolve.c, clock.c
 *
 * units.c calls none of them.
 *
 * core.c, irq.c and resolve.c reach the front end through struct
 * viommu_frontend.
 */
#ifndef VIOMMU_CORE_H
#define VIOMMU_CORE_H

#include "drain.h"
#include "host.h"
#include "private.h"

#define VIOMMU_PAGE_SIZE 4096u

/* All that a page walk needs to know, copied under the lock. */
struct viommu_view {
    bool enabled;
    uint64_t root;
};

/*
 * How far a walk has come: to the table that holds the last entry.  Another
 * walk of the same translate call begins there if it gets that far, since what
 * is read in between the generation and the answer may be of any moment there.
 * The front end's.
 */
struct viommu_path {
    bool valid;
    bool quiet;         /* refusals are not to be reported to the guest */
    uint8_t perm;       /* what is granted so far, XEN_VIOMMU_READ | _WRITE */
    uint16_t did;
    uint32_t rid;
    uint64_t prefix;    /* of the addresses that the table translates */
    uint64_t table;
};

/* A refused DMA, on its way from a walk to the fault records. */
struct viommu_fault {
    uint8_t reason;     /* the front end's code, 0 for none */
    bool write;
    bool quiet;         /* not to be reported to the guest */
    uint32_t rid;
    uint64_t addr;
};

/* A request for an interrupt, as its source sends it. */
struct viommu_request {
    uint16_t rid;           /* of whoever sends it, unless ... */
    bool anonymous;         /* ... that is not known */
    bool rte;               /* an IO-APIC's, for the entry that is in data */
    uint64_t addr;          /* of an MSI */
    uint64_t data;
};

/* What becomes of it. */
enum viommu_remapped {
    VIOMMU_IRQ_AS_IS,       /* it goes where it says by itself */
    VIOMMU_IRQ_REMAPPED,    /* struct viommu_irq says where it goes */
    VIOMMU_IRQ_BLOCKED,     /* nowhere */
};

struct viommu_irq {
    uint32_t dest;          /* APIC id, or a set of them if ... */
    bool logical;
    bool one;               /* to one of those that are named */
    bool level;
    uint8_t mode;           /* as in the APIC's own messages: 0 fixed, ... */
    uint8_t vector;
};

/* Requests that were refused, but not recorded yet: as many at a time. */
#define VIOMMU_REFUSED 16

/* Interrupts to be sent once the lock is dropped: one of each cause. */
#define VIOMMU_NR_MSI 2

struct viommu_msi {
    bool valid;
    uint64_t addr;
    uint32_t data;
};

struct viommu_frontend {
    uint32_t type;      /* XEN_VIOMMU_TYPE_* */

    /* Bytes of the front end's structure, which starts with a struct viommu. */
    size_t size;

    /* Set all of its state to what it is at reset.  With the lock held. */
    void (*init)(struct viommu *viommu);

    /*
     * Register access at @off in the page, with the lock held.  Any @size and
     * alignment; what is wrong is dropped or reads as all ones.
     */
    uint64_t (*read)(struct viommu *viommu, unsigned int off,
                     unsigned int size);
    void (*write)(struct viommu *viommu, unsigned int off, unsigned int size,
                  uint64_t val);

    /*
     * Fetch and execute commands from the guest's queue, a slice of them, if
     * there is a queue and work in it.  With the lock held.
     */
    void (*run)(struct viommu *viommu);

    /* Is there work in the queue that can be done now?  With the lock held. */
    bool (*runnable)(struct viommu *viommu);

    /* With the lock held. */
    void (*view)(const struct viommu *viommu, struct viommu_view *view);

    /*
     * Walk the guest's tables for @xlat, with or without the lock.  Fills in
     * the outputs of @xlat, and @fault if that is refused.  @path: of the walk
     * before, or zeroes.
     */
    void (*walk)(const struct viommu *viommu, const struct viommu_view *view,
                 struct viommu_path *path, struct xen_viommu_xlat *xlat,
                 struct viommu_fault *fault);

    /*
     * Record @fault for the guest, with the lock held.  Returns false if it
     * is lost for want of room.
     */
    bool (*fault)(struct viommu *viommu, const struct viommu_fault *fault);

    /*
     * Remap @req, in the gate and without the lock.  Fills in @irq if it is
     * remapped, and @fault if it is blocked.
     */
    enum viommu_remapped (*remap)(const struct viommu *viommu,
                                  const struct viommu_request *req,
                                  struct viommu_irq *irq,
                                  struct viommu_fault *fault);

    /* Show the guest that @drained is complete, with the lock held. */
    void (*complete)(struct viommu *viommu,
                     const struct viommu_drained *drained);

    /*
     * The guest is not suspended: send the interrupts that were kept back
     * because it was.  With the lock held.
     */
    void (*thaw)(struct viommu *viommu);

    /* Fill in the front end's part of @rec, with the lock held. */
    void (*save)(const struct viommu *viommu, struct hvm_hw_viommu *rec);

    /* As viommu_check(), for the front end's part. */
    const char *(*check)(const struct viommu *viommu,
                         const struct hvm_hw_viommu *rec);

    /*
     * Become what @rec says, which has been checked; nothing is waited for.
     * With the lock held.
     */
    void (*load)(struct viommu *viommu, const struct hvm_hw_viommu *rec);
};

/* Those that the architecture builds (x86/frontends.c), and NULL. */
extern const struct viommu_frontend *const viommu_frontends[];

struct viommu {
    /* Constant once created and, if it is to be restored, loaded. */
    const struct viommu_frontend *fe;
    struct domain *domain;
    void *host;             /* what host.h's services have of it */
    unsigned int unit;      /* its number among those of the domain */
    paddr_t base;           /* guest-physical address of the register page */
    uint8_t aw;             /* width of addresses that are translated, bits */
    uint8_t haw;            /* width of guest-physical addresses, bits; less */
    uint8_t host_haw;       /* ... than here if the guest began elsewhere */
    uint32_t flags;         /* XEN_VIOMMU_CREATE_* */

    /*
     * Serialises attach and detach, which allocate and free event channels.
     * Lock order: attach_lock, then the domain's event_lock, then lock.
     */
    spinlock_t attach_lock;

    /*
     * Guards all that follows.  Inside it are only the p2m's lock, taken to
     * access the queue, the status that it writes and, a few at a time, the
     * tables of translations in use, and the event channel's own trylock.
     * Never held across the DM's page walks, an MSI, or an allocation.
     */
    spinlock_t lock;

    struct {
        bool attached;
        domid_t domid;
        evtchn_port_t port;
    } dm;

    /*
     * Set before anybody else knows of the vIOMMU, and cleared once, when the
     * domain is being destroyed; no DM is attached from then on.
     */
    struct viommu_ledger *ledger;

    /*
     * A page of what the guest's reads of its registers return, which the
     * guest reads in their place; never read here.  NULL if there is none.
     */
    void *mirror;

    /*
     * Requests for interrupts that were refused, on their way to the fault
     * records: who finds that is in the gate, where the lock is not taken.
     * This one is the innermost, with the lock held or in the gate.
     */
    struct {
        spinlock_t lock;
        unsigned int nr;            /* in fault[], all of them to be reported */
        /* Refused; and not reported, for want of room. */
        uint64_t total, lost;
        struct viommu_fault fault[VIOMMU_REFUSED];
    } refused;

    uint64_t now;           /* latest answer of viommu_now() */
    struct viommu_drain drain;
    struct viommu_msi msi[VIOMMU_NR_MSI];
    bool kick;              /* viommu_host_kick() once the lock is dropped */
    struct xen_viommu_stats stats;  /* of its flags only _RESTORED */
};

/*
 * The vIOMMUs of a domain, from unit 0 on.  They come one by one while the
 * domain is being created, and go with it; meanwhile nothing of it runs but
 * device models, who find a unit by its number.
 */
struct viommu_units {
    unsigned int nr;
    paddr_t base[XEN_VIOMMU_MAX_UNITS]; /* of the registers of each */
    struct viommu *unit[XEN_VIOMMU_MAX_UNITS];
};

/* These take NULL for a domain that has none, and return NULL for none. */
struct viommu *viommu_unit(const struct viommu_units *units, unsigned int unit);
/* The one whose page of registers @gpa is in. */
struct viommu *viommu_at(const struct viommu_units *units, paddr_t gpa);
/* Is a page of registers among those from that at @first to that at @last? */
bool viommu_in_range(const struct viommu_units *units, paddr_t first,
                     paddr_t last);

/*
 * May @unit, which is to be like @op, be the next one?  As
 * XEN_DOMCTL_viommu_op.
 */
int viommu_may_add(const struct viommu_units *units, unsigned int unit,
                   const struct xen_domctl_viommu_create *op);
/* After viommu_init(). */
void viommu_add(struct viommu_units *units, struct viommu *viommu);

/*
 * The front end that @op asks for, or NULL if there is none or if anything in
 * @op, which has been copied from the toolstack, is not as it has to be.
 */
const struct viommu_frontend *viommu_frontend(
    const struct xen_domctl_viommu_create *op);

/*
 * Initialise vIOMMU @unit of @d, of front end @fe, in fe->size bytes of zeroed
 * memory.  @haw is the width of the domain's guest-physical addresses, 36 to
 * 52.
 */
void viommu_init(struct viommu *viommu, const struct viommu_frontend *fe,
                 struct domain *d, unsigned int unit, uint8_t haw,
                 const struct xen_domctl_viommu_create *op);

/*
 * Give a vIOMMU a ledger: zeroed memory for it, and the pages that are shared.
 * Before anybody else knows of the vIOMMU.
 */
void viommu_give_ledger(struct viommu *viommu, struct viommu_ledger *ledger,
                        void *frames);

/*
 * Take it back: the DM is forgotten, as if it had detached, and no other one
 * can attach.  Returns what is to be freed.  Takes the locks.
 */
struct viommu_ledger *viommu_take_ledger(struct viommu *viommu);

/*
 * Give a vIOMMU a mirror of its registers, a zeroed page, before viommu_init().
 * And take it back, if there is one, so that it can be freed: takes the lock.
 */
void viommu_give_mirror(struct viommu *viommu, void *page);
void *viommu_take_mirror(struct viommu *viommu);

/*
 * Guest access to the register page.  With a mirror, the guest need not come
 * here to read, and nothing may depend on that it does.  Takes the lock.
 *
 * An instruction may make several accesses, such as one that stores 64 bytes.
 * Only the @first processes what the guest has asked for; what the others ask
 * for is left to viommu_continue(), so that an exit does as much as one access.
 */
uint64_t viommu_mmio_read(struct viommu *viommu, uint64_t addr,
                          unsigned int size, bool first);
void viommu_mmio_write(struct viommu *viommu, uint64_t addr,
                       unsigned int size, uint64_t val, bool first);

/*
 * System time in ns, which does not go back although that of two CPUs may
 * differ a little.  With the lock held.
 */
uint64_t viommu_now(struct viommu *viommu);

/*
 * Go on: complete what is drained, process a slice of the queue, complete what
 * that has brought.  Returns whether there is more that can be done now.  Only
 * a vCPU of the guest does this, before it runs on: the guest pays for it.
 * Does nothing while the guest is suspended.  With the lock held.
 */
bool viommu_advance(struct viommu *viommu);

/*
 * The part of it that others may do: complete what is drained.  For the rest,
 * if there is any, a vCPU is woken.  Does nothing either while the guest is
 * suspended.  With the lock held.
 */
void viommu_settle(struct viommu *viommu);

/*
 * The guest's machine is reset: what it waits for is forgotten, translation
 * disabled, and the DM, if it is still there, told to forget as well.  Takes
 * the lock.
 */
void viommu_reset(struct viommu *viommu);

/*
 * The state of the vIOMMU as a record, and back: see public/hvm/viommu_save.h.
 * Saving changes nothing.  Loading does nothing unless @rec is sound, which
 * viommu_check() says: NULL, or in words (of @rec) what is wrong with it.
 * Between the end of saving and that of loading the guest does not run; what it
 * waits for is then complete with the next viommu_continue() or attachment.
 * Saving and loading take the lock.
 *
 * -EINVAL: @rec is wrong; -EBUSY: a DM is attached; @why says so in words
 */
void viommu_save(struct viommu *viommu, struct hvm_hw_viommu *rec);
const char *viommu_check(const struct viommu *viommu,
                         const struct hvm_hw_viommu *rec);
int viommu_load(struct viommu *viommu, const struct hvm_hw_viommu *rec,
                const char **why);

/*
 * Guest memory has gone or moved: what the DM has been told is void, whether
 * the guest invalidates or not.  Nobody waits.  Takes the lock.
 */
void viommu_p2m_changed(struct viommu *viommu);

/* Take the lock, and record what was refused since it was dropped. */
void viommu_lock(struct viommu *viommu);

/*
 * Drop the lock, send the interrupts that were raised under it, and wake a
 * vCPU if there is work for one.
 */
void viommu_unlock(struct viommu *viommu);

/*
 * A vCPU goes on, see viommu_advance(), after having completed what waits for a
 * DM that died.  Takes the lock.
 */
bool viommu_continue(struct viommu *viommu);

/*
 * The timer of viommu_host_watch() and viommu_host_alarm(): complete what
 * waits for a DM that died, see that work for a vCPU does not lie about, and
 * record what was refused.  Takes the lock.
 */
void viommu_tick(struct viommu *viommu);

/*
 * What becomes of a request for an interrupt.  Whoever calls this is in the
 * gate, see host.h, and leaves it after the interrupt has been delivered.  If
 * it is blocked, the guest is told.  Not locked; takes no lock but the
 * innermost.
 */
enum viommu_remapped viommu_remap(struct viommu *viommu,
                                  const struct viommu_request *req,
                                  struct viommu_irq *irq);

/* The same for who only wants to know; nobody is told. */
enum viommu_remapped viommu_peek(const struct viommu *viommu,
                                 const struct viommu_request *req,
                                 struct viommu_irq *irq);

/* Record what was refused since, or forget it; with the lock held. */
void viommu_collect_refused(struct viommu *viommu);
void viommu_forget_refused(struct viommu *viommu);

/*
 * Translate one address for the DM, or for comparison with what the DM uses.
 * IN and OUT of @xlat as in the hypercall; the others as with the front end's
 * walk.
 */
void viommu_resolve(const struct viommu *viommu, const struct viommu_view *view,
                    struct viommu_path *path, struct xen_viommu_xlat *xlat,
                    struct viommu_fault *fault);

/*
 * The DM's operations; see public/hvm/viommu.h for meaning and errno.  That
 * @viommu is the unit they name is the caller's to see to.  @caller is the
 * domain that makes the hypercall.  They take the locks.
 */
int viommu_attach(struct viommu *viommu, domid_t caller,
                  struct xen_dm_op_viommu_attach *op);
int viommu_detach(struct viommu *viommu, domid_t caller);
/* @xlat: @nr entries, copied from the DM and to be copied back. */
int viommu_translate(struct viommu *viommu, domid_t caller,
                     struct xen_viommu_xlat *xlat, unsigned int nr,
                     uint64_t *generation);
int viommu_ack(struct viommu *viommu, domid_t caller,
               const struct xen_dm_op_viommu_ack *op);

/* Checks @op, and makes a request of it.  Takes no lock. */
int viommu_msi(const struct xen_dm_op_viommu_msi *op,
               struct viommu_request *req);

/* For the toolstack.  Takes the lock. */
void viommu_get_stats(struct viommu *viommu, struct xen_viommu_stats *stats);

#endif /* VIOMMU_CORE_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
