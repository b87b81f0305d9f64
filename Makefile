# SPDX-License-Identifier: GPL-2.0-only
# A virtual VT-d for HVM guests of Xen: build it, run it, test it.
# "make help" lists the targets; the work is done by scripts/.

include Config.mk
export BUILD JOBS STACK_MEM T

S := $(BUILD)/stamps
MAKEFLAGS += --no-print-directory

.PHONY: all help clean run shell check fuzz mutants proof static model test \
        linux hostile soak boots bench pictures patches FORCE

all: $(S)/images                #: build everything (Xen, tools, QEMU, images)

help:                           #: list the targets
	@sed -n 's/^\([a-z]*\):.*#: */make \1	/p' $(firstword $(MAKEFILE_LIST)) \
	    | expand -t 16
	@echo 'XEN_SRC=DIR, QEMU_SRC=DIR, KERNEL=SUITE: build on these; see Config.mk'

clean:                          #: remove all that was made (build/)
	rm -rf $(BUILD)

# ---------------------------------------------------------------------------
# Building.  What a stamp depends on is the stamp of the step before it.
# "prepare" runs every time and touches a .src stamp only if it changed a file
# of that part, so that make rebuilds just what an edit reaches.

$(S)/packages: scripts/packages.list scripts/install-packages
	@mkdir -p $(S)
	@scripts/install-packages
	@touch $@

$(S)/packages-%: scripts/packages-%.list scripts/install-packages
	@mkdir -p $(S)
	@scripts/install-packages packages-$*.list
	@touch $@

from.xen  := $(XEN_SRC)
from.qemu := $(QEMU_SRC)
from.kernel-other := $(KERNEL)

# A record of the tree asked for, which changes when XEN_SRC= does.
$(S)/%.from: FORCE
	@mkdir -p $(S)
	@[ "$$(cat $@ 2>&1)" = "$(from.$*)" ] || echo "$(from.$*)" >$@

# ... and again when the hooks fit other versions.
$(S)/%.fetched: $(S)/%.from hooks/%/versions | $(S)/packages
	@scripts/fetch source $* $(if $(from.$*),'$(from.$*)')
	@echo "$(from.$*)" >$@

$(S)/kernel: | $(S)/packages
	@scripts/fetch kernel
	@touch $@

$(S)/kernel-other: $(S)/kernel-other.from | $(S)/packages
	@scripts/fetch kernel '$(KERNEL)'
	@touch $@

$(S)/meson: | $(S)/packages
	@scripts/fetch meson
	@touch $@

$(S)/hypervisor.src $(S)/tools.src &: $(S)/xen.fetched FORCE
	@scripts/prepare xen

$(S)/qemu.src: $(S)/qemu.fetched FORCE
	@scripts/prepare qemu

$(S)/hypervisor: $(S)/hypervisor.src
	@scripts/build hypervisor
	@touch $@

# The same without ASSERTs, for the tests: guests must not depend on them.
$(S)/hypervisor-release: $(S)/hypervisor.src scripts/build-release
	@scripts/build-release
	@touch $@

$(S)/tools: $(S)/tools.src
	@scripts/build tools
	@touch $@

$(S)/qemu: $(S)/qemu.src $(S)/tools $(S)/meson
	@scripts/build qemu
	@touch $@

$(S)/images: $(S)/hypervisor $(S)/tools $(S)/qemu $(S)/kernel \
             scripts/images scripts/dom0-init tests/stack/kexec.c tests/stack/vfio.c \
             $(wildcard tests/stack/guest/* tests/stack/guest/*/*)
	@scripts/images
	@touch $@

$(S)/images-other: $(S)/kernel-other scripts/images tests/stack/kexec.c tests/stack/vfio.c \
                   $(wildcard tests/stack/guest/* tests/stack/guest/*/*)
	@scripts/images other
	@touch $@

# The XTF-style guests; their own Makefile knows what they depend on.
$(S)/xtf: $(S)/packages FORCE
	@$(MAKE) -s -C tests/xtf O=$(BUILD)/xtf >$(BUILD)/xtf.log 2>&1 || \
	    { tail -20 $(BUILD)/xtf.log; exit 1; }
	@touch $@

# ---------------------------------------------------------------------------
# Running.

run: $(S)/images $(S)/xtf       #: the main job; with GUEST=xl.cfg [FILES=] yours
ifeq ($(GUEST),)
	@scripts/run-main
else
	@scripts/run-guest $(GUEST) $(FILES)
endif

shell: $(S)/images              #: a shell in the stack's dom0
	@scripts/dom0-shell

# ---------------------------------------------------------------------------

# Where xl is built it is tested too, and so has to be as the sources are now.
check: $(S)/packages $(wildcard $(S)/tools) #: the tests that need no virtual machine
	@scripts/test check

T ?= 300
fuzz: $(S)/packages $(S)/packages-proof #: fuzz for T=seconds, and coverage; ENGINES=
	@$(MAKE) -s -j$(JOBS) -C tests/fuzz build
	@$(MAKE) -s -C tests/fuzz run
	@$(MAKE) -s -C tests/fuzz coverage

mutants: $(S)/packages         #: seed each fault, and see which test kills it
	@scripts/mutants

proof: $(S)/packages $(S)/packages-proof #: all proofs, in short; PARTS=
	@scripts/proof

static: $(S)/packages $(S)/packages-proof $(S)/packages-static #: the core through static analysers
	@tests/static/run

test: $(S)/images $(S)/hypervisor-release $(S)/xtf $(S)/images-other #: all tests; with TESTS= only those XTF guests
ifeq ($(TESTS),)
	@scripts/test all
else
	@scripts/test-stack $(TESTS)
endif

hostile: $(S)/images $(S)/hypervisor-release $(S)/xtf #: a hostile guest, row by row
	@scripts/test-hostile

linux: $(S)/images $(S)/hypervisor-release $(S)/images-other #: all modes of the Linux job on another kernel, see KERNEL= in Config.mk
	@scripts/test-linux -o

soak: $(S)/images $(S)/hypervisor-release $(S)/xtf $(S)/images-other #: kill device models, end domains; KILLS= CYCLES= ...
	@scripts/soak
	@PLUGS=100 LINUX_LIMIT=7000 STACK_LIMIT=7200 scripts/test-linux other
	@SAVES=13 MIGRATIONS=5 STACK_LIMIT=14400 \
	    scripts/test-save native strict units register

bench: $(S)/images $(S)/hypervisor-release $(S)/xtf #: what the vIOMMU costs a disk; with RUNS= as often
	@scripts/bench

pictures: $(S)/packages-bench  #: what "make bench" measured, drawn, for README.md
	@scripts/bench-pictures $(BUILD)/bench docs/pictures

N ?= 50
boots: $(S)/images $(S)/xtf     #: the main job N times; LOOPS= busy loops beside it
	@scripts/boots $(LOOPS:%=-l %) $(N)

model: $(S)/packages           #: the protocol's model, exhaustively (minutes, 8 GiB)
	@tests/model/run full

# ---------------------------------------------------------------------------

patches: $(S)/xen.fetched $(S)/qemu.fetched #: what is done to Xen and QEMU, as series
	@scripts/make-patches xen $(BUILD)
	@scripts/make-patches qemu $(BUILD)
	@scripts/make-patches qemu-tcg $(BUILD)

.PRECIOUS: $(S)/%.from $(S)/%.fetched
