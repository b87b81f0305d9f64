#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# stages.sh DOMAINS [SEED]: stages.c in dom0, as a test.  Xen may not complain.
seed=${2:-1}
xl dmesg -c >/tmp/stages.before
/job/xtf/stages "$seed" "$1" >/tmp/stages.out 2>&1
status=$?
xl dmesg >/tmp/stages.xen
complaint=$(grep -m 1 -E 'Assertion|BUG|WARN|Xen call trace' /tmp/stages.xen)
if [ -n "$complaint" ]
then
    echo "FAIL stack/stages: Xen says: $complaint"
elif [ $status != 0 ]
then
    grep '^wrong' /tmp/stages.out | sort | uniq -c | head -n 10 | sed 's/^/    # /'
    echo "FAIL stack/stages: seed $seed: $(tail -n 1 /tmp/stages.out)"
else
    echo "PASS stack/stages"
fi
