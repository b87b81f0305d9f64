/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The faults of QEMU's emulation of SVM that hooks/qemu-tcg mends, one by one,
 * on the bare emulated machine: this is the hypervisor.  And what it adds.
 *
 * Two of them are races between two CPUs: each is tried often, and a sound
 * emulator can never show one.
 */

#include <xtf.h>

const char test_title[] = "emulator: SVM";

#define APIC            0xfee00000ul
#define APIC_SVR        0xf0
#define APIC_IRR_40     0x220
#define APIC_ICR        0x300
#define APIC_ICR_DEST   0x310

#define VEC_INJECTED    0x40
#define VEC_IPI         0x42

#define EFER_SVME       0x1000
#define MSR_VM_HSAVE_PA 0xc0010117u

#define EXIT_PF         0x4e
#define EXIT_VMMCALL    0x81
#define EXIT_NPF        0x400
#define ICPT_VMRUN      1               /* of 0x10 */
#define ICPT_VMMCALL    2
#define V_TPR(n)        (n)
#define V_IRQ           (1u << 8)
#define V_PRIO(n)       ((n) << 16)
#define V_INTR_MASKING  (1u << 24)

#define AP_PAGE         0x8000ul

struct segment {
    uint16_t sel, attr;
    uint32_t limit;
    uint64_t base;
};

#define AT(offset, type, name)                                          \
    struct { uint8_t pad_##name[offset]; type name; } __packed

static union vmcb {
    uint8_t page[4096];
    AT(0x000, uint16_t, read_cr);
    AT(0x002, uint16_t, write_cr);
    AT(0x004, uint16_t, read_dr);
    AT(0x008, uint32_t, exceptions);
    AT(0x00c, uint32_t, instructions);
    AT(0x010, uint32_t, intercept);
    AT(0x040, uint64_t, io_map);
    AT(0x048, uint64_t, msr_map);
    AT(0x058, uint32_t, asid);
    AT(0x060, uint32_t, int_ctl);
    AT(0x070, uint64_t, exit_code);
    AT(0x078, uint64_t, exit_info);
    AT(0x090, uint64_t, nested);
    AT(0x0a8, uint32_t, inject);
    AT(0x0b0, uint64_t, nested_cr3);
    AT(0x0c8, uint64_t, next_rip);
    AT(0x0d0, uint8_t, insn_len);
    AT(0x0d1, uint8_t, insn);
    AT(0x400, struct segment, es);
    AT(0x410, struct segment, cs);
    AT(0x420, struct segment, ss);
    AT(0x430, struct segment, ds);
    AT(0x460, struct segment, gdtr);
    AT(0x480, struct segment, idtr);
    AT(0x4d0, uint64_t, efer);
    AT(0x548, uint64_t, cr4);
    AT(0x550, uint64_t, cr3);
    AT(0x558, uint64_t, cr0);
    AT(0x560, uint64_t, dr7);
    AT(0x568, uint64_t, dr6);
    AT(0x570, uint64_t, rflags);
    AT(0x578, uint64_t, rip);
    AT(0x5d8, uint64_t, rsp);
    AT(0x5f8, uint64_t, rax);
    AT(0x640, uint64_t, cr2);
} vmcb __page_aligned_bss;

static uint8_t host_save[4096] __page_aligned_bss;
static uint8_t permissions[4 * 4096] __page_aligned_bss;
static uint8_t guest_stack[4096] __aligned(16);

static struct {
    uint16_t offset_lo, sel;
    uint8_t ist, type;
    uint16_t offset_mid;
    uint32_t offset_hi, pad;
} idt[256] __aligned(16);

struct __packed table {
    uint16_t limit;
    uint64_t base;
};

void svm_run(void *vmcb);
void svm_run_with(void *vmcb, uint64_t rbx, uint64_t rcx);
void ap_main(void);
extern uint32_t stops;
extern char guest_exit[], guest_read_cr2[], guest_read_cr8[];
extern char guest_write_cr8[], guest_spin[];
extern char on_injected[], on_ipi[], ap_start[], ap_start_end[];

uint32_t injected, ipis, ap_cr3;        /* low.S, too */

static uint32_t apic_read(unsigned int reg)
{
    return *(volatile uint32_t *)(APIC + reg);
}

static void apic_write(unsigned int reg, uint32_t val)
{
    *(volatile uint32_t *)(APIC + reg) = val;
}

static uint64_t read_cr8(void)
{
    uint64_t val;

    asm volatile ( "mov %%cr8, %0" : "=r" (val) );

    return val;
}

/* Take what is pending. */
static void take_interrupts(void)
{
    asm volatile ( "sti; nop; nop; cli" ::: "memory" );
}

static bool failed;

static void result(const char *name, unsigned int wrong, unsigned int tries)
{
    if ( wrong )
    {
        printk("FAIL emulator/%s: wrong %u times of %u\n", name, wrong, tries);
        failed = true;
    }
    else
        printk("PASS emulator/%s\n", name);
}

static void gate(unsigned int vector, const void *handler)
{
    idt[vector].offset_lo = _u(handler);
    idt[vector].offset_mid = _u(handler) >> 16;
    idt[vector].sel = 8;
    idt[vector].type = 0x8e;
}

static void init(void)
{
    struct table desc;

    /* The runtime's exceptions, and our interrupts. */
    asm volatile ( "sidt %0" : "=m" (desc) );
    memcpy(idt, _p(desc.base), desc.limit + 1);
    gate(VEC_INJECTED, on_injected);
    gate(VEC_IPI, on_ipi);
    desc.limit = sizeof(idt) - 1;
    desc.base = _u(idt);
    asm volatile ( "lidt %0" :: "m" (desc) );

    outb(0xff, 0x21);
    outb(0xff, 0xa1);
    apic_write(APIC_SVR, 0x1ff);
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
    wrmsr(MSR_VM_HSAVE_PA, _u(host_save));
}

/* A guest that is like this hypervisor, with interrupts disabled. */
static void guest(const void *rip)
{
    struct table gdt, idtr;
    uint64_t cr0, cr3, cr4;

    asm volatile ( "sgdt %0; sidt %1" : "=m" (gdt), "=m" (idtr) );
    asm volatile ( "mov %%cr0, %0; mov %%cr3, %1; mov %%cr4, %2"
                   : "=r" (cr0), "=r" (cr3), "=r" (cr4) );

    memset(&vmcb, 0, sizeof(vmcb));
    vmcb.intercept = ICPT_VMRUN | ICPT_VMMCALL;
    vmcb.io_map = vmcb.msr_map = _u(permissions);
    vmcb.asid = 1;
    vmcb.cs = (struct segment){ 8, 0xa9b, ~0u, 0 };
    vmcb.ds = (struct segment){ 16, 0xc93, ~0u, 0 };
    vmcb.es = vmcb.ss = vmcb.ds;
    vmcb.gdtr.limit = gdt.limit;
    vmcb.gdtr.base = gdt.base;
    vmcb.idtr.limit = idtr.limit;
    vmcb.idtr.base = idtr.base;
    vmcb.efer = rdmsr(MSR_EFER);
    vmcb.cr0 = cr0;
    vmcb.cr3 = cr3;
    vmcb.cr4 = cr4;
    vmcb.dr6 = 0xffff0ff0;
    vmcb.dr7 = 0x400;
    vmcb.rflags = 2;
    vmcb.rip = _u(rip);
    vmcb.rsp = _u(guest_stack + sizeof(guest_stack));
}

/* Only reads of CR0 are intercepted: one of CR2 is not. */
static void test_cr_intercept(void)
{
    guest(guest_read_cr2);
    vmcb.read_cr = 1;
    vmcb.cr2 = 0x1234;
    svm_run(&vmcb);
    result("cr2-read", vmcb.exit_code != EXIT_VMMCALL || vmcb.rax != 0x1234, 1);
}

#define INSN(name) extern char insn_##name[], insn_##name##_end[]
INSN(cpuid); INSN(cpuid_long); INSN(rdtsc); INSN(rdmsr); INSN(hlt); INSN(pause);
INSN(pushf); INSN(iret); INSN(sgdt); INSN(in); INSN(int); INSN(invlpg);
INSN(write_cr4); INSN(read_dr3); INSN(clts); INSN(load); INSN(jump);

/* An exit says where the next instruction is, and what this one accesses. */
static void test_next_rip(void)
{
    static const struct {
        const char *insn, *end;
        unsigned int exit_code, instruction;    /* number of the intercept */
        uint16_t write_cr, read_dr;
        uint64_t info;
    } rows[] = {
#define ROW(name, code, number, ...)                                    \
    { .insn = insn_##name, .end = insn_##name##_end, .exit_code = code, \
      .instruction = number, ##__VA_ARGS__ }
        ROW(cpuid,      0x72, 18),
        ROW(cpuid_long, 0x72, 18),
        ROW(rdtsc,      0x6e, 14),
        ROW(rdmsr,      0x7c, 28),
        ROW(hlt,        0x78, 24),
        ROW(pause,      0x77, 23),
        ROW(pushf,      0x70, 16),
        ROW(iret,       0x74, 20),
        ROW(sgdt,       0x67, 7),
        ROW(in,         0x7b, 27, .info = 0x710000 | 0x10 | 1),
        ROW(int,        0x75, 21, .info = 0x80),
        ROW(invlpg,     0x79, 25, .info = 0x5000 + 0x30 * 4 + 0x10),
        ROW(write_cr4,  0x14, 0, .write_cr = 1u << 4, .info = 1ull << 63 | 9),
        ROW(read_dr3,   0x23, 0, .read_dr = 1u << 3, .info = 2),
        ROW(clts,       0x10, 0, .write_cr = 1),
#undef ROW
    };
    unsigned int i, wrong = 0;

    memset(permissions, 0xff, sizeof(permissions));
    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
    {
        guest(rows[i].insn);
        if ( rows[i].instruction )
            vmcb.instructions = 1u << rows[i].instruction;
        vmcb.write_cr = rows[i].write_cr;
        vmcb.read_dr = rows[i].read_dr;
        vmcb.next_rip = 0x5555;
        svm_run_with(&vmcb, 0x5000, 0x30);
        if ( vmcb.exit_code != rows[i].exit_code ||
             vmcb.exit_info != rows[i].info ||
             vmcb.rip != _u(rows[i].insn) || vmcb.next_rip != _u(rows[i].end) )
        {
            printk("row %u: exit %lx, info %lx, next %lx for %lx\n", i,
                   vmcb.exit_code, vmcb.exit_info, vmcb.next_rip,
                   _u(rows[i].end));
            wrong++;
        }
    }
    memset(permissions, 0, sizeof(permissions));

    /* No instruction's: there is none. */
    guest(insn_load);
    vmcb.exceptions = 1u << 14;
    vmcb.next_rip = 0x5555;
    vmcb.rax = 0x7fffffff0000;
    svm_run(&vmcb);
    wrong += vmcb.exit_code != EXIT_PF || vmcb.next_rip;
    result("next-rip", wrong, i + 1);
}

#define HOLE            0x3000000ul     /* of 2 MiB, in the guest's memory */

/* The instruction whose access of memory ends in an exit is in the VMCB. */
static void test_insn_bytes(void)
{
    static uint64_t tables[3][512] __page_aligned_bss;
    char *last = _p(HOLE - 4);
    unsigned int i, wrong = 0;

    tables[0][0] = _u(tables[1]) | 7;
    tables[1][0] = _u(tables[2]) | 7;
    for ( i = 0; i < HOLE >> 21; i++ )
        tables[2][i] = (uint64_t)i << 21 | 0x87;
    memcpy(last, insn_load, 4);

    for ( i = 0; i < 5; i++ )
    {
        /*
         * whole; up to the hole; the hole itself; the guest's own fault; code of
         * 64 bits in a segment whose base counts for nothing
         */
        static const unsigned int want[] = { 15, 4, 0, 15, 15 };
        const char *at = i == 1 ? last : i == 2 ? insn_jump : insn_load;

        guest(at);
        vmcb.cs.base = i == 4 ? 0x123000 : 0;
        vmcb.exceptions = 1u << 14;
        vmcb.nested = 1;
        vmcb.nested_cr3 = _u(tables[0]);
        vmcb.rax = i == 3 ? 0x7fffffff0000 : HOLE;
        vmcb.insn_len = 0x55;
        svm_run(&vmcb);
        if ( vmcb.exit_code != (i == 3 ? EXIT_PF : EXIT_NPF) ||
             vmcb.insn_len != want[i] ||
             memcmp(&vmcb.insn, at, vmcb.insn_len) )
        {
            printk("row %u: exit %lx at %lx, %u bytes\n", i, vmcb.exit_code,
                   vmcb.rip, vmcb.insn_len);
            wrong++;
        }
    }
    result("insn-bytes", wrong, i);
}

/* What software has caused returns to the next instruction. */
static void test_injected_by_software(void)
{
    static const uint32_t events[] = {
        0x80000400u | VEC_INJECTED,     /* INT n */
        0x80000300u | 3,                /* INT3 */
    };
    unsigned int i, wrong = 0;

    gate(3, on_injected);
    for ( i = 0; i < ARRAY_SIZE(events); i++ )
    {
        injected = 0;
        guest(insn_hlt);
        vmcb.instructions = 1u << 24;
        vmcb.inject = events[i];
        vmcb.next_rip = _u(guest_exit);
        svm_run(&vmcb);
        wrong += injected != 1 || vmcb.exit_code != EXIT_VMMCALL ||
                 vmcb.rip != _u(guest_exit);
    }
    result("injected-by-software", wrong, i);
}

/* What the second CPU does meanwhile. */
static enum { AP_ABSENT, AP_IDLE, AP_STOP, AP_FPU, AP_IPI } ap_does, ap_done;

static void ap_stop(void)
{
    asm volatile ( "lock incl %0" : "+m" (stops) );
}

static void ap_fpu(void)
{
    static uint8_t state[512] __aligned(16);
    unsigned int i;

    asm volatile ( "fninit; fxsave %0" : "=m" (state) );
    for ( i = 0; i < 1000; i++ )
        asm volatile ( "fxrstor %0" :: "m" (state) );
}

static void ap_ipi(void)
{
    static uint32_t seen;

    if ( ACCESS_ONCE(ipis) == seen )
        return;
    seen = ACCESS_ONCE(ipis);
    apic_write(APIC_ICR_DEST, 0);
    apic_write(APIC_ICR, 0x4000 | VEC_IPI);
}

void ap_main(void)
{
    for ( ; ; )
    {
        unsigned int what = ACCESS_ONCE(ap_does);

        if ( what == AP_STOP )
            ap_stop();
        else if ( what == AP_FPU )
            ap_fpu();
        else if ( what == AP_IPI )
            ap_ipi();
        ACCESS_ONCE(ap_done) = what;
        asm volatile ( "pause" ::: "memory" );
    }
}

static void ap(unsigned int what)
{
    ACCESS_ONCE(ap_does) = what;
    while ( ACCESS_ONCE(ap_done) != what )
        asm volatile ( "pause" ::: "memory" );
}

static void start_ap(void)
{
    uint64_t cr3;

    asm volatile ( "mov %%cr3, %0" : "=r" (cr3) );
    ap_cr3 = cr3;
    memcpy(_p(AP_PAGE), ap_start, ap_start_end - ap_start);
    apic_write(APIC_ICR_DEST, 1u << 24);
    apic_write(APIC_ICR, 0x4500);                       /* INIT */
    apic_write(APIC_ICR_DEST, 1u << 24);
    apic_write(APIC_ICR, 0x4600 | (AP_PAGE >> 12));     /* SIPI */
    ap(AP_IDLE);
}

/*
 * An injected interrupt is delivered once.  For an atomic access that is not
 * aligned the emulator stops all other CPUs: they leave their loops for that.
 */
static void test_injected(void)
{
    unsigned int i, wrong = 0, tries = 20;

    ap(AP_STOP);
    for ( i = 0; i < tries; i++ )
    {
        injected = 0;
        guest(guest_spin);
        vmcb.inject = 0x80000000u | VEC_INJECTED;
        svm_run(&vmcb);
        wrong += injected != 1 || vmcb.exit_code != EXIT_VMMCALL;
    }
    ap(AP_IDLE);
    result("injected-once", wrong, tries);
}

/*
 * CR8 is the guest's virtual one in a guest and the APIC's outside of it: which
 * one is read tells what the CPU takes itself for.
 */
static void test_flags(void)
{
    unsigned int i, wrong = 0, tries = 200000;

    guest(guest_read_cr8);
    vmcb.int_ctl = V_INTR_MASKING | V_TPR(5);
    ap(AP_FPU);
    for ( i = 0; i < tries; i++ )
    {
        vmcb.rip = _u(guest_read_cr8);
        vmcb.rax = 0;
        svm_run(&vmcb);
        wrong += vmcb.rax != 5 || read_cr8() != 0;
    }
    ap(AP_IDLE);
    result("flags", wrong, tries);
}

/* Interrupts that another CPU sends arrive, whatever is done about virtual ones. */
static void test_ipi(void)
{
    unsigned int i, pending = 0, lost = 0, tries = 200000;

    guest(guest_exit);
    ap(AP_IPI);
    ipis = 1;
    for ( i = 0; i < tries; i++ )
    {
        vmcb.rip = _u(guest_exit);
        vmcb.int_ctl = V_IRQ | V_PRIO(15);
        svm_run(&vmcb);
        take_interrupts();

        if ( !(apic_read(APIC_IRR_40) & (1u << (VEC_IPI & 31))) )
            pending = 0;
        else if ( ++pending == 100 )
        {
            /* The APIC has it, and the CPU does not know: have another sent. */
            lost++;
            pending = 0;
            ACCESS_ONCE(ipis)++;
        }
    }
    ap(AP_IDLE);
    take_interrupts();
    result("ipi", lost, ipis - 1);
}

/* A virtual interrupt is pending: fatal for QEMU itself, so this comes last. */
static void test_write_cr8(void)
{
    guest(guest_write_cr8);
    vmcb.int_ctl = V_INTR_MASKING | V_IRQ | V_PRIO(15) | V_TPR(5);
    svm_run(&vmcb);
    result("cr8-write", vmcb.exit_code != EXIT_VMMCALL ||
           (vmcb.int_ctl & 0xff) != 1, 1);
}

void test_main(void)
{
    init();
    test_cr_intercept();
    test_next_rip();
    test_insn_bytes();
    test_injected_by_software();
    start_ap();
    test_injected();
    test_flags();
    test_ipi();
    test_write_cr8();

    if ( failed )
        xtf_failure(NULL);
    else
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
