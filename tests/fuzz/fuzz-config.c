/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl's viommu= option: text in, a configuration or a refusal out.  The parser
 * is xl's own source file, the configuration's syntax libxlutil's.
 */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

static FILE *quiet;

/* An error ends xl. */
#define exit config_exit
#undef stderr
#define stderr quiet
#include "xl_viommu.c"
#undef exit
#undef stderr

#include "fuzz.h"

const uint8_t *fuzz_at, *fuzz_end;

static jmp_buf refused;

/* What xl_viommu.c takes from the rest of xl, for this. */
libxl_ctx *ctx;

void config_exit(int status)
{
    (void)status;
    longjmp(refused, 1);
}

void *xcalloc(size_t n, size_t size)
{
    return calloc(n, size);
}

char *xstrdup(const char *s)
{
    return strdup(s);
}

void trim(char_predicate_t predicate, const char *input, char **output)
{
    size_t len;

    while ( *input && predicate((unsigned char)*input) )
        input++;
    for ( len = strlen(input); len; len-- )
        if ( !predicate((unsigned char)input[len - 1]) )
            break;
    *output = strndup(input, len);
}

/* ... and for viommu-list, which nobody calls. */
int def_getopt(int argc, char * const argv[], const char *optstring,
               const struct option *longopts, const char *helpstr,
               int reqargs)
{
    abort();
}

void help(const char *command)
{
}

uint32_t find_domain(const char *p)
{
    abort();
}

_Noreturn void fuzz_failed(const char *why)
{
    puts(why);
    fflush(stdout);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char begin[] = "viommu = [ \"", end[] = "\" ]\n";
    libxl_domain_build_info info;
    XLU_Config *config;
    char *text;
    size_t len = 0;
    int i;

    if ( !quiet )
        quiet = fopen("/dev/null", "w");
    /* libxlutil's lexer asserts that its input is text. */
    if ( !size || memchr(data, 0, size) )
        return 0;

    /* The whole option, or what is between its quotes. */
    text = malloc(size + sizeof(begin) + sizeof(end));
    if ( !(data[0] & 1) )
        len += sprintf(text, "%s", begin);
    memcpy(text + len, data + 1, size - 1);
    len += size - 1;
    if ( !(data[0] & 1) )
        len += sprintf(text + len, "%s", end);

    libxl_domain_build_info_init(&info);
    libxl_domain_build_info_init_type(&info, LIBXL_DOMAIN_TYPE_HVM);
    config = xlu_cfg_init(quiet, "fuzz");
    if ( !xlu_cfg_readdata(config, text, len) && !setjmp(refused) )
    {
        parse_viommu_list(config, &info);

        /* Accepted: then it is something that there is. */
        for ( i = 0; i < info.num_viommus; i++ )
            if ( info.viommus[i].type != LIBXL_VIOMMU_TYPE_VTD ||
                 (info.viommus[i].aw && info.viommus[i].aw != 39 &&
                  info.viommus[i].aw != 48) )
                fuzz_failed("what is not supported is accepted");
    }
    xlu_cfg_destroy(config);
    libxl_domain_build_info_dispose(&info);
    free(text);

    return 0;
}

