#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# dom0's part of "make bench" for the ledger: the XTF-style guests whose disks
# stall, and the one that polls registers, and what they print.
for test in viommu-stalled viommu-bystander viommu-access
do
    sh /job/xtf/run-in-dom0 $test >/job/$test.log 2>&1 ||
        { head -n 1 /job/$test.log >/job/error; exit 1; }
    cp /job/xtf/$test/serial.log /job/$test.log
done
