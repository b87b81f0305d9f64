/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * low.S: what the guests of svm.c execute, its interrupts' handlers, and the
 * second CPU's way from reset to C.
 */

#define APIC            0xfee00000
#define APIC_EOI        0xb0
#define MSR_EFER        0xc0000080
#define EFER_LME        0x100

        .text
        .code64

/*
 * Run the guest of the VMCB at %rdi; leaves with GIF set, IF as it was.  The other
 * one has %rsi and %rdx be the guest's %rbx and %rcx.
 */
        .global svm_run, svm_run_with
svm_run_with:
        mov %rdx, %rcx
        push %rbx
        mov %rsi, %rbx
        jmp 1f
svm_run:
        push %rbx
1:
        push %rbp
        push %r12
        push %r13
        push %r14
        push %r15
        mov %rdi, %rax
        vmrun
        stgi
        pop %r15
        pop %r14
        pop %r13
        pop %r12
        pop %rbp
        pop %rbx
        ret

        .global guest_exit
guest_exit:
        vmmcall

        .global guest_read_cr2
guest_read_cr2:
        mov %cr2, %rax
        vmmcall

        .global guest_read_cr8
guest_read_cr8:
        mov %cr8, %rax
        vmmcall

        .global guest_write_cr8
guest_write_cr8:
        mov $1, %eax
        mov %rax, %cr8
        vmmcall

/* Run on until the other CPU has stopped this one at least once. */
        .global guest_spin
guest_spin:
        mov stops(%rip), %eax
1:      mov stops(%rip), %ecx
        sub %eax, %ecx
        cmp $3, %ecx
        jb 1b
        vmmcall

/* Instructions to be intercepted: insn_NAME up to insn_NAME_end. */
.macro insn name, text:vararg
        .global insn_\name, insn_\name\()_end
insn_\name:
        \text
insn_\name\()_end:
        vmmcall
.endm
        insn cpuid, cpuid
        insn cpuid_long, .byte 0x66, 0x67, 0x0f, 0xa2
        insn rdtsc, rdtsc
        insn rdmsr, rdmsr
        insn hlt, hlt
        insn pause, pause
        insn pushf, pushfq
        insn iret, iretq
        insn sgdt, sgdt 0x1234(%rax,%rbx,2)
        insn in, in $0x71, %al
        insn int, int $0x80
        insn invlpg, invlpg 0x10(%rbx,%rcx,4)
        insn write_cr4, mov %r9, %cr4
        insn read_dr3, mov %dr3, %rdx
        insn clts, clts
        insn load, mov 8(%rax), %rcx
        .skip 16
        insn jump, jmp *%rax

        .global on_injected
on_injected:
        lock incl injected(%rip)
        iretq

        .global on_ipi
on_ipi:
        push %rax
        lock incl ipis(%rip)
        mov $APIC + APIC_EOI, %eax
        movl $0, (%rax)
        pop %rax
        iretq

/* Copied to a page below 1M, where the second CPU begins. */
        .code16
        .global ap_start, ap_start_end
ap_start:
        cli
        mov %cs, %ax
        mov %ax, %ds
        lgdtl ap_gdt_desc - ap_start
        mov %cr0, %eax
        or $1, %al
        mov %eax, %cr0
        ljmpl $8, $ap_protected
ap_gdt_desc:
        .word ap_gdt_end - ap_gdt - 1
        .long ap_gdt
ap_start_end:

        .code32
ap_protected:
        mov $16, %eax
        mov %eax, %ds
        mov %eax, %es
        mov %eax, %ss
        mov $0x220, %eax        /* PAE, OSFXSR */
        mov %eax, %cr4
        mov ap_cr3, %eax
        mov %eax, %cr3
        mov $MSR_EFER, %ecx
        rdmsr
        or $EFER_LME, %eax
        wrmsr
        mov $0x80000011, %eax
        mov %eax, %cr0
        ljmp $24, $ap_long

        .code64
ap_long:
        mov $ap_stack + 4096, %esp
        call ap_main
1:      hlt
        jmp 1b

        .data
        .align 8
ap_gdt: .quad 0
        .quad 0x00cf9a000000ffff /* code, 32-bit */
        .quad 0x00cf92000000ffff /* data */
        .quad 0x00af9a000000ffff /* code, 64-bit */
ap_gdt_end:

        .bss
        .align 16
        .skip 2                 /* not aligned: see test_injected() */
        .global stops
stops:  .skip 4

        .align 16
ap_stack:
        .fill 4096, 1, 0

        .section .note.GNU-stack, "", @progbits

/*
 * Local variables:
 * tab-width: 8
 * indent-tabs-mode: nil
 * End:
 */
