"""Find good hyperparameters, on one machine or many: `python -m digits sweep`."""

import sys
from functools import partial
from hashlib import sha256
from inspect import signature
from itertools import product
from os import cpu_count
from pathlib import Path
from statistics import mean
from typing import Any

import torch
import yaml
from tqdm import tqdm

from digits import UserError
from digits.cli import PositiveInt, Rate
from digits.data import MNISTDataModule
from digits.files import write_whole
from digits.model import DigitClassifier
from digits.network import Init
from digits.train import train

try:
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    from digits.plotting import png
    from digits.sweep import pictures
    from digits.sweep.search import complete, open_storage, received
    from digits.sweep.trials import Setting, test, validate
except ImportError as error:
    raise UserError(f"a sweep needs {error.name}: pip install -e '.[sweep]'") from error

DEFAULTS = {name: parameter.default for name, parameter in signature(train).parameters.items()}
DEFAULTS |= {"seeds": 1, "trials": None}
HEAD, ROW = "hidden         lr  batch      init", "{:6}  {:9.4g}  {:5}  {:>8}"
HOPELESS, PATIENCE = 0.2, 3  # what reads fewer validation images after so many epochs is stopped; guessing reads 0.1


def sweep(
    *,
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
    space: dict[str, list[Any]] = {"hidden": sorted({*hidden}), "lr": sorted({*lr})}
    space |= {"batch_size": sorted({*batch_size}), "init": sorted({*init})}
    name = f"sweep_{named(**space, seeds=[seeds], epochs=[epochs], trials=[trials])}"
    settings = [Setting(*each) for each in product(*space.values())]
    folder, data = Path("runs", name), MNISTDataModule(data_dir)

    def train_one(trial: optuna.Trial) -> float:
        setting = propose(trial, space, seeds)
        curves = folder / named(**{part: [value] for part, value in setting._asdict().items()})
        return validate(trial, setting, epochs, data, signals, curves)

    def test_one(trial: optuna.Trial) -> float:
        return test(winner._replace(seed=trial.suggest_int("seed", 0, seeds - 1)), epochs, data, signals)

    with received() as signals:
        try:
            data.prepare_data()
            folder.mkdir(parents=True, exist_ok=True)
            database = open_storage(storage or f"sqlite:///{folder}/sweep.db?timeout=20", signals)
            data.setup("fit")
            for images, labels in (data.training, data.validation):  # the kernel and lists of their ink, for all
                DigitClassifier([1]).score(images, labels, torch.arange(1))
            open_study = partial(optuna.create_study, storage=database, direction="maximize", load_if_exists=True)
            # One that judges each trial alone: if it compared trials, the table would depend on their order.
            pruner = optuna.pruners.ThresholdPruner(lower=HOPELESS, n_warmup_steps=PATIENCE - 1)
            study = open_study(study_name=name, pruner=pruner)
            run = partial(complete, workers or cpu_count() or 1)
            print(f"{HEAD}  seed  validation")
            if trials:
                proposed = run(study, [{"seed": 0}] * trials, train_one, show)
                settings = [Setting(**trial.params) for trial in proposed]
            wanted = [setting._replace(seed=seed)._asdict() for seed in range(seeds) for setting in settings]
            finished = [max(trial.intermediate_values.values()) for trial in run(study, wanted, train_one, show)]
            scores = {setting: finished[number :: len(settings)] for number, setting in enumerate(settings)}
            winner = max(scores, key=lambda setting: mean(scores[setting]))  # of equals, the first
            # As trials of a study, so that the test set is seen once, whoever works on this sweep.
            tests = run(open_study(study_name=f"{name} test"), [{"seed": seed} for seed in range(seeds)], test_one)
            report(scores, [trial.value or 0.0 for trial in tests], folder, epochs, not trials)
        except KeyboardInterrupt:
            print("\nStopped. The same command goes on with the rest.")
            sys.exit(128 + signals[0])
        except (optuna.exceptions.StorageInternalError, SQLAlchemyError) as error:
            cause = str(error.__cause__ or error).split("\n")[0]
            raise UserError(f"the database does not answer: {' '.join(cause.split())}") from error
        except OSError as error:
            raise UserError(f"cannot write to {folder}: {error.strerror}") from error


def propose(trial: optuna.Trial, space: dict[str, list[Any]], seeds: int) -> Setting:
    """The setting that was queued for a trial, or a new one within the range of the values given."""
    # Seeded by the trial: one worker proposes the same every time, and several never the same as each other.
    trial.study.sampler = optuna.samplers.TPESampler(seed=trial.number, constant_liar=True)
    hidden, lr, batch_size, init = space.values()
    return Setting(
        trial.suggest_int("hidden", hidden[0], hidden[-1], log=True),
        trial.suggest_float("lr", lr[0], lr[-1], log=True),
        trial.suggest_int("batch_size", batch_size[0], batch_size[-1], log=True),
        trial.suggest_categorical("init", init),
        trial.suggest_int("seed", 0, seeds - 1),
    )


def named(hidden: list[int], **settings: list[Any]) -> str:
    """What differs from the defaults of train.py, as the name of a folder: 784-15,30-10_lr0.3,3_seed1."""
    name = f"784-{','.join(map(str, hidden))}-10"
    for setting, values in settings.items():
        if values != [DEFAULTS[setting]]:
            listed = ",".join(f"{value}".removesuffix(".0") for value in values)
            name += f"_{listed}" if setting == "init" else f"_{setting}{listed}"
    return name if len(name) < 90 else f"{name[:80]}_{sha256(name.encode()).hexdigest()[:8]}"


def show(_: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
    """Print the line of a network that is trained."""
    if trial.state != optuna.trial.TrialState.FAIL:
        accuracies, setting = trial.intermediate_values, Setting(**trial.params)
        best = max(accuracies, key=lambda epoch: (accuracies[epoch], -epoch))
        stopped = f"  stopped after epoch {trial.last_step}" if trial.state == optuna.trial.TrialState.PRUNED else ""
        tqdm.write(f"{ROW.format(*setting)}  {setting.seed:4}  {accuracies[best]:10.2%} of epoch {best}{stopped}")


def report(scores: pictures.Scores, tested: list[float], folder: Path, epochs: int, every: bool) -> None:
    """Print the ranking, draw the pictures, and say what to do with the winner."""
    ranking = sorted(scores, key=lambda setting: -mean(scores[setting]))  # of equals, the first
    print(f"\n{HEAD}  validation: mean, each seed")
    for setting in ranking:
        by_seed = ", ".join(f"{accuracy:.2%}" for accuracy in scores[setting])
        print(f"{ROW.format(*setting)}  {mean(scores[setting]):10.2%}: {by_seed}")
    winner, config = ranking[0], folder / "winner.yaml"
    means = f", means of seeds 0 to {len(tested) - 1}" if len(tested) > 1 else " with seed 0"
    result = f"{mean(scores[winner]):.2%} of the validation images, {mean(tested):.2%} of the test images{means}"
    settings = winner._asdict() | {"hidden": [winner.hidden], "epochs": epochs}
    comment = f"""\
# 784-{winner.hidden}-10: {result};
# the best on validation of {len(ranking)} settings. With seed 0: {scores[winner][0]:.2%} and {tested[0]:.2%}.
# python train.py --config {config}
"""
    write_whole(config, (comment + yaml.safe_dump(settings, sort_keys=False, default_flow_style=None)).encode())
    for name, figure in pictures.drawn(scores, epochs, every):
        write_whole(folder / f"{name}.png", png(figure))
    print(f"\nBest        {result}")
    print(f"Train it    python train.py --config {config}")
    print(f"Pictures    {folder}/*.png")
    print(f"Curves      tensorboard --logdir {folder}")
