/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * block/block-ram-registrar.c (REGISTRAR) without the rest of QEMU.  The block
 * layer must not be told of memory from within a coroutine.  Exits with 1 if it
 * is, with 2 if it is not told of what it has to be.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#define container_of(ptr, type, member) \
    ((type *)((char *)(ptr) - offsetof(type, member)))

typedef struct BlockBackend BlockBackend;
typedef struct Error Error;
typedef struct RAMBlockNotifier RAMBlockNotifier;

struct RAMBlockNotifier {
    void (*ram_block_added)(RAMBlockNotifier *n, void *host, size_t size,
                            size_t max_size);
    void (*ram_block_removed)(RAMBlockNotifier *n, void *host, size_t size,
                              size_t max_size);
};

typedef struct {
    BlockBackend *blk;
    RAMBlockNotifier notifier;
    bool ok;
} BlockRAMRegistrar;

void blk_ram_registrar_init(BlockRAMRegistrar *r, BlockBackend *blk);
void blk_ram_registrar_destroy(BlockRAMRegistrar *r);

static bool in_coroutine;
static int known;

static bool qemu_in_coroutine(void)
{
    return in_coroutine;
}

static bool blk_register_buf(BlockBackend *blk, void *host, size_t size,
                             Error **errp)
{
    if (in_coroutine) {
        exit(1);
    }
    known++;
    return true;
}

static void blk_unregister_buf(BlockBackend *blk, void *host, size_t size)
{
    if (in_coroutine) {
        exit(1);
    }
    known--;
}

static void error_report_err(Error *err)
{
    exit(2);
}

static void ram_block_notifier_add(RAMBlockNotifier *n)
{
}

static void ram_block_notifier_remove(RAMBlockNotifier *n)
{
}

#include REGISTRAR

int main(void)
{
    static char memory[4096];
    BlockRAMRegistrar r;
    RAMBlockNotifier *n = &r.notifier;

    blk_ram_registrar_init(&r, NULL);
    n->ram_block_added(n, memory, sizeof(memory), sizeof(memory));
    if (known != 1) {
        return 2;
    }
    n->ram_block_removed(n, memory, sizeof(memory), sizeof(memory));
    if (known != 0) {
        return 2;
    }
    (void)qemu_in_coroutine();
    in_coroutine = true;
    n->ram_block_added(n, memory, sizeof(memory), sizeof(memory));
    n->ram_block_removed(n, memory, sizeof(memory), sizeof(memory));
    blk_ram_registrar_destroy(&r);
    return r.ok ? 0 : 2;
}
