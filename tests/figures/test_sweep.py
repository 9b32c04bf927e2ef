import pytest

from digits.figures.sweep import drawn
from digits.training.search import Setting

GRID = {Setting(n, lr, 10, "scaled"): [(lr / 10, 0.5), (n / 100, 0.5)] for n in (15, 30) for lr in (1.0, 3.0, 9.0)}


def axes_of(scores):
    return {name: figure.axes[0] for name, figure in drawn(scores, 10, every=True)}


def test_a_grid_has_a_picture_for_each_setting_with_lines_through_the_means_of_the_seeds():
    axes = axes_of(GRID)
    assert list(axes) == ["lr", "hidden"] and list(axes["lr"].get_xticks()) == [1, 3, 9]
    assert [text.get_text() for text in axes["lr"].get_legend().get_texts()] == ["15", "30"]
    assert [text.get_text() for text in axes["hidden"].get_legend().get_texts()] == ["1", "3", "9"]
    assert axes["lr"].get_title() == "After 10 epochs"
    line, points = axes["lr"].lines[:2]
    assert line.get_xydata().ravel().tolist() == pytest.approx([1, 0.125, 3, 0.225, 9, 0.525])
    assert points.get_xydata().tolist() == [[1, 0.1], [1, 0.15], [3, 0.3], [3, 0.15], [9, 0.9], [9, 0.15]]


def test_lines_show_the_best_of_the_other_settings():
    better = {each._replace(batch_size=20): [(1.1 * accuracy, 0.5) for accuracy, _ in GRID[each]] for each in GRID}
    worse = {each._replace(batch_size=5): [(0.5 * accuracy, 0.5) for accuracy, _ in GRID[each]] for each in GRID}
    lines = axes_of(GRID | better | worse)["hidden"].lines
    assert lines[-2].get_ydata()[0] == pytest.approx(1.1 * (0.9 + 0.15) / 2)
