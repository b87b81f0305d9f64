/* SPDX-License-Identifier: GPL-2.0-only */
/* See pair.h. */
#include <stdlib.h>

#include "pair.h"

#define BASE    0xfed90000ULL
#define DM      7

struct viommu *viommu;
XenViommuClient client;

__thread bool pair_walks;
__thread unsigned long pair_asked;

static void *frames;

void pair_set(uint64_t gpa, uint64_t val)
{
    __atomic_store_n(&torture_ram[gpa / 8], val, __ATOMIC_RELEASE);
}

void pair_go_on(void)
{
    while ( __atomic_exchange_n(&torture_kicked, false, __ATOMIC_SEQ_CST) )
        while ( viommu_continue(viommu) )
            ;
}

uint64_t pair_read(unsigned int off)
{
    uint64_t val = viommu_mmio_read(viommu, BASE + off, 8, true);

    pair_go_on();

    return val;
}

void pair_write(unsigned int off, unsigned int size, uint64_t val)
{
    viommu_mmio_write(viommu, BASE + off, size, val, true);
    pair_go_on();
}

static int translate(void *opaque, struct xen_viommu_xlat *xlat,
                     unsigned int nr, uint64_t *generation)
{
    (void)opaque;
    pair_asked++;

    return viommu_translate(viommu, DM, xlat, nr, generation);
}

static void tell(void *opaque)
{
    struct xen_dm_op_viommu_ack op = { 0 };

    (void)opaque;
    if ( viommu_ack(viommu, DM, &op) )
        abort();
}

static const uint64_t *table_map(void *opaque, uint64_t gpa)
{
    (void)opaque;

    return gpa < TORTURE_RAM ? &torture_ram[gpa / 8] : NULL;
}

static void table_unmap(void *opaque, const uint64_t *host)
{
    (void)opaque;
    (void)host;
}

static bool table_may(void *opaque)
{
    (void)opaque;

    return pair_walks;
}

void pair_create(uint32_t flags)
{
    const struct xen_domctl_viommu_create op = {
        .type = XEN_VIOMMU_TYPE_VTD,
        .base = BASE, .flags = flags, .aw = 48,
    };
    const struct viommu_frontend *fe = viommu_frontend(&op);

    frames = aligned_alloc(4096, XEN_VIOMMU_LEDGER_FRAMES * 4096);
    memset(frames, 0, XEN_VIOMMU_LEDGER_FRAMES * 4096);
    viommu = calloc(1, fe->size);
    viommu_init(viommu, fe, NULL, 0, 46, &op);
    viommu_give_ledger(viommu, calloc(1, sizeof(struct viommu_ledger)), frames);
}

void pair_attach(void)
{
    struct xen_dm_op_viommu_attach attach = { .version = XEN_VIOMMU_DM_VERSION };

    if ( viommu_attach(viommu, DM, &attach) )
        abort();
    client.translate = translate;
    client.tell = tell;
    client.walk.map = table_map;
    client.walk.unmap = table_unmap;
    client.walk.may = table_may;
    xen_viommu_client_init(&client, frames);
}

void pair_destroy(void)
{
    xen_viommu_client_destroy(&client);
    free(viommu_take_ledger(viommu));
    free(viommu);
    free(frames);
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
