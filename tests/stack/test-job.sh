#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# dom0's part of scripts/test-stack.  What it reports goes to /job/results.
read -r only </job/only
: >/job/results
[ -n "$only" ] || sh /job/main-job.sh
# shellcheck disable=SC2086 # names, split on purpose
sh /job/xtf/run-in-dom0 $only >>/job/results 2>&1
for test in ${only:-$(cat /job/xtf/tests.list)}
do
    grep -qE "^(PASS|FAIL) xtf/$test(:|\$)" /job/results ||
        echo "FAIL xtf/$test: not reported" >>/job/results
done
if [ -z "$only" ]
then
    sh /job/stages.sh 40 >>/job/results 2>&1
    sh /job/soak/job.sh >>/job/results 2>&1
    status=$?
    # It says why it ends, unless it dies.
    [ $status = 0 ] || grep -q '^FAIL soak/' /job/results ||
        echo "FAIL soak/job: status $status" >>/job/results
    sh /job/refusals.sh /job/xtf/viommu-none/test-hvm64-viommu-none \
        >>/job/results 2>&1
    grep -q '^[A-Z]* refusals/virtio-balloon' /job/results ||
        echo "FAIL refusals/: not to the end" >>/job/results
    sh /job/xl-configs/run >/tmp/configs 2>&1
    status=$?
    sed -n -e 's/^PASS /&dom0\//p' -e 's/^FAIL /&dom0\//p' /tmp/configs \
        >>/job/results
    [ $status = 0 ] || grep -q '^FAIL' /tmp/configs ||
        echo "FAIL dom0/xl-configs: status $status" >>/job/results
fi
xl dmesg >/job/xen.log
exit 0
