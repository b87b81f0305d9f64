/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where common code meets the vIOMMU (xen/drivers/viommu) of a domain, if it
 * has one.  What is the architecture's is in asm/hvm/viommu.h.
 */
#ifndef __XEN_VIOMMU_H__
#define __XEN_VIOMMU_H__

#include <xen/errno.h>
#include <xen/types.h>

#include <public/xen.h>

struct domain;

#ifdef CONFIG_VIOMMU

/*
 * XENMEM_resource_viommu: the pages that Xen shares with the DM.  How many
 * there are, 0 if there is no vIOMMU @id; and their numbers.
 *
 * -EINVAL   there is no vIOMMU @id, or there are no such frames
 * -ENODATA  the domain is dying
 */
unsigned int viommu_resource_max_frames(const struct domain *d,
                                        unsigned int id);
int viommu_acquire_resource(struct domain *d, unsigned int id,
                            unsigned int frame, unsigned int nr_frames,
                            xen_pfn_t mfn_list[]);

/*
 * Memory of @d has gone, or is elsewhere now: the DM forgets what it knows, as
 * it does of its mappings.  No lock of the p2m's may be held.
 */
void viommu_mapcache_invalidate(struct domain *d);

#else

static inline unsigned int viommu_resource_max_frames(const struct domain *d,
                                                      unsigned int id)
{
    return 0;
}

static inline int viommu_acquire_resource(struct domain *d, unsigned int id,
                                          unsigned int frame,
                                          unsigned int nr_frames,
                                          xen_pfn_t mfn_list[])
{
    return -EOPNOTSUPP;
}

static inline void viommu_mapcache_invalidate(struct domain *d) {}

#endif /* CONFIG_VIOMMU */

#endif /* __XEN_VIOMMU_H__ */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
