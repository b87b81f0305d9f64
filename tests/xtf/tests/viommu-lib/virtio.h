/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * virtio.h: one queue of a virtio 1 PCI device behind the vIOMMU.
 */

#ifndef VIOMMU_VIRTIO_H
#define VIOMMU_VIRTIO_H

#include "vtd.h"

#define VIRTIO_BLK_CLASS        0x010000
#define VIRTIO_NET_CLASS        0x020000

/* Features, of both words. */
#define VIRTIO_INDIRECT         (1ull << 28)
#define VIRTIO_VERSION_1        (1ull << 32)
#define VIRTIO_ACCESS_PLATFORM  (1ull << 33)

#define DESC_NEXT               1
#define DESC_WRITE              2
#define DESC_INDIRECT           4
#define BLK_READ                0
#define BLK_WRITE               1

struct virtio_desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags, next;
};

struct virtio_used {
    uint32_t id, len;
};

struct virtio_blk_header {
    uint32_t type, prio;
    uint64_t sector;
};

/* A queue as the device is to see it. */
struct virtio_queue {
    unsigned int number, size;
    uint64_t desc, avail, used;
};

struct virtio {
    uint16_t sid;
    void *common, *notify;
    unsigned int number;        /* of the queue */
};

/*
 * Reset the nth device of that class, with its memory at base, give it that
 * queue, those features beside the two that every one here has, and tables.
 */
bool virtio_start(struct virtio *v, uint32_t class, unsigned int nth,
                  uint32_t base, const struct vtd_dom *dom, uint64_t features,
                  const struct virtio_queue *q);
void virtio_notify(const struct virtio *v);

#endif /* VIOMMU_VIRTIO_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
