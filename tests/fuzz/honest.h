/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is true in fuzz-dm.c: a device whose DMA goes by the protocol of
 * public/hvm/viommu.h, word by word, and a guest which unmaps pages and looks
 * for when it may have them back.  Whoever accesses a page that the guest has
 * back makes the run fail.
 */
#ifndef HONEST_H
#define HONEST_H

#include "fuzz.h"
#include "small-host.h"

#define DM         7
#define HONEST     8            /* slots 0 to 7 are its; word 0 of busy[] */
#define NR_MAPPED  16           /* pages that the guest maps, from iova 0 on */
#define TARGET     0x10000ULL   /* ... to here on, in domain DID */
#define RID        0x18
#define DID        5

extern bool honest_attached;
/* The other one forges what the honest device reads: it cannot be protected. */
extern bool honest_spoilt;

void honest_create(bool queue);

/* Without a hypercall, so at any moment. */
void honest_publish(unsigned int n);
void honest_check(unsigned int n);
void honest_end(unsigned int n);
void honest_forget(void);               /* apply the log to the cache */
/* End, and use the slot again, for a page that is in the cache. */
void honest_again(unsigned int n, unsigned int page);

/* With one. */
void honest_begin(unsigned int n, unsigned int page, unsigned int pages);
void honest_acknowledge(void);
void honest_dies(void);                 /* and takes all of its DMA with it */

/* The guest. */
void guest_unmap(unsigned int page, unsigned int how, unsigned int more);
void guest_poll(void);
/* It gives up waiting: its machine is reset, or it broke its own tables. */
void guest_gives_up(void);
bool guest_waits(void);

#endif /* HONEST_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
