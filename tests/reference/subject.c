/* SPDX-License-Identifier: GPL-2.0-only */
/* Xen's side of the comparison: operations done to the core. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "small-host.h"

static jmp_buf on_bug;
static struct xen_viommu_slot latest;
static struct op meanwhile;

bool core_always_save;

void harness_bug(const char *what, const char *file, int line)
{
    printf("%s:%d: %s\n", file, line, what);
    longjmp(on_bug, 1);
}

/* Another CPU: it writes a register while the tables are being walked. */
static void look(void)
{
    struct op op = meanwhile;

    meanwhile.kind = OP_NR;
    if ( op.kind == OP_meanwhile )
        viommu_mmio_write(host.viommu, BASE + op.a[1], op.a[0], op.a[2],
                          true);
}

static int translate(const uint64_t *a, struct seen *seen)
{
    struct xen_viommu_xlat xlat[MAX_XLAT] = {};
    unsigned int i;
    int rc;

    for ( i = 0; i < MAX_XLAT; i++ )
    {
        xlat[i].rid = a[2];
        xlat[i].iova = a[3] + i * 4096;
        xlat[i].access = a[4];
    }
    rc = viommu_translate(host.viommu, a[0], xlat, a[1], &seen->generation);

    for ( i = 0; !rc && i < a[1]; i++ )
    {
        seen->xlat[i].status = xlat[i].status;
        if ( xlat[i].status == XEN_VIOMMU_XLAT_FAULT )
            seen->xlat[i].reason = xlat[i].reason;
        if ( xlat[i].status == XEN_VIOMMU_XLAT_FAULT ||
             xlat[i].status == XEN_VIOMMU_XLAT_BLOCKED )
            continue;
        seen->xlat[i].iova = xlat[i].iova;
        seen->xlat[i].gpa = xlat[i].gpa;
        seen->xlat[i].did = xlat[i].did;
        seen->xlat[i].perm = xlat[i].perm;
        seen->xlat[i].order = xlat[i].order;
        if ( !a[4] )
            continue;
        latest.iova = (a[3] + i * 4096) & ~0xfffULL;
        latest.gpa = latest.iova - xlat[i].iova + xlat[i].gpa;
        latest.rid = a[2];
        latest.did = xlat[i].did;
        latest.access = a[4];
    }

    return rc;
}

static void remap(const uint64_t *a, struct seen *seen)
{
    const struct viommu_request req = {
        .rid = a[0], .rte = a[1], .addr = a[2],
        .data = a[1] ? a[3] : (uint32_t)a[3],
    };
    struct viommu_irq irq;

    host.in_gate = true;
    seen->remapped = viommu_remap(host.viommu, &req, &irq);
    host.in_gate = false;
    if ( seen->remapped != VIOMMU_IRQ_REMAPPED )
        return;

    seen->dest = irq.dest;
    seen->vector = irq.vector;
    seen->mode = irq.mode;
    seen->logical = irq.logical;
    seen->one = irq.one;
    seen->level = irq.level;
}

static int acknowledge(const uint64_t *a)
{
    const struct xen_dm_op_viommu_ack op = { .pad = a[1] | a[1] >> 32 };

    return viommu_ack(host.viommu, a[0], &op);
}

static int attach(const uint64_t *a, struct seen *seen)
{
    struct xen_dm_op_viommu_attach op = { .version = a[0] };
    int rc = viommu_attach(host.viommu, a[1], &op);

    if ( !rc )
        seen->generation = op.version;

    return rc;
}

static void use(unsigned int n, const struct xen_viommu_slot *slot)
{
    uint32_t seq = host_slots[n].seq;

    host_slots[n] = *slot;
    host_slots[n].seq = seq + 1;
    host_ledger->busy[n / 64] |= 1ULL << (n % 64);
}

static void stats(struct seen *seen)
{
    struct xen_viommu_stats stats;
    uint64_t *out = seen->stat;
    unsigned int i;

    viommu_get_stats(host.viommu, &stats);
    *out++ = stats.flags;
    *out++ = stats.requested;
    *out++ = stats.drained;
    *out++ = stats.translations;
    *out++ = stats.faults;
    *out++ = stats.faults_lost;
    *out++ = stats.mmio_reads;
    *out++ = stats.mmio_writes;
    *out++ = stats.descs;
    *out++ = stats.queue_errors;
    *out++ = stats.blocked_floor;
    *out++ = stats.blocked;
    for ( i = 0; i < XEN_VIOMMU_NR_INV; i++ )
        *out++ = stats.inv[i];
}

static void port(unsigned int from, unsigned int to)
{
    for ( unsigned int i = 0; i < HOST_PORTS; i++ )
        if ( host.port[i] == from )
            host.port[i] = to;
}

/* Save, and load elsewhere: as much of it as a record holds is the same. */
static void check_saving(struct viommu *to, const struct hvm_hw_viommu *rec)
{
    struct hvm_hw_viommu again;
    const char *why;

    if ( viommu_load(to, rec, &why) )
        harness_bug(why, __func__, __LINE__);
    memset(&again, 0xa5, sizeof(again));
    viommu_save(to, &again);
    if ( memcmp(rec, &again, sizeof(again)) )
        harness_bug("what was loaded is something else", __func__, __LINE__);
}

static void save_and_load(void)
{
    static struct viommu *to;
    struct hvm_hw_viommu rec;

    viommu_save(host.viommu, &rec);
    if ( !to || to->haw != rec.haw || to->aw != rec.aw ||
         to->flags != rec.flags )
    {
        free(to);
        to = host_another(rec.haw);
    }
    check_saving(to, &rec);
}

static void move(unsigned int more)
{
    struct hvm_hw_viommu rec;

    viommu_save(host.viommu, &rec);
    host_replace(min_t(unsigned int, rec.haw + more, 52));
    check_saving(host.viommu, &rec);
}

bool core_do(const struct op *op, struct seen *seen)
{
    const uint64_t *a = op->a;
    struct xen_viommu_slot slot = {};
    struct viommu *viommu = host.viommu;
    unsigned int i;

    host.seen = seen;
    host.kicked = false;
    if ( setjmp(on_bug) )
        return false;

    switch ( op->kind )
    {
    case OP_create:
        host_create(a[0], a[1], a[2]);
        memset(&latest, 0, sizeof(latest));
        meanwhile.kind = OP_NR;
        host.on_look = look;
        break;

    case OP_read:
        seen->result = viommu_mmio_read(viommu, BASE + a[1], a[0], true);
        if ( (a[0] == 4 || a[0] == 8) && !(a[1] & (a[0] - 1)) &&
             a[1] + a[0] <= sizeof(host_mirror) &&
             memcmp(&host_mirror[a[1]], &seen->result, a[0]) )
            harness_bug("the mirror says something else", __func__, __LINE__);
        break;

    case OP_write:
        viommu_mmio_write(viommu, BASE + a[1], a[0], a[2], true);
        break;

    case OP_piece:
        viommu_mmio_write(viommu, BASE + a[1], a[0], a[2], false);
        break;

    case OP_poke:
        if ( page_of(a[0]) >= 0 )
            memcpy(at_gpa(host.memory, a[0]), &a[1], 8);
        break;

    case OP_fill:
        for ( i = 0; i < a[1]; i++ )
            if ( page_of(a[0] + i * 16) >= 0 )
                memcpy(at_gpa(host.memory, a[0] + i * 16), &a[2], 16);
        break;

    case OP_ram:
        if ( page_of(a[0]) >= 0 )
            host.absent[page_of(a[0])] = !a[1];
        break;

    case OP_readonly:
        if ( page_of(a[0]) >= 0 )
            host.readonly[page_of(a[0])] = a[1];
        break;

    case OP_attach: seen->result = attach(a, seen); break;
    case OP_bind:   port(PORT_UNBOUND, PORT_BOUND); break;
    case OP_unbind: port(PORT_BOUND, PORT_UNBOUND); break;
    case OP_detach: seen->result = viommu_detach(viommu, a[0]); break;
    case OP_meanwhile: meanwhile = *op; break;
    case OP_translate:
        seen->result = translate(a, seen);
        meanwhile.kind = OP_NR;
        break;

    case OP_ack:
        seen->result = acknowledge(a);
        break;

    case OP_use:
        slot = latest;
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
        host_ledger->busy[a[0] / 64] &= ~(1ULL << (a[0] % 64));
        break;

    case OP_floor:
        host_ledger->floor = a[0] ? host_ledger->head - (a[0] - 1)
                                  : XEN_VIOMMU_NO_FLOOR;
        break;

    case OP_go:    seen->more = viommu_continue(viommu); break;
    case OP_tick:  viommu_tick(viommu); break;
    case OP_reset: viommu_reset(viommu); break;
    case OP_gone:  viommu_p2m_changed(viommu); break;
    case OP_remap: remap(a, seen); break;
    case OP_suspend: host.frozen = a[0]; break;
    case OP_move:
        move(a[0]);
        meanwhile.kind = OP_NR;
        break;
    case OP_stats: stats(seen); break;
    case OP_NR:    break;
    }

    if ( core_always_save )
        save_and_load();

    if ( host.held )
        harness_bug("a lock is held", __func__, __LINE__);

    seen->more |= host.kicked;
    seen->watched = host.watching;
    seen->head = host_ledger->head;
    seen->floor_waited = host_ledger->floor_waited;
    memcpy(seen->waited, host_ledger->waited, sizeof(seen->waited));
    for ( i = 0; i < 4; i++ )
        seen->log[i] = host_log[(host_ledger->head - 1 - i) %
                                XEN_VIOMMU_LOG_ENTRIES];

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
