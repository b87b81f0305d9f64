/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hostile-dm DOMID ROUNDS: what a device model gone mad may do to Xen.
 * hostile-dm DOMID busy|stale: how long Xen takes for what it may do, see below.
 *
 * Maps the pages that Xen shares with the device model of a guest and writes
 * garbage into every word of them, Xen's own included, while the guest works;
 * flips slots as fast as it can; and in the end leaves all slots free.  Prints
 * "HOSTILE rounds=N".
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <xenctrl.h>
#include <xendevicemodel.h>
#include <xenforeignmemory.h>
#include <xen/hvm/viommu_domctl.h>
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

/* The guest is viommu-dmworst; least of so many. */
#define TIMES 24
#define NS_PER_INSN 4
#define WORST_RID   0x18
#define WORST_DID   1
#define WORST_IOVA  0x40000000
#define WORST_GPA   0x00400000
#define WORST_PAGES 4

/* Where it counts instructions, it does so by 4 (scripts/stack). */
static uint64_t now(void)
{
    uint32_t lo, hi;

    asm volatile ( "lfence; rdtsc" : "=a" (lo), "=d" (hi) :: "memory" );

    return ((uint64_t)hi << 32) | lo;
}

/* The clock has to be read, too. */
static int nothing(xendevicemodel_handle *dmod, unsigned int domid)
{
    return dmod == NULL && domid;
}

static void fill(struct xen_viommu_ledger *ledger, struct xen_viommu_slot *slot)
{
    unsigned int i;

    for ( i = 0; i < XEN_VIOMMU_SLOTS; i++ )
        slot[i] = (struct xen_viommu_slot){
            .iova = WORST_IOVA, .gpa = WORST_GPA, .pages = WORST_PAGES,
            .rid = WORST_RID, .did = WORST_DID,
            .access = XEN_VIOMMU_READ | XEN_VIOMMU_WRITE,
        };
    __sync_synchronize();
    for ( i = 0; i < XEN_VIOMMU_SLOTS / 64; i++ )
        *(volatile uint64_t *)&ledger->busy[i] = ~0ull;
    __sync_synchronize();
}

/* 16 addresses, each by all levels. */
static int translate(xendevicemodel_handle *dmod, unsigned int domid)
{
    struct xen_viommu_xlat xlat[XEN_VIOMMU_MAX_XLAT] = {};
    uint64_t generation;
    unsigned int i;

    for ( i = 0; i < XEN_VIOMMU_MAX_XLAT; i++ )
    {
        xlat[i].iova = WORST_IOVA + i % WORST_PAGES * 4096;
        xlat[i].rid = WORST_RID;
        xlat[i].access = XEN_VIOMMU_WRITE;
    }

    return xendevicemodel_viommu_translate(dmod, domid, 0, xlat,
                                           XEN_VIOMMU_MAX_XLAT, &generation);
}

static int ack(xendevicemodel_handle *dmod, unsigned int domid)
{
    return xendevicemodel_viommu_ack(dmod, domid, 0);
}

/*
 * An interrupt, each time with another vector: what has been sent and not been taken is
 * not sent again.  Its device is the ISA bridge, which QEMU has in any machine.
 */
#define MSI_RID     0x08
#define MSI_BASE    0xfee00000

static unsigned int vector = 0x30;

static int inject_msi(xendevicemodel_handle *dmod, unsigned int domid)
{
    return xendevicemodel_inject_msi(dmod, domid, MSI_BASE, vector++);
}

static int viommu_msi(xendevicemodel_handle *dmod, unsigned int domid)
{
    return xendevicemodel_viommu_msi(dmod, domid, 0, MSI_RID, MSI_BASE,
                                     vector++);
}

static uint64_t least(int (*op)(xendevicemodel_handle *, unsigned int),
                      xendevicemodel_handle *dmod, unsigned int domid)
{
    uint64_t least = ~0ull;
    unsigned int i;

    for ( i = 0; i < TIMES; i++ )
    {
        uint64_t begin = now();

        if ( op(dmod, domid) )
            err(1, "a call that is legal");
        begin = now() - begin;
        if ( begin < least )
            least = begin;
    }

    return least;
}

static void worst(const char *name, unsigned int bound,
                  int (*op)(xendevicemodel_handle *, unsigned int),
                  xendevicemodel_handle *dmod, unsigned int domid)
{
    uint64_t empty = least(nothing, dmod, domid);
    uint64_t ticks = least(op, dmod, domid);

    printf("WORST case=%s insns=%lu bound=%u\n", name,
           (ticks > empty ? ticks - empty : 0) / NS_PER_INSN, bound);
}

/*
 * "busy": use all slots, which the guest then invalidates.  "stale": it waits
 * for all of them; end that.  Either prints what a call takes.
 */
static void measure(const char *what, struct xen_viommu_ledger *ledger,
                    xendevicemodel_handle *dmod, unsigned int domid)
{
    unsigned int i;

    if ( what[0] == 'b' )
    {
        worst("dm-msi-no-remapping", 12000, viommu_msi, dmod, domid);
        worst("dm-inject-msi", 12000, inject_msi, dmod, domid);
        worst("dm-translate-16", 40000, translate, dmod, domid);
        worst("dm-ack-idle", 10000, ack, dmod, domid);
        fill(ledger, (void *)((char *)ledger + 2 * 4096));
        return;
    }

    worst("dm-ack-1024-waited", 100000, ack, dmod, domid);
    for ( i = 0; i < XEN_VIOMMU_SLOTS / 64; i++ )
        *(volatile uint64_t *)&ledger->busy[i] = 0;
    __sync_synchronize();
    if ( ack(dmod, domid) )
        err(1, "ack");
}

int main(int argc, char **argv)
{
    unsigned int domid, rounds, n, i;
    struct xen_viommu_ledger *ledger;
    xenforeignmemory_handle *fmem;
    xendevicemodel_handle *dmod;
    struct xen_viommu_stats stats;
    xc_interface *xch;
    void *pages = NULL;

    if ( argc != 3 )
        errx(2, "usage: hostile-dm DOMID ROUNDS|busy|stale");
    domid = strtoul(argv[1], NULL, 0);
    rounds = strtoul(argv[2], NULL, 0);

    fmem = xenforeignmemory_open(NULL, 0);
    dmod = xendevicemodel_open(NULL, 0);
    xch = xc_interface_open(NULL, NULL, 0);
    if ( !fmem || !dmod || !xch )
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

    if ( !rounds )
    {
        measure(argv[2], ledger, dmod, domid);
        return 0;
    }

    for ( n = 0; n < rounds; n++ )
    {
        scribble(pages);
        /* Look again at all of that. */
        if ( ack(dmod, domid) )
            err(1, "ack");
    }

    for ( i = 0; i < XEN_VIOMMU_SLOTS / 64; i++ )
        *(volatile uint64_t *)&ledger->busy[i] = 0;
    *(volatile uint64_t *)&ledger->floor = XEN_VIOMMU_NO_FLOOR;
    /* Xen writes that again only when it appends to the log. */
    if ( xc_domain_viommu_get_stats(xch, domid, 0, &stats) )
        err(1, "statistics");
    *(volatile uint64_t *)&ledger->head = stats.requested;
    if ( ack(dmod, domid) )
        err(1, "ack");

    printf("HOSTILE rounds=%u\n", rounds);
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
