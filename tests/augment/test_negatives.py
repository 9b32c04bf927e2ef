"""Negative examples are normalized like MNIST, and a network learns that they are not digits."""

import pytest
import torch

from digits.augment.negatives import Negatives, negative_examples
from digits.augment.neighbours import REST
from digits.handwriting.normalize import bounds, centre_of_mass
from digits.kernels.stacks import StackedClassifier, StackedMNIST
from tests.support.training import quick_trainer


def rings(count=60):
    """Return rings (count, 28, 28) uint8, 20 pixels across with strokes 4 wide, and all ten labels in turn."""
    row, column = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    distance = ((row - 13.5) ** 2 + (column - 13.5) ** 2).sqrt()
    ring = (255 * ((distance > 6) & (distance < 10))).to(torch.uint8)
    return ring.expand(count, -1, -1), torch.arange(count) % 10


@pytest.mark.parametrize("count", [0, 1, 13])
def test_any_number_of_negative_examples_can_be_made_from_a_single_digit(count):
    assert negative_examples(*rings(1), count, 0, 0).shape == (count, 28, 28)


def test_negative_examples_are_normalized_like_mnist():
    made = [image for image in negative_examples(*rings(), 500, 0, 0).numpy() / 255 if image.max() > 0.5]
    assert len(made) > 490  # a few blots are faint or empty
    sides, middles = [], []
    for image in made:
        left, top, right, bottom = bounds(image > REST + 0.02)
        sides.append(16 <= max(right - left, bottom - top) <= 22)
        middles.append(centre_of_mass(image * (image > REST + 0.02)) == pytest.approx((14.5, 14.5), abs=1))
    assert sum(sides) > 0.95 * len(made) and sum(middles) > 0.95 * len(made)


def test_a_whole_1_can_be_on_either_side_of_a_digit():
    (images, labels), sides = rings(), []
    images = images // 2  # the 1 is brighter
    images[labels == 1] = 0
    images[labels == 1, 4:24, 13:16] = 255
    made = Negatives(images, labels, torch.Generator().manual_seed(0)).swallowed(200)
    for image in made[100:].numpy() / 255:  # the first half is cut from a third digit
        left, top, right, bottom = bounds(image > 0.7)
        assert right - left < 12 and bottom - top > 12
        if right - left < 5:  # not a 1 beside another 1
            sides.append((left + right) / 2 - centre_of_mass(image > 0.1)[0])
    assert len(sides) > 60 and min(sides) < -2 and max(sides) > 2


def test_digits_on_their_side_are_turned_by_90_degrees():
    upright = torch.zeros(1, 28, 28, dtype=torch.uint8)
    upright[0, 4:24, 13:16] = 255
    for image in Negatives(upright, torch.tensor([1]), torch.Generator()).lying(20).numpy():
        left, top, right, bottom = bounds(image > 128)
        assert right - left >= 19 and bottom - top <= 5


def test_a_network_that_learns_negative_examples_keeps_its_outputs_low_for_them(data_dir):
    high = []
    for handwriting in (False, True):
        model, module = StackedClassifier([30]), StackedMNIST(data_dir, batch_size=10, seed=5, handwriting=handwriting)
        quick_trainer(max_epochs=5).fit(model, module)
        digits = model.predict(module.validation[0])[1].amax(1)
        assert (digits > 0.5).double().mean() > 0.8
        made = negative_examples(*module.training, 200, 1, 0)
        high.append((model.predict(made)[1].amax(1) > 0.5).double().mean().item())
    assert high[1] < 0.5 * high[0]
