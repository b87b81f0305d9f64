# SPDX-License-Identifier: GPL-2.0-only
#
# Included last by the Makefile of each test, as in XTF: build the kernel and
# the configuration of test $(NAME) into $(O)/$(NAME).  There is no other
# environment than hvm64.

ifneq ($(TEST-ENVS),hvm64)
$(error $(NAME): TEST-ENVS has to be hvm64)
endif

VCPUS ?= 1

rt   := $(ROOT)/runtime
out  := $(O)/$(NAME)
obj  := $(O)/obj/$(NAME)
test := $(out)/test-hvm64-$(NAME)

CC      ?= gcc
OBJCOPY ?= objcopy

CFLAGS := -m64 -std=gnu99 -O2 -g -ffreestanding -fno-common -fno-pic \
          -fno-stack-protector -fno-strict-aliasing -mno-red-zone -mno-sse \
          -fno-asynchronous-unwind-tables -fcf-protection=none \
          -Wall -Wextra -Werror -Wstrict-prototypes -I$(rt)/include -MMD -MP

rt-objs   := $(addprefix $(obj)/runtime-,head.o main.o lib.o)
test-objs := $(addprefix $(obj)/,$(notdir $(obj-perenv)))

vpath %.c $(sort $(dir $(obj-perenv)))

build: $(test) $(test).cfg

$(obj)/runtime-%.o: $(rt)/%.c | $(obj)
	@$(CC) $(CFLAGS) -c $< -o $@

$(obj)/runtime-%.o: $(rt)/%.S | $(obj)
	@$(CC) $(CFLAGS) -c $< -o $@

$(obj)/%.o: %.c | $(obj)
	@$(CC) $(CFLAGS) -c $< -o $@

# The domain builder takes 32-bit ELF only.
$(test): $(rt-objs) $(test-objs) $(rt)/link.lds | $(out)
	@echo "  XTF     $(NAME)"
	@$(CC) -m64 -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,noexecstack \
	    -Wl,--no-warn-rwx-segments -T $(rt)/link.lds \
	    $(rt-objs) $(test-objs) -o $(obj)/$(notdir $@).elf64
	@$(OBJCOPY) -O elf32-i386 --strip-debug $(obj)/$(notdir $@).elf64 $@

$(test).cfg: $(ROOT)/config/default-hvm.cfg.in $(TEST-EXTRA-CFG) Makefile | $(out)
	@sed -e 's|@@NAME@@|$(NAME)|g' -e 's|@@ENV@@|hvm64|g' \
	    -e 's|@@VCPUS@@|$(VCPUS)|g' -e 's|@@VARIATION@@||g' \
	    -e 's|@@XTFDIR@@|$(xtfdir)|g' \
	    $(filter %.cfg.in,$^) > $@

$(out) $(obj):
	@mkdir -p $@

-include $(wildcard $(obj)/*.d)
