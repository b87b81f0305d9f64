/* SPDX-License-Identifier: GPL-2.0-only */
#include "pci.h"
#include "util.h"
#include "virtio.h"

#define PCI_CAPS                0x34
#define CAP_VENDOR              0x09
#define CFG_COMMON              1
#define CFG_NOTIFY              2

/* struct virtio_pci_common_cfg */
#define FEATURE_SELECT          0x08
#define FEATURE                 0x0c
#define STATUS                  0x14
#define  ACKNOWLEDGE            0x01
#define  DRIVER                 0x02
#define  DRIVER_OK              0x04
#define  FEATURES_OK            0x08
#define QUEUE_SELECT            0x16
#define QUEUE_SIZE              0x18
#define QUEUE_ENABLE            0x1c
#define QUEUE_NOTIFY_OFF        0x1e
#define QUEUE_DESC              0x20
#define QUEUE_AVAIL             0x28
#define QUEUE_USED              0x30

#define REG(type, off)          (*(volatile type *)(v->common + (off)))

/* Where the device has that structure. */
static void *find_cfg(uint16_t sid, unsigned int type, uint32_t base)
{
    unsigned int cap;

    for ( cap = pci_read(sid, PCI_CAPS) & 0xfc; cap;
          cap = pci_read(sid, cap) >> 8 & 0xfc )
        if ( (pci_read(sid, cap) & 0xff) == CAP_VENDOR &&
             pci_read(sid, cap) >> 24 == type )
            return _p(base + pci_read(sid, cap + 8));

    return NULL;
}

static void set_address(const struct virtio *v, unsigned int off, uint64_t addr)
{
    REG(uint32_t, off) = addr;
    REG(uint32_t, off + 4) = addr >> 32;
}

/* All memory of the devices is behind BAR 4; a notification is 4 bytes there. */
bool virtio_start(struct virtio *v, uint32_t class, unsigned int nth,
                  uint32_t base, const struct vtd_dom *dom, uint64_t features,
                  const struct virtio_queue *q)
{
    v->sid = pci_find(class, nth);
    if ( v->sid == PCI_NONE )
    {
        xtf_error("No virtio device %u of class %#x\n", nth, class);
        return false;
    }
    pci_write(v->sid, 0x20, base);
    pci_write(v->sid, 0x24, 0);
    pci_write(v->sid, 4, 6);
    vtd_attach(v->sid, dom);

    v->common = find_cfg(v->sid, CFG_COMMON, base);
    v->notify = find_cfg(v->sid, CFG_NOTIFY, base);
    if ( !check(v->common && v->notify, "%#x is no virtio 1 device", v->sid) )
        return false;

    features |= VIRTIO_VERSION_1 | VIRTIO_ACCESS_PLATFORM;
    REG(uint8_t, STATUS) = 0;
    REG(uint8_t, STATUS) = ACKNOWLEDGE | DRIVER;
    REG(uint32_t, FEATURE_SELECT) = 0;
    REG(uint32_t, FEATURE) = features;
    REG(uint32_t, FEATURE_SELECT) = 1;
    REG(uint32_t, FEATURE) = features >> 32;
    REG(uint8_t, STATUS) = ACKNOWLEDGE | DRIVER | FEATURES_OK;
    if ( !check(REG(uint8_t, STATUS) & FEATURES_OK, "%#x wants more", v->sid) )
        return false;

    REG(uint16_t, QUEUE_SELECT) = q->number;
    REG(uint16_t, QUEUE_SIZE) = q->size;
    set_address(v, QUEUE_DESC, q->desc);
    set_address(v, QUEUE_AVAIL, q->avail);
    set_address(v, QUEUE_USED, q->used);
    REG(uint16_t, QUEUE_ENABLE) = 1;
    v->notify += 4 * REG(uint16_t, QUEUE_NOTIFY_OFF);
    v->number = q->number;
    REG(uint8_t, STATUS) = ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK;

    return true;
}

void virtio_notify(const struct virtio *v)
{
    *(volatile uint16_t *)v->notify = v->number;
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
