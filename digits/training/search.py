"""Train the networks of a sweep in threads, on machines that share nothing but a database.

GridSampler first hands out the networks that no process has begun. Then it hands out those that are begun but not
finished, because the process that began them may have been killed. So nothing waits for a dead process. With Optuna's
heartbeat, a process would wait, and a laptop that wakes up would find its trials marked as failed, and crash.
"""

import re
import warnings
from collections.abc import Callable
from contextlib import suppress
from copy import copy, deepcopy
from hashlib import sha256
from math import prod
from pathlib import Path
from random import uniform
from statistics import mean
from time import sleep
from typing import Any, NamedTuple

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from optuna import Study, create_study, logging
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.samplers import GridSampler, TPESampler
from optuna.study import MaxTrialsCallback
from optuna.trial import Trial, TrialState
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from tqdm import tqdm

from digits.checkpoint.contents import VALIDATION
from digits.common.errors import UserError
from digits.kernels.stacks import StackedMNIST, TrainingStacks, stacked
from digits.model import DigitClassifier
from digits.training.callbacks import GUESSING, BestCurves
from digits.training.report import columns
from digits.training.settings import Init
from digits.training.trainer import Curves, quiet_trainer

DATABASE_ERRORS = SQLAlchemyError, StorageInternalError, ImportError  # ImportError: a missing driver
COMPLETE, FAIL, RUNNING = (TrialState.COMPLETE,), (TrialState.FAIL,), (TrialState.RUNNING,)

logging.set_verbosity(logging.ERROR)
warnings.simplefilter("ignore", ExperimentalWarning)  # TPE's constant_liar


class Setting(NamedTuple):
    """The settings that a sweep varies. They mean the same as in train.py, but `hidden` is a single layer."""

    hidden: int
    lr: float
    batch_size: int
    init: Init
    seed: int = 0

    def __str__(self) -> str:
        return f"{self.hidden:6}  {self.lr:9.4g}  {self.batch_size:5}  {self.init:>8}"


Scores = dict[Setting, list[float]]  # accuracies by seed
Values = dict[str, list[Any]]


def named(settings: dict[str, Any]) -> str:
    """Return a folder name from settings and their values, such as hidden15,30_lr0.3,3.0."""
    name = re.sub(r"[\[\]' ]", "", "_".join(f"{setting}{value}" for setting, value in settings.items()))
    return name if len(name) < 120 else f"{name[:100]}_{sha256(name.encode()).hexdigest()[:8]}"


def search(
    url: str, workers: int, name: str, values: Values, seeds: int, trials: int | None, train: Callable[[Setting], float]
) -> Scores:
    """Train the networks that a study lacks. Return the accuracies for each combination of values, best first.

    `values` are sorted. With `trials`, TPE proposes this many settings between the smallest and the largest value, and
    one trial trains all seeds of a setting.
    """
    study = open_study(url, name)
    values = values if trials else values | {"seed": [*range(seeds)]}
    total = trials or prod(map(len, values.values()))
    # If the seed were always the same, TPE would repeat its proposals after a restart.
    study.sampler = TPESampler(seed=len(study.trials), constant_liar=True) if trials else GridSampler(values)

    def objective(trial: Trial) -> float:
        for setting, choices in values.items():
            if not trials or setting == "init":
                trial.suggest_categorical(setting, choices)
            else:
                suggest = trial.suggest_float if setting == "lr" else trial.suggest_int
                suggest(setting, choices[0], choices[-1], log=True)
        proposed = Setting(**trial.params)
        for seed in range(seeds) if trials else [proposed.seed]:
            network = proposed._replace(seed=seed)
            trial.set_user_attr(str(seed), accuracies().get(network) or train(network))
        return mean(trial.user_attrs.values())

    def accuracies() -> dict[Setting, float]:
        """Return the accuracies of finished networks. Of duplicates and surplus trials, the first to finish count."""
        first = sorted(study.get_trials(states=COMPLETE), key=lambda trial: str(trial.datetime_complete))[:trials]
        networks = [(trial.params | {"seed": int(seed)}, x) for trial in first for seed, x in trial.user_attrs.items()]
        return {Setting(**setting): accuracy for setting, accuracy in reversed(networks)}

    while (missing := total - len(study.get_trials(states=COMPLETE) if trials else accuracies())) > 0:
        for failed in study.get_trials(states=FAIL):  # train again what an error ended
            study.enqueue_trial(failed.params)
        with tqdm(total=missing, disable=None, leave=False) as bar:
            callbacks: list[Any] = [MaxTrialsCallback(total, RUNNING + COMPLETE), lambda *_: bar.update()]
            try:
                study.optimize(objective, n_jobs=min(workers, missing), callbacks=callbacks)
            except (AssertionError, UnboundLocalError) as error:  # Optuna raises these after a database error
                raise error.__context__ or error  # noqa: B904
    scores = Scores()
    for network, accuracy in sorted(accuracies().items()):
        scores.setdefault(network._replace(seed=0), []).append(accuracy)
    return dict(sorted(scores.items(), key=lambda score: -mean(score[1])))


def open_study(url: str, name: str, attempts: int = 6) -> Study:
    """Return the study called `name` in a database, after creating its tables and the study if they are missing."""
    try:
        return create_study(storage=url, study_name=name, direction="maximize", load_if_exists=True)
    except DBAPIError:  # another process may be creating the same tables
        if attempts == 1:
            raise
    sleep(uniform(0.2, 2))
    return open_study(url, name, attempts - 1)


class BestEpoch(Callback):
    """Remember the best epoch (the first, if epochs tie). Stop a network that only guesses."""

    accuracy, epoch, last, weights = -1.0, -1, -1, dict[str, Any]()

    def on_train_epoch_end(self, trainer: Trainer, module: LightningModule) -> None:
        accuracy, self.last = trainer.callback_metrics[VALIDATION].item(), trainer.current_epoch
        if accuracy > self.accuracy:
            self.accuracy, self.epoch, self.weights = accuracy, self.last, deepcopy(module.state_dict())
        trainer.should_stop = self.last >= 2 and accuracy < GUESSING


def train(setting: Setting, epochs: int, data: StackedMNIST, folder: Path | None = None) -> float:
    """Train a network as train.py would on the CPU, bit for bit, and return its best validation accuracy.

    Without a folder for the curves, return the test accuracy of the best epoch instead.
    """
    model, data = stacked(DigitClassifier)([setting.hidden], setting.lr, setting.init, setting.seed), copy(data)
    data.batch_size, data.seed, best = setting.batch_size, setting.seed, BestEpoch()
    log = folder and Curves(folder, named(setting._asdict()), "", default_hp_metric=False)
    trainer = quiet_trainer(epochs, best, BestCurves(), logger=log or False)
    with suppress(UserError):  # if training diverges, the best epoch before counts
        trainer.fit(model, TrainingStacks(data, trainer), data.whole(*data.validation))
    if not log:
        model.load_state_dict(best.weights)
        images, labels = data.test
        return (model.predict(images)[0] == labels).double().mean().item()
    log.log_hyperparams(columns(model, data, epochs), {"best/validation": best.accuracy}, step=best.epoch)
    log.finalize("success")
    stopped = f"  stopped after epoch {best.last}" if best.last + 1 < epochs else ""
    tqdm.write(f"{setting}  {setting.seed:4}  {best.accuracy:10.2%} in epoch {best.epoch}{stopped}")
    return best.accuracy
