"""A study of Optuna's that threads, processes and machines work on side by side, with the same outcome as one alone.

Whoever opens the same search on the same storage takes waiting trials from it until all have an end. What a trial comes
to depends on its setting and seed alone, and so does whether it is stopped early: pruners that compare trials would
make it depend on which came first. The settings are every combination, known from the start; or Optuna's TPE sampler
proposes a round of them at a time, from the scores of the rounds before, the same to whoever asks.
"""

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from itertools import product
from os import getpid
from socket import gethostname
from statistics import mean
from threading import Lock
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage, fail_stale_trials
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError, ProgrammingError

from digits import UserError
from digits.sweep.trials import Setting

optuna.logging.set_verbosity(optuna.logging.WARNING)
warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # of heartbeats, and of TPE's constant liar
warnings.filterwarnings("ignore", "Heartbeat of storage is supposed to be used with Study.optimize")

HOPELESS, PATIENCE = 0.2, 3  # what reads fewer validation images after so many epochs is stopped; guessing reads 0.1
ROUND = 8  # settings proposed at a time
BEAT, GRACE = 5, 120  # seconds between a trial's signs of life, and until one that gives none is taken for dead
POLL = 0.5  # seconds between looks at what others do


Space = dict[str, list[Any]]  # the values of each part of a setting


def ranges(space: Space) -> dict[str, BaseDistribution]:
    """From the smallest to the largest value of each number, on a logarithmic scale; any of the initial weights."""
    return {
        "hidden": IntDistribution(min(space["hidden"]), max(space["hidden"]), log=True),
        "lr": FloatDistribution(min(space["lr"]), max(space["lr"]), log=True),
        "batch_size": IntDistribution(min(space["batch_size"]), max(space["batch_size"]), log=True),
        "init": CategoricalDistribution(space["init"]),
    }


def proposals(space: Space, count: int, scores: list[float]) -> list[Setting]:
    """The first `count` settings of a guided search, as far as they follow from the scores of the first ones."""
    guide = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0, constant_liar=True))
    settings: list[Setting] = []
    while len(settings) < count and len(settings) <= len(scores):
        asked = [guide.ask(ranges(space)) for _ in range(min(ROUND, count - len(settings)))]
        for trial, score in zip(asked, scores[len(settings) :], strict=False):
            guide.tell(trial, score)
        settings += [Setting(**trial.params) for trial in asked]
    return settings


class Search:
    """Trials of every setting with every seed.

    Args:
        url: The database that holds them, as SQLAlchemy writes it.
        name: Of the study; it must stand for all that follows.
        space: The values of each part of a setting.
        seeds: Trials of each setting, with seeds 0, 1, ...
        count: How many settings to propose; every combination if None.
    """

    def __init__(self, url: str, name: str, space: Space, seeds: int, count: int | None) -> None:
        self.space, self.seeds, self.count = space, seeds, count
        self.settings = proposals(space, count, []) if count else [Setting(*each) for each in product(*space.values())]
        self.trials = (count or len(self.settings)) * seeds
        self.storage = open_storage(url)
        self.study, self.queue = (
            optuna.create_study(storage=self.storage, study_name=each, direction="maximize", load_if_exists=True)
            for each in (name, f"{name} queue")  # of those who would add trials: see `alone`
        )
        self.pruner = optuna.pruners.ThresholdPruner(lower=HOPELESS, n_warmup_steps=PATIENCE - 1)
        self.turn = Lock()

    def places(self) -> dict[int, FrozenTrial]:
        """The trial of each setting and seed, by setting * seeds + seed: the first that has not failed."""
        places: dict[int, FrozenTrial] = {}
        for trial in self.study.get_trials(deepcopy=False):
            if trial.state != TrialState.FAIL:
                places.setdefault(trial.user_attrs["place"], trial)
        return places

    def scores(self, places: dict[int, FrozenTrial]) -> list[list[float]]:
        """Validation accuracy by seed, each in its best epoch, of the first settings, until one is not finished."""
        scores = []
        for number in range(len(self.settings)):
            trials = [places.get(number * self.seeds + seed) for seed in range(self.seeds)]
            if not all(trial and trial.state.is_finished() for trial in trials):
                break
            scores.append([max(trial.intermediate_values.values()) for trial in trials if trial])
        return scores

    def look(self) -> dict[int, FrozenTrial]:
        """The trial of each setting and seed that is known by now, after adding those that are missing."""
        fail_stale_trials(self.study)  # of processes that died; their trials are then missing
        with self.turn:
            places = self.places()
            while self.count and len(scores := self.scores(places)) == len(self.settings) < self.count:
                self.settings = proposals(self.space, self.count, [mean(each) for each in scores])
            if self._missing(places):
                with self.alone():
                    for place in self._missing(self.places()):
                        self._add(place)
                    places = self.places()
        return places

    def claim(self, places: dict[int, FrozenTrial]) -> FrozenTrial | None:
        """Take a trial that waits, for which nobody else can have it; None if there is none."""
        for trial in places.values():
            if trial.state == TrialState.WAITING:
                with suppress(UpdateFinishedTrialError):
                    self.beat(trial)  # first, since a trial that never beat would never be taken for dead
                    if self.storage.set_trial_state_values(trial._trial_id, TrialState.RUNNING):
                        self.storage.set_trial_user_attr(trial._trial_id, "process", f"{gethostname()}:{getpid()}")
                        return deepcopy(trial)
        return None

    def setting(self, trial: FrozenTrial) -> tuple[Setting, int]:
        """Setting and seed of a trial."""
        number, seed = divmod(trial.user_attrs["place"], self.seeds)
        return self.settings[number], seed

    def beat(self, trial: FrozenTrial) -> None:
        """Give a sign of life of a trial."""
        self.storage.record_heartbeat(trial._trial_id)

    def hopeless(self, trial: FrozenTrial, epoch: int, accuracy: float) -> bool:
        """Report an epoch's validation accuracy; whether to stop there.

        Raises UpdateFinishedTrialError if the trial was taken for dead and given to another.
        """
        self.storage.set_trial_intermediate_value(trial._trial_id, epoch, accuracy)
        trial.intermediate_values[epoch] = accuracy
        return self.pruner.prune(self.study, trial)

    def end(self, trial: FrozenTrial, state: TrialState, accuracy: float | None = None) -> None:
        """End a trial; one that fails is run again."""
        self.study.tell(trial.number, accuracy, state, skip_if_finished=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until nobody else, on any machine, is in here: Optuna numbers tickets in turn, and the first goes in."""
        ticket = self.queue.ask()
        self.storage.record_heartbeat(ticket._trial_id)
        try:
            while any(
                other.number < ticket.number
                for other in self.queue.get_trials(deepcopy=False, states=[TrialState.RUNNING])
            ):
                time.sleep(POLL / 10)
                fail_stale_trials(self.queue)
            yield
        finally:
            self.queue.tell(ticket, state=TrialState.FAIL, skip_if_finished=True)

    def _missing(self, places: dict[int, FrozenTrial]) -> list[int]:
        return [place for place in range(len(self.settings) * self.seeds) if place not in places]

    def _add(self, place: int) -> None:
        setting, seed = self.settings[place // self.seeds], place % self.seeds
        self.study.add_trial(
            optuna.trial.create_trial(
                state=TrialState.WAITING,
                params=setting._asdict() | {"seed": seed},
                distributions=ranges(self.space) | {"seed": IntDistribution(0, self.seeds - 1)},
                user_attrs={"place": place},
            )
        )


def open_storage(url: str) -> RDBStorage:
    """Optuna's storage in a database, whose tables are made if it is empty.

    Raises UserError if the URL is none, or the driver is missing.
    """
    for attempt in range(5):
        try:
            storage = RDBStorage(url, heartbeat_interval=BEAT, grace_period=GRACE)
            break
        except (IntegrityError, OperationalError, ProgrammingError):  # another process is making the same tables
            if attempt == 4:
                raise
            time.sleep(POLL)
        except (ImportError, ArgumentError) as error:
            raise UserError(
                f"--storage is not a database, or its driver is missing ({error}): for postgresql:// "
                "pip install -e '.[postgres]', for mysql+pymysql:// '.[mysql]'"
            ) from error
    if storage.engine.dialect.name == "sqlite":  # whose transactions begin when they first write, too late for a claim
        event.listen(storage.engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
        event.listen(storage.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        storage.engine.dispose()
    return storage
