/* SPDX-License-Identifier: GPL-2.0-only */

#include "regs.h"

const char test_title[] = "vIOMMU: registers at reset and their masks";

const bool has_queue = true;

void test_main(void)
{
    test_registers();
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
