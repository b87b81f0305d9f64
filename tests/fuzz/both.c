/* SPDX-License-Identifier: GPL-2.0-only */
/* See both.h.  The limits are those of docs/design.md. */
#include <stdio.h>
#include <stdlib.h>

#include "both.h"
#include "small-host.h"

#define MAX_OPS 4096

/* Locked: a slice of the queue, and the walks of one look at the slots. */
#define MAX_WALKS        (VIOMMU_SCAN_WORK / VIOMMU_SCAN_WALK + 1)
#define MAX_LOCKED_READS (32 + 6 * MAX_WALKS)

const uint8_t *fuzz_at, *fuzz_end;

static struct op done[MAX_OPS];
static unsigned int nr_done;

void both_begin(const uint8_t *data, size_t size)
{
    fuzz_at = data;
    fuzz_end = data + size;
    nr_done = 0;
}

bool both_full(void)
{
    return nr_done >= 512;
}

/* The case, for make -C tests/reference replay. */
_Noreturn void fuzz_failed(const char *why)
{
    printf("# %s; as a case:\n", why);
    for ( unsigned int i = 0; i < nr_done; i++ )
        compare_print(stdout, &done[i]);
    compare_explain();
    fflush(stdout);
    abort();
}

const struct seen *both_do(struct op op)
{
    if ( nr_done < MAX_OPS )
        done[nr_done++] = op;

    host.reads = host.locked_reads = host.writes = 0;
    if ( !compare_do(&op) )
        fuzz_failed("they differ");
    if ( host.held )
        fuzz_failed("a lock is held");
    if ( host.locked_reads > MAX_LOCKED_READS ||
         host.reads - host.locked_reads > 6 * MAX_XLAT )
        fuzz_failed("too many reads");
    if ( host.writes > 64 + 32 )
        fuzz_failed("too many writes");

    return compare_seen();
}

void both_rest(void)
{
    /* A slice or a fence each, and a full ring holds 64. */
    for ( unsigned int i = 0; i < 32768 / 32 + 300; i++ )
        if ( !both(go)->more )
            return;
    fuzz_failed("there is always more");
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
