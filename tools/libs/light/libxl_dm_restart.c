/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Another device model in the place of a domain's own, for an upgrade of QEMU
 * under a guest that goes on.
 *
 * The guest is suspended, as it is for a migration: no vCPU then waits for an
 * answer of the old device model, and a virtual IOMMU completes nothing.  The
 * devices are saved, the old process ends, another one loads them, and the guest
 * is resumed as after a checkpoint.
 *
 * If no device model can be started, the domain stays suspended, and what was
 * saved is kept: the operation can be repeated.
 *
 * What an attempt has left is told from other domains that are suspended, and its
 * file from one of an earlier time, by a node of xenstore: libxl_dm_hold.c.  Its
 * value is the process that was seen to have ended, whose number may be that of
 * another one by now, or 0.
 */

#include "libxl_osdeps.h" /* must come before any other headers */

#include "libxl_internal.h"

typedef struct {
    libxl__ev_slowlock devlock;
    libxl__carefd *hold;
    libxl_domain_config d_config;
    const char *state;  /* what the old device model has saved */
    bool again;         /* an earlier attempt has left the domain suspended */
    libxl__dm_added_state das;
    libxl__domain_save_state dss;
    libxl__ev_time answers;
    unsigned int waited; /* for the device model to be saved, in seconds */
    libxl__destroy_devicemodel_state ddms;
    libxl__dm_end_state des;
    pid_t old;          /* the process that is to end, 0 if there is none */
    libxl__domain_create_state dcs; /* of this what starts a device model */
    libxl__dm_resume_state dmrs;
    char *nodes;
    uint32_t nodes_len;
    int rc;
} libxl__dm_restart_state;

static void dm_restart_locked(libxl__egc *egc, libxl__ev_slowlock *lock, int rc);
static void dm_restart_suspend(libxl__egc *egc, libxl__dm_added_state *das, int rc);
static void dm_restart_answers(libxl__egc *egc, libxl__ev_time *ev,
                               const struct timeval *requested_abs, int rc);
static void dm_restart_suspended(libxl__egc *egc,
                                 libxl__domain_suspend_state *dsps, int rc);
static void dm_restart_end_old(libxl__egc *egc, libxl__dm_restart_state *rs);
static void dm_restart_told_to_end(libxl__egc *egc,
                                   libxl__destroy_devicemodel_state *ddms,
                                   int rc);
static void dm_restart_ended(libxl__egc *egc, libxl__dm_end_state *des, int rc);
static int dm_restart_middle(libxl__gc *gc, libxl__spawn_state *spawn, pid_t pid);
static void dm_restart_started(libxl__egc *egc, libxl__dm_spawn_state *dmss,
                               int rc);
static void dm_restart_resume(libxl__egc *egc, libxl__dm_restart_state *rs,
                              int rc);
static void dm_restart_resumed(libxl__egc *egc, libxl__dm_resume_state *dmrs,
                               int rc);
static void dm_restart_done(libxl__egc *egc, libxl__dm_restart_state *rs,
                            int rc);

static int dm_restart_mark(libxl__gc *gc, uint32_t domid, pid_t ended)
{
    return libxl__xs_printf(gc, XBT_NULL, libxl__dm_restart_node(gc, domid),
                            "%ld", (long)ended);
}

/* CPUs may have been added since the domain was created. */
static int dm_restart_vcpus(libxl__gc *gc, uint32_t domid,
                            libxl_domain_build_info *b_info)
{
    unsigned int i;
    int rc;

    for (i = 0; i < b_info->max_vcpus; i++) {
        const char *state;

        rc = libxl__xs_read_checked(gc, XBT_NULL,
                 GCSPRINTF("/local/domain/%u/cpu/%u/availability", domid, i),
                 &state);
        if (rc)
            return rc;
        if (state && !strcmp(state, "online"))
            libxl_bitmap_set(&b_info->avail_vcpus, i);
        else if (state)
            libxl_bitmap_reset(&b_info->avail_vcpus, i);
    }

    return 0;
}

/* No process of a device model is left. */
static bool dm_restart_is_gone(libxl__gc *gc, uint32_t domid)
{
    const char *ended;
    pid_t pid;

    if (libxl__xs_read_checked(gc, XBT_NULL, libxl__dm_restart_node(gc, domid),
                               &ended) ||
        libxl__dm_pid(gc, domid, &pid))
        return false; /* not known */

    return !pid || (ended && atoi(ended) == pid) ||
           (kill(pid, 0) && errno == ESRCH);
}

/* It runs, or is as an earlier attempt has left it. */
static int dm_restart_check_state(libxl__gc *gc, libxl__dm_restart_state *rs,
                                  uint32_t domid)
{
    const char *mark;
    libxl_dominfo info;
    bool off, paused;
    int rc;

    libxl_dominfo_init(&info);
    rc = libxl_domain_info(CTX, &info, domid);
    if (rc) {
        LOGD(ERROR, domid, "device model: there is no such domain");
        return rc;
    }
    off = info.dying || info.shutdown;
    paused = info.paused;
    libxl_dominfo_dispose(&info);

    rc = libxl__xs_read_checked(gc, XBT_NULL, libxl__dm_restart_node(gc, domid), &mark);
    if (rc)
        return rc;
    rs->again = mark && libxl__dm_is_suspended(gc, domid);
    if (off && !rs->again) {
        LOGD(ERROR, domid, "device model: the domain is shut down");
        return ERROR_INVAL;
    }
    if (paused && !rs->again) {
        LOGD(ERROR, domid, "device model: the domain is paused");
        return ERROR_NOT_READY;
    }

    rc = libxl__dm_pid(gc, domid, &rs->old);
    if (rc)
        return rc;
    if (rs->again && rs->old == atoi(mark))
        rs->old = 0;

    return 0;
}

/* A device model that loads a file takes the guest for one that is awake. */
static int dm_restart_awake(libxl__gc *gc, uint32_t domid)
{
    uint64_t asleep;

    if (xc_hvm_param_get(CTX->xch, domid, HVM_PARAM_ACPI_S_STATE, &asleep) || !asleep)
        return 0;
    LOGD(ERROR, domid, "device model: the guest is asleep (S%"PRIu64"), and "
         "has to be woken up first", asleep);

    return ERROR_NOT_READY;
}

static int dm_restart_check(libxl__gc *gc, libxl__dm_restart_state *rs,
                            uint32_t domid)
{
    libxl_domain_config *d_config = &rs->d_config;
    const char *whynot, *uid, *state;
    int rc;

    rc = dm_restart_check_state(gc, rs, domid);
    if (rc)
        return rc;

    /* Which implies HVM, and qemu-xen outside of a stub domain. */
    if (!libxl__has_viommu(gc, domid)) {
        LOGD(ERROR, domid, "device model: only that of a domain with a viommu "
             "can be restarted");
        return ERROR_INVAL;
    }

    rs->state = libxl__userdata_path(gc, domid, "device-model-state", "d");
    if (!rs->state)
        return ERROR_FAIL;

    rc = libxl__get_domain_configuration(gc, domid, d_config);
    if (rc) {
        LOGD(ERROR, domid, "device model: the domain has no configuration");
        return rc;
    }
    rc = libxl__domain_config_setdefault(gc, d_config, domid);
    if (rc)
        return rc;

    rc = dm_restart_awake(gc, domid);
    if (rc)
        return rc;

    whynot = libxl__dm_whynot(gc, d_config);
    if (!whynot) {
        rc = libxl__need_xenpv_qemu(gc, d_config);
        if (rc < 0)
            return rc;
        if (rc)
            whynot = "it is the backend of PV devices, "
                     "which would lose their connection";
    }

    rc = libxl__xs_read_checked(gc, XBT_NULL,
             GCSPRINTF("/local/domain/%u/image/device-model-kill-uid", domid),
             &uid);
    if (rc)
        return rc;
    /* It would be ended by SIGKILL, and leave its ioreq server behind in Xen. */
    if (uid)
        whynot = GCSPRINTF("dm_restrict=1: it has a user of its own (%s)", uid);

    if (whynot) {
        LOGD(ERROR, domid, "device model: cannot be restarted: %s", whynot);
        return ERROR_NI;
    }

    rc = dm_restart_vcpus(gc, domid, &d_config->b_info);
    if (rc)
        return rc;

    if (rs->again)
        return 0;

    rc = libxl__xs_read_checked(gc, XBT_NULL,
             DEVICE_MODEL_XS_PATH(gc, LIBXL_TOOLSTACK_DOMID, domid, "/state"),
             &state);
    if (rc)
        return rc;
    if (!state || strcmp(state, "running")) {
        LOGD(ERROR, domid, "device model: it is not running yet");
        return ERROR_NOT_READY;
    }
    if (!rs->old || kill(rs->old, 0)) {
        LOGD(ERROR, domid, "device model: it is gone, and its devices with it; "
             "the domain has to be destroyed or rebooted");
        return ERROR_FAIL;
    }

    return 0;
}

int libxl_domain_dm_restart(libxl_ctx *ctx, uint32_t domid,
                            const libxl_asyncop_how *ao_how)
{
    AO_CREATE(ctx, domid, ao_how);
    libxl__dm_restart_state *rs;
    libxl__domain_suspend_state *dsps;

    GCNEW(rs);
    libxl_domain_config_init(&rs->d_config);
    libxl__ev_time_init(&rs->answers);
    libxl__domain_build_state_init(&rs->dcs.build_state);

    rs->dcs.ao = ao;
    rs->dcs.guest_domid = domid;
    rs->dcs.guest_config = &rs->d_config;
    rs->dmrs.ao = ao;
    rs->dmrs.domid = domid;
    rs->dss.ao = ao;
    rs->dss.domid = domid;
    dsps = &rs->dss.dsps;
    dsps->ao = ao;
    dsps->domid = domid;
    dsps->live = false;
    dsps->guest_evtchn.port = -1;

    /* Devices that come and go are for one device model. */
    libxl__ev_devlock_init(&rs->devlock);
    rs->devlock.ao = ao;
    rs->devlock.domid = domid;
    rs->devlock.callback = dm_restart_locked;
    libxl__ev_slowlock_lock(egc, &rs->devlock);

    return AO_INPROGRESS;
}

static void dm_restart_locked(libxl__egc *egc, libxl__ev_slowlock *lock, int rc)
{
    libxl__dm_restart_state *rs = CONTAINER_OF(lock, *rs, devlock);
    STATE_AO_GC(lock->ao);
    libxl__domain_suspend_state *dsps = &rs->dss.dsps;
    const uint32_t domid = dsps->domid;
    libxl__flock *userdata;

    if (rc)
        goto out;

    userdata = libxl__lock_domain_userdata(gc, domid);
    if (!userdata) {
        rc = ERROR_LOCK_FAIL;
        goto out;
    }
    rc = dm_restart_check(gc, rs, domid);
    libxl__unlock_file(userdata);
    if (rc)
        goto out;

    /* Only now, as others fail while it is held. */
    rc = libxl__dm_hold(gc, domid, true, &rs->hold);
    if (rc)
        goto out;
    rc = dm_restart_check_state(gc, rs, domid);
    if (rc)
        goto out;

    /* Nodes that end with the old device model, and that the new one reads. */
    rc = libxl__save_emulator_xenstore_data(&rs->dss, &rs->nodes,
                                            &rs->nodes_len);
    if (rc)
        goto out;

    if (rs->again && !access(rs->state, R_OK)) {
        dm_restart_end_old(egc, rs); /* must be last */
        return;
    }

    rs->das.ao = ao;
    rs->das.domid = domid;
    rs->das.callback = dm_restart_suspend;
    if (rs->again)
        dm_restart_suspend(egc, &rs->das, 0); /* must be last */
    else
        libxl__dm_check_added(egc, &rs->das); /* must be last */
    return;

 out:
    dm_restart_done(egc, rs, rc);
}

static void dm_restart_suspend(libxl__egc *egc, libxl__dm_added_state *das, int rc)
{
    libxl__dm_restart_state *rs = CONTAINER_OF(das, *rs, das);
    STATE_AO_GC(das->ao);
    libxl__domain_suspend_state *dsps = &rs->dss.dsps;
    const uint32_t domid = das->domid;

    if (rc)
        goto out;
    rc = libxl__domain_suspend_init(egc, dsps, LIBXL_DOMAIN_TYPE_HVM);
    if (rc)
        goto out;
    dsps->qmp.payload_fd = -1;
    rc = libxl__ev_time_register_rel(ao, &rs->answers, dm_restart_answers, 1000);
    if (rc)
        goto out;
    if (rs->again) {
        dsps->callback_device_model_done = dm_restart_suspended;
        libxl__domain_suspend_device_model(egc, dsps); /* must be last */
        return;
    }

    /* What is there is of a time before it. */
    rc = libxl__remove_file(gc, rs->state);
    if (rc)
        goto out;
    rc = dm_restart_mark(gc, domid, 0);
    if (rc)
        goto out;
    dsps->callback_common_done = dm_restart_suspended;
    libxl__domain_suspend(egc, dsps); /* must be last */
    return;

 out:
    dm_restart_done(egc, rs, rc);
}

/* That the guest obeys has a limit of its own. */
static void dm_restart_answers(libxl__egc *egc, libxl__ev_time *ev,
                               const struct timeval *requested_abs, int rc)
{
    libxl__dm_restart_state *rs = CONTAINER_OF(ev, *rs, answers);
    libxl__domain_suspend_state *dsps = &rs->dss.dsps;
    STATE_AO_GC(dsps->ao);

    libxl__ev_time_deregister(gc, ev);
    if (rc == ERROR_TIMEDOUT) {
        if (!libxl__dm_is_suspended(gc, dsps->domid) ||
            ++rs->waited < LIBXL_DEVICE_MODEL_START_TIMEOUT)
            rc = libxl__ev_time_register_rel(ao, ev, dm_restart_answers, 1000);
        else
            LOGD(ERROR, dsps->domid, "device model: it does not answer");
    }
    if (rc)
        dm_restart_suspended(egc, dsps, rc); /* must be last */
}

static void dm_restart_suspended(libxl__egc *egc,
                                 libxl__domain_suspend_state *dsps, int rc)
{
    libxl__dm_restart_state *rs = CONTAINER_OF(dsps, *rs, dss.dsps);
    STATE_AO_GC(dsps->ao);
    const uint32_t domid = dsps->domid;

    libxl__ev_time_deregister(gc, &rs->answers);
    if (dsps->qmp.payload_fd >= 0)
        close(dsps->qmp.payload_fd);
    libxl__domain_suspend_dispose(gc, dsps);
    if (!rc) /* it may have fallen asleep since */
        rc = dm_restart_awake(gc, domid);
    if (!rc && rename(dsps->dm_savefile, rs->state)) {
        LOGED(ERROR, domid, "device model: renaming %s", dsps->dm_savefile);
        rc = ERROR_FAIL;
    }
    if (!rc) {
        dm_restart_end_old(egc, rs); /* must be last */
        return;
    }

    libxl__remove_file(gc, dsps->dm_savefile);
    if (!libxl__dm_is_suspended(gc, domid)) {
        LOGD(ERROR, domid, "device model: the domain was not suspended, "
             "and has the old one: if it still is, later, repeat this");
        dm_restart_done(egc, rs, rc);
        return;
    }
    LOGD(ERROR, domid, "device model: its devices could not be saved: "
         "the old one is to go on");
    dm_restart_resume(egc, rs, rc);
}

static void dm_restart_end_old(libxl__egc *egc, libxl__dm_restart_state *rs)
{
    STATE_AO_GC(rs->dcs.ao);

    rs->ddms.ao = ao;
    rs->ddms.domid = rs->dcs.guest_domid;
    rs->ddms.callback = dm_restart_told_to_end;
    if (!rs->old) {
        /* What one that did not start has left says nothing of the next one. */
        libxl__xs_rm_checked(gc, XBT_NULL,
            DEVICE_MODEL_XS_PATH(gc, LIBXL_TOOLSTACK_DOMID, rs->ddms.domid, ""));
        dm_restart_told_to_end(egc, &rs->ddms, 0); /* must be last */
        return;
    }
    libxl__destroy_device_model(egc, &rs->ddms); /* must be last */
}

/* Whatever has gone wrong: what counts is whether the process ends. */
static void dm_restart_told_to_end(libxl__egc *egc,
                                   libxl__destroy_devicemodel_state *ddms,
                                   int rc)
{
    libxl__dm_restart_state *rs = CONTAINER_OF(ddms, *rs, ddms);

    rs->des.ao = rs->dcs.ao;
    rs->des.domid = rs->dcs.guest_domid;
    rs->des.pid = rs->old;
    rs->des.callback = dm_restart_ended;
    libxl__dm_wait_end(egc, &rs->des); /* must be last */
}

static void dm_restart_ended(libxl__egc *egc, libxl__dm_end_state *des, int rc)
{
    libxl__dm_restart_state *rs = CONTAINER_OF(des, *rs, des);
    libxl__domain_create_state *dcs = &rs->dcs;
    libxl__dm_spawn_state *dmss = &dcs->sdss.dm;
    STATE_AO_GC(dcs->ao);
    const uint32_t domid = dcs->guest_domid;
    char *file = GCSPRINTF(LIBXL_DEVICE_MODEL_RESTORE_FILE".%u", domid);

    if (rc)
        goto out;

    if (!libxl__dm_is_suspended(gc, domid)) {
        LOGD(ERROR, domid, "device model: the domain was destroyed or resumed "
             "meanwhile");
        rc = ERROR_FAIL;
        goto out;
    }

    if (rs->old) {
        rc = dm_restart_mark(gc, domid, rs->old);
        if (rc)
            goto out;
    }

    /* Whether the new one starts or not, its file is removed. */
    libxl__remove_file(gc, file);
    if (link(rs->state, file)) {
        LOGED(ERROR, domid, "device model: linking %s to %s", rs->state, file);
        rc = ERROR_FAIL;
        goto out;
    }
    dcs->build_state.saved_state = file;

    rc = libxl__restore_emulator_xenstore_data(dcs, rs->nodes, rs->nodes_len);
    if (rc)
        goto out;

    dmss->spawn.ao = ao;
    dmss->guest_domid = dcs->guest_domid;
    dmss->guest_config = &rs->d_config;
    dmss->build_state = &dcs->build_state;
    dmss->midproc_cb = dm_restart_middle;
    dmss->callback = dm_restart_started;
    libxl__spawn_local_dm(egc, dmss); /* must be last */
    return;

 out:
    dm_restart_done(egc, rs, rc);
}

/* This process stays until the device model ends, if its parent is killed. */
static int dm_restart_middle(libxl__gc *gc, libxl__spawn_state *spawn, pid_t pid)
{
    libxl__dm_restart_state *rs = CONTAINER_OF(spawn, *rs, dcs.sdss.dm.spawn);

    close(rs->devlock.fd);
    close(libxl__carefd_fd(rs->hold));

    return libxl__spawn_record_pid(gc, spawn, pid);
}

/* It may be there without having said so in time. */
static void dm_restart_not_started(libxl__gc *gc, uint32_t domid)
{
    const char *path = GCSPRINTF("/local/domain/%u/image/device-model-pid", domid);
    pid_t pid;

    if (libxl__dm_pid(gc, domid, &pid) || !pid)
        return;
    if (kill(pid, 0) && errno == ESRCH) {
        dm_restart_mark(gc, domid, pid);
        return;
    }
    LOGD(ERROR, domid, "device model: process %ld has not started in time, and "
         "is told to end", (long)pid);
    libxl__kill_xs_path(gc, path, "Device Model");
}

/* It has said so, and is there: what libxl asked it after that is another matter. */
static bool dm_restart_runs(libxl__gc *gc, uint32_t domid)
{
    const char *state;
    pid_t pid;

    return !libxl__xs_read_checked(gc, XBT_NULL,
               DEVICE_MODEL_XS_PATH(gc, LIBXL_TOOLSTACK_DOMID, domid, "/state"),
               &state) &&
           state && !strcmp(state, "running") &&
           !libxl__dm_pid(gc, domid, &pid) && pid && !kill(pid, 0);
}

static void dm_restart_started(libxl__egc *egc, libxl__dm_spawn_state *dmss,
                               int rc)
{
    libxl__dm_restart_state *rs = CONTAINER_OF(dmss, *rs, dcs.sdss.dm);
    STATE_AO_GC(rs->dcs.ao);

    if (rc && !dm_restart_runs(gc, rs->dcs.guest_domid)) {
        if (libxl__dm_is_suspended(gc, rs->dcs.guest_domid))
            dm_restart_not_started(gc, rs->dcs.guest_domid);
        dm_restart_done(egc, rs, rc);
        return;
    }
    /* From now on it is not what the devices are. */
    libxl__remove_file(gc, rs->state);
    if (rc)
        LOGD(ERROR, rs->dcs.guest_domid, "device model: it runs, but has not "
             "answered all that it was asked");
    dm_restart_resume(egc, rs, rc);
}

static void dm_restart_resume(libxl__egc *egc, libxl__dm_restart_state *rs,
                              int rc)
{
    rs->rc = rc;
    rs->dmrs.callback = dm_restart_resumed;
    libxl__domain_resume(egc, &rs->dmrs, true);
}

static void dm_restart_resumed(libxl__egc *egc, libxl__dm_resume_state *dmrs,
                               int rc)
{
    libxl__dm_restart_state *rs = CONTAINER_OF(dmrs, *rs, dmrs);
    STATE_AO_GC(dmrs->ao);

    if (!rc)
        rc = libxl__xs_rm_checked(gc, XBT_NULL,
                                  libxl__dm_restart_node(gc, dmrs->domid));
    dm_restart_done(egc, rs, rs->rc ?: rc);
}

static void dm_restart_done(libxl__egc *egc, libxl__dm_restart_state *rs, int rc)
{
    STATE_AO_GC(rs->dcs.ao);
    libxl__domain_suspend_state *dsps = &rs->dss.dsps;
    const uint32_t domid = rs->dcs.guest_domid;

    if (rc && rs->hold && libxl__dm_is_suspended(gc, domid)) {
        if (!access(rs->state, R_OK))
            LOGD(ERROR, domid, "device model: what it was is saved, and the domain "
                 "stays suspended: repeat this when another one can be started, "
                 "or destroy the domain");
        else if (dm_restart_is_gone(gc, domid))
            LOGD(ERROR, domid, "device model: it is gone, and its devices with it: "
                 "the domain stays suspended, and has to be destroyed");
        else
            LOGD(ERROR, domid, "device model: the domain stays suspended: "
                 "repeat this, or destroy the domain");
    }

    libxl__ev_evtchn_cancel(gc, &dsps->guest_evtchn);
    if (dsps->guest_evtchn.port > 0)
        xc_suspend_evtchn_release(CTX->xch, CTX->xce, domid,
                                  dsps->guest_evtchn.port,
                                  &dsps->guest_evtchn_lockfd);
    libxl__dm_release(&rs->hold);
    libxl__ev_slowlock_unlock(gc, &rs->devlock);
    libxl__domain_build_state_dispose(&rs->dcs.build_state);
    libxl_domain_config_dispose(&rs->d_config);
    libxl__ao_complete(egc, ao, rc);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
