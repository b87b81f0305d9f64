/* SPDX-License-Identifier: GPL-2.0-only */
/* The reference, operation by operation; the DM's hypercalls. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "ref.h"

struct ref ref;

/* What was raised under one hold of the lock. */
static void send_interrupts(void)
{
    struct seen *seen = ref.seen;

    for ( unsigned int i = 0; i < 2; i++ )
        if ( ref.msi[i].raised )
        {
            seen->msi[seen->nr_msi].addr = ref.msi[i].addr;
            seen->msi[seen->nr_msi++].data = ref.msi[i].data;
            ref.msi[i].raised = false;
        }
}

static void create(const uint64_t *a)
{
    memset(&ref, 0, sizeof(ref));
    ref.aw = a[0];
    ref.haw = a[1];
    ref.no_queue = a[2] == 1;
    ref.remaps = a[2] == 2;
    ref_power_on();
}

static void drop_dm(void)
{
    ref.attached = ref.bound = false;
    ref_dm_gone();
    ref_settle();
}

static int attach(uint64_t version, uint64_t domain)
{
    if ( !version )
        return -EINVAL;
    ref_collect();
    if ( ref.attached && ref.bound )
        return -EBUSY;
    drop_dm();

    ref.attached = true;
    ref.dm = domain;
    memset(ref.ledger.busy, 0, sizeof(ref.ledger.busy));
    ref.ledger.floor = XEN_VIOMMU_NO_FLOOR;
    ref_forget_dma();
    ref.seen->generation = 1;

    return 0;
}

static int detach(uint64_t domain)
{
    ref_collect();
    if ( !ref.attached || ref.dm != domain )
        return -ENOTCONN;
    drop_dm();

    return 0;
}

/* log2 of the largest aligned block around @gpa that is all memory, or 0. */
static unsigned int memory_around(uint64_t gpa)
{
    unsigned int order = 0;

    for ( unsigned int try = 12; try < 30; try++ )
    {
        uint64_t start = gpa >> try << try, page;

        for ( page = start; page < start + (1ULL << try); page += 4096 )
            if ( page_of(page) < 0 || ref.absent[page_of(page)] )
                return order;
        order = try;
    }

    return order;
}

static void translate_one(unsigned int i, bool te, uint64_t root,
                          unsigned int rid, uint64_t iova, unsigned int access,
                          struct ref_walk *walk)
{
    typeof(ref.seen->xlat[0]) *out = &ref.seen->xlat[i];
    unsigned int order;

    if ( !te )
    {
        *walk = (struct ref_walk){ .ok = true };
        out->order = 64;
        out->perm = 3;
    }
    else
    {
        *walk = ref_walk(root, rid, iova, access & 1, access & 2);
        if ( !walk->ok )
        {
            out->status = XEN_VIOMMU_XLAT_FAULT;
            out->reason = walk->reason;
            return;
        }
        order = memory_around(walk->gpa);
        if ( is_window(walk->gpa) && walk->gpa >> 12 != BASE >> 12 )
        {
            out->status = XEN_VIOMMU_XLAT_DEVICE;
            order = 12;
        }
        if ( !order )
        {
            out->status = XEN_VIOMMU_XLAT_BLOCKED;
            return;
        }
        if ( walk->order < order )
            order = walk->order;
        out->order = order;
        out->iova = iova >> order << order;
        out->gpa = walk->gpa >> order << order;
        out->did = walk->did;
        out->perm = walk->may_read * 1 + walk->may_write * 2;
    }

    if ( access )
    {
        ref.latest.iova = iova / 4096 * 4096;
        ref.latest.gpa = ref.latest.iova - out->iova + out->gpa;
        ref.latest.rid = rid;
        ref.latest.did = out->did;
        ref.latest.access = access;
    }
}

static int translate(uint64_t domain, uint64_t nr, uint64_t rid, uint64_t iova,
                     uint64_t access)
{
    struct ref_walk walk[MAX_XLAT];
    uint64_t root = ref.root;
    bool te = ref.te;
    unsigned int i;

    if ( !nr || access > 3 || rid > 0xffff )
        return -EINVAL;
    ref_collect();
    if ( !ref.attached || !ref.bound || ref.dm != domain )
        return -ENOTCONN;

    ref.seen->generation = ref.position;

    /* From here on another CPU may do what it likes: it comes later. */
    if ( te && ref.meanwhile )
    {
        ref.nr_writes++;
        ref_write(ref.meanwhile_what[0], ref.meanwhile_what[1],
                  ref.meanwhile_what[2]);
        ref.seen->more |= ref_advance();
        send_interrupts();
    }

    for ( i = 0; i < nr; i++ )
        translate_one(i, te, root, rid, iova + i * 4096, access, &walk[i]);

    ref.nr_translated += nr;
    for ( i = 0; i < nr && access; i++ )
        if ( ref.seen->xlat[i].status == XEN_VIOMMU_XLAT_FAULT ||
             ref.seen->xlat[i].status == XEN_VIOMMU_XLAT_BLOCKED )
        {
            ref.nr_faults++;
            if ( ref.seen->xlat[i].reason && walk[i].recorded )
                ref_fault(rid, iova + i * 4096, walk[i].reason,
                          walk[i].is_write);
        }

    return 0;
}

static int acknowledge(uint64_t domain, uint64_t pad)
{
    if ( pad )
        return -EINVAL;
    ref_collect();
    if ( !ref.attached || !ref.bound || ref.dm != domain )
        return -ENOTCONN;

    ref_poll();
    ref_settle();

    return 0;
}

static void use(unsigned int n, const struct xen_viommu_slot *slot)
{
    uint32_t seq = ref.slot[n].seq;

    ref.slot[n] = *slot;
    ref.slot[n].seq = seq + 1;
    ref.ledger.busy[n / 64] |= 1ULL << (n % 64);
}

static void stats(void)
{
    uint64_t *out = ref.seen->stat;
    unsigned int i;

    ref_collect();

    *out++ = (ref.te ? 1 : 0) | (ref.attached && ref.bound ? 2 : 0) |
             (ref_waiting() ? 4 : 0) | (ref.moved ? 8 : 0);
    *out++ = ref.asked;
    *out++ = ref.drained;
    *out++ = ref.nr_translated;
    *out++ = ref.nr_faults;
    *out++ = ref.nr_lost;
    *out++ = ref.nr_reads;
    *out++ = ref.nr_writes;
    *out++ = ref.nr_descs;
    *out++ = ref.nr_errors;
    *out++ = ref.ledger.floor_waited;
    for ( i = 0; i < XEN_VIOMMU_SLOTS / 64; i++ )
        *out += __builtin_popcountll(ref.ledger.waited[i]);
    out++;
    for ( i = 0; i < XEN_VIOMMU_NR_INV; i++ )
        *out++ = ref.nr_inv[i];
}

/*
 * What the guest has made of its unit is the same, and what it waits for has
 * nothing to wait for; all the rest is as it is before anything happened.
 */
static void move(void)
{
    const size_t from = offsetof(struct ref, position);
    const size_t to = offsetof(struct ref, memory);

    /* While it ran there was a vCPU to do it; it was not asked to. */
    if ( ref.frozen )
        ref_collect();
    ref.in_refused = ref.nr_refused = ref.nr_unkept = 0;

    memset((char *)&ref + from, 0, to - from);
    ref.ledger.floor = XEN_VIOMMU_NO_FLOOR;
    for ( unsigned int i = 0; i < NR_WAITS; i++ )
        ref.wait[i].generation = 0;
    for ( unsigned int i = 0; i < MAX_FIFO; i++ )
        ref.fifo[i].generation = 0;

    memset(ref.nr_inv, 0, sizeof(ref.nr_inv));
    ref.nr_translated = ref.nr_faults = ref.nr_lost = 0;
    ref.nr_reads = ref.nr_writes = ref.nr_descs = ref.nr_errors = 0;
    ref.watched = ref.frozen = ref.meanwhile = false;
    ref.moved = true;
    if ( ref.table_taken )
        ref_take_table(ref.table);
}

void ref_do(const struct op *op, struct seen *seen)
{
    const uint64_t *a = op->a;
    struct xen_viommu_slot slot = {};
    unsigned int i;

    ref.seen = seen;
    switch ( op->kind )
    {
    case OP_create:
        create(a);
        ref.seen = seen;
        break;

    case OP_read:
        ref_collect();
        ref.nr_reads++;
        ref_check_dm();
        seen->more = ref_advance();
        seen->result = ref_read(a[0], a[1]);
        break;

    case OP_write:
        ref_collect();
        ref.nr_writes++;
        ref_write(a[0], a[1], a[2]);
        seen->more = ref_advance();
        break;

    case OP_piece:
        ref_collect();
        ref.nr_writes++;
        ref_write(a[0], a[1], a[2]);
        seen->more = ref.watched = true;
        break;

    case OP_poke:
        if ( page_of(a[0]) >= 0 )
            memcpy(at_gpa(ref.memory, a[0]), &a[1], 8);
        break;

    case OP_fill:
        for ( i = 0; i < a[1]; i++ )
            if ( page_of(a[0] + i * 16) >= 0 )
                memcpy(at_gpa(ref.memory, a[0] + i * 16), &a[2], 16);
        break;

    case OP_ram:
        if ( page_of(a[0]) >= 0 )
            ref.absent[page_of(a[0])] = !a[1];
        break;

    case OP_readonly:
        if ( page_of(a[0]) >= 0 )
            ref.readonly[page_of(a[0])] = a[1];
        break;

    case OP_attach: seen->result = attach(a[0], a[1]); break;
    case OP_bind:   ref.bound |= ref.attached; break;
    case OP_unbind: ref.bound = false; break;
    case OP_detach: seen->result = detach(a[0]); break;

    case OP_translate:
        seen->result = translate(a[0], a[1], a[2], a[3], a[4]);
        ref.meanwhile = false;
        break;

    case OP_meanwhile:
        ref.meanwhile = true;
        memcpy(ref.meanwhile_what, a, sizeof(ref.meanwhile_what));
        break;

    case OP_ack:
        seen->result = acknowledge(a[0], a[1]);
        break;

    case OP_use:
        slot = ref.latest;
        slot.pages = a[1];
        use(a[0], &slot);
        break;

    case OP_slot:
        slot = (struct xen_viommu_slot){
            .iova = a[1], .gpa = a[2], .pages = a[3], .rid = a[4] >> 16,
            .did = a[4], .access = a[5],
        };
        use(a[0], &slot);
        break;

    case OP_unuse:
        ref.ledger.busy[a[0] / 64] &= ~(1ULL << (a[0] % 64));
        break;

    case OP_floor:
        ref.ledger.floor = a[0] ? ref.ledger.head - (a[0] - 1)
                                : XEN_VIOMMU_NO_FLOOR;
        break;

    case OP_go:
        ref_collect();
        ref_check_dm();
        seen->more = ref_advance();
        break;

    case OP_tick:
        ref_collect();
        if ( ref_waiting() && !ref.bound )
            ref_dm_gone();
        ref_settle();
        break;

    case OP_reset:
        ref.nr_faults += ref.nr_refused;
        ref.nr_lost += ref.nr_unkept;
        ref.in_refused = ref.nr_refused = ref.nr_unkept = 0;
        ref_forget();
        ref_power_on();
        ref_announced(&(struct xen_viommu_log){ .inv = XEN_VIOMMU_INV_CONTROL });
        ref_settle();
        break;

    case OP_gone:
        ref_collect();
        if ( ref.te )
        {
            ref_announced(&(struct xen_viommu_log){
                              .inv = XEN_VIOMMU_INV_TLB_GLOBAL });
            ref_settle();
        }
        break;

    case OP_remap:   ref_remap(a[0], a[1], a[2], a[1] ? a[3] : (uint32_t)a[3]); break;
    case OP_suspend: ref.frozen = a[0]; break;
    case OP_move:    move(); break;

    case OP_stats:
        stats();
        break;

    case OP_NR:
        break;
    }

    send_interrupts();

    seen->watched = ref.watched;
    seen->head = ref.ledger.head;
    seen->floor_waited = ref.ledger.floor_waited;
    memcpy(seen->waited, ref.ledger.waited, sizeof(seen->waited));
    for ( i = 0; i < 4; i++ )
        seen->log[i] = ref.log[(ref.ledger.head - 1 - i) %
                               XEN_VIOMMU_LOG_ENTRIES];
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
