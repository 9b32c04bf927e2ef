"""Validation accuracy against each setting that varies, on a logarithmic scale of the mistakes that are left."""

from collections.abc import Iterator
from itertools import cycle
from statistics import mean
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator

from digits.plots.style import BLACK, BLUE, GREEN, ORANGE, SKY, VERMILION, figure
from digits.sweep.trials import Setting

NAMES = {"lr": "learning rate", "hidden": "hidden neurons", "batch_size": "mini-batch size", "init": "initial weights"}
STYLES = list(zip((BLUE, VERMILION, GREEN, ORANGE, SKY, BLACK), "osD^vX", strict=True))

Scores = dict[Setting, list[float]]  # validation accuracy by seed


def drawn(scores: Scores, epochs: int, every: bool) -> Iterator[tuple[str, Figure]]:
    """Names and figures. If `every` combination was tried, a line for each value of another setting; else points."""
    tried = {name: sorted({getattr(setting, name) for setting in scores}) for name in NAMES}
    first, second, *_ = sorted(tried, key=lambda name: -len(tried[name]))  # those of which most values were tried
    for x in tried:
        if len(tried[x]) > 1 or x == first:
            y = second if x == first else first
            yield x, against(scores, x, y, tried[y] if every else [], f"After {epochs} epochs")


def against(scores: Scores, x: str, y: str, ys: list[Any], title: str) -> Figure:
    """Accuracy of each seed against the best settings with each value of `x`; lines through the means for each `y`."""
    drawing = figure(4)
    axes = drawing.subplots()
    worst_first = sorted(scores, key=lambda setting: mean(scores[setting]))
    for (colour, marker), value in zip(cycle(STYLES), ys or [None], strict=False):
        best = {getattr(each, x): scores[each] for each in worst_first if value in (None, getattr(each, y))}
        xs, label = sorted(best), f"{value}".removesuffix(".0")
        if ys:
            axes.plot(xs, [mean(best[at]) for at in xs], color=colour)
        seeds = [(at, accuracy) for at in xs for accuracy in best[at]]
        axes.plot(*zip(*seeds, strict=True), marker, color=colour, markersize=4, label=label)
    if ys:
        axes.legend(title=NAMES[y], frameon=False)
    if x != "init":
        axes.set_xscale("log")
        locator = FixedLocator(xs) if len(xs) <= 8 else LogLocator(subs=(1, 2, 3, 5))
        axes.xaxis.set(major_locator=locator, minor_locator=NullLocator(), major_formatter="{x:g}")
    scale = (lambda accuracy: -np.log10(1 - np.minimum(accuracy, 0.9999)), lambda at: 1 - 10.0 ** -np.asarray(at))
    axes.set_yscale("function", functions=scale)
    axes.yaxis.set(major_locator=FixedLocator([0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99]), major_formatter="{x:.0%}")
    axes.set_ylim(0, 1 - 0.63 * (1 - min(0.9999, max(map(max, scores.values())))))
    axes.grid(alpha=0.3)
    axes.set(xlabel=NAMES[x], ylabel="validation accuracy")
    axes.set_title(title, fontsize=10)
    return drawing
