# SPDX-License-Identifier: GPL-2.0-only
# What an invalidation and a look-up cost as things grow, a panel for each thing.
# growth.gp: $data with an index for each line, then panels and panel_N.
load dir."/growth.gp"
do for [n=1:panels] {
    reset
    load here."/common.gp"
    set size 0.333,part*0.5
    set origin 0.333*((n-1)%3),from+part*0.5*(1-int((n-1)/3))
    set logscale xy
    set format x "%.0f"
    set format y "%.0f"
    set xtics font ",9"
    set ytics font ",9"
    set grid y lc rgb "#d8d8d8"
    set key top left font ",9" samplen 1.5
    set title value(sprintf("title_%d", n)) font ",11" noenhanced
    set ylabel value(sprintf("unit_%d", n)) font ",9" noenhanced
    set yrange [value(sprintf("low_%d", n)):value(sprintf("high_%d", n))]
    first = value(sprintf("first_%d", n))
    last = value(sprintf("last_%d", n))
    plot for [i=first:last] $data index i using 1:2:xtic(3) with linespoints pt 7 ps 0.5 lw 2 \
        title word(names, i + 1)
}
