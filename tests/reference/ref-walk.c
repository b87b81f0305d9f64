/* SPDX-License-Identifier: GPL-2.0-only */
/* Legacy mode: root entry, context entry, second-level tables. */
#include "ref.h"

bool ref_load(uint64_t gpa, uint64_t *val)
{
    int page = page_of(gpa);

    if ( page < 0 || ref.absent[page] )
        return false;
    *val = ref.memory[page][(gpa & 0xfff) / 8];

    return true;
}

/* Bits @hi to @lo of @val. */
static uint64_t field(uint64_t val, unsigned int hi, unsigned int lo)
{
    uint64_t result = 0;

    for ( unsigned int i = hi + 1; i-- > lo; )
        result = result * 2 + ((val >> i) & 1);

    return result;
}

static struct ref_walk no(unsigned int reason, unsigned int did, bool fpd,
                          bool r, bool w)
{
    struct ref_walk out = { .ok = false, .reason = reason, .did = did };

    /* Nobody asked for access, or the guest does not want to know. */
    out.recorded = (r || w) && !fpd;
    /* 06 is for want of permission to read, whatever else is wanted. */
    out.is_write = w && reason != 6;

    return out;
}

struct ref_walk ref_walk(uint64_t root, unsigned int rid, uint64_t iova, bool r,
                         bool w)
{
    unsigned int bus = rid / 256, devfn = rid % 256, tt, aw, did, width, level;
    uint64_t lo, hi, entry, table;
    bool fpd, may_read = true, may_write = true;

    /* Root entry: 0 P, 11:1 reserved, HAW-1:12 table, the rest reserved. */
    if ( !ref_load(root + bus * 16, &lo) ||
         !ref_load(root + bus * 16 + 8, &hi) )
        return no(0x08, 0, false, r, w);
    if ( !field(lo, 0, 0) )
        return no(0x01, 0, false, r, w);
    if ( field(lo, 11, 1) || field(lo, 63, ref.haw) || hi )
        return no(0x0a, 0, false, r, w);

    /* Context entry. */
    table = field(lo, 63, 12) * 4096;
    if ( !ref_load(table + devfn * 16, &lo) ||
         !ref_load(table + devfn * 16 + 8, &hi) )
        return no(0x09, 0, false, r, w);
    fpd = field(lo, 1, 1);
    tt = field(lo, 3, 2);
    aw = field(hi, 2, 0);
    did = field(hi, 23, 8);
    if ( !field(lo, 0, 0) )
        return no(0x02, 0, fpd, r, w);
    if ( field(lo, 11, 4) || field(hi, 7, 7) || field(hi, 63, 24) )
        return no(0x0b, 0, fpd, r, w);
    /* Where nothing is translated, nobody looks at the table's address. */
    if ( tt != 2 && field(lo, 63, ref.haw) )
        return no(0x0b, 0, fpd, r, w);
    if ( tt == 1 || tt == 3 )               /* ECAP.DT is 0, 3 is reserved */
        return no(0x03, 0, fpd, r, w);
    if ( aw == 1 )
        width = 39;
    else if ( aw == 2 && ref.aw == 48 )
        width = 48;
    else
        return no(0x03, 0, fpd, r, w);

    /* Input limit; pass-through reaches no further than memory can. */
    if ( tt == 2 && ref.haw < width )
        width = ref.haw;
    if ( field(iova, 63, width) )
        return no(0x04, did, fpd, r, w);

    if ( tt == 2 )
        return (struct ref_walk){
            .ok = true, .did = did, .order = width, .gpa = iova,
            .may_read = true, .may_write = true,
        };

    table = field(lo, 63, 12) * 4096;
    for ( level = aw == 1 ? 3 : 4; ; level-- )
    {
        unsigned int low = level * 9 + 3;   /* 12, 21, 30, 39 */
        bool top = level == (aw == 1 ? 3 : 4), is_page;

        if ( !ref_load(table + field(iova, low + 8, low) * 8, &entry) )
            return no(top ? 0x03 : 0x07, did, fpd, r, w);

        is_page = level == 1 || (level < 4 && field(entry, 7, 7));

        /* Reserved bits count in an entry that grants anything. */
        if ( field(entry, 1, 0) )
        {
            if ( field(entry, 62, 62) || field(entry, 51, ref.haw) )
                return no(0x0c, did, fpd, r, w);
            if ( level == 4 && field(entry, 7, 7) )
                return no(0x0c, did, fpd, r, w);
            if ( is_page && level > 1 && field(entry, low - 1, 12) )
                return no(0x0c, did, fpd, r, w);
        }

        may_read = may_read && field(entry, 0, 0);
        may_write = may_write && field(entry, 1, 1);
        if ( w && !may_write )
            return no(0x05, did, fpd, r, w);
        if ( r && !may_read )
            return no(0x06, did, fpd, r, w);
        if ( !may_read && !may_write )
            return no(0x06, did, fpd, r, w);

        if ( is_page )
        {
            uint64_t gpa = field(entry, 51, low) << low;

            gpa += field(iova, low - 1, 0);
            if ( gpa >= 0xfee00000 && gpa < 0xfef00000 )
                return no(0x0e, did, fpd, r, w);
            return (struct ref_walk){
                .ok = true, .did = did, .order = low, .gpa = gpa,
                .may_read = may_read, .may_write = may_write,
            };
        }
        table = field(entry, 51, 12) * 4096;
    }
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
