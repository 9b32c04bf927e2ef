"""Printed lines of ruled or squared paper are taken out, and nothing else."""

import numpy as np
import pytest

from digits.handwriting import find_digit, find_lines
from digits.handwriting.background import WINDOWS, estimate_background
from digits.handwriting.ruled_lines import without_ruled_lines
from tests.support.finding import NEAR, SIZE, assert_finds, difference
from tests.support.pens import INK, PAPER, PEN, STROKES, box, cover, on_paper


def ruled(pixels, spacing, squared, tint=(0.62, 0.72, 0.9), width=2, slope=0.0):
    """Pictures (H, W, 3) with printed lines, `width` pixels wide, at a slope."""
    height, across = pixels.shape[:2]
    y, x = np.mgrid[:height, :across]
    on = (y + slope * x + spacing / 3) % spacing < width
    on |= squared & ((x - slope * y + spacing / 5) % spacing < width)
    return np.where(on[:, :, None], pixels * np.float32(tint), pixels).astype(np.uint8)


@pytest.mark.parametrize("slope", [0, 0.03])
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("spacing", [35, 60, 110])
def test_printed_lines_are_not_read(spacing, squared, slope, two):
    assert_finds(ruled(on_paper(two), spacing, squared, slope=slope), two)
    small, half_as_dark = cover(SIZE, (STROKES[2], 110, 60, 45), pen=0.1), 1 - (1 - np.array(INK) / PAPER) / 2
    plain, lined = on_paper(small), ruled(on_paper(small), spacing, squared, half_as_dark, 2, slope)
    assert difference(find_digit(plain).image, find_digit(lined).image) < 2 * NEAR


@pytest.mark.parametrize("digit", [0, 2, 4, 7])
@pytest.mark.parametrize("pen", [0.03, PEN])
def test_a_picture_cut_to_its_foreground(digit, pen):
    """Its level strokes run from border to border as printed lines do; one guess leaves them in."""
    ink = cover((230, 300), (STROKES[digit], 40, 40, 200), pen=pen)
    left, top, right, bottom = box(ink)
    whole = find_digit(on_paper(ink)).image
    guesses = find_lines(on_paper(ink)[top:bottom, left:right], single=True)
    assert min(difference(guess.digits[0].image, whole) for guess in guesses) < NEAR


@pytest.mark.parametrize("upright", [False, True])
def test_background_and_strokes_are_left(upright, two):
    plain, lined = (pixels[:, :, 1] / np.float32(255) for pixels in (on_paper(two), ruled(on_paper(two), 60, False)))
    if upright:
        plain, lined, two = (np.ascontiguousarray(pixels.T) for pixels in (plain, lined, two))

    def without(light):
        return without_ruled_lines(light, light / estimate_background(light, WINDOWS[0]))

    assert np.abs(lined - plain)[two == 0].max() > 0.2
    assert np.abs(without(lined) - plain)[two == 0].max() < 0.05
    assert np.abs(without(plain) - plain).mean() < 0.005
