#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The part of "make bench" that Xen is not in, on a Linux that is a host of KVM: boots
# the same guest with the same disk on plain QEMU for each line of modes.qemu and has
# them do the workloads in turn.  Results are left in /job.
out=/job fifo=/tmp/pipes
. /job/settings
. /job/drive.sh

# QEMU's IOMMU has no counters.  CPU time of the process is what can be had: of each
# thread in ns, then by ticks.  A guest that idles leaves no thread running, so that
# all of it is accounted for.
marks=yes
snapshot()
{
    local pid
    pid=$(cat "$fifo/$1.pid")
    cat /proc/"$pid"/task/*/schedstat >"/job/stats/$2" &&
        cat "/proc/$pid/stat" >>"/job/stats/$2" || fail "guest $1 is gone"
}

# boot GUEST MODE DRAIN DEVICE ARGS...
boot()
{
    local guest=$1 mode=$2 drain=$3 device=$4
    shift 4
    mkfifo "$fifo/$guest.in" "$fifo/$guest.out"
    [ "$device" != - ] && device="-device $device" || device=
    # shellcheck disable=SC2086 # options, split on purpose
    qemu-system-i386 -L /usr/share/seabios -nodefaults -no-user-config \
        -display none -M q35 -accel kvm -cpu host -m 256 $device \
        -kernel /tmp/vmlinux -initrd /tmp/initrd \
        -append "console=ttyS0 loglevel=1 job=bench $*" \
        -chardev "pipe,id=serial,path=$fifo/$guest" -serial chardev:serial \
        -blockdev "node-name=disk,$DISK" \
        -device nvme,drive=disk,serial=bench \
        >"/job/$guest.qemu.log" 2>&1 </dev/null &
    echo $! >"$fifo/$guest.pid"
    started "$guest" "$mode" "$drain"
}

# Nor is there anybody to ask.
lost()
{
    :
}

mkdir -p /job/stats $fifo
cp /job/vmlinux /tmp/
cat /guest/initrd /job/fio.cpio >/tmp/initrd
modes /job/modes.qemu
exit 0
