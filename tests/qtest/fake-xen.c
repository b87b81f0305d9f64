/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What QEMU's dummy vIOMMU calls of Xen's libraries, for a QEMU that runs
 * without Xen under a test (LD_PRELOAD).  The shared pages and a table of
 * translations are in a file that the test has mapped, too, one for each unit:
 * see machine.py, which knows the same layout.
 *
 * And the ioctls of a SCSI disk, for scsi-block: FAKE_SG names a file (any
 * character device) that answers them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <scsi/sg.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "viommu.h"

#define NR_ENTRIES 256
#define NR_FAULTS  256
#define NR_MSIS    256

/* The machine has as much memory; what is above it is the device model's. */
#define MEMORY (64ULL << 20)
/* In a perm: there is a hole in Xen's p2m, but no hole in the machine. */
#define HOLE   4
/* Above the machine's memory, and memory all the same: a frame buffer. */
#define RAM    8

struct entry {
    uint64_t iova, gpa, pages;
    uint32_t rid, perm;
};

struct fake {
    uint8_t ledger[XEN_VIOMMU_LEDGER_FRAMES][4096];
    /* written by the test; intremap before QEMU starts */
    uint64_t enabled, nr;
    /* written here */
    uint64_t faults, asked, told;
    uint64_t in_use;        /* slots, when it was last asked */
    uint64_t intremap;      /* written by the test */
    uint64_t msis;
    struct {
        uint64_t iova;
        uint32_t rid, access;
    } fault[NR_FAULTS];
    struct entry entry[NR_ENTRIES];
    struct {
        uint64_t addr;
        uint32_t data, rid;
    } msi[NR_MSIS];
    /* written by the test: where the tables are, and how much is vouched for */
    uint64_t root, block;
};

static volatile struct fake *unit_of[XEN_VIOMMU_MAX_UNITS];
static unsigned int nr_units;

/* Waits for the events of what is bound to it: units, the guest's requests. */
struct channel {
    int epoll;
    int of_unit;    /* a port of one is bound */
};

/* fake-hvm.c */
void *fake_hvm_requests(void);

/* Not to outlive the test. */
static void __attribute__((constructor)) die_with_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* FAKE_XEN and FAKE_XEN_EVENT: files and descriptors, with ':' between them. */
static void init(void)
{
    char *files, *file, *at = NULL;

    if (nr_units) {
        return;
    }
    files = strdup(getenv("FAKE_XEN"));
    for (file = strtok_r(files, ":", &at); file; file = strtok_r(NULL, ":", &at)) {
        int fd = open(file, O_RDWR);

        unit_of[nr_units] = mmap(NULL, sizeof(struct fake),
                                 PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (unit_of[nr_units++] == MAP_FAILED) {
            abort();
        }
        close(fd);
    }
    free(files);
}

static int event_of(unsigned int unit)
{
    const char *p = getenv("FAKE_XEN_EVENT");

    while (unit--) {
        p = strchr(p, ':') + 1;
    }
    return atoi(p);
}

static uint64_t head(volatile struct fake *fake)
{
    return ((volatile struct xen_viommu_ledger *)fake->ledger)->head;
}

int xendevicemodel_viommu_attach(void *dmod, uint16_t domid, unsigned int unit,
                                 uint32_t *version, uint32_t *flags,
                                 uint32_t *port)
{
    init();
    if (unit >= nr_units) {
        errno = ENODEV;
        return -1;
    }
    *flags = unit_of[unit]->intremap ? XEN_VIOMMU_ATTACH_INTREMAP : 0;
    *port = 1 + unit;
    return 0;
}

int xendevicemodel_viommu_detach(void *dmod, uint16_t domid, unsigned int unit)
{
    return 0;
}

int xendevicemodel_viommu_ack(void *dmod, uint16_t domid, unsigned int unit)
{
    unit_of[unit]->told++;
    return 0;
}

int xendevicemodel_viommu_msi(void *dmod, uint16_t domid, unsigned int unit,
                              uint16_t rid, uint64_t addr, uint32_t data)
{
    volatile struct fake *fake = unit_of[unit];
    uint64_t i = fake->msis % NR_MSIS;

    fake->msi[i].addr = addr;
    fake->msi[i].data = data;
    fake->msi[i].rid = rid;
    fake->msis++;
    return 0;
}

static void translate(volatile struct fake *fake, struct xen_viommu_xlat *x)
{
    uint64_t page = x->iova & ~0xfffULL, i;

    for (i = 0; i < fake->nr; i++) {
        volatile struct entry *e = &fake->entry[i];

        if (e->rid != x->rid || page < e->iova ||
            (page - e->iova) >> 12 >= e->pages || (x->access & ~e->perm)) {
            continue;
        }
        x->gpa = e->gpa + (page - e->iova);
        x->iova = page;
        x->order = 12;
        x->did = x->rid + 1;
        x->perm = e->perm & (XEN_VIOMMU_READ | XEN_VIOMMU_WRITE);
        x->status = (x->gpa >= MEMORY && !(e->perm & RAM)) || (e->perm & HOLE)
                    ? XEN_VIOMMU_XLAT_DEVICE : XEN_VIOMMU_XLAT_OK;
        if (x->status == XEN_VIOMMU_XLAT_OK && fake->root) {
            x->format = XEN_VIOMMU_FORMAT_VTD;
            x->levels = 4;
            x->root = fake->root;
            x->block = fake->block;
        }
        return;
    }

    if (x->access) {
        i = fake->faults % NR_FAULTS;
        fake->fault[i].iova = x->iova;
        fake->fault[i].rid = x->rid;
        fake->fault[i].access = x->access;
        fake->faults++;
    }
    x->gpa = 0;
    x->perm = 0;
    x->reason = 6;
    x->status = XEN_VIOMMU_XLAT_FAULT;
}

int xendevicemodel_viommu_translate(void *dmod, uint16_t domid,
                                    unsigned int unit,
                                    struct xen_viommu_xlat *xlat,
                                    unsigned int nr, uint64_t *generation)
{
    volatile struct fake *fake = unit_of[unit];
    volatile struct xen_viommu_ledger *ledger = (void *)fake->ledger;
    unsigned int i;

    *generation = head(fake);
    fake->in_use = 0;
    for (i = 0; i < XEN_VIOMMU_SLOTS / 64; i++) {
        fake->in_use += __builtin_popcountll(ledger->busy[i]);
    }
    for (i = 0; i < nr; i++) {
        fake->asked++;
        if (fake->enabled) {
            translate(fake, &xlat[i]);
        } else {
            xlat[i].iova = xlat[i].gpa = 0;
            xlat[i].did = 0;
            xlat[i].perm = XEN_VIOMMU_READ | XEN_VIOMMU_WRITE;
            xlat[i].order = 64;
            xlat[i].status = XEN_VIOMMU_XLAT_OK;
        }
    }
    return 0;
}

void *xenforeignmemory_map_resource(void *fmem, uint16_t domid,
                                    unsigned int type, unsigned int id,
                                    unsigned long frame,
                                    unsigned long nr_frames, void **paddr,
                                    int prot, int flags)
{
    if (type == 0) { /* XENMEM_resource_ioreq_server */
        return *paddr = fake_hvm_requests();
    }
    *paddr = (void *)unit_of[id]->ledger;
    return (void *)unit_of[id];
}

void *xenevtchn_open(void *logger, unsigned int flags)
{
    struct channel *c = calloc(1, sizeof(*c));

    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    return c;
}

int xenevtchn_fd(void *xce)
{
    return ((struct channel *)xce)->epoll;
}

/* Requests of the guest have ports above those of units, and one descriptor. */
int xenevtchn_bind_interdomain(void *xce, uint32_t domid, uint32_t port)
{
    int fd = port > XEN_VIOMMU_MAX_UNITS ? atoi(getenv("FAKE_HVM_EVENT"))
                                         : event_of(port - 1);
    struct epoll_event event = {
        .events = EPOLLIN,
        .data.u64 = (uint64_t)port << 32 | fd,
    };

    if (epoll_ctl(xenevtchn_fd(xce), EPOLL_CTL_ADD, fd, &event) &&
        errno != EEXIST) {
        abort();
    }
    ((struct channel *)xce)->of_unit |= port <= XEN_VIOMMU_MAX_UNITS;
    return port;
}

/* For Xen, the device model is gone then: it is for the process's end. */
int xenevtchn_close(void *xce)
{
    if (((struct channel *)xce)->of_unit) {
        abort();
    }
    return close(xenevtchn_fd(xce));
}

int xenevtchn_pending(void *xce)
{
    struct epoll_event event;
    uint64_t count;

    if (epoll_wait(xenevtchn_fd(xce), &event, 1, 0) <= 0) {
        return -1;
    }
    return read((int)event.data.u64, &count, sizeof(count)) > 0
           ? event.data.u64 >> 32 : -1;
}

int xenevtchn_unmask(void *xce, uint32_t port)
{
    return 0;
}

/* ------------------------------------------------------------------------ */

#define SG_BLOCKS 2048

static int sg_io(sg_io_hdr_t *io)
{
    const uint8_t *cdb = io->cmdp;
    const struct iovec *iov = io->dxferp;
    uint8_t reply[96] = {};
    unsigned int i;

    io->status = io->host_status = io->driver_status = 0;
    io->sb_len_wr = 0;
    io->resid = 0;

    switch (cdb[0]) {
    case 0x12: /* INQUIRY: a disk */
        reply[2] = 5;
        reply[4] = 31;
        break;
    case 0x25: /* READ CAPACITY(10) */
        reply[2] = (SG_BLOCKS - 1) >> 8;
        reply[3] = (SG_BLOCKS - 1) & 0xff;
        reply[6] = 512 >> 8;
        break;
    case 0x28: /* READ(10): ones */
        for (i = 0; i < io->iovec_count; i++) {
            memset(iov[i].iov_base, 1, iov[i].iov_len);
        }
        return 0;
    default:
        return 0;
    }
    if (io->dxfer_direction == SG_DXFER_FROM_DEV && !io->iovec_count) {
        memset(io->dxferp, 0, io->dxfer_len);
        memcpy(io->dxferp, reply, io->dxfer_len < sizeof(reply) ?
                                  io->dxfer_len : sizeof(reply));
    }
    return 0;
}

static int is_fake_sg(int fd)
{
    const char *name = getenv("FAKE_SG");
    struct stat sg, st;

    return name && !stat(name, &sg) && !fstat(fd, &st) &&
           S_ISCHR(st.st_mode) && sg.st_rdev == st.st_rdev;
}

int ioctl(int fd, unsigned long request, ...)
{
    static int (*next)(int, unsigned long, ...);
    va_list ap;
    void *arg;

    va_start(ap, request);
    arg = va_arg(ap, void *);
    va_end(ap);

    if (request == SG_GET_VERSION_NUM && is_fake_sg(fd)) {
        *(int *)arg = 30536;
        return 0;
    }
    if (request == SG_IO && is_fake_sg(fd)) {
        return sg_io(arg);
    }
    if (!next) {
        next = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
    }
    return next(fd, request, arg);
}
