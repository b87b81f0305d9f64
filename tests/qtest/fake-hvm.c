/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What else QEMU calls of Xen's libraries as the device model of a guest
 * (accel=xen), for a QEMU that runs without Xen under a test (LD_PRELOAD).  The
 * guest's memory is a file, FAKE_HVM: which page is where, which the device
 * model says it has written, and the pages; guest.py knows the same layout.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE     4096UL
#define NR_GFNS  (1UL << 20)
#define NR_PAGES (1UL << 15)

#define IOREQ_PORT    1000      /* where the test tells of a request */
#define BUFIOREQ_PORT 1001

struct hvm {
    uint32_t where[NR_GFNS];    /* the page; 0: there is none */
    uint8_t dirty[NR_GFNS];     /* written here, cleared by the test */
    uint64_t fresh;             /* the next page that nobody has had */
    uint64_t maps;              /* calls for memory */
    uint8_t pad[PAGE - 16];
    uint8_t page[NR_PAGES][PAGE];   /* 0 and 1: of requests */
    uint8_t claimed[1 << 16];   /* requests of that PCI device come here */
};

static struct hvm *hvm;
static int file;

static void init(void)
{
    if (hvm) {
        return;
    }
    file = open(getenv("FAKE_HVM"), O_RDWR);
    hvm = mmap(NULL, sizeof(*hvm), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file < 0 || hvm == MAP_FAILED) {
        abort();
    }
}

/* ------------------------------------------------------------------ memory */

void *xenforeignmemory_open(void *logger, unsigned int flags)
{
    init();
    return hvm;
}

int xenforeignmemory_close(void *fmem)
{
    return 0;
}

void *xenforeignmemory_map2(void *fmem, uint32_t domid, void *addr, int prot,
                            int flags, size_t nr, const unsigned long *gfns,
                            int *err)
{
    char *base = mmap(addr, nr * PAGE, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    size_t i;

    hvm->maps++;
    for (i = 0; i < nr; i++) {
        uint32_t page = gfns[i] < NR_GFNS ? hvm->where[gfns[i]] : 0;

        err[i] = page ? 0 : -ENOENT;
        if (page && mmap(base + i * PAGE, PAGE, prot, MAP_SHARED | MAP_FIXED,
                         file, offsetof(struct hvm, page) + page * PAGE) ==
                    MAP_FAILED) {
            abort();
        }
    }
    return base;
}

void *xenforeignmemory_map(void *fmem, uint32_t domid, int prot, size_t nr,
                           const unsigned long *gfns, int *err)
{
    int errs[nr];

    return xenforeignmemory_map2(fmem, domid, NULL, prot, 0, nr, gfns,
                                 err ? err : errs);
}

int xenforeignmemory_unmap(void *fmem, void *addr, size_t nr)
{
    return munmap(addr, nr * PAGE);
}

int xenforeignmemory_unmap_resource(void *fmem, void *res)
{
    return 0;
}

/* Of fake-xen.c, for all but the vIOMMU's pages. */
void *fake_hvm_requests(void)
{
    init();
    return hvm->page;
}

int xc_domain_populate_physmap_exact(void *xc, uint32_t domid, unsigned long nr,
                                     unsigned int order, unsigned int flags,
                                     unsigned long *gfns)
{
    unsigned long i;

    for (i = 0; i < nr; i++) {
        hvm->where[gfns[i]] = hvm->fresh++;
    }
    return hvm->fresh > NR_PAGES ? -1 : 0;
}

int xendevicemodel_relocate_memory(void *dmod, uint16_t domid, uint32_t nr,
                                   uint64_t from, uint64_t to)
{
    uint32_t page, i;

    for (i = 0; i < nr; i++) {
        page = hvm->where[from + i];
        hvm->where[from + i] = 0;
        hvm->where[to + i] = page;
    }
    return 0;
}

int xendevicemodel_modified_memory(void *dmod, uint16_t domid, uint64_t gfn,
                                   uint32_t nr)
{
    while (nr--) {
        hvm->dirty[gfn++] = 1;
    }
    return 0;
}

int xendevicemodel_map_pcidev_to_ioreq_server(void *dmod, uint16_t domid,
                                              uint16_t id, uint16_t segment,
                                              uint8_t bus, uint8_t dev,
                                              uint8_t func)
{
    uint8_t *claimed = &hvm->claimed[bus << 8 | dev << 3 | func];

    if (*claimed) {
        errno = EEXIST;
        return -1;
    }
    *claimed = 1;
    return 0;
}

int xendevicemodel_unmap_pcidev_from_ioreq_server(void *dmod, uint16_t domid,
                                                  uint16_t id, uint16_t segment,
                                                  uint8_t bus, uint8_t dev,
                                                  uint8_t func)
{
    hvm->claimed[bus << 8 | dev << 3 | func] = 0;
    return 0;
}

/* ----------------------------------------------------- that has no effect */

#define NOTHING(name) int name(void) { return 0; }
NOTHING(xc_interface_close)
NOTHING(xc_domain_shutdown)
NOTHING(xc_set_hvm_param)
NOTHING(xendevicemodel_destroy_ioreq_server)
NOTHING(xendevicemodel_map_io_range_to_ioreq_server)
NOTHING(xendevicemodel_unmap_io_range_from_ioreq_server)
NOTHING(xendevicemodel_set_ioreq_server_state)
NOTHING(xendevicemodel_pin_memory_cacheattr)
NOTHING(xendevicemodel_inject_msi)
NOTHING(xendevicemodel_set_irq_level)
NOTHING(xendevicemodel_set_isa_irq_level)
NOTHING(xendevicemodel_set_mem_type)
NOTHING(xendevicemodel_set_pci_intx_level)
NOTHING(xendevicemodel_set_pci_link_route)
NOTHING(xendevicemodel_shutdown)
NOTHING(xenevtchn_notify)
NOTHING(xenevtchn_unbind)
NOTHING(xengnttab_close)
NOTHING(xengnttab_grant_copy)
NOTHING(xengnttab_set_max_grants)
NOTHING(xengnttab_unmap)

void *xc_interface_open(void *logger, void *dombuild, unsigned int flags)
{
    init();
    return hvm;
}

int xc_hvm_param_get(void *xc, uint32_t domid, uint32_t param, uint64_t *value)
{
    errno = ENOSYS;
    return -ENOSYS;
}

void *xengnttab_open(void *logger, unsigned int flags)
{
    return &hvm;
}

void *xendevicemodel_open(void *logger, unsigned int flags)
{
    return &hvm;
}

int xendevicemodel_create_ioreq_server(void *dmod, uint16_t domid, int bufioreq,
                                       uint16_t *id)
{
    *id = 1;
    return 0;
}

int xendevicemodel_get_ioreq_server_info(void *dmod, uint16_t domid,
                                         uint16_t id, unsigned long *ioreq,
                                         unsigned long *bufioreq,
                                         uint32_t *port)
{
    *port = BUFIOREQ_PORT;
    return 0;
}

int xendevicemodel_track_dirty_vram(void *dmod, uint16_t domid, uint64_t gfn,
                                    uint32_t nr, unsigned long *bitmap)
{
    memset(bitmap, 0, (nr + 63) / 64 * 8);
    return 0;
}

/* ---------------------------------------------------------------- xenstore */

void *xs_open(unsigned long flags)
{
    init();
    return hvm;
}

void *xs_daemon_open(void)
{
    return xs_open(0);
}

NOTHING(xs_close)
NOTHING(xs_daemon_close)

int xs_fileno(void *xs)
{
    static int never = -1;

    if (never < 0) {
        never = eventfd(0, EFD_NONBLOCK);
    }
    return never;
}

void *xs_check_watch(void *xs)
{
    errno = EAGAIN;
    return NULL;
}

void *xs_directory(void *xs, uint32_t t, const char *path, unsigned int *nr)
{
    *nr = 0;
    errno = ENOENT;
    return NULL;
}

void *xs_read(void *xs, uint32_t t, const char *path, unsigned int *len)
{
    errno = ENOENT;
    return NULL;
}

char *xs_get_domain_path(void *xs, unsigned int domid)
{
    return strdup("/local/domain/7");
}

uint32_t xs_transaction_start(void *xs)
{
    return 1;
}

#define YES(name) bool name(void) { return true; }
YES(xs_transaction_end)
YES(xs_mkdir)
YES(xs_rm)
YES(xs_set_permissions)
YES(xs_write)
YES(xs_watch)
YES(xs_unwatch)
