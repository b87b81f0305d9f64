/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the unit tests share: the vIOMMU under test, seen as a guest sees it
 * (registers, tables in memory) and as a device model does (hypercalls).
 *
 * The numbers in here are written down a second time, from the architecture
 * and not from the sources under test, which have their own.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake.h"

/* Registers: offsets, and the bits that tests name. */
#define R_VER      0x00
#define R_CAP      0x08
#define R_ECAP     0x10
#define R_GCMD     0x18
#define R_GSTS     0x1c
#define R_RTADDR   0x20
#define R_CCMD     0x28
#define R_FSTS     0x34
#define R_FECTL    0x38
#define R_FEDATA   0x3c
#define R_FEADDR   0x40
#define R_FEUADDR  0x44
#define R_IQH      0x80
#define R_IQT      0x88
#define R_IQA      0x90
#define R_ICS      0x9c
#define R_IECTL    0xa0
#define R_IEDATA   0xa4
#define R_IEADDR   0xa8
#define R_IEUADDR  0xac
#define R_IQERCD   0xb0
#define R_IRTA     0xb8
#define R_IVA      0xf0
#define R_IOTLB    0xf8
#define R_FRCD(n)  (0x220 + 16 * (n))
#define R_END      0x2a0

#define NR_FRCD    8

#define TE         (1u << 31)   /* GCMD, GSTS */
#define SRTP       (1u << 30)
#define QIE        (1u << 26)
#define IRE        (1u << 25)
#define SIRTP      (1u << 24)
#define CFI        (1u << 23)
#define ICC        (1ULL << 63)
#define CIRG(g)    ((uint64_t)(g) << 61)
#define CAIG(g)    ((uint64_t)(g) << 59)
#define IVT        (1ULL << 63)
#define IIRG(g)    ((uint64_t)(g) << 60)
#define IAIG(g)    ((uint64_t)(g) << 57)
#define IOTLB_DID(d) ((uint64_t)(d) << 32)
#define PFO        (1u << 0)
#define PPF        (1u << 1)
#define IQE        (1u << 4)
#define IWC        (1u << 0)    /* ICS */
#define IM         (1u << 31)
#define IP         (1u << 30)

/* Entries of tables in memory. */
#define P          1ULL
#define FPD        2ULL
#define TT(t)      ((uint64_t)(t) << 2)
#define AW39       1ULL
#define AW48       2ULL
#define DID(d)     ((uint64_t)(d) << 8)
#define PR         1ULL
#define PW         2ULL
#define PRW        3ULL
#define PS         (1ULL << 7)

#define BASE       0xfed90000ULL    /* of the registers */
#define DM         7                /* the domain that is the DM */
#define RID        0x0018           /* 00:03.0, where tests have a device */

/* Fails the test, saying in what circumstances. */
#define check(cond, ...)                                                      \
    do {                                                                      \
        if ( !(cond) )                                                        \
        {                                                                     \
            print_error("not so: %s\n", #cond);                               \
            print_error("   " __VA_ARGS__);                                   \
            print_error("\n");                                                \
            _fail(__FILE__, __LINE__);                                        \
        }                                                                     \
    } while ( 0 )

extern struct viommu *viommu;

/* The ledger's frames. */
extern struct xen_viommu_ledger *ldm;
extern struct xen_viommu_log *ldm_log;
extern struct xen_viommu_slot *ldm_slot;

/* XEN_VIOMMU_CREATE_* of what unit_create() creates; 0 to begin with. */
extern uint32_t unit_flags;
/* A new vIOMMU on a fresh machine; the earlier one is gone. */
void unit_create(uint8_t aw, uint8_t haw);
/* The same on the machine that there is, of which only the memory stays. */
void unit_replace(uint8_t aw, uint8_t haw);
/*
 * The machine's second unit, to begin with: it becomes the one under test, and
 * the first is put aside.  And the other way round.  The fake host forbids whatever
 * one of them does to the one that is aside.
 */
void unit_second(void);
void unit_switch(void);
struct viommu *unit_other(void);
/* Of all that there is of the unit under test: does any bit of it change? */
uint64_t unit_sum(void);
/* What a guest finds that reads the registers as memory. */
extern uint32_t unit_mirror[VIOMMU_PAGE_SIZE / 4];
/* For cmocka: 48 bits, 46 bits of guest memory; and the end of it. */
int unit_setup(void **state);
int unit_teardown(void **state);

#define a_test(f) cmocka_unit_test_setup_teardown(f, unit_setup,             \
                                                   unit_teardown)

/* Run tests for a unit with a queue and then for one without. */
int unit_run(const struct CMUnitTest *tests, size_t nr, unsigned int kinds);
#define run_both(tests) unit_run(tests, ARRAY_SIZE(tests), 2)
/* ... and for one that remaps interrupts. */
#define run_all(tests) unit_run(tests, ARRAY_SIZE(tests), 3)

/*
 * The guest's accesses to registers.  What is left of the queue is up to the
 * test: unit_more says whether the last write has left any.
 */
extern bool unit_more;
/*
 * The same after dm_ack(): a vCPU that was woken by it has done what one call
 * of viommu_continue() does.
 */
extern bool unit_ack_more;
uint32_t r32(unsigned int off);
uint64_t r64(unsigned int off);
void w32(unsigned int off, uint32_t val);
void w64(unsigned int off, uint64_t val);

/* Does the guest see no command in progress? */
bool idle(void);

/* The DM attaches and binds.  Returns its port. */
evtchn_port_t dm_attach(void);
/* One translation by the DM, which is attached. */
struct xen_viommu_xlat dm_translate(uint16_t rid, uint64_t iova,
                                    uint8_t access);
/* The generation that the latest dm_translate() came with. */
extern uint64_t dm_generation;
/* XEN_DMOP_viommu_ack by the DM; returns what the hypercall does. */
int dm_ack(void);
/* A DMA without a slot begins, which uses what can be translated now. */
void dm_hold(void);
/* Those that began before @generation end, and Xen is told; or all of them. */
void dm_end(uint64_t generation);
void dm_end_all(void);
/* The generation that is waited for. */
uint64_t unit_requested(void);

struct xen_viommu_stats unit_stats(void);

/*
 * A small world of tables: a root table, the context table of bus 0, one
 * second-level table for each level (as many as AW has), the context entry of
 * RID set and present, all of them empty but for the path to iova 0.
 */
#define T_ROOT     0x100000ULL
#define T_CTX      0x101000ULL
#define T_L4       0x104000ULL
#define T_L3       0x103000ULL
#define T_L2       0x102000ULL
#define T_L1       0x105000ULL
void tables_create(unsigned int levels, uint16_t did);
/* Map the page at @iova below 2M; flags: PR, PW. */
void tables_map(uint64_t iova, uint64_t gpa, uint64_t flags);
/* The context entry of RID. */
void tables_ctx(uint64_t lo, uint64_t hi);
/* SRTP and TE, by the guest. */
void tables_enable(void);

/* Repeatable random numbers; the seed is shown, and comes from $UNIT_SEED. */
void unit_seed(void);
uint64_t rnd(uint64_t below);
/* $name as a number, or @def. */
unsigned long unit_env(const char *name, unsigned long def);

#endif /* UNIT_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
