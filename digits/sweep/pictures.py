"""The pictures of a sweep: accuracy against a setting, a map of two settings, and all settings at once.

Accuracies are drawn by the mistakes that are left, on a logarithmic scale: 90 is as far from 95 % as from 80 %.
"""

from collections.abc import Iterable, Iterator
from statistics import mean
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import FuncNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator, PercentFormatter

from digits.plotting import BLACK, BLUE, GREEN, ORANGE, SKY, VERMILION, figure
from digits.sweep.trials import Setting

NAMES = {
    "lr": "learning rate",
    "hidden": "hidden neurons",
    "batch_size": "images in a mini-batch",
    "init": "initial weights",
}
LINES = list(zip((BLUE, VERMILION, GREEN, ORANGE, SKY, BLACK), "osD^vX", strict=True))
WHITE = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5}
TICKS = [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99]

Scores = dict[Setting, list[float]]  # validation accuracy by seed


def drawn(scores: Scores, epochs: int, every: bool) -> Iterator[tuple[str, Figure]]:
    """Names and figures; of a search that did not try `every` combination, the map shows points instead of cells."""
    tried = {name: len(values(scores, name)) for name in NAMES}
    x, y, *_ = sorted(tried, key=lambda name: -tried[name])  # those of which most values were tried
    if every:
        yield "accuracy", accuracy(scores, x, y, epochs)
        yield "map", cells(scores, x, y)
    else:
        yield "map", points(scores, x, y)
    yield "settings", parallel(scores)


def values(scores: Scores, name: str) -> list[Any]:
    """What was tried of one part of a setting, in order."""
    return sorted({getattr(setting, name) for setting in scores})


def best(scores: Scores, **parts: Any) -> list[float]:
    """The scores of the best setting that has these parts."""
    having = [each for setting, each in scores.items() if parts.items() <= setting._asdict().items()]
    return max(having, key=mean)


def height(accuracies: Any) -> Any:
    """How high accuracies are drawn: 0 for 0, 1 for 90 %, 2 for 99 %."""
    return -np.log10(1 - np.minimum(accuracies, 0.9999))


def accuracy_of(heights: Any) -> Any:
    """The inverse of `height`."""
    return 1 - 10.0 ** -np.asarray(heights)


def norm(scores: Scores) -> FuncNorm:
    """The range of colours for the means, never empty."""
    means = [mean(each) for each in scores.values()]
    return FuncNorm((height, accuracy_of), min(*means, max(means) - 0.01), max(means))


def accuracy(scores: Scores, x: str, y: str, epochs: int) -> Figure:
    """Accuracy against the values of `x`, for each of `y` a line through the means and a point for each seed."""
    drawing = figure(4)
    axes = drawing.subplots()
    xs = values(scores, x)
    for number, value in enumerate(values(scores, y)):
        colour, marker = LINES[number % len(LINES)]
        rows = [best(scores, **{x: each, y: value}) for each in xs]
        axes.plot(range(len(xs)), [mean(row) for row in rows], color=colour)
        for at, row in enumerate(rows):
            axes.plot([at] * len(row), row, marker, color=colour, markersize=4, label=None if at else f"{value}")
    axes.set_xticks(range(len(xs)), [f"{each}".removesuffix(".0") for each in xs])
    axes.set(xlabel=NAMES[x], ylabel="validation accuracy")
    axes.set_yscale("function", functions=(height, accuracy_of))
    axes.yaxis.set(major_locator=FixedLocator(TICKS), major_formatter=PercentFormatter(1, 0))
    axes.set_ylim(0, accuracy_of(height(max(map(max, scores.values()))) + 0.2))
    axes.grid(alpha=0.3)
    seeds = len(next(iter(scores.values())))
    axes.set_title(f"After {epochs} epochs" + (f": {seeds} seeds, and their mean" if seeds > 1 else ""), fontsize=10)
    axes.legend(title=NAMES[y], frameon=False)
    return drawing


def cells(scores: Scores, x: str, y: str) -> Figure:
    """A heat map: the mean for each pair of values, of the best of the other settings."""
    columns, rows = values(scores, x), values(scores, y)
    means = np.array([[mean(best(scores, **{x: each, y: value})) for each in columns] for value in rows])
    drawing, range_ = figure(1.2 + 0.6 * len(rows)), norm(scores)
    axes = drawing.subplots()
    axes.imshow(means, cmap="cividis", norm=range_, aspect="auto", origin="lower")
    for (row, column), cell in np.ndenumerate(means):
        colour = "black" if range_(cell) > 0.5 else "white"
        axes.text(column, row, f"{100 * cell:.1f}", ha="center", va="center", color=colour)
    axes.set_xticks(range(len(columns)), [f"{each}".removesuffix(".0") for each in columns])
    axes.set_yticks(range(len(rows)), [f"{each}".removesuffix(".0") for each in rows])
    axes.tick_params(length=0)
    axes.set(xlabel=NAMES[x], ylabel=NAMES[y], title="Validation accuracy, %")
    axes.title.set_fontsize(10)
    return drawing


def points(scores: Scores, x: str, y: str) -> Figure:
    """The mean of each setting at its values of `x` and `y`, the best on top."""
    drawing = figure(4)
    axes = drawing.subplots()
    ranked = sorted(scores, key=lambda setting: mean(scores[setting]))
    xs, ys = ([getattr(setting, name) for setting in ranked] for name in (x, y))
    means = [mean(scores[setting]) for setting in ranked]
    dots = axes.scatter(xs, ys, c=means, cmap="cividis", norm=norm(scores), s=60, edgecolors="black", linewidths=0.5)
    for axis, name, scale in ((axes.xaxis, x, axes.set_xscale), (axes.yaxis, y, axes.set_yscale)):
        if name != "init":
            scale("log")
            axis.set(major_locator=LogLocator(subs=(1, 2, 5)), minor_locator=NullLocator())
            axis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g}"))
    axes.set(xlabel=NAMES[x], ylabel=NAMES[y])
    bar = drawing.colorbar(dots, ax=axes, label="validation accuracy")
    bar.ax.yaxis.set(major_locator=FixedLocator(TICKS), major_formatter=PercentFormatter(1, 0))
    return drawing


def parallel(scores: Scores) -> Figure:
    """A line for each setting through its values, each on its own axis, to its mean accuracy, the best on top."""
    drawing, range_ = figure(4), norm(scores)
    axes = drawing.subplots()
    low, high = float(range_.vmin or 0), float(range_.vmax or 1)
    names = [name for name in NAMES if len(values(scores, name)) > 1]
    for column, name in enumerate(names):
        every = values(scores, name)
        shown = every if len(every) <= 8 else [every[0], every[-1]]
        label(
            axes,
            column,
            NAMES[name],
            [(place(each, every), f"{each:.3g}" if name != "init" else each) for each in shown],
        )
    between = [tick for tick in TICKS if 0.05 < float(range_(tick)) < 0.95]  # clear of those at the ends
    ticks = [(float(range_(tick)), f"{tick:.1%}") for tick in (low, *between, high)]
    label(axes, len(names), "validation accuracy", ticks, last=True)
    for setting in sorted(scores, key=lambda setting: mean(scores[setting])):
        share = float(range_(mean(scores[setting])))
        line = [place(getattr(setting, name), values(scores, name)) for name in names] + [share]
        axes.plot(line, color=colormaps["cividis"](share), linewidth=1.5)
    axes.set(xlim=(-0.4, len(names) + 0.4), ylim=(-0.05, 1.15))
    axes.set_axis_off()
    return drawing


def place(value: Any, every: list[Any]) -> float:
    """The height 0..1 of a value: numbers on a logarithmic scale, others evenly."""
    if isinstance(value, str):
        return every.index(value) / (len(every) - 1)
    return float(np.log(value / every[0]) / np.log(every[-1] / every[0]))


def label(axes: Axes, column: int, name: str, ticks: Iterable[tuple[float, str]], last: bool = False) -> None:
    """Draw one axis of parallel ones, with its name above and its ticks to the left, the last to the right."""
    axes.plot([column, column], [0, 1], color="0.5", linewidth=0.8)
    axes.text(column, 1.08, name, ha="center", va="bottom", fontsize=10)
    for at, text in ticks:
        side, align = (0.03, "left") if last else (-0.03, "right")
        axes.text(column + side, at, text, ha=align, va="center", fontsize=8, bbox=WHITE, zorder=9)
