# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Shared by the scripts beside this file, which source it.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-$TOP/build}
JOBS=${JOBS:-$(nproc)}

# The machine that the stack runs in
# shellcheck disable=SC2034 # used by others
EMULATOR=(env "LD_LIBRARY_PATH=$BUILD/root/usr/lib"
          "$BUILD/qemu-obj/qemu-system-x86_64"
          -L /usr/share/qemu -L /usr/share/seabios)

die()
{
    echo "${0##*/}: $*" >&2
    exit 1
}

# say VERB WHAT: one progress line, in make's own manner
say()
{
    printf '  %-7s %s\n' "$1" "$2"
}

# A path as the user would type it
short()
{
    echo "${1#"$PWD"/}"
}

# Two emulated machines at once take far more than twice as long: one waits for
# the other, but not for ever.  Held until this process ends.  A file for each
# user: another's cannot be opened.
machine_lock()
{
    exec 9>"${TMPDIR:-/tmp}/viommu-stack.$UID.lock"
    flock -w 1800 9 || :
}

# step NAME VERB TEXT COMMAND...: run a command with its output in a log
step()
{
    local name=$1 verb=$2 text=$3 log=$BUILD/logs/$1.log
    shift 3
    mkdir -p "$BUILD/logs"
    say "$verb" "$text (log: $(short "$log"))"
    # Not as a condition: inside one, the shell ignores set -e.
    set +e
    (set -e; "$@") >"$log" 2>&1 </dev/null
    local rc=$?
    set -e
    if [ $rc -ne 0 ]
    then
        echo "  FAILED $name: see the end of $(short "$log"), mend that," \
             "then repeat the same make command" >&2
        exit 1
    fi
}

# hook xen|qemu PRISTINE TREE [OPTION]: make the tree what we build
hook()
{
    local -A what=(
        [xen]="--overlay xen:xen --overlay tools:tools --edits hooks/xen"
        [qemu]="--overlay qemu-stub/hw:hw --overlay qemu-stub/include:include
                --edits hooks/qemu --edits hooks/qemu-tcg"
    )
    local pristine tree
    pristine=$(realpath "$2")
    tree=$(realpath "$3")
    # shellcheck disable=SC2086 # several words
    (cd "$TOP" && scripts/apply-hooks --pristine "$pristine" --tree "$tree" \
        ${what[$1]} ${4-})
}

# dm_programs DIR: programs that take a device model's place, or a toolstack's, or
# change what it has saved
dm_programs()
{
    local program
    for program in hostile-dm second-dm edit-stream stages soak/watch
    do
        cc -Wall -Wextra -Werror -D__XEN_TOOLS__ -I"$BUILD/xen/tools/include" \
            -o "$1/${program#*/}" "$TOP/tests/stack/$program"*.c \
            -L"$BUILD/root/usr/lib" -Wl,-rpath-link,"$BUILD/root/usr/lib" \
            -lxenctrl -lxenguest -lxendevicemodel -lxenevtchn \
            -lxenforeignmemory -lxenstore
    done
}

# xtf_tests DIR: all that run-in-dom0 needs, in DIR/xtf
xtf_tests()
{
    cp -r "$BUILD/xtf" "$1/xtf"
    cp "$TOP/tests/stack/streams.sh" "$1/xtf/"
    dm_programs "$1/xtf"
}
