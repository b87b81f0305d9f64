#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# dom0's part of counting instructions for "make bench": the XTF-style guest
# viommu-cost, in a machine whose clock counts instructions.
sh /job/xtf/run-in-dom0 viommu-cost >/job/cost.log 2>&1 ||
    { head -n 1 /job/cost.log >/job/error; exit 1; }
cp /job/xtf/viommu-cost/serial.log /job/cost.log
