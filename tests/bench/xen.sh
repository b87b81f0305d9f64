#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# dom0's part of "make bench": boots a guest for each line of modes.xen and has
# them do the workloads in turn.  Results are left in /job.
out=/job fifo=/tmp/pipes
. /job/settings
. /job/drive.sh

# What has no vIOMMU has no counters.
snapshot()
{
    case $with in
        *" $1 "*) xl viommu-list -j "$1" >"/job/stats/$2.json" ||
                      fail "xl viommu-list of $1 does not work" ;;
    esac
}

rm -rf /job/stats /job/results /job/error
mkdir -p /job/stats $fifo
. /job/guests.sh

# What invalidations cost; nothing else runs yet.  One machine is enough for it.
if [ -d /job/xtf ]
then
    sh /job/xtf/run-in-dom0 viommu-cost >/job/viommu-cost.log 2>&1 ||
        fail "$(head -n 1 /job/viommu-cost.log)"
    cp /job/xtf/viommu-cost/serial.log /job/viommu-cost.log
fi

modes /job/modes.xen
exit 0
