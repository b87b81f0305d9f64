/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fuzzer without libFuzzer: runs the inputs in files, one a line, in hex,
 * and each of them cut short at some lengths too.  For where there is no clang.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static int from_hex(int c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                                                 : -1;
}

/* A copy of just the size, so that a sanitizer sees what is read behind it. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

int main(int argc, char **argv)
{
    static uint8_t data[65536];
    unsigned long nr = 0, runs = 0;

    for ( int i = 1; i < argc; i++ )
    {
        FILE *file = fopen(argv[i], "r");
        size_t size = 0;
        int c, d;

        if ( !file )
            return 2;
        while ( (c = fgetc(file)) != EOF )
        {
            if ( c != '\n' )
            {
                d = fgetc(file);
                if ( from_hex(c) < 0 || from_hex(d) < 0 ||
                     size == sizeof(data) )
                    return 2;
                data[size++] = from_hex(c) * 16 + from_hex(d);
                continue;
            }
            run(data, size);
            run(data, size / 2);
            nr++;
            runs += 2;
            size = 0;
        }
        fclose(file);
    }
    printf("# %lu inputs, %lu runs\n", nr, runs);

    return nr ? 0 : 2;
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
