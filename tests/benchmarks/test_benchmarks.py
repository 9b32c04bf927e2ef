"""A short run of each table of the benchmarks, so that none breaks unnoticed."""

import importlib
import re
from itertools import count as counting

import pytest
from PIL import Image

from tests.benchmarks import gpu as gpu_table
from tests.support.pages import photographed
from tests.support.small_mnist import DATA

pytestmark = [pytest.mark.nightly, pytest.mark.mnist]


@pytest.fixture
def short(mnist_dir, capfd, monkeypatch):
    """The rows of a benchmark's table, {first cell: the numbers in the others}."""

    def short(words):
        name, *options = words.split()
        monkeypatch.setattr("os.sched_setaffinity", lambda *_: None, raising=False)  # it would stay for other tests
        importlib.import_module(f"tests.benchmarks.{name}").main([*options, "--data_dir", str(DATA)])
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
        ("speed --hidden 12 --epochs 1 --peers ours pytorch jax sklearn", 2, 0, 100),
        ("speed process --hidden 12 --epochs 1 --rounds 1", 3, 1, 3_000),
        ("speed costs --hidden 12 --epochs 1", 2, 0.005, 10),
        ("speed crossover --hidden 12", 4, 0.005, 100),
        ("speed sweep --rounds 1 --networks 2 --epochs 1", 3, 0.05, 300),
        ("accuracy seeds --only hidden15 --seeds 2 --with=--epochs=1", 1, 80, 95),
        ("accuracy book --only overfitting.yaml --seeds 1 --with=--epochs=10", 1, 60, 90),
        ("accuracy sizes --only 500 1000 --seeds 1 --with=--epochs=5", 2, 20, 95),
        ("accuracy baselines --images 500", 1, 22.25, 90),
        ("accuracy bits", 10, 90, 100),
        ("reading --count 4", 5, 0, 100),
        ("gpu launches", 2, 10, 40),
        ("gpu checks --device cpu --hidden 12 --images 500", 5, 0, 100_000),
        ("gpu crossover --device cpu --hidden 12 --images 500", 2, 0, 100_000),
        ("seconds --targets 97 --seeds 1 --cores 1", 1, 0.2, 300),
    ],
)
def test_plausible_figures(words, count, low, high, short):
    rows = short(words)
    assert count <= len(rows) <= count + 2  # more where JAX or scikit-learn is installed
    figures = [number for cells in rows.values() for number in cells]
    if "crossover" in words:
        figures = [number for hidden, *seconds in rows.values() for number in seconds]
    assert all(low <= number <= high for number in figures), rows


def test_the_time_of_a_launch_is_reckoned_with_those_that_are_seen(short, monkeypatch):
    """Each call takes a second; 1,000 steps of 784-1-10 send 40,000 launches, one of 784-100-10 sends 25."""
    seen = iter([17, 2517, 40_000])
    monkeypatch.setattr(gpu_table, "launched", lambda _: next(seen))
    monkeypatch.setattr(gpu_table, "clock", counting().__next__)
    rows = short("gpu checks --device cpu --hidden 12 --images 500")
    [sent], [time] = (cells for what, cells in rows.items() if "launch" in what)
    assert (sent, time) == (25, 25.0)


def test_changes_that_must_not_matter(short, tmp_path):
    for digit in (3, 4):
        (tmp_path / f"{digit}_x.png").write_bytes(photographed(digit))
    rows = short(f"reading changes {tmp_path}")
    assert len(rows) == 12 and rows["none"] == [2, 100, 0] and rows["inverted"][1] == 100


def test_pictures(short, tmp_path):
    short(f"accuracy sizes --only 500 1000 --seeds 2 --with=--epochs=1 --picture {tmp_path / 'picture.png'}")
    assert Image.open(tmp_path / "picture.png").width > 500
