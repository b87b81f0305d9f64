/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vtd.h: VT-d registers and tables, and a small driver.
 *
 * Waits in here give up after a time and fail the test.
 */

#ifndef VIOMMU_VTD_H
#define VIOMMU_VTD_H

#include "util.h"

#define VTD_BASE                0xfed90000u
#define VTD_UNITS               2       /* as many can be used here */

#define VTD_VER                 0x00
#define VTD_CAP                 0x08
#define VTD_ECAP                0x10
#define VTD_GCMD                0x18
#define VTD_GSTS                0x1c
#define VTD_RTADDR              0x20
#define VTD_CCMD                0x28
#define VTD_FSTS                0x34
#define VTD_FECTL               0x38
#define VTD_FEDATA              0x3c
#define VTD_FEADDR              0x40
#define VTD_FEUADDR             0x44
#define VTD_IQH                 0x80
#define VTD_IQT                 0x88
#define VTD_IQA                 0x90
#define VTD_ICS                 0x9c
#define VTD_IECTL               0xa0
#define VTD_IEDATA              0xa4
#define VTD_IEADDR              0xa8
#define VTD_IEUADDR             0xac
#define VTD_IQERCD              0xb0
#define VTD_IRTA                0xb8

#define ECAP_QI                 (1u << 1)

/* GCMD and GSTS. */
#define VTD_TE                  (1u << 31)
#define VTD_SRTP                (1u << 30)
#define VTD_SFL                 (1u << 29)
#define VTD_EAFL                (1u << 28)
#define VTD_WBF                 (1u << 27)
#define VTD_QIE                 (1u << 26)
#define VTD_IRE                 (1u << 25)
#define VTD_SIRTP               (1u << 24)
#define VTD_CFI                 (1u << 23)
#define VTD_ONE_SHOT            (VTD_SRTP | VTD_SFL | VTD_WBF | VTD_SIRTP)

/* CCMD. */
#define CCMD_ICC                (1ull << 63)
#define CCMD_CIRG(g)            ((uint64_t)(g) << 61)
#define CCMD_CAIG(v)            ((unsigned int)((v) >> 59) & 3)
#define CCMD_SID(s)             ((uint64_t)(s) << 16)
#define CCMD_DID(d)             ((uint64_t)(d))

/* IOTLB_REG. */
#define IOTLB_IVT               (1ull << 63)
#define IOTLB_IIRG(g)           ((uint64_t)(g) << 60)
#define IOTLB_IAIG(v)           ((unsigned int)((v) >> 57) & 3)
#define IOTLB_DR                (1ull << 49)
#define IOTLB_DW                (1ull << 48)
#define IOTLB_DID(d)            ((uint64_t)(d) << 32)
#define IVA_IH                  (1u << 6)

/* Granularities of both, requested and actual. */
#define INV_NONE                0
#define INV_GLOBAL              1
#define INV_DOMAIN              2
#define INV_DEVICE              3
#define INV_PAGE                3

/* FSTS. */
#define FSTS_PFO                (1u << 0)
#define FSTS_PPF                (1u << 1)
#define FSTS_IQE                (1u << 4)
#define FSTS_ICE                (1u << 5)
#define FSTS_ITE                (1u << 6)
#define FSTS_FRI(v)             (((v) >> 8) & 0xff)
/* FECTL, and IECTL as well. */
#define FECTL_IM                (1u << 31)
#define FECTL_IP                (1u << 30)

/* Upper half of a fault record. */
#define FRCD_F                  (1ull << 63)
#define FRCD_T                  (1ull << 62) /* 1: device read */
#define FRCD_SID(v)             ((unsigned int)(v) & 0xffff)
#define FRCD_FR(v)              ((unsigned int)((v) >> 32) & 0xff)

/* Reasons. */
#define FR_ROOT_NOT_PRESENT     0x01
#define FR_CTX_NOT_PRESENT      0x02
#define FR_CTX_INVALID          0x03
#define FR_ADDR_LIMIT           0x04
#define FR_WRITE                0x05
#define FR_READ                 0x06
#define FR_TABLE                0x07
#define FR_ROOT_ACCESS          0x08
#define FR_CTX_ACCESS           0x09
#define FR_ROOT_RSVD            0x0a
#define FR_CTX_RSVD             0x0b
#define FR_PTE_RSVD             0x0c
#define FR_INTERRUPT            0x0e

/* Context entries. */
#define CTX_P                   (1u << 0)
#define CTX_FPD                 (1u << 1)
#define CTX_TT(t)               ((unsigned int)(t) << 2)
#define CTX_TT_PASS_THROUGH     2
#define CTX_AW(levels)          ((uint64_t)(levels) - 2)
#define CTX_DID(d)              ((uint64_t)(d) << 8)

/* Second-level entries. */
#define PTE_R                   1
#define PTE_W                   2
#define PTE_RW                  3
#define PTE_PS                  (1u << 7)

/* What the registers say about the unit. */
extern struct vtd {
    uint64_t cap, ecap;
    unsigned int iva, iotlb;    /* offsets */
    unsigned int frcd, nr_frcd; /* offset, number */
    unsigned int mamv;
    unsigned int max_levels;    /* of second-level tables */
} vtd;

/* The unit that everything in here is about; 0 to begin with. */
extern unsigned int vtd_unit;

/* Accesses of one size each; nothing checks the offset. */
#define DEFINE_ACCESS(bits)                                             \
    static inline uint##bits##_t vtd_rd##bits(unsigned int off)         \
    {                                                                   \
        return *(volatile uint##bits##_t *)                             \
            _p(VTD_BASE + vtd_unit * 0x1000 + off);                     \
    }                                                                   \
    static inline void vtd_wr##bits(unsigned int off, uint##bits##_t v) \
    {                                                                   \
        *(volatile uint##bits##_t *)                                    \
            _p(VTD_BASE + vtd_unit * 0x1000 + off) = v;                 \
    }

DEFINE_ACCESS(8)
DEFINE_ACCESS(16)
DEFINE_ACCESS(32)
DEFINE_ACCESS(64)

#undef DEFINE_ACCESS

/* Time, tables, vtd.  False, and the test skipped, if there is no unit. */
bool vtd_init(void);

/* Write GCMD so that the bits are set or cleared, wait for GSTS. */
bool vtd_gcmd(uint32_t set, uint32_t clear);

/*
 * Write a command with its go bit, wait until that is clear, return the
 * register; the go bit is still set in it if this took too long.
 */
uint64_t vtd_ccmd(uint64_t cmd);
uint64_t vtd_iotlb(uint64_t cmd);
/* Invalidate 2^am pages of a domain id. */
uint64_t vtd_iotlb_pages(uint16_t did, uint64_t iova, unsigned int am);

/* Set the root table, invalidate everything, enable; and the reverse. */
bool vtd_enable(void);
bool vtd_disable(void);

/* Tables of which all entries are in static memory of the test, for each unit. */
extern uint64_t vtd_roots[VTD_UNITS][512], vtd_contexts[VTD_UNITS][512];
#define vtd_root                vtd_roots[vtd_unit]
#define vtd_context             vtd_contexts[vtd_unit]

struct vtd_dom {
    uint64_t *top;
    unsigned int levels;
    uint16_t did;
};

/* Empty root and context table, all pages for tables free again. */
void vtd_tables_reset(void);
/* The context table of bus 0 becomes reachable. */
void vtd_root_set(void);
struct vtd_dom vtd_dom_new(unsigned int levels, uint16_t did);
/* The entry that maps iova at a level (1: 4K, 2: 2M, 3: 1G). */
uint64_t *vtd_pte(const struct vtd_dom *dom, uint64_t iova, unsigned int level);
void vtd_map(const struct vtd_dom *dom, uint64_t iova, uint64_t gpa,
             unsigned int level, unsigned int prot);
void vtd_ctx_set(uint16_t sid, uint64_t lo, uint64_t hi);
void vtd_attach(uint16_t sid, const struct vtd_dom *dom);

/* Fault records.  The next one with F set, or false. */
struct vtd_fault {
    uint64_t addr;
    uint16_t sid;
    uint8_t reason;
    bool read;
};

bool vtd_fault_next(struct vtd_fault *f);
unsigned int vtd_faults_clear(void);

#endif /* VIOMMU_VTD_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
