/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest of stages.c: its memory, its program, its vCPU. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "stages.h"

#include <xenguest.h>
#include <xen/hvm/save.h>

#define CODE        0x1000u /* its program */

/*
 * The guest: 32 bits, no paging.  It enables translation with an empty root
 * table and the fault interrupt, and invalidates for ever.
 */
extern const char guest_begin[], guest_end[];
asm ( ".pushsection .rodata\n\t"
      ".code32\n"
      "guest_begin:\n\t"
      "mov $0xfed90000, %ebx\n\t"
      "movl $0xfee00000, 0x40(%ebx)\n\t"    /* FEADDR */
      "movl $0x40, 0x3c(%ebx)\n\t"          /* FEDATA */
      "movl $0, 0x38(%ebx)\n\t"             /* FECTL: not masked */
      "movl $0x5000, 0x20(%ebx)\n\t"        /* RTADDR */
      "movl $0, 0x24(%ebx)\n\t"
      "movl $0x40000000, 0x18(%ebx)\n\t"    /* GCMD: SRTP */
      "movl $0x80000000, 0x18(%ebx)\n"      /* GCMD: TE */
      "1:\n\t"
      "movl $0xa0000000, 0x2c(%ebx)\n\t"    /* CCMD: global */
      "movl $0x90000000, 0x10c(%ebx)\n\t"   /* IOTLB: global */
      "pause\n\t"
      "jmp 1b\n"
      "guest_end:\n\t"
      ".code64\n\t"
      ".popsection" );

/* vCPU 0 begins at CODE: as libxenguest's vcpu_hvm(). */
void guest_vcpu(uint32_t domid)
{
    struct {
        struct hvm_save_descriptor header_d;
        HVM_SAVE_TYPE(HEADER) header;
        struct hvm_save_descriptor cpu_d;
        HVM_SAVE_TYPE(CPU) cpu;
        struct hvm_save_descriptor end_d;
        HVM_SAVE_TYPE(END) end;
    } ctx = {
        .cpu_d = { .typecode = HVM_SAVE_CODE(CPU),
                   .length = HVM_SAVE_LENGTH(CPU) },
        .cpu = {
            .cs_limit = ~0u, .ds_limit = ~0u, .es_limit = ~0u, .ss_limit = ~0u,
            .tr_limit = 0x67, .cs_arbytes = 0xc9b, .ds_arbytes = 0xc93,
            .es_arbytes = 0xc93, .ss_arbytes = 0xc93, .tr_arbytes = 0x8b,
            .cr0 = 0x11, .rip = CODE, .dr6 = 0xffff0ff0, .dr7 = 0x400,
        },
        .end_d = { .typecode = HVM_SAVE_CODE(END),
                   .length = HVM_SAVE_LENGTH(END) },
    };
    int size = xc_domain_hvm_getcontext(xch, domid, NULL, 0);
    uint8_t *full;

    must(size <= 0, "the size of its context");
    full = calloc(1, size);
    size = xc_domain_hvm_getcontext(xch, domid, full, size);
    must(size <= 0, "its context");
    memcpy(&ctx, full, sizeof(ctx.header_d) + sizeof(ctx.header));
    free(full);
    must(xc_domain_hvm_setcontext(xch, domid, (void *)&ctx, sizeof(ctx)),
         "its vCPU");
}

void guest_program(uint32_t domid)
{
    xen_pfn_t gfn = CODE >> 12;
    char *page = xenforeignmemory_map(fmem, domid, PROT_WRITE, 1, &gfn,
                                      NULL);

    must(!page, "its program");
    memcpy(page, guest_begin, guest_end - guest_begin);
    xenforeignmemory_unmap(fmem, page, 1);
}

void guest_memory(uint32_t domid)
{
    xen_pfn_t gfn[NR_PAGES];
    unsigned int i;

    for ( i = 0; i < NR_PAGES; i++ )
        gfn[i] = i;
    must(xc_domain_populate_physmap_exact(xch, domid, NR_PAGES, 0, 0, gfn),
         "its memory");
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
