/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compare the core with the reference.
 *
 *   differ SEED STEPS [OUT]   random cases from SEED on, STEPS operations
 *   differ FILE...            cases that were written down
 *
 * With -s first, the core is saved, and loaded elsewhere, after each operation.
 *
 * At a difference: the case is made as small as it gets, printed, written to
 * OUT, and the exit status is 1.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "gen.h"

#define MAX_OPS 1024

static uint64_t steps;

static bool is_sound(const struct op *op)
{
    switch ( op->kind )
    {
    case OP_use: case OP_slot: case OP_unuse:
        return op->a[0] < XEN_VIOMMU_SLOTS;
    case OP_translate:
        return op->a[1] <= MAX_XLAT;
    case OP_create:
        return (op->a[0] == 39 || op->a[0] == 48) && op->a[1] >= 36 &&
               op->a[1] <= 52 && op->a[2] <= 2;
    case OP_poke:
        return !(op->a[0] & 7);
    case OP_fill:
        return !(op->a[0] & 15) && op->a[1] <= 4096;
    default:
        return true;
    }
}

/* Returns the operation at which they differ, or @nr. */
static unsigned int run(const struct op *ops, unsigned int nr)
{
    for ( unsigned int i = 0; i < nr; i++, steps++ )
        if ( !compare_do(&ops[i]) )
            return i;

    return nr;
}

/* Leave out what is not needed for there to be a difference. */
static unsigned int shrink(struct op *ops, unsigned int nr)
{
    static struct op less[MAX_OPS];
    unsigned int chunk, at;
    bool changed;

    do {
        changed = false;
        for ( chunk = nr / 2; chunk; chunk /= 2 )
            for ( at = 1; at + chunk <= nr; )
            {
                unsigned int end;

                memcpy(less, ops, at * sizeof(*ops));
                memcpy(less + at, ops + at + chunk,
                       (nr - at - chunk) * sizeof(*ops));
                end = run(less, nr - chunk);
                if ( end < nr - chunk )
                {
                    memcpy(ops, less, (end + 1) * sizeof(*ops));
                    nr = end + 1;
                    changed = true;
                }
                else
                    at += chunk;
            }
    } while ( changed );

    return nr;
}

static void report(struct op *ops, unsigned int nr, uint64_t seed,
                   const char *out)
{
    FILE *file = out ? fopen(out, "w") : NULL;

    nr = shrink(ops, nr);
    run(ops, nr);
    printf("# seed %" PRIu64 ", %u operations\n", seed, nr);
    for ( unsigned int i = 0; i < nr; i++ )
    {
        compare_print(stdout, &ops[i]);
        if ( file )
            compare_print(file, &ops[i]);
    }
    compare_explain();
    if ( file )
        fclose(file);
}

static int random_cases(uint64_t seed, uint64_t want, const char *out)
{
    static struct op ops[MAX_OPS];
    uint64_t first = seed;

    for ( ; steps < want; seed++ )
    {
        unsigned int nr = gen_case(seed, ops, 200 + seed % 800);
        unsigned int end = run(ops, nr);

        if ( end < nr )
        {
            report(ops, end + 1, seed, out);
            printf("FAIL reference/random: they differ, seed %" PRIu64 "\n",
                   seed);
            return 1;
        }
    }
    printf("# seeds %" PRIu64 " to %" PRIu64 ": %" PRIu64 " steps, no "
           "difference\nPASS reference/random%s\n", first, seed - 1, steps,
           core_always_save ? ", saved after each" : "");

    return 0;
}

static unsigned int read_case(const char *name, struct op *ops)
{
    FILE *file = fopen(name, "r");
    char line[256];
    unsigned int nr = 0;

    if ( !file )
        return 0;
    while ( nr < MAX_OPS && fgets(line, sizeof(line), file) )
    {
        struct op op = {};
        char word[32];
        int at = 0, len;
        unsigned int i;

        if ( sscanf(line, "%31s%n", word, &at) != 1 || *word == '#' )
            continue;
        while ( op.kind < OP_NR && strcmp(word, compare_kinds[op.kind].name) )
            op.kind++;
        for ( i = 0; op.kind < OP_NR && i < compare_kinds[op.kind].nr; i++, at += len )
            if ( sscanf(line + at, "%" SCNx64 "%n", &op.a[i], &len) != 1 )
                op.kind = OP_NR;
        if ( op.kind == OP_NR || !is_sound(&op) ||
             (!nr && op.kind != OP_create) )
        {
            printf("# not understood: %s", line);
            nr = 0;
            break;
        }
        ops[nr++] = op;
    }
    fclose(file);

    return nr;
}

static int replay(const char *name)
{
    static struct op ops[MAX_OPS];
    unsigned int nr = read_case(name, ops), end;
    const char *base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;

    end = run(ops, nr);
    if ( nr && end == nr )
    {
        printf("PASS reference/%s\n", base);
        return 0;
    }
    if ( nr )
    {
        printf("# at: ");
        compare_print(stdout, &ops[end]);
        compare_explain();
    }
    printf("FAIL reference/%s: %s\n", base, nr ? "they differ" : "not a case");

    return 1;
}

int main(int argc, char **argv)
{
    char *end;
    uint64_t seed;
    int failed = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if ( argc > 1 && !strcmp(argv[1], "-s") )
    {
        core_always_save = true;
        argv++;
        argc--;
    }
    if ( argc < 2 )
        return 2;

    seed = strtoull(argv[1], &end, 0);
    if ( !*end && argc > 2 )
        return random_cases(seed, strtoull(argv[2], NULL, 0), argv[3]);

    for ( int i = 1; i < argc; i++ )
        failed |= replay(argv[i]);

    return failed;
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
