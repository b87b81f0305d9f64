# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2034,SC2154,SC3043 # of busybox
# Sourced in dom0 by xen.sh and profile.sh, after drive.sh: guests as modes.xen
# describes them.  With "more" set, kernels get these arguments, too.

cat /guest/initrd /job/fio.cpio >/tmp/initrd
with=' '

# boot GUEST MODE DRAIN VIOMMU ARGS...: and leave its name in $with if it has one
boot()
{
    local guest=$1 mode=$2 drain=$3 spec=$4 how
    shift 4
    case $drain in
        -|ledger)   how= ;;
        ledger-map) how='"-global", "xen-viommu.dma=map",' ;;
        *)          fail "modes.xen: no such drain: $drain" ;;
    esac
    {
        cat /job/guest.cfg
        echo "name = \"$guest\""
        echo "serial = \"pipe:$fifo/$guest\""
        echo "extra = \"console=ttyS0 loglevel=1 pci=noearly job=bench $* ${more-}\""
        echo "device_model_args_hvm = [ $how"
        echo "    \"-blockdev\", \"node-name=disk,$DISK\","
        echo "    \"-device\", \"nvme,drive=disk,serial=bench\","
        echo "]"
        if [ "$spec" != - ]
        then
            echo "viommu = [ \"$spec\" ]"
            with="$with$guest "
        fi
    } >"/job/$guest.cfg"
    rm -f "$fifo/$guest.in" "$fifo/$guest.out"
    mkfifo "$fifo/$guest.in" "$fifo/$guest.out"
    xl create "/job/$guest.cfg" >"/job/$guest.xl.log" 2>&1 </dev/null ||
        fail "xl does not create $guest: $(tail -n 1 "/job/$guest.xl.log")"
    started "$guest" "$mode" "$drain"
}

# Where it is, and what of ours it may be waiting for
lost()
{
    xl debug-keys v
    {
        xl vcpu-list "$1"
        xl viommu-list -l
        xl dmesg -c
    } >"/job/lost.$1" 2>&1
}
