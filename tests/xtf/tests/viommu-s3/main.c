/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest is put to sleep (S3) while a disk is busy, and woken up.  A disk that
 * is reset comes to the end of what it does first, so the unit has to be there
 * until the devices have been reset: where the disk believes its page to be, there
 * is another one if nobody translates.
 *
 * "S3-NOW" on the console asks to be woken up.  There is no firmware: the processor
 * begins in real mode, where we have put a way back into long mode.
 */

#include "../viommu-lib/nvme.h"
#include "../viommu-lib/elsewhere.h"

const char test_title[] = "vIOMMU: sleep under a busy disk";

#define PIIX4_PM                0x000b /* 00:01.3 */
#define PM_BASE                 0x40
#define PM_MISC                 0x80
#define PM_PORT                 0xb100
#define SLP_S3                  ((1u << 13) | (1u << 10))

#define WAKE_AT                 0x8000
#define RESET_VECTOR            0xffff0

extern char wake_begin[], wake_end[], wake_cr0[], wake_cr3[], wake_cr4[],
            wake_efer[], wake_gdtr[], wake_far[], wake64[];

asm ( ".pushsection .data\n\t"
      ".code16\n"
      "wake_begin:\n\t"
      "cli\n\t"
      "mov %cs, %ax\n\t"
      "mov %ax, %ds\n\t"
      "lgdtl wake_gdtr - wake_begin\n\t"
      "movl wake_cr4 - wake_begin, %eax\n\t"
      "movl %eax, %cr4\n\t"
      "movl wake_cr3 - wake_begin, %eax\n\t"
      "movl %eax, %cr3\n\t"
      "movl $0xc0000080, %ecx\n\t" /* EFER */
      "movl wake_efer - wake_begin, %eax\n\t"
      "xorl %edx, %edx\n\t"
      "wrmsr\n\t"
      "movl wake_cr0 - wake_begin, %eax\n\t"
      "movl %eax, %cr0\n\t"
      "ljmpl *(wake_far - wake_begin)\n"
      "wake_cr0:  .long 0\n"
      "wake_cr3:  .long 0\n"
      "wake_cr4:  .long 0\n"
      "wake_efer: .long 0\n"
      "wake_far:  .long 0\n\t"
      "           .long 0\n"
      "wake_gdtr: .word 0\n\t"
      "           .quad 0\n"
      "wake_end:\n\t"
      ".code64\n\t"
      ".popsection\n\t"
      ".pushsection .text\n"
      "wake64:\n\t"
      "lidt wake_idtr(%rip)\n\t"
      "mov wake_ss(%rip), %eax\n\t"
      "mov %eax, %ss\n\t"
      "mov %eax, %ds\n\t"
      "mov %eax, %es\n\t"
      "mov wake_rsp(%rip), %rsp\n\t"
      "ret\n\t"
      ".popsection" );

uint8_t wake_idtr[10];
uint32_t wake_ss;
uint64_t wake_rsp;

static void wake_set(const char *what, uint32_t val)
{
    memcpy(_p(WAKE_AT + (what - wake_begin)), &val, sizeof(val));
}

/* As a function that comes back when the guest is awake. */
static void sleep_s3(void)
{
    /* ljmp $WAKE_AT >> 4, $0 */
    static const uint8_t jump[] = { 0xea, 0, 0, WAKE_AT >> 4 & 0xff,
                                    WAKE_AT >> 12 };
    uint16_t cs;

    memcpy(_p(RESET_VECTOR), jump, sizeof(jump));
    memcpy(_p(WAKE_AT), wake_begin, wake_end - wake_begin);
    asm volatile ( "sgdt %0" : "=m" (*(char (*)[10])
                                     (WAKE_AT + (wake_gdtr - wake_begin))) );
    asm volatile ( "sidt %0" : "=m" (wake_idtr) );
    asm volatile ( "mov %%cs, %0" : "=rm" (cs) );
    asm volatile ( "mov %%ss, %0" : "=r" (wake_ss) );
    wake_set(wake_cr0, read_cr0());
    wake_set(wake_cr3, read_cr3());
    wake_set(wake_cr4, read_cr4());
    wake_set(wake_efer, rdmsr(MSR_EFER) & ~(1u << 10)); /* LMA */
    wake_set(wake_far + 4, cs);
    wake_set(wake_far, _u(wake64));

    asm volatile ( "push %%rbp\n\t"
                   "push %%rbx\n\t"
                   "lea 1f(%%rip), %%rcx\n\t"
                   "push %%rcx\n\t"
                   "mov %%rsp, wake_rsp(%%rip)\n\t"
                   "outw %%ax, %%dx\n"
                   "2: pause\n\t"
                   "jmp 2b\n"
                   "1: pop %%rbx\n\t"
                   "pop %%rbp\n\t"
                   :: "a" (SLP_S3), "d" (PM_PORT + 4)
                   : "rcx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
                     "r13", "r14", "r15", "memory", "cc" );
}

void test_main(void)
{
    if ( !elsewhere_start() )
        return;
    pci_write(PIIX4_PM, PM_BASE, PM_PORT);
    pci_write(PIIX4_PM, PM_MISC, 1);

    elsewhere_issue();
    check(ahci_busy() && ACCESS_ONCE(used[TARGET][0]) == ~0ull,
          "the disk is not slow");

    printk("S3-NOW\n");
    sleep_s3();
    printk("S3-AWAKE\n");

    elsewhere_check();
    /* All that was taken from it in its sleep. */
    check_eq("GSTS", vtd_rd32(VTD_GSTS), 0);
    check_eq("RTADDR", vtd_rd64(VTD_RTADDR), 0);
    check_eq("FSTS", vtd_rd32(VTD_FSTS), 0);

    xtf_success(NULL);
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
