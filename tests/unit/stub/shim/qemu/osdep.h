/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The little that the files under test want of QEMU and GLib. */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); \
                     a_ < b_ ? a_ : b_; })
#define MAX(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); \
                     a_ > b_ ? a_ : b_; })
#define QEMU_BUILD_BUG_ON(x) _Static_assert(!(x), #x)

static inline void *shim_alloc(size_t size)
{
    void *p = calloc(1, size);

    assert(p);
    return p;
}

#define g_new0(type, n) ((type *)shim_alloc(sizeof(type) * (n)))
#define g_new(type, n)  g_new0(type, n)
#define g_free(p)       free(p)
