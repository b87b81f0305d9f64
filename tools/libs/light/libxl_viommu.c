/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Virtual IOMMUs of an HVM guest: their configuration, their creation, the ACPI
 * table that announces them, and what they report about themselves.
 */

#include "libxl_osdeps.h" /* must come before any other headers */

#include "libxl_internal.h"

#include <xen/hvm/viommu_domctl.h>

#include "libxl_viommu_dmar.h"

/* Where VT-d registers are on most machines, and in every test of them. */
#define VIOMMU_DEFAULT_BASE 0xfed90000ULL
#define VIOMMU_SIZE         0x1000ULL
#define VIOMMU_DEFAULT_AW   48

/* One entry of the configuration: fill in its defaults, check the rest. */
static int viommu_info_setdefault(libxl__gc *gc, libxl_viommu_info *viommu,
                                  unsigned int unit, bool intremap,
                                  uint32_t domid)
{
    uint64_t base = VIOMMU_DEFAULT_BASE + unit * VIOMMU_SIZE;

    switch (viommu->type) {
    case LIBXL_VIOMMU_TYPE_VTD:
        break;

    default:
        LOGD(ERROR, domid, "viommu: type missing or unknown, must be vtd");
        return ERROR_INVAL;
    }

    if (!viommu->aw)
        viommu->aw = VIOMMU_DEFAULT_AW;

    if (viommu->aw != 39 && viommu->aw != 48) {
        LOGD(ERROR, domid, "viommu: aw=%d is not supported, must be 39 or 48",
             viommu->aw);
        return ERROR_INVAL;
    }

    /* The architecture has no interrupt remapping without a queue. */
    libxl_defbool_setdefault(&viommu->intremap, intremap);
    if (libxl_defbool_val(viommu->intremap) &&
        !libxl_defbool_val(viommu->qi)) {
        LOGD(ERROR, domid, "viommu: intremap=1 is not supported with qi=0");
        return ERROR_INVAL;
    }

    if (!viommu->base)
        viommu->base = base;

    if (viommu->base != base) {
        LOGD(ERROR, domid, "viommu: base address cannot be chosen");
        return ERROR_INVAL;
    }

    return 0;
}

/* Which devices are behind which: each slot once, and the rest behind the last. */
static int check_slots(libxl__gc *gc, const libxl_domain_build_info *b_info,
                       uint32_t domid)
{
    uint32_t taken = 0;
    int i;

    for (i = 0; i < b_info->num_viommus; i++) {
        const libxl_viommu_info *viommu = &b_info->viommus[i];
        uint32_t again = viommu->devices & viommu->bridges;

        again |= taken & (viommu->devices | viommu->bridges);
        if (again) {
            LOGD(ERROR, domid, "viommu: slot %02x is given more than once",
                 __builtin_ctz(again));
            return ERROR_INVAL;
        }

        if (i == b_info->num_viommus - 1) {
            if (viommu->devices || viommu->bridges) {
                LOGD(ERROR, domid, "viommu: the last one takes all devices "
                     "that are left, and cannot be given any");
                return ERROR_INVAL;
            }
        } else if (!viommu->devices && !viommu->bridges) {
            LOGD(ERROR, domid, "viommu: number %d has neither devices nor "
                 "bridges, which only the last one may not have", i);
            return ERROR_INVAL;
        }
        taken |= viommu->devices | viommu->bridges;

        /* As the operating system would not remap with any of them. */
        if (libxl_defbool_val(viommu->intremap) !=
            libxl_defbool_val(b_info->viommus[0].intremap)) {
            LOGD(ERROR, domid, "viommu: intremap must be the same for all");
            return ERROR_INVAL;
        }
    }

    return 0;
}

/*
 * Runs before the defaults of the rest of d_config have been filled in, so
 * that the reason given is this one and not one of the things it implies.
 */
int libxl__viommu_setdefault(libxl__gc *gc, libxl_domain_config *d_config,
                             uint32_t domid)
{
    const libxl_domain_create_info *c_info = &d_config->c_info;
    libxl_domain_build_info *b_info = &d_config->b_info;
    const char *whynot = NULL;
    bool no_acpi, stubdom, passthrough, queues = true;
    int i, rc;

    if (!b_info->num_viommus)
        return 0;

    if (c_info->type != LIBXL_DOMAIN_TYPE_HVM) {
        LOGD(ERROR, domid,
             "viommu: only supported for HVM domains, but this one is %s",
             libxl_domain_type_to_string(c_info->type));
        return ERROR_INVAL;
    }

    no_acpi = (!libxl_defbool_is_default(b_info->acpi) &&
               !libxl_defbool_val(b_info->acpi)) ||
              (!libxl_defbool_is_default(b_info->u.hvm.acpi) &&
               !libxl_defbool_val(b_info->u.hvm.acpi));
    stubdom = !libxl_defbool_is_default(b_info->device_model_stubdomain) &&
              libxl_defbool_val(b_info->device_model_stubdomain);
    passthrough = d_config->num_pcidevs || d_config->num_dtdevs ||
                  (c_info->passthrough != LIBXL_PASSTHROUGH_DEFAULT &&
                   c_info->passthrough != LIBXL_PASSTHROUGH_DISABLED);

    if (b_info->num_viommus > XEN_VIOMMU_MAX_UNITS)
        whynot = GCSPRINTF("%d per domain are supported, but %d are configured",
                           XEN_VIOMMU_MAX_UNITS, b_info->num_viommus);
    else if (no_acpi)
        whynot = "not supported with acpi=0, which would hide it";
    else if (stubdom)
        whynot = "not supported with a device model in a stub domain";
    else if (b_info->device_model_version !=
             LIBXL_DEVICE_MODEL_VERSION_UNKNOWN &&
             b_info->device_model_version !=
             LIBXL_DEVICE_MODEL_VERSION_QEMU_XEN)
        whynot = "only supported with device_model_version=\"qemu-xen\"";
    else if (passthrough)
        whynot = "not supported with assigned devices or passthrough, "
                 "whose DMA would not go through it";

    if (whynot) {
        LOGD(ERROR, domid, "viommu: %s", whynot);
        return ERROR_INVAL;
    }

    for (i = 0; i < b_info->num_viommus; i++) {
        libxl_defbool_setdefault(&b_info->viommus[i].qi, true);
        queues &= libxl_defbool_val(b_info->viommus[i].qi);
    }

    /* Interrupts are remapped by all units or by none. */
    for (i = 0; i < b_info->num_viommus; i++) {
        rc = viommu_info_setdefault(gc, &b_info->viommus[i], i, queues, domid);
        if (rc)
            return rc;
    }

    return check_slots(gc, b_info, domid);
}

static int create_unit(libxl__gc *gc, uint32_t domid, unsigned int unit,
                       const libxl_viommu_info *viommu,
                       libxl__domain_build_state *state)
{
    uint32_t flags = 0;

    if (!libxl_defbool_val(viommu->qi))
        flags |= XEN_VIOMMU_CREATE_NO_QUEUE;
    if (libxl_defbool_val(viommu->intremap))
        flags |= XEN_VIOMMU_CREATE_INTREMAP;

    if (xc_domain_viommu_create(CTX->xch, domid, unit, XEN_VIOMMU_TYPE_VTD,
                                viommu->base, flags, viommu->aw,
                                &state->viommu_haw)) {
        if (errno == EOPNOTSUPP || errno == ENOSYS)
            LOGED(ERROR, domid, "viommu: Xen has no support for it, "
                  "or it is forbidden by viommu=no on Xen's command line");
        else
            LOGED(ERROR, domid, "viommu: creation of number %u failed", unit);
        return ERROR_FAIL;
    }

    return 0;
}

int libxl__viommu_create(libxl__gc *gc, uint32_t domid,
                         const libxl_domain_config *d_config,
                         libxl__domain_build_state *state)
{
    const libxl_domain_build_info *b_info = &d_config->b_info;
    int i, rc;

    if (!b_info->num_viommus)
        return 0;

    /* Left over only where qemu-xen is the default but is not installed. */
    if (b_info->device_model_version != LIBXL_DEVICE_MODEL_VERSION_QEMU_XEN) {
        LOGD(ERROR, domid, "viommu: needs the device model qemu-xen");
        return ERROR_INVAL;
    }

    /* The domain stays the same over a soft reset, and so does its vIOMMU. */
    if (state->soft_reset)
        return 0;

    for (i = 0; i < b_info->num_viommus; i++) {
        rc = create_unit(gc, domid, i, &b_info->viommus[i], state);
        if (rc)
            return rc;
    }

    return 0;
}

/*
 * A guest that is saved or migrated has to be given the same again, and what it was
 * given by default is this version's.
 */
void libxl__viommu_update_config(libxl_domain_config *dst,
                                 const libxl_domain_config *src)
{
    int i;

    for (i = 0; i < dst->b_info.num_viommus; i++) {
        libxl_viommu_info *to = &dst->b_info.viommus[i];
        const libxl_viommu_info *from = &src->b_info.viommus[i];

        to->aw = from->aw;
        to->qi = from->qi;
        to->intremap = from->intremap;
    }
}

/*
 * Tell the device model what the table tells the guest: for each but the last,
 * which slots are behind it.
 */
void libxl__viommu_dm_args(libxl__gc *gc, const libxl_domain_build_info *b_info,
                           flexarray_t *dm_args)
{
    char *slots = libxl__strdup(gc, "xen-viommu.slots=");
    int i;

    if (b_info->num_viommus < 2)
        return;

    for (i = 0; i < b_info->num_viommus - 1; i++)
        slots = GCSPRINTF("%s%s%x", slots, i ? ":" : "",
                          b_info->viommus[i].devices |
                          b_info->viommus[i].bridges);
    flexarray_append_pair(dm_args, "-global", slots);
}

/*
 * hvmloader copies the tables of the ACPI module to the guest as they are.
 * The user may have put some there.  The DMAR goes in front of them, so that
 * neither their number nor a wrong length in one of them can hide it.
 */
int libxl__viommu_add_acpi(libxl__gc *gc,
                           const libxl_domain_build_info *b_info,
                           const libxl__domain_build_state *state,
                           struct xc_dom_image *dom)
{
    struct xc_hvm_firmware_module *module = &dom->acpi_modules[0];
    struct libxl__viommu_dmar_unit unit[XEN_VIOMMU_MAX_UNITS];
    uint8_t *data;
    size_t size;
    int i;

    if (!b_info->num_viommus)
        return 0;

    if (state->viommu_haw < 12 || state->viommu_haw > 64) {
        LOG(ERROR, "viommu: Xen gave an impossible address width of %u bits",
            state->viommu_haw);
        return ERROR_FAIL;
    }

    for (i = 0; i < b_info->num_viommus; i++) {
        unit[i].base = b_info->viommus[i].base;
        unit[i].devices = b_info->viommus[i].devices;
        unit[i].bridges = b_info->viommus[i].bridges;
    }

    size = libxl__viommu_dmar_size(unit, i);
    data = libxl__malloc(gc, module->length + size);
    libxl__viommu_dmar(data, unit, i, state->viommu_haw,
                       libxl_defbool_val(b_info->viommus[0].intremap));
    if (module->length)
        memcpy(data + size, module->data, module->length);

    module->data = data;
    module->length += size;

    return 0;
}

/* 0: raw filled in.  ERROR_NOTFOUND: the domain exists, but has no such unit. */
static int viommu_get_stats(libxl__gc *gc, uint32_t domid, unsigned int unit,
                            struct xen_viommu_stats *raw)
{
    switch (libxl__domain_type(gc, domid)) {
    case LIBXL_DOMAIN_TYPE_INVALID:
        return ERROR_DOMAIN_NOTFOUND;

    case LIBXL_DOMAIN_TYPE_HVM:
        break;

    default:
        return ERROR_NOTFOUND;
    }

    if (!xc_domain_viommu_get_stats(CTX->xch, domid, unit, raw))
        return 0;

    switch (errno) {
    case ENODEV:
    case EOPNOTSUPP:
    case ENOSYS:
        return ERROR_NOTFOUND;

    case ESRCH:
        return ERROR_DOMAIN_NOTFOUND;
    }

    LOGED(ERROR, domid, "viommu: cannot read statistics");

    return ERROR_FAIL;
}

/*
 * Xen loads the records that it is given.  A unit whose record was not among them
 * is as it was created, with none of the tables and the queue that its guest relies on.
 */
int libxl__viommu_check_restored(libxl__gc *gc, uint32_t domid,
                                 const libxl_domain_build_info *b_info,
                                 const libxl__domain_build_state *state)
{
    struct xen_viommu_stats raw;
    int i, rc;

    if (!state->restore)
        return 0; /* nor after a soft reset, over which units stay as they are */

    for (i = 0; i < b_info->num_viommus; i++) {
        rc = viommu_get_stats(gc, domid, i, &raw);
        if (rc) {
            LOGD(ERROR, domid, "viommu: whether unit %d was restored is not known",
                 i);
            return rc;
        }
        if (!(raw.flags & XEN_VIOMMU_STATS_RESTORED)) {
            LOGD(ERROR, domid, "viommu: unit %d was not restored: what was saved "
                 "has no record of it", i);
            return ERROR_FAIL;
        }
    }

    return 0;
}

/* The devices of another QEMU would do their DMA past the units of which it knows not. */
int libxl__viommu_check_served(libxl__gc *gc, uint32_t domid,
                               const libxl_domain_build_info *b_info)
{
    struct xen_viommu_stats raw;
    int i, rc;

    for (i = 0; i < b_info->num_viommus; i++) {
        rc = viommu_get_stats(gc, domid, i, &raw);
        if (rc) {
            LOGD(ERROR, domid, "viommu: whether unit %d is served is not known", i);
            return rc;
        }
        if (!(raw.flags & XEN_VIOMMU_STATS_DM)) {
            LOGD(ERROR, domid, "viommu: the device model does not serve unit %d: "
                 "it is no QEMU that has the device xen-viommu", i);
            return ERROR_FAIL;
        }
    }

    return 0;
}

bool libxl__has_viommu(libxl__gc *gc, uint32_t domid)
{
    struct xen_viommu_stats raw;

    return !viommu_get_stats(gc, domid, 0, &raw);
}

int libxl__viommu_check_remus(libxl__gc *gc, uint32_t domid)
{
    struct xen_viommu_stats raw;
    int rc = viommu_get_stats(gc, domid, 0, &raw);

    switch (rc) {
    case 0:
        LOGD(ERROR, domid, "viommu: not supported with Remus or COLO");
        return ERROR_NI;

    case ERROR_NOTFOUND:
        return 0;

    default:
        return rc;
    }
}

static void viommu_timeline(libxl_viommu_timeline *to,
                            const struct xen_viommu_timeline *from)
{
    to->write_ns = from->write_ns;
    to->event_ns = from->event_ns;
    to->ack_ns = from->ack_ns;
    to->drained_ns = from->drained_ns;
    to->clear_ns = from->clear_ns;
    to->seen_ns = from->seen_ns;
    to->inv = from->inv;
}

int libxl_domain_viommu_stats(libxl_ctx *ctx, uint32_t domid,
                              unsigned int unit, libxl_viommu_stats *stats)
{
    GC_INIT(ctx);
    struct xen_viommu_stats raw;
    unsigned int i;
    int rc;

    rc = viommu_get_stats(gc, domid, unit, &raw);
    if (rc)
        goto out;

    stats->type = raw.type == XEN_VIOMMU_TYPE_VTD ? LIBXL_VIOMMU_TYPE_VTD
                                                  : LIBXL_VIOMMU_TYPE_UNKNOWN;
    stats->enabled = raw.flags & XEN_VIOMMU_STATS_ENABLED;
    stats->dm_attached = raw.flags & XEN_VIOMMU_STATS_DM;
    stats->inv_waiting = raw.flags & XEN_VIOMMU_STATS_WAITING;
    stats->restored = raw.flags & XEN_VIOMMU_STATS_RESTORED;
    stats->base = raw.base;
    stats->translations = raw.translations;
    stats->faults = raw.faults;
    stats->faults_lost = raw.faults_lost;

    stats->inv.config_global = raw.inv[XEN_VIOMMU_INV_CONFIG_GLOBAL];
    stats->inv.config_domain = raw.inv[XEN_VIOMMU_INV_CONFIG_DOMAIN];
    stats->inv.config_device = raw.inv[XEN_VIOMMU_INV_CONFIG_DEVICE];
    stats->inv.tlb_global = raw.inv[XEN_VIOMMU_INV_TLB_GLOBAL];
    stats->inv.tlb_domain = raw.inv[XEN_VIOMMU_INV_TLB_DOMAIN];
    stats->inv.tlb_range = raw.inv[XEN_VIOMMU_INV_TLB_RANGE];
    stats->inv.control = raw.inv[XEN_VIOMMU_INV_CONTROL];

    stats->in_trap = raw.in_trap;
    stats->waited = raw.waited;
    stats->dm_gone = raw.dm_gone;
    stats->requested = raw.requested;
    stats->drained = raw.drained;
    stats->drain_ns = raw.drain_ns;
    stats->drain_max_ns = raw.drain_max_ns;

    stats->num_drain_hist = XEN_VIOMMU_NR_HIST;
    stats->drain_hist = libxl__calloc(NOGC, XEN_VIOMMU_NR_HIST,
                                      sizeof(*stats->drain_hist));
    for (i = 0; i < XEN_VIOMMU_NR_HIST; i++)
        stats->drain_hist[i] = raw.drain_hist[i];

    viommu_timeline(&stats->waiting, &raw.waiting);
    viommu_timeline(&stats->longest, &raw.longest);
    stats->now_ns = raw.now_ns;

    stats->mmio_reads = raw.mmio_reads;
    stats->mmio_writes = raw.mmio_writes;
    stats->descs = raw.descs;
    stats->queue_errors = raw.queue_errors;

    stats->blocked = raw.blocked;
    stats->blocked_floor = raw.blocked_floor;
    stats->blocked_ns = raw.blocked_ns;
    stats->blocked_by.rid = raw.blocked_by.rid;
    stats->blocked_by.did = raw.blocked_by.did;
    stats->blocked_by.iova = raw.blocked_by.iova;
    stats->blocked_by.gpa = raw.blocked_by.gpa;
    stats->blocked_by.pages = raw.blocked_by.pages;
    stats->blocked_by.write = raw.blocked_by.access & XEN_VIOMMU_WRITE;
    stats->scans = raw.scans;
    stats->walks = raw.walks;
    stats->stale = raw.stale;

 out:
    GC_FREE;
    return rc;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
