# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154,SC3043,SC3045 # of busybox
# Sourced by xen.sh (in dom0) and qemu.sh (on the host), both run by busybox:
# asks guests, whose serial ports are pipes, to do the workloads in turn.
#
# Wants: out (where results go), fifo (directory of the pipes), RUNS, IOS,
# WORKLOADS, a function "snapshot GUEST FILE" that saves the guest's counters and
# "again GUEST MS" that boots it anew, if that is allowed.
# Writes to $out/results:
#   guest GUEST MODE DRAIN DOMAIN-TYPE
#   lost ROUND GUEST WORKLOAD MS: its disk hung or, if MS is -, the guest did
#   again ROUND N WORKLOAD: runs so far do not count; from "again.N.GUEST" on
#   run ROUND GUEST WORKLOAD IOS MS UNMAPS
# Round 0 is a short one, which warms up and counts the guest's unmaps; that slows
# it down and so is not for measuring.  UNMAPS is - in the others.
patience=300

# One line is enough to say what went wrong.
fail()
{
    echo "$*" >"$out/error"
    exit 1
}

# expect GUEST WORD: wait for "BENCH WORD ...", leave the rest in $reply; 1 if the
# guest says nothing
expect()
{
    # Opened for both, a pipe without another end does not hold us up.
    while read -r -t "$patience" line <>"$fifo/$1.out"
    do
        echo "$line" >>"$out/$1.log"
        case $line in
            "BENCH $2 "*)      reply=${line#BENCH * }; return ;;
            "BENCH failed "*)  fail "guest $1: ${line#BENCH failed }" ;;
        esac
    done
    return 1
}

# started GUEST MODE DRAIN: it is up, and in the mode that was asked for
started()
{
    local patience=300
    expect "$1" ready || fail "guest $1 says nothing, see $1.log"
    case $2:$reply in
        none:none|pt:identity|lazy:DMA-FQ|strict:DMA) ;;
        *) fail "guest $1 should be $2, but its disk's domain is: $reply" ;;
    esac
    echo "guest $1 $2 $3 $reply" >>"$out/results"
}

# one ROUND GUEST WORKLOAD: fails, with the guest booted anew, if it is lost
one()
{
    local count=- ios=$IOS ms=-
    [ "$1" != 0 ] || count=count ios=$((IOS / 4))
    echo "run $3 $ios $count" 1<>"$fifo/$2.in"
    if expect "$2" "done"
    then
        # "WORKLOAD IOS MS UNMAPS"
        ms=${reply% *}
        ms=${ms##* }
    fi
    # A command that is lost takes Linux 30 s.
    if [ "$ms" != - ] && [ "$ms" -lt 29000 ]
    then
        echo "run $1 $2 $reply" >>"$out/results"
        snapshot "$2" "$1.$2.$3"
        return
    fi
    echo "lost $1 $2 $3 $ms" >>"$out/results"
    again "$2" "$ms"
    return 1
}

# rounds GUEST...: all runs, the guests alternating from run to run.  A guest that
# hangs takes the CPU from the others since nobody knows when, but its last run was
# good: this workload and the one before are done again.
rounds()
{
    local round=0 losses=0 at workload guest each
    for guest in "$@"
    do
        snapshot "$guest" "begin.$guest"
    done
    while [ $round -le "$RUNS" ]
    do
        at=1
        while
            workload=$(echo "$WORKLOADS" | awk -v at=$at '{ print $at }')
            [ -n "$workload" ]
        do
            for guest in "$@"
            do
                one $round "$guest" "$workload" && continue
                losses=$((losses + 1))
                [ $losses -le 8 ] || fail "guests or disks hang time and again"
                for each in "$@"
                do
                    snapshot "$each" "again.$losses.$each"
                done
                echo "again $round $losses $workload" >>"$out/results"
                [ $at = 1 ] || at=$((at - 1))
                workload=$(echo "$WORKLOADS" | awk -v at=$at '{ print $at }')
                echo "again $round $losses $workload" >>"$out/results"
                at=$((at - 1))
                break
            done
            at=$((at + 1))
        done
        echo "round $round of $RUNS"
        round=$((round + 1))
    done
    echo end >>"$out/results"
}
