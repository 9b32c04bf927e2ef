"""A digit, and the digits of a line, are found in pictures of any size and shape, wherever they are."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from digits import mnist
from digits.handwriting import find_digit, find_digits, group_parts
from digits.handwriting.background import Part
from digits.handwriting.normalize import centre_of_mass
from digits.model import DigitClassifier
from tests.support.finding import NEAR, SIZE, assert_finds, difference, encoded
from tests.support.pens import APART, INK, PAPER, STROKES, as_mnist, box, cover, on_paper


@pytest.mark.parametrize("digit", STROKES)
def test_a_digit_is_found_and_drawn_as_mnist_would(digit):
    ink = cover(SIZE, (STROKES[digit], 110, 50, 120))
    assert_finds(on_paper(ink), ink)


@pytest.mark.mnist
def test_the_test_images_as_files_pass_unchanged(mnist_dir):
    images, _ = mnist.load(mnist_dir, train=False)
    found = [find_digit(encoded(Image.fromarray(image), "PNG", compress_level=1)) for image in images.numpy()]
    assert {digit.box for digit in found} == {(0, 0, 28, 28)}
    read = torch.from_numpy(np.stack([digit.image for digit in found]))
    assert read.dtype == torch.float32 and torch.equal(read, images / 255)
    for seed in range(3):
        model = DigitClassifier([30], init="gaussian", seed=seed)
        assert all(torch.equal(a, b) for a, b in zip(model.predict(read), model.predict(images), strict=True))


def test_a_picture_of_28x28_that_is_not_drawn_so_is_redrawn():
    ink = cover((28, 28), (STROKES[2], 2, 1, 18))
    digit = find_digit((255 * ink).astype(np.uint8))
    assert digit.box != (0, 0, 28, 28)
    assert np.abs(np.subtract(centre_of_mass(digit.image), 14.5)).max() < 0.5


@pytest.mark.parametrize("side", [60, 90, 150, 299, 300, 301, 450, 1000, 1501, 3000])
def test_the_size_of_the_picture_does_not_matter(side):
    ink = cover((side, side), (STROKES[2], 0.2 * side, 0.15 * side, 0.6 * side))
    assert_finds(on_paper(ink), ink, pixels=max(2, side / 100))
    if side >= 1000:  # these are decoded smaller
        assert_finds(encoded(Image.fromarray(on_paper(ink)), "JPEG"), ink, pixels=side / 100)


@pytest.mark.parametrize("side", [16, 20, 24, 28, 32, 40])
def test_tiny_pictures_are_read_less_exactly(side):
    ink = cover((side, side), (STROKES[2], 0.2 * side, 0.15 * side, 0.6 * side))
    assert_finds(on_paper(ink), ink, near=4 * NEAR)


@pytest.mark.parametrize("side", [8, 10, 12, 14])
def test_pictures_too_small_to_read_do_not_crash(side):
    ink = cover((side, side), (STROKES[2], 0.2 * side, 0.15 * side, 0.6 * side))
    left, top, right, bottom = find_digit(on_paper(ink)).box
    assert 0 <= left < right <= side and 0 <= top < bottom <= side


@pytest.mark.parametrize("size", [(1000, 60), (60, 1000), (3000, 200), (200, 3000), (1234, 567)])
def test_the_shape_of_the_picture_does_not_matter(size):
    ink = cover(size, (STROKES[5], 0.4 * size[0], 0.3 * size[1], 0.5 * min(size)))
    near = (2 if size == (200, 3000) else 1.5) * NEAR  # with thin strokes as ink, 0.037 there
    assert_finds(on_paper(ink), ink, near, pixels=max(2, (size[0] * size[1]) ** 0.5 / 100))


@pytest.mark.parametrize("share", [0.2, 0.35, 0.55, 0.75, 0.95])
def test_a_digit_of_any_height_from_a_fifth_of_the_picture_is_read(share):
    ink = cover(SIZE, (STROKES[5], 25, 5, share * SIZE[1]))
    assert_finds(on_paper(ink), ink)


@pytest.mark.parametrize("left", [0.01, 0.4, 0.79])
@pytest.mark.parametrize("top", [0.01, 0.3, 0.59])
def test_a_digit_is_read_wherever_it_is(left, top):
    ink = cover(SIZE, (STROKES[3], left * SIZE[0], top * SIZE[1], 0.4 * SIZE[1]))
    assert_finds(on_paper(ink), ink)


@pytest.mark.parametrize("digit", APART)
def test_the_parts_of_a_digit_are_put_together(digit):
    ink = cover(SIZE, (APART[digit], 110, 50, 120))
    assert cv2.connectedComponents((ink > 0.1).astype(np.uint8))[0] == 3  # with the paper
    assert_finds(on_paper(ink), ink)


@pytest.mark.parametrize(
    "line", [[5, 3], [1, 1, 1], [2, 0, 4, 7, 8], [3, "5, its bar apart", 1, "5, its bar apart", 7]]
)
@pytest.mark.parametrize("dark", [False, True])
def test_digits_are_found_left_to_right_with_their_boxes(line, dark):
    rng, left, placed = np.random.default_rng(0), 30.0, []
    for digit in line:
        strokes = (STROKES | APART)[digit]
        height = rng.uniform(62, 78)
        placed.append((strokes, left, rng.uniform(60, 75), height))
        left = box(cover((1000, 200), placed[-1]))[2] + 0.25 * height
    size = int(left) + 20, 200
    colours = [(230, 230, 225), (44, 60, 52)] if dark else [INK, PAPER]
    found = find_digits(on_paper(cover(size, *placed), *colours))
    assert len(found) == len(line)
    for digit, one in zip(found, placed, strict=True):
        ink = cover(size, one)
        assert np.abs(np.subtract(digit.box, box(ink))).max() <= 4
        assert difference(digit.image, as_mnist(ink)) < 1.5 * NEAR


@pytest.mark.parametrize(
    ("strokes", "top", "height", "pen"),
    [([[(0, 0), (0, 1)]], 136, 14, 0.8), ([[(0.4, 0), (0, 1)]], 142, 20, 0.4), ([[(0, 0), (20, 0)]], 100, 9, 0.9)],
    ids=["dot", "comma", "dash"],
)
def test_a_small_mark_between_digits_is_dropped(strokes, top, height, pen):
    """Lower than a quarter of the digits, and a quarter of their height away."""
    places = (STROKES[3], 40, 60, 90), (STROKES[5], 172, 60, 90)
    digits = [cover(SIZE, place) for place in places]
    mark = cover(SIZE, (strokes, box(digits[0])[2] + 24, top, height), pen=pen)
    assert 90 < (mark > 0.5).sum() < 400 and box(digits[1])[0] - box(mark)[2] > 22
    found = find_digits(on_paper(np.max([*digits, mark], axis=0)))
    assert len(found) == 2
    for digit, ink in zip(found, digits, strict=True):
        assert difference(digit.image, as_mnist(ink)) < NEAR and np.abs(np.subtract(digit.box, box(ink))).max() <= 2


def test_of_several_digits_find_digit_takes_one_of_them():
    ink = cover(SIZE, (STROKES[3], 40, 60, 90), (STROKES[5], 190, 60, 90))
    digit, found = find_digit(on_paper(ink)), find_digits(on_paper(ink))
    assert digit.box in [one.box for one in found] and len(found) == 2


def part(left, top, right, bottom, score=1.0, label=1):
    return Part(label, left, top, right, bottom, score, True)


def test_groups_of_parts():
    tall, far = part(10, 10, 60, 110), part(90, 10, 140, 110)
    assert group_parts([far, tall]) == [[tall], [far]]
    bar = part(55, 8, 85, 20)
    assert group_parts([far, bar, tall]) == [[tall, bar], [far]]  # small, and nearer to the first
    dot, faint = part(175, 100, 185, 110), part(200, 10, 250, 110, score=0.1)
    assert group_parts([faint, tall, dot, far]) == [[tall], [far]]
    left, right = part(10, 10, 60, 75), part(55, 14, 80, 110)
    assert group_parts([left, right]) == [[right, left]]  # a 4 in two strokes
    assert len(group_parts([part(10, 14, 35, 110), part(30, 10, 80, 75)])) == 2
    upper, lower = part(10, 10, 60, 60), part(12, 66, 58, 110)
    assert group_parts([upper, lower]) == [[upper, lower]]
    assert group_parts([upper, part(90, 66, 140, 116)]) == [[upper], [part(90, 66, 140, 116)]]  # beside each other
