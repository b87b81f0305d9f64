/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cache of translations, as this benchmark sees it.  Entry i is page i of
 * one domain, put in for device i % devices.
 */
#include <stdbool.h>
#include <stdint.h>

enum inv { INV_PAGE, INV_DOMAIN, INV_ALL, NR_INV };

struct cache {
    const char *name;
    void (*init)(void);
    void (*insert)(unsigned int rid, uint64_t iova, uint64_t gpa);
    /* a lookup, and what has to be done around it to use what is found */
    uint64_t (*lookup)(unsigned int rid, uint64_t iova);
    void (*invalidate)(enum inv inv, uint64_t iova);
    void (*end)(void);
    /* whole begin and end of a DMA; NULL: there is no such thing */
    uint64_t (*use)(void *state, unsigned int rid, uint64_t iova);
    void *(*use_new)(void);
};

extern const struct cache ours, theirs;
