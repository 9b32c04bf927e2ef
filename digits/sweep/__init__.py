"""Find good hyperparameters, on one machine or many: `python -m digits sweep`."""

import signal
import sys
from functools import partial
from os import cpu_count
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

import yaml

from digits.cli import import_unconfigured
from digits.errors import UserError, install
from digits.files import write_atomically
from digits.settings import ONCE, Epochs, Init, Networks, PositiveInt, Rate

HEAD = "hidden         lr  batch      init  "


def sweep(
    *,
    hidden: Annotated[list[PositiveInt], ONCE] = [30],  # noqa: B006
    lr: Annotated[list[Rate], ONCE] = [3.0],  # noqa: B006
    batch_size: Annotated[list[PositiveInt], ONCE] = [10],  # noqa: B006
    init: Annotated[list[Init], ONCE] = ["scaled"],  # noqa: B006
    seeds: Networks = 1,
    epochs: Epochs = 10,
    trials: Networks | None = None,
    workers: Networks | None = None,
    storage: str | None = None,
    data_dir: Path | None = None,
) -> None:
    """Train a network of each combination of settings, rank them by validation accuracy, and test the best.

    Results go to a folder in runs/ that is named after the settings, so the same command goes on after a stop.

    Args:
        hidden: Neurons in the hidden layer, such as 15 30 100.
        lr: Learning rates, such as 0.3 3 30.
        batch_size: Images in a mini-batch.
        init: Initial weights: scaled, gaussian, or both.
        seeds: Networks of each combination, with seeds 0, 1, ...; their mean counts.
        epochs: How often a network sees every training image; one hardly better than guessing after three is stopped.
        trials: Instead of every combination, so many that Optuna proposes within the ranges of the values given.
        workers: Networks that are trained at a time; by default one for each core.
        storage: A database that machines share, such as postgresql://user@host/name; else a file in the folder.
        data_dir: Where the MNIST files are, or go; by default data, if they are there, else the user's cache.

    Raises:
        UserError: If a package or a driver is missing, the database does not answer, or nothing can be written.
    """
    import_unconfigured()
    try:
        from digits.plots.style import png
        from digits.sweep.plots import drawn
        from digits.sweep.search import Fault, complete
        from digits.sweep.trials import named, test, validate
    except ImportError as error:
        raise UserError(f"a sweep needs {error.name}: {install('sweep')}") from error
    from digits.data import MNISTDataModule

    given: Any = {"hidden": hidden, "lr": lr, "batch_size": batch_size, "init": init}
    values = {part: sorted({*several}) for part, several in given.items()}
    name = f"sweep_{named(**values, seeds=[seeds], epochs=[epochs], trials=[trials])}"
    folder, data = Path("runs", name), MNISTDataModule(data_dir)

    def interrupt(number: int, _: Any) -> None:
        signal.signal(number, signal.SIG_DFL)  # a second one ends the process
        raise KeyboardInterrupt(number)

    handlers = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        data.prepare_data()
        data.setup("fit")
        folder.mkdir(parents=True, exist_ok=True)
        url = storage or f"sqlite:///{folder}/sweep.db?timeout=60"
        run = partial(complete, url, seeds=seeds, workers=workers or cpu_count() or 1)
        print(f"{HEAD}seed  validation")
        scores = run(name, values, trials, partial(validate, epochs=epochs, data=data, folder=folder))
        scores = dict(sorted(scores.items(), key=lambda each: -mean(each[1])))  # of equals, the first
        winner = {part: [value] for part, value in next(iter(scores))._asdict().items()}
        [tested] = run(f"{name} tested", winner, None, partial(test, epochs=epochs, data=data)).values()
        report(scores, tested, folder, epochs)
        for setting, figure in drawn(scores, epochs, every=not trials):
            write_atomically(folder / f"{setting}.png", png(figure))
    except KeyboardInterrupt as signalled:
        print("\nStopped. The same command goes on with the rest.")
        sys.exit(128 + signalled.args[0])
    except Fault as error:
        where, hint = f"{folder / 'sweep.db'}", "if it is damaged, or of another version of Optuna, remove it"
        if storage:
            where, hint = "--storage", f"for a driver of PostgreSQL {install('postgres')}"
        raise UserError(f"{where}: the database cannot be used: {error}; {hint}") from error
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def report(scores: dict[Any, list[float]], tested: list[float], folder: Path, epochs: int) -> None:
    """Print the ranking, and say what to do with the winner, the first of `scores`: validation accuracies by seed."""
    print(f"\n{HEAD}validation: mean, each seed")
    for setting, accuracies in scores.items():
        by_seed = ", ".join(f"{accuracy:.2%}" for accuracy in accuracies)
        print(f"{setting}  {mean(accuracies):10.2%}: {by_seed}")
    winner, validated = next(iter(scores.items()))
    config = folder / "winner.yaml"
    means = f", means of seeds 0 to {len(tested) - 1}" if len(tested) > 1 else " with seed 0"
    result = f"{mean(validated):.2%} of the validation images, {mean(tested):.2%} of the test images{means}"
    settings = winner._asdict() | {"hidden": [winner.hidden], "epochs": epochs}
    comment = f"""# 784-{winner.hidden}-10: {result};
# the best on validation of {len(scores)} settings. With seed 0: {validated[0]:.2%} and {tested[0]:.2%}.
# python -m digits train --config {config}
"""
    write_atomically(config, (comment + yaml.safe_dump(settings, sort_keys=False, default_flow_style=None)).encode())
    print(f"\nBest        {result}\nTrain it    python -m digits train --config {config}")
    print(f"Pictures    {folder}/*.png\nCurves      tensorboard --logdir {folder}")
