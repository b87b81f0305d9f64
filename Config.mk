# SPDX-License-Identifier: GPL-2.0-only
# What to build on.  Set any of these on make's command line.

# Other trees to build on instead of Debian's source packages.  They are
# copied to build/ once, never modified; to copy one again, after a change of it,
# remove build/stamps/xen.fetched or qemu.fetched.
XEN_SRC  ?=
QEMU_SRC ?=

# Another kernel for guests of the Linux job: a suite of Debian, or a .deb of a
# linux-image; "other" is Debian 13's (6.12), or, where that is the system's own,
# Debian 12's (6.1).  "make test" boots it once, "make linux" in every mode.
KERNEL   ?= other

# Where everything goes that is made here.
BUILD    ?= $(CURDIR)/build
ifeq ($(filter /%,$(BUILD)),)
$(error BUILD=$(BUILD): not an absolute path)
endif

# Parallel jobs of the builds.
JOBS     ?= $(shell nproc)

# The machine that the stack boots on, see scripts/stack.
STACK_MEM ?= 3072
