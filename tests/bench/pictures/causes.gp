# SPDX-License-Identifier: GPL-2.0-only
# Instructions of a request, stacked by cause, for each mode and workload.
# causes.dat: x, mode, four causes in thousands, all of them, ratio to none
reset
load here."/common.gp"
set size 1,part
set origin 0,from
load dir."/causes.gp"           # title_, names (of workloads), width
set title title_ noenhanced
set ylabel "thousands of instructions of a request"
set yrange [0:*]
set xrange [-1:width]
set style fill solid 0.9 noborder
set boxwidth 0.8
set key top left outside horizontal reverse Left samplen 1
set xtics scale 0 font ",10"
set grid y lc rgb "#d8d8d8"
set bmargin 4
data = dir."/causes.dat"
plot data using 1:($3+$4+$5+$6):xtic(2) with boxes lc rgb red title "invalidation: exits", \
     data using 1:($3+$4+$5) with boxes lc rgb orange title "guest's tables, translation", \
     data using 1:($3+$4) with boxes lc rgb green title "DMA looked up", \
     data using 1:3 with boxes lc rgb grey title "no vIOMMU", \
     data using 1:($7):8 with labels font ",8" offset 0,0.6 notitle, \
     dir."/causes-none.dat" using 1:3:2:(0) with vectors nohead dt 2 lc rgb "#404040" notitle, \
     $names using 1:(0):2 with labels offset 0,-2.4 notitle
