"""A study of Optuna's on which threads, processes and machines work side by side.

Each thread runs what waits, by Optuna's own loop, until all trials have an end. A killed worker gives no more
heartbeats, and Optuna queues its trial again. A stopped worker marks its trial failed; any other queues it again.

Anybody may have made or edited the database: what is read from it is checked, and `fault` says what is wrong with it.
"""

import sqlite3
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from textwrap import shorten
from threading import Event, Lock
from time import monotonic
from traceback import walk_tb
from typing import Any

from optuna import Study, create_study, logging
from optuna.exceptions import ExperimentalWarning, OptunaError, StorageInternalError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback, fail_stale_trials
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from tqdm import tqdm

from digits.errors import UserError, install
from digits.training.callbacks import Interrupted

logging.set_verbosity(logging.ERROR)
warnings.simplefilter("ignore", ExperimentalWarning)  # of heartbeats, and of TPE's constant liar

BEAT, GRACE = 5, 120  # seconds between a trial's heartbeats, and until one without any is taken for dead
POLL, AWAY = 0.5, 60  # seconds between looks at what others do, and to wait for a database that is away
FOR_GOOD = sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN
ATTEMPTS = 5  # what fails so often, without success in between, will not pass


class Damaged(Exception):
    """What a database holds is not as `complete` writes it."""


class Storage(RDBStorage):
    """Optuna's storage in a database. A trial has a heartbeat before it runs: without any, it is not taken for dead."""

    def record_heartbeat(self, trial_id: int) -> None:
        with suppress(StorageInternalError):  # the next one comes soon
            super().record_heartbeat(trial_id)

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        if state == TrialState.RUNNING:
            self.record_heartbeat(trial_id)
        return super().set_trial_state_values(trial_id, state, values)


def open_storage(url: str, stop: Event, attempts: int = ATTEMPTS) -> Storage:
    """Open a database by its SQLAlchemy URL. If it is away later, whoever needs it waits, until `stop`."""
    options: dict[str, Any] = {"poolclass": NullPool}  # no connection that may be lost
    beats: dict[str, Any] = {"heartbeat_interval": BEAT, "grace_period": GRACE}
    beats["heartbeat_stale_trial_callback"] = RetryHeartbeatStaleTrialCallback()
    if url.startswith(("postgresql:", "postgresql+psycopg")):  # which else gives bytes, of a database without encoding
        options["connect_args"] = {"client_encoding": "utf8"}
    try:
        storage = Storage(url, options, **beats)
    except (ImportError, ArgumentError, ValueError) as error:  # such as a port that is no number
        raise UserError(f"--storage: {error}; for a driver {install('postgres')}") from error
    except (SQLAlchemyError, StorageInternalError):  # another process may be making the same tables
        if attempts == 1:
            raise
        stop.wait(POLL)
        return open_storage(url, stop, attempts - 1)

    since = None  # when it was away first, of all threads

    @event.listens_for(storage.engine, "do_connect")
    def connect(dialect: Any, _: Any, args: Any, options: Any) -> Any:
        nonlocal since
        while True:
            try:
                connection = dialect.connect(*args, **options)
                since = None
                return connection
            except dialect.dbapi.OperationalError:
                since = first = since or monotonic()
                if stop.is_set() or monotonic() > first + AWAY:
                    raise
                stop.wait(1)

    if storage.engine.name == "sqlite":  # which else lets two read before they write, and take the same trial
        event.listen(storage.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return storage


def open_study(storage: Storage, name: str) -> Study:
    """The study of that name, whose values are to be high; a new one if there is none."""
    study = create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)
    if study.directions != [StudyDirection.MAXIMIZE]:
        raise Damaged(f"the study {name} does not maximize one value")
    return study


def fault(error: Exception) -> str | None:
    """What is wrong with the database, if an error is of it; None of another, which is a bug.

    It is of the database if it is `Damaged`, or if Optuna raised it when we called it: with a database that is as we
    write it, Optuna raises nothing.
    """
    packages = [frame.f_globals.get("__name__", "").partition(".")[0] for frame, _ in walk_tb(error.__traceback__)]
    called = ".".join(packages).rpartition("digits.")[2]  # by the last function of our own
    if not isinstance(error, Damaged | StorageInternalError) and not called.startswith(("optuna", "sqlalchemy")):
        return None
    root: BaseException = error
    away = False
    while root.__cause__ and isinstance(root, Damaged | StorageInternalError | SQLAlchemyError):
        away = away or isinstance(root, InterfaceError | OperationalError)
        root = root.__cause__
    if isinstance(root, sqlite3.Error) and getattr(root, "sqlite_errorcode", 1) == sqlite3.SQLITE_ERROR:
        away = False  # there is no such column, for example
    reason = shorten(str(root) if isinstance(root, Damaged) else f"{type(root).__name__}: {root}", 250)
    if unmendable(root):
        return f"cannot be read or written: {reason}"
    if away:
        return f"does not answer: {reason}"
    return f"is damaged, or of another version of Optuna: {reason}; name another with --storage"


def unmendable(error: BaseException | None) -> bool:
    """Whether it comes from a fault of SQLite's that no waiting mends: the disk is full, for example."""
    while error and not isinstance(error, sqlite3.Error):
        error = error.__cause__
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in FOR_GOOD  # the low byte is the kind


def place_of(trial: FrozenTrial) -> int:
    """The place of a trial in what was wanted."""
    place = trial.user_attrs["place"]
    if type(place) is not int or place < 0:
        raise Damaged(f"trial {trial.number} has the place {place!r:.50}")
    return place


def check(trial: FrozenTrial, asked: dict[str, Any]) -> None:
    """Raise Damaged unless a trial is of the parameters asked for and, if it has ended, has an accuracy."""
    fixed, values = trial.system_attrs.get("fixed_params"), trial.values or []  # fixed as it was queued
    if not isinstance(fixed, dict) or not fixed.items() <= asked.items() <= (fixed | trial.params).items():
        raise Damaged(f"trial {trial.number} is of other settings")
    if trial.state.is_finished() and [type(value) is float and 0 <= value <= 1 for value in values] != [True]:
        raise Damaged(f"trial {trial.number} has the accuracy {values!r:.50}")


def complete(
    study: Study, wanted: list[dict[str, Any]], objective: Callable[[Trial], float], workers: int, stop: Event
) -> list[FrozenTrial]:
    """Run a trial of each `wanted` dict of parameters until all have an end, here or elsewhere; returns those trials.

    `workers` threads run one each at a time. After an error here, such as KeyboardInterrupt, `stop` has them end, and
    `objective` is to raise Interrupted soon. Raises Damaged if what is in the database is not of these parameters.
    """
    lock, bugs = Lock(), list[Exception]()

    def known() -> dict[int, FrozenTrial]:
        """By place in `wanted`, the first trial that did not fail: of what was queued twice, one counts."""
        trials = [trial for trial in study.get_trials(deepcopy=False) if trial.state != TrialState.FAIL]
        found = {place_of(trial): trial for trial in reversed(trials) if "place" in trial.user_attrs}
        for place, trial in found.items():
            if place < len(wanted):
                check(trial, wanted[place])
        return found

    def run(trial: Trial) -> float:
        try:
            if not stop.is_set() and trial.number in {each.number for each in known().values()}:
                return objective(trial)
        except Interrupted:
            pass
        except OptunaError:  # which `work` counts
            raise
        except Exception as bug:
            bugs.append(bug)
            stop.set()
        return float("nan")  # by which a trial fails: that was stopped, queued twice, or made as none was waiting

    def work(bar: tqdm) -> None:
        failures = 0
        while not stop.is_set():
            try:
                with lock:
                    trials = known()
                    for place in sorted({*range(len(wanted))} - trials.keys()):
                        if stop.is_set():
                            return
                        study.enqueue_trial(wanted[place], {"place": place})
                    ended = sum(trial.state.is_finished() for place, trial in trials.items() if place < len(wanted))
                    bar.update(ended - bar.n)
                if ended == len(wanted):
                    return
                if study.get_trials(deepcopy=False, states=[TrialState.WAITING]):
                    study.optimize(run, n_trials=1)
                    failures = 0
                else:  # others run the rest
                    fail_stale_trials(study)
                    stop.wait(POLL)
            except Exception as error:  # Optuna's: a connection was lost, or this trial was taken for dead
                if isinstance(error, Damaged) or not fault(error):
                    raise
                # It asserts that it has written how the trial ended.
                cause = error.__context__ if isinstance(error, AssertionError) else error
                failures += 1
                if unmendable(cause) or failures == ATTEMPTS:
                    raise Damaged from cause or error
                stop.wait(POLL)

    with ThreadPoolExecutor(workers) as pool, tqdm(wanted, disable=None, leave=False) as bar:
        try:
            running = {pool.submit(work, bar) for _ in range(workers)}
            while running:
                ended, running = wait(running, POLL, FIRST_COMPLETED)  # on Windows, no Ctrl-C ends a wait without end
                for worker in ended:
                    worker.result()
        except BaseException:
            stop.set()
            raise
    for bug in bugs:
        raise bug
    trials = known()
    return [trials[place] for place in range(len(wanted))]
