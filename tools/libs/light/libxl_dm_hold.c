/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Who may replace a domain's device model, and who may rely on it not being
 * replaced: saves or migrates the domain, or has it go on.
 *
 * Locks end with the process that has them.  What an attempt to replace it has left
 * does not: the domain is suspended, and nobody but another attempt knows how to
 * have it go on.  A node of xenstore says so.  It may be there for a domain that is
 * not suspended, too, and is then of no meaning.
 */

#include "libxl_osdeps.h" /* must come before any other headers */

#include <sys/file.h>

#include "libxl_internal.h"

/* The domain is there, and runs no vCPU as it has been suspended. */
bool libxl__dm_is_suspended(libxl__gc *gc, uint32_t domid)
{
    libxl_dominfo info;
    bool suspended;

    libxl_dominfo_init(&info);
    suspended = !libxl_domain_info(CTX, &info, domid) && !info.dying &&
                info.shutdown &&
                info.shutdown_reason == LIBXL_SHUTDOWN_REASON_SUSPEND;
    libxl_dominfo_dispose(&info);

    return suspended;
}

const char *libxl__dm_restart_node(libxl__gc *gc, uint32_t domid)
{
    return GCSPRINTF("%s/dm-restart", libxl__xs_libxl_path(gc, domid));
}

static int check_node(libxl__gc *gc, uint32_t domid)
{
    const char *node = libxl__dm_restart_node(gc, domid), *value;
    int rc = libxl__xs_read_checked(gc, XBT_NULL, node, &value);

    if (rc || !value)
        return rc;
    if (!libxl__dm_is_suspended(gc, domid))
        return libxl__xs_rm_checked(gc, XBT_NULL, node);
    LOGD(ERROR, domid, "device model: replacing it has come to no end: "
         "repeat that, or destroy the domain");

    return ERROR_NOT_READY;
}

static bool is_at(int fd, const char *path)
{
    struct stat ours, there;

    return !fstat(fd, &ours) && !stat(path, &there) &&
           ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/* The file goes with the domain's other data. */
int libxl__dm_hold(libxl__gc *gc, uint32_t domid, bool alone,
                   libxl__carefd **hold)
{
    const char *path;
    int fd, r, rc;

    *hold = NULL;
    if (!alone && !libxl__has_viommu(gc, domid))
        return 0; /* its device model is not replaced */
    path = libxl__userdata_path(gc, domid, "device-model-hold", "l");
    if (!path)
        return ERROR_LOCK_FAIL;

 again:
    libxl__carefd_begin();
    fd = open(path, O_RDWR | O_CREAT, 0666);
    r = fd < 0 ? fd : flock(fd, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB);
    *hold = libxl__carefd_opened(CTX, fd);
    /* A soft reset removes it: nobody else would find this one. */
    if (!r && !is_at(fd, path)) {
        libxl__dm_release(hold);
        goto again;
    }
    if (r && fd >= 0 && errno == EWOULDBLOCK) {
        LOGD(ERROR, domid, "device model: the domain is being saved, migrated, "
             "resumed or unpaused, or its device model replaced");
        rc = ERROR_LOCK_FAIL;
    } else if (r) {
        LOGED(ERROR, domid, "device model: locking %s", path);
        /* Nor can anybody else, and replace it. */
        rc = alone ? ERROR_LOCK_FAIL : 0;
    } else {
        rc = alone ? 0 : check_node(gc, domid);
    }
    if (r || rc)
        libxl__dm_release(hold);

    return rc;
}

void libxl__dm_release(libxl__carefd **hold)
{
    if (!*hold)
        return;
    /* Before it is closed: a child may have it, until it runs another program. */
    flock(libxl__carefd_fd(*hold), LOCK_UN);
    libxl__carefd_close(*hold);
    *hold = NULL;
}

/*
 * Suspended is the one way to be shut down that a domain goes on from, and nothing
 * says that it does.
 */
void libxl__dm_shutdown_news(libxl__gc *gc, libxl_evgen_domain_death *evg,
                             uint32_t dominf_flags)
{
    unsigned int reason = (dominf_flags >> XEN_DOMINF_shutdownshift) &
                          XEN_DOMINF_shutdownmask;

    if (!(dominf_flags & XEN_DOMINF_shutdown))
        return;
    if (evg->shutdown_reported && evg->suspend_reported &&
        reason != SHUTDOWN_suspend && libxl__has_viommu(gc, evg->domid))
        evg->shutdown_reported = 0;
    evg->suspend_reported = reason == SHUTDOWN_suspend;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
