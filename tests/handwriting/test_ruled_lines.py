"""Printed lines of ruled or squared paper are taken out, and nothing else."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from digits.handwriting.background import WINDOWS, estimate_background
from digits.handwriting.ruled_lines import without_ruled_lines
from tests.support.finding import NEAR, SIZE, assert_finds, difference, find_digit
from tests.support.pens import FINE, INK, PAPER, PEN, STROKES, box, cover, on_paper


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


@pytest.mark.parametrize(("digit", "pen"), [*((digit, PEN) for digit in (0, 2, 4, 7)), (0, 0.03), (4, 0.03)])
def test_a_picture_cut_to_its_foreground(digit, pen):
    """Its level strokes run from border to border as printed lines do, and yet are not taken out.

    Of thin digits, the foot of a 2 and the bar of a 7 are.
    """
    ink = cover((230, 300), (STROKES[digit], 40, 40, 200), pen=pen)
    left, top, right, bottom = box(ink)
    tight = on_paper(ink)[top:bottom, left:right]
    assert difference(find_digit(tight).image, find_digit(on_paper(ink)).image) < NEAR


def blurred(ink):
    """The light (H, W) of ink on paper, as lines are looked for in it."""
    return cv2.GaussianBlur(on_paper(ink)[:, :, 1] / np.float32(255), (0, 0), 1)


def without(light):
    return without_ruled_lines(light, light / estimate_background(light, WINDOWS[0]))


def printed(*rectangles, bow=0.0):
    """How much of each pixel rectangles (left, top, right, bottom) cover, bent down in the middle by so many pixels."""
    image = Image.new("L", (SIZE[0] * FINE, SIZE[1] * FINE))
    for rectangle in rectangles:
        ImageDraw.Draw(image).rectangle([side * FINE for side in rectangle], fill=255)
    flat = np.asarray(image.reduce(FINE), np.float32) / 255
    y, x = np.mgrid[: SIZE[1], : SIZE[0]].astype(np.float32)
    return cv2.remap(flat, x, y - bow * (1 - (2 * x / SIZE[0] - 1) ** 2), cv2.INTER_LINEAR)


def frame(left, top, right, bottom, width):
    """The four sides of a box, as rectangles."""
    level = [(left, y, right, y + width) for y in (top, bottom - width)]
    return level + [(x, top, x + width, bottom) for x in (left, right - width)]


GRID = [box for x in range(20, 300, 68) for box in frame(x, 30, x + 70, 130, 2) + frame(x, 128, x + 70, 228, 2)]
LINES = {
    "from border to border": [(0, 60, 320, 63), (0, 150, 320, 153)],
    "thick": [(0, 12, 320, 20), (6, 0, 14, 240)],
    "a grid": GRID,
    "parts of a frame along the border": [(300, 90, 304, 240), (4, 0, 8, 130)],
    "boxes apart": frame(20, 40, 100, 200, 3) + frame(115, 40, 195, 200, 3) + frame(210, 40, 290, 200, 3),
}


@pytest.mark.parametrize("bow", [0, 4])
@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("name", LINES)
def test_lines_are_taken_out_and_strokes_and_background_left(name, upright, bow):
    two = cover(SIZE, (STROKES[2], 135, 70, 80))
    plain, lined = (blurred(ink) for ink in (two, np.maximum(two, printed(*LINES[name], bow=bow))))
    if upright:
        plain, lined, two = (np.ascontiguousarray(pixels.T) for pixels in (plain, lined, two))
    away, left = cv2.dilate(two, np.ones((9, 9))) == 0, without(lined)
    before, after = ((np.abs(light - plain)[away] > 0.15).sum() for light in (lined, left))
    assert before > 500 and after < 0.15 * before
    assert np.abs(left - plain)[two > 0.5].mean() < 0.06
    assert (without(plain) == plain).all()


@pytest.mark.parametrize("slope", [-0.4, 0.25])
def test_a_line_on_patterned_paper(slope):
    """Its pattern, of tilted hairlines close together, is half as dark as the line."""
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    pattern = 0.2 * ((y + slope * x) % 6 < 3).astype(np.float32)
    line = printed(*LINES["from border to border"])
    two = cover(SIZE, (STROKES[2], 135, 70, 80))
    plain, lined = (blurred(np.maximum(pattern, ink)) for ink in (two, np.maximum(two, 0.4 * line)))
    away = (line > 0.5) & (pattern == 0) & (cv2.dilate(two, np.ones((9, 9))) == 0)
    left = without(lined)
    assert np.abs(left - plain)[away].mean() < 0.4 * np.abs(lined - plain)[away].mean()
    assert np.abs(left - plain)[two > 0.5].mean() < 0.06


@pytest.mark.parametrize(
    "ink",
    [
        printed((40, 100, 280, 104)),
        printed((0, 100, 200, 104)),
        printed((300, 60, 304, 228)),
        cover(SIZE, (STROKES[0], 100, 30, 180), pen=0.04),
        np.maximum(0.3 * printed((0, 80, 320, 82), (0, 160, 320, 162)), printed((150, 80, 158, 162))),
    ],
    ids=["ends free", "one end free", "a 1 along the border", "a ring", "from line to line, but heavier"],
)
def test_what_is_no_line_is_left(ink):
    light = blurred(ink)
    left = without(light)
    assert np.abs(left - light)[ink > 0.5].mean() < 0.02
