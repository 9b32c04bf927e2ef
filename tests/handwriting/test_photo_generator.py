"""The photos that the tests make of MNIST's digits are what they say: so that reading them says something."""

import numpy as np
import pytest
from PIL import Image

from digits import mnist
from tests.support import outlines, photos
from tests.support.small_mnist import DATA


@pytest.fixture(scope="module")
def digits():
    mnist.fetch(DATA)
    return mnist.load(DATA, train=False)[0][:300].numpy()


pytestmark = pytest.mark.mnist


@pytest.mark.parametrize("hard", [False, True])
def test_the_same_seed_gives_the_same_pixels_and_another_seed_another_photo(digits, hard):
    one, same, other = (photos.photo(digits[0], np.random.default_rng(seed), hard) for seed in (4, 4, 5))
    assert one.mode == same.mode and one.size == same.size and one.tobytes() == same.tobytes()
    assert one.size != other.size or one.tobytes() != other.tobytes()


def test_sizes_modes_and_dark_backgrounds_vary(digits):
    images = [photos.photo(digit, np.random.default_rng(seed)) for seed, digit in enumerate(digits[:50])]
    assert {image.mode for image in images} == {"RGB", "L", "P", "RGBA", "1"}
    shorter = [min(image.size) for image in images]
    assert min(shorter) >= 28 and min(shorter) < 60 and max(shorter) > 500
    assert max(max(image.size) for image in images) <= 1200
    assert any(image.width > image.height for image in images) and any(image.width < image.height for image in images)
    dark = np.mean([np.median(image.convert("L")) < 100 for image in images if image.mode != "RGBA"])
    assert 0.1 < dark < 0.35


@pytest.mark.parametrize("width", [0.45, 1.6])
def test_a_pen_breaks_no_stroke_and_fills_no_loop(digits, width, monkeypatch):
    monkeypatch.setattr(outlines, "unjoin_five", lambda mask, rng: mask)
    for digit in digits[:30]:
        mask, field = outlines.ink(digit), outlines.outline(digit, width, np.random.default_rng(0))
        assert outlines.euler(field > 0) == outlines.euler(mask)
        assert (field > 0)[outlines.skeleton(mask)].mean() > 0.9


@pytest.mark.parametrize("hard", [False, True])
def test_boxes_enclose_the_ink_of_a_line(digits, hard, monkeypatch):
    covers = []
    monkeypatch.setattr(photos, "shoot", lambda cover, *_: covers.append(cover) or Image.new("1", (1, 1)))
    for seed in range(6):
        chosen = list(digits[7 * seed :][: 3 + seed % 5])
        _, boxes = photos.line(chosen, np.random.default_rng(seed), hard)
        ink, height = covers[-1] > 0.2, np.mean([bottom - top for _, top, _, bottom in boxes])
        assert len(boxes) == len(chosen) and 190 <= ink.shape[1] <= 1600
        for left, top, right, bottom in boxes:
            part = ink[top:bottom, left:right]
            assert part[0].any() and part[-1].any() and part[:, 0].any() and part[:, -1].any()
            ink[top:bottom, left:right] = False
        assert not ink.any()
        assert all(b[0] - a[2] > 0.06 * height for a, b in zip(boxes, boxes[1:], strict=False))
