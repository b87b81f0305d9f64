/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rows.h: parts of the guest, by what it abuses.  A subtest names the row of
 * tests/hostile/rows.list that it is about.
 */

#ifndef VIOMMU_HOSTILE_ROWS_H
#define VIOMMU_HOSTILE_ROWS_H

#include "../viommu-lib/denied.h"
#include "../viommu-lib/queue.h"
#include "../viommu-lib/smp.h"

/* Where no table, queue or status can be: names and addresses. */
struct place {
    const char *name;
    uint64_t addr;
};

#define NR_PLACES               6

extern struct place places[NR_PLACES];
/* The unit's registers, and where interrupts are sent to. */
extern const struct place special[2];

/* Make the places.  False, and the test has failed, if it cannot. */
bool places_init(void);

/* The page has no memory any more; and has some again, all of it new. */
bool balloon_out(const void *page);
bool balloon_in(uint64_t addr);
/* XENMEM_add_to_physmap of this domain. */
long map_over(unsigned int space, unsigned long idx, uint64_t addr);

/* A word of the page that a grant has put at its place. */
uint32_t granted_word(unsigned int off);

/*
 * By an error of the queue, the fault event; it is sent before that is over.  And how
 * many interrupts have been sent.
 */
void raise_event(uint32_t addr, uint32_t data);
unsigned int irqs(void);

/* Without FRI, which means nothing while no fault is recorded. */
static inline uint32_t fsts(void)
{
    return vtd_rd32(VTD_FSTS) & ~0xff00u;
}

/* The device works as it did: buf is what it says on the disk. */
void still_works(const char *after);

/* Before the first SRTP. */
void rows_reset(void);
/* With a queue. */
void rows_remap(void);
void rows_tables(void);
void rows_memory(void);
void rows_races(void);

#endif /* VIOMMU_HOSTILE_ROWS_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
