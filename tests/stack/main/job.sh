#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# dom0's part of the main job: run the Debian guest, then the founding case,
# and leave what they said and what their vIOMMUs did in /job.
mark()
{
    read -r uptime _ </proc/uptime
    echo "$1 $uptime" >>/job/times
}

# While "job.sh" runs in the background as $1, keep the statistics of domain
# $2 in file $3: they are gone when the domain is.
watch()
{
    while kill -0 "$1" 2>/dev/null
    do
        xl viommu-list -j "$2" >/tmp/stats 2>/dev/null && cp /tmp/stats "$3"
        sleep 0.3
    done
}

rm -f /job/times
# The device model cannot do DMA between guest memory and /job's file system.
cp /job/disk.img /tmp/disk.img
mark begin
xl create -F /job/main.cfg >/job/xl.log 2>&1
mark main
xl viommu-list -j main >/job/main.json 2>>/job/xl.log
xl viommu-list -l main >/job/main.txt 2>>/job/xl.log
xl destroy main
cp /tmp/disk.img /job/disk-after.img
cp /var/log/xen/qemu-dm-main.log /job/
xl dmesg >/job/xen.log

sh /job/xtf/run-in-dom0 viommu-founding >/job/founding.log 2>&1 &
watch $! test-hvm64-viommu-founding /job/founding.json
mark founding
