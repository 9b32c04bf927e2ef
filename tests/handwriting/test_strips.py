"""Strips are level and have a fixed height, and map boxes back to the picture."""

import numpy as np
import pytest

from digits.handwriting.components import stroke_boxes
from digits.handwriting.normalize import bounds
from digits.handwriting.strips import DIGIT, LONGEST, ROWS, strip
from tests.support.pens import STROKES, box, cover

PALE = 0.6  # darkness of the strokes


def strip_of(planes):
    """Return the strip of all strokes together."""
    scores = planes[1]
    return strip(np.stack(planes), stroke_boxes(scores > 0.5, scores, scores > 0.95)[0])


def written(rise, height):
    """Return the ink of each of five digits in a line with a slope of `rise` rows per column."""
    size, lefts = (round(9 * height), round(4 * height)), [(1 + 1.4 * n) * height for n in range(5)]
    tops = [1.5 * height + rise * (left - 4 * height) for left in lefts]
    return [cover(size, (STROKES[8], left, top, height)) for left, top in zip(lefts, tops, strict=True)]


@pytest.mark.parametrize("height", [20, 44, 150])
@pytest.mark.parametrize("rise", [0, 0.12, -0.1])
def test_a_line_becomes_level_and_a_fixed_height_and_its_boxes_map_back_to_the_picture(rise, height):
    inks = written(rise, height)
    made = strip_of((PALE * sum(inks), sum(inks)))
    assert made.planes.dtype == np.float32 and made.coarse.shape == (2, ROWS / 2, made.planes.shape[2] / 2)
    assert made.scale == pytest.approx(DIGIT / height, rel=0.06)
    dark_boxes, boxes = (stroke_boxes(plane > 0.5, plane, plane > 0.5)[0] for plane in made.planes)
    assert len(dark_boxes) == len(boxes) == 5 and np.median(made.planes[0][made.planes[1] > 0.9]) > 0.9
    for ink, (left, top, right, bottom) in zip(inks, sorted(boxes.tolist()), strict=True):
        assert abs(bottom - top - DIGIT) < 4 and abs(top + bottom - ROWS) < 6
        assert np.abs(np.subtract(made.box(left, top, right, bottom), box(ink))).max() < 2 + 0.09 * height


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_strip_of_a_turned_picture_maps_back_to_the_picture_before_the_turn(degrees):
    ink = cover((400, 240), (STROKES[7], 240, 30, 70))
    made = strip_of(np.rot90(np.stack([PALE * ink, ink]), degrees // 90, (1, 2)))
    back = made.turned_back(degrees, ink.shape)
    assert np.abs(np.subtract(back.box(*bounds(made.planes[1] > 0.5)), box(ink))).max() < 2
    assert back.scale == pytest.approx(made.scale)


def test_a_small_mark_does_not_change_the_height_and_a_long_strip_is_cut_off():
    ink = np.zeros((120, 6000), np.float32)
    ink[30:90, 100:130] = ink[30:90, 5800:5830] = ink[88:98, 200:206] = 1
    made = strip_of((ink, ink))
    assert made.scale == pytest.approx(DIGIT / 60) and made.planes.shape[2] == LONGEST * DIGIT
    assert bounds(made.planes[1][:, :100] > 0.5)[1::2] == (ROWS / 2 - DIGIT / 2, ROWS / 2 + DIGIT / 2)
