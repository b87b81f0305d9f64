/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Intel VT-d as its architecture specification names things: registers,
 * fields, structures in memory, fault reasons.  Section numbers are those of
 * revision 3.x of the specification.  Names of fields are the specification's
 * with the register's name before them.
 */
#ifndef VIOMMU_VTD_SPEC_H
#define VIOMMU_VTD_SPEC_H

/* Registers, 11.4 (10.4 in older revisions): offsets in the page. */
#define VTD_VER     0x000 /* RO, 32 bits */
#define VTD_CAP     0x008 /* RO, 64 */
#define VTD_ECAP    0x010 /* RO, 64 */
#define VTD_GCMD    0x018 /* WO, 32 */
#define VTD_GSTS    0x01c /* RO, 32 */
#define VTD_RTADDR  0x020 /* RW, 64 */
#define VTD_CCMD    0x028 /* RW, 64 */
#define VTD_FSTS    0x034 /* RW1C, 32 */
#define VTD_FECTL   0x038 /* RW, 32 */
#define VTD_FEDATA  0x03c /* RW, 32 */
#define VTD_FEADDR  0x040 /* RW, 32 */
#define VTD_FEUADDR 0x044 /* RW, 32 */
#define VTD_IQH     0x080 /* RO, 64 */
#define VTD_IQT     0x088 /* RW, 64 */
#define VTD_IQA     0x090 /* RW, 64 */
#define VTD_ICS     0x09c /* RW1C, 32 */
#define VTD_IECTL   0x0a0 /* RW, 32 */
#define VTD_IEDATA  0x0a4 /* RW, 32 */
#define VTD_IEADDR  0x0a8 /* RW, 32 */
#define VTD_IEUADDR 0x0ac /* RW, 32 */
#define VTD_IQERCD  0x0b0 /* RO, 64 */
#define VTD_IRTA    0x0b8 /* RW, 64 */
#define VTD_IRO     0x0f0 /* where ECAP.IRO points */
#define VTD_IVA     (VTD_IRO + 0) /* WO, 64 */
#define VTD_IOTLB   (VTD_IRO + 8) /* RW, 64 */
#define VTD_FRO     0x220 /* where CAP.FRO points */
#define VTD_NFR     8     /* fault records of 16 bytes */
#define VTD_FRCD(n) (VTD_FRO + 16 * (n))

/* Version 1.0: software may ask for draining with DR and DW. */
#define VTD_VER_1_0 0x10

/* CAP, 11.4.2. */
#define VTD_CAP_ND_64K      (6ULL << 0)
#define VTD_CAP_SAGAW(m)    ((uint64_t)(m) << 8)
#define VTD_SAGAW_39        (1u << 1)
#define VTD_SAGAW_48        (1u << 2)
#define VTD_CAP_MGAW(bits)  ((uint64_t)((bits) - 1) << 16)
#define VTD_CAP_FRO(off)    ((uint64_t)(off) / 16 << 24)
#define VTD_CAP_SLLPS_2M_1G (3ULL << 34)
#define VTD_CAP_PSI         (1ULL << 39)
#define VTD_CAP_NFR(n)      ((uint64_t)((n) - 1) << 40)
#define VTD_CAP_MAMV(n)     ((uint64_t)(n) << 48)
#define VTD_CAP_DWD         (1ULL << 54)
#define VTD_CAP_DRD         (1ULL << 55)

#define VTD_MAMV            18 /* largest IVA.AM: 2^18 pages, 1 GiB */

/* ECAP, 11.4.3. */
#define VTD_ECAP_C          (1ULL << 0)
#define VTD_ECAP_QI         (1ULL << 1)
#define VTD_ECAP_IR         (1ULL << 3)
#define VTD_ECAP_EIM        (1ULL << 4)
#define VTD_ECAP_PT         (1ULL << 6)
#define VTD_ECAP_SC         (1ULL << 7)
#define VTD_ECAP_IRO(off)   ((uint64_t)(off) / 16 << 8)
#define VTD_ECAP_MHMV(n)    ((uint64_t)(n) << 20)

#define VTD_MHMV            15 /* largest IM of an IEC descriptor */

/* GCMD, GSTS, 11.4.4: the enable bits have the same place in both. */
#define VTD_GCMD_TE         (1u << 31)
#define VTD_GCMD_SRTP       (1u << 30)
#define VTD_GCMD_QIE        (1u << 26)
#define VTD_GCMD_IRE        (1u << 25)
#define VTD_GCMD_SIRTP      (1u << 24)
#define VTD_GCMD_CFI        (1u << 23)
#define VTD_GSTS_TES        (1u << 31)
#define VTD_GSTS_RTPS       (1u << 30)
#define VTD_GSTS_QIES       (1u << 26)
#define VTD_GSTS_IRES       (1u << 25)
#define VTD_GSTS_IRTPS      (1u << 24)
#define VTD_GSTS_CFIS       (1u << 23)

/* RTADDR, 11.4.5. */
#define VTD_RTADDR_RTA      0xfffffffffffff000ULL

/* CCMD, 11.4.6.1. */
#define VTD_CCMD_ICC        (1ULL << 63)
#define VTD_CCMD_CIRG       (3ULL << 61)
#define VTD_CCMD_CIRG_SHIFT 61
#define VTD_CCMD_CAIG       (3ULL << 59)
#define VTD_CCMD_CAIG_SHIFT 59
#define VTD_CCMD_FM         (3ULL << 32)
#define VTD_CCMD_SID        0xffff0000ULL
#define VTD_CCMD_DID        0x0000ffffULL

/* IOTLB and IVA, 11.4.6.2. */
#define VTD_IOTLB_IVT        (1ULL << 63)
#define VTD_IOTLB_IIRG       (3ULL << 60)
#define VTD_IOTLB_IIRG_SHIFT 60
#define VTD_IOTLB_IAIG       (3ULL << 57)
#define VTD_IOTLB_IAIG_SHIFT 57
#define VTD_IOTLB_DR         (1ULL << 49)
#define VTD_IOTLB_DW         (1ULL << 48)
#define VTD_IOTLB_DID        (0xffffULL << 32)
#define VTD_IVA_ADDR         0xfffffffffffff000ULL
#define VTD_IVA_IH           (1ULL << 6)
#define VTD_IVA_AM           0x3fULL

/* Granularities of both; 0 is reserved. */
#define VTD_G_GLOBAL        1
#define VTD_G_DOMAIN        2
#define VTD_G_DEVICE        3 /* CCMD */
#define VTD_G_PAGE          3 /* IOTLB */

/* FSTS, 11.4.7.1. */
#define VTD_FSTS_PFO        (1u << 0)
#define VTD_FSTS_PPF        (1u << 1)
#define VTD_FSTS_IQE        (1u << 4)
#define VTD_FSTS_ICE        (1u << 5)
#define VTD_FSTS_ITE        (1u << 6)
/* Conditions that raise the fault event. */
#define VTD_FSTS_EVENTS     (VTD_FSTS_PFO | VTD_FSTS_PPF | VTD_FSTS_IQE | \
                             VTD_FSTS_ICE | VTD_FSTS_ITE)
#define VTD_FSTS_FRI        0xff00u
#define VTD_FSTS_FRI_SHIFT  8

/* FECTL, 11.4.7.2, and IECTL, 11.4.9.5. */
#define VTD_ECTL_IM         (1u << 31)
#define VTD_ECTL_IP         (1u << 30)

/* The queue, 11.4.9. */
#define VTD_IQ_OFFSET       0x7fff0ULL /* IQH.QH, IQT.QT */
#define VTD_IQ_SHIFT        4
#define VTD_IQA_IQA         0xfffffffffffff000ULL
#define VTD_IQA_QS          7ULL
#define VTD_IQ_ENTRIES(qs)  (256u << (qs))
#define VTD_ICS_IWC         (1u << 0)
#define VTD_IQERCD_IQEI     0xfULL
#define VTD_IQEI_TAIL       1 /* tail beyond the queue */
#define VTD_IQEI_FETCH      2 /* the queue is inaccessible */
#define VTD_IQEI_TYPE       3 /* unknown or unsupported descriptor */
#define VTD_IQEI_RSVD       4 /* reserved field or value */

/*
 * IRTA: the address, whether APIC ids have 32 bits, and the size, log2 of it.
 */
#define VTD_IRTA_IRTA       0xfffffffffffff000ULL
#define VTD_IRTA_EIME       (1ULL << 11)
#define VTD_IRTA_S          0xfULL
#define VTD_IRTA_ENTRIES(s) (2u << (s))

/* Descriptors of 128 bits, 6.5.2: the lower 8 bytes. */
#define VTD_DESC_TYPE(lo)   ((lo) & 0xf)
#define VTD_DESC_CC         1
#define VTD_DESC_IOTLB      2
#define VTD_DESC_IEC        4
#define VTD_DESC_WAIT       5
#define VTD_DESC_G(lo)      (((lo) >> 4) & 3)
#define VTD_DESC_DID(lo)    (((lo) >> 16) & 0xffff)
#define VTD_DESC_SID(lo)    (((lo) >> 32) & 0xffff)     /* CC */
#define VTD_DESC_FM(lo)     (((lo) >> 48) & 3)          /* CC */
#define VTD_IEC_INDEX       (1ULL << 4)                 /* not all of them */
#define VTD_IEC_IM(lo)      (((lo) >> 27) & 0x1f)
#define VTD_WAIT_IF         (1ULL << 4)
#define VTD_WAIT_SW         (1ULL << 5)
#define VTD_WAIT_FN         (1ULL << 6)
#define VTD_WAIT_DATA(lo)   ((uint32_t)((lo) >> 32))
/* The upper 8. */
#define VTD_WAIT_ADDR       0xfffffffffffffffcULL

/* FRCD, 11.4.7.7: the upper 8 bytes. */
#define VTD_FRCD_F          (1ULL << 63)
#define VTD_FRCD_T_READ     (1ULL << 62)
#define VTD_FRCD_FR_SHIFT   32
#define VTD_FRCD_SID        0xffffULL
/* The lower 8. */
#define VTD_FRCD_FI         0xfffffffffffff000ULL
#define VTD_FRCD_IR_SHIFT   48 /* an index, if an interrupt was refused */

/* Root entry, 9.1: 16 bytes, by bus.  First 8; the others are reserved. */
#define VTD_ROOT_P          (1ULL << 0)
#define VTD_ROOT_RSVD       0xffeULL

/* Context entry, 9.3: 16 bytes, by device and function. */
#define VTD_CTX_P           (1ULL << 0)
#define VTD_CTX_FPD         (1ULL << 1)
#define VTD_CTX_TT(lo)      (((lo) >> 2) & 3)
#define VTD_TT_TRANSLATE    0
#define VTD_TT_DEV_TLB      1
#define VTD_TT_PASS_THROUGH 2
#define VTD_CTX_LO_RSVD     0xff0ULL
#define VTD_CTX_AW(hi)      ((hi) & 7)
#define VTD_AW_39           1
#define VTD_AW_48           2
#define VTD_CTX_DID(hi)     (((hi) >> 8) & 0xffff)
#define VTD_CTX_HI_RSVD     0xffffffffff000080ULL

/* Second-level paging entry, 9.8. */
#define VTD_PTE_R           (1ULL << 0)
#define VTD_PTE_W           (1ULL << 1)
#define VTD_PTE_PS          (1ULL << 7)
#define VTD_PTE_TM          (1ULL << 62)

#define VTD_ENTRY_ADDR      0x000ffffffffff000ULL

/* Interrupt requests, 3.14: writes to this range are not translated. */
#define VTD_IS_INTERRUPT(addr) (((addr) & ~0xfffffULL) == 0xfee00000ULL)

/* Interrupt requests in remappable format, 5.1.2.2: address and data of MSI. */
#define VTD_MSI_FORMAT      (1ULL << 4)
#define VTD_MSI_SHV         (1ULL << 3)
#define VTD_MSI_HANDLE(a)   ((((a) >> 5) & 0x7fff) | (((a) << 13) & 0x8000))
#define VTD_MSI_SUBHANDLE   0xffffULL
#define VTD_MSI_DATA_RSVD   0xffff0000ULL
/* ... and the entry of an IO-APIC, 5.1.5.1. */
#define VTD_RTE_FORMAT      (1ULL << 48)
#define VTD_RTE_HANDLE(r)   (((r) >> 49) | (((r) << 4) & 0x8000))

/* Interrupt remapping table entry, 9.10: 16 bytes.  The lower 8. */
#define VTD_IRTE_P          (1ULL << 0)
#define VTD_IRTE_FPD        (1ULL << 1)
#define VTD_IRTE_DM         (1ULL << 2) /* logical destination */
#define VTD_IRTE_RH         (1ULL << 3) /* one of those that it names */
#define VTD_IRTE_TM         (1ULL << 4) /* level */
#define VTD_IRTE_DLM(lo)    (((lo) >> 5) & 7)
#define VTD_IRTE_V(lo)      (((lo) >> 16) & 0xff)
#define VTD_IRTE_DST(lo)    ((uint32_t)((lo) >> 32))
/* IM, which is reserved without CAP.PI, included. */
#define VTD_IRTE_LO_RSVD    0x00000000ff00f000ULL
/* Of DST only 15:8 are there without IRTA.EIME. */
#define VTD_IRTE_DST_RSVD   0xffff00ff00000000ULL
#define VTD_IRTE_DST_XAPIC(lo) (((lo) >> 40) & 0xff)
/* The upper 8. */
#define VTD_IRTE_SID(hi)    ((hi) & 0xffff)
#define VTD_IRTE_SQ(hi)     (((hi) >> 16) & 3)
#define VTD_IRTE_SVT(hi)    (((hi) >> 18) & 3)
#define VTD_SVT_NONE        0
#define VTD_SVT_SID         1 /* SID, but for the bits that SQ says */
#define VTD_SVT_BUS         2 /* SID: the first and the last bus */
#define VTD_IRTE_HI_RSVD    0xfffffffffff00000ULL

/*
 * Delivery modes of the architecture's interrupt messages; 3 and 6: reserved.
 */
#define VTD_DLM_VALID(dlm)  ((dlm) != 3 && (dlm) != 6)

/* Fault reasons, 7.1.3. */
#define VTD_FR_ROOT_NP       0x01 /* root entry not present */
#define VTD_FR_CTX_NP        0x02 /* context entry not present */
#define VTD_FR_CTX_INV       0x03 /* context entry programmed wrongly */
#define VTD_FR_ADDR_BEYOND   0x04 /* address beyond what the entry covers */
#define VTD_FR_WRITE         0x05 /* no permission to write */
#define VTD_FR_READ          0x06 /* no permission to read */
#define VTD_FR_TABLE_ACCESS  0x07 /* a lower-level table is inaccessible */
#define VTD_FR_ROOT_ACCESS   0x08 /* the root table is inaccessible */
#define VTD_FR_CTX_ACCESS    0x09 /* the context table is inaccessible */
#define VTD_FR_ROOT_RSVD     0x0a
#define VTD_FR_CTX_RSVD      0x0b
#define VTD_FR_PTE_RSVD      0x0c
#define VTD_FR_INTERRUPT     0x0e /* translates into the interrupt range */
#define VTD_FR_IR_REQ_RSVD   0x20 /* reserved bits of a request */
#define VTD_FR_IR_INDEX      0x21 /* index beyond the table */
#define VTD_FR_IR_NP         0x22 /* entry not present */
#define VTD_FR_IR_ACCESS     0x23 /* the table is inaccessible */
#define VTD_FR_IR_RSVD       0x24 /* reserved bits of an entry */
#define VTD_FR_IR_COMPAT     0x25 /* compatibility format blocked */
#define VTD_FR_IR_SOURCE     0x26 /* not from whom the entry is for */

#endif /* VIOMMU_VTD_SPEC_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
