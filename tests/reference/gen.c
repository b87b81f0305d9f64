/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random cases.  Everything is drawn from small pools, so that what one
 * operation leaves behind is met by others; one in some is anything at all.
 */
#include "gen.h"

#define PICK(pool) ((pool)[rnd(sizeof(pool) / sizeof(*(pool)))])

static struct op *ops;
static unsigned int nr, max;

static uint64_t state;

static uint64_t rnd(uint64_t below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;

    return ((state * 2685821657736338717ULL) >> 16) % below;
}

static uint64_t anything(void)
{
    return rnd(1ULL << 32) << 32 | rnd(1ULL << 32);
}

#define emit(name, ...) add((struct op){ OP_##name, { __VA_ARGS__ } })

static void add(struct op op)
{
    /* Any write may be a later one of its instruction, and who goes on a timer. */
    if ( op.kind == OP_write && !rnd(16) )
        op.kind = OP_piece;
    if ( op.kind == OP_go && !rnd(3) )
        op.kind = OP_tick;
    if ( nr < max )
        ops[nr++] = op;
}

/* What this case's machine is like. */
static struct {
    unsigned int haw, levels;
    uint64_t queue;             /* where its queue is, and how large */
    unsigned int qs, tail;
    uint64_t gcmd;
    bool remaps;
} c;

/* Pages by what they mostly hold; 1 holds all sorts. */
#define ROOT   0x02000ULL
#define CTX    0x04000ULL       /* two of each */
#define LEVEL(n) (0x06000ULL + (n) * 0x2000)    /* 1 to 4 */
#define STATUS 0x20000ULL
#define IRT    0x28000ULL       /* 2048 entries, then the queue */
#define QUEUE  0x30000ULL       /* as far as memory goes: QS 0 to 4 */

static const unsigned int rids[] = { 0x18, 0x18, 0x18, 0x19, 0x1c, 0x100, 0 };
static const unsigned int dids[] = { 1, 1, 1, 2, 3, 0, 0xffff };
static const unsigned int slots[] = { 0, 0, 1, 2, 63, 64, 511, 1023 };
static const unsigned int indexes[] = { 0, 0, 0, 0, 1, 1, 511 };
static const unsigned int readable[] = {
    0, 8, 0x10, 0x18, 0x1c, 0x1c, 0x20, 0x28, 0x2c, 0x34, 0x34, 0x34, 0x38,
    0x3c, 0x40, 0x44, 0x80, 0x80, 0x88, 0x90, 0x9c, 0x9c, 0xa0, 0xa4, 0xa8,
    0xac, 0xb0, 0xb4, 0xb8, 0xbc, 0xf0, 0xf8, 0xfc, 0x220, 0x228, 0x22c, 0x230, 0x238, 0x290,
    0x298, 0x29c, 0x2a0,
};

static uint64_t iova(void)
{
    uint64_t at = 0;
    unsigned int level;

    if ( !rnd(40) )
        return anything() >> rnd(52);
    for ( level = 1; level <= c.levels; level++ )
        at |= (uint64_t)PICK(indexes) << (9 * level + 3);
    if ( !rnd(3) )
        at |= rnd(4096);
    return at;
}

/* An address for an entry: mostly a table of the next level. */
static uint64_t page(unsigned int level)
{
    switch ( rnd(24) )
    {
    case 0: return rnd(LOW_PAGES + 2) << 12;
    case 1: return HIGH_BASE + (rnd(HIGH_PAGES + 1) << 12);
    case 2: return rnd(3) ? 0xfee00000 + (rnd(258) << 12) - 4096
                          : BASE + (rnd(3) << 12) - 4096;
    case 3: return 1ULL << (c.haw - 1 + rnd(3));
    case 4: return anything() & 0xffffffffff000ULL;
    }
    return level ? LEVEL(level) + (rnd(3) ? 0 : 0x1000)
                 : 0x10000 + (rnd(8) << 12);
}

static uint64_t noise(void)
{
    return rnd(16) ? 0 : 1ULL << rnd(64);
}

static void edit_tables(void)
{
    unsigned int level = rnd(c.levels + 2), rid = PICK(rids);
    uint64_t table, entry;

    if ( level == c.levels + 1 )
    {
        table = ROOT + (rnd(4) ? 0 : 0x1000) + (rid >> 8) * 16;
        emit(poke, table, ((CTX + (rnd(3) ? 0 : 0x1000)) | !!rnd(12)) ^
                          noise());
        if ( !rnd(20) )
            emit(poke, table + 8, noise());
        return;
    }

    if ( !level )
    {
        table = CTX + (rnd(4) ? 0 : 0x1000) + (rid & 0xff) * 16;
        if ( rnd(4) )
            emit(poke, table, (page(c.levels) | !!rnd(12) | (!rnd(10)) << 1 |
                               (rnd(6) ? 0 : rnd(4)) << 2) ^ noise());
        emit(poke, table + 8, ((c.levels - 2 + (rnd(12) ? 0 : rnd(4) - 1)) |
                               (uint64_t)PICK(dids) << 8) ^ noise());
        return;
    }

    table = LEVEL(level) + (rnd(4) ? 0 : 0x1000) + PICK(indexes) * 8;
    entry = page(level - 1) | (rnd(8) ? 3 : rnd(4));
    if ( level > 1 && !rnd(6) )
    {
        entry |= 1 << 7;
        if ( rnd(4) )
            entry &= ~((1ULL << (9 * level + 3)) - 4096);
    }
    emit(poke, table, entry ^ noise());
}

static uint64_t msi_data(void)
{
    return rnd(8) ? 0x40 + rnd(4) : rnd(0x10000);
}

static uint64_t msi_addr(void)
{
    return rnd(8) ? 0xfee00000 + (rnd(4) << 12) : anything() & 0xffffffff;
}

static void gcmd(void)
{
    uint64_t cmd = c.gcmd;

    if ( c.remaps && !rnd(3) )
        cmd ^= rnd(8) << 23;
    else switch ( rnd(10) )
    {
    case 0: case 1: cmd ^= 1u << 31; break;
    case 2: case 3: case 4: cmd ^= 1u << 26; break;
    case 5: cmd |= 1u << 30 | 1u << 31 | 1u << 26; break;
    case 6: cmd = anything() & 0xffffffff; break;
    default: cmd |= 1u << 30; break;
    }
    c.gcmd = cmd & (1u << 31 | 1u << 26 | 1u << 25 | 1u << 23);
    emit(write, 4, 0x18, cmd);
}

static void enable(void)
{
    emit(write, 8, 0x20, ROOT + (rnd(6) ? 0 : 0x1000) + noise());
    c.gcmd |= 1u << 31;
    emit(write, 4, 0x18, 1u << 30 | c.gcmd);
}

static void enable_queue(void)
{
    c.qs = rnd(6) ? 0 : rnd(8);
    c.queue = rnd(12) ? QUEUE : page(0);
    c.tail = rnd(6) ? 0 : rnd(300);
    if ( c.gcmd & 1u << 26 )
    {
        c.gcmd &= ~(1u << 26);
        emit(write, 4, 0x18, c.gcmd);
    }
    emit(write, 4, 0x34, 0x10);
    emit(write, 8, 0x90, c.queue | c.qs);
    emit(write, 8, 0x88, 0);
    c.gcmd |= 1u << 26;
    emit(write, 4, 0x18, c.gcmd);
    c.tail = 0;
}

static void put(uint64_t lo, uint64_t hi)
{
    if ( !rnd(100) )
        lo ^= 1ULL << rnd(64);
    if ( !rnd(100) )
        hi ^= 1ULL << rnd(64);
    emit(poke, c.queue + c.tail * 16, lo);
    emit(poke, c.queue + c.tail * 16 + 8, hi);
    c.tail = (c.tail + 1) % (256u << c.qs);
}

static void put_wait(void)
{
    uint64_t at = STATUS + rnd(16) * 4;

    if ( !rnd(30) )
        at = page(0);
    put(5 | rnd(4) << 4 | (uint64_t)!rnd(6) << 6 | rnd(1 << 20) << 32, at);
}

static void put_command(void)
{
    uint64_t g = rnd(40) ? 1 + rnd(3) : 0;

    if ( c.remaps && !rnd(4) )
        put(4 | rnd(2) << 4 | rnd(rnd(8) ? 16 : 32) << 27 | rnd(64) << 32, 0);
    else if ( !rnd(3) )
        put(1 | g << 4 | (uint64_t)PICK(dids) << 16 |
            (uint64_t)PICK(rids) << 32 | rnd(4) << 48, 0);
    else
        put(2 | g << 4 | rnd(4) << 6 | (uint64_t)PICK(dids) << 16,
            (iova() & ~0xfffULL) | (rnd(4) ? 0 : rnd(22)) | rnd(2) << 6);
}

/* A lot of the same, as far as the queue goes and over its end. */
static void submit_many(void)
{
    unsigned int size = 256u << c.qs, n = rnd(256), here;
    uint64_t lo = 2 | 2 << 4 | (uint64_t)PICK(dids) << 16, hi = 0;

    if ( rnd(3) )
    {
        lo = 5 | rnd(4) << 4 | (uint64_t)!rnd(6) << 6 | 1ULL << 32;
        hi = STATUS + rnd(16) * 4;
    }
    here = n < size - c.tail ? n : size - c.tail;
    emit(fill, c.queue + c.tail * 16, here, lo, hi);
    if ( n > here )
        emit(fill, c.queue, n - here, lo, hi);
    c.tail = (c.tail + n) % size;
    emit(write, 4, 0x88, (uint64_t)c.tail << 4);
    while ( rnd(8) )
        emit(go);
}

static void submit(void)
{
    unsigned int i, n = rnd(16) ? 1 + rnd(6) : rnd(100);

    if ( !rnd(8) )
    {
        submit_many();
        return;
    }
    for ( i = 0; i < n; i++ )
        if ( rnd(3) )
            put_command();
        else
            put_wait();
    if ( rnd(3) )
        put_wait();
    emit(write, rnd(2) ? 4 : 8, 0x88, (uint64_t)c.tail << 4);
}

/* What a driver does when its queue has stopped, or something else. */
static void recover(void)
{
    switch ( rnd(4) )
    {
    case 0:
        /* Jump over it all. */
        emit(write, 4, 0x88, 0);
        enable_queue();
        break;
    case 1:
        emit(write, 4, 0x88, rnd(2) ? rnd(1u << 20) : 4096u << c.qs);
        break;
    default:
        /* Something harmless in the place of whatever it may be. */
        for ( unsigned int i = 0; i < 4; i++ )
            emit(poke, c.queue + rnd(32) * 16, 5);
        emit(write, 4, 0x34, 0x10);
        break;
    }
}

static void context_command(void)
{
    emit(write, 8, 0x28, 1ULL << 63 | (rnd(20) ? 1 + rnd(3) : 0) << 61 |
                         rnd(4) << 32 | (uint64_t)PICK(rids) << 16 |
                         PICK(dids));
}

static void iotlb_command(void)
{
    if ( rnd(2) )
        emit(write, 8, 0xf0, (iova() & ~0xfffULL) | (rnd(4) ? 0 : rnd(22)));
    emit(write, 8, 0xf8, 1ULL << 63 | (rnd(20) ? 1 + rnd(3) : 0) << 60 |
                         rnd(4) << 48 | (uint64_t)PICK(dids) << 32);
}

static void any_register(void)
{
    unsigned int size = rnd(12) ? 4u << rnd(2) : rnd(17);
    unsigned int off = rnd(6) ? PICK(readable) : rnd(0x1010);

    if ( size == 8 && rnd(8) )
        off &= ~7u;
    if ( rnd(2) )
        emit(read, size, off);
    else
        emit(write, size, off, rnd(2) ? anything() : 1ULL << rnd(64));
}

static void events(void)
{
    switch ( rnd(10) )
    {
    case 0: emit(write, 4, 0x38, rnd(2) << 31); break;
    case 1: emit(write, 4, 0xa0, rnd(2) << 31); break;
    case 2: emit(write, 4, 0x3c, msi_data()); break;
    case 3: emit(write, 4, 0xa4, msi_data()); break;
    case 4: emit(write, 4, 0x40, msi_addr()); break;
    case 5: emit(write, 4, 0xa8, msi_addr()); break;
    case 6: emit(write, 4, 0x9c, rnd(2)); break;
    case 7: emit(write, 4, 0x34, rnd(4) ? 0x71 : rnd(0x100)); break;
    default: emit(write, rnd(2) ? 4 : 8, 0x228 + 4 + rnd(8) * 16, 1u << 31);
             if ( rnd(2) )
                 emit(write, 8, 0x228 + rnd(8) * 16, 1ULL << 63);
             break;
    }
}

static unsigned int handle(void)
{
    return rnd(8) ? rnd(4) : rnd(3) ? 254 + rnd(4) : rnd(1u << 16);
}

/* An entry, good but for one thing at most. */
static void edit_entry(void)
{
    uint64_t at = IRT + handle() % 4096 * 16;

    emit(poke, at, ((rnd(12) ? 1 : 0) | (uint64_t)(!rnd(6)) << 1 |
                    rnd(8) << 2 | rnd(rnd(4) ? 3 : 8) << 5 | rnd(256) << 16 |
                    (rnd(6) ? rnd(256) << 40 : rnd(1u << 16) << 32)) ^ noise());
    emit(poke, at + 8, (PICK(rids) | rnd(4) << 16 |
                        (rnd(3) ? 1 : rnd(4)) << 18) ^ noise());
}

static void interrupt(void)
{
    uint64_t at = handle(), addr, data;

    if ( rnd(2) )
    {
        data = (at & 0x7fff) << 49 | (uint64_t)(rnd(12) > 0) << 48 |
               at >> 15 << 11 | rnd(32);
        emit(remap, PICK(rids), 1, 0, data ^ noise());
        return;
    }
    addr = 0xfee00000 | (at & 0x7fff) << 5 | at >> 15 << 2 |
           (rnd(12) > 0) << 4 | rnd(2) << 3;
    data = rnd(3) ? rnd(3) : rnd(8) ? handle() : anything() & 0xffffffff;
    emit(remap, PICK(rids), 0, addr ^ noise(), data);
}

static void take_table(void)
{
    emit(write, 8, 0xb8, (rnd(8) ? IRT : page(0)) |
                         (rnd(3) ? 0 : 1u << 11) | (rnd(3) ? 7 : rnd(16)));
    if ( rnd(8) )
        c.gcmd |= 1u << 25;
    emit(write, 4, 0x18, c.gcmd | 1u << 24);
}

static void interrupts(void)
{
    switch ( rnd(12) )
    {
    case 0: take_table(); break;
    case 1: emit(write, 4, rnd(2) ? 0x44 : 0xac, anything() & 0xffffffff);
            break;
    case 2: case 3: case 4: case 5: edit_entry(); break;
    default: interrupt(); break;
    }
}

static uint64_t domain(void)
{
    return rnd(60) ? 7 : 8;
}

static void attach(void)
{
    emit(attach, rnd(30) ? 1 : rnd(3), domain());
    if ( rnd(20) )
        emit(bind);
}

static void translate(void)
{
    uint64_t n = rnd(8) ? 1 : rnd(MAX_XLAT + 1);

    if ( !rnd(8) )
    {
        unsigned int first = nr;

        if ( rnd(2) )
            iotlb_command();
        else
            gcmd();
        ops[nr - 1].kind = nr > first ? OP_meanwhile : ops[nr - 1].kind;
    }
    emit(translate, domain(), n, rnd(60) ? PICK(rids) : rnd(0x20000), iova(),
         rnd(8) ? 1 + rnd(3) : rnd(5));
    if ( rnd(3) )
        emit(use, PICK(slots), rnd(3) ? 1 : 1 + rnd(3));
}

static void slot(void)
{
    uint64_t at = iova() & ~0xfffULL;

    emit(slot, PICK(slots), at, rnd(2) ? at : page(0),
         rnd(16) ? 1 + rnd(2) : rnd(2) ? 0 : 513,
         (uint64_t)PICK(rids) << 16 | PICK(dids), 1 + rnd(rnd(8) ? 3 : 8));
}

static void device_model(void)
{
    switch ( rnd(40) )
    {
    case 0: emit(unbind); break;
    case 1: emit(detach, domain()); if ( rnd(2) ) attach(); break;
    case 2: case 3: attach(); break;
    case 4: if ( rnd(2) ) emit(bind); break;
    case 5: case 6: case 7: case 8: case 9: case 10:
        emit(ack, domain(), rnd(20) ? 0 : 1ULL << rnd(64));
        break;
    case 11: case 12: case 13: case 14: case 15: case 16: case 17:
        emit(unuse, PICK(slots));
        break;
    case 18:
        if ( !rnd(3) )
            slot();
        break;
    case 19:
        emit(floor, rnd(2) ? 0 : 1 + rnd(6));
        break;
    default:
        translate();
        break;
    }
}

static void one(void);

/* Suspended, and what may happen then; it goes on here or elsewhere. */
static void suspend(void)
{
    unsigned int n;

    emit(suspend, 1);
    for ( n = rnd(10); n; n-- )
        one();
    if ( rnd(2) )
        emit(suspend, 0);
    else
        emit(move, rnd(4) ? 0 : rnd(16));
    if ( rnd(3) )
        attach();
    if ( rnd(3) )
        emit(go);
}

static void one(void)
{
    unsigned int n = rnd(100);

    if ( c.remaps && !rnd(4) )
        interrupts();
    else if ( n < 14 )
        edit_tables();
    else if ( n < 40 )
        device_model();
    else if ( n < 52 )
        submit();
    else if ( n < 56 )
        recover();
    else if ( n < 60 )
        gcmd();
    else if ( n < 64 )
        context_command();
    else if ( n < 69 )
        iotlb_command();
    else if ( n < 75 )
        events();
    else if ( n < 88 )
        emit(read, rnd(2) ? 4 : 8, PICK(readable) & ~(rnd(2) ? 0u : 4u));
    else if ( n < 91 )
        any_register();
    else if ( n < 96 )
        emit(go);
    else if ( n < 97 )
        emit(stats);
    else
        switch ( rnd(30) )
        {
        case 0:
            if ( rnd(2) )
                emit(gone);
            else
            {
                emit(reset);
                c.gcmd = 0;
            }
            break;
        case 1: case 2: case 3:
            emit(ram, rnd(LOW_PAGES + 1) << 12, rnd(2)); break;
        case 4: case 5:
            emit(readonly, STATUS + (rnd(2) << 12), rnd(2)); break;
        case 6: case 7: enable_queue(); break;
        case 8: case 9: enable(); break;
        case 10: emit(poke, anything() & ((LOW_PAGES << 12) - 8), anything());
                 break;
        case 11:
            /* All that is gone comes back. */
            for ( n = 0; n < LOW_PAGES; n++ )
                emit(ram, (uint64_t)n << 12, 1);
            break;
        case 12: case 13: case 14: suspend(); break;
        case 15: emit(move, rnd(2)); if ( rnd(8) ) attach(); break;
        default: emit(go); break;
        }
}

/* Everything that can be read, once more at the end. */
static void look_around(void)
{
    unsigned int off;

    for ( off = 0; off < 0x2a8; off += 8 )
        emit(read, 8, off);
    emit(stats);
}

unsigned int gen_case(uint64_t seed, struct op *to, unsigned int limit)
{
    static const unsigned int haws[] = { 36, 39, 40, 46, 52 };
    unsigned int i;

    ops = to;
    nr = 0;
    max = limit - 0x2b0 / 8 - 1;
    state = seed * 2 + 1;
    for ( i = 0; i < 8; i++ )
        rnd(1);

    c.haw = PICK(haws);
    c.levels = 3 + rnd(2);
    c.queue = QUEUE;
    c.qs = c.tail = 0;
    c.gcmd = 0;
    c.remaps = !rnd(3);
    emit(create, c.levels == 4 || rnd(2) ? 48 : 39, c.haw,
         c.remaps ? 2 : !rnd(6));

    for ( i = rnd(60); i; i-- )
        edit_tables();
    /* A way through, at times. */
    if ( rnd(8) )
    {
        emit(poke, ROOT, CTX | 1);
        emit(poke, CTX + 0x180, LEVEL(c.levels) | 1);
        emit(poke, CTX + 0x188, (c.levels - 2) | 1 << 8);
        for ( i = c.levels; i > 1; i-- )
            emit(poke, LEVEL(i), LEVEL(i - 1) | 3);
        emit(poke, LEVEL(1), 0x10003);
        emit(poke, LEVEL(1) + 8, 0x11003);
    }
    emit(write, 4, 0x3c, msi_data());
    emit(write, 4, 0x40, msi_addr());
    emit(write, 4, 0x38, rnd(2) << 31);
    emit(write, 4, 0xa4, msi_data());
    emit(write, 4, 0xa8, msi_addr());
    emit(write, 4, 0xa0, rnd(2) << 31);
    if ( rnd(8) )
        attach();
    if ( rnd(8) )
        enable();
    if ( rnd(3) )
        enable_queue();
    if ( c.remaps )
    {
        for ( i = rnd(12); i; i-- )
            edit_entry();
        take_table();
    }

    while ( nr < max )
        one();
    max = limit;
    look_around();

    return nr;
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
