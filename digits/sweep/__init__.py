"""Find good hyperparameters, on one machine or many: `python -m digits sweep`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from inspect import signature
from itertools import product
from os import cpu_count
from pathlib import Path
from statistics import mean
from threading import Lock
from typing import Any

import torch
import yaml
from jsonargparse.typing import PositiveInt
from tqdm import tqdm

from digits import UserError
from digits.cli import Rate
from digits.data import MNISTDataModule
from digits.files import write_whole
from digits.model import DigitClassifier
from digits.network import Init
from digits.train import train

try:
    import optuna
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    from digits.plotting import png
    from digits.sweep import pictures
    from digits.sweep.pictures import Scores
    from digits.sweep.search import Space, Stop, Trials, complete, open_storage, open_study, propose
    from digits.sweep.trials import Best, Setting, networks, test
except ImportError as error:
    raise UserError(f"a sweep needs {error.name}: pip install -e '.[sweep]'") from error


def sweep(
    hidden: list[PositiveInt] = [30],  # noqa: B006
    lr: list[Rate] = [3.0],  # noqa: B006
    batch_size: list[PositiveInt] = [10],  # noqa: B006
    init: list[Init] = ["scaled"],  # noqa: B006
    seeds: PositiveInt = 1,
    epochs: PositiveInt = 10,
    trials: PositiveInt | None = None,
    workers: PositiveInt | None = None,
    storage: str | None = None,
    data_dir: Path = Path("data"),
) -> None:
    """Train a network of each combination of settings, rank them by validation accuracy, and test the best.

    Curves, pictures and the winner go to a folder in runs/ that is named after the settings, so the same command goes
    on with a sweep that was stopped.

    Args:
        hidden: Neurons in the hidden layer, such as 15 30 100.
        lr: Learning rates, such as 0.3 3 30.
        batch_size: Images in a mini-batch.
        init: Initial weights: scaled, gaussian, or both.
        seeds: Networks of each combination, with seeds 0, 1, ...; their mean counts.
        epochs: How often a network sees every training image; one that hardly reads better than guessing after three
            is stopped.
        trials: Instead of every combination, so many that Optuna proposes, between the smallest and the largest of
            the values given.
        workers: Networks that are trained at a time; by default one for each core.
        storage: A database, such as postgresql://user@host/name, where other machines join with the same command; by
            default a file in the folder of the sweep.
        data_dir: Where the MNIST files are, or go.

    Raises:
        UserError: If a package or a driver is missing, the database does not answer, or nothing can be written.
    """
    space: Space = {
        "hidden": sorted({int(n) for n in hidden}),
        "lr": sorted({float(rate) for rate in lr}),
        "batch_size": sorted({int(n) for n in batch_size}),
        "init": sorted(set(init)),
    }
    name = f"sweep_{named(**space, seeds=[seeds], epochs=[epochs], trials=[trials])}"
    folder, data = Path("runs", name), MNISTDataModule(data_dir)
    workers, every = workers or cpu_count() or 1, range(seeds)
    wanted: list[dict[str, Any]] = [
        {"params": dict(zip(space, setting, strict=True)), "user_attrs": {"seeds": [seed]}}
        for setting in product(*space.values())
        for seed in every
    ]
    if trials:
        wanted = [{"params": {}, "user_attrs": {"seeds": [*every]}}] * trials
    stop, table = Stop(), Table(len(wanted))
    try:
        with stop.on_signals(), one_line(folder):
            data.prepare_data()
            folder.mkdir(parents=True, exist_ok=True)
            database = open_storage(storage or f"sqlite:///{folder}/sweep.db?timeout=60", stop)
            data.setup("fit")
            for images, labels in (data.training, data.validation):  # the kernel and lists of their ink, for all
                DigitClassifier([1]).score(images, labels, torch.arange(1))

            def train_networks(trial: optuna.Trial) -> float:
                setting = propose(trial, space)
                name = named(**{part: [value] for part, value in setting._asdict().items()})
                return networks(trial, setting, folder / name, data, epochs, stop.check)

            study = open_study(database, name)
            with table.bar:
                finished = complete(study, wanted, train_networks, workers, stop, table.show)
            scores: dict[Setting, dict[int, float]] = {}
            for _, trial in sorted(finished.items()):
                for seed, accuracy, *_ in trial.user_attrs["networks"]:
                    scores.setdefault(Setting(**trial.params), {})[seed] = accuracy
            winner = max(scores, key=lambda setting: mean(scores[setting].values()))  # of equals, the first

            def test_winner(trial: optuna.Trial) -> float:
                return test(winner, trial.user_attrs["seed"], epochs, data, Best(stop.check))

            # A study of its own, so that one process trains and tests the winner, and all know the result.
            tests: list[dict[str, Any]] = [{"params": {}, "user_attrs": {"seed": seed}} for seed in every]
            tested = complete(open_study(database, f"{name} test"), tests, test_winner, workers, stop)
            values = [float(tested[seed].value or 0) for seed in every]
            report({setting: [*each.values()] for setting, each in scores.items()}, values, folder, epochs, not trials)
    except KeyboardInterrupt:
        print(f"\nStopped after {len(table.shown)} of {len(wanted)} trials. The same command goes on with the rest.")
        sys.exit(128 + stop.signum)


def named(hidden: list[int], **settings: list[Any]) -> str:
    """What differs from the defaults of train.py, as the name of a folder: 784-15,30-10_lr0.3,3_seed1."""
    name = f"784-{','.join(map(str, hidden))}-10"
    for setting, values in settings.items():
        if values != [DEFAULTS[setting]]:
            listed = ",".join(f"{value}".removesuffix(".0") for value in values)
            name += f"_{listed}" if setting == "init" else f"_{setting}{listed}"
    return name if len(name) < 90 else f"{name[:80]}_{sha256(name.encode()).hexdigest()[:8]}"


DEFAULTS = {name: parameter.default for name, parameter in signature(train).parameters.items()}
DEFAULTS |= {"seeds": 1, "trials": None}


class Table:
    """A line for each network that is trained, as it comes to its end, above a progress bar on a terminal."""

    def __init__(self, trials: int) -> None:
        self.shown, self.turn = set[int](), Lock()
        self.bar = tqdm(total=trials, unit=" trials", leave=False, disable=None)
        tqdm.write(f"{HEAD}  seed  validation")

    def show(self, trials: Trials) -> None:
        """Print what was not yet printed."""
        with self.turn:
            for place, trial in sorted(trials.items()):
                if trial.state.is_finished() and place not in self.shown:
                    self.shown.add(place)
                    for seed, accuracy, epoch, stopped in trial.user_attrs["networks"]:
                        end = "" if stopped is None else f"  stopped after epoch {stopped}"
                        tqdm.write(f"{row(Setting(**trial.params))}  {seed:4}  {accuracy:10.2%} of epoch {epoch}{end}")
            self.bar.update(len(self.shown) - self.bar.n)


HEAD = f"{'hidden':>6}  {'lr':>9}  {'batch':>5}  {'init':>8}"


def row(setting: Setting) -> str:
    """A setting under `HEAD`."""
    return f"{setting.hidden:6}  {setting.lr:9.4g}  {setting.batch_size:5}  {setting.init:>8}"


def report(scores: Scores, tested: list[float], folder: Path, epochs: int, every: bool) -> None:
    """Print the ranking, draw the pictures, and say what to do with the winner."""
    ranking = sorted(scores, key=lambda setting: -mean(scores[setting]))  # of equals, the first
    print(f"\n{HEAD}  validation: mean, each seed")
    for setting in ranking:
        print(f"{row(setting)}  {mean(scores[setting]):10.2%}: {shares(scores[setting])}")
    winner = ranking[0]
    means = f", means of seeds 0 to {len(tested) - 1}" if len(tested) > 1 else " with seed 0"
    result = f"{mean(scores[winner]):.2%} of the validation images, {mean(tested):.2%} of the test images{means}"
    config = folder / "winner.yaml"
    comment = f"""\
# 784-{winner.hidden}-10: {result};
# the best on validation of {len(ranking)} settings. With seed 0: {shares(scores[winner][:1])} and {shares(tested[:1])}.
# python train.py --config {config}
"""
    settings = {"hidden": [winner.hidden], "epochs": int(epochs)} | dict(list(winner._asdict().items())[1:])
    write_whole(config, (comment + yaml.safe_dump(settings, sort_keys=False, default_flow_style=None)).encode())
    for name, figure in pictures.drawn(scores, epochs, every):
        write_whole(folder / f"{name}.png", png(figure))
    print(f"\nBest        {result}")
    print(f"Train it    python train.py --config {config}")
    print(f"Pictures    {folder}/*.png")
    print(f"Curves      tensorboard --logdir {folder}")


def shares(accuracies: list[float]) -> str:
    """Accuracies in per cent."""
    return ", ".join(f"{accuracy:.2%}" for accuracy in accuracies)


@contextmanager
def one_line(folder: Path) -> Iterator[None]:
    """Turn what the database and the disk have against a sweep into a UserError."""
    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        cause = error.__cause__ or error
        raise UserError("the database does not answer: " + " ".join(str(cause).split("\n")[0].split())) from error
    except OSError as error:
        if not error.filename:
            raise
        raise UserError(f"cannot write to {folder}: {error.strerror}") from error
