"""The pen draws figures through their points, in many hands, normalized like MNIST's digits."""

import cv2
import numpy as np
import pytest
import torch

from digits.augment import pen
from digits.augment.allographs import ATLAS
from digits.handwriting.normalize import SLANT, bounds, centre_of_mass

FIGURES = [figure for figures in ATLAS.values() for figure in figures]
STEADY = {"SHAKE": (0.0, 0.0), "WIDER": 0.0, "HAND_SLANT": (0.0, 0.0), "WIDTH": (3.0, 3.0)}  # a hand without randomness


def drawn(figure, count=30):
    """Return drawings (count, 28, 28) float32 0..1 of a figure."""
    chosen = torch.zeros(count, dtype=torch.int64)
    return pen.draw(pen.parse((figure,)), chosen, torch.Generator().manual_seed(0)).numpy() / np.float32(255)


@pytest.mark.parametrize("figure", FIGURES)
def test_figures_are_normalized_like_mnist_and_every_drawing_is_different(figure):
    images = drawn(figure)
    for image in images:
        left, top, right, bottom = bounds(image > 0.4)
        assert 19 <= max(right - left, bottom - top) <= 21
        assert centre_of_mass(image) == pytest.approx((14.5, 14.5), abs=0.4)  # MNIST itself: 0.6
        moments = cv2.moments(image)
        assert SLANT[0] - 0.25 < moments["mu11"] / moments["mu02"] < SLANT[1] + 0.25
    assert np.mean([centre_of_mass(image) for image in images], 0) == pytest.approx((14.5, 14.5), abs=0.15)
    assert len(np.unique(images, axis=0)) == len(images)


@pytest.mark.parametrize(
    "figure", ["0,0 0,50 0,100 | 0,100 60,100", "0,0 0,100 | 60,0 60,100 | 0,40 60,40", "0,50 50,0 50,100"]
)
def test_a_steady_hand_draws_strokes_through_all_points(figure, monkeypatch):
    for name, value in (STEADY | {"SLANT": (-9.0, 9.0)}).items():
        monkeypatch.setattr(pen, name, value)
    points = np.array([[float(n) for n in point.split(",")] for point in figure.replace("|", "").split()])
    for image in drawn(figure):
        left, top, right, bottom = bounds(image > 0.4)
        width = 2 * cv2.distanceTransform((image > 0.5).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE).max()
        x, y = (points * (bottom - top - width) / 100 + [left + width / 2, top + width / 2]).T.astype(int)
        assert (image[y, x] > 0.4).all()


@pytest.mark.parametrize("name", [None, *STEADY])
def test_hands_differ_in_each_property_at_random(name, monkeypatch):
    for limit, value in STEADY.items():
        if limit != name:
            monkeypatch.setattr(pen, limit, value)
    images = np.unique(drawn("0,0 60,0 | 60,0 60,100 | 0,100 0,0", 100), axis=0)
    assert len(images) == 1 if name is None else len(images) > 20
