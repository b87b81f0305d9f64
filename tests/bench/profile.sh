#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# dom0's part of scripts/bench-profile: boots the guests in GUESTS and has one after
# the other do WORKLOADS, which is one, until it has been looked at.
out=/job fifo=/tmp/pipes
. /job/settings
. /job/drive.sh
patience=20
snapshot()
{
    :
}

mkdir -p $fifo
mkfifo $fifo/nobody
# Its kernel is where dom0's is, so that the same symbols are true of both.
more=nokaslr
. /job/guests.sh
cat /proc/kallsyms >/job/kallsyms

# watched GUEST: it runs for a second of this clock, and on until it has been seen
watched()
{
    local domid file
    domid=$(xl domid "$1")
    one 0 "$1" "$WORKLOADS"
    echo "run $WORKLOADS 100000000 -" 1<>"$fifo/$1.in"
    sleep 1
    for file in $(grep -l '[x]en-domid' /proc/[0-9]*/cmdline)
    do
        case $(tr '\0' ' ' <"$file") in
            *"-xen-domid $domid "*) cat "${file%cmdline}maps" >"/job/$1.maps" ;;
        esac
    done
    : >"/job/$1.ready"
    # A process that begins would be seen, too.
    until [ -e "/job/$1.done" ]
    do
        read -r -t 1 _ <>$fifo/nobody
    done
}

while read -r guest mode drain spec args
do
    case " $GUESTS " in *" $guest "*) ;; *) continue ;; esac
    # shellcheck disable=SC2086 # words, split on purpose
    boot "$guest" "$mode" "$drain" "$spec" $args
done </job/modes.xen
for guest in $GUESTS
do
    watched "$guest"
    xl destroy "$guest"
done
exit 0
