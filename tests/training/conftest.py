"""Fixtures for the tests of training: a short run, and a long run that continues it."""

import shutil
from contextlib import contextmanager
from functools import partial

import pytest
import torch

from tests.support.shared import shared


@pytest.fixture
def three(run, home, tmp_path_factory):
    """A run of three epochs in home/three, and an unbroken run of five in home/five."""
    for name, epochs in (("three", 3), ("five", 5)):
        folder = shared(tmp_path_factory, name, partial(run, "--hidden", 20, "--epochs", epochs, "--run_dir"))
        shutil.copytree(folder, home / name)
    return home


@contextmanager
def edited(path):
    """Yield the content of a checkpoint for editing, then save it."""
    content = torch.load(path, weights_only=True)
    yield content
    torch.save(content, path)
