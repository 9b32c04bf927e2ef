"""Connected components, and how they group into lines."""

import numpy as np

from digits.handwriting.components import Component, connected_components, line_height, lines


def component(left, top, right, bottom):
    return Component(left, top, right, bottom, 1, 1.0, False)


def test_a_component_has_a_pixel_of_which_the_eye_is_certain_and_a_neighbour_is_clipped():
    sure = np.zeros((60, 90), np.float32)
    for columns, output in ((slice(0, 10), 0.96), (slice(30, 40), 0.98), (slice(60, 70), 0.8)):
        sure[20:40, columns] = output
    sure[20, 30] = 0.4
    labels, (neighbour, stroke) = connected_components(sure > 0.3, sure, sure > 0.95)
    assert (neighbour.left, neighbour.clipped, stroke.left, stroke.clipped) == (0, True, 30, False)
    assert np.array_equal(labels == stroke.label, (sure > 0.3) & (np.arange(90) // 10 == 3))
    assert stroke.clarity > neighbour.clarity


def test_lines_from_the_top_though_they_slant():
    upper = [component(60 * n, 200 - 15 * n, 60 * n + 40, 280 - 15 * n) for n in range(8)]
    lower = [component(60 * n, 310 - 15 * n, 60 * n + 40, 390 - 15 * n) for n in range(8)]
    comma = component(105, 370, 112, 392)
    found = lines([*lower, comma, *upper])
    assert [set(line) for line in found] == [set(upper), {*lower, comma}]
    assert [line_height(line) for line in found] == [80, 80]


def test_rows_of_a_tight_grid_are_lines_though_two_digits_touch():
    upper, lower = ([component(60 * n, top, 60 * n + 40, top + 80) for n in range(6)] for top in (0, 90))
    touching = component(120, 0, 160, 170)
    found = lines([*upper[:2], *upper[3:], *lower[:2], *lower[3:], touching])
    assert [set(line) - {touching} for line in found] == [set(upper) - {upper[2]}, set(lower) - {lower[2]}]
