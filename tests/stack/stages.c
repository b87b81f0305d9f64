/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stages SEED DOMAINS: every operation on a vIOMMU at every stage of a
 * domain's life, in a random order that SEED decides.
 *
 * A toolstack and a device model reach domains that are not finished, or
 * finished long ago: without vCPUs, without memory, paused, shut down, reset,
 * dying.  Each call has to end as the header says it does, and Xen has to
 * survive it.  The calls of each stage are made in the same order for the same
 * SEED; for some domains another process makes them, too, while the domain
 * goes, and for these nothing is expected but that Xen lives.
 *
 * Prints a line for each answer that is wrong, and at the end
 * "STAGES domains=N calls=N refused=N wrong=N".
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xendevicemodel.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xenguest.h>
#include <xen/hvm/viommu.h>
#include <xen/memory.h>
#include <xen/sched.h>

#include "stages.h"

/* Xen 4.22 calls it DOMID_ANY, and no longer takes 0 for it. */
#define ANY_DOMID   0x7ff5

#define BASE        0xfed90000u
#define UNITS       3       /* of a domain, at most */
#define CALLS       24      /* at each stage */
#define DEVICE      3       /* of bus 0, that a device model has claimed */

xc_interface *xch;
static xendevicemodel_handle *dmod;
static xenevtchn_handle *evtchn;
xenforeignmemory_handle *fmem;

/* What the program has done to the domain, from which the answers follow. */
static struct {
    uint32_t domid;
    const char *stage;
    bool exists, has_run, dying;
    unsigned int units;     /* vIOMMUs that it has */
    struct unit {
        bool attached;
        evtchn_port_t port; /* of the last attachment */
        int local;          /* our end of it, -1 if it is not bound */
    } unit[UNITS];
    bool claimed;           /* a device, for an ioreq server of ours */
    uint32_t flags;         /* that they were created with */
    void *frames;           /* the ledger of one, if it is mapped for good */
    xenforeignmemory_resource_handle *mapping;
} dom;

static unsigned long calls, refused, wrong;

/* xorshift */
static uint64_t state;

static unsigned int below(unsigned int n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;

    return (state >> 16) % n;
}

/* One that it may have, or one that no domain has. */
static unsigned int any_unit(void)
{
    return below(16) ? below(UNITS) : XEN_VIOMMU_MAX_UNITS + below(~0u - 8);
}

static bool has_unit(unsigned int unit)
{
    return unit < dom.units;
}

static bool is_bound(unsigned int unit)
{
    return dom.unit[unit].attached && dom.unit[unit].local >= 0 && !dom.dying;
}

static void unbind(unsigned int unit)
{
    if ( dom.unit[unit].local >= 0 )
        xenevtchn_unbind(evtchn, dom.unit[unit].local);
    dom.unit[unit].local = -1;
}

/* The result of a call, 0 or an errno, and what it should have been. */
static void verdict(const char *what, int rc, int expected)
{
    calls++;
    if ( rc )
        refused++;
    if ( rc == expected )
        return;

    wrong++;
    printf("wrong: %s, %s: %s", dom.stage, what, strerror(rc));
    printf(", not %s\n", strerror(expected));
}

static int result(int rc)
{
    return rc < 0 ? errno : 0;
}

static void try_create(void)
{
    unsigned int unit = below(2) ? dom.units : any_unit();
    unsigned int wrong_way = below(8), flags = below(3);
    uint32_t type = XEN_VIOMMU_TYPE_VTD;
    uint64_t base = BASE + (below(8) ? unit << 12 & 0xffff : 0);
    uint8_t aw = below(2) ? 39 : 48, haw;
    int rc, expected = 0;

    switch ( wrong_way )
    {
    case 0: type = below(1000) + 2; break;
    case 1: base = BASE + 1 + below(4095); break;
    case 2: base = 0x100000000ull; break;
    case 3: flags = 3 + below(1u << 31); break;
    case 4: aw = below(39); break;
    }

    if ( !dom.exists )
        expected = ESRCH;
    else if ( wrong_way < 5 )
        expected = EINVAL;
    else if ( has_unit(unit) || base < BASE + dom.units * 0x1000 )
        expected = EEXIST;
    else if ( unit > dom.units || unit >= XEN_VIOMMU_MAX_UNITS ||
              (dom.units &&
               ((flags ^ dom.flags) & XEN_VIOMMU_CREATE_INTREMAP)) )
        expected = EINVAL;
    else if ( dom.has_run )
        expected = EBUSY;
    else if ( dom.dying )
        expected = EINVAL;

    /* What is tried with them has room for so many. */
    if ( !expected && dom.units == UNITS )
        return;

    rc = result(xc_domain_viommu_create(xch, dom.domid, unit, type, base, flags,
                                        aw, &haw));
    if ( !rc )
    {
        dom.units++;
        dom.flags = flags;
    }
    verdict("create", rc, expected);
}

/* What all of the device model's operations have in common. */
static int no_unit(unsigned int unit)
{
    return !dom.exists ? ESRCH : !has_unit(unit) ? ENODEV : 0;
}

static void try_attach(void)
{
    uint32_t version = below(6) ? XEN_VIOMMU_DM_VERSION + below(2) : 0, said;
    unsigned int unit = any_unit();
    evtchn_port_t port = 0;
    int rc, expected = no_unit(unit);

    if ( !expected )
        expected = !version ? EINVAL : is_bound(unit) ? EBUSY : 0;
    if ( !expected && dom.dying )
        expected = EINVAL;

    rc = result(xendevicemodel_viommu_attach(dmod, dom.domid, unit, &version,
                                             &said, &port));
    verdict("attach", rc, expected);
    if ( rc )
        return;

    dom.unit[unit].attached = true;
    dom.unit[unit].port = port;
    unbind(unit);
}

static void try_detach(void)
{
    unsigned int unit = any_unit();
    int rc, expected = no_unit(unit);

    if ( !expected && !dom.unit[unit].attached )
        expected = ENOTCONN;

    rc = result(xendevicemodel_viommu_detach(dmod, dom.domid, unit));
    if ( !rc )
        dom.unit[unit].attached = false;
    verdict("detach", rc, expected);
}

static void try_translate(void)
{
    struct xen_viommu_xlat xlat[XEN_VIOMMU_MAX_XLAT + 1] = {};
    unsigned int i, nr = below(4) ? 1 + below(XEN_VIOMMU_MAX_XLAT)
                                  : below(XEN_VIOMMU_MAX_XLAT + 2);
    unsigned int unit = any_unit();
    uint64_t generation;
    bool bad = false;
    int expected;

    for ( i = 0; i < nr; i++ )
    {
        xlat[i].iova = (uint64_t)below(1u << 20) << below(40);
        xlat[i].rid = below(1u << 16);
        xlat[i].access = below(4);
    }
    if ( nr && !below(8) )
    {
        bad = true;
        xlat[nr - 1].pad[below(2)] = 1;
    }

    if ( !nr )
        expected = EINVAL;
    else if ( nr > XEN_VIOMMU_MAX_XLAT )
        expected = E2BIG;
    else
        expected = no_unit(unit);
    if ( !expected )
        expected = bad ? EINVAL : is_bound(unit) ? 0 : ENOTCONN;

    verdict("translate",
            result(xendevicemodel_viommu_translate(dmod, dom.domid, unit, xlat,
                                                   nr, &generation)), expected);
}

static void try_ack(void)
{
    unsigned int unit = any_unit();
    int expected = no_unit(unit);

    if ( !expected && !is_bound(unit) )
        expected = ENOTCONN;

    verdict("ack", result(xendevicemodel_viommu_ack(dmod, dom.domid, unit)),
            expected);
}

/* For all of its units. */
static bool remaps(void)
{
    return dom.units && (dom.flags & XEN_VIOMMU_CREATE_INTREMAP);
}

/* Of a device that this program has claimed, or has not. */
static void try_msi(void)
{
    uint64_t addr = 0xfee00000 | below(1u << 20);
    unsigned int unit = any_unit();
    int rc, expected = no_unit(unit);
    /* Xen has a word to say of modes that it does not know, unless it remaps. */
    uint32_t data = remaps() ? below(1u << 16) : 0x20 + below(0xc0);
    bool bad = !below(4), other = !below(4);
    ioservid_t id;

    if ( dom.exists && !dom.dying && !dom.claimed && !below(4) )
        dom.claimed = !xendevicemodel_create_ioreq_server(
                          dmod, dom.domid, HVM_IOREQSRV_BUFIOREQ_OFF, &id) &&
                      !xendevicemodel_map_pcidev_to_ioreq_server(
                          dmod, dom.domid, id, 0, 0, DEVICE, 0);
    if ( bad )
        addr += below(2) ? 1u << 20 : 1ull << 32;
    if ( !expected )
        expected = bad ? EINVAL : dom.claimed && !other ? 0 : EPERM;

    rc = result(xendevicemodel_viommu_msi(dmod, dom.domid, unit,
                                          DEVICE << 3 | other, addr, data));
    /* Not remapped, it may find nobody. */
    if ( rc == ESRCH && !expected && !remaps() )
        expected = ESRCH;
    verdict("msi", rc, expected);
}

static void try_stats(void)
{
    struct xen_viommu_stats stats;
    unsigned int unit = any_unit();
    int rc = result(xc_domain_viommu_get_stats(xch, dom.domid, unit, &stats));

    verdict("get_stats", rc, no_unit(unit));
    if ( !rc && is_bound(unit) != !!(stats.flags & XEN_VIOMMU_STATS_DM) )
    {
        wrong++;
        printf("wrong: %s, get_stats: a device model is %s\n", dom.stage,
               is_bound(unit) ? "not attached" : "attached");
    }
}

/* The pages of the ledger: how many, and a part of them for a moment. */
static void try_frames(void)
{
    unsigned int frame = below(XEN_VIOMMU_LEDGER_FRAMES + 2);
    unsigned int nr = 1 + below(XEN_VIOMMU_LEDGER_FRAMES);
    xenforeignmemory_resource_handle *handle;
    unsigned int unit = any_unit();
    void *va = NULL;
    int expected = 0;

    if ( !dom.exists )
        expected = ESRCH;
    else if ( !has_unit(unit) || frame + nr > XEN_VIOMMU_LEDGER_FRAMES )
        expected = EINVAL;
    else if ( dom.dying )
        expected = ENODATA;

    handle = xenforeignmemory_map_resource(
        fmem, dom.domid, XENMEM_resource_viommu, unit, frame, nr, &va,
        PROT_READ | PROT_WRITE, 0);
    verdict("map", handle ? 0 : errno, expected);
    if ( !handle )
        return;

    /* The words that are the device model's, and all others. */
    ((volatile uint64_t *)va)[below(nr * 512)] = state;
    xenforeignmemory_unmap_resource(fmem, handle);
}

/* Our end of the event channel.  Ports of others are left alone. */
static void try_event(void)
{
    unsigned int n = below(UNITS);
    struct unit *unit = &dom.unit[n];

    if ( unit->local >= 0 )
    {
        if ( below(4) )
            verdict("notify", result(xenevtchn_notify(evtchn, unit->local)), 0);
        else
            unbind(n);
        return;
    }

    if ( !unit->attached )
        return;
    unit->local = xenevtchn_bind_interdomain(evtchn, dom.domid, unit->port);
    if ( !dom.dying )
        verdict("bind", result(unit->local), 0);
}

static void (*const operations[])(void) = {
    try_create, try_attach, try_detach, try_translate, try_ack, try_msi,
    try_stats, try_frames, try_event, try_event, try_event,
};

static void stage(const char *name)
{
    unsigned int i;

    dom.stage = name;
    for ( i = 0; i < CALLS; i++ )
        operations[below(sizeof(operations) / sizeof(*operations))]();
}

void must(int rc, const char *what)
{
    if ( rc )
        err(1, "%s, %s", dom.stage, what);
}

static void nobody_bound(void)
{
    unsigned int i;

    for ( i = 0; i < UNITS; i++ )
        dom.unit[i].local = -1;
}

static void domain_shell(unsigned int vcpus)
{
    struct xen_domctl_createdomain config = {
        .flags = XEN_DOMCTL_CDF_hvm | (below(4) ? XEN_DOMCTL_CDF_hap : 0),
        .max_vcpus = vcpus,
        .max_evtchn_port = 1023,
        .max_grant_frames = 4,
        .max_maptrack_frames = 4,
        .grant_opts = XEN_DOMCTL_GRANT_version(2),
        .arch = { .emulation_flags = XEN_X86_EMU_ALL & ~XEN_X86_EMU_VPCI },
    };

    xc_physinfo_t host;

    /* Newer ones are built without shadow paging by default. */
    must(xc_physinfo(xch, &host), "physinfo");
    if ( !(host.capabilities & XEN_SYSCTL_PHYSCAP_shadow) )
        config.flags |= XEN_DOMCTL_CDF_hap;

    /* A number that no domain has. */
    memset(&dom, 0, sizeof(dom));
    nobody_bound();
    dom.domid = DOMID_FIRST_RESERVED - 1;
    stage("no domain");

    dom.domid = ANY_DOMID;
    must(xc_domain_create(xch, &dom.domid, &config), "domain");
    dom.exists = true;
    must(xc_domain_setmaxmem(xch, dom.domid, 1024 + NR_PAGES * 4), "maxmem");
    stage("no vCPU");
}

/* Map them, and keep them mapped: pages outlive their domain. */
static void keep_frames(void)
{
    if ( !dom.units )
        return;

    dom.mapping = xenforeignmemory_map_resource(
        fmem, dom.domid, XENMEM_resource_viommu, below(dom.units), 0,
        XEN_VIOMMU_LEDGER_FRAMES, &dom.frames, PROT_READ | PROT_WRITE, 0);
    must(!dom.mapping, "its frames");
}

/* The same calls from beside, without a word, until the domain has gone. */
static pid_t storm(void)
{
    pid_t pid = fork();

    if ( pid )
        return pid;

    if ( !freopen("/dev/null", "w", stdout) )
        _exit(1);
    xch = xc_interface_open(NULL, NULL, 0);
    dmod = xendevicemodel_open(NULL, 0);
    fmem = xenforeignmemory_open(NULL, 0);
    evtchn = xenevtchn_open(NULL, 0);
    if ( !xch || !dmod || !fmem || !evtchn )
        _exit(1);
    nobody_bound();
    for ( ;; )
    {
        struct xen_viommu_stats stats;

        stage("storm");
        if ( xc_domain_viommu_get_stats(xch, dom.domid, 0, &stats) &&
             errno == ESRCH )
            _exit(0);
    }
}

static void destroy(void)
{
    unsigned int i;
    pid_t pid = 0;

    if ( below(2) )
        keep_frames();
    if ( !below(3) )
        pid = storm();

    must(xc_domain_destroy(xch, dom.domid), "destroy");
    if ( dom.mapping )
    {
        /* Its pages are in use, so it is there; the attachment has ended. */
        dom.dying = true;
        dom.claimed = false;
        for ( i = 0; i < UNITS; i++ )
            dom.unit[i].attached = false;
        if ( !pid )
            stage("dying");
        ((volatile uint64_t *)dom.frames)[below(5120)] = state;
        xenforeignmemory_unmap_resource(fmem, dom.mapping);
    }
    for ( i = 0; i < UNITS; i++ )
        unbind(i);
    if ( pid )
    {
        int status;

        if ( waitpid(pid, &status, 0) != pid || status )
            errx(1, "the process beside: status %#x", status);
    }
}

static void shut_down(void)
{
    unsigned int reason = below(SHUTDOWN_MAX + 1);

    must(xc_domain_shutdown(xch, dom.domid, reason), "shutdown");
    stage("shut down");
    if ( below(2) )
    {
        must(xc_domain_pause(xch, dom.domid), "pause");
        /* It may fail: Xen resets what is complete only. */
        if ( !xc_domain_soft_reset(xch, dom.domid) )
            stage("reset");
        else
            stage("not reset");
        must(xc_domain_unpause(xch, dom.domid), "unpause");
    }
    else if ( reason == SHUTDOWN_suspend &&
              !xc_domain_resume(xch, dom.domid, 1) )
        stage("resumed");
}

/* From the first stage on, to any of them. */
static void life(void)
{
    unsigned int vcpus = 1 + below(2), last = below(8);
    bool empty = !below(4);

    domain_shell(vcpus);
    if ( last == 0 )
        return;
    if ( below(4) )
    {
        uint8_t haw;

        if ( !dom.units )
        {
            dom.flags = below(2);
            must(xc_domain_viommu_create(xch, dom.domid, 0, XEN_VIOMMU_TYPE_VTD,
                                         BASE, dom.flags, 48, &haw), "viommu");
            dom.units = 1;
        }
        stage("vIOMMU, no vCPU");
    }
    if ( last == 1 )
        return;
    must(xc_domain_max_vcpus(xch, dom.domid, vcpus), "vCPUs");
    stage("no memory");
    if ( last == 2 )
        return;
    if ( !empty )
    {
        guest_memory(dom.domid);
        stage("memory");
        guest_program(dom.domid);
        guest_vcpu(dom.domid);
        stage("ready");
    }
    if ( last == 3 )
        return;
    must(xc_domain_unpause(xch, dom.domid), "unpause");
    dom.has_run = true;
    stage(empty ? "running, empty" : "running");
    if ( last == 4 )
        return;
    must(xc_domain_pause(xch, dom.domid), "pause");
    stage("paused");
    if ( last == 5 )
        return;
    must(xc_domain_unpause(xch, dom.domid), "unpause");
    stage("running again");
    if ( last == 6 )
        return;
    shut_down();
}

int main(int argc, char **argv)
{
    unsigned long domains, i;

    if ( argc != 3 )
        errx(2, "usage: stages SEED DOMAINS");
    state = strtoul(argv[1], NULL, 0) * 0x9e3779b97f4a7c15 + 1;
    domains = strtoul(argv[2], NULL, 0);
    setvbuf(stdout, NULL, _IOLBF, 0);

    xch = xc_interface_open(NULL, NULL, 0);
    dmod = xendevicemodel_open(NULL, 0);
    fmem = xenforeignmemory_open(NULL, 0);
    evtchn = xenevtchn_open(NULL, 0);
    if ( !xch || !dmod || !fmem || !evtchn )
        err(1, "cannot open Xen's devices");

    for ( i = 0; i < domains; i++ )
    {
        life();
        destroy();
    }

    printf("STAGES domains=%lu calls=%lu refused=%lu wrong=%lu\n", domains,
           calls, refused, wrong);

    return wrong != 0;
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
