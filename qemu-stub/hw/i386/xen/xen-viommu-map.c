/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What address_space_map() gives to devices behind the vIOMMU.
 *
 * Late-bound, which is the default: a private buffer.  What the device is to
 * read is copied there at once; what it writes is copied to guest memory when
 * it unmaps, through the translations of that time.  So a translation is in
 * use for as long as a memcpy takes, whatever the storage behind the device
 * does meanwhile, and an invalidation that has to wait does not wait long.
 *
 * In place: a pointer into guest memory, and a slot that says so as long as
 * it is mapped.  For devices that share memory with their driver, if asked
 * for (dma=map), and if the private buffers would become too many.  Not so for
 * a device that writes to what it has mapped for reading.  What is no memory is
 * never in place: it is copied, or refused.
 *
 * A device that holds its mappings for as long as somebody else likes never has
 * any in place, for the slots would be used up, and then all invalidations wait
 * for it; and half of the private buffers it leaves to others.  Beyond that its
 * mappings fail.
 */
#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "qemu/memalign.h"
#include "qemu/units.h"
#include "system/dma-track.h"
#include "xen-viommu-int.h"
#include "trace.h"

#define MAX_MAP    (1 * MiB)
#define MAX_COPIES (64 * MiB)
#define MAX_IDLE   (4 * MiB)

struct XenViommuMap {
    XenViommuMap *next;     /* newest first */
    AddressSpace *as;
    void *ptr;
    XenViommuSpace *sp;
    hwaddr addr, len;
    bool is_write;
    unsigned int pages;     /* to ask about at once */
    bool gone;              /* the device has: @as, too, may have */
    /* late-bound */
    bool copy;
    unsigned int class;
    hwaddr keep;            /* bytes that are to be written back */
    XenViommuSpan found;    /* where @addr was when it was mapped; or len 0 */
    /* in place */
    bool ended;
    XenViommuUse use;
};

/*
 * What Xen takes for memory may be registers that QEMU has: it knows of none if
 * translation is disabled, or where the guest has had pages put over them.
 */
static const MemTxAttrs only_memory = { .memory = 1 };

void xen_viommu_maps_init(XenViommuMaps *m)
{
    memset(m, 0, sizeof(*m));
    qemu_mutex_init(&m->lock);
}

void xen_viommu_maps_gone(XenViommuMaps *m, AddressSpace *as)
{
    XenViommuMap *map;
    int i;

    QEMU_LOCK_GUARD(&m->lock);
    for (i = 0; i < XEN_VIOMMU_MAP_BUCKETS; i++) {
        for (map = m->bucket[i]; map; map = map->next) {
            map->gone |= map->as == as;
        }
    }
}

static XenViommuMap **bucket(XenViommuMaps *m, const void *ptr)
{
    uint64_t h = ((uintptr_t)ptr >> 9) * 0x9e3779b97f4a7c15ULL;

    return &m->bucket[(h >> 32) & (XEN_VIOMMU_MAP_BUCKETS - 1)];
}

static void add(XenViommuMaps *m, XenViommuMap *map)
{
    XenViommuMap **head = bucket(m, map->ptr);

    QEMU_LOCK_GUARD(&m->lock);
    map->next = *head;
    *head = map;
}

/*
 * How many pages to ask about if there is a miss.  A device maps a request page
 * by page and does not say how long it is: probably as the one before.  To ask
 * for more costs Xen a walk for each page, for nothing; to ask again, a
 * hypercall.
 */
static unsigned int ahead(XenViommuSpace *sp, hwaddr addr, hwaddr len)
{
    unsigned int pages = (len + (addr & 4095) + 4095) >> 12, before;

    if (addr != sp->run_end) {
        sp->last_run = sp->run;
        sp->run = 0;
    }
    before = sp->run;
    sp->run += pages;
    sp->run_end = addr + len;
    return MAX(MAX(pages, before),
               sp->last_run > before ? sp->last_run - before : 0);
}

/* NULL if there is no room. */
static void *get_buffer(XenViommuSpace *sp, hwaddr len, unsigned int *class)
{
    XenViommuMaps *m = &sp->viommu->maps;
    size_t most = sp->lasting ? MAX_COPIES / 2 : MAX_COPIES;
    unsigned int shift = MAX(64 - clz64(len - 1), 12);
    void *buf;

    *class = shift - 12;

    WITH_QEMU_LOCK_GUARD(&m->lock) {
        if (m->in_use + (1UL << shift) > most) {
            return NULL;
        }
        m->in_use += 1UL << shift;
        buf = m->free[*class];
        if (buf) {
            m->free[*class] = *(void **)buf;
            *(void **)buf = NULL;
            m->idle -= 1UL << shift;
            return buf;
        }
    }
    buf = qemu_memalign(4096, 1UL << shift);
    /* what is in there later are the guest's own data */
    memset(buf, 0, 1UL << shift);
    return buf;
}

static void put_buffer(XenViommuMaps *m, void *buf, unsigned int class)
{
    size_t size = 4096UL << class;

    WITH_QEMU_LOCK_GUARD(&m->lock) {
        m->in_use -= size;
        if (m->idle + size <= MAX_IDLE) {
            *(void **)buf = m->free[class];
            m->free[class] = buf;
            m->idle += size;
            return;
        }
    }
    qemu_vfree(buf);
}

/*
 * Check the whole range now, so that it is refused when the device can still
 * tell, and copy what it is to read.  Returns how far that went.  Only at the
 * first byte does the guest see a fault: the device will come back for the
 * rest, or it never touches it.
 */
static hwaddr fill(XenViommuMap *map, hwaddr len)
{
    XenViommuSpace *sp = map->sp;
    XenViommuClient *c = &sp->viommu->client;
    hwaddr addr = map->addr;
    bool is_write = map->is_write;
    unsigned int pages = map->pages;
    uint8_t *buf = map->ptr;
    uint16_t rid = xen_viommu_rid(sp);
    uint8_t access = is_write ? XEN_VIOMMU_WRITE : XEN_VIOMMU_READ;
    XenViommuUse u = { .slot = -1, .near = &sp->near };
    hwaddr done = 0;

    while (done < len) {
        if (is_write) {
            if (!xen_viommu_peek(c, rid, addr + done, len - done, access,
                                 done, pages, &u) ||
                (u.device && !xen_viommu_may_copy(sp, u.span.gpa,
                                                  u.span.len))) {
                break;
            }
            if (!done && !u.device) {
                map->found = u.span;
            }
        } else {
            bool bad = false;

            if (!xen_viommu_begin(c, rid, addr + done, len - done, access,
                                  done, pages, &u)) {
                break;
            }
            if (u.device ||
                address_space_read(&address_space_memory, u.span.gpa,
                                   only_memory, buf + done,
                                   u.span.len) == MEMTX_ACCESS_ERROR) {
                bad = !xen_viommu_device_copy(sp, u.span.gpa, buf + done,
                                              u.span.len, false);
            }
            xen_viommu_end(c, &u);
            if (bad) {
                break;
            }
        }
        done += u.span.len;
    }
    if (is_write && done && !dma_track_overwritten) {
        /* what the device does not write must not be a leak of ours */
        memset(buf, 0, done);
    }
    return done;
}

/* A device that is no longer master of the bus, or on it, writes nothing. */
static bool may_write(const XenViommuMap *map)
{
    return !map->gone &&
           dma_track_iommu(map->as, map->addr) == &map->sp->iommu;
}

/*
 * The other end.  A page that is refused by now is left alone: the guest has
 * taken it away.
 */
static void write_back(XenViommuMap *map, hwaddr len)
{
    XenViommuClient *c = &map->sp->viommu->client;
    uint16_t rid = xen_viommu_rid(map->sp);
    XenViommuUse u = XEN_VIOMMU_USE_INIT;
    hwaddr done = 0;

    while (done < len) {
        hwaddr addr = map->addr + done;

        if (!(!done && map->found.len && map->found.rid == rid &&
              xen_viommu_begin_again(c, &map->found, len, &u)) &&
            !xen_viommu_begin(c, rid, addr, len - done, XEN_VIOMMU_WRITE,
                              false, map->pages, &u)) {
            trace_xen_viommu_dma_lost(rid, addr);
            done += MIN(len - done, 4096 - (addr & 4095));
            continue;
        }
        if (u.device ||
            address_space_write(&address_space_memory, u.span.gpa, only_memory,
                                (uint8_t *)map->ptr + done,
                                u.span.len) == MEMTX_ACCESS_ERROR) {
            xen_viommu_device_copy(map->sp, u.span.gpa,
                                   (uint8_t *)map->ptr + done, u.span.len,
                                   true);
        }
        done += u.span.len;
        xen_viommu_end(c, &u);
    }
}

static bool is_memory(hwaddr gpa)
{
    hwaddr xlat, len = 1;

    RCU_READ_LOCK_GUARD();
    return memory_region_is_ram(address_space_translate(&address_space_memory,
                                                        gpa, &xlat, &len, false,
                                                        only_memory));
}

static void *map_in_place(XenViommuMap *map, hwaddr *plen, bool *faulted)
{
    XenViommuClient *c = &map->sp->viommu->client;
    uint8_t access = xen_viommu_map_access(map->is_write);
    hwaddr len;

    if (!xen_viommu_begin(c, xen_viommu_rid(map->sp), map->addr, *plen,
                          access, false, map->pages, &map->use)) {
        *faulted = true;
        return NULL;
    }
    map->use.device |= !is_memory(map->use.span.gpa);
    if (map->use.device) {
        xen_viommu_end(c, &map->use);
        *faulted = true;
        return NULL;
    }
    len = map->use.span.len;
    map->ptr = address_space_map(&address_space_memory, map->use.span.gpa,
                                 &len, map->is_write, MEMTXATTRS_UNSPECIFIED);
    if (!map->ptr) {
        /* Another device's registers, and no buffer: nobody would notify. */
        xen_viommu_end(c, &map->use);
        *faulted = true;
        return NULL;
    }
    if (len < map->use.span.len) {
        xen_viommu_shrink(c, &map->use, len);
    }
    *plen = len;
    return map->ptr;
}

static void free_map(XenViommuMap *map)
{
    object_unref(OBJECT(map->sp));
    g_free(map);
}

void *xen_viommu_map(XenViommuSpace *sp, AddressSpace *as, hwaddr addr,
                     hwaddr *plen, bool is_write, bool *faulted)
{
    XenViommu *s = sp->viommu;
    XenViommuMap *map = g_new0(XenViommuMap, 1);
    hwaddr len = MIN(*plen, MAX_MAP);
    bool copy_only = dma_track_scratch || sp->lasting;

    if (addr + len < addr) {
        len = 0 - addr;
    }
    /* what is beyond is not translated, and asked for by itself */
    if (is_write && addr < MSI_BASE && addr + len > MSI_BASE) {
        len = MSI_BASE - addr;
    }

    *map = (XenViommuMap) {
        .as = as, .sp = sp, .addr = addr, .is_write = is_write,
        .pages = ahead(sp, addr, len),
        .use = { .slot = -1, .near = &sp->near },
    };

    object_ref(OBJECT(sp));

    if ((s->copy && !dma_track_coherent) || copy_only) {
        map->ptr = get_buffer(sp, len, &map->class);
        map->copy = map->ptr;
        *faulted = !map->copy && sp->lasting;
    }
    if (!map->copy && !copy_only &&
        !map_in_place(map, &len, faulted) && map->use.device &&
        !dma_track_coherent) {
        map->ptr = get_buffer(sp, len, &map->class);
        map->copy = map->ptr;
        *faulted = !map->copy;
    }
    if (map->copy) {
        len = fill(map, len);
        if (!len) {
            put_buffer(&s->maps, map->ptr, map->class);
            *faulted = true;
        }
        map->keep = len;
    } else if (!map->ptr) {
        len = 0;
    }

    *plen = len;
    if (!len) {
        free_map(map);
        return NULL;
    }
    map->len = len;
    trace_xen_viommu_dma_begin(as, addr, map->ptr, len, map->use.span.pos);
    add(&s->maps, map);
    return map->ptr;
}

/*
 * The end of a mapping in place names its pointer only.  If the device has
 * mapped the page more than once, under addresses that are not the same, it
 * may mean any of them: then all stay in use until as many have ended.
 * Returns what is over, linked by next.
 */
static XenViommuMap *take_in_place(XenViommuMap **head, XenViommuMap *first)
{
    XenViommuMap *m, **link, *gone = NULL;
    unsigned int live = 0;
    bool alike = true;

    for (m = first; m; m = m->next) {
        if (m->as == first->as && m->ptr == first->ptr && !m->copy) {
            alike &= m->addr == first->addr && m->len == first->len;
            live += !m->ended;
        }
    }
    if (!alike && live > 1) {
        for (m = first; m->ended || m->copy || m->as != first->as ||
             m->ptr != first->ptr; m = m->next) {
            /* one that has not ended: there is one */
        }
        m->ended = true;
        return NULL;
    }

    for (link = head; (m = *link); ) {
        if (m->as == first->as && m->ptr == first->ptr && !m->copy &&
            (!alike || !gone)) {
            *link = m->next;
            m->next = gone;
            gone = m;
        } else {
            link = &m->next;
        }
    }
    return gone;
}

bool xen_viommu_unmap(XenViommu *s, AddressSpace *as, void *ptr, hwaddr len,
                      bool is_write, hwaddr access_len)
{
    XenViommuMap **head, **link, *map, *gone = NULL;
    bool known = false;

    WITH_QEMU_LOCK_GUARD(&s->maps.lock) {
        head = bucket(&s->maps, ptr);
        for (link = head; (map = *link); link = &map->next) {
            /* nobody else has our buffers; guest memory others may map */
            if (map->ptr == ptr && (map->copy || map->as == as)) {
                known = true;
                break;
            }
        }
        if (known && map->copy) {
            *link = map->next;
            map->next = NULL;
            gone = map;
        } else if (known) {
            gone = take_in_place(head, map);
        }
    }
    if (!known) {
        return false;
    }

    if (gone && gone->copy) {
        if (gone->is_write && may_write(gone)) {
            write_back(gone, MIN(MIN(access_len, gone->len), gone->keep));
        }
        put_buffer(&s->maps, ptr, gone->class);
        trace_xen_viommu_dma_end(as, ptr, 0);
        free_map(gone);
        return true;
    }

    address_space_unmap(&address_space_memory, ptr, len, is_write,
                        access_len);
    while ((map = gone)) {
        gone = map->next;
        trace_xen_viommu_dma_end(as, ptr, map->use.span.pos);
        xen_viommu_end(&s->client, &map->use);
        free_map(map);
    }
    return true;
}

void xen_viommu_discard(XenViommu *s, void *ptr, hwaddr keep)
{
    XenViommuMap *map;

    QEMU_LOCK_GUARD(&s->maps.lock);
    for (map = *bucket(&s->maps, ptr); map; map = map->next) {
        if (map->ptr == ptr && map->copy) {
            map->keep = MIN(map->keep, keep);
        }
    }
}
