/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * second-dm DOMID MODE: another device model, beside the first or after it.
 *
 *   refused      there is a first one: this one must not be let in
 *   serve        attach, see that all is as for a beginner, make DMA that
 *                invalidations wait for, end in order
 *   hold         attach, let an invalidation wait, say "HELD", for ever
 *   leave        the same, and detach instead
 *   storm SEED   attach, and make DMA into the guest without end
 *
 * Or a toolstack that does no more than "suspend" the domain, or let it go on: "resume".
 *
 * It does what public/hvm/viommu.h asks for, with a device that exists for the
 * IOMMU only, since QEMU's is gone: the guest sees its writes, and tells of it,
 * and takes its orders, through a page that stays mapped (viommu-dmrestart).
 * All that ought to be so is checked here; the exit status is 1, and the last
 * line says why, if something is not.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xendevicemodel.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xenguest.h>
#include <xenstore.h>
#include <xen/hvm/viommu_domctl.h>
#include <xen/memory.h>

/* As in tests/xtf/tests/viommu-soak and viommu-dmrestart */
#define RID             (5 << 3)
#define IOVA(p)         (0x40000000ull + (p) * 4096ull)
#define NR_PAGES        16
#define IOVA_MAIL       0x50000000ull
#define WORDS           (4096 / 8)
#define LATER(i)        (0x6c61746500000000ull | (i))

struct mail {
    uint64_t asked, op;         /* written here: the number is the last */
    uint64_t answered, answer;  /* written by the guest */
    uint64_t complete;          /* invalidations that have ended */
    uint64_t written;           /* words of ours in the page by then */
};

#define OP_MAP          1       /* map page 0; it has none of our words */
#define OP_FRESH        2       /* invalidate another page: 1 if that waits */
#define OP_INVALIDATE   3       /* unmap page 0, invalidate: 1 if it waits */
#define NR_KINDS        3       /* 3, 4, 5: page, domain, global */

static unsigned int domid;
static xc_interface *xch;
static xendevicemodel_handle *dmod;
static xc_interface *xch;
static xenforeignmemory_handle *fmem;
static xenevtchn_handle *evtchn;
static struct xen_viommu_ledger *ledger;
static struct xen_viommu_log *inv_log;
static struct xen_viommu_slot *slots;
static volatile struct mail *mail;

#define must(cond)                                              \
    do {                                                        \
        if ( !(cond) )                                          \
            errx(1, "%s:%d: not so: %s", __FILE__, __LINE__, #cond); \
    } while ( 0 )

#define wait_until(cond)                                        \
    do {                                                        \
        unsigned int wait_ = 0;                                 \
        while ( !(cond) )                                       \
        {                                                       \
            if ( wait_++ > 20000 )                              \
                errx(1, "%s:%d: never: %s", __FILE__, __LINE__, #cond); \
            usleep(1000);                                       \
        }                                                       \
    } while ( 0 )

#define once(x)         (*(volatile typeof(x) *)&(x))
#define full_barrier()  __sync_synchronize()

static struct xen_viommu_stats stats(void)
{
    struct xen_viommu_stats s;

    must(!xc_domain_viommu_get_stats(xch, domid, 0, &s));

    return s;
}

static uint64_t *map_page(uint64_t gpa)
{
    static struct { uint64_t gpa, *page; } known[32];
    static unsigned int nr;
    xen_pfn_t pfn = gpa >> 12;
    unsigned int i;
    int rc;

    for ( i = 0; i < nr; i++ )
        if ( known[i].gpa == gpa )
            return known[i].page;
    must(nr < 32);
    known[nr].gpa = gpa;
    known[nr].page = xenforeignmemory_map(fmem, domid, PROT_READ | PROT_WRITE,
                                          1, &pfn, &rc);
    must(known[nr].page && !rc);

    return known[nr++].page;
}

/* May the device write there?  It only asks: no fault is recorded for it. */
static bool translate(uint64_t iova, struct xen_viommu_xlat *xlat,
                      uint64_t *gen)
{
    *xlat = (struct xen_viommu_xlat){ .iova = iova, .rid = RID };
    must(!xendevicemodel_viommu_translate(dmod, domid, 0, xlat, 1, gen));

    return xlat->status == XEN_VIOMMU_XLAT_OK &&
           (xlat->perm & XEN_VIOMMU_WRITE);
}

static bool covers(const struct xen_viommu_log *inv, uint64_t iova,
                   uint16_t did)
{
    switch ( inv->inv )
    {
    case XEN_VIOMMU_INV_CONFIG_DEVICE:
        return !((RID ^ inv->rid) & ~inv->rid_mask);
    case XEN_VIOMMU_INV_TLB_DOMAIN:
    case XEN_VIOMMU_INV_CONFIG_DOMAIN:
        return inv->did == did;
    case XEN_VIOMMU_INV_TLB_RANGE:
        return inv->did == did && !((iova ^ inv->iova) >> inv->order);
    }

    return true;
}

static void end_dma(unsigned int n)
{
    uint64_t bit = 1ull << (n % 64);

    once(ledger->busy[n / 64]) &= ~bit;
    full_barrier(); /* (B) */
    if ( once(ledger->waited[n / 64]) & bit )
        must(!xendevicemodel_viommu_ack(dmod, domid, 0));
}

/* Steps 1 to 4 of the header.  NULL: the page is not mapped. */
static uint64_t *begin_dma(unsigned int n, uint64_t iova)
{
    struct xen_viommu_xlat xlat;
    uint64_t gen, gpa, head, i;

    for ( ; ; )
    {
        bool gone = false;

        if ( !translate(iova, &xlat, &gen) )
            return NULL;
        gpa = xlat.gpa + (iova - xlat.iova);

        slots[n].iova = iova;
        slots[n].gpa = gpa;
        slots[n].rid = RID;
        slots[n].did = xlat.did;
        slots[n].access = XEN_VIOMMU_WRITE;
        __sync_synchronize();
        /* One word on the ABI's side: pages and seq. */
        once(*(uint64_t *)&slots[n].pages) =
            1 | (uint64_t)(slots[n].seq + 1) << 32;
        once(ledger->busy[n / 64]) |= 1ull << (n % 64);
        full_barrier(); /* (A) */

        head = once(ledger->head);
        if ( head - gen >= XEN_VIOMMU_LOG_ENTRIES )
            gone = true;
        for ( i = gen; i < head && !gone; i++ )
            gone = covers(&inv_log[i % XEN_VIOMMU_LOG_ENTRIES], iova, xlat.did);
        if ( once(ledger->head) - gen >= XEN_VIOMMU_LOG_ENTRIES )
            gone = true;
        if ( !gone )
            return map_page(gpa);
        end_dma(n);
    }
}

static void dma_write(uint64_t *page, unsigned int from, unsigned int to)
{
    unsigned int i;

    for ( i = from; i < to; i++ )
        once(page[i]) = LATER(i);
}

static evtchn_port_t attach(void)
{
    struct xen_viommu_xlat xlat = { .iova = IOVA_MAIL, .rid = RID };
    uint32_t version = XEN_VIOMMU_DM_VERSION, flags;
    evtchn_port_t port, other;
    uint64_t gen;
    void *pages = NULL;
    unsigned int i;

    must(!xendevicemodel_viommu_attach(dmod, domid, 0, &version, &flags,
                                       &port));
    must(version == XEN_VIOMMU_DM_VERSION);
    must(xenforeignmemory_map_resource(fmem, domid, XENMEM_resource_viommu, 0,
                                       0, XEN_VIOMMU_LEDGER_FRAMES, &pages,
                                       PROT_READ | PROT_WRITE, 0));
    ledger = pages;
    inv_log = pages + 4096;
    slots = pages + 2 * 4096;

    /* Nothing of its predecessor's, but for the log. */
    for ( i = 0; i < XEN_VIOMMU_SLOTS / 64; i++ )
        must(!once(ledger->busy[i]) && !once(ledger->waited[i]));
    must(once(ledger->floor) == XEN_VIOMMU_NO_FLOOR);
    must(!once(ledger->floor_waited));
    must(once(ledger->head) != 0);

    /* Attached is not alive. */
    must(xendevicemodel_viommu_translate(dmod, domid, 0, &xlat, 1, &gen) &&
         errno == ENOTCONN);
    must(xendevicemodel_viommu_ack(dmod, domid, 0) &&
         errno == ENOTCONN);
    must(!(stats().flags & XEN_VIOMMU_STATS_DM));

    other = xenevtchn_bind_interdomain(evtchn, domid, port);
    if ( other == (evtchn_port_t)-1 )
        err(1, "cannot bind port %u", port);
    must(stats().flags & XEN_VIOMMU_STATS_DM);
    must(!xendevicemodel_viommu_ack(dmod, domid, 0));

    return other;
}

static void must_be_refused(void)
{
    uint32_t version = XEN_VIOMMU_DM_VERSION, flags;
    evtchn_port_t port;

    must(xendevicemodel_viommu_attach(dmod, domid, 0, &version, &flags,
                                      &port) &&
         errno == EBUSY);
    must(stats().flags & XEN_VIOMMU_STATS_DM);
}

static uint64_t ask(uint64_t op)
{
    uint64_t number = mail->answered + 1;

    mail->op = op;
    mail->asked = number;
    wait_until(mail->answered == number);

    return mail->answer;
}

/* Has Xen's event come since the last time? */
static bool told(void)
{
    struct pollfd fd = { .fd = xenevtchn_fd(evtchn), .events = POLLIN };
    int port;

    if ( poll(&fd, 1, 0) <= 0 )
        return false;
    port = xenevtchn_pending(evtchn);
    must(port >= 0 && !xenevtchn_unmask(evtchn, port));

    return true;
}

/* A DMA is in flight, and the guest wants its page back. */
static uint64_t *begin_stale(unsigned int n, unsigned int kind)
{
    uint64_t *page;
    struct xen_viommu_stats s;
    unsigned int i;

    ask(OP_MAP);
    told();
    page = begin_dma(n, IOVA(0));
    must(page);
    dma_write(page, 0, WORDS / 2);

    /* What it does not use any more is not waited for; this is. */
    must(ask(OP_FRESH) == 0);
    must(!(stats().flags & XEN_VIOMMU_STATS_WAITING));
    must(ask(OP_INVALIDATE + kind) == 1);

    wait_until(told());
    must((once(ledger->waited[n / 64]) >> (n % 64)) & 1);
    s = stats();
    must(s.flags & XEN_VIOMMU_STATS_WAITING);
    must(s.blocked == 1 && s.blocked_by.iova == IOVA(0));

    /* Saying so does not make it so. */
    for ( i = 0; i < 3; i++ )
        must(!xendevicemodel_viommu_ack(dmod, domid, 0));
    must(stats().flags & XEN_VIOMMU_STATS_WAITING);

    return page;
}

static void serve(void)
{
    uint64_t complete, *page;
    unsigned int i, n;

    for ( i = 0; i < 2 * NR_KINDS; i++ )
    {
        /* Of each word of busy[] some */
        n = i * 197 % XEN_VIOMMU_SLOTS + 1;
        complete = mail->complete;
        page = begin_stale(n, i % NR_KINDS);
        must(mail->complete == complete);

        dma_write(page, WORDS / 2, WORDS);
        end_dma(n);
        wait_until(mail->complete == complete + 1);
        must(mail->written == WORDS);
        must(!once(ledger->waited[n / 64]));
    }

    /* Without a slot: by the floor. */
    complete = mail->complete;
    ask(OP_MAP);
    once(ledger->floor) = once(ledger->head);
    full_barrier();
    must(ask(OP_INVALIDATE) == 1);
    must(once(ledger->floor_waited));
    once(ledger->floor) = XEN_VIOMMU_NO_FLOOR;
    full_barrier();
    must(!xendevicemodel_viommu_ack(dmod, domid, 0));
    wait_until(mail->complete == complete + 1);

    /* With nothing in flight. */
    ask(OP_MAP);
    must(ask(OP_INVALIDATE) == 0);
    must(mail->complete == complete + 2);
}

static void storm(uint32_t seed)
{
    for ( ; ; )
    {
        unsigned int n = seed % XEN_VIOMMU_SLOTS;
        uint64_t *page;

        seed = seed * 1664525 + 1013904223;
        page = begin_dma(n, IOVA((seed >> 16) % NR_PAGES));
        if ( !page )
            continue;
        dma_write(page, 0, WORDS);
        if ( seed % 4096 < 1024 )
            usleep(seed % 1024);
        dma_write(page, 0, WORDS);
        end_dma(n);
    }
}

int main(int argc, char **argv)
{
    const char *mode;

    if ( argc < 3 )
        errx(2, "usage: second-dm DOMID MODE");
    domid = strtoul(argv[1], NULL, 0);
    mode = argv[2];

    fmem = xenforeignmemory_open(NULL, 0);
    xch = xc_interface_open(NULL, NULL, 0);
    dmod = xendevicemodel_open(NULL, 0);
    evtchn = xenevtchn_open(NULL, 0);
    if ( !fmem || !dmod || !xch || !evtchn )
        err(1, "cannot open Xen's devices");

    if ( !strcmp(mode, "refused") )
    {
        must_be_refused();
        return 0;
    }
    if ( !strcmp(mode, "suspend") )
    {
        must(!xc_domain_shutdown(xch, domid, SHUTDOWN_suspend));
        return 0;
    }
    if ( !strcmp(mode, "resume") )
    {
        struct xs_handle *xs = xs_open(0);

        /* xenstored tells of a shutdown once, unless it knows that this one is over. */
        must(xs && !xc_domain_resume(xch, domid, 1) &&
             xs_resume_domain(xs, domid));
        return 0;
    }

    attach();
    must_be_refused();
    if ( !strcmp(mode, "storm") )
        storm(argc > 3 ? strtoul(argv[3], NULL, 0) : 1);

    /* A DMA like others; its page stays mapped, so nobody waits for it. */
    mail = (void *)begin_dma(0, IOVA_MAIL);
    must(mail);

    if ( !strcmp(mode, "serve") )
        serve();
    else
    {
        begin_stale(1, 0);
        printf("HELD\n");
        fflush(stdout);
        if ( !strcmp(mode, "leave") )
            must(!xendevicemodel_viommu_detach(dmod, domid, 0));
        else
            pause();
    }

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
