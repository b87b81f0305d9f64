#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# dom0's part of "make bench": boots a guest for each line of modes.xen and has
# them do the workloads in turn.  Results are left in /job.
out=/job fifo=/tmp/pipes
. /job/settings
. /job/drive.sh
# Of a clock that goes by instructions: three times what a run takes.  If a guest
# spins, a second of it is almost one of our minutes, as each PAUSE is an exit.
patience=$((IOS > 256 ? IOS / 128 : 2))

# What has no vIOMMU has no counters.
snapshot()
{
    case $with in
        *" $1 "*) xl viommu-list -j "$1" >"/job/stats/$2.json" ||
                      fail "xl viommu-list of $1 does not work" ;;
    esac
}

rm -rf /job/stats /job/results /job/error
mkdir -p /job/stats $fifo
cat /guest/initrd /job/fio.cpio >/tmp/initrd

# boot GUEST MODE DRAIN: as it is described
boot()
{
    rm -f "$fifo/$1.in" "$fifo/$1.out"
    mkfifo "$fifo/$1.in" "$fifo/$1.out"
    xl create "/job/$1.cfg" >"/job/$1.xl.log" 2>&1 </dev/null ||
        fail "xl does not create $1: $(tail -n 1 "/job/$1.xl.log")"
    started "$1" "$2" "$3"
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

# What invalidations cost; nothing else runs yet.  One machine is enough for it.
if [ -d /job/xtf ]
then
    sh /job/xtf/run-in-dom0 viommu-cost >/job/viommu-cost.log 2>&1 ||
        fail "$(head -n 1 /job/viommu-cost.log)"
    cp /job/xtf/viommu-cost/serial.log /job/viommu-cost.log
fi

guests='' with=' '
while read -r guest mode drain spec args
do
    case $guest in ''|'#'*) continue ;; esac
    case $drain in
        -|ledger)   how= ;;
        ledger-map) how='"-global", "xen-viommu.dma=map",' ;;
        *)          fail "modes.xen: no such drain: $drain" ;;
    esac
    {
        cat /job/guest.cfg
        echo "name = \"$guest\""
        echo "serial = \"pipe:$fifo/$guest\""
        echo "extra = \"console=ttyS0 loglevel=1 pci=noearly job=bench $args\""
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
    boot "$guest" "$mode" "$drain"
    guests="$guests $guest"
done <<END
$(cat /job/modes.xen)
END

# shellcheck disable=SC2086 # names, split on purpose
rounds $guests
exit 0
