/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzzers share: bytes as values, and what makes one of them fail. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libFuzzer's entry point; replay.c calls it too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input, which ends in zeroes. */
extern const uint8_t *fuzz_at, *fuzz_end;

static inline bool fuzz_over(void)
{
    return fuzz_at >= fuzz_end;
}

static inline uint64_t fuzz_take(unsigned int bytes)
{
    uint64_t val = 0;

    for ( unsigned int i = 0; i < bytes && !fuzz_over(); i++ )
        val |= (uint64_t)*fuzz_at++ << (8 * i);

    return val;
}

/* 64 bits in few bytes: small, an address, an entry, one bit, anything. */
static inline uint64_t fuzz_value(void)
{
    unsigned int how = fuzz_take(1);

    switch ( how & 7 )
    {
    case 0: return how >> 3;
    case 1: return fuzz_take(2);
    case 2: return fuzz_take(1) << 12 | how >> 3;
    case 3: return fuzz_take(1) << 12 | 3;
    case 4: return 1ULL << (fuzz_take(1) & 63) | how >> 3;
    case 5: return fuzz_take(1) << 56 | fuzz_take(4);
    case 6: return fuzz_take(4);
    default: return fuzz_take(8);
    }
}

/* Ends the run as a failure, having said why. */
_Noreturn void fuzz_failed(const char *why);

#endif /* FUZZ_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
