# SPDX-License-Identifier: GPL-2.0-only
# What the pictures have in common; "dir" is where their data is.
set encoding utf8
set border 3 lc rgb "#606060"
set tics nomirror scale 0.5 textcolor rgb "#202020"
set key noenhanced
blue = 0x80b0e0; orange = 0xe08840; green = 0x60a060; red = 0xc04848; grey = 0xb0b8c0
