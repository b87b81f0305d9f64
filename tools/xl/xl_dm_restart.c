/* SPDX-License-Identifier: LGPL-2.1-only */
/* xl dm-restart: another device model in the place of a domain's. */

#include <stdlib.h>

#include <libxl.h>
#include <libxl_utils.h>

#include "xl.h"
#include "xl_utils.h"

int main_dmrestart(int argc, char **argv)
{
    uint32_t domid;
    int opt;

    SWITCH_FOREACH_OPT(opt, "", NULL, "dm-restart", 1) {
        /* No options */
    }

    domid = find_domain(argv[optind]);

    return libxl_domain_dm_restart(ctx, domid, NULL) ? EXIT_FAILURE
                                                     : EXIT_SUCCESS;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
