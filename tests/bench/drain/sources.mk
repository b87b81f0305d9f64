# SPDX-License-Identifier: GPL-2.0-only
# The core's sources and the stub's in one process, for programs that measure.
DRAIN  := $(TOP)/tests/bench/drain
VIOMMU := $(TOP)/xen/drivers/viommu
STUB   := $(TOP)/qemu-stub/hw/i386/xen
HOST   := $(TOP)/tests/torture

CORE := clock core dm drain irq ledger resolve save x86/frontends \
        vtd/complete vtd/event vtd/queue vtd/record vtd/regs vtd/remap \
        vtd/vtd vtd/walk
PART := xen-viommu-ledger xen-viommu-cache xen-viommu-client xen-viommu-walk

# ASSERTs are on, as in a debug build of Xen.
CFLAGS   += -O2 -g -std=gnu11 -Wall -Wextra -Werror \
            -Wno-missing-field-initializers -Wno-sign-compare
CPPFLAGS += -I$(DRAIN) -I$(HOST) -I$(HOST)/shim \
            -I$(TOP)/tests/unit/shim/core -I$(VIOMMU) \
            -I$(STUB) -I$(TOP)/tests/unit/stub/shim \
            -I$(TOP)/xen/include/public -D_GNU_SOURCE \
            -DHARNESS_CPU='"threads.h"'
BOTH     := $(HOST)/host-threads.c $(CORE:%=$(VIOMMU)/%.c) $(PART:%=$(STUB)/%.c)
COMMON   := $(DRAIN)/unit.c $(HOST)/pair.c $(BOTH)
HEADERS  := $(DRAIN)/unit.h $(HOST)/pair.h \
            $(wildcard $(VIOMMU)/*.h $(VIOMMU)/vtd/*.h $(STUB)/*.h) \
            $(TOP)/xen/include/public/hvm/viommu.h
