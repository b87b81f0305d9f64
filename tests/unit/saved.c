/* SPDX-License-Identifier: GPL-2.0-only */
#include "saved.h"

struct hvm_hw_viommu rec;

static struct {
    uint8_t unit[32768];
    uint32_t mirror[ARRAY_SIZE(unit_mirror)];
} kept;

void keep(void)
{
    assert_true(viommu->fe->size <= sizeof(kept.unit));
    memcpy(kept.unit, viommu, viommu->fe->size);
    memcpy(kept.mirror, unit_mirror, sizeof(kept.mirror));
}

void check_kept(void)
{
    assert_memory_equal(kept.unit, viommu, viommu->fe->size);
    assert_memory_equal(kept.mirror, unit_mirror, sizeof(kept.mirror));
}

void save(void)
{
    keep();
    /* Whatever is there, all of the record is written. */
    memset(&rec, 0xa5, sizeof(rec));
    viommu_save(viommu, &rec);
    check_kept();
}

int load(void)
{
    const char *why = "?";
    int rc = viommu_load(viommu, &rec, &why);

    fake_check_unlocked();
    if ( rc )
        assert_non_null(why);
    else
        assert_null(why);

    return rc;
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
