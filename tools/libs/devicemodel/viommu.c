/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The device model's side of a virtual IOMMU: thin wrappers of the
 * XEN_DMOP_viommu_* operations, see public/hvm/viommu.h.
 */

#include <errno.h>
#include <string.h>

#include "private.h"

int xendevicemodel_viommu_attach(
    xendevicemodel_handle *dmod, domid_t domid, unsigned int unit,
    uint32_t *version, uint32_t *flags, evtchn_port_t *port)
{
    struct xen_dm_op op;
    struct xen_dm_op_viommu_attach *data;
    int rc;

    memset(&op, 0, sizeof(op));

    op.op = XEN_DMOP_viommu_attach;
    data = &op.u.viommu_attach;

    data->version = *version;
    data->unit = unit;

    rc = xendevicemodel_op(dmod, domid, 1, &op, sizeof(op));
    if (rc)
        return rc;

    *version = data->version;
    *flags = data->flags;
    *port = data->port;

    return 0;
}

int xendevicemodel_viommu_detach(
    xendevicemodel_handle *dmod, domid_t domid, unsigned int unit)
{
    struct xen_dm_op op;

    memset(&op, 0, sizeof(op));

    op.op = XEN_DMOP_viommu_detach;
    op.u.viommu_detach.unit = unit;

    return xendevicemodel_op(dmod, domid, 1, &op, sizeof(op));
}

int xendevicemodel_viommu_translate(
    xendevicemodel_handle *dmod, domid_t domid, unsigned int unit,
    struct xen_viommu_xlat *xlat, unsigned int nr, uint64_t *generation)
{
    struct xen_dm_op op;
    struct xen_dm_op_viommu_translate *data;
    int rc;

    /* The buffer's size is computed from nr: bound it before that. */
    if (nr > XEN_VIOMMU_MAX_XLAT) {
        errno = E2BIG;
        return -1;
    }

    if (!nr) {
        errno = EINVAL;
        return -1;
    }

    memset(&op, 0, sizeof(op));

    op.op = XEN_DMOP_viommu_translate;
    data = &op.u.viommu_translate;

    data->nr = nr;
    data->unit = unit;

    rc = xendevicemodel_op(dmod, domid, 2, &op, sizeof(op),
                           xlat, (size_t)nr * sizeof(*xlat));
    if (rc)
        return rc;

    *generation = data->generation;

    return 0;
}

int xendevicemodel_viommu_ack(
    xendevicemodel_handle *dmod, domid_t domid, unsigned int unit)
{
    struct xen_dm_op op;

    memset(&op, 0, sizeof(op));

    op.op = XEN_DMOP_viommu_ack;
    op.u.viommu_ack.unit = unit;

    return xendevicemodel_op(dmod, domid, 1, &op, sizeof(op));
}

int xendevicemodel_viommu_msi(
    xendevicemodel_handle *dmod, domid_t domid, unsigned int unit,
    uint16_t rid, uint64_t addr, uint32_t data)
{
    struct xen_dm_op op;

    memset(&op, 0, sizeof(op));

    op.op = XEN_DMOP_viommu_msi;
    op.u.viommu_msi.addr = addr;
    op.u.viommu_msi.data = data;
    op.u.viommu_msi.rid = rid;
    op.u.viommu_msi.unit = unit;

    return xendevicemodel_op(dmod, domid, 1, &op, sizeof(op));
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
