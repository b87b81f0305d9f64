/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers, one case each.  They are accessed as words of 4 bytes; 8
 * bytes are two of them, both of which are there before anything is done.
 */
#include <string.h>

#include "ref.h"

void ref_power_on(void)
{
    ref.tes = ref.rtps = ref.qies = false;
    ref.ires = ref.irtps = ref.cfis = false;
    ref.rtaddr = ref.ccmd = ref.iqt = ref.iqh = ref.iqa = ref.irta = 0;
    ref.iva = ref.iotlb = 0;
    ref.pfo = ref.iqe = ref.ice = ref.ite = false;
    ref.fe_masked = ref.ie_masked = true;
    ref.fe_pending = ref.ie_pending = ref.iwc = false;
    ref.fri = 0;
    ref.fedata = ref.feaddr = ref.iedata = ref.ieaddr = 0;
    ref.feuaddr = ref.ieuaddr = 0;
    ref.iqei = 0;
    memset(ref.record, 0, sizeof(ref.record));
    ref.next_record = 0;

    ref.te = ref.queue_on = ref.fence = ref.open = ref.closing = false;
    ref.root = ref.queue_base = 0;
    ref.queue_size = ref.queue_head = 0;
    ref.ire = ref.cfi = ref.table_taken = false;
    ref.table = 0;
}

static uint64_t capabilities(void)
{
    uint64_t nd = 6;                            /* 2:0   16 bits of domain id */
    uint64_t sagaw = ref.aw == 48 ? 6 : 2;      /* 12:8  39 [and 48] bits */
    uint64_t mgaw = ref.aw - 1;                 /* 21:16 */
    uint64_t fro = 0x220 / 16;                  /* 33:24 */
    uint64_t sllps = 3;                         /* 37:34 2M and 1G */
    uint64_t psi = 1;                           /* 39 */
    uint64_t nfr = 8 - 1;                       /* 47:40 */
    uint64_t mamv = 18;                         /* 53:48 */
    uint64_t dwd = 1, drd = 1;                  /* 54, 55 */

    return nd | sagaw << 8 | mgaw << 16 | fro << 24 | sllps << 34 | psi << 39 |
           nfr << 40 | mamv << 48 | dwd << 54 | drd << 55;
}

static uint64_t extended_capabilities(void)
{
    uint64_t c = 1;                             /* 0 */
    uint64_t qi = !ref.no_queue;                /* 1 */
    uint64_t ir = ref.remaps, eim = ref.remaps; /* 3, 4 */
    uint64_t pt = 1, sc = 1;                    /* 6, 7 */
    uint64_t iro = 0xf0 / 16;                   /* 17:8 */
    uint64_t mhmv = ref.remaps ? 15 : 0;        /* 23:20 */

    return c | qi << 1 | ir << 3 | eim << 4 | pt << 6 | sc << 7 | iro << 8 |
           mhmv << 20;
}

/* The 64 bits that hold the word at @off. */
static uint64_t read_pair(uint64_t off)
{
    struct ref_record *record;

    if ( ref.no_queue && off >= 0x80 && off < 0xb8 )
        return 0;

    switch ( off )
    {
    case 0x00: return 0x10;                     /* VER 1.0 */
    case 0x08: return capabilities();
    case 0x10: return extended_capabilities();
    case 0x18:                                  /* GCMD (0), GSTS */
        return (uint64_t)((uint32_t)ref.tes << 31 | (uint32_t)ref.rtps << 30 |
                          (uint32_t)ref.qies << 26 |
                          (uint32_t)ref.ires << 25 |
                          (uint32_t)ref.irtps << 24 |
                          (uint32_t)ref.cfis << 23) << 32;
    case 0x20: return ref.rtaddr;
    case 0x28: return ref.ccmd;
    case 0x30:                                  /* -, FSTS */
        return (uint64_t)(ref.pfo | ref_ppf() << 1 | ref.iqe << 4 |
                          ref.ice << 5 | ref.ite << 6 | ref.fri << 8) << 32;
    case 0x38:                                  /* FECTL, FEDATA */
        return ((uint32_t)ref.fe_masked << 31 |
                (uint32_t)ref.fe_pending << 30) | (uint64_t)ref.fedata << 32;
    case 0x40: return ref.feaddr | (uint64_t)ref.feuaddr << 32;
    case 0x80: return ref.iqh;
    case 0x88: return ref.iqt;
    case 0x90: return ref.iqa;
    case 0x98: return (uint64_t)ref.iwc << 32;  /* -, ICS */
    case 0xa0:                                  /* IECTL, IEDATA */
        return ((uint32_t)ref.ie_masked << 31 |
                (uint32_t)ref.ie_pending << 30) | (uint64_t)ref.iedata << 32;
    case 0xa8: return ref.ieaddr | (uint64_t)ref.ieuaddr << 32;
    case 0xb0: return ref.iqei;
    case 0xb8: return ref.irta;
    case 0xf0: return 0;                        /* IVA: write only */
    case 0xf8: return ref.iotlb;
    }

    if ( off < 0x220 || off >= 0x220 + 8 * 16 )
        return 0;

    record = &ref.record[(off - 0x220) / 16];
    if ( off % 16 == 0 )
        return record->address;
    return record->source | (uint64_t)record->reason << 32 |
           (uint64_t)record->read << 62 | (uint64_t)record->full << 63;
}

static bool good_access(unsigned int size, uint64_t off)
{
    if ( size != 4 && size != 8 )
        return false;
    return off % size == 0 && off + size <= 4096;
}

uint64_t ref_read(unsigned int size, uint64_t off)
{
    uint64_t pair;

    if ( !good_access(size, off) )
        return ~0ULL;

    pair = read_pair(off / 8 * 8);
    if ( size == 8 )
        return pair;
    return off % 8 ? pair >> 32 : (uint32_t)pair;
}

/* Replace the bits of @mask in one half of @reg. */
static void store(uint64_t *reg, bool upper, uint32_t val, uint64_t mask)
{
    uint64_t wide = upper ? (uint64_t)val << 32 : val;

    mask &= upper ? 0xffffffff00000000ULL : 0xffffffffULL;
    *reg = (*reg & ~mask) | (wide & mask);
}

/* What is to be done once all of the access has been stored. */
enum todo { NOTHING, COMMAND, CONTEXT, IOTLB, FAULTS, WAITS };

static enum todo store_word(uint64_t off, uint32_t val)
{
    uint64_t address_mask = ((1ULL << ref.haw) - 1) & ~0xfffULL;
    bool upper = off % 8;

    if ( ref.no_queue && off >= 0x80 && off < 0xb8 )
        return NOTHING;

    switch ( off )
    {
    case 0x18:
        return COMMAND;

    case 0x20: case 0x24:
        store(&ref.rtaddr, upper, val, address_mask);
        return NOTHING;

    case 0x28: case 0x2c:
        if ( ref.ccmd >> 63 )
            return NOTHING;
        /* ICC, CIRG; FM; SID, DID */
        store(&ref.ccmd, upper, val, 0xe0000003ffffffffULL);
        return upper && ref.ccmd >> 63 ? CONTEXT : NOTHING;

    case 0x34:
        if ( val & 1 )
            ref.pfo = false;
        if ( val & 0x10 )
            ref.iqe = false;
        if ( val & 0x20 )
            ref.ice = false;
        if ( val & 0x40 )
            ref.ite = false;
        return FAULTS;

    case 0x38: ref.fe_masked = val >> 31; return FAULTS;
    case 0x3c: ref.fedata = val & 0xffff; return NOTHING;
    case 0x40: ref.feaddr = val & ~3u; return NOTHING;
    case 0x44:
        if ( ref.remaps )
            ref.feuaddr = val & ~0xffu;
        return NOTHING;

    case 0x88: case 0x8c:
        store(&ref.iqt, upper, val, 0x7fff0);
        return NOTHING;

    case 0x90: case 0x94:
        store(&ref.iqa, upper, val, address_mask | 7);
        return NOTHING;

    case 0x9c:
        if ( val & 1 )
            ref.iwc = false;
        return WAITS;

    case 0xa0: ref.ie_masked = val >> 31; return WAITS;
    case 0xa4: ref.iedata = val & 0xffff; return NOTHING;
    case 0xa8: ref.ieaddr = val & ~3u; return NOTHING;
    case 0xac:
        if ( ref.remaps )
            ref.ieuaddr = val & ~0xffu;
        return NOTHING;

    case 0xb8: case 0xbc:
        if ( ref.remaps )
            store(&ref.irta, upper, val, address_mask | 0x80f);
        return NOTHING;

    case 0xf0: case 0xf4:
        store(&ref.iva, upper, val, 0xfffffffffffff07fULL);
        return NOTHING;

    case 0xf8: case 0xfc:
        if ( ref.iotlb >> 63 )
            return NOTHING;
        /* IVT; IIRG; DR, DW, DID */
        store(&ref.iotlb, upper, val, 0xb003ffff00000000ULL);
        return upper && ref.iotlb >> 63 ? IOTLB : NOTHING;
    }

    /* The last word of a fault record. */
    if ( off >= 0x220 && off < 0x220 + 8 * 16 && off % 16 == 12 )
    {
        if ( val >> 31 )
            ref.record[(off - 0x220) / 16].full = false;
        return FAULTS;
    }

    return NOTHING;
}

/* Pointers before enables, and an enable only when it changes. */
static void command(uint32_t gcmd)
{
    bool srtp = gcmd >> 30 & 1, qie = gcmd >> 26 & 1, te = gcmd >> 31 & 1;
    bool ire = gcmd >> 25 & 1, sirtp = gcmd >> 24 & 1, cfi = gcmd >> 23 & 1;

    if ( srtp )
    {
        ref.root = ref.rtaddr;
        ref.rtps = false;
        ref_invalidate_all();
        ref_begin(&ref.wait[WAIT_ROOT]);
    }

    if ( ref.remaps && sirtp )
    {
        ref.irtps = false;
        ref_take_table(ref.irta);
        ref_begin(&ref.wait[WAIT_TABLE]);
    }

    if ( !ref.no_queue && qie != ref.queue_on )
    {
        ref.queue_on = qie;
        if ( qie )
        {
            ref.queue_base = ref.iqa / 4096 * 4096;
            ref.queue_size = 256 << (ref.iqa & 7);
            ref.queue_head = 0;
            ref.iqh = 0;
            ref.fence = false;
        }
        ref.open = ref.closing = false;
        ref_begin(&ref.wait[WAIT_QIE]);
    }

    if ( te != ref.te )
    {
        ref.te = te;
        ref_invalidate_all();
        ref_begin(&ref.wait[WAIT_TE]);
    }

    if ( ref.remaps && (ire != ref.ire || cfi != ref.cfi) )
    {
        ref.ire = ire;
        ref.cfi = cfi;
        ref_begin(&ref.wait[WAIT_IRE]);
    }
}

/* Granularity 0: over at once, nothing done. */
static void context_command(void)
{
    unsigned int g = ref.ccmd >> 61 & 3;

    if ( !g )
    {
        ref.ccmd &= ~(9ULL << 60 | 1ULL << 59); /* ICC, CAIG */
        return;
    }
    ref_invalidate_context(g, ref.ccmd & 0xffff, ref.ccmd >> 16 & 0xffff,
                           ref.ccmd >> 32 & 3);
    ref_begin(&ref.wait[WAIT_CCMD]);
}

static void iotlb_command(void)
{
    unsigned int g = ref.iotlb >> 60 & 3, am = ref.iva & 0x3f;

    if ( !g || (g == 3 && am > 18) )
    {
        ref.iotlb &= ~(1ULL << 63 | 3ULL << 57); /* IVT, IAIG */
        return;
    }
    ref_invalidate_iotlb(g, ref.iotlb >> 32 & 0xffff, ref.iva, am);
    ref_begin(&ref.wait[WAIT_IOTLB]);
}

void ref_show(unsigned int which)
{
    switch ( which )
    {
    case WAIT_ROOT: ref.rtps = true; break;
    case WAIT_TE:   ref.tes = ref.te; break;
    case WAIT_TABLE: ref.irtps = true; break;
    case WAIT_IRE:
        ref.ires = ref.ire;
        ref.cfis = ref.cfi;
        break;
    case WAIT_QIE:
        ref.qies = ref.queue_on;
        if ( !ref.queue_on )
            ref.iqh = 0;
        break;
    case WAIT_HEAD:
        if ( !ref.closing )
            break;
        ref.closing = false;
        ref_show_head();
        break;
    case WAIT_CCMD:             /* what was asked for is what was done */
        ref.ccmd = (ref.ccmd & ~(1ULL << 63 | 3ULL << 59)) |
                   (ref.ccmd >> 61 & 3) << 59;
        break;
    case WAIT_IOTLB:
        ref.iotlb = (ref.iotlb & ~(1ULL << 63 | 3ULL << 57)) |
                    (ref.iotlb >> 60 & 3) << 57;
        break;
    }
}

static void act(enum todo todo, uint32_t val)
{
    switch ( todo )
    {
    case NOTHING: break;
    case COMMAND: command(val); break;
    case CONTEXT: context_command(); break;
    case IOTLB:   iotlb_command(); break;
    case FAULTS:  ref_fault_registers_written(); break;
    case WAITS:   ref_wait_registers_written(); break;
    }
}

void ref_write(unsigned int size, uint64_t off, uint64_t val)
{
    enum todo low, high = NOTHING;

    if ( !good_access(size, off) )
        return;

    low = store_word(off, val);
    if ( size == 8 )
        high = store_word(off + 4, val >> 32);
    act(low, val);
    act(high, val >> 32);
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
