"""The colours of all drawings.

Lines have the colours of Okabe and Ito, which colour-blind people can tell apart. Colour maps go from light to dark, so
that their order can still be seen in grey.
"""

BLACK, ORANGE, SKY, GREEN, BLUE, VERMILION = "#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00"
GREY = "#EEEEEE"
SIGNED = ("#053061", "#2166AC", "#92C5DE", "#F7F7F7", "#F4A582", "#B2182B", "#67001F")  # -1 blue, 0 white, 1 red
COUNTS = ("#FFFFFF", "#A6D3EE", BLUE, "#00224E")  # from 0 to the largest count
