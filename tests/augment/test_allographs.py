"""The atlas of allographs: which images are replaced, and that every way to write a digit is drawn as MNIST draws."""

import cv2
import numpy as np
import pytest
import torch

from digits.augment import allographs, pen
from digits.augment.allographs import ATLAS
from digits.handwriting.normalize import bounds, centre_of_mass

WAYS = [(digit, way) for digit, ways in ATLAS.items() for way in ways]


def drawn(way, count=30):
    """Drawings (count, 28, 28) uint8 of one line of the atlas."""
    return pen.draw(pen.parse((way,)), torch.zeros(count, dtype=torch.int64), torch.Generator().manual_seed(0))


def test_a_share_of_the_images_is_replaced_and_the_others_stay():
    images, labels = torch.full((4000, 28, 28), 128, dtype=torch.uint8), torch.arange(4000) % 10
    changed = (allographs.with_allographs(images, labels, 1, 2) != images).double().mean((1, 2))
    assert changed[changed > 0].min() > 0.95  # whole images
    assert (changed > 0).double().mean().item() == pytest.approx(allographs.SHARE, abs=0.03)  # four standard errors


def test_a_line_that_is_added_is_drawn_for_its_digit(monkeypatch):
    monkeypatch.setattr(allographs, "ATLAS", {digit: ["0,0 30,100"] for digit in range(10)})
    allographs.ATLAS[7].append("0,0 100,0")
    labels = torch.arange(4000) % 10
    images = allographs.with_allographs(torch.zeros(4000, 28, 28, dtype=torch.uint8), labels, 0, 0) > 128
    level = images.any(1).sum(1) > 1.5 * images.any(2).sum(1)
    assert level[labels == 7].double().mean().item() == pytest.approx(allographs.SHARE / 2, abs=0.07)
    assert not level[labels != 7].any()


@pytest.mark.parametrize("digit, way", WAYS)
def test_every_way_is_drawn_as_mnist_draws(digit, way):
    images = drawn(way).numpy() / 255
    for image in images:
        left, top, right, bottom = bounds(image > 0.4)
        assert 19 <= max(right - left, bottom - top) <= 21
        assert centre_of_mass(image) == pytest.approx((14.5, 14.5), abs=1)
    assert len(np.unique(images, axis=0)) == len(images)


def test_strokes_meet_in_the_points_that_they_share():
    def parts(way):
        return [cv2.connectedComponents((image > 128).astype(np.uint8))[0] - 1 for image in drawn(way).numpy()]

    assert parts("0,0 50,0 | 50,0 20,100") == [1] * 30
    assert set(parts("0,0 50,0 | 50,60 20,150")) == {2}
