#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The Debian guest's init: loads the drivers, runs the job that the kernel's
# command line names (job=NAME: /jobs/NAME) and powers off.
export PATH=/bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
exec </dev/ttyS0 >/dev/ttyS0 2>&1
stty -onlcr
# Longer than a kernel expects of real ones, the CPUs of a busy machine have no turn.
echo 60 >/proc/sys/kernel/watchdog_thresh
echo 300 >/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout
while read -r module
do
    insmod "/lib/modules/$module"
done </lib/modules.list
job=$(sed -n 's/.*job=\([a-z0-9-]*\).*/\1/p' /proc/cmdline)
. "/jobs/${job:-shell}"
sync
poweroff -f
