"""Digits are cut out of strips, along seams that cross little foreground."""

import cv2
import numpy as np
import pytest

from digits.handwriting.cutting import cutter, places_of, seam
from digits.handwriting.normalize import REST
from digits.handwriting.strips import DIGIT, ROWS, Strip
from tests.support.finding import NEAR, difference
from tests.support.pens import STROKES, as_mnist, box, cover

TOP = (ROWS - DIGIT) // 2


def drawn(*digits):
    """Return the ink of (digit, left side) pairs in a strip."""
    return cover((200, ROWS), *((STROKES[digit], left, TOP, DIGIT) for digit, left in digits))


def strip_of(ink, scores=None):
    return Strip(np.stack([ink, ink if scores is None else scores]), np.eye(2, 3))


def cut(strip, middles, context=False):
    """Return the image of each digit, as it is cut the first way, and the box of this cut."""
    cuts = map(cutter(strip, context=context), places_of(middles))
    return [(images[0], boxes[0]) for images, boxes in cuts]


def middle(ink):
    left, _, right, _ = box(ink)
    return (left + right) / 2


def test_a_seam_follows_the_slant_between_two_strokes():
    """No straight column separates them. The seam crosses only the bar that joins them."""
    mask = np.zeros((80, 120), np.uint8)
    for x in (45, 75):
        cv2.line(mask, (x + 20, 5), (x - 15, 75), 1, 6)
    cv2.line(mask, (45, 40), (75, 40), 1, 4)
    assert mask[:, 45:75].sum(axis=0).min() > 10
    path = seam(mask > 0, 45, 75)
    assert mask[np.arange(80), path].sum() == 5 and np.abs(np.diff(path)).max() == 1 and 45 < path[40] < 75


@pytest.mark.parametrize(("left", "right"), [(0, 8), (3, 8), (8, 3)])
def test_touching_digits_are_separated(left, right):
    first = drawn((left, 50))
    second = drawn((right, box(first)[2] - 1))
    both = np.maximum(first, second)
    assert cv2.connectedComponents((both > 0.35).astype(np.uint8))[0] == 2
    cuts = cut(strip_of(both), [middle(first), middle(second)])
    for ink, (image, cut_box) in zip((first, second), cuts, strict=True):
        assert difference(image, as_mnist(ink)) < 2 * NEAR
        assert np.abs(np.subtract(cut_box, box(ink))).max() <= 3


def test_strokes_of_other_rows_or_far_beside_a_digit_are_left_out():
    ink = drawn((7, 80))
    [(alone, _)] = cut(strip_of(ink), [middle(ink)], context=True)
    crowded = ink.copy()
    crowded[:6, 85:105] = crowded[-5:, 85:105] = 1  # from the rows above and below
    crowded[40:55, 130:134] = 1  # a tick
    assert np.array_equal(cut(strip_of(crowded), [middle(ink)], context=True)[0][0], alone)
    crowded[35:38, 85:105] = 1  # a bar through the digit
    assert not np.array_equal(cut(strip_of(crowded), [middle(ink)], context=True)[0][0], alone)


def test_in_context_the_rest_of_the_strokes_is_drawn_in_grey():
    first = drawn((3, 50))
    second = drawn((8, box(first)[2] - 1))
    middles = [middle(first), middle(second)]

    def grey(ink, context):
        """Count the grey pixels of each image. A digit's own soft edges have a few."""
        return [(np.abs(image - REST) < 0.02).sum() for image, _ in cut(strip_of(ink), middles, context)]

    touching = np.maximum(first, second)
    assert max(grey(touching, False)) < 8 and min(grey(touching, True)) > 12
    apart = np.maximum(first, drawn((8, box(first)[2] + 4)))
    assert grey(apart, True) == grey(apart, False)
    for (image, _), (plain, _) in zip(*(cut(strip_of(touching), middles, on) for on in (True, False)), strict=True):
        assert np.array_equal(image[image > 0.9], plain[plain > 0.9]) and (image >= plain).all()


def test_a_digit_that_the_eye_has_missed_is_cut_out_by_its_darkness():
    seen, missed = drawn((2, 30)), drawn((1, 120))
    strip = strip_of(np.maximum(seen, missed), seen)
    (first, _), (second, second_box), (empty, _) = cut(strip, [middle(seen), middle(missed), 185])
    assert difference(first, as_mnist(seen)) < 2 * NEAR and difference(second, as_mnist(missed)) < 2 * NEAR
    assert np.abs(np.subtract(second_box, box(missed))).max() <= 1 and not empty.any()
