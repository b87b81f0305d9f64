/* SPDX-License-Identifier: GPL-2.0-only */
/* One operation done by both sides, see compare.h. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "compare.h"
#include "ref.h"

const struct compare_kind compare_kinds[] = {
#define OP_ROW(name, nr) { #name, nr },
    OPS(OP_ROW)
#undef OP_ROW
};

void compare_print(FILE *to, const struct op *op)
{
    fputs(compare_kinds[op->kind].name, to);
    for ( unsigned int i = 0; i < compare_kinds[op->kind].nr; i++ )
        fprintf(to, " %" PRIx64, op->a[i]);
    fputc('\n', to);
}

static struct seen of_core, of_ref;
static const struct {
    const char *name;
    size_t off, nr;
} fields[] = {
#define FIELD(f) { #f, offsetof(struct seen, f) / 8,                          \
                   sizeof(((struct seen *)0)->f) / 8 }
    FIELD(result), FIELD(more), FIELD(watched), FIELD(notified),
    FIELD(nr_msi), FIELD(msi), FIELD(generation), FIELD(xlat),
    FIELD(remapped), FIELD(dest), FIELD(vector), FIELD(mode), FIELD(logical),
    FIELD(one), FIELD(level), FIELD(stat), FIELD(head),
    FIELD(floor_waited), FIELD(waited), FIELD(log), FIELD(nr_writes),
    FIELD(write),
};

void compare_explain(void)
{
    const uint64_t *core = (uint64_t *)&of_core, *other = (uint64_t *)&of_ref;

    for ( unsigned int i = 0; i < sizeof(fields) / sizeof(*fields); i++ )
        for ( size_t j = 0; j < fields[i].nr; j++ )
        {
            size_t at = fields[i].off + j;

            if ( core[at] != other[at] )
                printf("# %s[%zu]: core %#" PRIx64 ", reference %#" PRIx64
                       "\n", fields[i].name, j, core[at], other[at]);
        }
}

bool compare_do(const struct op *op)
{
    bool good;

    memset(&of_core, 0, offsetof(struct seen, write));
    memset(&of_ref, 0, offsetof(struct seen, write));
    good = core_do(op, &of_core);
    ref.hint = of_core.waited;
    ref_do(op, &of_ref);

    return good && !memcmp(&of_core, &of_ref, offsetof(struct seen, write)) &&
           !memcmp(of_core.write, of_ref.write,
                   of_core.nr_writes * sizeof(*of_core.write));
}

const struct seen *compare_seen(void)
{
    return &of_core;
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
