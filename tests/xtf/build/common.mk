# SPDX-License-Identifier: GPL-2.0-only
#
# Included first by the Makefile of each test, as in XTF.

obj-perenv :=

.PHONY: build
