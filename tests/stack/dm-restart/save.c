/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A toolstack that saves domain 7 to its standard output, or with an argument does no
 * more than suspend it, and asks for nothing before.
 */

#include <stdio.h>
#include <unistd.h>

#include <libxl.h>
#include <xentoollog.h>

int main(int argc, char **argv)
{
    xentoollog_logger_stdiostream *logger =
        xtl_createlogger_stdiostream(stderr, XTL_ERROR, 0);
    libxl_ctx *ctx;

    if (libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0, (xentoollog_logger *)logger))
        return 1;

    return argc > 1 ? libxl_domain_suspend_only(ctx, 7, NULL)
                    : libxl_domain_suspend(ctx, 7, STDOUT_FILENO, 0, NULL);
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
