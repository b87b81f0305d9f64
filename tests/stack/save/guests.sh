# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# The guests of scripts/test-save, sourced by job.sh, which defines "run".
#
# A kernel that knows that it runs on Xen takes part in being saved: it
# suspends its drivers, the vIOMMU's included.  One that does not is stopped
# wherever it is.  It has to be told the TSC's frequency, because it cannot
# measure it on an emulated CPU.
khz=$(($(xl info | sed -n 's/^cpu_mhz *: \([0-9]*\).*/\1/p') * 1000))
native="xen_nopv tsc=reliable tsc_early_khz=$khz"

guest()
{
    case " $only " in
        "  "|*" $1 "*) run "$@" ;;
    esac
}

guest default type=vtd "" save
guest native type=vtd "$native" save save checkpoint migration
guest strict type=vtd "$native iommu.strict=1" save migration
guest register type=vtd,qi=0 "$native iommu.strict=0" save migration
