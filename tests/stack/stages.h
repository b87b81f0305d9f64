/* SPDX-License-Identifier: GPL-2.0-only */
/* What stages.c and stages-guest.c share. */
#ifndef STAGES_H
#define STAGES_H

#include <stdint.h>

#include <xenctrl.h>
#include <xenforeignmemory.h>

#define NR_PAGES    64      /* of the guest's memory */

extern xc_interface *xch;
extern xenforeignmemory_handle *fmem;

/* Ends the program if there is an error. */
void must(int rc, const char *what);

void guest_memory(uint32_t domid);
void guest_program(uint32_t domid);
void guest_vcpu(uint32_t domid);

#endif /* STAGES_H */
