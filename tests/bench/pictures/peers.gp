# SPDX-License-Identifier: GPL-2.0-only
# Each mode's rate by that of none, ours beside QEMU's own IOMMU.
# peers.dat: an index for each of the two; x, ratio
reset
load here."/common.gp"
set size 1,part
set origin 0,from
load dir."/peers.gp"            # title_, width, names (of workloads), modes
set title title_ noenhanced
set ylabel "rate by that of none"
set yrange [0:*]
set xrange [-1:width]
set style fill solid 0.9 noborder
set boxwidth 0.8
set key top left outside horizontal reverse Left samplen 1
set xtics scale 0 font ",10"
set grid y lc rgb "#d8d8d8"
set bmargin 4
data = dir."/peers.dat"
plot data index 0 using 1:2 with boxes lc rgb blue title "Xen, this vIOMMU", \
     data index 1 using 1:2 with boxes lc rgb orange title "KVM, QEMU's intel-iommu", \
     for [i=0:1] data index i using 1:2:(sprintf("%.2f", $2)) with labels font ",8" offset 0,0.6 notitle, \
     $modes using 1:(0):xtic(2) with points pt 0 notitle, \
     1 with lines dt 2 lc rgb "#404040" notitle, \
     $names using 1:(0):2 with labels offset 0,-2.4 notitle
