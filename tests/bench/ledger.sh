#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# dom0's part of "make bench" for the ledger: the XTF-style guests whose disks
# stall, the one that polls registers and the founding case, and what they print.
run()
{
    sh /job/xtf/run-in-dom0 "$1" >"/job/$1.log" 2>&1 ||
        { head -n 1 "/job/$1.log" >/job/error; exit 1; }
    cp "/job/xtf/$1/serial.log" "/job/$1.log"
}

for test in viommu-stalled viommu-bystander viommu-access
do
    run $test
done

# The statistics of an invalidation that waited are gone when the domain is.
run viommu-founding &
while kill -0 $! 2>/dev/null
do
    xl viommu-list -j test-hvm64-viommu-founding >/tmp/stats 2>/dev/null &&
        cp /tmp/stats /job/founding.json
    sleep 0.3
done
wait $!
