/* SPDX-License-Identifier: LGPL-2.1-only */
/* What keeps a domain's device model from being replaced. */

#include "libxl_osdeps.h" /* must come before any other headers */

#include "libxl_internal.h"

const char *libxl__dm_whynot(libxl__gc *gc,
                             const libxl_domain_config *d_config)
{
    unsigned int i;

    for (i = 0; i < d_config->num_disks; i++)
        if (d_config->disks[i].backend == LIBXL_DISK_BACKEND_QDISK)
            return GCSPRINTF("disk %s (%s): it is the backend of the PV disk, "
                             "which would lose its connection",
                             d_config->disks[i].vdev,
                             d_config->disks[i].pdev_path ?: "empty");
    if (d_config->num_vfbs)
        return GCSPRINTF("vfb (%d): it is the backend, "
                         "which would lose its connection", d_config->num_vfbs);
    if (d_config->num_p9s)
        return GCSPRINTF("p9 %s: it is the backend, "
                         "which would lose its connection", d_config->p9s[0].tag);
    if (d_config->num_channels)
        return GCSPRINTF("channel %s: it is the backend, "
                         "which would lose its connection",
                         d_config->channels[0].name);
    for (i = 0; i < d_config->num_nics; i++)
        if (d_config->nics[i].nictype != LIBXL_NIC_TYPE_VIF)
            return GCSPRINTF("vif mac="LIBXL_MAC_FMT": the tap device of the "
                             "emulated NIC would end with it",
                             LIBXL_MAC_BYTES(d_config->nics[i].mac));
    if (d_config->num_usbctrls || d_config->num_usbdevs)
        return GCSPRINTF("usbctrl (%d), usbdev (%d): it has USB devices that "
                         "were attached", d_config->num_usbctrls,
                         d_config->num_usbdevs);
    if (d_config->num_pcidevs)
        return GCSPRINTF("pci %04x:%02x:%02x.%01x: it has assigned devices, "
                         "which nobody would add again",
                         d_config->pcidevs[0].domain, d_config->pcidevs[0].bus,
                         d_config->pcidevs[0].dev, d_config->pcidevs[0].func);

    return NULL;
}

/*
 * Where QEMU has what it was given by -device and by device_add, and knows of each
 * whether it was there from the start.
 */
static const char *const containers[] = {
    "/machine/peripheral", "/machine/peripheral-anon",
};

static void added_listed(libxl__egc *egc, libxl__ev_qmp *qmp,
                         const libxl__json_object *response, int rc);
static void added_told(libxl__egc *egc, libxl__ev_qmp *qmp,
                       const libxl__json_object *response, int rc);
static void added_timeout(libxl__egc *egc, libxl__ev_time *ev,
                          const struct timeval *requested_abs, int rc);

static void added_done(libxl__egc *egc, libxl__dm_added_state *das, int rc)
{
    STATE_AO_GC(das->ao);

    if (rc && rc != ERROR_NI)
        LOGD(ERROR, das->domid, "device model: it does not say which devices it has");
    libxl__ev_qmp_dispose(gc, &das->qmp);
    libxl__ev_time_deregister(gc, &das->time);
    das->callback(egc, das, rc); /* must be last */
}

static void added_ask(libxl__egc *egc, libxl__dm_added_state *das)
{
    STATE_AO_GC(das->ao);
    libxl__json_object *args = NULL;
    const char *command;
    int rc;

    if (das->container < ARRAY_SIZE(containers)) {
        command = "qom-list";
        libxl__qmp_param_add_string(gc, &args, "path", containers[das->container]);
        das->qmp.callback = added_listed;
    } else if (das->asked < das->paths->count) {
        void *path;

        flexarray_get(das->paths, das->asked, &path);
        command = "qom-get";
        libxl__qmp_param_add_string(gc, &args, "path", path);
        libxl__qmp_param_add_string(gc, &args, "property", "hotplugged");
        das->qmp.callback = added_told;
    } else {
        added_done(egc, das, 0); /* must be last */
        return;
    }
    rc = libxl__ev_qmp_send(egc, &das->qmp, command, args);
    if (rc)
        added_done(egc, das, rc); /* must be last */
}

void libxl__dm_check_added(libxl__egc *egc, libxl__dm_added_state *das)
{
    STATE_AO_GC(das->ao);
    int rc;

    libxl__ev_qmp_init(&das->qmp);
    das->qmp.ao = ao;
    das->qmp.domid = das->domid;
    das->qmp.payload_fd = -1;
    das->container = das->asked = 0;
    das->paths = flexarray_make(gc, 16, 1);
    libxl__ev_time_init(&das->time);
    rc = libxl__ev_time_register_rel(ao, &das->time, added_timeout,
                                     LIBXL_DEVICE_MODEL_START_TIMEOUT * 1000);
    if (rc)
        added_done(egc, das, rc); /* must be last */
    else
        added_ask(egc, das); /* must be last */
}

static void added_listed(libxl__egc *egc, libxl__ev_qmp *qmp,
                         const libxl__json_object *response, int rc)
{
    libxl__dm_added_state *das = CONTAINER_OF(qmp, *das, qmp);
    STATE_AO_GC(das->ao);
    const libxl__json_object *entry;
    unsigned int i;

    for (i = 0; !rc && (entry = libxl__json_array_get(response, i)); i++) {
        const char *name = libxl__json_object_get_string(
            libxl__json_map_get("name", entry, JSON_STRING));
        const char *type = libxl__json_object_get_string(
            libxl__json_map_get("type", entry, JSON_STRING));

        /* CPUs are libxl's own, and given to the next one, too. */
        if (name && type && !strncmp(type, "child<", 6) && strncmp(name, "cpu-", 4))
            flexarray_append(das->paths,
                             GCSPRINTF("%s/%s", containers[das->container], name));
    }
    das->container++;
    if (rc)
        added_done(egc, das, rc); /* must be last */
    else
        added_ask(egc, das); /* must be last */
}

static void added_told(libxl__egc *egc, libxl__ev_qmp *qmp,
                       const libxl__json_object *response, int rc)
{
    libxl__dm_added_state *das = CONTAINER_OF(qmp, *das, qmp);
    STATE_AO_GC(das->ao);
    void *path;

    if (!rc && !libxl__json_object_is_bool(response))
        rc = ERROR_QEMU_API;
    flexarray_get(das->paths, das->asked++, &path);
    if (!rc && libxl__json_object_get_bool(response)) {
        LOGD(ERROR, das->domid, "device model: cannot be restarted: device %s: it was "
             "added by device_add, which nobody would do again", (const char *)path);
        rc = ERROR_NI;
    }
    if (rc)
        added_done(egc, das, rc); /* must be last */
    else
        added_ask(egc, das); /* must be last */
}

static void added_timeout(libxl__egc *egc, libxl__ev_time *ev,
                          const struct timeval *requested_abs, int rc)
{
    libxl__dm_added_state *das = CONTAINER_OF(ev, *das, time);

    added_done(egc, das, rc);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
