#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# qemu.sh DIR KERNEL INITRD: the part of "make bench" that Xen is not in.  The
# same guests with the same disk on QEMU's TCG, one for each line of
# modes.qemu, do the workloads in turn.  QEMU= is the command.  Results are left in
# DIR.
out=$1 kernel=$2 initrd=$3 fifo=$1/pipes
cd "$out" || exit 1
. ./settings
. ./drive.sh

# QEMU's IOMMU has no counters.  What is measured is CPU time of the process: of
# each thread in ns, and by ticks the part that is the system's.  A guest that
# idles leaves no thread running, so that all of it is accounted for.
marks=yes
# Of the real clock: a busy machine may need long to boot.
boot=900
snapshot()
{
    local pid
    pid=$(cat "$fifo/$1.pid")
    cat /proc/"$pid"/task/*/schedstat >"stats/$2" &&
        cat "/proc/$pid/stat" >>"stats/$2" || fail "guest $1 is gone"
}

# boot GUEST MODE DRAIN DEVICE ARGS...: whether its timer works, a guest finds out by
# a clock that a busy machine does not give it time for (no_timer_check)
boot()
{
    local guest=$1 mode=$2 drain=$3 device=$4
    shift 4
    rm -f "$fifo/$guest.in" "$fifo/$guest.out"
    mkfifo "$fifo/$guest.in" "$fifo/$guest.out"
    [ "$device" != - ] && device="-device $device" || device=
    # shellcheck disable=SC2086 # options, split on purpose
    $QEMU -nodefaults -no-user-config -display none \
        -M q35 -accel tcg -cpu qemu64 -m 256 $device \
        -kernel "$kernel" -initrd "$initrd" \
        -append "console=ttyS0 loglevel=1 no_timer_check job=bench $*" \
        -chardev "pipe,id=serial,path=$fifo/$guest" -serial chardev:serial \
        -blockdev "node-name=disk,$DISK" \
        -device nvme,drive=disk,serial=bench \
        >"$guest.qemu.log" 2>&1 </dev/null &
    echo $! >"$fifo/$guest.pid"
    started "$guest" "$mode" "$drain"
}

# Nor is there anybody to ask.
lost()
{
    :
}

trap 'kill $(cat "$fifo"/*.pid) 2>/dev/null' EXIT
trap 'exit 1' INT TERM
rm -rf "$fifo" results error stats
mkdir -p "$fifo" stats

guests=''
while read -r guest mode drain device args
do
    case $guest in ''|'#'*) continue ;; esac
    # shellcheck disable=SC2086 # words, split on purpose
    boot "$guest" "$mode" "$drain" "$device" $args
    guests="$guests $guest"
done <<END
$(cat modes.qemu)
END

# shellcheck disable=SC2086 # names, split on purpose
rounds $guests
