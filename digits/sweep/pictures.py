"""The pictures of a sweep: validation accuracy against each setting that varies.

Accuracies are drawn by the mistakes that are left, on a logarithmic scale: 90 is as far from 95 % as from 80 %.
"""

from collections.abc import Iterator
from statistics import mean
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator, PercentFormatter

from digits.plotting import BLACK, BLUE, GREEN, ORANGE, SKY, VERMILION, figure
from digits.sweep.trials import Setting

NAMES = {
    "lr": "learning rate",
    "hidden": "hidden neurons",
    "batch_size": "images in a mini-batch",
    "init": "initial weights",
}
LINES = list(zip((BLUE, VERMILION, GREEN, ORANGE, SKY, BLACK), "osD^vX", strict=True))
TICKS = [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99]

Scores = dict[Setting, list[float]]  # validation accuracy by seed


def drawn(scores: Scores, epochs: int, every: bool) -> Iterator[tuple[str, Figure]]:
    """Names and figures. If `every` combination was tried, a line for each value of another setting; else points."""
    tried = {name: sorted({getattr(setting, name) for setting in scores}) for name in NAMES}
    first, second, *_ = sorted(tried, key=lambda name: -len(tried[name]))  # those of which most values were tried
    for x, values in tried.items():
        if len(values) > 1 or x == first:
            drawing = figure(4)
            axes = drawing.subplots()
            if every:
                lines(axes, scores, x, values, second if x == first else first)
            else:
                points(axes, scores, x)
            axes.set(xlabel=NAMES[x], ylabel="validation accuracy")
            scale = (lambda a: -np.log10(1 - np.minimum(a, 0.9999)), lambda height: 1 - 10.0 ** -np.asarray(height))
            axes.set_yscale("function", functions=scale)
            axes.set_yticks(TICKS)
            axes.yaxis.set_major_formatter(PercentFormatter(1, 0))
            axes.set_ylim(0, 1 - max(1e-4, 1 - max(map(max, scores.values()))) * 0.63)
            axes.grid(alpha=0.3)
            seeds = len(next(iter(scores.values())))
            axes.set_title(f"After {epochs} epochs, {seeds} seed{'s' * (seeds > 1)}", fontsize=10)
            yield x, drawing


def lines(axes: Any, scores: Scores, x: str, xs: list[Any], y: str) -> None:
    """For each value of `y` a line through the means, and a point for each seed, of the best of the other settings."""
    for number, value in enumerate(sorted({getattr(setting, y) for setting in scores})):
        colour, marker = LINES[number % len(LINES)]
        having = [setting for setting in scores if getattr(setting, y) == value]
        best = [max((scores[each] for each in having if getattr(each, x) == at), key=mean) for at in xs]
        axes.plot([mean(each) for each in best], color=colour)
        for at, each in enumerate(best):
            axes.plot(
                [at] * len(each),
                each,
                marker,
                color=colour,
                markersize=4,
                label="" if at else f"{value}".removesuffix(".0"),
            )
    axes.set_xticks(range(len(xs)), [f"{each}".removesuffix(".0") for each in xs])
    axes.legend(title=NAMES[y], frameon=False)


def points(axes: Any, scores: Scores, x: str) -> None:
    """A point for each seed of each setting."""
    for setting, accuracies in scores.items():
        axes.plot([getattr(setting, x)] * len(accuracies), accuracies, "o", color=BLUE, markersize=4, alpha=0.6)
    if x != "init":
        axes.set_xscale("log")
        axes.xaxis.set(major_locator=LogLocator(subs=(1, 2, 3, 5)), minor_locator=NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g}"))
