"""The photos that the tests make of MNIST's digits are what they say: so that reading them says something."""

import numpy as np
import pytest

from digits import mnist
from tests.support import outlines, photos

pytestmark = pytest.mark.mnist


@pytest.fixture
def digits(mnist_dir):
    return mnist.load(mnist_dir, train=False)[0][:50].numpy()


def test_sizes_modes_and_dark_backgrounds_vary(digits):
    images = [photos.photo(digit, np.random.default_rng(seed)) for seed, digit in enumerate(digits)]
    assert {image.mode for image in images} == {"RGB", "L", "P", "RGBA", "1"}
    shorter = [min(image.size) for image in images]
    assert 28 <= min(shorter) < 60 and max(shorter) > 500 and max(max(image.size) for image in images) <= 1200
    assert any(image.width > image.height for image in images) and any(image.width < image.height for image in images)
    dark = np.mean([np.median(image.convert("L")) < 100 for image in images if image.mode != "RGBA"])
    assert 0.1 < dark < 0.35


@pytest.mark.parametrize("width", [0.45, 1.6])
def test_a_pen_breaks_no_stroke_and_fills_no_loop(digits, width):
    for digit in digits[:30]:
        mask, field = outlines.ink(digit), outlines.outline(digit, width, np.random.default_rng(0))
        assert outlines.euler(field > 0) == outlines.euler(mask)
        assert (field > 0)[outlines.skeleton(mask)].mean() > 0.9
