"""Connected components, and how they group into lines and into what stands above one another."""

import numpy as np

from digits.handwriting.components import Component, connected_components, line_height, lines, stacked


def component(left, top, right, bottom):
    return Component(left, top, right, bottom, 1, 1.0, False)


def test_what_covers_the_middle_is_no_line_at_the_edge():
    mask = np.zeros((60, 60), bool)
    mask[3:-3, 3:-3] = True
    labels, [found] = connected_components(mask, np.float32(~mask), 1)
    assert (found.left, found.top, found.right, found.bottom) == (3, 3, 57, 57) and not found.clipped
    assert np.array_equal(labels == found.label, mask)


def test_boundary_contrast_tells_a_stroke_from_a_shadow_and_a_neighbour_is_clipped():
    mask, light = np.zeros((60, 90), bool), np.ones((60, 90), np.float32)
    for columns, contrast in ((slice(0, 10), 0.9), (slice(30, 40), 1), (slice(60, 70), 0.1)):
        mask[20:40, columns] = True
        light[20:40, columns] -= contrast
    _, (neighbour, stroke) = connected_components(mask, light, 1)
    assert (neighbour.left, neighbour.clipped, stroke.left, stroke.clipped) == (0, True, 30, False)
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


def test_what_is_above_one_another_stands_together_left_to_right():
    tall, far, bar, dot = (
        component(*box) for box in ((10, 10, 60, 110), (90, 10, 140, 110), (30, 0, 58, 8), (62, 100, 70, 110))
    )
    assert stacked([dot, far, bar, tall]) == [[tall, bar], [dot], [far]]


def test_the_clearest_component_is_always_one_of_those_found():
    """A soft shadow is long, and has a higher clarity than the faint stroke at the side, but too little contrast."""
    light, mask = np.ones((90, 120), np.float32), np.zeros((90, 120), bool)
    mask[10:80, 20:110] = mask[40:50, 0:4] = True
    light[10:80, 20:110], light[40:50, 0:4] = 0.81, 0.65
    _, [found] = connected_components(mask, light, 1)
    assert (found.left, found.top, found.right, found.bottom) == (0, 40, 4, 50) and not found.clipped
