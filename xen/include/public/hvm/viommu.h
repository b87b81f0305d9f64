/* SPDX-License-Identifier: MIT */
/*
 * viommu.h: the virtual IOMMU of an HVM guest, as a device model uses it.  What
 * the toolstack does with it is in viommu_domctl.h.
 *
 * Xen emulates the registers, the invalidation commands and the page walks.
 * A device model (DM) emulates the devices, so it asks Xen to translate the
 * addresses which its devices put on the bus, and it has to tell Xen when
 * DMA which used an old translation is over.  Nothing in here is specific to
 * one vendor's IOMMU.
 *
 * Life of a vIOMMU, and who may call what:
 *
 *   toolstack  XEN_DOMCTL_VIOMMU_create before the domain first runs
 *   DM         XEN_DMOP_viommu_attach   before it emulates any DMA; it then
 *                                       maps the ledger and binds the port it
 *                                       was given
 *   DM         XEN_DMOP_viommu_translate, any number, from any thread
 *   DM         XEN_DMOP_viommu_ack      when DMA has ended that Xen waits for
 *   DM         XEN_DMOP_viommu_msi      an interrupt that a device sends
 *   DM         XEN_DMOP_viommu_detach   or: the DM dies and its port closes
 *   toolstack  XEN_DOMCTL_VIOMMU_get_stats, at any time
 *
 * A guest has one vIOMMU or several, its units, numbered from 0 on.  Each is
 * one by itself: it has its own registers, tables, ledger, generation, event
 * channel and attachment, and what is said here of a vIOMMU holds for each.
 * The same domain id in two units names two sets of translations.  Every
 * operation names the unit.  Which unit a device is behind is for the
 * toolstack to say, to the guest (DMAR) and to the DM; Xen does not know, and
 * does with the one that is named as with any other.  The IO-APIC is behind
 * unit 0.
 *
 * Xen counts the invalidations of a vIOMMU: the generation, which never
 * decreases.  A translation is handed out together with the generation that
 * was current before its page walk began.  An invalidation of translations
 * adds one.  The guest sees it as complete once no DMA uses what it took
 * away.  Xen finds out by itself, in memory that it shares with the DM:
 * see struct xen_viommu_ledger.
 *
 * Ownership of an IOVA range follows from that:
 *
 *   guest unmaps ------ invalidates ------------------- sees completion
 *   | may be in DMA    | may be in DMA that began before | is the guest's own
 *
 * A DM whose port is not bound has no DMA in flight by definition, and
 * everything that waits for it completes.  It may have never bound the port,
 * have closed it, or have died: Xen looks at the port, not at any promise.
 * A DM that has closed its port attaches again before it makes any DMA.
 */

#ifndef __XEN_PUBLIC_HVM_VIOMMU_H__
#define __XEN_PUBLIC_HVM_VIOMMU_H__

#include "../xen.h"
#include "../event_channel.h"

#ifndef uint64_aligned_t
#define uint64_aligned_t uint64_t
#endif

/* Kinds of vIOMMU. */
#define XEN_VIOMMU_TYPE_VTD        1 /* Intel VT-d, legacy mode */

/* As many units has a guest at most. */
#define XEN_VIOMMU_MAX_UNITS       8

/* The newest version of the protocol with the DM that this header describes. */
#define XEN_VIOMMU_DM_VERSION      1

/*
 * Operations of the DM.  dm_op.h goes up to 20; series which are not merged yet
 * have numbers above that.  These are settled when this is merged.
 *
 * Each has the number of a unit.  -ENODEV from any of them: the domain has no
 * such unit, or no vIOMMU at all.
 */

/*
 * XEN_DMOP_viommu_attach: the calling domain is the DM of this unit.
 *
 * Xen allocates an event channel in the guest's port space for the calling
 * domain, which has to bind it (EVTCHNOP_bind_interdomain, remote = guest)
 * before it may translate.  The port belongs to Xen and is freed by Xen.
 * Attaching again while the port is not bound is allowed and returns a port
 * anew: this is how a restarted DM comes back.
 *
 * A DM attaches to unit 0, 1, and so on, until there is none.
 *
 * -EOPNOTSUPP  this Xen has no vIOMMU support, or op unknown to it
 * -ENODEV      with unit 0: the DM works without translation
 * -EBUSY       a DM is attached and its port is bound
 * -EINVAL      version 0, or flags not zero, or the domain is dying
 * -ENOSPC, -ENOMEM, -EPERM: from the allocation of the event channel
 *
 * A version above XEN_VIOMMU_DM_VERSION is not an error: the DM gets the
 * newest one that Xen speaks, or detaches if it cannot work with that.
 */
#define XEN_DMOP_viommu_attach     40

struct xen_dm_op_viommu_attach {
    /* IN: highest version the DM speaks.  OUT: the version in use. */
    uint32_t version;
    /* IN: must be zero.  OUT: XEN_VIOMMU_ATTACH_*. */
    uint32_t flags;
/*
 * The guest can have interrupts remapped.  Those of devices go by
 * XEN_DMOP_viommu_msi: of XEN_DMOP_inject_msi nothing comes once it does, but
 * what the guest lets pass in compatibility format (VT-d: CFI).
 */
#define XEN_VIOMMU_ATTACH_INTREMAP (1u << 0)
    /* OUT: port in the guest's port space, to be bound by the caller. */
    evtchn_port_t port;
    /* IN: which vIOMMU of the domain. */
    uint32_t unit;
};
typedef struct xen_dm_op_viommu_attach xen_dm_op_viommu_attach_t;

/*
 * The ledger: pages that Xen shares with the DM
 * ---------------------------------------------
 * XENMEM_resource_viommu, id the unit, XEN_VIOMMU_LEDGER_FRAMES frames: this
 * structure in frame 0, the log in frame 1, the slots from frame 2 on.  The
 * frames belong to the guest, which cannot see them, are allocated when the
 * vIOMMU is created and last until the domain is destroyed.  A DM that cannot
 * map them cannot work with a vIOMMU.
 *
 * Every field has one writer at a time.  Whose busy[] and floor are:
 *
 *   creation ---- attach ------------------------------- next attach ---
 *   | nobody's   | Xen clears | the DM's until the next | Xen clears ...
 *                | them       | attach, if it comes     |
 *
 * Xen writes them while it executes XEN_DMOP_viommu_attach, and never after
 * that: not when it finds the port unbound, and not at detach.  The log and
 * the slots are not cleared; the log's head never goes back.
 *
 * Xen trusts nothing that the DM writes, and reads it once; what a DM writes
 * there can make its own guest's invalidations wait, or complete without
 * protection, and nothing else.  Fields of 64 bits are read and written in
 * one access.
 *
 * The log tells which translations not to use any more.  Xen writes entry
 * head % XEN_VIOMMU_LOG_ENTRIES, then adds one to head.  Generations are
 * positions in the log: a translation of generation G has seen the entries
 * below G.  A reader that finds head more than XEN_VIOMMU_LOG_ENTRIES - 1
 * beyond the entry it has read has to take everything for invalidated.
 *
 * The slots tell which translations are in use.  To make a DMA the DM
 *
 *   1. looks the translation up in its cache, which has applied the log up to
 *      P, or asks Xen, whose answer has generation P;
 *   2. writes a free slot, the word with its seq, one higher than before, last,
 *      and sets its bit in busy[];
 *   3. full barrier;
 *   4. reads head: if it is not P, reads the entries from P on, and if one of
 *      them covers the translation, frees the slot (6 to 8) and begins again;
 *   5. accesses guest memory, as often and for as long as it likes;
 *   6. clears the bit in busy[];
 *   7. full barrier;
 *   8. reads its bit in waited[]: if it is set, XEN_DMOP_viommu_ack.
 *
 * A slot may be made to cover more pages (then 3 and 4 follow) or fewer while
 * its bit is set; its other fields may not change then.
 *
 * Xen, for an invalidation: appends to the log; full barrier; reads busy[] and
 * the slots that are in it.  A slot which the invalidation covers and whose
 * translation, walked again, is no longer what the slot says, gpa or did, or
 * does not permit the access any more, is stale: Xen
 * sets its bit in waited[]; full barrier; reads busy[] and seq again; and
 * waits until they say that this DMA is over.  If there is no such slot, the
 * invalidation is complete.  Xen fires the event channel when it begins to
 * wait, for a DM which holds memory for longer than a transfer takes.
 *
 * A DMA for which there is no slot is accounted for by floor: the lowest P of
 * all such DMA, or XEN_VIOMMU_NO_FLOOR if there is none.  What stands for 2
 * and 6 is the store to floor, for waited[] it is floor_waited.  Xen waits
 * until floor is not below the generation of the invalidation.  A DM that
 * stores floor before 1, with head as P, and has a full barrier in between,
 * needs no 4: what is found then may be used.
 */
#define XEN_VIOMMU_LEDGER_FRAMES   10
#define XEN_VIOMMU_LOG_ENTRIES     256
#define XEN_VIOMMU_SLOTS           1024
#define XEN_VIOMMU_SLOT_PAGES      512  /* of 4K */

#define XEN_VIOMMU_NO_FLOOR        (~(uint64_t)0)

/* Frame 0. */
struct xen_viommu_ledger {
    /* Written by Xen. */
    uint64_aligned_t head;      /* entries ever written to the log */
    uint64_aligned_t floor_waited;              /* 0 or 1 */
    uint64_aligned_t pad0[6];                   /* 0 */
    uint64_aligned_t waited[XEN_VIOMMU_SLOTS / 64];
    /* Written by the DM. */
    uint64_aligned_t floor;
    uint64_aligned_t pad1[7];
    uint64_aligned_t busy[XEN_VIOMMU_SLOTS / 64];
};
typedef struct xen_viommu_ledger xen_viommu_ledger_t;

/* Frame 1: XEN_VIOMMU_LOG_ENTRIES of these.  Written by Xen. */
struct xen_viommu_log {
    /* _TLB_RANGE: first address, aligned to the size of the range. */
    uint64_aligned_t iova;
    /* _TLB_DOMAIN, _TLB_RANGE, _CONFIG_DOMAIN. */
    uint16_t did;
    /* _CONFIG_DEVICE: covers a requester id r if !((r ^ rid) & ~rid_mask). */
    uint16_t rid;
    uint16_t rid_mask;
    /* XEN_VIOMMU_INV_*.  The _CONFIG_ kinds cover translations as well. */
    uint8_t inv;
    /* _TLB_RANGE: log2 of the size of the range in bytes, 12 to 63. */
    uint8_t order;
};
typedef struct xen_viommu_log xen_viommu_log_t;

/* Frames 2 and on: XEN_VIOMMU_SLOTS of these.  Written by the DM. */
struct xen_viommu_slot {
    uint64_aligned_t iova;      /* first page, as the device has it */
    uint64_aligned_t gpa;       /* what it translates to */
    uint32_t pages;             /* contiguous in both; 1 to _SLOT_PAGES */
    uint32_t seq;               /* counts the uses of this slot */
    uint16_t rid;               /* requester id, segment 0 */
    uint16_t did;               /* domain id that came with the translation */
    uint8_t access;             /* XEN_VIOMMU_READ and/or _WRITE */
    uint8_t pad[3];             /* 0 */
};
typedef struct xen_viommu_slot xen_viommu_slot_t;

/*
 * XEN_DMOP_viommu_detach: the DM has ended all DMA and will translate no more.
 *
 * -ENOTCONN    the caller is not the attached DM
 */
#define XEN_DMOP_viommu_detach     41

struct xen_dm_op_viommu_detach {
    /* IN: which vIOMMU of the domain. */
    uint32_t unit;
};
typedef struct xen_dm_op_viommu_detach xen_dm_op_viommu_detach_t;

/*
 * One address to translate, in the array that is the second buffer of
 * XEN_DMOP_viommu_translate.
 */
struct xen_viommu_xlat {
    /*
     * IN: an address as the device put it on the bus.
     * OUT: first address of the range that is translated alike.
     */
    uint64_aligned_t iova;
    /* OUT: guest-physical address of that first address; 0 on failure. */
    uint64_aligned_t gpa;
    /* IN: requester id: PCI segment 31:16, bus 15:8, device/function 7:0. */
    uint32_t rid;
    /*
     * OUT: domain id, the guest's tag for the set of translations this one
     * belongs to; 0 while the vIOMMU is disabled.
     */
    uint16_t did;
    /*
     * IN: XEN_VIOMMU_READ and/or XEN_VIOMMU_WRITE: what the device is about
     * to do.  0 asks for the translation without any access to follow: a
     * failure is then reported to the DM but not to the guest.
     */
    uint8_t access;
#define XEN_VIOMMU_READ            1 /* device reads guest memory */
#define XEN_VIOMMU_WRITE           2 /* device writes guest memory */
    /* OUT: all that the translation permits, XEN_VIOMMU_READ | _WRITE. */
    uint8_t perm;
    /*
     * OUT: log2 of the length of the range in bytes, 12 to 64.  The range is
     * naturally aligned in both address spaces.  64 means that every address
     * translates to itself (vIOMMU disabled).
     */
    uint8_t order;
    /* OUT: XEN_VIOMMU_XLAT_*. */
    uint8_t status;
#define XEN_VIOMMU_XLAT_OK         0
#define XEN_VIOMMU_XLAT_FAULT      1 /* denied by the guest's tables; the
                                        fault has been recorded for it */
#define XEN_VIOMMU_XLAT_BLOCKED    2 /* allowed, but devices have no access
                                        to what is at the address */
#define XEN_VIOMMU_XLAT_DEVICE     3 /* allowed, and the address is the DM's:
                                        an emulated device's, or nobody's */
    /* OUT: with _FAULT, the vIOMMU's own reason code (VT-d: FR). */
    uint8_t reason;
    /*
     * OUT: with _OK, log2 of the length of a block around <gpa>, at least 12,
     * all of which is memory that devices may access; or 0: not said.  The
     * block is naturally aligned, and may reach beyond the translation.  It is
     * so until the log has an entry of a _GLOBAL kind, _CONTROL, or an unknown
     * one.
     */
    uint8_t block;
    /*
     * OUT: with _OK, where the guest's tables are, for a DM that can walk them
     * by itself; see XEN_VIOMMU_FORMAT_* below.  With _FORMAT_NONE it has to
     * ask.
     */
    uint8_t format;
    uint8_t levels;             /* of tables, at most */
    /* IN: must be zero. */
    uint8_t pad[2];
    uint64_aligned_t root;      /* guest-physical address of the first table */
};
typedef struct xen_viommu_xlat xen_viommu_xlat_t;

/*
 * Formats of tables
 * -----------------
 * A DM may walk the guest's tables by itself instead of asking.  What it finds
 * is worth as much as Xen's answer if all of this holds:
 *
 *  - It has read the log up to P before it reads a table, and there is nothing
 *    from <generation> of the answer that named the root up to P that is of a
 *    _GLOBAL kind, _CONTROL, or unknown.
 *  - It begins at the root each time.  It reads each entry of 64 bits once, in
 *    one access, and each is plainly valid: nothing is set in it but what is
 *    described here, and it permits the access.
 *  - A table is in memory that the DM has for the guest's RAM; for the page
 *    that it comes to, Xen has vouched (<block>).
 *
 * Then the translation is one of position P.  Whatever else it finds, it asks:
 * only so does the guest see faults.  A DM that does not know a format, or a
 * bit, asks as well.
 *
 * _VTD: VT-d's legacy mode.  <root> is the root table, with an entry of 128
 * bits for each bus: bit 0 is 1, bits 51:12 are the address of the context
 * table.  That has an entry of 128 bits for each device and function: bit 0 is
 * 1, bits 51:12 are the address of the first table of pages; bits 66:64 are 1
 * for 3 levels of them and 2 for 4, not more than <levels>; bits 87:72 are the
 * domain id.  The other bits are 0.  The lower half is read again after the
 * upper one, and is as before.  Tables of pages have 512 entries of 64 bits:
 * bit 0 permits reading, bit 1 writing, on all levels; bits 51:12 are an
 * address.  On levels 3 and 2 (1 is the last) bit 7 says that the entry is of
 * a block of 1G or 2M, to the size of which the address is aligned, and not of
 * a table.
 */
#define XEN_VIOMMU_FORMAT_NONE     0
#define XEN_VIOMMU_FORMAT_VTD      1

/*
 * XEN_DMOP_viommu_translate: translate addresses for DMA.
 *
 * Buffer 1 is an array of <nr> struct xen_viommu_xlat, read and written.  Each
 * is answered on its own; a failed one does not stop those behind it.
 *
 * Writes to FEE00000h to FEEFFFFFh are interrupts on x86, which no IOMMU of
 * this kind translates: the DM does not ask for them.  (Xen would treat such
 * an address as any other.)
 *
 * With _DEVICE the outputs are those of _OK, but there is no memory of the
 * guest at <gpa>.  The DM accesses its own device there, as it does for the
 * guest, or treats the answer as _BLOCKED.  It is a DMA all the same, which
 * stands in the ledger while it lasts.
 *
 * With _FAULT and _BLOCKED, of the outputs only status and reason mean
 * anything.
 *
 * No event says when a translation ends, only the log does.  A DMA may use it
 * if no entry from <generation> on covers it, as seen after its slot has been
 * published (steps 2 to 4 of the ledger).  A cache may take it in only if no
 * more than <generation> entries of the log have been applied to that cache,
 * and has to apply those that follow before it answers for a position behind
 * them.
 *
 * -ENOTCONN    the caller is not the attached DM, or its port is not bound
 * -EINVAL      nr is zero, an access or pad holds an undefined bit, or rid
 *              names a segment other than 0
 * -E2BIG       nr is above XEN_VIOMMU_MAX_XLAT
 * -EFAULT      buffer 1 is missing, too short or cannot be accessed
 */
#define XEN_DMOP_viommu_translate  42

#define XEN_VIOMMU_MAX_XLAT        16

struct xen_dm_op_viommu_translate {
    /* IN: number of entries in buffer 1, 1 to XEN_VIOMMU_MAX_XLAT. */
    uint32_t nr;
    /* IN: which vIOMMU of the domain; that which the devices are behind. */
    uint32_t unit;
    /* OUT: the generation of these translations. */
    uint64_aligned_t generation;
};
typedef struct xen_dm_op_viommu_translate xen_dm_op_viommu_translate_t;

/*
 * XEN_DMOP_viommu_ack: DMA that Xen waits for has ended, look again.
 *
 * It says nothing of which DMA that was: Xen reads that in the ledger.  To
 * call it without need is harmless.
 *
 * -ENOTCONN    the caller is not the attached DM, or its port is not bound
 * -EINVAL      pad not zero
 */
#define XEN_DMOP_viommu_ack        43

struct xen_dm_op_viommu_ack {
    /* IN: which vIOMMU of the domain. */
    uint32_t unit;
    /* IN: must be zero. */
    uint32_t pad;
};
typedef struct xen_dm_op_viommu_ack xen_dm_op_viommu_ack_t;

/*
 * XEN_DMOP_viommu_msi: a device sends an interrupt, by a write of <data> to
 * <addr>.
 *
 * Where it goes is for the guest's tables to say, if the vIOMMU remaps
 * interrupts and the guest has enabled that; they also say from which device
 * it may come.  One that is refused is recorded for the guest, and is no error
 * here.  Otherwise it is what XEN_DMOP_inject_msi does, which names no device:
 * of that nothing is delivered where a table would have to be asked; the table
 * is unit 0's.
 *
 * The device has to be among those of the caller's ioreq servers
 * (XEN_DMOP_IO_RANGE_PCI), enabled or not.  No attachment is needed.
 *
 * -EPERM       no ioreq server of the caller has such a device
 * -EINVAL      addr is not from FEE00000h to FEEFFFFFh, segment is not 0, or
 *              flags is not zero
 */
#define XEN_DMOP_viommu_msi        44

struct xen_dm_op_viommu_msi {
    /* IN: as the device writes them. */
    uint64_aligned_t addr;
    uint32_t data;
    /* IN: requester id of the device: bus 15:8, device/function 7:0. */
    uint16_t rid;
    uint16_t segment;
    /* IN: must be zero. */
    uint32_t flags;
    /* IN: which vIOMMU of the domain; that which the device is behind. */
    uint32_t unit;
};
typedef struct xen_dm_op_viommu_msi xen_dm_op_viommu_msi_t;

/* What an invalidation was for. */
#define XEN_VIOMMU_INV_CONFIG_GLOBAL   0 /* device table: all of it */
#define XEN_VIOMMU_INV_CONFIG_DOMAIN   1 /* ... the entries of a domain id */
#define XEN_VIOMMU_INV_CONFIG_DEVICE   2 /* ... the entry of one device */
#define XEN_VIOMMU_INV_TLB_GLOBAL      3 /* translations: all of them */
#define XEN_VIOMMU_INV_TLB_DOMAIN      4 /* ... those of a domain id */
#define XEN_VIOMMU_INV_TLB_RANGE       5 /* ... a range in a domain id */
#define XEN_VIOMMU_INV_CONTROL         6 /* enable, disable, new root */
#define XEN_VIOMMU_NR_INV              7

#endif /* __XEN_PUBLIC_HVM_VIOMMU_H__ */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
