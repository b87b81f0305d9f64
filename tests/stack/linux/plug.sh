# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# dom0's part of devices that come and go, sourced by job.sh; the guest's is
# tests/stack/guest/jobs/linux-plug.  For each, a line in /job/NAME-plug.

# monitor NAME COMMAND: what QEMU says; nothing, if it did what it was told to
monitor()
{
    xl qemu-monitor-command "$1" "$2" 2>&1 | tr -d '\r' | sed '/^OK$/d; /^$/d'
}

# spaces NAME: all that is seen through a device has a name there
spaces()
{
    monitor "$1" "info mtree" | grep '^address-space:' | sort
}

# counters NAME: of its vIOMMUs, all but the clock
counters()
{
    xl viommu-list -j "$1" | sed 's/"now_ns": [0-9]*//'
}

# come NAME KIND: its slot, and what is behind a bridge, the guest knows, too
come()
{
    local virtio=virtio-blk-pci,iommu_platform=on,disable-legacy=on,drive=hot
    case $2 in
        nics)
            monitor "$1" "netdev_add hubport,id=hot0,hubid=1"
            monitor "$1" "netdev_add hubport,id=hot1,hubid=1"
            monitor "$1" "device_add e1000,netdev=hot0,romfile=,id=dev0,addr=12"
            monitor "$1" "device_add virtio-net-pci,netdev=hot1,romfile=,iommu_platform=on,disable-legacy=on,id=dev1,addr=13"
            return ;;
    esac
    monitor "$1" "drive_add 0 if=none,id=hot,file=/tmp/$1-hot.img,format=raw"
    case $2 in
        nvme)
            monitor "$1" "device_add nvme,drive=hot,serial=hot,id=dev0,addr=10" ;;
        virtio)
            monitor "$1" "device_add $virtio,id=dev0,addr=11" ;;
        bridge)
            monitor "$1" "device_add pci-bridge,chassis_nr=1,shpc=on,id=dev0,addr=14"
            monitor "$1" "device_add $virtio,bus=dev0,id=dev1,addr=1" ;;
        pcie-bridge)
            monitor "$1" "device_add pcie-pci-bridge,id=dev0,addr=15"
            monitor "$1" "device_add nvme,drive=hot,serial=hot,bus=dev0,id=dev1,addr=1" ;;
    esac
}

# plug NAME KIND: while nothing happens in the guest nor in its devices, which have
# ended what they were asked for; so a bridge comes with what is behind it, and nothing
# is counted but its coming
plug()
{
    local before='' now said
    xl pause "$1"
    spaces "$1" >"/tmp/$1-spaces"
    now=$(counters "$1")
    until [ "$now" = "$before" ]
    do
        before=$now
        usleep 300000
        now=$(counters "$1")
    done
    said=$(come "$1" "$2")
    [ "$(counters "$1")" = "$before" ] || said="$said: something was counted"
    xl unpause "$1"
    # shellcheck disable=SC2086 # one line
    echo "come $2" ${said:-ok} >>"/job/$1-plug"
}

# unplug NAME KIND: until the guest has let go of it, and QEMU of all that it had
unplug()
{
    local device devices=dev0 n=0 said=
    [ "$2" != nics ] || devices="dev0 dev1"
    for device in $devices
    do
        said="$said$(monitor "$1" "device_del $device")"
    done
    while monitor "$1" "info qtree" | grep -q '"dev[01]"' && [ $n -lt 600 ]
    do
        usleep 100000
        n=$((n + 1))
    done
    if [ "$2" = nics ]
    then
        said="$said$(monitor "$1" "netdev_del hot0"; monitor "$1" "netdev_del hot1")"
    fi
    # QEMU's NVMe leaves its drive; other devices take it with them, by and by.
    while monitor "$1" "info block" | grep -q ^hot && [ $n -lt 600 ]
    do
        monitor "$1" "drive_del hot" >/dev/null
        usleep 100000
        n=$((n + 1))
    done
    spaces "$1" | cmp -s - "/tmp/$1-spaces" || said="$said: address spaces are left"
    # shellcheck disable=SC2086 # one line
    echo "go $2" ${said:-ok} "$(dd if="/tmp/$1-hot.img" bs=64k skip=32 count=4 \
        2>/dev/null | sha256sum | cut -d' ' -f1)" >>"/job/$1-plug"
}
