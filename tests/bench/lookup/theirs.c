/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cache made as that of QEMU's intel-iommu: one hash table for all, keyed by
 * device, page and level, a lock around everything, and invalidations that
 * look at every entry.  Without its limit of 1024 entries, beyond which it
 * drops them all: with that there would be nothing to compare.
 */
#include <glib.h>
#include <pthread.h>
#include "bench.h"

struct key {
    uint64_t gfn;
    uint32_t pasid;
    uint16_t sid;
    uint8_t level;
};

struct entry {
    uint64_t gfn, pte, mask;
    uint16_t did;
    uint8_t perm;
};

static GHashTable *table;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static guint hash(gconstpointer v)
{
    const struct key *key = v;
    uint64_t h = key->gfn | (uint64_t)key->sid << 44 |
                 (uint64_t)key->level << 42;

    return (guint)((h >> 32) + (h & 0xffffffffU));
}

static gboolean equal(gconstpointer v1, gconstpointer v2)
{
    const struct key *a = v1, *b = v2;

    return a->sid == b->sid && a->gfn == b->gfn && a->level == b->level &&
           a->pasid == b->pasid;
}

static void init(void)
{
    table = g_hash_table_new_full(hash, equal, g_free, g_free);
}

static void end(void)
{
    g_hash_table_destroy(table);
}

static void insert(unsigned int rid, uint64_t iova, uint64_t gpa)
{
    struct key *key = g_new0(struct key, 1);
    struct entry *entry = g_new0(struct entry, 1);

    *key = (struct key) { .gfn = iova >> 12, .sid = rid, .level = 1 };
    *entry = (struct entry) {
        .gfn = iova >> 12, .pte = gpa, .mask = ~0xfffULL, .did = 1, .perm = 3,
    };
    pthread_mutex_lock(&lock);
    g_hash_table_replace(table, key, entry);
    pthread_mutex_unlock(&lock);
}

static uint64_t lookup(unsigned int rid, uint64_t iova)
{
    struct key key = { .sid = rid };
    struct entry *entry = NULL;
    uint64_t gpa = 0;
    int level;

    pthread_mutex_lock(&lock);
    for (level = 1; level < 4 && !entry; level++) {
        key.level = level;
        key.gfn = iova >> (12 + (level - 1) * 9);
        entry = g_hash_table_lookup(table, &key);
    }
    if (entry) {
        gpa = entry->pte + (iova & ~entry->mask);
    }
    pthread_mutex_unlock(&lock);
    return gpa;
}

static gboolean by_page(gpointer key, gpointer value, gpointer data)
{
    const struct entry *entry = value;
    uint64_t addr = *(uint64_t *)data;

    (void)key;
    return entry->did == 1 && (entry->gfn == addr >> 12 ||
                               entry->gfn == (addr & entry->mask) >> 12);
}

static gboolean by_domain(gpointer key, gpointer value, gpointer data)
{
    (void)key, (void)data;
    return ((const struct entry *)value)->did == 1;
}

static void invalidate(enum inv inv, uint64_t iova)
{
    pthread_mutex_lock(&lock);
    if (inv == INV_ALL) {
        g_hash_table_remove_all(table);
    } else {
        g_hash_table_foreach_remove(table, inv == INV_PAGE ? by_page
                                                           : by_domain,
                                    &iova);
    }
    pthread_mutex_unlock(&lock);
}

const struct cache theirs = {
    .name = "hash", .init = init, .end = end, .insert = insert,
    .lookup = lookup, .invalidate = invalidate,
};
