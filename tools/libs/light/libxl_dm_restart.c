/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Another device model in the place of a domain's own, for an upgrade of QEMU
 * under a guest that goes on.
 *
 * The guest is suspended, as it is for a migration: no vCPU then waits for an
 * answer of the old device model, and a virtual IOMMU completes nothing.  The
 * devices are saved, the old process ends, another one loads them, and the guest
 * is resumed as after a checkpoint.
 */

#include "libxl_osdeps.h" /* must come before any other headers */

#include "libxl_internal.h"

/* How often to look whether the old process is gone, and how often at most. */
#define DM_RESTART_LOOK_MS 50
#define DM_RESTART_LOOKS   (LIBXL_DEVICE_MODEL_START_TIMEOUT * 1000 / \
                            DM_RESTART_LOOK_MS)

typedef struct {
    libxl_domain_config d_config;
    libxl__domain_save_state dss;
    libxl__destroy_devicemodel_state ddms;
    libxl__ev_time look;
    unsigned int looks;
    pid_t old;
    libxl__domain_create_state dcs; /* of this what starts a device model */
    libxl__dm_resume_state dmrs;
    char *nodes;
    uint32_t nodes_len;
    int rc;
} libxl__dm_restart_state;

static void dm_restart_suspended(libxl__egc *egc,
                                 libxl__domain_suspend_state *dsps, int rc);
static void dm_restart_told_to_end(libxl__egc *egc,
                                   libxl__destroy_devicemodel_state *ddms,
                                   int rc);
static void dm_restart_look(libxl__egc *egc, libxl__ev_time *ev,
                            const struct timeval *requested_abs, int rc);
static void dm_restart_started(libxl__egc *egc, libxl__dm_spawn_state *dmss,
                               int rc);
static void dm_restart_resume(libxl__egc *egc, libxl__dm_restart_state *rs,
                              int rc);
static void dm_restart_resumed(libxl__egc *egc, libxl__dm_resume_state *dmrs,
                               int rc);
static void dm_restart_done(libxl__egc *egc, libxl__dm_restart_state *rs,
                            int rc);

/* What another process cannot take over. */
static int dm_restart_check(libxl__gc *gc, libxl__dm_restart_state *rs,
                            uint32_t domid)
{
    libxl_domain_config *d_config = &rs->d_config;
    const char *whynot = NULL, *uid, *pid;
    libxl_dominfo info;
    bool shut_down;
    int rc;

    libxl_dominfo_init(&info);
    rc = libxl_domain_info(CTX, &info, domid);
    if (rc) {
        LOGD(ERROR, domid, "device model: there is no such domain");
        return rc;
    }
    shut_down = info.shutdown || info.dying;
    libxl_dominfo_dispose(&info);

    if (libxl__domain_type(gc, domid) != LIBXL_DOMAIN_TYPE_HVM ||
        libxl__device_model_version_running(gc, domid) !=
        LIBXL_DEVICE_MODEL_VERSION_QEMU_XEN) {
        LOGD(ERROR, domid, "device model: only that of an HVM domain with "
             "qemu-xen can be restarted");
        return ERROR_INVAL;
    }
    if (libxl_get_stubdom_id(CTX, domid)) {
        LOGD(ERROR, domid, "device model: cannot be restarted in a stub domain");
        return ERROR_NI;
    }
    if (shut_down) {
        LOGD(ERROR, domid, "device model: the domain is shut down");
        return ERROR_INVAL;
    }

    rc = libxl__get_domain_configuration(gc, domid, d_config);
    if (rc) {
        LOGD(ERROR, domid, "device model: the domain has no configuration");
        return rc;
    }
    rc = libxl__domain_config_setdefault(gc, d_config, domid);
    if (rc)
        return rc;

    rc = libxl__need_xenpv_qemu(gc, d_config);
    if (rc < 0)
        return rc;
    if (rc)
        whynot = "it is the backend of PV devices, "
                 "which would lose their connection";
    else if (d_config->num_nics)
        whynot = "the tap devices of emulated NICs would end with it";
    else if (d_config->num_usbctrls || d_config->num_usbdevs)
        whynot = "it has USB devices that were attached";
    else if (d_config->num_pcidevs)
        whynot = "it has assigned PCI devices, which nobody would add again";

    rc = libxl__xs_read_checked(gc, XBT_NULL,
             GCSPRINTF("/local/domain/%u/image/device-model-kill-uid", domid),
             &uid);
    if (rc)
        return rc;
    /* It would be ended by SIGKILL, and leave its ioreq server behind in Xen. */
    if (uid)
        whynot = "it has a user of its own (dm_restrict)";

    if (whynot) {
        LOGD(ERROR, domid, "device model: cannot be restarted, as %s", whynot);
        return ERROR_NI;
    }

    rc = libxl__xs_read_mandatory(gc, XBT_NULL,
             GCSPRINTF("/local/domain/%u/image/device-model-pid", domid), &pid);
    if (rc)
        return rc;
    rs->old = atoi(pid);
    if (rs->old <= 0 || kill(rs->old, 0)) {
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
    libxl__flock *lock;
    int rc;

    GCNEW(rs);
    libxl_domain_config_init(&rs->d_config);
    libxl__ev_time_init(&rs->look);
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

    lock = libxl__lock_domain_userdata(gc, domid);
    if (!lock) {
        rc = ERROR_LOCK_FAIL;
        goto out;
    }
    rc = dm_restart_check(gc, rs, domid);
    libxl__unlock_file(lock);
    if (rc)
        goto out;

    /* Nodes that end with the old device model, and that the new one reads. */
    rc = libxl__save_emulator_xenstore_data(&rs->dss, &rs->nodes,
                                            &rs->nodes_len);
    if (rc)
        goto out;

    rc = libxl__domain_suspend_init(egc, dsps, LIBXL_DOMAIN_TYPE_HVM);
    if (rc)
        goto out;
    dsps->callback_common_done = dm_restart_suspended;
    libxl__domain_suspend(egc, dsps); /* must be last */

    return AO_INPROGRESS;

 out:
    libxl_domain_config_dispose(&rs->d_config);
    return AO_CREATE_FAIL(rc);
}

static void dm_restart_suspended(libxl__egc *egc,
                                 libxl__domain_suspend_state *dsps, int rc)
{
    libxl__dm_restart_state *rs = CONTAINER_OF(dsps, *rs, dss.dsps);
    STATE_AO_GC(dsps->ao);
    const uint32_t domid = dsps->domid;
    char *file = GCSPRINTF(LIBXL_DEVICE_MODEL_RESTORE_FILE".%u", domid);

    if (!rc && rename(dsps->dm_savefile, file)) {
        LOGED(ERROR, domid, "device model: renaming %s", dsps->dm_savefile);
        rc = ERROR_FAIL;
    }
    if (rc) {
        /* The old one goes on. */
        LOGD(ERROR, domid, "device model: its devices could not be saved");
        dm_restart_resume(egc, rs, rc);
        return;
    }

    rs->dcs.build_state.saved_state = file;
    rs->ddms.ao = ao;
    rs->ddms.domid = domid;
    rs->ddms.callback = dm_restart_told_to_end;
    libxl__destroy_device_model(egc, &rs->ddms); /* must be last */
}

static void dm_restart_told_to_end(libxl__egc *egc,
                                   libxl__destroy_devicemodel_state *ddms,
                                   int rc)
{
    libxl__dm_restart_state *rs = CONTAINER_OF(ddms, *rs, ddms);
    static const struct timeval zero;

    if (rc)
        dm_restart_done(egc, rs, rc);
    else
        dm_restart_look(egc, &rs->look, &zero, ERROR_TIMEDOUT);
}

static void dm_restart_look(libxl__egc *egc, libxl__ev_time *ev,
                            const struct timeval *requested_abs, int rc)
{
    libxl__dm_restart_state *rs = CONTAINER_OF(ev, *rs, look);
    libxl__domain_create_state *dcs = &rs->dcs;
    libxl__dm_spawn_state *dmss = &dcs->sdss.dm;
    STATE_AO_GC(dcs->ao);

    libxl__ev_time_deregister(gc, ev);
    if (rc != ERROR_TIMEDOUT) /* aborted */
        goto out;

    /* While the old one lives it has the files of disks, and the vIOMMU. */
    if (!kill(rs->old, 0) || errno != ESRCH) {
        rc = ERROR_TIMEDOUT;
        if (++rs->looks == DM_RESTART_LOOKS) {
            LOGD(ERROR, dcs->guest_domid, "device model: process %ld does not "
                 "end", (long)rs->old);
            goto out;
        }
        rc = libxl__ev_time_register_rel(ao, ev, dm_restart_look,
                                         DM_RESTART_LOOK_MS);
        if (rc)
            goto out;
        return;
    }

    rc = libxl__restore_emulator_xenstore_data(dcs, rs->nodes, rs->nodes_len);
    if (rc)
        goto out;

    dmss->spawn.ao = ao;
    dmss->guest_domid = dcs->guest_domid;
    dmss->guest_config = &rs->d_config;
    dmss->build_state = &dcs->build_state;
    dmss->callback = dm_restart_started;
    libxl__spawn_local_dm(egc, dmss); /* must be last */
    return;

 out:
    dm_restart_done(egc, rs, rc);
}

static void dm_restart_started(libxl__egc *egc, libxl__dm_spawn_state *dmss,
                               int rc)
{
    libxl__dm_restart_state *rs = CONTAINER_OF(dmss, *rs, dcs.sdss.dm);

    if (rc)
        dm_restart_done(egc, rs, rc);
    else
        dm_restart_resume(egc, rs, 0);
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

    dm_restart_done(egc, rs, rs->rc ?: rc);
}

static void dm_restart_done(libxl__egc *egc, libxl__dm_restart_state *rs, int rc)
{
    STATE_AO_GC(rs->dcs.ao);

    /* Once the old one has been told to end, there is no way back. */
    if (rc && rs->ddms.ao)
        LOGD(ERROR, rs->dcs.guest_domid, "device model: the domain has none any "
             "more, and stays suspended: it has to be destroyed");

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
