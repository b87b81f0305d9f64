/* SPDX-License-Identifier: GPL-2.0-only */
/* The reference walker, see ref-walk.h. */
#include "ref-walk.h"
#include "unit.h"

/* Bits hi to lo of val. */
static uint64_t bits(uint64_t val, unsigned int hi, unsigned int lo)
{
    uint64_t result = 0;
    unsigned int i;

    for ( i = lo; i <= hi; i++ )
        if ( val & (1ULL << i) )
            result |= 1ULL << (i - lo);

    return result;
}

static bool bit(uint64_t val, unsigned int n)
{
    return bits(val, n, n);
}

/* Is any bit set that an address of @haw bits does not have, up to @top? */
static bool above(uint64_t val, unsigned int haw, unsigned int top)
{
    unsigned int i;

    for ( i = haw; i <= top; i++ )
        if ( bit(val, i) )
            return true;

    return false;
}

static struct ref_out refuse(const struct ref_in *in, unsigned int reason,
                             bool fpd, unsigned int did)
{
    return (struct ref_out){
        .reason = reason,
        .recorded = !fpd && (in->read || in->write),
        .did = did,
    };
}

/* One table after the other, recursively. */
static struct ref_out tables(const struct ref_in *in, uint64_t table,
                             unsigned int level, bool top, bool r, bool w,
                             bool fpd, unsigned int did)
{
    unsigned int shift = level == 4 ? 39 : level == 3 ? 30 : level == 2 ? 21
                                                                        : 12;
    uint64_t gpa, entry_at = table + 8 * bits(in->iova, shift + 8, shift);
    uint64_t entry;

    if ( !fake_is_ram(entry_at) )
        return refuse(in, top ? 0x03 : 0x07, fpd, did);
    entry = fake_peek(entry_at);

    if ( bit(entry, 0) || bit(entry, 1) )
    {
        if ( bit(entry, 62) || above(entry, in->haw, 51) )
            return refuse(in, 0x0c, fpd, did);
        if ( level == 4 && bit(entry, 7) )
            return refuse(in, 0x0c, fpd, did);
        if ( (level == 3 || level == 2) && bit(entry, 7) &&
             bits(entry, shift - 1, 12) )
            return refuse(in, 0x0c, fpd, did);
    }

    /* Once a level has refused nothing below can grant. */
    r = r && bit(entry, 0);
    w = w && bit(entry, 1);
    if ( in->write && !w )
        return refuse(in, 0x05, fpd, did);
    if ( (in->read && !r) || (!r && !w) )
        return refuse(in, 0x06, fpd, did);

    if ( level > 1 && !((level == 3 || level == 2) && bit(entry, 7)) )
        return tables(in, bits(entry, 51, 12) << 12, level - 1, false, r, w,
                      fpd, did);

    gpa = (bits(entry, 51, shift) << shift) | bits(in->iova, shift - 1, 0);
    if ( gpa >= 0xfee00000 && gpa <= 0xfeefffff )
        return refuse(in, 0x0e, fpd, did);

    return (struct ref_out){
        .ok = true, .did = did, .gpa = gpa,
        .may_read = r, .may_write = w, .order = shift,
    };
}

struct ref_out ref_walk(const struct ref_in *in)
{
    uint64_t at = in->root + 16 * in->bus, lo, hi;
    unsigned int tt, aw, agaw, did, limit;
    bool fpd;

    if ( !fake_is_ram(at) )
        return refuse(in, 0x08, false, 0);
    lo = fake_peek(at);
    hi = fake_peek(at + 8);
    if ( !bit(lo, 0) )
        return refuse(in, 0x01, false, 0);
    if ( bits(lo, 11, 1) || above(lo, in->haw, 63) || hi )
        return refuse(in, 0x0a, false, 0);

    at = (bits(lo, 51, 12) << 12) + 16 * in->devfn;
    if ( !fake_is_ram(at) )
        return refuse(in, 0x09, false, 0);
    lo = fake_peek(at);
    hi = fake_peek(at + 8);
    fpd = bit(lo, 1);
    tt = bits(lo, 3, 2);
    aw = bits(hi, 2, 0);
    if ( !bit(lo, 0) )
        return refuse(in, 0x02, fpd, 0);
    if ( bits(lo, 11, 4) || (tt != 2 && above(lo, in->haw, 63)) ||
         bit(hi, 7) || bits(hi, 63, 24) )
        return refuse(in, 0x0b, fpd, 0);
    if ( tt == 1 || tt == 3 || (aw != 1 && aw != 2) )
        return refuse(in, 0x03, fpd, 0);
    agaw = aw == 1 ? 39 : 48;
    if ( agaw > in->aw )
        return refuse(in, 0x03, fpd, 0);
    did = bits(hi, 23, 8);

    limit = agaw;
    if ( tt == 2 && in->haw < limit )
        limit = in->haw;
    if ( bits(in->iova, 63, limit) )
        return refuse(in, 0x04, fpd, did);

    if ( tt == 2 )
        return (struct ref_out){
            .ok = true, .did = did, .gpa = in->iova,
            .may_read = true, .may_write = true, .order = limit,
        };

    return tables(in, bits(lo, 51, 12) << 12, aw == 1 ? 3 : 4, true, true, true,
                  fpd, did);
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
