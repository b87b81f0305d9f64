/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registers and guest memory, with a DM that attaches, translates, uses slots,
 * acknowledges and dies.  Every step is compared with the reference.
 */
#include "both.h"

#define DM 7

static unsigned int slot(void)
{
    static const uint16_t slots[8] = { 0, 1, 2, 63, 64, 65, 511, 1023 };

    return slots[fuzz_take(1) & 7];
}

/* Few, so that all of them are looked at in one go. */
static unsigned int pages(void)
{
    unsigned int n = fuzz_take(1);

    return n < 0xf0 ? 1 + n % 2 : n & 1 ? 513 : 0;
}

/* Somebody else's number now and then. */
static uint64_t domain(unsigned int what)
{
    return what & 0x80 ? DM + 1 : DM;
}

/* Tables as a guest has them, for there to be something to spoil. */
static void tables(unsigned int levels)
{
    unsigned int i;

    both(poke, 0x1000, 0x2000 | 1);
    both(poke, 0x2000 + 0x18 * 16, (0x3000 + levels * 0x1000) | 1);
    both(poke, 0x2008 + 0x18 * 16, (levels - 2) | 5 << 8);
    for ( i = levels; i > 1; i-- )
        both(poke, 0x3000 + i * 0x1000, (0x3000 + (i - 1) * 0x1000) | 3);
    for ( i = 0; i < 4; i++ )
        both(poke, 0x4000 + i * 8, (0x10000 + i * 0x1000) | i);
    both(write, 8, 0x20, 0x1000);
    both(write, 4, 0x18, 3u << 30);
    both(attach, 1 + levels % 2, DM);
    both(bind);
}

static void one(void)
{
    unsigned int what = fuzz_take(1), size = what & 0x40 ? 8 : 4;
    uint64_t a, b, c, d;

    switch ( what & 0x1f )
    {
    default:
        if ( what & 0x80 )
            both(read, size, fuzz_take(1) * 4);
        else
        {
            a = fuzz_take(1) * 4;
            both(write, size, a, fuzz_value());
        }
        break;

    case 0: tables(what & 0x40 ? 4 : 3); break;

    case 6:
        /* An interrupt, by an entry near the start of the table or by any. */
        a = fuzz_take(1);
        b = fuzz_take(2);
        c = what & 0x40 ? fuzz_value() : 0;
        if ( what & 0x80 )
            both(remap, a, 1, 0, (b << 49 | 1ULL << 48) ^ c);
        else
            both(remap, a, 0, (0xfee00010 | (b & 0xfff) << 3) ^ c, b >> 12);
        break;

    case 7:
        /* An entry on the way to where the tables lead, but for one bit. */
        a = fuzz_take(1);
        c = 0x2000 + a % 8 * 0x1000 + (a % 8 ? 0 : 0x180) + (a & 8);
        if ( a & 0x10 )
            c = 0x1000 + (a & 8);
        both(poke, c, (c & 0xff8 ? 5 << 8 | 1 : (c + 0x1000) | 3) ^
                      1ULL << (fuzz_take(1) & 63));
        break;

    case 8: case 9: case 10: case 11: case 12:
        a = fuzz_take(2) * 8 & ((LOW_PAGES << 12) - 8);
        both(poke, a, fuzz_value());
        break;

    case 13:
        a = fuzz_take(2) * 16 & ((LOW_PAGES << 12) - 16);
        b = fuzz_take(1);
        c = fuzz_value();
        both(fill, a, b, c, fuzz_value());
        break;

    case 14:
        both(ram, fuzz_take(1) << 12, what >> 7);
        break;

    case 15:
        both(readonly, fuzz_take(1) << 12, what >> 7);
        break;

    case 16:
        both(attach, fuzz_take(1) & 3, domain(what));
        if ( size == 8 )
            both(bind);
        break;

    case 17: both(bind); break;
    case 18: both(unbind); break;
    case 19: both(detach, domain(what)); break;

    case 20: case 21:
        a = fuzz_take(1);
        b = fuzz_value();
        both(translate, domain(what), 1 + a / 64 % MAX_XLAT, a & 0x3f, b,
             what >> 5 & 3);
        break;

    case 22:
        a = fuzz_take(1);
        b = fuzz_value();
        c = fuzz_take(1);
        both(translate, domain(what), c % (MAX_XLAT + 1), a << 8 | c, b,
             c >> 5);
        break;

    case 23:
        both(ack, domain(what), (uint64_t)(int8_t)fuzz_take(1));
        break;

    case 24: both(ack, DM, 0); break;

    case 25:
        a = slot();
        both(use, a, pages());
        break;

    case 26:
        a = slot();
        b = fuzz_value();
        c = fuzz_value();
        d = pages();
        both(slot, a, b, c, d, fuzz_take(4), fuzz_take(1) & 7);
        break;

    case 27: both(unuse, slot()); break;
    case 28: both(floor, fuzz_take(1) & 15); break;

    case 29:
        if ( what >> 5 )
            both(go);
        else
            both(reset);
        break;

    case 30:
        both(read, fuzz_take(1), fuzz_take(2) & 0x1fff);
        break;

    case 31:
        a = fuzz_take(1) * 4;
        both(meanwhile, size, a, fuzz_value());
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned int what;

    both_begin(data, size);
    what = fuzz_take(1);
    both(create, what & 1 ? 39 : 48, 36 + what / 4 % 17,
         what & 2 ? 1 : what & 0x80 ? 2 : 0);
    if ( (what & 0x82) == 0x80 )
    {
        both(write, 8, 0xb8, 0x8000 | (what & 4) << 9 | 7);
        both(write, 4, 0x18, 3u << 24);
    }

    while ( !fuzz_over() && !both_full() )
        one();

    both(stats);
    both_rest();
    for ( unsigned int off = 0; off < 0x2a0; off += 8 )
        both(read, 8, off);

    return 0;
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
