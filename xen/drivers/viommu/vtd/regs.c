/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage: register file.  In: an access by the guest.  Out: the value read, or
 * what the write asks for, as a struct vtd_cmd.  Called with the lock held.
 *
 * The file consists of 4-byte words.  An 8-byte access is two 4-byte accesses,
 * the lower first, whether it covers one register or two.
 *
 * Where there is a mirror, the guest reads that instead, and at any moment,
 * whether the lock is held or not.  It is written word by word, in the order
 * in which registers are set: who sees the new value of one sees those set
 * before it.  Of a 64-bit register the upper half comes last, in which is the
 * bit that says what the rest means (ICC, IVT, F).
 */
#include "vtd.h"

enum effect {
    EFF_NONE,
    EFF_GCMD,
    EFF_CCMD,       /* on the half that holds ICC */
    EFF_IOTLB,      /* on the half that holds IVT */
    EFF_FAULT,
    EFF_IQT,        /* on the half that holds QT */
    EFF_IQ_EVENT,
};

struct vtd_reg {
    uint16_t off;
    uint8_t size;
    enum {
        WO = 1,     /* reads return 0 */
        QI = 2,     /* reserved without ECAP.QI */
        IR = 4,     /* reserved without ECAP.IR and EIM */
    } attr;
    uint64_t reset;
    uint64_t rw;    /* bits that the guest writes; see implemented() */
    uint64_t rw1c;  /* bits that the guest clears by writing 1 */
    enum effect effect;
};

#define FRCD_ROWS(n)                                                          \
    { VTD_FRCD(n),     8, 0, 0, 0, 0,          EFF_NONE },                    \
    { VTD_FRCD(n) + 8, 8, 0, 0, 0, VTD_FRCD_F, EFF_FAULT }

#define CAP_RESET (VTD_CAP_ND_64K | VTD_CAP_FRO(VTD_FRO) |                    \
                   VTD_CAP_SLLPS_2M_1G | VTD_CAP_PSI |                        \
                   VTD_CAP_NFR(VTD_NFR) | VTD_CAP_MAMV(VTD_MAMV) |            \
                   VTD_CAP_DWD | VTD_CAP_DRD)

#define ECAP_RESET (VTD_ECAP_C | VTD_ECAP_PT | VTD_ECAP_SC |                  \
                    VTD_ECAP_IRO(VTD_IRO))

#define ECAP_IR    (VTD_ECAP_IR | VTD_ECAP_EIM | VTD_ECAP_MHMV(VTD_MHMV))

/* What has no row is reserved: reads 0, ignores writes. */
static const struct vtd_reg regs[] = {
    /* off       size attr reset        rw            rw1c         effect */
    { VTD_VER,     4, 0,  VTD_VER_1_0,  0,            0,           EFF_NONE },
    { VTD_CAP,     8, 0,  CAP_RESET,    0,            0,           EFF_NONE },
    { VTD_ECAP,    8, 0,  ECAP_RESET,   0,            0,           EFF_NONE },
    { VTD_GCMD,    4, WO, 0,            0,            0,           EFF_GCMD },
    { VTD_GSTS,    4, 0,  0,            0,            0,           EFF_NONE },
    /* RTADDR.TTM is reserved without ECAP.SMTS: zero. */
    { VTD_RTADDR,  8, 0,  0,            VTD_RTADDR_RTA, 0,         EFF_NONE },
    { VTD_CCMD,    8, 0,  0,
      VTD_CCMD_ICC | VTD_CCMD_CIRG | VTD_CCMD_FM | VTD_CCMD_SID | VTD_CCMD_DID,
                                                      0,           EFF_CCMD },
    { VTD_FSTS,    4, 0,  0,            0,
      VTD_FSTS_PFO | VTD_FSTS_IQE | VTD_FSTS_ICE | VTD_FSTS_ITE,  EFF_FAULT },
    { VTD_FECTL,   4, 0,  VTD_ECTL_IM,  VTD_ECTL_IM,  0,          EFF_FAULT },
    { VTD_FEDATA,  4, 0,  0,            0xffff,       0,           EFF_NONE },
    { VTD_FEADDR,  4, 0,  0,            0xfffffffc,   0,           EFF_NONE },
    { VTD_FEUADDR, 4, IR, 0,            0xffffff00,   0,           EFF_NONE },
    { VTD_IQH,     8, QI, 0,            0,            0,           EFF_NONE },
    { VTD_IQT,     8, QI, 0,            VTD_IQ_OFFSET, 0,           EFF_IQT },
    /* IQA.DW is reserved without ECAP.SMTS: zero. */
    { VTD_IQA,     8, QI, 0,  VTD_IQA_IQA | VTD_IQA_QS, 0,         EFF_NONE },
    { VTD_ICS,     4, QI, 0,            0,  VTD_ICS_IWC,       EFF_IQ_EVENT },
    { VTD_IECTL,   4, QI, VTD_ECTL_IM,  VTD_ECTL_IM,  0,       EFF_IQ_EVENT },
    { VTD_IEDATA,  4, QI, 0,            0xffff,       0,           EFF_NONE },
    { VTD_IEADDR,  4, QI, 0,            0xfffffffc,   0,           EFF_NONE },
    { VTD_IEUADDR, 4, IR, 0,            0xffffff00,   0,           EFF_NONE },
    { VTD_IQERCD,  8, QI, 0,            0,            0,           EFF_NONE },
    { VTD_IRTA,    8, IR, 0,
      VTD_IRTA_IRTA | VTD_IRTA_EIME | VTD_IRTA_S,     0,           EFF_NONE },
    { VTD_IVA,     8, WO, 0,
      VTD_IVA_ADDR | VTD_IVA_IH | VTD_IVA_AM,         0,           EFF_NONE },
    { VTD_IOTLB,   8, 0,  0,
      VTD_IOTLB_IVT | VTD_IOTLB_IIRG | VTD_IOTLB_DR | VTD_IOTLB_DW |
      VTD_IOTLB_DID,                                  0,          EFF_IOTLB },
    FRCD_ROWS(0), FRCD_ROWS(1), FRCD_ROWS(2), FRCD_ROWS(3),
    FRCD_ROWS(4), FRCD_ROWS(5), FRCD_ROWS(6), FRCD_ROWS(7),
};

/* The half of a 64-bit mask or value that the word at @off holds. */
static uint32_t half(const struct vtd_reg *reg, unsigned int off, uint64_t val)
{
    return off == reg->off ? val : val >> 32;
}

/* Of an address, only the bits that the guest's memory needs are there. */
static uint64_t implemented(const struct vtd_reg *reg, unsigned int haw)
{
    return reg->off == VTD_RTADDR || reg->off == VTD_IQA ||
           reg->off == VTD_IRTA ? (1ULL << haw) - 1 : ~0ULL;
}

static bool has_queue(const struct vtd *vtd)
{
    return !(vtd->viommu.flags & XEN_VIOMMU_CREATE_NO_QUEUE);
}

static bool is_offered(const struct vtd *vtd, const struct vtd_reg *reg)
{
    return (!(reg->attr & QI) || has_queue(vtd)) &&
           (!(reg->attr & IR) || vtd_has_ir(vtd));
}

/*
 * The row that the word at @off in the page belongs to, if there is such a
 * register.
 */
static const struct vtd_reg *find(const struct vtd *vtd, unsigned int off)
{
    unsigned int row;

    /* Whoever comes here has checked it. */
    ASSERT(off < VIOMMU_PAGE_SIZE);
    row = vtd->row[off / 4];

    return row ? &regs[row - 1] : NULL;
}

bool vtd_regs_exists(const struct vtd *vtd, unsigned int off)
{
    return find(vtd, off);
}

uint32_t vtd_regs_written(const struct vtd *vtd, unsigned int off,
                          unsigned int haw)
{
    const struct vtd_reg *reg = find(vtd, off);

    return reg ? half(reg, off, (reg->rw & implemented(reg, haw)) | reg->rw1c)
               : 0;
}

uint32_t vtd_get32(const struct vtd *vtd, unsigned int off)
{
    return vtd->reg[off / 4];
}

void vtd_set32(struct vtd *vtd, unsigned int off, uint32_t val)
{
    uint32_t *mirror = vtd->viommu.mirror;

    if ( vtd->reg[off / 4] == val )
        return;

    vtd->reg[off / 4] = val;
    /* IVA alone has a value that cannot be read, see read_word(). */
    if ( mirror && (off & ~7u) != VTD_IVA )
    {
        /* After all that it says has happened, the end of a DMA included. */
        smp_wmb();
        write_atomic(&mirror[off / 4], val);
    }
}

uint64_t vtd_get64(const struct vtd *vtd, unsigned int off)
{
    return vtd_get32(vtd, off) | ((uint64_t)vtd_get32(vtd, off + 4) << 32);
}

void vtd_set64(struct vtd *vtd, unsigned int off, uint64_t val)
{
    vtd_set32(vtd, off, val);
    vtd_set32(vtd, off + 4, val >> 32);
}

void vtd_regs_reset(struct vtd *vtd)
{
    uint64_t cap = CAP_RESET | VTD_CAP_MGAW(vtd->viommu.aw) |
                   VTD_CAP_SAGAW(vtd->viommu.aw == 48 ?
                                 VTD_SAGAW_39 | VTD_SAGAW_48 : VTD_SAGAW_39);
    unsigned int i;

    for ( i = 0; i < VTD_NR_DWORDS; i++ )
        vtd_set32(vtd, 4 * i, 0);

    BUILD_BUG_ON(ARRAY_SIZE(regs) > 0xff);
    for ( i = 0; i < ARRAY_SIZE(regs); i++ )
    {
        if ( !is_offered(vtd, &regs[i]) )
            continue;

        vtd->row[regs[i].off / 4] = i + 1;
        if ( regs[i].size == 8 )
        {
            vtd->row[regs[i].off / 4 + 1] = i + 1;
            vtd_set64(vtd, regs[i].off, regs[i].reset);
        }
        else
            vtd_set32(vtd, regs[i].off, regs[i].reset);
    }

    vtd_set64(vtd, VTD_CAP, cap);
    vtd_set64(vtd, VTD_ECAP, ECAP_RESET | (has_queue(vtd) ? VTD_ECAP_QI : 0) |
                             (vtd_has_ir(vtd) ? ECAP_IR : 0));
}

/* 4 or 8 bytes, aligned: all else is not an access to a register. */
static bool valid_access(unsigned int off, unsigned int size)
{
    return (size == 4 || size == 8) && !(off & (size - 1)) &&
           off + size <= VIOMMU_PAGE_SIZE;
}

static uint32_t read_word(const struct vtd *vtd, unsigned int off)
{
    const struct vtd_reg *reg = find(vtd, off);

    return reg && !(reg->attr & WO) ? vtd_get32(vtd, off) : 0;
}

uint64_t vtd_regs_read(const struct vtd *vtd, unsigned int off,
                       unsigned int size)
{
    if ( !valid_access(off, size) )
        return ~0ULL;

    if ( size == 4 )
        return read_word(vtd, off);

    return read_word(vtd, off) | ((uint64_t)read_word(vtd, off + 4) << 32);
}

static void emit(struct vtd_cmds *cmds, enum vtd_cmd_kind kind, uint64_t val,
                 uint64_t arg)
{
    ASSERT(cmds->nr < VTD_MAX_CMDS);
    cmds->cmd[cmds->nr++] = (struct vtd_cmd){
        .kind = kind, .val = val, .arg = arg,
    };
}

/*
 * Several bits may be written at once, and software repeats those that are
 * set: pointers take effect before enables, each enable only if it changes.
 * What CAP and ECAP do not offer (SFL, EAFL, WBF, QIE on a unit without a
 * queue, and IRE, SIRTP and CFI on one that does not remap interrupts) is
 * ignored, its status staying 0.
 */
static void write_gcmd(const struct vtd *vtd, uint32_t val,
                       struct vtd_cmds *cmds)
{
    if ( val & VTD_GCMD_SRTP )
        emit(cmds, VTD_CMD_SRTP, vtd_get64(vtd, VTD_RTADDR), 0);

    if ( vtd_has_ir(vtd) && (val & VTD_GCMD_SIRTP) )
        emit(cmds, VTD_CMD_SIRTP, vtd_get64(vtd, VTD_IRTA), 0);

    if ( has_queue(vtd) && !(val & VTD_GCMD_QIE) != !vtd->queue.enabled )
        emit(cmds, VTD_CMD_QIE, !!(val & VTD_GCMD_QIE),
             vtd_get64(vtd, VTD_IQA));

    if ( !(val & VTD_GCMD_TE) != !vtd->te )
        emit(cmds, VTD_CMD_TE, !!(val & VTD_GCMD_TE), 0);

    if ( vtd_has_ir(vtd) && (!(val & VTD_GCMD_IRE) != !vtd->ir.enabled ||
                             !(val & VTD_GCMD_CFI) != !vtd->ir.compat) )
        emit(cmds, VTD_CMD_IRE, !!(val & VTD_GCMD_IRE),
             !!(val & VTD_GCMD_CFI));
}

static void write_word(struct vtd *vtd, unsigned int off, uint32_t val,
                       struct vtd_cmds *cmds)
{
    const struct vtd_reg *reg = find(vtd, off);
    bool upper;
    uint32_t rw, old;

    if ( !reg )
        return;

    /*
     * A command in progress owns its register: software may not write it
     * then, and what it writes all the same has no effect.
     */
    if ( (reg->effect == EFF_CCMD &&
          (vtd_get64(vtd, VTD_CCMD) & VTD_CCMD_ICC)) ||
         (reg->effect == EFF_IOTLB &&
          (vtd_get64(vtd, VTD_IOTLB) & VTD_IOTLB_IVT)) )
        return;

    upper = off != reg->off;
    rw = half(reg, off, reg->rw & implemented(reg, vtd->viommu.haw));
    old = vtd_get32(vtd, off);
    vtd_set32(vtd, off, ((old & ~rw) | (val & rw)) &
                        ~(val & half(reg, off, reg->rw1c)));

    switch ( reg->effect )
    {
    case EFF_NONE:
        break;

    case EFF_GCMD:
        write_gcmd(vtd, val, cmds);
        break;

    case EFF_CCMD:
        if ( upper && (vtd_get64(vtd, VTD_CCMD) & VTD_CCMD_ICC) )
            emit(cmds, VTD_CMD_CCMD, vtd_get64(vtd, VTD_CCMD), 0);
        break;

    case EFF_IOTLB:
        if ( upper && (vtd_get64(vtd, VTD_IOTLB) & VTD_IOTLB_IVT) )
            emit(cmds, VTD_CMD_IOTLB, vtd_get64(vtd, VTD_IOTLB),
                 vtd_get64(vtd, VTD_IVA));
        break;

    case EFF_FAULT:
        emit(cmds, VTD_CMD_FAULT, 0, 0);
        break;

    case EFF_IQT:
        if ( !upper )
            emit(cmds, VTD_CMD_IQT, vtd_get64(vtd, VTD_IQT), 0);
        break;

    case EFF_IQ_EVENT:
        emit(cmds, VTD_CMD_IQ_EVENT, 0, 0);
        break;
    }
}

void vtd_regs_write(struct vtd *vtd, unsigned int off, unsigned int size,
                    uint64_t val, struct vtd_cmds *cmds)
{
    cmds->nr = 0;

    if ( !valid_access(off, size) )
        return;

    write_word(vtd, off, val, cmds);
    if ( size == 8 )
        write_word(vtd, off + 4, val >> 32, cmds);
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
