# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What is in use with no guest, before and after: part of job.sh, which sources
# this.  What can be counted has to come back to exactly what it was, but for
# dom0's memory, as its kernel keeps caches, and Xen's free pages, because Xen
# (4.17.5, and master of 2026-08) loses one scheduling unit of each domain with two
# vCPUs: sched_free_unit() looks for others in it, and for_each_sched_unit_vcpu()
# goes on to those whose unit is gone already.  That is 300 bytes, and what its
# allocator cannot use between them: in the run that xen_loses is from, 377 domains
# took 34 pages, 370 bytes each (in that of docs/testing.md 32).
xen_may_keep=4          # pages, where its small allocations lie
xen_loses=400           # bytes of a domain
dom0_may_keep=16384     # KiB

# What a debug key makes Xen say
debug_key()
{
    take_log
    xl debug-keys "$1"
    xl dmesg -c
}

process_named()
{
    grep -l "^Name:[[:space:]]*$1\$" /proc/[0-9]*/status 2>/dev/null |
        cut -d / -f 3
}

descriptors()
{
    for process in $(process_named "$1")
    do
        ls "/proc/$process/fd"
    done | wc -l
}

count_exact()
{
    xen_pages=$(debug_key H | sed -n 's/.*\[zone=.*-> \([0-9]*\) pages.*/\1/p' |
        awk '{ sum += $1 } END { print sum + 0 }')
    event_channels=$(debug_key e | grep -c 's=[0-9]* n=')
    domains=$(xl list | tail -n +2 | wc -l)
    xenstore_nodes=$(xenstore-ls | wc -l)
    xenstored_fds=$(descriptors xenstored)
    xenconsoled_fds=$(descriptors xenconsoled)
    processes=$(for process in xl qemu-system-i38 second-dm
        do
            process_named $process
        done | wc -l)
    zombies=$(grep -l '^State:.*Z (' /proc/[0-9]*/status 2>/dev/null | wc -l)
}

exact="event_channels domains xenstore_nodes xenstored_fds
    xenconsoled_fds processes zombies"

count_dom0()
{
    rm -f /var/log/xen/* /tmp/second.out
    sync
    echo 3 >/proc/sys/vm/drop_caches
    usleep 500000
    dom0_free=$(sed -n 's/^MemFree: *\([0-9]*\).*/\1/p' /proc/meminfo)
    dom0_slab=$(sed -n 's/^Slab: *\([0-9]*\).*/\1/p' /proc/meminfo)
}

# The last guest's end: Xen frees what is left of it in its own time.
at_rest()
{
    pages_were=${xen_pages-}
    count_exact
    [ "$domains $processes" = "1 0" ] && [ "$xen_pages" = "$pages_were" ]
}

leaks_begin()
{
    had_domid=$domid
    if ! poll 10 at_rest
    then
        echo "FAIL soak/leak, begin: $domains domains, $processes processes," \
             "$pages_were pages and then $xen_pages"
        exit 1
    fi
    count_dom0
    for one in xen_pages $exact dom0_free dom0_slab
    do
        eval "had_$one=\$$one"
        eval "figure leak_${one}_first \$$one"
    done
}

all_back()
{
    count_exact
    differs=
    for one in $exact
    do
        eval "[ \"\$$one\" = \"\$had_$one\" ]" ||
            eval "differs=\"\$differs $one: \$had_$one then \$$one\""
    done
    bound=$((xen_may_keep + ((domid - had_domid) * xen_loses + 4095) / 4096))
    [ $((had_xen_pages - xen_pages)) -le $bound ] ||
        differs="$differs xen_pages: $had_xen_pages then $xen_pages, \
$((domid - had_domid)) domains since"
    [ -z "$differs" ]
}

# leaks_end WHEN
leaks_end()
{
    poll 2 all_back
    count_dom0
    figure "leak_guests_$1" $((domid - had_domid))
    for one in xen_pages $exact dom0_free dom0_slab
    do
        eval "figure leak_${one}_$(echo "$1" | tr - _) \$$one"
    done
    if [ -n "$differs" ]
    then
        echo "FAIL soak/leak, $1:$differs"
        exit 1
    fi
    if [ $((had_dom0_free - dom0_free)) -gt $dom0_may_keep ]
    then
        echo "FAIL soak/leak, $1: dom0 had $had_dom0_free KiB free," \
             "then $dom0_free"
        exit 1
    fi
    echo "PASS soak/no-leak-$1"
}
