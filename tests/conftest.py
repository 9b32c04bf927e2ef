"""What every test may ask for: a small MNIST, the real one, a trained network, a verb to run."""

import hashlib
import os
import shutil
import signal
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")  # of torch, also in processes to come; other cores run other tests

import pytest

from digits import mnist
from digits.__main__ import main
from digits.kernels import stacks
from digits.kernels.stacks import StackedClassifier, StackedMNIST
from tests.support.shared import shared
from tests.support.small_mnist import DATA, use, write_mnist
from tests.support.systems import POSIX
from tests.support.training import quick_trainer

collect_ignore = [] if POSIX else ["campaigns"]  # which fork
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell has ignored in what it runs in the background


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """A data_dir with the small files, and their checksums; not to be written to."""
    folder = shared(tmp_path_factory, "small", lambda path: write_mnist(path / "MNIST" / "raw"))
    files = (folder / "MNIST" / "raw").glob("*-ubyte")
    return folder, {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def data_dir(small, monkeypatch):
    """A data_dir with the small files, which `digits` takes for MNIST while the test runs."""
    folder, checksums = small
    use(monkeypatch, checksums)
    return folder


@pytest.fixture
def set_up(data_dir, monkeypatch):
    """Make a data module of seed 5, in stacks of three mini-batches of 64."""
    monkeypatch.setattr(stacks, "STACK", 200)

    def set_up(**settings):
        module = StackedMNIST(data_dir, batch_size=64, seed=5, **settings)
        module.prepare_data()
        module.setup("fit")
        return module

    return set_up


@pytest.fixture
def good(data_dir):
    """The folder of the good files; not to be written to."""
    return data_dir / "MNIST" / "raw"


@pytest.fixture
def raw(good, tmp_path):
    """The folder of a data_dir of this test's own, with copies of the good files."""
    return shutil.copytree(good, tmp_path / "data" / "MNIST" / "raw")


@pytest.fixture
def mnist_dir():
    """A data_dir with the real files."""
    mnist.fetch(DATA)
    return DATA


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """The checkpoint of a 784-100-10 that has seen MNIST for six epochs."""

    def make(path):
        mnist.fetch(DATA)
        trainer = quick_trainer(max_epochs=6, limit_val_batches=0)
        trainer.fit(StackedClassifier([100]), StackedMNIST(DATA))
        trainer.save_checkpoint(path)

    return shared(tmp_path_factory, "trained.ckpt", make)


@pytest.fixture
def without():
    """Let a package be imported again, as if others were not installed. A new process would import torch once more."""
    before = dict(sys.modules)

    def restore():
        for name, module in [*sys.modules.items()]:
            if name not in before and (module is None or name.startswith("digits")):
                del sys.modules[name]
        sys.modules.update(before)

    def without(package, *others):
        restore()
        for name in before:
            if f"{name}.".startswith(tuple(f"{other}." for other in (package, *others))):
                del sys.modules[name]
        sys.modules.update(dict.fromkeys(others))

    yield without
    restore()


@pytest.fixture
def verb(capsys):
    """Run `python -m digits` in this process; returns its code, output and errors, which do not name the network."""

    def run(*words):
        code = 0
        try:
            main([str(word) for word in words])
        except SystemExit as stop:
            code = stop.code
        out, err = capsys.readouterr()
        return code, out, [line for line in err.splitlines() if not line.startswith(("network: ", "read by "))]

    return run


@pytest.fixture
def home(data_dir, tmp_path, monkeypatch):
    """An empty working directory."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    return home


@pytest.fixture
def run(data_dir, home, capsys):
    """Run train.py with the given arguments; returns what it printed."""

    def run(*args, data_dir=data_dir):
        if "--resume" in args:  # of one second, TensorBoard would read the tenth file of this process before the ninth
            time.sleep(1 - time.time() % 1)
        main(["train", *map(str, args), "--data_dir", str(data_dir)])
        return capsys.readouterr().out

    return run


@pytest.fixture
def refused(data_dir, home, verb):
    """Run train.py with words that it refuses; returns the line that says why."""

    def refused(*words):
        code, _, [line] = verb("train", "--data_dir", data_dir, *words)
        assert code == 2 and line.startswith("digits train: error: ")
        return line

    return refused


@pytest.fixture
def sweep(data_dir, home, capsys):
    """Run a sweep with the given arguments; returns what it printed."""

    def sweep(*args):
        main(["sweep", *map(str, args), "--data_dir", str(data_dir)])
        return capsys.readouterr().out

    return sweep
