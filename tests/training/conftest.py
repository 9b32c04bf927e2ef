"""What the tests of training share: two runs, of which one goes on as the other did."""

import shutil
from contextlib import contextmanager
from functools import partial

import pytest
import torch

from tests.support.shared import shared


@pytest.fixture
def three(run, home, tmp_path_factory):
    """A run of three epochs in home/three, and one of five in home/five that was never interrupted."""
    for name, epochs in (("three", 3), ("five", 5)):
        made = shared(tmp_path_factory, name, partial(run, "--hidden", 20, "--epochs", epochs, "--run_dir"))
        shutil.copytree(made, home / name)
    return home


@contextmanager
def edited(path):
    """The content of a checkpoint, which goes back into the file as it is then."""
    content = torch.load(path, weights_only=True)
    yield content
    torch.save(content, path)
