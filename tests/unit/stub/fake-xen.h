/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As much of Xen as the stub can tell: a guest's tables, the log, and a scan
 * of the slots.  Slow and obvious.
 */
#include "xen-viommu-client.h"

#define PAGE      4096ULL
#define NR_PAGES  64        /* addresses 0 to NR_PAGES * PAGE - 1 */
#define NR_DIDS   8
#define NR_RIDS   32
/* no memory, but registers */
#define DEV_BASE  0x80000000ULL
#define DEV_END   (DEV_BASE + 16 * PAGE)

typedef struct FakeXen {
    _Alignas(4096) char frames[XEN_VIOMMU_LEDGER_FRAMES][4096];
    /* gpa | perm by domain and page; 0: not mapped */
    uint64_t table[NR_DIDS][NR_PAGES];
    uint16_t did[NR_RIDS];
    bool disabled;          /* everything translates to itself */
    uint64_t asked, calls, told, faults;
    pthread_mutex_t lock;   /* of the tables, as they are walked and changed */
} FakeXen;

void fake_init(FakeXen *x, XenViommuClient *c);
void fake_end(FakeXen *x, XenViommuClient *c);

struct xen_viommu_ledger *fake_ledger(FakeXen *x);
struct xen_viommu_slot *fake_slot(FakeXen *x, unsigned int slot);

/* Append to the log, as Xen does. */
void fake_log(FakeXen *x, const struct xen_viommu_log *e);
void fake_inv(FakeXen *x, uint8_t inv, uint16_t did, uint64_t iova,
              uint8_t order);

/* What a walk gives now; false: nothing. */
bool fake_walk(FakeXen *x, uint16_t rid, uint64_t iova, XenViommuRange *r);

/* Is a DMA in flight that @e covers and whose translation has changed? */
bool fake_stale(FakeXen *x, const struct xen_viommu_log *e, uint64_t head);

/* Does @e cover a device's page?  By the words of the header. */
bool fake_covers(const struct xen_viommu_log *e, uint16_t rid, uint16_t did,
                 uint64_t iova);
