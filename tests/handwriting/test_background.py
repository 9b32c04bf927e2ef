"""Digits are found whatever their colour, the background, the light and the noise."""

import numpy as np
import pytest

from tests.support.finding import SIZE, assert_finds, one_line_error
from tests.support.pens import on_paper


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ((0, 0, 0), (255, 255, 255)),
        ((32, 52, 150), (246, 238, 214)),  # blue on cream
        ((105, 105, 108), (243, 243, 238)),  # pencil
        ((90, 90, 90), (140, 140, 140)),  # in a dim room
        ((255, 255, 255), (0, 0, 0)),
        ((240, 240, 236), (46, 84, 68)),  # chalk
    ],
)
def test_a_digit_of_any_colour_is_found_on_any_background(ink, paper, two):
    assert_finds(on_paper(two, ink, paper), two)


@pytest.mark.parametrize("gap", [0, 4])
@pytest.mark.parametrize("thick", [12, 20])
def test_table_lines_along_two_borders_are_not_read(thick, gap, two):
    pixels, (right, bottom) = on_paper(two), np.array(SIZE) - gap
    pixels[bottom - thick : bottom, :right] = pixels[:bottom, right - thick : right] = 40
    assert_finds(pixels, two)


@pytest.mark.parametrize(
    ("size", "edge"), [((8, 8), 255), ((9, 20), 255), ((28, 28), 255), ((240, 320), 60), ((1500, 2000), 255)]
)
def test_a_blank_page_with_or_without_a_dark_edge_shows_no_digit(size, edge):
    page = np.full(size, 255, np.uint8)
    page[:, : size[1] // 10] = edge
    for picture in (page, np.ascontiguousarray(page.T), page // 2, page // 20):
        assert "nothing " in one_line_error(picture)


@pytest.mark.parametrize("width", [40, 160])
@pytest.mark.parametrize("softness", [20, 40])
def test_a_soft_shadow_on_a_blank_page_is_not_a_digit(width, softness):
    light = np.interp(np.arange(320), [width - softness, width + softness], [0.6, 1])
    page = (200 * light + np.random.default_rng(0).normal(0, 2, (240, 320))).astype(np.uint8)
    for picture in (page, page[:, ::-1], page.T, page[::-1].T[::-1]):
        assert "nothing " in one_line_error(np.ascontiguousarray(picture))
