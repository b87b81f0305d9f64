/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * head.S: from the domain's first instruction to C in 64-bit mode.
 *
 * The domain builder enters the image in flat 32-bit protected mode with
 * paging off, and so does a multiboot loader: with the multiboot header the
 * same image runs under a plain QEMU as well.
 */

#define MB_MAGIC        0x1badb002
#define STACK_SIZE      0x4000

#define CR0_WP_PG       0x80010000
#define CR4_PAE         0x20
#define MSR_EFER        0xc0000080
#define EFER_LME        0x100

#define SEL_CS          8
#define SEL_DS          16

        .section .text.head, "ax", @progbits
        .code32

        .align 4
        .long MB_MAGIC, 0, -MB_MAGIC

        .global _elf_start
_elf_start:
        cli
        cld
        mov $CR4_PAE, %eax
        mov %eax, %cr4
        mov $l4_table, %eax
        mov %eax, %cr3

        mov $MSR_EFER, %ecx
        rdmsr
        or $EFER_LME, %eax
        wrmsr

        mov %cr0, %eax
        or $CR0_WP_PG, %eax
        mov %eax, %cr0

        lgdt gdt_desc
        ljmp $SEL_CS, $1f

        .code64
1:      mov $SEL_DS, %eax
        mov %eax, %ds
        mov %eax, %es
        mov %eax, %ss
        xor %eax, %eax
        mov %eax, %fs
        mov %eax, %gs
        mov $stack + STACK_SIZE, %rsp
        call runtime_main
2:      hlt
        jmp 2b

/*
 * Exceptions are never expected and never recovered from: each stub leaves
 * the vector and an error code (0 where there is none) above the CPU's frame.
 */
        .altmacro
        .macro stub vec
        .align 16
        .if \vec == 8 || (\vec >= 10 && \vec <= 14) || \vec == 17 || \vec == 21
        .else
        push $0
        .endif
        push $\vec
        jmp exception_entry
        .endm

        .align 16
        .global exception_stubs
exception_stubs:
        .set vec, 0
        .rept 32
        stub %vec
        .set vec, vec + 1
        .endr

exception_entry:
        cld
        mov %rsp, %rdi
        and $~15, %rsp
        call runtime_exception
1:      hlt
        jmp 1b

/* 0 to 4G, mapped to itself by 2M pages. */
        .section .data.page_aligned, "aw", @progbits
        .align 4096
l2_table:
        .set addr, 0
        .rept 2048
        .quad addr + 0x83
        .set addr, addr + 0x200000
        .endr
l3_table:
        .quad l2_table + 0x0003
        .quad l2_table + 0x1003
        .quad l2_table + 0x2003
        .quad l2_table + 0x3003
        .fill 508, 8, 0
l4_table:
        .quad l3_table + 3
        .fill 511, 8, 0

        .global hypercall_page
hypercall_page:
        .fill 4096, 1, 0xc3 /* ret, until Xen has filled it */

        .data
        .align 8
gdt:    .quad 0
        .quad 0x00af9a000000ffff /* code, 64-bit */
        .quad 0x00cf92000000ffff /* data */
gdt_desc:
        .word . - gdt - 1
        .long gdt
        .long 0

        .bss
        .align 16
stack:  .fill STACK_SIZE, 1, 0

        .section .note.GNU-stack, "", @progbits

/*
 * Local variables:
 * tab-width: 8
 * indent-tabs-mode: nil
 * End:
 */
