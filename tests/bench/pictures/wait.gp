# SPDX-License-Identifier: GPL-2.0-only
# An invalidation that waited: who does what, in order.  A stage is as wide as the
# logarithm of its time.
reset
load here."/common.gp"
set size 1,part
set origin 0,from
unset border
unset ytics
set title "An invalidation that waited for DMA in place (not to scale)" noenhanced
set yrange [0:4]
set style fill solid 0.9 noborder
set style arrow 1 head filled size 0.12,20 lw 1.5 lc rgb "#303030"
set xtics scale 0
set xlabel "µs since the command was written"
set bmargin 4
set lmargin 14
load dir."/wait.gp"             # xrange, xtics, boxes, arrows, labels
plot NaN notitle
