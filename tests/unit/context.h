/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What x86/save.c takes of Xen, in place of Xen's headers: the context of a domain,
 * which is a list of records.
 */
#ifndef CONTEXT_H
#define CONTEXT_H

#include <stdio.h>
#include <stdlib.h>

#include "core.h"

/* Of x86/hvm.h nothing else is needed. */
#define VIOMMU_X86_HVM_H
struct hvm_viommu_unit {
    bool thaw;
};
extern struct hvm_viommu_unit context_unit;
#define hvm_viommu_unit(viommu) ((void)(viommu), &context_unit)

#define XEN_VERSION    4
#define XEN_SUBVERSION 17

struct domain {
    unsigned int domain_id;
    struct {
        struct {
            struct viommu_units *viommu;
        } hvm;
    } arch;
};

struct vcpu {
    struct domain *domain;
};

/* How many more there are before there is no memory once. */
extern unsigned int context_allocs;
#define xmalloc(type) \
    (context_allocs-- ? (type *)malloc(sizeof(type)) : NULL)
#define xfree(p)      free(p)
#define XFREE(p)      do { free(p); (p) = NULL; } while ( 0 )

/* What was printed last */
extern char context_said[128];
#define XENLOG_G_ERR
#define printk(...) snprintf(context_said, sizeof(context_said), __VA_ARGS__)

struct hvm_save_descriptor {
    uint16_t typecode;
    uint16_t instance;
    uint32_t length;
};

typedef struct {
    uint32_t cur;
    uint32_t size;
    uint8_t *data;
} hvm_domain_context_t;

static inline struct hvm_save_descriptor *context_at(
    const hvm_domain_context_t *h)
{
    return (void *)&h->data[h->cur];
}

#define HVM_SAVE_CODE(x) CONTEXT_##x
#define CONTEXT_END      0
#define CONTEXT_HEADER   1
#define CONTEXT_VIOMMU   40

#define hvm_load_instance(h) (context_at(h)->instance)

int context_save_entry(hvm_domain_context_t *h, unsigned int type,
                       unsigned int instance, const void *rec, uint32_t length);
int context_load_entry(hvm_domain_context_t *h, unsigned int type, void *rec,
                       uint32_t length, bool strict);

#define hvm_save_entry(x, instance, h, rec)                                   \
    context_save_entry(h, HVM_SAVE_CODE(x), instance, rec, sizeof(*(rec)))
#define hvm_load_entry(x, h, rec)                                             \
    context_load_entry(h, HVM_SAVE_CODE(x), rec, sizeof(*(rec)), true)
#define hvm_load_entry_zeroextend(x, h, rec)                                  \
    context_load_entry(h, HVM_SAVE_CODE(x), rec, sizeof(*(rec)), false)

extern int (*const context_save)(struct vcpu *v, hvm_domain_context_t *h);
extern int (*const context_load)(struct domain *d, hvm_domain_context_t *h);
#define HVM_REGISTER_SAVE_RESTORE(x, save, load, nr, kind)                    \
    int (*const context_save)(struct vcpu *, hvm_domain_context_t *) = save;  \
    int (*const context_load)(struct domain *, hvm_domain_context_t *) = load

#endif /* CONTEXT_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
