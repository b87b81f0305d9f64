/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nvme.h: an NVMe driver with one queue pair and no interrupts, as a source
 * of DMA.  Its queues are addressed by their physical addresses, always.
 * All that is done, is done with the controller that is selected, the first
 * one unless said otherwise.
 */

#ifndef VIOMMU_NVME_H
#define VIOMMU_NVME_H

#include "vtd.h"

#define NVME_READ               2
#define NVME_WRITE              1

#define NVME_PENDING            (-1)
#define NVME_TIMEOUT            (-2)

#define NVME_BLOCK              512u
#define NVME_PAGE_BLOCKS        (4096 / NVME_BLOCK)

/* Pages of memory by words, each of which says where it comes from. */
#define WORDS                   (4096 / 8)
#define DISK(n, i)              (0x6469736b00000000ull | (n) << 16 | (i))
#define UNTOUCHED(i)            (0x6e6f6e6500000000ull | (i))
#define SIGNATURE(i)            (0x6d696e6500000000ull | (i))
#define LATER(i)                (0x6c61746500000000ull | (i))

/* what: one of the above, of i_. */
#define FILL(page, what)                                \
    do {                                                \
        unsigned int i_;                                \
        for ( i_ = 0; i_ < WORDS; i_++ )                \
            ACCESS_ONCE((page)[i_]) = what;             \
    } while ( 0 )

/* Number of words that are so. */
#define COUNT(page, what)                               \
    ({ unsigned int i_, count_ = 0;                     \
       for ( i_ = 0; i_ < WORDS; i_++ )                 \
           count_ += ACCESS_ONCE((page)[i_]) == (what); \
       count_; })

#define NVME_MAX                2

/* Of the selected controller. */
extern uint16_t nvme_sid;

/* Blocks that a command with one address transfers.  A page, until changed. */
extern unsigned int nvme_blocks;

/* Find, reset, create queues.  False, and an error or skip, if it cannot. */
bool nvme_init(void);
/* Use the nth controller from now on.  The like of nvme_init() at first. */
bool nvme_select(unsigned int nth);
/* Fill that many pages (even) of the disk with DISK(page, word). */
bool nvme_fill_disk(unsigned int pages);
/* After a fault which the device takes for fatal. */
bool nvme_reset(void);

/* Map the queues, so that the device works when it is translated. */
void nvme_map_queues(const struct vtd_dom *dom);
/* A domain with the queues in it, and the device in the domain. */
struct vtd_dom nvme_dom(uint16_t did);
/* Map the page, and see that the device can read its page 1 into it. */
bool nvme_reads(const struct vtd_dom *dom, uint64_t iova, uint64_t *page);
/* Its registers, and those that nothing uses while it is enabled. */
#define NVME_IDLE               0x28
#define NVME_NR_IDLE            2       /* of 8 bytes each */
uint64_t nvme_regs_addr(void);
/* Where the device fetches the next command from. */
uint64_t nvme_queue_addr(void);

/* Queue a command for one address, or for two whole pages.  Returns its id. */
unsigned int nvme_queue(unsigned int opcode, unsigned int page,
                        uint64_t iova, uint64_t iova2);
/* Show the queued commands to the device. */
void nvme_ring(void);
/* Status of a command, 0: done, NVME_PENDING.  Touches memory only. */
int nvme_status(unsigned int id);

/* Queue, ring and wait.  0, the device's status, or NVME_TIMEOUT. */
int nvme_rw(unsigned int opcode, unsigned int page, uint64_t iova);

#endif /* VIOMMU_NVME_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
