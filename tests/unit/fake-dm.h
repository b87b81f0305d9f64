/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device model which does what public/hvm/viommu.h tells it to, step by step,
 * and lets a test do otherwise.
 */
#ifndef FAKE_DM_H
#define FAKE_DM_H

#include "queue.h"

/* The port of the latest ldm_attach(). */
extern evtchn_port_t ldm_port;

/* Attach and bind. */
void ldm_attach(void);

/* Steps 2, 6: write a slot, which is not looked at, and its bit. */
void ldm_fill(unsigned int n, const struct xen_viommu_slot *slot);
void ldm_publish(unsigned int n, const struct xen_viommu_slot *slot);
void ldm_busy(unsigned int n, bool busy);
/* Step 4: does any entry from @from on cover the slot?  As the DM reads it. */
bool ldm_overtaken(unsigned int n, uint64_t from);
/* Step 8. */
bool ldm_waited(unsigned int n);
/* Steps 6 to 8; returns whether there was an acknowledgement. */
bool ldm_end(unsigned int n);

/* Does @log cover @slot, by the words of the header? */
bool ldm_covers(const struct xen_viommu_log *log,
                const struct xen_viommu_slot *slot);

/* Slots that Xen waits for, as it says in waited[]. */
unsigned int ldm_nr_waited(void);

/* Guest commands by register; @what as in the log. */
void ldm_invalidate(const struct xen_viommu_log *what);
/* The same as a descriptor, not submitted. */
void ldm_put(const struct xen_viommu_log *what);

#define INV_GLOBAL      { .inv = XEN_VIOMMU_INV_TLB_GLOBAL }
#define INV_DOMAIN(d)   { .inv = XEN_VIOMMU_INV_TLB_DOMAIN, .did = (d) }
#define INV_RANGE(d, a, o) { .inv = XEN_VIOMMU_INV_TLB_RANGE, .did = (d),     \
                             .iova = (a), .order = (o) }
#define INV_CC_GLOBAL   { .inv = XEN_VIOMMU_INV_CONFIG_GLOBAL }
#define INV_CC_DOMAIN(d) { .inv = XEN_VIOMMU_INV_CONFIG_DOMAIN, .did = (d) }
#define INV_CC_DEVICE(r, m) { .inv = XEN_VIOMMU_INV_CONFIG_DEVICE,            \
                              .rid = (r), .rid_mask = (m) }
#define INV_ROOT        { .inv = XEN_VIOMMU_INV_CONTROL }

/* Is the register command of that kind still in progress?  Without a look. */
bool ldm_pending(const struct xen_viommu_log *what);

/* The usual slot: RID in domain 1 writes the page at 1000h, which is 2000h. */
extern const struct xen_viommu_slot ldm_usual;

/*
 * Tables in which that is so, and enabled: pages 1000h to 8000h of domain 1 go
 * one page up, 2M at 200000h go to 400000h, 1G at 40000000h to 0.  LDM_RID2
 * passes through, in domain 2.  A DM is attached.
 */
#define LDM_RID2 0x20
void ldm_world(void);
int ldm_world_setup(void **state);
#define world_test(f) cmocka_unit_test_setup_teardown(f, ldm_world_setup,     \
                                                       unit_teardown)

/* Unmap the page of the usual slot, or map it there again. */
void ldm_unmap(void);
void ldm_remap(void);

#endif /* FAKE_DM_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
