"""A study of Optuna's that threads, processes and machines work on side by side.

Whoever calls `complete` on a study runs trials that wait, until all have an end. A worker that is killed gives no more
heartbeats, and Optuna queues its trial again; one that is stopped lets its trial fail, and the next to look queues it.
"""

import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from threading import Lock
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning, UpdateFinishedTrialError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback, fail_stale_trials
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from digits import UserError
from digits.training.callbacks import Interrupted

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("ignore", ExperimentalWarning)  # of heartbeats, and of TPE's constant liar

BEAT, GRACE = 5, 120  # seconds between a trial's heartbeats, and until one without any is taken for dead
POLL = 0.5  # seconds between looks at what others do
AWAY = 60  # seconds to wait for a database that is away for a while


@contextmanager
def received() -> Iterator[list[int]]:
    """SIGINT and SIGTERM, for threads to look at; the main thread gets KeyboardInterrupt. A second ends the process."""
    signals: list[int] = []

    def handle(number: int, _: Any) -> None:
        signals.append(number)
        signal.signal(number, signal.SIG_DFL)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Storage(RDBStorage):
    """Optuna's storage in a database, with a heartbeat before a trial runs: without any, Optuna never takes it for
    dead. The lock keeps two threads from taking the same trial, which SQLite would let them.
    """

    taking = Lock()

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        with self.taking:
            if state == TrialState.RUNNING:
                self.record_heartbeat(trial_id)
            return super().set_trial_state_values(trial_id, state, values)


def open_storage(url: str, signals: list[int]) -> Storage:
    """Open a database by its SQLAlchemy URL. If it is away later, whoever needs it waits, until a signal comes."""
    retry, pool = RetryHeartbeatStaleTrialCallback(), {"poolclass": NullPool}  # no connection that may be lost
    beats = partial(Storage, heartbeat_interval=BEAT, grace_period=GRACE, heartbeat_stale_trial_callback=retry)
    for attempt in range(5):
        try:
            storage = beats(url, pool)
            break
        except (IntegrityError, OperationalError, ProgrammingError):  # another process may be making the same tables
            if attempt == 4:
                raise
            time.sleep(POLL)
        except (ImportError, ArgumentError, ValueError) as error:  # such as a port that is no number
            raise UserError(f"--storage: {error}; for a driver pip install -e '.[postgres]', or '.[mysql]'") from error

    @event.listens_for(storage.engine, "do_connect")
    def connect(dialect: Any, _: Any, args: Any, options: Any) -> Any:
        for _ in range(AWAY):
            with suppress(dialect.dbapi.OperationalError):
                return dialect.connect(*args, **options)
            time.sleep(0 if signals else 1)
        return dialect.connect(*args, **options)

    return storage


class Taken(Exception):
    """Another trial does what this one would."""


def complete(
    workers: int,
    study: optuna.Study,
    wanted: list[dict[str, Any]],
    objective: Callable[[Trial], float],
    show: Callable[[optuna.Study, FrozenTrial], None] = lambda *_: None,
) -> list[FrozenTrial]:
    """Run a trial of each `wanted` dict of parameters until all have an end, here or elsewhere; returns those trials.

    `workers` of them run at a time, and `show` is called after each. After a signal, `objective` is to raise
    Interrupted soon.
    """

    def known() -> dict[int, FrozenTrial]:
        """By place in `wanted`, the first trial that did not fail: of what was queued twice, one counts."""
        trials: dict[int, FrozenTrial] = {}
        for trial in study.get_trials(deepcopy=False):
            if trial.state != TrialState.FAIL and "place" in trial.user_attrs:
                trials.setdefault(trial.user_attrs["place"], trial)
        return trials

    def run(trial: Trial) -> float:
        if trial.number not in {each.number for each in known().values()}:  # or none was waiting, and Optuna made one
            raise Taken
        try:
            return objective(trial)
        except (Interrupted, SystemExit) as error:  # which Lightning makes of KeyboardInterrupt and of SIGTERM
            raise KeyboardInterrupt from error  # after which Optuna lets the trial fail

    while True:
        trials = known()
        for place, parameters in enumerate(wanted):
            if place not in trials:
                study.enqueue_trial(parameters, {"place": place})
        ours = [trials[place] for place in range(len(wanted)) if place in trials]
        if len(ours) == len(wanted) and all(trial.state.is_finished() for trial in ours):
            return ours
        if waiting := len(study.get_trials(deepcopy=False, states=[TrialState.WAITING])):
            jobs, bar = min(workers, waiting), sys.stderr.isatty()
            try:
                study.optimize(run, waiting, n_jobs=jobs, catch=Taken, callbacks=[show], show_progress_bar=bar)
            except (UpdateFinishedTrialError, ValueError) as error:
                if isinstance(error, ValueError) and not str(error).startswith("Cannot tell a"):
                    raise
                # One of ours was taken for dead, as after the sleep of a laptop, and another does it.
        else:
            time.sleep(POLL)  # others run the rest
            fail_stale_trials(study)
