/* SPDX-License-Identifier: GPL-2.0-only */

#include "smp.h"

bool smp_start(void (*fn)(void))
{
    static uint8_t stack[PAGE_SIZE * 2] __page_aligned_bss;
    struct xen_vcpu_hvm_context ap = {
        .mode = VCPU_HVM_MODE_64B,
        .cpu_regs.x86_64 = {
            .rip = _u(fn),
            /* As if it had been called. */
            .rsp = _u(stack) + sizeof(stack) - 8,
            .rflags = 2,

            .cr0 = read_cr0(),
            .cr3 = read_cr3(),
            .cr4 = read_cr4(),
            .efer = rdmsr(MSR_EFER),
        },
    };
    long rc = hypercall_vcpu_op(VCPUOP_initialise, 1, &ap);

    if ( !rc )
        rc = hypercall_vcpu_op(VCPUOP_up, 1, NULL);
    if ( rc )
        xtf_error("Error: vCPU 1 cannot be started: %ld\n", rc);

    return rc == 0;
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
