# SPDX-License-Identifier: GPL-2.0-only
# Pictures below each other, or one.  Wants "here", "dir" (of the data), "to",
# size_x, size_y, which ("causes wait") and heights ("420 260").
set terminal svg size size_x,size_y dynamic font "sans-serif,12" background "#ffffff"
set output to
set multiplot
from = 1.0
do for [n=1:words(which)] {
    part = real(word(heights, n)) / size_y
    from = from - part
    load here."/".word(which, n).".gp"
}
unset multiplot
