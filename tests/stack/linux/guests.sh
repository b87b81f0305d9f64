# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# The guests of scripts/test-linux, sourced by job.sh, which defines "guest"
# and "lane".
#
# "then=" says how each boot ends; a kernel started by kexec gets as its mode
# what stands after the colon, the first one what stands after "mode=".
#
# A kernel that knows it runs on Xen leaves kexec to Xen, which starts a new
# device model, and QEMU cannot save an NVMe.  Without that knowledge it
# jumps, and the unit stays as it was left.  It then has to be told the TSC's
# frequency, because it cannot measure it on an emulated CPU.
khz=$(($(xl info | sed -n 's/^cpu_mhz *: \([0-9]*\).*/\1/p') * 1000))
native="xen_nopv tsc=reliable tsc_early_khz=$khz"

guest default type=vtd "then=reboot mode="
guest strict type=vtd "then=kexec:iommu=pt,kexec:intel_iommu=off $native \
mode= iommu.strict=1"
guest register type=vtd,qi=0 "vfio mode= iommu.strict=0"
# The NVMe and the e1000 behind the first, virtio-blk behind the second.  Of what
# comes later (plug.sh), the NVMe, the e1000 and the bridge behind the first,
# virtio-blk behind the second, virtio-net and the other bridge behind the last.
plug=
[ "$PLUGS" = 0 ] || plug=" plug=$PLUGS"
guest other 'type=vtd,devices=4;7;10;12,bridges=14", "type=vtd,devices=6;11", "type=vtd' \
    "vfio$plug mode= iommu.strict=1" 2
guest native type=vtd "vfio $native mode=" 2
guest no-intremap type=vtd,intremap=0 "vfio mode="

# Two guests at once: there is one CPU for them, and it is the first boot of each
# that works beside the other's.
together="strict register"
lane strict native &
lane register other default no-intremap
wait
