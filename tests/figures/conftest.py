"""A finished run that the tests of the figures share."""

import pytest

from digits.kernels.stacks import StackedMNIST
from tests.support.fitted import fit
from tests.support.shared import shared
from tests.support.small_mnist import use

EPOCHS = 4


@pytest.fixture(scope="session")
def fitted(small, tmp_path_factory):
    """The folder of a run of four epochs on the small files; its 784-12-10 makes mistakes."""
    settings = ["--hidden", 12, "--epochs", EPOCHS, "--lr", 1, "--batch_size", 30, "--seed", 2]
    with pytest.MonkeyPatch.context() as patch:
        use(patch, small[1])
        return shared(tmp_path_factory, "fitted", lambda path: fit(path / "run", small[0], *settings)) / "run"


@pytest.fixture
def data(data_dir):
    """The images of that run."""
    module = StackedMNIST(data_dir, batch_size=30, seed=2)
    module.setup("test")
    return module
