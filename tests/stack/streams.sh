#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# streams.sh SAVED CONFIG DOMAIN: in dom0.  SAVED, what "xl save" has written of DOMAIN,
# which has one vIOMMU and is gone, with something wrong about the records of vIOMMUs:
# edit-stream.c, beside this, says what.  "xl restore" is to fail, one line of it or of
# Xen says why, Xen has no other complaint, and in the end no domain is left.
here=$(cd "$(dirname "$0")" && pwd)
saved=$1 config=$2 domain=$3
dir=$(dirname "$1")

# Domains, those that are dying included
domains()
{
    xl list | wc -l
}

# why PATTERN: what is not as it has to be, or nothing
why()
{
    if [ "$restored" = 0 ]
    then
        echo "restored"
    elif [ "$(cat "$dir/row.log" "$dir/row.xen" | grep -c "$1")" != 1 ]
    then
        echo "no line, or more than one, says \"$1\""
    elif grep -qE 'Assertion|BUG|WARN|Xen call trace' "$dir/row.xen"
    then
        echo "Xen says: $(grep -m 1 -E 'Assertion|BUG|WARN|trace' "$dir/row.xen")"
    fi
}

verdict()
{
    if [ -z "$2" ]
    then
        echo "PASS stream/$1"
    else
        tail -qn 12 "$dir/row.log" "$dir/row.xen" | sed 's/^/    # /'
        echo "FAIL stream/$1: $2"
    fi
}

# row NAME EDIT PATTERN [CONFIG]
row()
{
    "$here/edit-stream" "$2" <"$dir/small" >"$dir/row"
    # shellcheck disable=SC2086 # none, or one without blanks
    xl restore -p -e $4 "$dir/row" >"$dir/row.log" 2>&1
    restored=$?
    xl dmesg -c >"$dir/row.xen"
    [ $restored != 0 ] || xl destroy "$domain"
    verdict "$1" "$(why "$3")"
}

before=$(domains)
"$here/edit-stream" none <"$saved" >"$dir/small" || exit 1
sed '/^viommu = /d' "$config" >"$dir/without.cfg"
xl dmesg -c >"$dir/before.log"

while read -r edit pattern
do
    row "$edit" "$edit" "$pattern"
done <<'ROWS'
missing viommu: unit 0 was not restored
twice vIOMMU record refused: a second one of the same unit
short vIOMMU record refused: torn, or of another length
long vIOMMU record refused: torn, or of another length
cut vIOMMU record refused: torn, or of another length
type-code restore: unknown entry typecode 41
instance vIOMMU record refused: the domain was created with fewer units
instance-huge vIOMMU record refused: the domain was created with fewer units
base vIOMMU record refused: another base
type vIOMMU record refused: another type
flags vIOMMU record refused: other flags
wider vIOMMU record refused: another width of addresses
wider-memory vIOMMU record refused: memory wider than this host's
units vIOMMU record refused: another number of units
reserved vIOMMU record refused: a reserved field in use
state vIOMMU record refused: an unknown state
register vIOMMU record refused: a reserved bit of a register
capability vIOMMU record refused: other capabilities
head vIOMMU record refused: a head beyond the queue
pending vIOMMU record refused: a command both pending and complete
ROWS
row without none "vIOMMU record refused: the domain was created without one" \
    "$dir/without.cfg"

n=50
while [ "$(domains)" != "$before" ] && [ $n -gt 0 ]
do
    n=$((n - 1))
    usleep 200000
done
[ $n -gt 0 ] || left="$(xl list | tail -n +2 | tr '\n' ';')"
verdict nothing-left "$left"
rm -f "$dir/small" "$dir/row"
