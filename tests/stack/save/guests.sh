# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# The guests of scripts/test-save, sourced by job.sh, which defines "run".
#
# A kernel that knows that it runs on Xen takes part in being saved: it
# suspends its drivers, the vIOMMU's included.  One that does not is stopped
# wherever it is.  It has to be told the TSC's frequency, because it cannot
# measure it on an emulated CPU.
#
# The former has its devices' MSIs as event channels, if it is offered pirqs, and
# has none after a restore for those that a driver keeps (Linux's restore_pirqs()),
# as AHCI does.  With interrupt remapping it is offered none.
khz=$(($(xl info | sed -n 's/^cpu_mhz *: \([0-9]*\).*/\1/p') * 1000))
native="xen_nopv nowatchdog tsc=reliable tsc_early_khz=$khz"

guest()
{
    case " $only " in
        "  "|*" $1 "*) run "$@" ;;
    esac
}

# repeat N WAY
repeat()
{
    local n=0
    while [ $n -lt "$1" ]
    do
        echo "$2"
        n=$((n + 1))
    done
}

restores=$(repeat "$saves" restore)
migrates=$(repeat "$migrations" migrate)

# shellcheck disable=SC2086 # ways, split on purpose
{
    guest default type=vtd,intremap=1 "" $restores $migrates s3 restart soft_reset
    guest panic type=vtd,intremap=1 "" s3 $restores kdump
    guest pt type=vtd,intremap=1 iommu=pt $restores kdump
    guest native type=vtd "$native" $restores refused $migrates save_running checkpoint kexec
    guest strict type=vtd "$native iommu.strict=1" \
        $restores $migrates restart s3 kdump
    # AHCI and the e1000, virtio-blk, virtio-net
    guest units 'type=vtd,devices=4;6", "type=vtd,devices=5", "type=vtd' \
        "$native iommu.strict=1" $restores $migrates restart kdump
    guest register type=vtd,qi=0 "$native iommu.strict=0" \
        $restores $migrates kdump
}
