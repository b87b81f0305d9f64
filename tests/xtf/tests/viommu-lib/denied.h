/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * denied.h: a device with tables of its own, and DMA of it that is refused.
 */

#ifndef VIOMMU_DENIED_H
#define VIOMMU_DENIED_H

#include "nvme.h"

#define DID                     9
/* Where the device has buf. */
#define IOVA                    0x0000000040000000ull

/* Neither memory nor a device, but an address the guest could have. */
#define HOLE                    0xe0000000ull

/* What a command of one block transfers. */
#define BLOCK_WORDS             (NVME_BLOCK / 8)

extern uint64_t buf[WORDS];
extern struct vtd_dom dom;

/* Tables in which the device's queues work, and IOVA is buf; enable. */
bool denied_setup(unsigned int levels);

/* Exactly that fault, once or more. */
void expect_fault(const char *what, unsigned int reason, bool read,
                  uint64_t addr);

/* A read of the disk: the device writes memory, or rather does not. */
void denied_write(const char *what, unsigned int reason, uint64_t iova);
/* A write of the disk: the device reads memory, or rather does not. */
void denied_read(const char *what, unsigned int reason, uint64_t iova);

/* Set an entry, invalidate the domain. */
void change_pte(uint64_t iova, unsigned int level, uint64_t val);

/*
 * What makes the device lose its own queues: it fetches a command, which is a
 * read of a page that works otherwise, and has to be reset.  Ends with
 * translation disabled.  Reason 0: nothing is recorded.
 */
void lost_queue(const char *what, unsigned int reason);

#endif /* VIOMMU_DENIED_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
