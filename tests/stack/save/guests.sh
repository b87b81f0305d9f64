# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# The guests of scripts/test-save, sourced by job.sh, which defines "run".
#
# A kernel that knows that it runs on Xen takes part in being saved: it
# suspends its drivers, the vIOMMU's included.  One that does not is stopped
# wherever it is.  It has to be told the TSC's frequency, because it cannot
# measure it on an emulated CPU.
#
# The former takes emulated devices' MSIs as event channels, and after a restore it
# has none for those that a driver keeps (Linux's restore_pirqs()), as AHCI does.
khz=$(($(xl info | sed -n 's/^cpu_mhz *: \([0-9]*\).*/\1/p') * 1000))
native="xen_nopv tsc=reliable tsc_early_khz=$khz"

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
    guest default type=vtd pci=nomsi $restores soft_reset
    guest panic type=vtd "" kdump
    guest native type=vtd "$native" $restores checkpoint $migrates kdump
    guest strict type=vtd "$native iommu.strict=1" $restores $migrates
    guest register type=vtd,qi=0 "$native iommu.strict=0" $restores $migrates
    guest sleep type=vtd pci=nomsi s3 restore s3
}
