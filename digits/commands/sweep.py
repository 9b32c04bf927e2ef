"""Search for good hyperparameters, on one machine or many: `python -m digits sweep`."""

import os
import signal
from functools import partial
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Annotated, Any

import yaml
from loky import cpu_count

from digits.common.checks import Init, checked
from digits.common.errors import UserError, install
from digits.common.files import write_atomically
from digits.training.settings import ONCE, PositiveInt

if TYPE_CHECKING:
    from digits.training.search import Scores

HEAD = "hidden         lr  batch      init  "


def sweep(
    *,
    hidden: Annotated[list[PositiveInt], ONCE] = [30],  # noqa: B006
    lr: Annotated[list[float], ONCE] = [3.0],  # noqa: B006
    batch_size: Annotated[list[PositiveInt], ONCE] = [10],  # noqa: B006
    init: Annotated[list[Init], ONCE] = ["scaled"],  # noqa: B006
    seeds: PositiveInt = 1,
    epochs: PositiveInt = 10,
    trials: PositiveInt | None = None,
    workers: PositiveInt | None = None,
    storage: str | None = None,
    data_dir: Path | None = None,
) -> None:
    """Train a network for each combination of settings, rank them by validation accuracy, and test the best.

    Results go to a folder in runs/ that is named after the settings. To continue a stopped sweep, run the same command
    again.

    Example: python -m digits sweep --hidden 15 30 --lr 1 3 --epochs 3

    Args:
        hidden: Numbers of hidden neurons to try, such as 15 30 100.
        lr: Learning rates to try, such as 0.3 3 30.
        batch_size: Mini-batch sizes to try, such as 10 50.
        init: Initial weights to try: scaled, gaussian, or both.
        seeds: Networks per combination, with seeds 0, 1 and so on. Combinations are ranked by their mean accuracy.
        epochs: Passes over the training images. A network that is still guessing after three passes is stopped.
        trials: Let Optuna propose this many settings within these ranges, instead of trying every combination.
        workers: Settings to train in parallel. By default one per core.
        storage: Database that machines share, such as postgresql://user@host/name. Default: a file in that folder.
        data_dir: Folder for the MNIST files. Default: data/ if MNIST is there, else the user's cache.
    """
    try:
        from digits.figures.style import png
        from digits.figures.sweep import drawn
        from digits.training.search import DATABASE_ERRORS, named, score, search
    except ImportError as error:
        raise UserError(f"a sweep needs {error.name}: {install('sweep')}") from error
    from digits.kernels.stacks import StackedMNIST

    choices: dict[str, list[Any]] = {"hidden": hidden, "lr": lr, "batch_size": batch_size, "init": init}
    values = {setting: sorted({*several}) for setting, several in choices.items()}
    for value in lr:
        checked({"lr": value})
    name = named(values | {"seeds": seeds, "epochs": epochs} | ({"trials": trials} if trials else {}))
    folder, data = Path("runs", f"sweep_{name}"), StackedMNIST(data_dir)
    url = storage or f"sqlite:///{folder}/sweep.db?timeout=60"
    before = signal.signal(signal.SIGINT, stop)
    try:
        data.prepare_data()
        data.setup("fit")
        folder.mkdir(parents=True, exist_ok=True)
        print(f"{HEAD}seed  validation")
        objective = partial(score, epochs=epochs, data=data, folder=folder)
        scores = search(url, workers or cpu_count(), name, values, seeds, trials, objective)
        report(scores, folder, epochs)
        for setting, figure in drawn(scores, epochs, every=not trials):
            write_atomically(folder / f"{setting}.png", png(figure))
    except DATABASE_ERRORS as error:
        where = f"--storage (for PostgreSQL, {install('postgres')})" if storage else f"{folder}/sweep.db"
        reason = f"{error.__cause__ or error}".partition("\n")[0]
        raise UserError(f"{where}: {reason}. To continue, run the same command again") from error
    finally:
        signal.signal(signal.SIGINT, before)


def stop(*_: Any) -> None:
    """End the process at once. Finished networks are in the database already."""
    print("\nStopped. To continue, run the same command again.", flush=True)
    os._exit(130)


def report(scores: "Scores", folder: Path, epochs: int) -> None:
    """Print the ranking, and save the winner's settings. The best setting is first."""
    print(f"\n{HEAD}validation: mean, each seed")
    for setting, of_seeds in scores.items():
        accuracies = [validated for validated, _ in of_seeds]
        print(f"{setting}  {mean(accuracies):10.2%}: {', '.join(map('{:.2%}'.format, accuracies))}")
    winner = next(iter(scores))
    validated, tested = zip(*scores[winner], strict=True)
    seeds = f", means of seeds 0 to {len(tested) - 1}" if len(tested) > 1 else " with seed 0"
    result = f"validation accuracy {mean(validated):.2%}, test accuracy {mean(tested):.2%}{seeds}"
    config, best = folder / "winner.yaml", winner._asdict() | {"hidden": [winner.hidden], "epochs": epochs}
    comment = f"# 784-{winner.hidden}-10: {result}\n# python -m digits train --config {config}\n"
    write_atomically(config, (comment + yaml.safe_dump(best, sort_keys=False, default_flow_style=None)).encode())
    print(f"\nBest        {result}\nTrain it    python -m digits train --config {config}")
    print(f"Pictures    {folder}/*.png\nCurves      tensorboard --logdir {folder}")
