# SPDX-License-Identifier: GPL-2.0-only
# What to build on.  Set any of these on make's command line.

# Other trees to build on instead of Debian's source packages.  They are
# copied to build/ once, never modified; to copy one again, after a change of it,
# remove build/stamps/xen.fetched or qemu.fetched.
XEN_SRC  ?=
QEMU_SRC ?=

# Where everything goes that is made here.
BUILD    ?= $(CURDIR)/build
ifeq ($(filter /%,$(BUILD)),)
$(error BUILD=$(BUILD): not an absolute path)
endif

# Parallel jobs of the builds.
JOBS     ?= $(shell nproc)

# The machine that the stack boots on, see scripts/stack.
STACK_MEM ?= 3072
