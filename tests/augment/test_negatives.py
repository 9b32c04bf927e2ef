"""Images without a digit: repeatable, drawn as MNIST draws, made of digits' parts, and learned to be no digit."""

import pytest
import torch

from digits.augment.negatives import Negatives, negative_examples
from digits.augment.neighbours import REST
from digits.data import MNISTDataModule
from digits.handwriting.normalize import bounds, centre_of_mass
from digits.model import DigitClassifier
from tests.support.training import quick_trainer


def rings(count=60):
    """Rings (28, 28) uint8 of 20 pixels across, strokes 4 wide, with each of the ten labels."""
    row, column = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    distance = ((row - 13.5) ** 2 + (column - 13.5) ** 2).sqrt()
    ring = (255 * ((distance > 6) & (distance < 10))).to(torch.uint8)
    return ring.expand(count, -1, -1), torch.arange(count) % 10


def make():
    return Negatives(*rings(), torch.Generator().manual_seed(0))


@pytest.mark.parametrize("count", [0, 1, 13])
def test_any_number_of_them_from_one_digit(count):
    assert negative_examples(*rings(1), count, 0, 0).shape == (count, 28, 28)


def test_drawn_as_mnist_draws():
    made = [image for image in negative_examples(*rings(), 500, 0, 0).numpy() / 255 if image.max() > 0.5]
    assert len(made) > 490  # a blot may be fainter, or nothing
    sides, middles = [], []
    for image in made:
        left, top, right, bottom = bounds(image > REST + 0.02)
        sides.append(16 <= max(right - left, bottom - top) <= 22)
        middles.append(centre_of_mass(image * (image > REST + 0.02)) == pytest.approx((14.5, 14.5), abs=1))
    assert sum(sides) > 0.95 * len(made) and sum(middles) > 0.95 * len(made)


def test_a_segment_has_the_rest_of_what_it_is_cut_from_faintly_beside_it():
    made = make().segments(60).numpy() / 255
    own, faint = (made > 0.9).sum((1, 2)), (abs(made - REST) < 0.05).sum((1, 2))
    assert (own > 10).mean() > 0.9 and (faint > 5).mean() > 0.9


def test_a_one_is_whole_beside_a_digit_on_either_side():
    (images, labels), sides = rings(), []
    images = images // 2  # the 1 is brighter
    images[labels == 1] = 0
    images[labels == 1, 4:24, 13:16] = 255
    made = Negatives(images, labels, torch.Generator().manual_seed(0)).swallowed(200)
    for image in made[100:].numpy() / 255:  # those before are cut from a third digit, and may lose some
        left, top, right, bottom = bounds(image > 0.7)
        assert right - left < 12 and bottom - top > 12
        if right - left < 5:  # it is not beside another 1
            sides.append((left + right) / 2 - centre_of_mass(image > 0.1)[0])
    assert len(sides) > 60 and min(sides) < -2 and max(sides) > 2


def test_lying_digits_are_the_digits_turned():
    upright = torch.zeros(1, 28, 28, dtype=torch.uint8)
    upright[0, 4:24, 13:16] = 255
    for image in Negatives(upright, torch.tensor([1]), torch.Generator()).lying(20).numpy():
        left, top, right, bottom = bounds(image > 128)
        assert right - left >= 19 and bottom - top <= 5


def test_a_0_does_not_lie():
    """On its side it would still be a 0."""
    images, labels = rings(100)
    images = images.clone()
    images[labels > 0, :, :11] = images[labels > 0, :, 17:] = 0  # all but the 0 are thin
    lying = Negatives(images, labels, torch.Generator().manual_seed(0)).lying(200) > 127
    assert (lying.any(2).sum(1) < 15).all()


def test_outputs_stay_low_where_no_digit_is(data_dir):
    high = []
    for handwriting in (False, True):
        model, module = DigitClassifier([30]), MNISTDataModule(data_dir, batch_size=10, seed=5, handwriting=handwriting)
        quick_trainer(max_epochs=5).fit(model, module)
        digits = model.predict(module.validation[0])[1].amax(1)
        assert (digits > 0.5).double().mean() > 0.8
        made = negative_examples(*module.training, 200, 1, 0)
        high.append((model.predict(made)[1].amax(1) > 0.5).double().mean().item())
    assert high[1] < 0.5 * high[0]
