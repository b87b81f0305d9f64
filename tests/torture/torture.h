/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TORTURE_H
#define TORTURE_H

#include "core.h"

#define TORTURE_RAM (16u << 20)

/* Guest memory.  Entries are accessed atomically, the devices' pages plainly. */
extern uint64_t torture_ram[];
extern unsigned long torture_notified;
/* 16 bytes by one store; and they are read as of one moment, too, if that is set. */
extern bool torture_whole;
void torture_set16(uint64_t gpa, uint64_t lo, uint64_t hi);
/* A delivery of an interrupt, from before it is remapped until it is over. */
void torture_gate_enter(void);
void torture_gate_leave(void);

/* A vCPU is to call viommu_continue(). */
extern bool torture_kicked;

#endif /* TORTURE_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
