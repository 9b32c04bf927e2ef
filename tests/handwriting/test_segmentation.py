"""Lines are cut into pieces, more than there are digits, and the best way through them is found."""

import cv2
import numpy as np
import pytest

from digits.handwriting import find_lines
from digits.handwriting.background import Part, find_ink
from digits.handwriting.segmentation import (
    DOUBT,
    UNSURE,
    Piece,
    Row,
    Trial,
    best_way,
    cut,
    lines,
    sureness,
    thin_places,
    trials,
)
from tests.support.finding import NEAR, SIZE, difference
from tests.support.pens import APART, STROKES, as_mnist, box, cover, on_paper


def part(left, top, right, bottom):
    return Part(1, left, top, right, bottom, 1.0, True)


def found_as(picture, ink):
    """Whether a trial of the picture's lines is the digit of this ink."""
    wanted = as_mnist(ink)
    found = (digit for line in find_lines(picture) for digit in line.digits)
    return any(
        difference(digit.image, wanted) < 2 * NEAR and max(np.abs(np.subtract(digit.box, box(ink)))) < 6
        for digit in found
    )


@pytest.mark.parametrize(("left", "right"), [(0, 8), (3, 8), (8, 3)])
def test_digits_that_touch_are_parted(left, right):
    one = cover(SIZE, (STROKES[left], 50, 60, 110))
    place = box(one)[2] - 5
    other = cover(SIZE, (STROKES[right], place, 60, 110))
    both = np.maximum(one, other)
    assert cv2.connectedComponents((both > 0.3).astype(np.uint8))[0] == 2
    assert found_as(on_paper(both), one) and found_as(on_paper(both), other)


@pytest.mark.parametrize("digit", APART)
def test_the_parts_of_a_digit_are_tried_as_one(digit):
    ink = cover((420, 240), (STROKES[3], 40, 50, 120), (APART[digit], 180, 50, 120), (STROKES[2], 300, 50, 120))
    assert found_as(on_paper(ink), cover((420, 240), (APART[digit], 180, 50, 120)))


def test_lines_from_the_top_though_they_slant():
    upper = [part(60 * n, 200 - 15 * n, 60 * n + 40, 280 - 15 * n) for n in range(8)]
    lower = [part(60 * n, 310 - 15 * n, 60 * n + 40, 390 - 15 * n) for n in range(8)]
    comma = part(105, 370, 112, 392)
    made = lines([*lower, comma, *upper])
    assert [sorted(line) for line in made] == [sorted(upper), sorted([*lower, comma])]


def test_cuts_follow_the_slant():
    """Two strokes that lean by a half, joined by a bar; no upright line runs between them."""
    mask = np.zeros((80, 120), np.uint8)
    for x in (45, 75):
        cv2.line(mask, (x + 20, 5), (x - 15, 75), 1, 6)
    cv2.line(mask, (45, 40), (75, 40), 1, 4)
    assert mask[:, 45:75].sum(axis=0).min() > 10
    between = [path for path in thin_places(mask > 0, 60) if 48 < path[40] < 72]
    assert [mask[np.arange(80), path].sum() for path in between] == [5]  # the bar alone
    assert np.abs(np.diff(between[0])).max() == 1


def test_a_line_is_as_sure_as_its_digits_are_wide():
    tried = [Trial(0, 1, 0.3, 1, 0), Trial(1, 2, 0.5, 0.9, 0), Trial(2, 3, 0.1, 0.2, 0)]
    sure = np.zeros((3, 10))
    sure[0, 4], sure[1, 7], sure[2, 1] = 0.9, 0.5, 0.4
    assert sureness(tried, sure, [(0, True), (1, True)]) == pytest.approx((0.3 * 0.9 + 0.5 * 0.5) / 0.8)
    assert sureness(tried, sure, [(0, True), (1, False)]) == pytest.approx(0.3 * 0.9 / 0.8)  # a letter between digits
    assert sureness(tried, sure, [(0, True), (2, False)]) == pytest.approx(0.9)  # a comma
    assert sureness(tried, sure, [(1, False)]) == 0
    cut_off = [tried[0]._replace(seams=0.5), tried[1]]
    assert sureness(cut_off, sure, [(0, True), (1, True)]) == pytest.approx((0.3 * 0.9 + 0.5 * 0.5) / (0.8 + DOUBT / 2))


def test_runs_of_pieces():
    pieces = [Piece(n + 1, 30 * n, 0, 30 * n + 25, 60, 1.0, stroke) for n, stroke in enumerate((0, 0, 1, 2, 2, 2))]
    made = {(trial.first, trial.last): trial for trial in trials(Row(60, pieces))}
    assert set(made) == {(n, n + k) for n in range(6) for k in (1, 2, 3) if n + k <= 6}  # four are too broad
    assert made[0, 2] == Trial(0, 2, 55 / 60, 1, 0)
    gap = 0.25 + 8 * 5 / 60
    seams = [made[place].seams for place in ((0, 1), (1, 2), (1, 3), (2, 4), (4, 5))]
    assert seams == pytest.approx([0.5, 0.5, 0.5 + gap, 0.5 + gap, 1])


def outputs(*digits, sure=0.99):
    """Outputs of a network that is so sure of these digits; of None, that it is none."""
    a = np.full((len(digits), 10), 1 - sure)
    for row, digit in enumerate(digits):
        if digit is not None:
            a[row, digit] = sure
    return a


def test_the_way_of_which_the_network_is_sure_everywhere():
    whole, left, right = Trial(0, 2, 0.9, 1, 0), Trial(0, 1, 0.45, 1, 0.5), Trial(1, 2, 0.45, 1, 0.5)
    tried = [left, whole, right]
    assert best_way(tried, outputs(None, 0, None)) == [(1, True)]
    assert best_way(tried, outputs(1, None, 7)) == [(0, True), (2, True)]
    assert best_way(tried, outputs(1, 0, 7)) == [(1, True)]  # a cut through ink needs a reason
    assert best_way([left], outputs(None)) == [(0, False)]
    assert best_way([left], np.full((1, 10), UNSURE / 2)) == [(0, False)]


def test_small_marks_are_no_digits_and_tall_ones_seldom():
    for height, is_digit in ((0.2, False), (0.9, True)):
        assert best_way([Trial(0, 1, 0.2, height, 0)], outputs(1, sure=0.9)) == [(0, is_digit)]
    assert best_way([Trial(0, 1, 0.2, 1, 0)], outputs(1, sure=0.1)) == [(0, True)]


def test_what_the_side_of_the_picture_cuts_off_is_passed_over_for_nothing():
    digit, rest = Trial(0, 1, 0.6, 1, 0), Trial(1, 2, 0.2, 1, 0)
    unsure = outputs(0, 1)
    unsure[1, 1] = 0.3
    assert best_way([digit, rest], unsure) == [(0, True), (1, True)]
    assert best_way([digit, rest._replace(whole=False)], unsure) == [(0, True), (1, False)]
    assert sureness([digit, rest], unsure, [(0, True), (1, False)]) < 0.8
    assert sureness([digit, rest._replace(whole=False)], unsure, [(0, True), (1, False)]) == pytest.approx(0.99)


@pytest.mark.parametrize("side", ["left", "right"])
def test_what_meets_the_side_of_the_picture_is_not_whole_but_the_clearest_is(side):
    edge = 0 if side == "left" else SIZE[0] - 4
    neighbour = cover(SIZE, (STROKES[1], edge - 10, 60, 100))
    _, [row] = cut(find_ink(on_paper(np.maximum(neighbour, cover(SIZE, (STROKES[0], 120, 60, 110))))))
    assert sorted(piece.whole for piece in row.pieces) == [False, True]
    _, [row] = cut(find_ink(on_paper(neighbour)))
    assert [piece.whole for piece in row.pieces] == [True]
    assert [trial.whole for trial in trials(row)] == [True]
