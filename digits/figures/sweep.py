"""Plot validation accuracy against each setting that varies, on a logarithmic scale of the error."""

from collections.abc import Iterator
from itertools import cycle
from statistics import mean
from typing import Any

import numpy as np
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator

from digits.common.palette import BLACK, BLUE, GREEN, ORANGE, SKY, VERMILION
from digits.figures.style import figure
from digits.training.search import Scores

NAMES = {"lr": "learning rate", "hidden": "hidden neurons", "batch_size": "mini-batch size", "init": "initial weights"}
STYLES = list(zip((BLUE, VERMILION, GREEN, ORANGE, SKY, BLACK), "osD^vX", strict=True))
SCALE = lambda accuracy: -np.log10(1 - np.minimum(accuracy, 0.9999)), lambda at: 1 - 10.0 ** -np.asarray(at)


def drawn(scores: Scores, epochs: int, every: bool) -> Iterator[tuple[str, Any]]:
    """Yield the name and the figure of each setting that varies: for each value, a point per seed of the best network.

    If `every` combination was tried, a line connects the means for each value of a second setting.
    """
    accuracies = {setting: [validated for validated, _ in of_seeds] for setting, of_seeds in scores.items()}
    tried = {name: sorted({getattr(setting, name) for setting in scores}) for name in NAMES}
    first, second, *_ = sorted(tried, key=lambda name: -len(tried[name]))  # the settings with the most values
    worst_first = sorted(scores, key=lambda setting: mean(accuracies[setting]))
    for x in [name for name in tried if len(tried[name]) > 1] or [first]:
        y = second if x == first else first
        axes = figure(4).subplots()
        for (colour, marker), value in zip(cycle(STYLES), tried[y] if every else [None], strict=False):
            shown = [setting for setting in worst_first if value in (None, getattr(setting, y))]
            best = {getattr(setting, x): accuracies[setting] for setting in shown}
            xs, label = sorted(best), f"{value}".removesuffix(".0")
            seeds = [(at, accuracy) for at in xs for accuracy in best[at]]
            if every:
                axes.plot(xs, [mean(best[at]) for at in xs], color=colour)
            axes.plot(*zip(*seeds, strict=True), marker, color=colour, markersize=4, label=label)
        if every:
            axes.legend(title=NAMES[y], frameon=False)
        if x != "init":
            axes.set_xscale("log")
            locator = FixedLocator(xs) if len(xs) <= 8 else LogLocator(subs=(1, 2, 3, 5))
            axes.xaxis.set(major_locator=locator, minor_locator=NullLocator(), major_formatter="{x:g}")
        axes.set_yscale("function", functions=SCALE)
        axes.yaxis.set(major_locator=FixedLocator([0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99]), major_formatter="{x:.0%}")
        axes.grid(alpha=0.3)
        top = 1 - 0.63 * (1 - min(0.9999, max(map(max, accuracies.values()))))
        axes.set(xlabel=NAMES[x], ylabel="validation accuracy", ylim=(0, top), title=f"After {epochs} epochs")
        yield x, axes.figure
