/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Just enough of a host for xl to read and check a configuration where there
 * is no Xen: preloaded, it stands in for the calls of libxenctrl and
 * libxenstore which that takes.  No domain can be made with it.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xencall.h>
#include <xenctrl.h>
#include <xenforeignmemory.h>
#include <xenstore.h>

static char handle;

xencall_handle *xencall_open(xentoollog_logger *logger, unsigned open_flags)
{
    return (xencall_handle *)&handle;
}

int xencall_close(xencall_handle *xcall)
{
    return 0;
}

/* Whatever is not answered further down. */
int xencall1(xencall_handle *xcall, unsigned int op, uint64_t arg1)
{
    errno = ENOSYS;
    return -1;
}

int xencall2(xencall_handle *xcall, unsigned int op, uint64_t arg1,
             uint64_t arg2)
{
    errno = ENOSYS;
    return -1;
}

void *xencall_alloc_buffer_pages(xencall_handle *xcall, size_t nr_pages)
{
    return calloc(nr_pages, XC_PAGE_SIZE);
}

void xencall_free_buffer_pages(xencall_handle *xcall, void *p, size_t nr_pages)
{
    free(p);
}

xenforeignmemory_handle *xenforeignmemory_open(xentoollog_logger *logger,
                                               unsigned open_flags)
{
    return (xenforeignmemory_handle *)&handle;
}

int xenforeignmemory_close(xenforeignmemory_handle *fmem)
{
    return 0;
}

int xc_physinfo(xc_interface *xch, xc_physinfo_t *info)
{
    memset(info, 0, sizeof(*info));
    info->threads_per_core = info->cores_per_socket = 1;
    info->nr_cpus = info->nr_nodes = 1;
    info->capabilities = XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_pv |
                         XEN_SYSCTL_PHYSCAP_hap |
                         XEN_SYSCTL_PHYSCAP_directio;

    return 0;
}

int xc_get_max_cpus(xc_interface *xch)
{
    return 1;
}

int xc_domain_getinfolist(xc_interface *xch, uint32_t first,
                          unsigned int max, xc_domaininfo_t *info)
{
    return 0;
}

/* Fails, and with it whatever comes after the checks of a configuration. */
int xc_domain_create(xc_interface *xch, uint32_t *domid,
                     struct xen_domctl_createdomain *config)
{
    errno = ENOSYS;
    return -1;
}

struct xs_handle *xs_open(unsigned long flags)
{
    return (struct xs_handle *)&handle;
}

void xs_close(struct xs_handle *h)
{
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    /* Without this name, the CPU pool of new domains does not exist. */
    if (!strcmp(path, "/local/pool/0/name"))
        return strdup("Pool-0");

    errno = ENOENT;
    return NULL;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
