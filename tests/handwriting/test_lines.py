"""Lines, their candidates and the images of their digits are found in pictures of any size."""

from itertools import cycle

import numpy as np
import pytest
import torch
from PIL import Image

from digits import mnist
from digits.handwriting.lines import ANYTHING, FAR, PLACE, Expected, cut_out, find_lines, groups_along
from digits.handwriting.strips import DIGIT, ROWS, Strip
from digits.model import DigitClassifier
from tests.handwriting.test_line_network import along
from tests.support.finding import NEAR, SIZE, assert_finds, difference, digits_of, encoded, find_digit
from tests.support.pens import APART, STROKES, as_mnist, box, cover, on_paper


@pytest.mark.slow
@pytest.mark.mnist
def test_mnists_test_images_stay_as_they_are(mnist_dir):
    images, _ = mnist.load(mnist_dir, train=False)
    digits = [find_digit(encoded(Image.fromarray(image), "PNG", compress_level=1)) for image in images.numpy()]
    assert {digit.box for digit in digits} == {(0, 0, 28, 28)}
    found_images = torch.from_numpy(np.stack([digit.image for digit in digits]))
    assert found_images.dtype == torch.float32 and torch.equal(found_images, images / 255)
    for seed in range(3):
        model = DigitClassifier([30], init="gaussian", seed=seed)
        assert all(torch.equal(a, b) for a, b in zip(model.predict(found_images), model.predict(images), strict=True))


@pytest.mark.parametrize("side", [16, 24, 32, 40, 60, 90, 150, 299, 301, 450, 1000, 1501, 3000])
def test_the_size_of_the_picture_does_not_matter(side):
    ink = cover((side, side), (STROKES[2], 0.2 * side, 0.15 * side, 0.6 * side))
    assert_finds(on_paper(ink), ink, (1.2 if side >= 60 else 4) * NEAR)
    if side >= 1000:  # large JPEGs are decoded at a lower resolution
        assert_finds(encoded(Image.fromarray(on_paper(ink)), "JPEG"), ink, 1.2 * NEAR)


@pytest.mark.parametrize("share", [0.2, 0.4, 0.95])
@pytest.mark.parametrize(("digit", "place"), [*zip(STROKES, cycle([(0, 0), (0, 1), (1, 0), (0.5, 0.5), (1, 1)]))])
def test_a_digit_is_found_anywhere_if_it_is_a_fifth_as_high_as_the_picture_or_more(digit, place, share):
    height = share * SIZE[1]
    left, top = 3 + place[0] * (SIZE[0] - 0.8 * height - 6), 3 + place[1] * (SIZE[1] - height - 6)
    ink = cover(SIZE, (STROKES[digit], left, top, height))
    assert_finds(on_paper(ink), ink)


def strip_of(*digits):
    """Return a strip of (digit, left side) pairs, and the ink of each."""
    size, top = (max(left for _, left in digits) + 80, ROWS), (ROWS - DIGIT) / 2
    inks = [cover(size, (STROKES[digit], left, top, DIGIT)) for digit, left in digits]
    return Strip(np.stack([np.maximum.reduce(inks)] * 2), np.array([[0.5, 0, -10], [0, 0.5, -20]])), inks


def place(ink):
    left, _, right, _ = box(ink)
    return round((left + right) / 2 / PLACE)


def test_each_group_has_its_candidates_and_their_images():
    """Here, the line network takes the last digit for a 3 or, a little less likely, an 8."""
    strip, inks = strip_of((2, 30), (7, 70), (5, 200), (3, 240))
    peaks = [(place(ink), digit) for ink, digit in zip(inks, (2, 7, 5, 3), strict=True)]
    log = along(strip.planes.shape[2] // PLACE, *peaks)
    last = slice(place(inks[3]) - 1, place(inks[3]) + 2)
    log[last, 8] = log[last, 3] - 0.5
    groups, _ = groups_along(log, ANYTHING)
    [[[left, *_], [right, less, *_]]], images, boxes, _ = cut_out([strip], [groups], 3.0, context=False)
    assert (left[0], right[0], less[0]) == ("27", "53", "58") and right[1] > less[1]
    for ink, n in zip(inks, left[2] + right[2], strict=True):
        assert difference(images[n][0], as_mnist(ink)) < 2 * NEAR
        expected = [3 * (2 * side + shift) for side, shift in zip(box(ink), (20, 40, 20, 40), strict=True)]
        assert np.abs(np.subtract(boxes[n][0], expected)).max() <= 6
    assert less[2] == right[2]  # candidates with as many digits share their places
    log[last, 8] -= FAR
    assert [number for number, *_ in groups_along(log, ANYTHING)[0][1]] == ["53"]
    [together], _ = groups_along(log, Expected(length=(4, 4)))
    assert together[0][0] == "2753" and {len(number) for number, *_ in together} == {4}
    assert groups_along(log, Expected(digits="01", length=(2, 2))) == ([], [])


def row(*digits, height=80, apart=0.25):
    """Return a picture of digits in a row, and the ink of each."""
    placed, left = [], 40.0
    for digit in digits:
        placed.append(((STROKES | APART)[digit], left, 50, height))
        left = box(cover((2000, 200), placed[-1]))[2] + apart * height
    size = int(left) + 40, 200
    return on_paper(cover(size, *placed)), [cover(size, ink) for ink in placed]


def best(segmentation):
    """Return the likeliest number of each group, line by line, and the digits of all."""
    digits = [digit for line in digits_of(segmentation) for group in line for digit in group]
    return [[group[0][0] for group in line] for line in segmentation.lines], digits


@pytest.mark.parametrize("digits", [[5, 3], [1, 1, 1], [2, 0, 4, 7, 8], [3, "5, its bar apart", 1, 7]])
def test_each_digit_of_a_line_is_found_and_a_wide_gap_makes_two_groups(digits):
    picture, inks = row(*digits)
    numbers, found_digits = best(find_lines(picture))
    assert numbers == [["".join(str(digit)[0] for digit in digits)]]
    for digit, ink in zip(found_digits, inks, strict=True):
        assert difference(digit.image, as_mnist(ink)) < 2 * NEAR and np.abs(np.subtract(digit.box, box(ink))).max() <= 4
    wide = np.hstack([picture, picture[:, -40:].repeat(2, 1), picture])
    assert best(find_lines(wide))[0] == [[*numbers[0], *numbers[0]]]
    assert len(find_lines(wide, Expected(length=(2 * len(digits),) * 2)).lines[0]) == 1


def test_even_noise_gives_a_bounded_number_of_images():
    noise = np.random.default_rng(4).integers(0, 256, (100, 100), np.uint8).repeat(3, 0).repeat(3, 1)
    assert len(find_lines(noise, context=True).images) < 1000
