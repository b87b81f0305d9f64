/* SPDX-License-Identifier: GPL-2.0-only */
/* Interrupt remapping: a request, its entry, and who may make it. */
#include <string.h>

#include "ref.h"

/* Where there is memory now counts until the table is taken again. */
void ref_take_table(uint64_t irta)
{
    unsigned int entries = 1u << ((irta & 0xf) + 1);

    ref.table = irta;
    ref.table_taken = true;
    for ( unsigned int i = 0; i < 256; i++ )
    {
        uint64_t gpa = (irta & ~0xfffULL) + i * 4096ULL;

        ref.table_page[i] = i * 256 < entries && page_of(gpa) >= 0 &&
                            !ref.absent[page_of(gpa)];
    }
}

static void refuse(unsigned int rid, unsigned int reason, unsigned int index,
                   bool silent)
{
    unsigned int n = ref.in_refused;

    ref.seen->remapped = 2;
    ref.nr_refused++;
    index %= 65536;

    if ( silent )
        return;
    if ( n && ref.refused[n - 1].rid == rid &&
         ref.refused[n - 1].reason == reason &&
         ref.refused[n - 1].index == index )
        return;
    if ( n == 16 )
    {
        ref.nr_unkept++;
        return;
    }
    ref.refused[n].rid = rid;
    ref.refused[n].reason = reason;
    ref.refused[n].index = index;
    ref.in_refused++;
    ref.watched = true;
}

void ref_collect(void)
{
    ref.nr_faults += ref.nr_refused;
    ref.nr_lost += ref.nr_unkept;
    for ( unsigned int i = 0; i < ref.in_refused; i++ )
        ref_fault(ref.refused[i].rid, (uint64_t)ref.refused[i].index << 48,
                  ref.refused[i].reason, true);
    ref.in_refused = 0;
    ref.nr_refused = ref.nr_unkept = 0;
}

/* Bits @last to @first. */
static uint64_t bits(uint64_t val, unsigned int last, unsigned int first)
{
    return val >> first & ((1ULL << (last - first + 1)) - 1);
}

static bool good_source(uint64_t hi, unsigned int rid)
{
    unsigned int sid = bits(hi, 15, 0), sq = bits(hi, 17, 16);

    switch ( bits(hi, 19, 18) )
    {
    case 0:
        return true;
    case 1:
        if ( sq == 1 )          /* but for bit 2 of the function */
            return bits(sid, 15, 3) == bits(rid, 15, 3) &&
                   bits(sid, 1, 0) == bits(rid, 1, 0);
        if ( sq == 2 )          /* bits 2:1 */
            return bits(sid, 15, 3) == bits(rid, 15, 3) &&
                   bits(sid, 0, 0) == bits(rid, 0, 0);
        if ( sq == 3 )          /* the function */
            return bits(sid, 15, 3) == bits(rid, 15, 3);
        return sid == rid;
    default:                    /* first to last bus */
        return bits(rid, 15, 8) >= bits(sid, 15, 8) &&
               bits(rid, 15, 8) <= bits(sid, 7, 0);
    }
}

void ref_remap(unsigned int rid, bool is_rte, uint64_t addr, uint64_t data)
{
    bool wide = ref.table >> 11 & 1, remappable;
    unsigned int index, mode;
    uint64_t gpa, lo, hi;

    if ( !ref.ire )
        return;

    if ( !is_rte && addr >> 20 != 0xfee )
    {
        refuse(rid, 0x20, 0, false);
        return;
    }

    remappable = is_rte ? bits(data, 48, 48) : bits(addr, 4, 4);
    if ( !remappable )
    {
        if ( wide || !ref.cfi )
            refuse(rid, 0x25, 0, false);
        return;
    }

    if ( is_rte )
        index = bits(data, 63, 49) + bits(data, 11, 11) * 32768;
    else
    {
        index = bits(addr, 19, 5) + bits(addr, 2, 2) * 32768;
        if ( bits(addr, 3, 3) )
        {
            if ( bits(data, 31, 16) )
            {
                refuse(rid, 0x20, index, false);
                return;
            }
            index += bits(data, 15, 0);
        }
    }

    if ( index >= 1u << ((ref.table & 0xf) + 1) )
    {
        refuse(rid, 0x21, index, false);
        return;
    }
    if ( !ref.table_taken || !ref.table_page[index / 256] )
    {
        refuse(rid, 0x23, index, false);
        return;
    }

    gpa = (ref.table & ~0xfffULL) + index * 16ULL;
    memcpy(&lo, at_gpa(ref.memory, gpa), 8);
    memcpy(&hi, at_gpa(ref.memory, gpa + 8), 8);
    if ( !(lo & 1) )
    {
        refuse(rid, 0x22, index, lo & 2);
        return;
    }

    mode = bits(lo, 7, 5);
    if ( bits(lo, 15, 12) || bits(lo, 31, 24) || bits(hi, 63, 20) ||
         mode == 3 || mode == 6 || bits(hi, 19, 18) == 3 ||
         (!wide && (bits(lo, 39, 32) || bits(lo, 63, 48))) )
    {
        refuse(rid, 0x24, index, lo & 2);
        return;
    }
    if ( !good_source(hi, rid) )
    {
        refuse(rid, 0x26, index, lo & 2);
        return;
    }

    ref.seen->remapped = 1;
    ref.seen->dest = wide ? bits(lo, 63, 32) : bits(lo, 47, 40);
    ref.seen->vector = bits(lo, 23, 16);
    ref.seen->mode = mode;
    ref.seen->logical = bits(lo, 2, 2);
    ref.seen->one = bits(lo, 3, 3);
    ref.seen->level = bits(lo, 4, 4);
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
