"""Find good hyperparameters, on one machine or many: `python -m digits sweep`."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from os import cpu_count
from pathlib import Path
from shutil import rmtree
from statistics import mean
from threading import Lock
from time import monotonic

import torch
from jsonargparse.typing import PositiveInt
from lightning.pytorch.loggers import TensorBoardLogger
from tqdm import tqdm

from digits import UserError
from digits.cli import Rate
from digits.data import MNISTDataModule
from digits.files import write_whole
from digits.model import DigitClassifier
from digits.network import Init
from digits.sweep.crew import Crew
from digits.sweep.trials import Best, Setting, fit, test
from digits.training.callbacks import Interrupted

try:
    from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
    from optuna.trial import FrozenTrial, TrialState
    from sqlalchemy.exc import SQLAlchemyError

    from digits.plotting import png
    from digits.sweep import pictures as sweep_drawings
    from digits.sweep.search import BEAT, POLL, Search, Space
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
        "hidden": sorted({int(n) for n in hidden}),  # plain numbers, which TensorBoard shows as such
        "lr": sorted({float(rate) for rate in lr}),
        "batch_size": sorted({int(n) for n in batch_size}),
        "init": sorted(set(init)),
    }
    name = f"sweep_{named(**space)}_seeds{seeds}_epochs{epochs}" + (f"_trials{trials}" if trials else "")
    folder = Path("runs", name)
    data = MNISTDataModule(data_dir)
    data.prepare_data()
    with one_line(folder):
        folder.mkdir(parents=True, exist_ok=True)
        search = Search(storage or f"sqlite:///{folder}/sweep.db?timeout=60", name, space, seeds, trials)
        data.setup("fit")
        for images, labels in (data.training, data.validation):  # the kernel and lists of their ink, for all threads
            DigitClassifier([1]).score(images, labels, torch.arange(1))
        crew = Crew(workers or cpu_count() or 1)
        try:
            run(search, folder, data, epochs, crew)
            with search.alone():  # so that one process tests the winner, and no two write the same file
                report(search, folder, data, epochs, crew)
        except (Interrupted, KeyboardInterrupt) as interrupted:
            done = sum(trial.state.is_finished() for trial in search.places().values())
            print(f"\nStopped after {done} of {search.trials} trials. The same command goes on with the rest.")
            sys.exit(128 + getattr(interrupted, "signum", signal.SIGINT))


def named(hidden: list[int], lr: list[float], batch_size: list[int], init: list[str]) -> str:
    """The part of a folder's name that says which values."""
    sizes, rates, batches = (",".join(f"{n}".removesuffix(".0") for n in each) for each in (hidden, lr, batch_size))
    return f"784-{sizes}-10_lr{rates}_batch{batches}" + ("" if init == ["scaled"] else f"_{','.join(init)}")


def run(search: Search, folder: Path, data: MNISTDataModule, epochs: int, crew: Crew) -> None:
    """Run trials until all have an end, here or elsewhere, and print each as it ends."""
    table = Table(search)

    def work(_: int) -> None:
        while True:
            crew.go_on()
            places = search.look()
            table.show(places)
            if trial := search.claim(places):
                try_out(trial, search, folder, data, epochs, crew)
            elif len(places) == search.trials and all(trial.state.is_finished() for trial in places.values()):
                return
            else:
                crew.stop.wait(POLL)  # others run the rest

    with table.bar:
        crew.map(work, range(crew.size))


def try_out(trial: FrozenTrial, search: Search, folder: Path, data: MNISTDataModule, epochs: int, crew: Crew) -> None:
    """Train the network of a trial that is ours, and leave its curves and its line in TensorBoard's HPARAMS tab."""
    setting, seed = search.setting(trial)
    stopped, beaten = False, monotonic()

    def on_stack() -> None:
        nonlocal beaten
        crew.go_on()
        if monotonic() - beaten > BEAT:
            search.beat(trial)
            beaten = monotonic()

    def on_epoch(epoch: int, accuracy: float) -> bool:
        nonlocal stopped
        stopped = search.hopeless(trial, epoch, accuracy)
        return stopped

    best = Best(on_stack, on_epoch)
    name = named(**{part: [value] for part, value in setting._asdict().items()})
    curves = folder / f"{name}_seed{seed}"
    rmtree(curves, ignore_errors=True)  # of an attempt that was stopped
    log = TensorBoardLogger(curves, "", "", default_hp_metric=False)
    try:
        fit(setting, seed, epochs, data, best, log)
    except UpdateFinishedTrialError:
        return  # it was too long without a sign of life, and another does it
    except UserError:
        stopped = True  # its weights are no longer finite
    except BaseException:
        search.end(trial, TrialState.FAIL)
        raise
    log.log_hyperparams(
        setting._asdict() | {"seed": seed, "epochs": int(epochs)}, {"best/validation": best.accuracy}, step=best.epoch
    )
    log.finalize("success")
    search.end(trial, TrialState.PRUNED if stopped else TrialState.COMPLETE, None if stopped else best.accuracy)


class Table:
    """A line for each trial that has an end, as it comes to it, above a progress bar on a terminal."""

    def __init__(self, search: Search) -> None:
        self.search, self.shown, self.turn = search, set[int](), Lock()
        self.bar = tqdm(total=search.trials, unit=" trials", leave=False, disable=None)
        tqdm.write(f"{HEAD}  seed  validation")

    def show(self, places: dict[int, FrozenTrial]) -> None:
        """Print what was not yet printed."""
        with self.turn:
            for place, trial in sorted(places.items()):
                if trial.state.is_finished() and place not in self.shown:
                    self.shown.add(place)
                    setting, seed = self.search.setting(trial)
                    accuracies = trial.intermediate_values
                    best = max(accuracies, key=lambda epoch: (accuracies[epoch], -epoch))
                    stopped = f"  stopped after epoch {trial.last_step}" if trial.state == TrialState.PRUNED else ""
                    tqdm.write(f"{row(setting)}  {seed:4}  {accuracies[best]:10.2%} of epoch {best}{stopped}")
            self.bar.update(len(self.shown) - self.bar.n)


HEAD = f"{'hidden':>6}  {'lr':>9}  {'batch':>5}  {'init':>8}"


def row(setting: Setting) -> str:
    """A setting under `HEAD`."""
    return f"{setting.hidden:6}  {setting.lr:9.4g}  {setting.batch_size:5}  {setting.init:>8}"


def report(search: Search, folder: Path, data: MNISTDataModule, epochs: int, crew: Crew) -> None:
    """Print the ranking, test its first, draw the pictures, and say what to do with the winner."""
    scores = dict(zip(search.settings, search.scores(search.places()), strict=True))
    ranking = sorted(scores, key=lambda setting: -mean(scores[setting]))  # of equals, the first proposed
    print(f"\n{HEAD}  validation: mean, each seed")
    for setting in ranking:
        print(f"{row(setting)}  {mean(scores[setting]):10.2%}: {shares(scores[setting])}")
    winner = ranking[0]
    if TESTED not in search.study.user_attrs:  # in no process of this search
        tested = crew.map(lambda seed: test(winner, seed, epochs, data, Best(crew.go_on)), range(search.seeds))
        search.study.set_user_attr(TESTED, tested)
    tested = search.study.user_attrs[TESTED]
    many = f", means of seeds 0 to {search.seeds - 1}" if search.seeds > 1 else " with seed 0"
    result = f"{mean(scores[winner]):.2%} of the validation images, {mean(tested):.2%} of the test images{many}"
    config = folder / "winner.yaml"
    yaml = f"""\
# 784-{winner.hidden}-10: {result};
# the best on validation of {len(ranking)} settings. With seed 0: {shares(scores[winner][:1])} and {shares(tested[:1])}.
# python train.py --config {config}
hidden: [{winner.hidden}]
epochs: {epochs}
batch_size: {winner.batch_size}
lr: {winner.lr!r}
init: {winner.init}
"""
    write_whole(config, yaml.encode())
    for name, figure in sweep_drawings.drawn(scores, epochs, search.count is None):
        write_whole(folder / f"{name}.png", png(figure))
    print(f"\nBest        {result}")
    print(f"Train it    python train.py --config {config}")
    print(f"Pictures    {folder}/*.png")
    print(f"Curves      tensorboard --logdir {folder}")


TESTED = "test accuracy by seed"


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
