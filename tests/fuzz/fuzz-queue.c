/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is in a queue: the input is descriptors, as they are, behind a few
 * bytes that say how the queue is set up and what goes on meanwhile.  Compared
 * with the reference.
 */
#include "both.h"

#define DM     7
#define QUEUE  0x30000ULL
#define STATUS 0x20000ULL

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned int how, events, tail, n, i;

    both_begin(data, size);
    how = fuzz_take(1);
    events = fuzz_take(1);
    tail = fuzz_take(2);

    both(create, 48, 39, tail & 0x8000 ? 2 : 0);
    both(write, 8, 0xa0, events & 1 ? 0 : 1u << 31);
    both(write, 4, 0xa8, 0xfee00000);
    both(write, 8, 0x38, (events & 2 ? 0 : 1u << 31) | 0x41ULL << 32);
    both(write, 4, 0x40, 0xfee00000);
    both(write, 4, 0xa4, 0x42);

    /* Something to wait for: pass-through for the device, in flight. */
    both(poke, 0x1000, 0x2001);
    both(poke, 0x2180, 2 << 2 | 1);
    both(poke, 0x2188, 2 | 5 << 8);
    both(write, 8, 0x20, 0x1000);
    both(write, 4, 0x18, 1u << 31 | 1u << 30);
    if ( how & 0x40 )
    {
        both(attach, 1 + (how >> 7), DM);
        both(bind);
        both(translate, DM, 1, 0x18, 0x5000, 3);
        both(use, 1, 1);
        both(poke, 0x2180, events & 0x40 ? 0 : 2 << 2 | 1);
    }

    both(write, 8, 0x90, QUEUE | (how & 7));
    for ( n = 0; !fuzz_over() && n < 256; n++ )
    {
        uint64_t lo = fuzz_take(8), hi = fuzz_take(8);

        /* So that most of what is written is written somewhere. */
        if ( (lo & 0xf) == 5 && !(hi >> 20) )
            hi = STATUS + (hi & 0x1fff);
        both(fill, QUEUE + n * 16, 1, lo, hi);
    }
    /* The same again and again, to its end and beyond. */
    for ( i = n; n && i < 512 && how & 8; i++ )
        both(fill, QUEUE + i * 16, 1, 5, 0);
    if ( events & 0x80 )
        n = tail;
    if ( how & 0x10 )
        both(write, 4, 0x88, n << 4);
    both(write, 4, 0x18, 1u << 31 | 1u << 26);
    if ( !(how & 0x10) )
        both(write, 8, 0x88, (uint64_t)n << 4);

    for ( i = 0; i < 20; i++ )
    {
        switch ( (tail >> i % 16 & 1) + (events >> 1 & 2) )
        {
        case 0: both(go); break;
        case 1: both_rest(); break;
        case 2: both(write, 4, 0x34, 0x10); break;
        case 3: both(write, 4, 0x9c, 1); break;
        }
        if ( i == 10 && how & 0x20 )
            both(write, 4, 0x18, 1u << 31);
        if ( i == 14 && how & 0x40 )
        {
            if ( events & 0x10 )
                both(unbind);
            both(unuse, 1);
            both(ack, DM, 0);
        }
    }

    both_rest();
    for ( i = 0; i < 0xb8; i += 8 )
        both(read, 8, i);
    both(stats);

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
