/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hostile-dm DOMID ROUNDS: what a device model gone mad may do to Xen.
 *
 * Maps the pages that Xen shares with the device model of a guest and writes
 * garbage into every word of them, Xen's own included, while the guest works;
 * flips slots as fast as it can; acknowledges what it has no business to; and
 * in the end leaves all slots free.  Prints "HOSTILE acks_refused=N rounds=N".
 */
#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <xendevicemodel.h>
#include <xenforeignmemory.h>
#include <xen/hvm/viommu.h>
#include <xen/memory.h>

#define WORDS (XEN_VIOMMU_LEDGER_FRAMES * 4096 / 8)

/* xorshift: the same garbage each time */
static uint64_t garbage(void)
{
    static uint64_t x = 0x9e3779b97f4a7c15;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;

    return x;
}

/* Half of it looks like what a device model would write. */
static void scribble(volatile uint64_t *page)
{
    volatile struct xen_viommu_slot *slot = (void *)(page + 2 * 512);
    unsigned int i;

    for ( i = 0; i < WORDS; i++ )
        page[i] = garbage();

    for ( i = 0; i < XEN_VIOMMU_SLOTS; i += 2 )
    {
        slot[i].iova = garbage() & 0xfffff000;
        slot[i].gpa = garbage() & 0x3ffff000;
        slot[i].pages = 1 + garbage() % XEN_VIOMMU_SLOT_PAGES;
        slot[i].rid = garbage() & 0xff;
        slot[i].did = garbage() % 16;
        slot[i].access = 1 + garbage() % 3;
    }
}

int main(int argc, char **argv)
{
    static const uint64_t acks[] = { 1, ~0ull, 1ull << 63, 1000000 };
    unsigned int domid, rounds, n, i, refused = 0;
    struct xen_viommu_ledger *ledger;
    xenforeignmemory_handle *fmem;
    xendevicemodel_handle *dmod;
    uint64_t requested;
    void *pages = NULL;

    if ( argc != 3 )
        errx(2, "usage: hostile-dm DOMID ROUNDS");
    domid = strtoul(argv[1], NULL, 0);
    rounds = strtoul(argv[2], NULL, 0);

    fmem = xenforeignmemory_open(NULL, 0);
    dmod = xendevicemodel_open(NULL, 0);
    if ( !fmem || !dmod )
        err(1, "cannot open Xen's devices");

    /* What is not there cannot be had. */
    if ( xenforeignmemory_map_resource(fmem, domid, XENMEM_resource_viommu, 0,
                                       XEN_VIOMMU_LEDGER_FRAMES, 1, &pages,
                                       PROT_READ, 0) ||
         xenforeignmemory_map_resource(fmem, domid, XENMEM_resource_viommu, 1,
                                       0, 1, &pages, PROT_READ, 0) )
        errx(1, "mapped pages that do not exist");

    pages = NULL;
    if ( !xenforeignmemory_map_resource(fmem, domid, XENMEM_resource_viommu, 0,
                                        0, XEN_VIOMMU_LEDGER_FRAMES, &pages,
                                        PROT_READ | PROT_WRITE, 0) )
        err(1, "cannot map the ledger of domain %u", domid);
    ledger = pages;

    for ( n = 0; n < rounds; n++ )
    {
        scribble(pages);
        for ( i = 0; i < sizeof(acks) / sizeof(*acks); i++ )
            refused += xendevicemodel_viommu_ack(dmod, domid, acks[i], 0,
                                                 &requested) &&
                       errno == EINVAL;
        /* Look again at all of that. */
        xendevicemodel_viommu_ack(dmod, domid, 0, 0, &requested);
    }

    for ( i = 0; i < XEN_VIOMMU_SLOTS / 64; i++ )
        *(volatile uint64_t *)&ledger->busy[i] = 0;
    *(volatile uint64_t *)&ledger->floor = XEN_VIOMMU_NO_FLOOR;
    *(volatile uint64_t *)&ledger->head = requested;
    xendevicemodel_viommu_ack(dmod, domid, 0, 0, &requested);

    printf("HOSTILE acks_refused=%u rounds=%u\n", refused, rounds);
    return refused != rounds * sizeof(acks) / sizeof(*acks);
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
