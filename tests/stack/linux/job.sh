#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# dom0's part of scripts/test-linux: run the guests, each of which may boot
# more than once.  Of guest NAME it leaves in /job: NAME.log, what the guest
# said; NAME-N-BEGIN.json and NAME-N-DONE.json, what the vIOMMUs had done
# before and after the work of its boot N; NAME-DISK.img, its disks at the end;
# NAME-plug, what became of devices that came and went.

# beside NAME MOMENT: those that are to be there at the same time wait for each
# other, so that all of them have begun before one works, and none ends before
# all have worked.  Who comes to its end without that is not waited for; a guest
# that hangs is ended by its limit.
beside()
{
    local other
    case " $together " in
        *" $1 "*) ;;
        *) return ;;
    esac
    : >"/tmp/$1-$2.there"
    for other in $together
    do
        until [ -e "/tmp/$other-$2.there" ] || [ -e "/tmp/$other.over" ]
        do
            usleep 100000
        done
    done
}

# listen NAME: keep what the guest says; at the beginning and the end of its
# work, take the statistics before it may go on.
listen()
{
    local line
    while read -r line
    do
        echo "$line" >&3
        case $line in
            BEGIN*|DONE*)
                [ "${line#* }" != 0 ] || beside "$1" "${line% *}"
                xl viommu-list -j >"/job/$1-${line#* }-${line% *}.json"
                echo go
                ;;
            PLUG*)
                plug "$1" "${line##* }"
                echo go
                ;;
            UNPLUG*)
                unplug "$1" "${line##* }"
                echo go
                ;;
        esac
    done
}

# kernel NAME: where its kernel and initrd are; "other" has the other kernel,
# and all have it in a job that is about that one
kernel()
{
    if [ "$1" = other ] || [ -e /job/all-other ]
    then
        echo /job/other
    else
        echo /guest
    fi
}

# guest NAME VIOMMU EXTRA [VCPUS]: describe a guest
guest()
{
    local reboot=destroy
    case $3 in
        *then=reboot*) reboot=restart ;;
    esac
    sed -e "s|@NAME@|$1|; s|@VIOMMU@|$2|; s|@EXTRA@|$3|; s|@REBOOT@|$reboot|" \
        -e "s|@KERNEL@|$(kernel "$1")|; s|@VCPUS@|${4:-1}|" /job/linux.cfg >"/tmp/$1.cfg"
}

# once NAME: run it to its end
once()
{
    local listener disk uptime
    # The device model cannot do DMA between guest memory and /job.
    for disk in nvme ahci virtio
    do
        cp "/job/$disk.img" "/tmp/$1-$disk.img"
    done
    cp /job/virtio.img "/tmp/$1-hot.img"
    # What it needs for kexec is on its NVMe disk.
    tar -C "$(kernel "$1")" -cf - vmlinuz initrd |
        dd of="/tmp/$1-nvme.img" bs=1M seek=7 conv=notrunc 2>/dev/null

    mkfifo "/tmp/$1.in" "/tmp/$1.out"
    listen "$1" <>"/tmp/$1.out" 1<>"/tmp/$1.in" 3>"/job/$1.log" &
    listener=$!
    timeout "$limit" xl create -F "/tmp/$1.cfg" >"/job/$1-xl.log" 2>&1 ||
        {
            echo "job: xl ended with status $?"
            xl viommu-list -l "$1"
        } >>"/job/$1-xl.log" 2>&1
    xl destroy "$1" >/dev/null 2>&1
    kill "$listener"
    rm "/tmp/$1.in" "/tmp/$1.out" "/tmp/$1-hot.img"

    read -r uptime _ </proc/uptime
    echo "$1 $uptime" >>/job/times
    cp "/var/log/xen/qemu-dm-$1.log" /job/
    for disk in nvme ahci virtio
    do
        mv "/tmp/$1-$disk.img" /job/
    done
}

# lane NAME...: run these guests, one after the other
lane()
{
    local name
    for name
    do
        case " $only " in
            "  "|*" $name "*) once "$name" ;;
        esac
        : >"/tmp/$name.over"
    done
}

read -r only </job/only
rm -f /job/times /job/*.json /job/*-plug
# shellcheck source=plug.sh
. /job/plug.sh
# How many devices come and go, and seconds for all boots of a guest: it hangs
# shellcheck disable=SC1091 # scripts/test-linux makes it
. /job/sizes
# shellcheck source=guests.sh
. /job/guests.sh
xl dmesg >/job/xen.log
exit 0
