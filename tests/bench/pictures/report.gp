# SPDX-License-Identifier: GPL-2.0-only
# Pictures below each other, or one: gnuplot -e 'here=...; dir=...; to=...;
# which="causes wait"; size_x=...; size_y=...' report.gp
set terminal svg size size_x,size_y dynamic font "sans-serif,12" background "#ffffff"
set output to
if (words(which) > 1) {
    set multiplot layout words(which),1
}
do for [picture in which] {
    load here."/".picture.".gp"
}
