#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# refusals.sh KERNEL: devices that cannot be behind the vIOMMU, in dom0.  Their
# guest is not created, and the device model's log says why; one without them,
# and one with them but without a vIOMMU, is.  KERNEL is any that an HVM guest
# takes as firmware_override; the guest stays paused.
kernel=$1
name=refusal
log=/var/log/xen/qemu-dm-$name.log
virtio=iommu_platform=on,disable-legacy=on
null=driver=null-co,size=1M,if=none,id=d

# create VIOMMU ARGS: the device model's arguments are separated by spaces
create()
{
    list=
    for arg in $2
    do
        list="$list\"$arg\", "
    done
    cat >/tmp/$name.cfg <<CFG
name = "$name"
type = "hvm"
memory = 64
vcpus = 1
vga = "none"
vnc = 0
sdl = 0
usb = 0
vif = []
firmware_override = "$kernel"
viommu = [ $1 ]
device_model_args_hvm = [ $list ]
CFG
    rm -f "$log"
    xl create -p -q /tmp/$name.cfg >/tmp/$name.out 2>&1
}

verdict()
{
    if [ "$2" = 0 ]
    then
        echo "PASS refusals/$1"
    else
        tail -qn 3 "$log" /tmp/$name.out | sed 's/^/    # /'
        echo "FAIL refusals/$1: $3"
    fi
}

# refused NAME WHY ARGS
refused()
{
    if create '"type=vtd"' "$3"
    then
        xl destroy $name
        verdict "$1" 1 "created"
    else
        grep -q "$2" "$log"
        verdict "$1" $? "does not say \"$2\""
    fi
}

# created NAME VIOMMU ARGS
created()
{
    create "$2" "$3"
    status=$?
    [ $status != 0 ] || xl destroy $name
    verdict "$1" $status "not created"
}

io="-object iothread,id=io -drive $null -device virtio-blk-pci,drive=d,iothread=io"
gpu="-device virtio-gpu-pci"
created none '"type=vtd"' "-drive $null -device virtio-blk-pci,drive=d,$virtio"
created iothread-without-viommu '' "$io"
created gpu-without-viommu '' "$gpu"
# virtio is behind the vIOMMU only if it is told so
created iothread-beside '"type=vtd"' "$io"
refused iothread "vIOMMU: it has an iothread" "$io,$virtio"
refused virtio-gpu "vIOMMU: it draws from guest memory that stays mapped" \
    "$gpu,$virtio"
created virtio-gpu-in-place '"type=vtd"' \
    "$gpu,$virtio -global xen-viommu.dma=map"
refused pvscsi "vIOMMU: it accesses guest memory without asking an IOMMU" \
    "-device pvscsi"
refused megasas "vIOMMU: it writes to what it has mapped for reading" \
    "-device megasas"
refused virtio-balloon "vIOMMU: it looks for guest memory that QEMU has not" \
    "-device virtio-balloon-pci,$virtio"
