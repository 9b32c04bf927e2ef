"""A short run of each table of the benchmarks, so that none breaks unnoticed."""

import importlib
import re

import pytest

from tests.support.small_mnist import DATA

pytestmark = [pytest.mark.nightly, pytest.mark.mnist]


@pytest.fixture
def short(mnist_dir, capfd, monkeypatch):
    """The rows of a benchmark's table, {first cell: the numbers in the others}."""

    def short(words):
        name, *options = words.split()
        monkeypatch.setattr("os.sched_setaffinity", lambda *_: None, raising=False)  # it would stay for other tests
        importlib.import_module(f"tools.benchmarks.{name}").main([*options, "--data_dir", str(DATA)])
        lines = [line.split("|")[1:-1] for line in capfd.readouterr().out.splitlines() if line.startswith("| ")]
        return {
            first.strip(): [float(re.search(r"nan|-?[\d.]+", cell)[0]) for cell in cells if cell.strip()]
            for first, *cells in lines[2:]
            if "---" not in first
        }

    return short


@pytest.mark.parametrize(
    "words, count, low, high",
    [
        ("speed process --hidden 12 --epochs 1 --rounds 1", 2, 1, 3_000),
        ("accuracy seeds --only hidden15 --seeds 2 --with=--epochs=1", 1, 80, 95),
        ("accuracy book --only overfitting.yaml --seeds 1 --with=--epochs=10", 1, 60, 90),
        ("accuracy sizes --only 500 1000 --seeds 1 --with=--epochs=5", 2, 20, 95),
        ("accuracy baselines --images 500", 1, 22.25, 90),
        ("accuracy bits", 10, 90, 100),
        ("gpu crossover --device cpu --hidden 12 --images 500", 2, 0, 100_000),
        ("seconds --targets 97 --seeds 1 --cores 1", 1, 0.2, 300),
    ],
)
def test_plausible_figures(words, count, low, high, short):
    rows = short(words)
    assert len(rows) >= count  # more where JAX or scikit-learn is installed
    assert all(low <= number <= high for cells in rows.values() for number in cells), rows


def test_every_peer_learns(short):
    rows = short("speed --hidden 12 --epochs 1 --peers ours pytorch jax")
    assert len(rows) >= 2
    assert all(0 < seconds < 100 and 70 < accuracy < 96 for seconds, _, accuracy in rows.values()), rows
