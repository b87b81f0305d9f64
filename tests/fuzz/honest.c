/* SPDX-License-Identifier: GPL-2.0-only */
/* See honest.h. */
#include "honest.h"

#define ROOT    0x1000ULL
#define CTX     0x2000ULL
#define L3      0x3000ULL
#define L2      0x4000ULL
#define L1      0x5000ULL
#define STATUS  0x20000ULL
#define QUEUE   0x30000ULL

bool honest_attached;
bool honest_spoilt;

static void wrong(const char *why)
{
    if ( !honest_spoilt )
        fuzz_failed(why);
}

static struct {
    enum { IDLE, TRANSLATED, PUBLISHED, RUNNING } phase;
    unsigned int page, pages;
    uint64_t gpa, generation;
} dma[HONEST];

/* The DM's cache, which has applied the log up to @applied. */
static struct {
    bool valid;
    uint64_t gpa;
} cache[NR_MAPPED];
static uint64_t applied;
static bool owes_ack;

static struct {
    bool queue;
    unsigned int tail;
    uint64_t target[NR_MAPPED]; /* what each page translates to, 0: nothing */
    uint32_t last;
    /* What it waits for: by register one, by queue some at the same time. */
    struct unmap {
        bool waits;
        unsigned int page, how;
        uint64_t old;           /* what that page translated to */
        uint32_t status;
    } unmap[4];
} guest;

static const struct unmap *unmap_of(unsigned int page)
{
    for ( unsigned int i = 0; i < ARRAY_SIZE(guest.unmap); i++ )
        if ( guest.unmap[i].waits && guest.unmap[i].page == page )
            return &guest.unmap[i];

    return NULL;
}

static void poke(uint64_t gpa, uint64_t val)
{
    memcpy(at_gpa(host.memory, gpa), &val, sizeof(val));
}

static void map(unsigned int page, uint64_t gpa)
{
    guest.target[page] = gpa;
    poke(L1 + page * 8, gpa ? gpa | 3 : 0);
}

static void write_reg(unsigned int size, unsigned int off, uint64_t val)
{
    viommu_mmio_write(host.viommu, BASE + off, size, val, true);
}

void honest_create(bool queue)
{
    unsigned int i;

    memset(dma, 0, sizeof(dma));
    memset(cache, 0, sizeof(cache));
    memset(&guest, 0, sizeof(guest));
    applied = 0;
    owes_ack = false;
    honest_attached = false;

    poke(ROOT, CTX | 1);
    poke(CTX + RID * 16, L3 | 1);
    poke(CTX + RID * 16 + 8, 1 | DID << 8);
    poke(L3, L2 | 3);
    poke(L2, L1 | 3);
    for ( i = 0; i < NR_MAPPED; i++ )
        map(i, TARGET + i * 4096);

    write_reg(8, 0x20, ROOT);
    write_reg(4, 0x18, 1u << 30 | 1u << 31);
    guest.queue = queue;
    if ( queue )
    {
        write_reg(8, 0x90, QUEUE);
        write_reg(4, 0x18, 1u << 31 | 1u << 26);
    }
}

/* The device. */

static bool covers(const struct xen_viommu_log *inv, unsigned int page,
                   unsigned int pages)
{
    uint64_t first = page * 4096ULL, last = first + pages * 4096ULL - 1;

    switch ( inv->inv )
    {
    case XEN_VIOMMU_INV_CONFIG_DEVICE:
        return !((inv->rid ^ RID) & ~inv->rid_mask);
    case XEN_VIOMMU_INV_CONFIG_DOMAIN:
    case XEN_VIOMMU_INV_TLB_DOMAIN:
        return inv->did == DID;
    case XEN_VIOMMU_INV_TLB_RANGE:
        return inv->did == DID && inv->iova <= last &&
               inv->iova + ((1ULL << inv->order) - 1) >= first;
    }
    return true;
}

/* Is any of the entries from @from on about these pages? */
static bool invalidated(uint64_t from, unsigned int page, unsigned int pages)
{
    uint64_t head = host_ledger->head;

    if ( head - from > XEN_VIOMMU_LOG_ENTRIES - 1 )
        return true;
    for ( ; from != head; from++ )
        if ( covers(&host_log[from % XEN_VIOMMU_LOG_ENTRIES], page, pages) )
            return true;

    return false;
}

void honest_forget(void)
{
    for ( unsigned int i = 0; i < NR_MAPPED; i++ )
        if ( cache[i].valid && invalidated(applied, i, 1) )
            cache[i].valid = false;
    applied = host_ledger->head;
}

void honest_begin(unsigned int n, unsigned int page, unsigned int pages)
{
    struct xen_viommu_xlat xlat[4] = {};
    bool cached = true;
    uint64_t generation;
    unsigned int i;

    if ( dma[n].phase != IDLE || !honest_attached )
        return;

    for ( i = 0; i < pages; i++ )
        cached = cached && cache[page + i].valid &&
                 cache[page + i].gpa == cache[page].gpa + i * 4096;
    if ( cached )
    {
        dma[n].gpa = cache[page].gpa;
        dma[n].generation = applied;
    }
    else
    {
        for ( i = 0; i < pages; i++ )
        {
            xlat[i].iova = (page + i) * 4096ULL;
            xlat[i].rid = RID;
            xlat[i].access = 3;
        }
        if ( viommu_translate(host.viommu, DM, xlat, pages, &generation) )
        {
            wrong("a DM that is attached may not translate");
            return;
        }
        for ( i = 0; i < pages; i++ )
            if ( xlat[i].status != XEN_VIOMMU_XLAT_OK ||
                 xlat[i].gpa != xlat[0].gpa + i * 4096 )
                return;
        dma[n].gpa = xlat[0].gpa;
        dma[n].generation = generation;
        /* Into the cache, which may have applied more than that meanwhile. */
        for ( i = 0; i < pages; i++ )
            if ( !invalidated(generation, page + i, 1) )
            {
                cache[page + i].valid = true;
                cache[page + i].gpa = xlat[i].gpa;
            }
    }
    dma[n].page = page;
    dma[n].pages = pages;
    dma[n].phase = TRANSLATED;
}

void honest_publish(unsigned int n)
{
    struct xen_viommu_slot *slot = &host_slots[n];

    if ( dma[n].phase != TRANSLATED )
        return;
    slot->seq++;
    slot->iova = dma[n].page * 4096ULL;
    slot->gpa = dma[n].gpa;
    slot->pages = dma[n].pages;
    slot->rid = RID;
    slot->did = DID;
    slot->access = 3;
    host_ledger->busy[0] |= 1ULL << n;
    dma[n].phase = PUBLISHED;
}

static void release(unsigned int n)
{
    dma[n].phase = IDLE;
    host_ledger->busy[0] &= ~(1ULL << n);
    if ( host_ledger->waited[0] >> n & 1 )
        owes_ack = true;
}

void honest_check(unsigned int n)
{
    if ( dma[n].phase != PUBLISHED )
        return;
    if ( invalidated(dma[n].generation, dma[n].page, dma[n].pages) )
    {
        release(n);
        return;
    }
    dma[n].phase = RUNNING;

    /* May it?  Not on a page that the guest has been told it has back. */
    for ( unsigned int i = 0; i < dma[n].pages; i++ )
    {
        unsigned int page = dma[n].page + i;

        if ( !unmap_of(page) &&
             guest.target[page] != dma[n].gpa + i * 4096 )
            wrong("a DMA begins on a page that is the guest's again");
    }
}

void honest_end(unsigned int n)
{
    if ( dma[n].phase == RUNNING )
        release(n);
}

void honest_again(unsigned int n, unsigned int page)
{
    honest_end(n);
    if ( !honest_attached || !cache[page].valid )
        return;
    honest_begin(n, page, 1);
    honest_publish(n);
    honest_check(n);
}

void honest_acknowledge(void)
{
    const struct xen_dm_op_viommu_ack op = {};

    if ( !honest_attached )
        return;
    if ( viommu_ack(host.viommu, DM, &op) )
        wrong("an acknowledgement is refused");
    owes_ack = false;
}

void honest_dies(void)
{
    memset(dma, 0, sizeof(dma));
    memset(cache, 0, sizeof(cache));
    honest_attached = false;
    applied = host_ledger->head;
}

/* The guest. */

static void put(uint64_t lo, uint64_t hi)
{
    poke(QUEUE + guest.tail * 16, lo);
    poke(QUEUE + guest.tail * 16 + 8, hi);
    guest.tail = (guest.tail + 1) % 256;
}

bool guest_waits(void)
{
    for ( unsigned int i = 0; i < ARRAY_SIZE(guest.unmap); i++ )
        if ( guest.unmap[i].waits )
            return true;

    return false;
}

void guest_unmap(unsigned int page, unsigned int how, unsigned int more)
{
    unsigned int am = how >> 4 & 3, i, n = guest.queue ? 4 : 1;
    uint64_t addr = page * 4096ULL >> (12 + am) << (12 + am);
    struct unmap *u = guest.unmap;

    while ( n && u->waits )
        u++, n--;
    if ( !n || unmap_of(page) )
        return;

    *u = (struct unmap){
        .waits = true, .page = page, .how = how & 7, .old = guest.target[page],
    };
    /* Gone, or replaced by another one; there are two for each. */
    map(page, how & 0x80 ? u->old ^ NR_MAPPED * 4096 : 0);

    if ( guest.queue )
    {
        static const unsigned int others[] = { 0x12, 0x32, 0x22, 0x31 };

        /* Others, which are about something else. */
        for ( i = 0; i < more % 48; i++ )
            put(others[i % 4] | (uint64_t)(DID + 1 + i % 5) << 16 |
                (i % 4 == 3 ? 0x99ULL << 32 : 0),
                i % 4 == 3 ? 0 : (uint64_t)i << 12);
        switch ( u->how )
        {
        case 0: put(2 | 1 << 4, 0); break;
        case 1: put(2 | 2 << 4 | DID << 16, 0); break;
        case 2: put(1 | 1 << 4, 0); break;
        case 3: put(1 | 2 << 4 | DID << 16, 0); break;
        case 4: put(1 | 3 << 4 | (uint64_t)RID << 32, 0); break;
        default: put(2 | 3 << 4 | DID << 16, addr | am); break;
        }
        u->status = ++guest.last;
        i = (u - guest.unmap) * 8;
        put(5 | 1 << 5 | (uint64_t)u->status << 32, STATUS + i);
        write_reg(4, 0x88, guest.tail << 4);
        return;
    }

    switch ( u->how )
    {
    case 0: write_reg(8, 0xf8, 1ULL << 63 | 1ULL << 60); break;
    case 1: write_reg(8, 0xf8, 1ULL << 63 | 2ULL << 60 | (uint64_t)DID << 32);
            break;
    case 2: write_reg(8, 0x28, 1ULL << 63 | 1ULL << 61); break;
    case 3: write_reg(8, 0x28, 1ULL << 63 | 2ULL << 61 | DID); break;
    case 4: write_reg(8, 0x28, 1ULL << 63 | 3ULL << 61 | RID << 16); break;
    default:
        write_reg(8, 0xf0, addr | am);
        write_reg(8, 0xf8, 1ULL << 63 | 3ULL << 60 | (uint64_t)DID << 32);
        break;
    }
}

static bool is_complete(const struct unmap *u)
{
    unsigned int off = u->how >= 2 && u->how <= 4 ? 0x28 : 0xf8;
    uint32_t status;

    if ( !guest.queue )
        return !(viommu_mmio_read(host.viommu, BASE + off, 8, true) >> 63);
    memcpy(&status, at_gpa(host.memory, STATUS + (u - guest.unmap) * 8), 4);

    return status == u->status;
}

void guest_poll(void)
{
    for ( unsigned int i = 0; i < ARRAY_SIZE(guest.unmap); i++ )
    {
        struct unmap *u = &guest.unmap[i];

        if ( !u->waits || !is_complete(u) )
            continue;

        /* Now it may do with the page what it likes. */
        for ( unsigned int n = 0; n < HONEST; n++ )
            if ( dma[n].phase == RUNNING && dma[n].page <= u->page &&
                 u->page < dma[n].page + dma[n].pages &&
                 dma[n].gpa + (u->page - dma[n].page) * 4096ULL == u->old )
                wrong("complete before the last access");

        u->waits = false;
        /* Mapped again, which takes no invalidation. */
        if ( !guest.target[u->page] )
            map(u->page, u->old);
    }
}

void guest_gives_up(void)
{
    memset(guest.unmap, 0, sizeof(guest.unmap));
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
