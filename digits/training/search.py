"""Train the networks of a sweep with Optuna, in threads, and on machines that share nothing but a database.

GridSampler first hands out the settings that no process has begun. Then it hands out those that are begun but not
finished, because the process that began them may have been killed. So nothing waits for a dead process.
"""

import re
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import copy, deepcopy
from hashlib import sha256
from math import prod
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from optuna import create_study, logging
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.samplers import GridSampler, TPESampler
from optuna.study import MaxTrialsCallback
from optuna.trial import Trial, TrialState
from sqlalchemy.exc import SQLAlchemyError
from torch import Tensor
from tqdm import tqdm

from digits.checkpoint.contents import VALIDATION
from digits.common.checks import Init
from digits.common.errors import UserError
from digits.kernels.stacks import StackedClassifier, StackedMNIST, TrainingStacks
from digits.training.callbacks import GUESSING
from digits.training.report import columns
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

    def __str__(self) -> str:
        return f"{self.hidden:6}  {self.lr:9.4g}  {self.batch_size:5}  {self.init:>8}"


Score = tuple[float, float]  # accuracy on the validation and the test images
Scores = dict[Setting, list[Score]]  # by seed
Values = dict[str, list[Any]]


def named(settings: Mapping[str, object]) -> str:
    """Return a folder name from settings and their values, such as hidden15,30_lr0.3,3.0."""
    name = re.sub(r"[\[\]' ]", "", "_".join(f"{setting}{value}" for setting, value in settings.items()))
    return name if len(name) < 120 else f"{name[:100]}_{sha256(name.encode()).hexdigest()[:8]}"


def search(
    url: str,
    workers: int,
    name: str,
    values: Values,
    seeds: int,
    trials: int | None,
    score: Callable[[Setting, int], Score],
) -> Scores:
    """Train each setting that a study lacks, with all its seeds. Return the scores, best validation accuracy first.

    `values` are sorted. With `trials`, TPE proposes this many settings between the smallest and the largest value.
    """
    study = create_study(storage=url, study_name=name, direction="maximize", load_if_exists=True)
    # If the seed were always the same, TPE would repeat its proposals after a restart.
    study.sampler = TPESampler(seed=len(study.trials), constant_liar=True) if trials else GridSampler(values)
    total = trials or prod(map(len, values.values()))

    def objective(trial: Trial) -> float:
        for setting, choices in values.items():
            if not trials or setting == "init":
                trial.suggest_categorical(setting, choices)
            else:
                suggest = trial.suggest_float if setting == "lr" else trial.suggest_int
                suggest(setting, choices[0], choices[-1], log=True)
        trial.set_user_attr("scores", [score(Setting(**trial.params), seed) for seed in range(seeds)])
        return mean(validated for validated, _ in trial.user_attrs["scores"])

    def finished() -> Scores:
        """Return the scores of finished settings. Of duplicates and surplus trials, the first to finish count."""
        first = sorted(study.get_trials(states=COMPLETE), key=lambda trial: str(trial.datetime_complete))[:trials]
        return {Setting(**trial.params): trial.user_attrs["scores"] for trial in reversed(first)}

    while (missing := total - len(study.get_trials(states=COMPLETE) if trials else finished())) > 0:
        for failed in study.get_trials(states=FAIL):  # train again what an error ended
            if Setting(**failed.params) not in finished():
                study.enqueue_trial(failed.params)
        stop = MaxTrialsCallback(total, RUNNING + COMPLETE)
        try:
            study.optimize(objective, n_jobs=min(workers, missing), callbacks=[stop])
        except (AssertionError, UnboundLocalError) as error:  # Optuna raises these after a database error
            raise error.__context__ or error  # noqa: B904
    return dict(sorted(sorted(finished().items()), key=lambda item: -mean(validated for validated, _ in item[1])))


class BestEpoch(Callback):
    """Remember the best epoch (the first, if epochs tie). Stop a network that only guesses."""

    accuracy, epoch, last, weights = -1.0, -1, -1, dict[str, Tensor]()

    def on_train_epoch_end(self, trainer: Trainer, module: LightningModule) -> None:
        accuracy, self.last = trainer.callback_metrics[VALIDATION].item(), trainer.current_epoch
        if accuracy > self.accuracy:
            self.accuracy, self.epoch, self.weights = accuracy, self.last, deepcopy(module.state_dict())
        trainer.should_stop = self.last >= 2 and accuracy < GUESSING


def score(setting: Setting, seed: int, epochs: int, data: StackedMNIST, folder: Path) -> Score:
    """Train a network as train.py would on the CPU, bit for bit, and return the score of its best epoch."""
    model, data = StackedClassifier([setting.hidden], setting.lr, setting.init, seed), copy(data)
    data.batch_size, data.seed, best = setting.batch_size, seed, BestEpoch()
    log = Curves(folder, named({**setting._asdict(), "seed": seed}), "", default_hp_metric=False)
    trainer = quiet_trainer(epochs, best, logger=log)
    with suppress(UserError):  # if training diverges, the best epoch before counts
        trainer.fit(model, TrainingStacks(data, trainer), data.whole(*data.validation))
    log.log_hyperparams(columns(model, data, epochs), {"best/validation": best.accuracy}, step=best.epoch)
    log.finalize("success")
    stopped = f"  stopped after epoch {best.last}" if best.last + 1 < epochs else ""
    tqdm.write(f"{setting}  {seed:4}  {best.accuracy:10.2%} in epoch {best.epoch}{stopped}")
    model.load_state_dict(best.weights)
    images, labels = data.test
    return best.accuracy, (model.predict(images)[0] == labels).double().mean().item()
