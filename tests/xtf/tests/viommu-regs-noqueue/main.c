/* SPDX-License-Identifier: GPL-2.0-only */

#include "../viommu-regs-reset/regs.h"

const char test_title[] = "vIOMMU: registers of a unit without a queue";

const bool has_queue = false;

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
