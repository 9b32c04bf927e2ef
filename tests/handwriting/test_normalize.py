"""Digits are normalized as MNIST's were."""

import itertools

import cv2
import numpy as np
import pytest
from PIL import Image

from digits import mnist
from digits.handwriting.normalize import (
    BOX,
    FINE,
    NEAR,
    REST,
    SLANT,
    STROKE,
    centre_of_mass,
    deslanting,
    normalize,
    normalize_stroke_width,
)
from tests.support.pens import STROKES, box, cover


def test_a_digit_has_a_box_of_20_pixels_and_a_centred_centre_of_mass():
    for strokes, height in itertools.product(STROKES.values(), (15, 40, 100, 333)):
        drawn = normalize(cover((400, 400), (strokes, 30, 10, height)))
        assert drawn.shape == (28, 28) and drawn.dtype == np.float32 and drawn.min() >= 0 and drawn.max() <= 1
        x, y = centre_of_mass(drawn)
        assert max(abs(x - 14.5), abs(y - 14.5)) < 0.5
        for (left, top, right, bottom), least in ((box(drawn), BOX - 1), (Image.fromarray(drawn > 0).getbbox(), 0)):
            assert least <= max(right - left, bottom - top) <= BOX + 1


@pytest.mark.mnist
def test_enlarged_and_normalized_mnist_images_are_nearly_the_originals(mnist_dir):
    """The nearest of all validation images shows the same digit, and is often the original."""
    images, labels = (tensor[50_000:].numpy() for tensor in mnist.load(mnist_dir, train=True))
    images = images.reshape(-1, 784) / np.float32(255)
    large = (cv2.resize(image.reshape(28, 28), (140, 140), interpolation=cv2.INTER_CUBIC) for image in images[:200])
    normalized = np.stack([normalize(image.clip(0, 1)).ravel() for image in large])
    assert np.abs(normalized - images[:200]).mean() < 0.05
    squares = (images**2).sum(1) - 2 * normalized @ images.T  # squared distances, up to a constant
    nearest = squares.argmin(axis=1)
    assert (nearest == np.arange(200)).mean() > 0.5 and (labels[nearest] == labels[:200]).mean() > 0.95


@pytest.mark.parametrize("angle", [0, 8])
@pytest.mark.parametrize("pen", [0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4])
def test_strokes_are_brought_to_mnists_width(pen, angle):
    """At least half of the error in the width is corrected, up to a pixel of the finer drawing on each side."""
    line = [[(0, 0), (-np.tan(np.radians(angle)), 1)]]

    def width(drawn):
        middle = len(drawn) // 2
        return drawn[middle - 2 : middle + 2].sum() / 4 * np.cos(np.radians(angle))

    before = BOX * pen
    within = min(max(before, STROKE[0]), STROKE[1])
    after = width(normalize_stroke_width(cover((200, 160), (line, 60, 40, BOX * FINE), pen=pen) > 0.5)) / FINE
    normalized = width(normalize(cover((400, 400), (line, 100, 50, 300), pen=pen)))  # scaled to the box once more
    assert abs(after - within) <= abs(before - within) / 2 + 2 / FINE
    assert abs(normalized - within) <= abs(before - within) / 2 + 2 / FINE
    if before == within:
        assert abs(after - before) < 0.5 / FINE + 0.05 and abs(normalized - before) < 1 / FINE


@pytest.mark.parametrize("shear", [-0.8, -0.4, -0.2, -0.1, 0.1, 0.4, 0.8])
def test_slanted_digits_are_deslanted(shear):
    def slant(image):
        x, y = centre_of_mass(image)
        down, across = (np.arange(n) + 0.5 - c for n, c in zip(image.shape, (y, x), strict=True))
        return (image * np.outer(down, across)).sum() / (image.sum(1) * down**2).sum()

    strokes = [[(x + shear * y, y) for x, y in stroke] for stroke in STROKES[0]]
    ink = cover((500, 400), (strokes, 150, 100, 150))
    upright = cv2.warpAffine(ink, deslanting(ink), ink.shape[::-1])
    before, after = slant(ink), slant(upright)
    assert np.sign(before) == np.sign(shear) and upright.sum() == pytest.approx(ink.sum(), rel=0.01)
    assert after == pytest.approx(min(max(before, SLANT[0]), SLANT[1]), abs=0.01)
    assert slant(normalize(ink)) == pytest.approx(after, abs=0.04)


@pytest.mark.parametrize("height", [18, 60, 240])
@pytest.mark.parametrize("shear", [-0.7, 0, 0.5])
def test_the_rest_of_the_strokes_is_drawn_in_grey_beside_a_digit(height, shear):
    """A 0 is cut in half. The context does not change its left half, and continues it on the right for NEAR pixels."""
    ring = [[(0.35 + 0.35 * np.cos(a) + shear * np.sin(a) / 2, 0.5 + 0.5 * np.sin(a)) for a in np.linspace(0, 7, 60)]]
    whole = cover((700, 400), (ring, 300, 60, height), pen=0.15)
    middle = 300 + 0.35 * height + shear * (np.arange(400)[:, None] - 60 - height / 2)
    left = np.arange(700) < middle
    alone = normalize(whole * left)
    both = normalize(whole * left, (whole > 0.5) & ~left)
    assert np.array_equal(both[alone > 0.99], alone[alone > 0.99]) and (both >= alone).all()
    grey = (both > REST - 0.1) & (both < REST + 0.1) & (alone < 0.05)
    assert grey.sum() > 12 and both[alone < 0.01].max() <= REST + 1e-6
    columns, own = np.nonzero(grey.any(0))[0], np.nonzero((alone > 0.5).any(0))[0]
    assert own.min() + 2 < columns.min() and columns.max() <= own.max() + NEAR + 1
    ends = [np.nonzero(column > 0.4)[0] for column in (both[:, own.max()], both[:, own.max() + 2])]
    assert abs(ends[0].min() - ends[1].min()) <= 2 and abs(ends[0].max() - ends[1].max()) <= 2  # one smooth curve


@pytest.mark.parametrize(
    "strokes",
    [np.pad(np.full((25, 3), 0.01), 20), np.ones((1, 1)), np.ones((1, 3000)), np.indices((40, 40)).sum(axis=0) % 2],
    ids=["faint", "pixel", "row", "chessboard"],
)
def test_anything_can_be_normalized(strokes):
    drawn = normalize(np.float32(strokes))
    assert drawn.shape == (28, 28) and np.isfinite(drawn).all() and drawn.min() >= 0 and 0.3 < drawn.max() <= 1
