# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154,SC3043,SC3045 # of busybox
# Sourced by xen.sh and qemu.sh, both run by busybox on a machine that counts: asks
# guests, whose serial ports are pipes, to do the workloads in turn.
#
# Wants: out (where results go), fifo (directory of the pipes), RUNS, IOS,
# WORKLOADS, a function "boot GUEST MODE DRAIN ..." for a line of modes.*, "snapshot
# GUEST FILE" that saves the guest's counters and "lost GUEST", which keeps what can
# be said of a guest that is silent.  With "marks" set there are snapshots right before
# the first request of a run and right after the last one, too, in which the guest
# idles.
# Writes to $out/results:
#   guest GUEST MODE DRAIN DOMAIN-TYPE
#   run ROUND GUEST WORKLOAD IOS MS UNMAPS
# Round 0 is a short one, which warms up and counts the guest's unmaps; that slows
# it down and so is not for measuring.  UNMAPS is - in the others.

# Of a clock that goes by instructions: three times what a run takes.  If a guest
# spins, a second of it is almost one of our minutes, as each PAUSE is an exit.
patience=$((IOS > 256 ? IOS / 128 : 2))

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

# heard ROUND GUEST WORKLOAD WORD
heard()
{
    if ! expect "$2" "$4"
    then
        lost "$2"
        fail "guest $2 hangs in round $1, $3"
    fi
}

# one ROUND GUEST WORKLOAD
one()
{
    local count=${marks:+mark} ios="$IOS" word ms
    [ "$1" != 0 ] || count=count ios=$((IOS / 4))
    echo "run $3 $ios ${count:=-}" 1<>"$fifo/$2.in"
    [ "$count" != mark ] || for word in begin end
    do
        heard "$1" "$2" "$3" $word
        snapshot "$2" "$1.$2.$3.$word"
        echo go 1<>"$fifo/$2.in"
    done
    heard "$1" "$2" "$3" "done"
    # "WORKLOAD IOS MS UNMAPS"; a command that is lost takes Linux 30 s.
    ms=${reply% *}
    ms=${ms##* }
    [ "$ms" -lt 29000 ] || fail "the disk of guest $2 hung in round $1, $3"
    echo "run $1 $2 $reply" >>"$out/results"
    snapshot "$2" "$1.$2.$3"
}

# rounds GUEST...: all runs, the guests alternating from run to run
rounds()
{
    local round=0 workload guest
    for guest in "$@"
    do
        snapshot "$guest" "begin.$guest"
    done
    while [ $round -le "$RUNS" ]
    do
        for workload in $WORKLOADS
        do
            for guest in "$@"
            do
                one $round "$guest" "$workload"
            done
        done
        echo "round $round of $RUNS"
        round=$((round + 1))
    done
    echo end >>"$out/results"
}

# modes FILE: boot its guests and do all runs
modes()
{
    local guests='' guest mode drain what args
    while read -r guest mode drain what args
    do
        case $guest in ''|'#'*) continue ;; esac
        # shellcheck disable=SC2086 # words, split on purpose
        boot "$guest" "$mode" "$drain" "$what" $args
        guests="$guests $guest"
    done <<END
$(cat "$1")
END
    # shellcheck disable=SC2086 # names, split on purpose
    rounds $guests
}
