/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The end of a device model, of a domain that gets another one.  To tell it to end
 * is libxl_dm.c's, which does not wait.
 */

#include "libxl_osdeps.h" /* must come before any other headers */

#include "libxl_internal.h"

/* How often to look whether the process is gone, and how often at most. */
#define DM_END_LOOK_MS 50
#define DM_END_LOOKS   (LIBXL_DEVICE_MODEL_START_TIMEOUT * 1000 / DM_END_LOOK_MS)

static void dm_end_look(libxl__egc *egc, libxl__ev_time *ev,
                        const struct timeval *requested_abs, int rc);

void libxl__dm_wait_end(libxl__egc *egc, libxl__dm_end_state *des)
{
    static const struct timeval zero;

    libxl__ev_time_init(&des->look);
    des->looks = 0;
    dm_end_look(egc, &des->look, &zero, ERROR_TIMEDOUT);
}

static void dm_end_look(libxl__egc *egc, libxl__ev_time *ev,
                        const struct timeval *requested_abs, int rc)
{
    libxl__dm_end_state *des = CONTAINER_OF(ev, *des, look);
    STATE_AO_GC(des->ao);

    libxl__ev_time_deregister(gc, ev);
    if (rc != ERROR_TIMEDOUT) /* aborted */
        goto out;

    rc = 0;
    if (des->pid <= 0 || (kill(des->pid, 0) && errno == ESRCH))
        goto out;

    if (++des->looks == DM_END_LOOKS) {
        LOGD(ERROR, des->domid, "device model: process %ld does not end",
             (long)des->pid);
        rc = ERROR_TIMEDOUT;
        goto out;
    }
    rc = libxl__ev_time_register_rel(ao, ev, dm_end_look, DM_END_LOOK_MS);
    if (!rc)
        return;

 out:
    des->callback(egc, des, rc); /* must be last */
}

int libxl__dm_pid(libxl__gc *gc, uint32_t domid, pid_t *pid)
{
    const char *value;
    int rc = libxl__xs_read_checked(gc, XBT_NULL,
                 GCSPRINTF("/local/domain/%u/image/device-model-pid", domid),
                 &value);

    *pid = !rc && value ? atoi(value) : 0;
    if (*pid < 0)
        *pid = 0;

    return rc;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
