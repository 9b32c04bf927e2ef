"""The pages that a user would photograph are the same for the same seed, and others for another."""

import numpy as np
import pytest

from digits import mnist
from tests.support.written_pages import pages

pytestmark = [pytest.mark.mnist, pytest.mark.nightly]


def test_each_page_is_a_picture_of_its_seed(mnist_dir):
    images, labels = (tensor.numpy() for tensor in mnist.load(mnist_dir, train=False))
    made, again, other = (list(pages(images, labels, seed)) for seed in (7, 7, 8))
    assert len({name for name, _, _ in made}) == 12
    for (name, photo, wanted), (_, same, still), (_, another, _) in zip(made, again, other, strict=True):
        assert min(photo.size) >= 900 and np.ptp(photo) > 20, name
        assert wanted == still and np.array_equal(photo, same), name
        assert not np.array_equal(photo, another), name
