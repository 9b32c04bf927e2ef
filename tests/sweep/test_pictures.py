import io

import pytest
from PIL import Image

from digits.plotting import png
from digits.sweep.pictures import drawn
from digits.sweep.trials import Setting

GRID = {Setting(n, lr, 10, "scaled"): [lr / 10, n / 100] for n in (15, 30) for lr in (1.0, 3.0, 9.0)}
OTHERS = [(20, 1.1), (5, 0.5)]  # mini-batches, and how much better
GUIDED = {Setting(n, 0.1 * n, 10, "scaled"): [n / 100] for n in (15, 21, 30, 62)}


def axes_of(scores, every):
    return {name: figure.axes[0] for name, figure in drawn(scores, 10, every)}


def test_a_grid_has_a_picture_for_each_setting_that_varies():
    axes = axes_of(GRID, every=True)
    assert list(axes) == ["lr", "hidden"]
    assert [tick.get_text() for tick in axes["lr"].get_xticklabels()] == ["1", "3", "9"]
    assert [text.get_text() for text in axes["lr"].get_legend().get_texts()] == ["15", "30"]
    assert [text.get_text() for text in axes["hidden"].get_legend().get_texts()] == ["1", "3", "9"]
    assert axes["lr"].get_title() == "After 10 epochs, 2 seeds"


def test_lines_go_through_the_means_and_points_show_the_seeds():
    line, *points = axes_of(GRID, every=True)["lr"].lines[:4]
    assert list(line.get_ydata()) == pytest.approx([(0.1 + 0.15) / 2, (0.3 + 0.15) / 2, (0.9 + 0.15) / 2])
    assert [sorted(each.get_ydata()) for each in points] == [[0.1, 0.15], [0.15, 0.3], [0.15, 0.9]]


def test_lines_show_the_best_of_the_other_settings():
    better, worse = ({Setting(*key[:2], n, "scaled"): [a * by for a in GRID[key]] for key in GRID} for n, by in OTHERS)
    line = axes_of(GRID | better | worse, every=True)["lr"].lines[0]
    assert line.get_ydata()[0] == pytest.approx(1.1 * (0.1 + 0.15) / 2)


def test_a_guided_search_has_a_point_for_each_network():
    axes = axes_of(GUIDED, every=False)
    assert list(axes) == ["lr", "hidden"]
    points = {(line.get_xdata()[0], line.get_ydata()[0]) for line in axes["hidden"].lines}
    assert points == {(15, 0.15), (21, 0.21), (30, 0.3), (62, 0.62)}
    assert axes["hidden"].get_xscale() == "log"


@pytest.mark.parametrize("every", [True, False])
def test_one_setting_alone_and_perfect_networks_can_be_drawn(every):
    [(name, figure)] = drawn({Setting(30, 3.0, 10, "gaussian"): [1.0]}, 1, every)
    picture = Image.open(io.BytesIO(png(figure)))
    assert (name, picture.format, picture.width) == ("lr", "PNG", 1125)
