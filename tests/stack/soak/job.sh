#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# dom0's part of scripts/soak and, with smaller sizes, of scripts/test-stack:
# device models killed and domains ended in all ways, and what is left of them.
#
# In: /job/soak/sizes, /job/xtf.  Out: PASS and FAIL lines, the first of which
# to fail is the last; /job/soak/figures, "KEY NUMBER" each; progress; xen.log.
#
# What a guest (viommu-soak, see guest.cfg) has to say comes by Xen's console:
# by then it may have no device model.
here=/job/soak
serial=0 prepared=
complaints='Assertion|BUG|WARN|MEMORY LEAK|Xen call trace|domain_crash'
# shellcheck source=measure.sh
. $here/measure.sh

KILLS=200 DRAINS=25 RESTARTS=200 CYCLES=50 STOP=30 STAGES=50 REPLACES=10000 SEED=1
# shellcheck disable=SC1091 # made by those scripts
. $here/sizes
seed=$SEED

figure()
{
    echo "$1 $2" >>$here/figures
}

# random BELOW: the next of a sequence that depends on SEED, in $rnd
random()
{
    seed=$(((seed * 1103515245 + 12345) & 0x7fffffff))
    rnd=$(((seed >> 8) % $1))
}

# poll SECONDS CONDITION...: wait for it, that long at most on a fast machine
poll()
{
    polls=$(($1 * 10))
    shift
    until "$@"
    do
        polls=$((polls - 1))
        [ $polls -gt 0 ] || return 1
        usleep 100000
    done
}

# Why a step has failed; the first reason stands.
because()
{
    why=${why:-$*}
    return 1
}

# until_it CONDITION [NUMBER]: wait for it, see watch.c; what Xen knows of the
# guest's vIOMMU by then becomes variables
until_it()
{
    stats=$(/job/xtf/watch "$domid" "$@")
    rc=$?
    [ -n "$stats" ] && eval "$stats"
    return $rc
}

gone() { ! xl domid $name >/dev/null 2>&1; }
dead() { ! grep -q '^State:.*[^Z] (' "/proc/$1/status" 2>/dev/null; }

# launch VIOMMU DMA [stuck] [restart]: sets name and launched
launch()
{
    serial=$((serial + 1))
    name=soak$serial
    sed -e "s/@NAME@/$name/; s/@VIOMMU@/$1/; s/@DMA@/$2/" \
        -e "s/@REBOOT@/${4:-destroy}/" $here/guest.cfg >/tmp/$name.cfg
    [ "${3-}" = stuck ] || sed -i '/# stuck$/d' /tmp/$name.cfg
    xl create /tmp/$name.cfg >/tmp/$name.out 2>&1 &
    launched=$!
}

# create FORM...: a guest of that form; sets name, domid and pid, of its DM.  It
# may have been begun already, by prepare.
create()
{
    domid=none
    if [ -n "$prepared" ] && [ "$prepared" = "$*" ]
    then
        name=$prepared_name launched=$prepared_pid
        prepared=
    else
        launch "$@"
    fi
    wait "$launched" ||
        because "xl create: $(tail -n 1 /tmp/$name.out)" || return
    rm -f /tmp/$name.cfg /tmp/$name.out
    find_domain || because "the domain is not there"
}

# The next guest comes up while this one is worked on: most of the time goes
# there.
prepare()
{
    current=$name
    launch "$@"
    prepared="$*" prepared_name=$name prepared_pid=$launched
    name=$current
}

find_domain()
{
    domid=$(xl domid $name 2>/dev/null) &&
        pid=$(xenstore-read "/local/domain/$domid/image/device-model-pid" \
            2>/dev/null)
}

# guest_of TURN: the phase's guest for that turn, and the next one's prepared
guest_of()
{
    if [ -z "$last$prepared" ]
    then
        next=$(($1 + 1))
    else
        next=
    fi
    $choice "$1"
    # shellcheck disable=SC2086 # words
    create $form || return
    [ -n "$next" ] || return 0
    now_form=$form
    $choice $next
    # shellcheck disable=SC2086 # words
    prepare $form
    form=$now_form
}

# Which guest is the turn's?  Sets $form and, for some, stuck: those that can
# have DMA in flight for long.
choose()
{
    case $(($1 % 2)) in
        0) form=type=vtd ;;
        1) form=type=vtd,qi=0 ;;
    esac
    case $(($1 / 2 % 3)) in
        0) form="$form copy" ;;
        1) form="$form map stuck" ;;
        2) form="$form map" ;;
    esac
}

choose_stuck()
{
    choose $(($1 % 2 + 2))
}

choose_restart()
{
    choose_stuck "$1"
    form="$form restart"
}

# Let go of the DMA that is stuck.
release()
{
    xl qemu-monitor-command "$domid" \
        'block_set_io_throttle stuck 0 0 0 0 0 0' >/tmp/xl.out 2>&1 ||
        because "the disk's limit stays: $(tail -n 1 /tmp/xl.out)"
}

# The power button: the guest looks at all of its pages once more, and ends.
# If it has no device model, it cannot: Xen ends a domain when none of its vCPUs
# is in the middle of an access, and one of this guest's is in one for good.
finish()
{
    has_dm=no
    dead "$pid" || has_dm=yes
    xl trigger "$domid" power
    poll 40 reported || because "the guest does not end" || return
    said 'Test result: SUCCESS' >/dev/null ||
        because "the guest found: $(said 'Fail: ' | head -n 1)" || return
    told=$(said 'SOAK rounds=' | sed 's/.*SOAK //')
    for word in $told
    do
        eval "sum_${word%=*}=\$((sum_${word%=*} + ${word#*=}))"
    done
    if [ $has_dm = yes ]
    then
        poll 40 gone || because "the domain does not go"
    else
        destroy_later
    fi
}

# Whether it is gone is seen when nothing else is left, by leaks_end.
destroy_later()
{
    xl destroy "$domid" >/dev/null 2>&1 &
}

reported()
{
    take_log
    said 'Test result: ' >/dev/null
}

# What Xen has said, to /tmp/log, without its dumps of domains' state
take_log()
{
    xl dmesg -c | grep -v ' HVM.*\(save\|restore\)' >>/tmp/log
}

# said TEXT: lines with that which this guest wrote to Xen's console
said()
{
    grep "^(d$domid) " /tmp/log | grep "$1"
}

# each NAME TIMES COMMAND [CHOICE]: run the command with 0 to TIMES - 1; end with
# the first that fails.  CHOICE says which guest is a turn's.  Who has no more
# time makes a file "enough" here: what is done counts then.
each()
{
    what=$1 choice=${4-} turn=0 last=
    read -r began _ </proc/uptime
    [ "$2" -gt 0 ] || last=yes
    while [ -z "$last" ]
    do
        [ $turn -lt $(($2 - 1)) ] && [ ! -e $here/enough ] || last=yes
        why=''
        "$3" $turn || because "no reason given"
        take_log
        complaint=$(grep -m 1 -E "$complaints" /tmp/log)
        [ -z "$complaint" ] || because "Xen says: $complaint"
        if [ -n "$why" ]
        then
            echo "FAIL soak/$what: no. $turn of $2, seed $SEED" \
                 "(${form-}): $why"
            cp /tmp/log $here/xen.log
            cp /var/log/xen/* /tmp/soak*.out $here/ 2>/dev/null
            exit 1
        fi
        turn=$((turn + 1))
        echo "$what $turn/$2" >$here/progress
    done
    read -r now _ </proc/uptime
    figure "$what" $turn
    figure "${what}_seconds" $((${now%.*} - ${began%.*}))
    [ $turn = 0 ] || echo "PASS soak/$what"
}

# ---------------------------------------------------------------------------
# Device models killed

after_the_kill()
{
    poll 20 dead "$pid" || because "kill -9 has no effect" || return
    until_it now || because "no statistics" || return
    [ $dm_attached = 0 ] || because "Xen sees a device model" || return
    before=$requested was_waited=$waited
    until_it passed $((before + 20)) ||
        because "invalidations stop: requested=$requested" \
            "drained=$drained waiting=$inv_waiting" || return
    [ "$waited" = "$was_waited" ] ||
        because "invalidations wait for nobody" || return
    after=$((after + requested - before))
    abandoned=$((abandoned + dm_gone))
}

kill_dm()
{
    guest_of "$1" || return
    case $form in
        *stuck)
            until_it waits || because "no invalidation waits" || return
            held=$((held + 1))
            random 20000
            ;;
        *)
            until_it passed 50 || because "no invalidations" || return
            random 400000
            ;;
    esac
    usleep "$rnd"
    kill -9 "$pid"
    after_the_kill && finish
}

# ... and others in their place, killed as well
restart_dm()
{
    if [ "$1" = 0 ] || gone
    then
        form="type=vtd$restart_as copy"
        create "type=vtd$restart_as" copy || return
        until_it passed 50 || because "no invalidations" || return
        kill -9 "$pid"
        after_the_kill || return
    fi
    /job/xtf/second-dm "$domid" storm $((seed + 1)) >/tmp/second.out 2>&1 &
    pid=$!
    until_it attached || because "$(tail -n 1 /tmp/second.out)" || return
    random 150000
    usleep "$rnd"
    kill -9 "$pid" || because "$(tail -n 1 /tmp/second.out)" || return
    wait "$pid" 2>/dev/null
    until_it detached || because "Xen sees the device model yet" || return
    before=$requested
    until_it passed $((before + 20)) || because "invalidations stop" || return
    [ -n "$last" ] || return 0
    had=$sum_by_second
    finish || return
    [ $((sum_by_second - had)) -gt 0 ] || because "none of them wrote a page"
}

# ---------------------------------------------------------------------------
# Domains ended, or paused, while an invalidation waits

stuck_guest()
{
    guest_of "$1" || return
    until_it waits || because "no invalidation waits"
}

drain_destroy()
{
    stuck_guest "$1" || return
    xl destroy "$domid" >/tmp/xl.out 2>&1 ||
        because "xl destroy: $(tail -n 1 /tmp/xl.out)" || return
    gone || because "the domain is still there"
}

drain_pause()
{
    stuck_guest "$1" || return
    xl pause "$domid"
    until_it now
    before=$requested
    usleep 300000
    until_it now
    [ "$inv_waiting" = 1 ] || because "complete with the DMA in flight" || return
    [ "$requested" = "$before" ] || because "a paused guest goes on" || return
    random 2
    if [ "$rnd" = 0 ]
    then
        release || return
        until_it idle || because "a paused guest's drain stops" || return
        xl unpause "$domid"
    else
        xl unpause "$domid"
        until_it now
        [ "$inv_waiting" = 1 ] || because "complete by unpausing" || return
        release || return
    fi
    until_it passed $((before + 50)) || because "it does not go on" || return
    finish
}

drain_crash()
{
    stuck_guest "$1" || return
    xl trigger "$domid" power
    poll 40 gone || because "the crash is not the end"
}

rebooted()
{
    old=$domid
    find_domain && [ "$domid" != "$old" ] && [ -n "$pid" ] && return
    domid=$old
    return 1
}

drain_reboot()
{
    stuck_guest "$1" || return
    xl trigger "$domid" sleep
    poll 40 rebooted || because "the guest does not reboot" || return
    until_it waits || because "no invalidation waits after a reboot" || return
    release || return
    until_it passed 100 || because "no end of the drain" || return
    finish
}

# ---------------------------------------------------------------------------

cycle()
{
    guest_of "$1" || return
    random 1500000
    usleep "$rnd"
    destroy_later
}

# All of it once, for everybody to have what he keeps
warm_up()
{
    choice=choose
    kill_dm 0 && kill_dm 1 || return
    choice=choose_stuck
    drain_pause 0 && drain_destroy 1 && drain_crash 2 || return
    choice=choose_restart
    drain_reboot 3
}

stop_dm()
{
    XTF_STOP=$STOP XTF_TIMEOUT=$((STOP + 170)) \
        sh /job/xtf/run-in-dom0 viommu-dmstop viommu-dmrestart >/tmp/stop.out ||
        because "$(grep '^FAIL' /tmp/stop.out)" || return
    for word in $(sed -n 's/^DMSTOP //p' /job/xtf/viommu-dmstop/serial.log)
    do
        figure "stop_${word%=*}" "${word#*=}"
    done
}

# The test is built with that many rounds (scripts/soak).
replace()
{
    XTF_TIMEOUT=$((120 + REPLACES / 4)) \
        sh /job/xtf/run-in-dom0 viommu-replace >/tmp/replace.out ||
        because "$(grep '^FAIL' /tmp/replace.out)" || return
    for word in $(sed -n 's/^REPLACE rounds/rounds/p' /job/xtf/viommu-replace/serial.log)
    do
        figure "replace_${word%=*}" "${word#*=}"
    done
}

# Domains of all ages, none of which is a guest; see stages.c
stages()
{
    domid=none
    /job/xtf/stages $((SEED + $1)) 20 >/tmp/stages.out 2>&1 ||
        because "seed $((SEED + $1)): $(grep wrong /tmp/stages.out | head -n 1)"
}

mkdir -p /xtf
cp /job/xtf/viommu-soak/test-hvm64-viommu-soak /xtf/viommu-soak
dd if=/dev/zero of=/tmp/soak.img bs=1024 count=0 seek=4096 2>/dev/null
rm -f $here/figures /tmp/log
sum_rounds=0 sum_waited=0 sum_by_disk=0 sum_by_second=0 sum_overwritten=0
after=0 held=0 abandoned=0
# Guests that never sleep, and few CPUs
xl sched-credit -d 0 -w 1024

figure seed "$SEED"
each warm-up 1 warm_up
[ "$STOP" = 0 ] || each stop 1 stop_dm
[ "$REPLACES" = 0 ] || each replace 1 replace
each stages "$STAGES" stages
if [ "$CYCLES" != 0 ]
then
    each settle 10 cycle choose
    leaks_begin
fi
restart_as=
each restart "$RESTARTS" restart_dm
restart_as=,qi=0
each restart-register "$RESTARTS" restart_dm
each drain-destroy "$DRAINS" drain_destroy choose_stuck
each drain-pause "$DRAINS" drain_pause choose_stuck
each drain-crash "$DRAINS" drain_crash choose_stuck
each drain-reboot "$DRAINS" drain_reboot choose_restart
[ "$CYCLES" = 0 ] || leaks_end drains
each cycle "$CYCLES" cycle choose
[ "$CYCLES" = 0 ] || leaks_end cycles
each kill "$KILLS" kill_dm choose
[ "$CYCLES" = 0 ] || leaks_end kills
for sum in rounds waited by_disk by_second overwritten
do
    eval "figure guests_$sum \$sum_$sum"
done
figure kills_while_waiting $held
figure waits_ended_by_death $abandoned
figure invalidations_after_death $after
cp /tmp/log $here/xen.log
exit 0
