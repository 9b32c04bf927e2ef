"""Digits that are cut from a neighbour lose little, keep little of the neighbour, and are normalized like MNIST."""

import cv2
import numpy as np
import pytest
import torch

from digits.augment import neighbours
from digits.handwriting.normalize import bounds, centre_of_mass


def digits(count):
    """Return images (count, 28, 28) uint8 of a 7 of straight strokes, 20 pixels high, every second upside down."""
    image = np.zeros((28, 28), np.uint8)
    cv2.polylines(image, [np.array([(8, 5), (20, 5), (13, 23)])], False, 255, 2, cv2.LINE_AA)
    seven = torch.from_numpy(image)
    return torch.stack([seven, seven.rot90(2)] * (count // 2))


def all_cut():
    """Return 600 of these digits (600, 28, 28) float 0..1, all cut from the digit before."""
    pixels = digits(600) / 255
    return neighbours.cut(pixels, pixels.roll(1, 0), torch.Generator().manual_seed(0)).numpy() / 255


def test_cut_digits_are_normalized_like_mnist_and_keep_most_of_their_strokes(monkeypatch):
    monkeypatch.setattr(neighbours, "STRETCH", 0.0)
    before, after = digits(600).numpy() / 255, all_cut()
    for image in after:
        left, top, right, bottom = bounds(image > neighbours.REST + 0.1)
        assert 17 <= max(right - left, bottom - top) <= 21  # where a neighbour is cut, the edge is soft
        assert centre_of_mass(image * (image > neighbours.REST + 0.1)) == pytest.approx((14.5, 14.5), abs=1)
    own = after * (after > neighbours.REST + 0.1)
    ink = own.sum((1, 2)) / before.sum((1, 2))
    parts = np.array([cv2.connectedComponents((image > 0).astype(np.uint8))[0] - 1 for image in own])
    assert ink.min() > 0.5 and (ink < 0.9).mean() > 0.1 and (parts > 1).mean() > 0.1


def test_a_1_is_never_left_whole_beside_a_digit():
    rings, ones = torch.zeros(2, 400, 28, 28)
    rings[:, 4:24, 4:24], rings[:, 8:20, 8:20], ones[:, 4:24, 12:14] = 0.5, 0, 1  # the 1s are brighter
    left = (neighbours.cut(rings, ones, torch.Generator().manual_seed(0)) > 180).sum((1, 2)) / ones[0].sum()
    assert 0 < left.max() < 0.7


def test_the_rest_of_the_strokes_is_drawn_in_grey_beside_cut_digits():
    images = all_cut()
    grey = abs(images - neighbours.REST) < 0.02
    assert (grey.sum((1, 2)) > 6).mean() > 0.9
    sides = []
    for image, rest in zip(images, grey, strict=True):
        left, _, right, _ = bounds(image > 0.3)
        first, _, last, _ = bounds(image > neighbours.REST + 0.1)
        assert max(first - left, right - last) <= neighbours.NEAR + 4  # the digit's own soft edge is in between
        if rest.sum() > 6:
            sides.append(centre_of_mass(rest)[0] - centre_of_mass(image > 0.9)[0])
    assert min(sides) < -2 and max(sides) > 2 and (np.abs(sides) > 2).mean() > 0.99
