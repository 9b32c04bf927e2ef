"""Digits cut from a neighbour: which images, how much is lost or left over, and that they are drawn as MNIST draws."""

import cv2
import numpy as np
import pytest
import torch

from digits.augment import neighbours
from digits.handwriting.normalize import bounds, centre_of_mass


def digits(count):
    """Images (count, 28, 28) uint8 of a seven and, in turn, an upside-down one, of straight strokes, 20 pixels high."""
    image = np.zeros((28, 28), np.uint8)
    cv2.polylines(image, [np.array([(8, 5), (20, 5), (13, 23)])], False, 255, 2, cv2.LINE_AA)
    seven = torch.from_numpy(image)
    return torch.stack([seven, seven.rot90(2)] * (count // 2))


def all_cut():
    """These digits, each cut from the next one: (600, 28, 28) float 0..1."""
    pixels = digits(600) / 255
    return neighbours.cut(pixels, pixels.roll(1, 0), torch.Generator().manual_seed(0)).numpy() / 255


def test_a_share_of_the_images_is_cut_and_the_others_stay():
    changed = (neighbours.with_neighbours(digits(4000), 1, 2) != digits(4000)).flatten(1).any(1)
    assert changed.double().mean().item() == pytest.approx(neighbours.SHARE, abs=0.03)  # four standard errors


def test_cut_digits_are_drawn_as_mnist_draws_and_most_of_them_is_left(monkeypatch):
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


def test_a_narrow_neighbour_is_never_left_whole():
    """Beside a digit a whole 1 is one of two digits, and no remains."""
    ring, one = torch.zeros(2, 400, 28, 28)
    ring[:, 4:24, 4:24], ring[:, 8:20, 8:20], one[:, 4:24, 12:14] = 0.5, 0, 1  # the 1 is brighter
    left = (neighbours.cut(ring, one, torch.Generator().manual_seed(0)) > 180).sum((1, 2)) / one[0].sum()
    assert 0 < left.max() < 0.7


def test_what_they_are_cut_from_is_drawn_faintly_beside_them_as_a_reader_draws_it():
    images = all_cut()
    faint = abs(images - neighbours.REST) < 0.02
    assert (faint.sum((1, 2)) > 6).mean() > 0.9
    sides = []
    for image, rest in zip(images, faint, strict=True):
        left, _, right, _ = bounds(image > 0.3)
        first, _, last, _ = bounds(image > neighbours.REST + 0.1)
        assert max(first - left, right - last) <= neighbours.NEAR + 4  # its own soft edge is in between
        if rest.sum() > 6:
            sides.append(centre_of_mass(rest)[0] - centre_of_mass(image > 0.9)[0])
    assert min(sides) < -2 and max(sides) > 2 and (np.abs(sides) > 2).mean() > 0.99
