/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A host with one HVM domain, number 7, for libxl to suspend and resume: preloaded
 * before fake-xen.c of tests/stack/xl-configs.  What it is made of is in directory
 * $FAKE: "domain" with the state of it, "store" with a directory for each node of
 * xenstore, whose value is the file "@" in it, "suspend-port" if the guest has one,
 * "no-unit" if it has no vIOMMU, "hold-removed" if somebody removes the file of a lock
 * that libxl is about to take, and "log".
 *
 * With $FAKE/hasty, time passes 50 times as fast while libxl waits.
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <libxl.h>
#include <xenctrl.h>
#include <xen/hvm/params.h>
#include <xen/hvm/viommu_domctl.h>
#include <xenevtchn.h>
#include <xenguest.h>
#include <xenstore.h>

#define DOMID 7
#define PORT 5

static char handle;

static const char *name(const char *format, ...)
{
    static __thread char path[2][4096];
    static __thread unsigned int which;
    char *out = path[which++ % 2];
    int len = snprintf(out, sizeof(path[0]), "%s/", getenv("FAKE"));
    va_list args;

    va_start(args, format);
    vsnprintf(out + len, sizeof(path[0]) - len, format, args);
    va_end(args);

    return out;
}

static char *load(const char *path, unsigned int *len)
{
    FILE *file = fopen(path, "r");
    char *data;
    size_t size;

    if ( !file )
        return NULL;
    data = calloc(1, 65536);
    size = fread(data, 1, 65535, file);
    fclose(file);
    if ( len )
        *len = size;

    return data;
}

static bool keep(const char *path, const void *data, size_t len, const char *how)
{
    FILE *file = fopen(path, how);

    if ( !file )
        return false;
    fwrite(data, 1, len, file);

    return !fclose(file);
}

static void note(const char *line)
{
    keep(name("log"), line, strlen(line), "a");
}

/* The domain */

static bool is(const char *state)
{
    char *now = load(name("domain"), NULL);
    bool same = now && !strncmp(now, state, strlen(state));

    free(now);
    return same;
}

static void becomes(const char *state)
{
    note(state);
    keep(name("domain"), state, strlen(state), "w");
}

static uint32_t flags(void)
{
    uint32_t dominf = XEN_DOMINF_hvm_guest | XEN_DOMINF_hap;

    if ( is("suspended") )
        dominf |= XEN_DOMINF_shutdown | SHUTDOWN_suspend << XEN_DOMINF_shutdownshift;
    if ( is("off") )
        dominf |= XEN_DOMINF_shutdown | SHUTDOWN_poweroff << XEN_DOMINF_shutdownshift;
    if ( is("reset") )
        dominf |= XEN_DOMINF_shutdown | SHUTDOWN_soft_reset << XEN_DOMINF_shutdownshift;
    if ( is("dying") )
        dominf |= XEN_DOMINF_dying;
    if ( is("paused") )
        dominf |= XEN_DOMINF_paused;

    return dominf;
}

int xc_domain_getinfolist(xc_interface *xch, uint32_t first, unsigned int max,
                          xc_domaininfo_t *info)
{
    if ( first > DOMID || !max || access(name("domain"), R_OK) )
        return 0;
    memset(info, 0, sizeof(*info));
    info->domain = DOMID;
    info->flags = flags();
    memset(info->handle, 0x77, sizeof(info->handle));

    return 1;
}

/* Since Xen 4.18. */
int xc_domain_getinfo_single(xc_interface *xch, uint32_t domid,
                             xc_domaininfo_t *info)
{
    if ( domid == DOMID && xc_domain_getinfolist(xch, domid, 1, info) == 1 )
        return 0;
    errno = ESRCH;

    return -1;
}

int xc_domain_shutdown(xc_interface *xch, uint32_t domid, int reason)
{
    /* A guest that is off at that moment */
    becomes(access(name("goes-off"), F_OK) ? "suspended\n" : "off\n");
    return 0;
}

int xc_domain_resume(xc_interface *xch, uint32_t domid, int fast)
{
    becomes("running\n");
    return 0;
}

int xc_domain_unpause(xc_interface *xch, uint32_t domid)
{
    note("unpaused\n");
    return 0;
}

/* xl creates it, and watches it from then on. */
int libxl_domain_create_new(libxl_ctx *ctx, libxl_domain_config *d_config,
                            uint32_t *domid, const libxl_asyncop_how *ao_how,
                            const libxl_asyncprogress_how *aop_console_how)
{
    *domid = DOMID;
    return 0;
}

int libxl_get_free_memory(libxl_ctx *ctx, uint64_t *memkb)
{
    *memkb = 1 << 20;
    return 0;
}

int xc_domain_pause(xc_interface *xch, uint32_t domid)
{
    return 0;
}

int xc_domain_soft_reset(xc_interface *xch, uint32_t domid)
{
    becomes("running\n");
    return 0;
}

int xc_hvm_param_get(xc_interface *xch, uint32_t domid, uint32_t param,
                     uint64_t *value)
{
    *value = param == HVM_PARAM_ACPI_S_STATE && !access(name("asleep"), F_OK) ? 3 : 0;
    return 0;
}

int xc_domain_viommu_get_stats(xc_interface *xch, uint32_t domid, unsigned int unit,
                               struct xen_viommu_stats *stats)
{
    errno = ENODEV;
    return access(name("no-unit"), F_OK) ? 0 : -1;
}

/* A guest that takes part in being suspended: it is when it is asked. */

int xs_suspend_evtchn_port(int domid)
{
    return access(name("suspend-port"), F_OK) ? -1 : PORT;
}

int xc_suspend_evtchn_init_exclusive(xc_interface *xch, xenevtchn_handle *xce,
                                     uint32_t domid, int port, int *lockfd)
{
    note("bound\n");
    return port;
}

int xc_suspend_evtchn_release(xc_interface *xch, xenevtchn_handle *xce,
                              uint32_t domid, int port, int *lockfd)
{
    note(port == PORT ? "unbound\n" : "unbound what was not bound\n");
    return 0;
}

static int ticks(void)
{
    static const struct itimerspec period = { { 0, 20000000 }, { 0, 20000000 } };
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

    timerfd_settime(fd, 0, &period, NULL);
    return fd;
}

static int event_fd = -1;

xenevtchn_handle *xenevtchn_open(xentoollog_logger *logger, unsigned int open_flags)
{
    event_fd = ticks();
    return (xenevtchn_handle *)&handle;
}

int xenevtchn_close(xenevtchn_handle *xce)
{
    return close(event_fd);
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
    return event_fd;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
    becomes("suspended\n");
    return 0;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
    uint64_t n;

    return read(event_fd, &n, sizeof(n)) == sizeof(n) ? PORT : -1;
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
    return 0;
}

/*
 * Xenstore.  Each watch fires every 20 ms: what has to be looked at again is not
 * more than what a real one may say.
 */

#define WATCHES 32

static struct { char *path, *token; } watches[WATCHES];
static unsigned int next_watch = WATCHES;
static int watch_fd = -1;

static const char *node(const char *path)
{
    return name("store/%s%s", *path == '/' ? "" : "local/domain/0/", path);
}

struct xs_handle *xs_open(unsigned long open_flags)
{
    return (struct xs_handle *)&handle;
}

void xs_close(struct xs_handle *h)
{
}

void xs_daemon_destroy_postfork(struct xs_handle *h)
{
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    unsigned int ignored;
    /* Without this name, the CPU pool of new domains does not exist. */
    char *data = !strcmp(path, "/local/pool/0/name") ? strdup("Pool-0")
                 : load(name("%s/@", node(path) + strlen(getenv("FAKE")) + 1),
                        len ?: &ignored);

    if ( !data )
        errno = ENOENT;
    return data;
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    char *dir = strdup(node(path)), *at = dir;

    if ( !strncmp(path, "/vm/", 4) && !strchr(path + 4, '/') )
    {
        note("made\n");
        unlink(name("dm-late"));
    }
    while ( (at = strchr(at + 1, '/')) )
    {
        *at = 0;
        mkdir(dir, 0777);
        *at = '/';
    }
    mkdir(dir, 0777);
    free(dir);

    return true;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
              const void *data, unsigned int len)
{
    xs_mkdir(h, t, path);
    return keep(name("%s/@", node(path) + strlen(getenv("FAKE")) + 1), data, len,
                "w");
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    char command[4200];

    snprintf(command, sizeof(command), "rm -rf '%s'", node(path));
    return !system(command);
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path,
                    unsigned int *num)
{
    DIR *dir = opendir(node(path));
    char **list, *at;
    struct dirent *entry;

    *num = 0;
    if ( !dir )
    {
        errno = ENOENT;
        return NULL;
    }
    list = calloc(1, 64 * sizeof(*list) + 65536);
    at = (char *)&list[64];
    while ( (entry = readdir(dir)) )
        if ( entry->d_name[0] != '.' && entry->d_name[0] != '@' && *num < 63 )
        {
            list[(*num)++] = at;
            at = stpcpy(at, entry->d_name) + 1;
        }
    closedir(dir);

    return list;
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
                        struct xs_permissions *perms, unsigned int num)
{
    return true;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
    return 1;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
    return true;
}

char *xs_get_domain_path(struct xs_handle *h, unsigned int domid)
{
    char *path;

    return asprintf(&path, "/local/domain/%u", domid) < 0 ? NULL : path;
}

bool xs_release_domain(struct xs_handle *h, unsigned int domid)
{
    return true;
}

bool xs_resume_domain(struct xs_handle *h, unsigned int domid)
{
    return true;
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
    unsigned int i = 0;

    while ( watches[i].path )
        i++;
    watches[i].path = strdup(path);
    watches[i].token = strdup(token);

    return true;
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
    unsigned int i;

    for ( i = 0; i < WATCHES; i++ )
        if ( watches[i].path && !strcmp(watches[i].token, token) )
        {
            free(watches[i].path);
            watches[i].path = NULL;
        }

    return true;
}

int xs_fileno(struct xs_handle *h)
{
    if ( watch_fd < 0 )
        watch_fd = ticks();
    return watch_fd;
}

char **xs_check_watch(struct xs_handle *h)
{
    uint64_t n;
    char **event;

    if ( next_watch == WATCHES && read(watch_fd, &n, sizeof(n)) == sizeof(n) )
        next_watch = 0;
    while ( next_watch < WATCHES && !watches[next_watch].path )
        next_watch++;
    if ( next_watch == WATCHES )
    {
        errno = EAGAIN;
        return NULL;
    }
    event = calloc(1, 2 * sizeof(*event) + 8192);
    event[XS_WATCH_PATH] = strcpy((char *)&event[2], watches[next_watch].path);
    event[XS_WATCH_TOKEN] = strcpy((char *)&event[2] + 4096,
                                   watches[next_watch].token);
    next_watch++;

    return event;
}

int flock(int fd, int operation)
{
    static int (*real)(int, int);
    char link[64], path[4096];
    ssize_t len;

    if ( !real )
        real = dlsym(RTLD_NEXT, "flock");
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, sizeof(path) - 1);
    if ( len > 0 && !access(name("hold-removed"), F_OK) )
    {
        path[len] = 0;
        if ( strstr(path, "device-model-hold") && !unlink(path) )
            unlink(name("hold-removed"));
    }

    return real(fd, operation);
}

/* Somebody looks whether the old device model has ended: now it may. */
int kill(pid_t pid, int sig)
{
    static int (*real)(pid_t, int);

    if ( !real )
        real = dlsym(RTLD_NEXT, "kill");
    if ( !sig )
        unlink(name("dm-late"));

    return real(pid, sig);
}

/* Time */

static long ahead_ms;

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec real;

    clock_gettime(CLOCK_REALTIME, &real);
    now->tv_sec = real.tv_sec + ahead_ms / 1000;
    now->tv_usec = real.tv_nsec / 1000;

    return 0;
}

int poll(struct pollfd *fds, nfds_t num, int timeout)
{
    static int (*real)(struct pollfd *, nfds_t, int);
    int n;

    if ( !real )
        real = dlsym(RTLD_NEXT, "poll");
    if ( timeout <= 0 || access(name("hasty"), F_OK) )
        return real(fds, num, timeout);
    n = real(fds, num, 1 + timeout / 50);
    if ( !n )
        ahead_ms += timeout;

    return n;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
