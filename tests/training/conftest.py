"""What the tests of training share: two runs, of which one goes on as the other did."""

import shutil

import pytest


@pytest.fixture(scope="session")
def kept(tmp_path_factory):
    """A folder for runs that are trained once, and copied."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def three(run, home, kept):
    """A run of three epochs in home/three, and one of five in home/five that was never interrupted."""
    for name, epochs in (("three", 3), ("five", 5)):
        if not (kept / name).exists():
            run("--hidden", 20, "--epochs", epochs, "--run_dir", kept / name)
        shutil.copytree(kept / name, home / name)
    return home
