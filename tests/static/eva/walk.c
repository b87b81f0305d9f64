/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frama-C's Eva analyses from walk(): the translation of any address, for any
 * device and access, through tables in which anything may be written, at every
 * read anew, or which may not be there.
 */
#include "core.h"
#include "vtd/vtd.h"

#include <__fc_builtin.h>

volatile uint64_t any;

/*
 * Values of it are kept apart (-eva-partition-value), as the number of levels
 * depends on it; together they are all there are.
 */
unsigned int eva_case;

/*@ requires cond != 0; assigns \nothing; */
static void require(int cond)
{
}

int viommu_host_read(const struct viommu *viommu, uint64_t gpa, void *buf,
                     unsigned int size)
{
    uint64_t *entry = buf;

    require(size == 8 || size == 16);

    /* The buffer is left as it is: not initialised. */
    if ( any & 1 )
        return -EFAULT;

    entry[0] = any;
    if ( size == 16 )
    {
        /* By what is where a context entry has AW. */
        eva_case = Frama_C_unsigned_int_interval(0, 7);
        entry[1] = (any << 3) + eva_case;
    }

    return 0;
}

int walk(void)
{
    const struct viommu_frontend fe = { .walk = vtd_walk };
    struct viommu viommu = {
        .fe = &fe,
        .aw = any & 1 ? 39 : 48,
        .haw = Frama_C_unsigned_char_interval(36, 52),
    };
    struct viommu_view view = { .enabled = any & 1, .root = any };
    struct viommu_fault fault = { .quiet = any & 1 };
    struct viommu_path path = {
        .valid = any & 1, .quiet = any & 1,
        .perm = any & (XEN_VIOMMU_READ | XEN_VIOMMU_WRITE),
        .did = any, .rid = any, .prefix = any, .table = any & VTD_ENTRY_ADDR,
    };
    struct xen_viommu_xlat xlat;

    Frama_C_make_unknown((char *)&xlat, sizeof(xlat));
    viommu_resolve(&viommu, &view, &path, &xlat, &fault);
    require(xlat.order >= 12 && xlat.order <= 64);

    return 0;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
