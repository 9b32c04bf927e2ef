"""How well a network that was trained on MNIST alone reads photos of digits it has not seen."""

import numpy as np
import pytest

from digits import mnist
from digits.model import DigitClassifier
from tests.support.photos import line, photo
from tests.support.readings import read_lines, read_naively, read_photos
from tests.support.tiers import nightly, slow

pytestmark = pytest.mark.mnist


@pytest.fixture
def test_digits(mnist_dir):
    images, labels = mnist.load(mnist_dir, train=False)
    return images.numpy(), labels.numpy()


@pytest.fixture
def model(trained):
    return DigitClassifier.load_from_checkpoint(trained)


@pytest.mark.parametrize(("hard", "least"), [slow(False, 0.93), nightly(True, 0.82)])
def test_photos_are_read_but_not_if_they_are_only_shrunk(hard, least, model, test_digits):
    images, labels = test_digits
    rng = np.random.default_rng([17, hard])
    chosen = rng.choice(len(images), 150, replace=False)
    pictures = [photo(images[i], rng, hard) for i in chosen]
    assert (read_photos(model, pictures) == labels[chosen]).mean() >= least
    assert (read_naively(model, pictures) == labels[chosen]).mean() <= 0.30


@pytest.mark.nightly
def test_lines_are_read_whole(model, test_digits):
    images, labels = test_digits
    rng, pictures, wanted = np.random.default_rng(18), [], []
    for _ in range(50):
        chosen = rng.choice(len(images), rng.integers(3, 8), replace=False)
        pictures.append(line(list(images[chosen]), rng))
        wanted.append(labels[chosen].tolist())
    assert np.mean([one == other for one, other in zip(read_lines(model, pictures), wanted, strict=True)]) >= 0.7
