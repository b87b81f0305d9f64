#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# dom0's part of scripts/test-save: guests that work while they are saved and
# restored, or migrated to this same host.  Results go to /job/results; of guest
# NAME there are NAME.log, what it said, NAME-xl.log, and NAME-N.json, its
# statistics after what was done to it N-th.  /job/record has a line for each:
# how long that took and how long the workers then took for two rounds (s), what
# all of them have compared by then (KiB), faults, and after a restore how many
# translations there were in a second of work before and in the first one after.
limit=600     # seconds for anything to happen

say()
{
    echo "$*" >>/job/results
}

now()
{
    local uptime
    read -r uptime _ </proc/uptime
    echo "${uptime%.*}"
}

# heard NAME PATTERN [LINE]: wait for a line of the guest, behind line LINE
heard()
{
    local until=$(($(now) + limit))
    while ! sed "1,${3:-0}d" "/job/$1.log" | grep -q "$2"
    do
        [ "$(now)" -lt $until ] || return 1
        # Looking costs the guest some of its time.
        usleep 500000
    done
}

lines()
{
    wc -l <"/job/$1.log"
}

# go_on NAME: all workers do two rounds that have begun since
go_on()
{
    local from worker n
    from=$(lines "$1")
    for worker in ahci virtio net
    do
        heard "$1" "^ROUND $worker" "$from" || return 1
        n=$(sed "1,${from}d" "/job/$1.log" |
            sed -n "s/^ROUND $worker //p" | head -n 1)
        heard "$1" "^ROUND $worker $((n + 2))\$" "$from" || return 1
    done
}

hundredths()
{
    local uptime
    read -r uptime _ </proc/uptime
    echo "${uptime%.*}${uptime#*.}"
}

# standing NAME: what there is to see of a guest that does not go on
standing()
{
    local from
    from=$(lines "$1")
    xl list && xl vcpu-list && xl viommu-list -j "$1"
    xl debug-keys i && xl debug-keys v && xl debug-keys q
    echo show >&9
    usleep 30000000
    xl dmesg >"/job/$1-standing.log"
    sed "1,${from}d" "/job/$1.log"
}

# stat NAME COUNTER: of all its units
stat()
{
    xl viommu-list -j "$1" | sed -n "s/.*\"$2\": \([0-9]*\).*/\1/p" |
        awk '{ sum += $1 } END { print sum }'
}

# a_second NAME N: translations in the second that begins, N having been before
a_second()
{
    local begin
    begin=$(hundredths)
    usleep 950000
    set -- $(($(stat "$1" translations) - $2))
    echo $(($1 * 100 / ($(hundredths) - begin)))
}

# compared NAME: KiB, of the rounds that the guest has said to be right
compared()
{
    awk '/^ROUND net/ { sum += 128 }
         /^ROUND (ahci|virtio)/ { sum += 256 }
         END { print sum }' "/job/$1.log"
}

# The ways to have a guest somewhere else.
by_restore()
{
    local before
    before=$(a_second "$1" "$(stat "$1" translations)")
    xl save "$1" "/tmp/$1.save" && ls -l "/tmp/$1.save" || return 1
    say "PASS save/$1/save-$n"
    back "$1" || return 1
    seconds=" translations $before $(a_second "$1" 0)"
}

# back NAME: what was saved goes on
back()
{
    xl restore -p "/tmp/$1.save" && rm "/tmp/$1.save" && xl unpause "$1"
}

# Saved, and it goes on where it is
by_save_running()
{
    xl save -c "$1" "/tmp/$1.save" && rm "/tmp/$1.save"
}

# The guest goes on where it is, then it ends, and the checkpoint goes on, with
# the disks as they were.
by_checkpoint()
{
    local disk
    xl save -p "$1" "/tmp/$1.save" || return 1
    for disk in ahci virtio
    do
        cp "/tmp/$1-$disk.img" "/tmp/$1-$disk.then"
    done
    xl unpause "$1" && go_on "$1" || return 1
    xl destroy "$1" || return 1
    for disk in ahci virtio
    do
        mv "/tmp/$1-$disk.then" "/tmp/$1-$disk.img"
    done
    back "$1"
}

by_migrate()
{
    xl migrate -s /tmp/here "$1" host
}

# The host that it is to go to has a device model that cannot have it, and it goes on
# where it is.
by_refused()
{
    rm -f /tmp/there.log
    ! xl migrate -s /tmp/there "$1" host && [ -e /tmp/there.log ]
}

# dm_of NAME: its domain, and the process of its device model
dm_of()
{
    local domid
    domid=$(xl domid "$1")
    echo "$domid $(xenstore-read "/local/domain/$domid/image/device-model-pid")"
}

# Another device model in the same domain
by_restart()
{
    local old new
    old=$(dm_of "$1")
    xl dm-restart "$1" || return 1
    new=$(dm_of "$1")
    echo "device model of domain $old, now $new"
    [ "${old% *}" = "${new% *}" ] && kill -0 "${new#* }" &&
        ! kill -0 "${old#* }" 2>/dev/null
}

# What ends is the kernel, not the guest.  One that knows Xen has it reset.  The
# next kernel has no other one to go on with: this can only be the last.
by_soft_reset()
{
    by_kexec "$1"
}

by_kexec()
{
    local from
    from=$(lines "$1")
    echo kexec >&9
    heard "$1" '^BEGIN' "$from"
}

by_kdump()
{
    local from
    from=$(lines "$1")
    echo crash >&9
    heard "$1" '^BEGIN' "$from" && heard "$1" '^COPIED' "$from" &&
        heard "$1" '^VMCORE' "$from"
}

# It is woken up when it sleeps; before, this does nothing.
by_s3()
{
    local from until=$(($(now) + limit))
    from=$(lines "$1")
    echo sleep >&9
    until sed "1,${from}d" "/job/$1.log" | grep -q '^AWAKE'
    do
        [ "$(now)" -lt $until ] || return 1
        xl trigger "$1" s3resume
        usleep 500000
    done
}

# In the place of ssh: a receiver on this host, with a user, a host, a command.
printf '#!/bin/sh\nshift\nexec sh -c "$*"\n' >/tmp/here
chmod +x /tmp/here
# There what is started as QEMU ends as one does that does not know the unit.
cat >/tmp/other-qemu <<'QEMU'
#!/bin/sh
echo "Unknown savevm section or instance 'xen-viommu' 0" >&2
echo ended >>/tmp/there.log
exit 1
QEMU
cat >/tmp/there <<'HOST'
#!/bin/sh
shift
exec unshare -m sh -c "mount --bind /tmp/other-qemu \
    /usr/lib/xen/bin/qemu-system-i386 && exec $*"
HOST
chmod +x /tmp/there /tmp/other-qemu

# run NAME VIOMMU EXTRA WAY...
run()
{
    local name=$1 viommu=$2 extra=$3 way what n=0 listener disk memory=160
    local initrd=/guest/initrd begin took seconds units
    shift 3
    units=$(echo "$viommu" | grep -o type= | wc -l)
    # shellcheck disable=SC2086 # ways, split on purpose
    [ -z "$ways" ] || set -- $ways
    case " $* " in
        *" kexec "*|*" soft_reset "*|*" kdump "*)
            # with the kernel that comes next
            initrd=/tmp/initrd memory=384 extra="$extra crashkernel=144M"
            [ -e $initrd ] || cat /guest/initrd /job/kernel.cpio >$initrd ;;
    esac
    sed -e "s|@NAME@|$name|; s|@VIOMMU@|$viommu|; s|@EXTRA@|$extra|" \
        -e "s|@MEMORY@|$memory|; s|@INITRD@|$initrd|" \
        /job/save.cfg >"/tmp/$name.cfg"
    for disk in ahci virtio
    do
        cp "/job/$disk.img" "/tmp/$name-$disk.img"
    done
    mkfifo "/tmp/$name.in" "/tmp/$name.out"
    cat <>"/tmp/$name.out" >"/job/$name.log" &
    listener=$!
    exec 9<>"/tmp/$name.in"

    if xl create "/tmp/$name.cfg" >"/job/$name-xl.log" 2>&1 &&
       heard "$name" '^BEGIN' && go_on "$name"
    then
        for way
        do
            n=$((n + 1))
            what=save/$name/$(echo "$way" | tr _ -)-$n
            echo "== $what" >>"/job/$name-xl.log"
            begin=$(now) seconds=
            if ! "by_$way" "$name" >>"/job/$name-xl.log" 2>&1
            then
                standing "$name" >>"/job/$name-xl.log" 2>&1
                say "FAIL $what: see $name-xl.log"
                break
            fi
            took=$(($(now) - begin)) begin=$(now)
            if ! go_on "$name"
            then
                standing "$name" >>"/job/$name-xl.log" 2>&1
                say "FAIL $what: the guest does not go on, see $name-xl.log"
                break
            fi
            xl viommu-list -j "$name" >"/job/$name-$n.json"
            if [ "$(stat "$name" faults)" != 0 ] ||
               [ "$(grep -c '"enabled": true' "/job/$name-$n.json")" != $units ]
            then
                say "FAIL $what: a unit has a fault or is not enabled, see $name-$n.json"
                break
            fi
            say "PASS $what"
            echo "$what took $took then $(($(now) - begin))" \
                "compared $(compared "$name") faults $(stat "$name" faults)" \
                "$seconds" >>/job/record
        done
        echo stop >&9
        if heard "$name" '^DONE' && ! grep -qE '^(WRONG|TROUBLE)' "/job/$name.log"
        then
            say "PASS save/$name/data"
        else
            say "FAIL save/$name/data: $(grep -E '^(WRONG|TROUBLE)' "/job/$name.log" |
                head -n 1)"
        fi
    else
        say "FAIL save/$name/begin: the guest is not up"
    fi

    xl destroy "$name" >/dev/null 2>&1
    kill $listener
    exec 9>&-
    # dom0's file system is half of its memory, and has to hold what the next one is
    # saved as.
    rm "/tmp/$name.in" "/tmp/$name.out" "/tmp/$name-"*.img
    cp /var/log/xen/qemu-dm-"$name"* /job/
}

: >/job/results
read -r only </job/only
read -r ways </job/ways
read -r saves migrations </job/sizes
# shellcheck source=guests.sh
. /job/guests.sh
xl dmesg >/job/xen.log
exit 0
