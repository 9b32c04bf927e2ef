"""A study of Optuna's on which threads, processes and machines work side by side.

Each thread runs what waits, by Optuna's own loop, until all trials have an end. A killed worker gives no more
heartbeats, and Optuna queues its trial again. A stopped worker marks its trial failed; any other queues it again.
"""

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event, Lock
from typing import Any

from optuna import Study, logging
from optuna.exceptions import ExperimentalWarning, OptunaError, StorageInternalError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback, fail_stale_trials
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from tqdm import tqdm

from digits.errors import UserError, install
from digits.training.callbacks import Interrupted

logging.set_verbosity(logging.ERROR)
warnings.simplefilter("ignore", ExperimentalWarning)  # of heartbeats, and of TPE's constant liar

BEAT, GRACE = 5, 120  # seconds between a trial's heartbeats, and until one without any is taken for dead
POLL, AWAY = 0.5, 60  # seconds between looks at what others do, and to wait for a database that is away


class Storage(RDBStorage):
    """Optuna's storage in a database. A trial has a heartbeat before it runs: without any, it is not taken for dead."""

    def record_heartbeat(self, trial_id: int) -> None:
        with suppress(StorageInternalError):  # the next one comes soon
            super().record_heartbeat(trial_id)

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        if state == TrialState.RUNNING:
            self.record_heartbeat(trial_id)
        return super().set_trial_state_values(trial_id, state, values)


def open_storage(url: str, stop: Event, attempts: int = 5) -> Storage:
    """Open a database by its SQLAlchemy URL. If it is away later, whoever needs it waits, until `stop`."""
    retry, pool = RetryHeartbeatStaleTrialCallback(), {"poolclass": NullPool}  # no connection that may be lost
    try:
        storage = Storage(url, pool, heartbeat_interval=BEAT, grace_period=GRACE, heartbeat_stale_trial_callback=retry)
    except (ImportError, ArgumentError, ValueError) as error:  # such as a port that is no number
        raise UserError(f"--storage: {error}; for a driver {install('postgres')}") from error
    except (SQLAlchemyError, StorageInternalError) as error:  # another process may be making the same tables
        if attempts == 1:
            raise StorageInternalError from error
        stop.wait(POLL)
        return open_storage(url, stop, attempts - 1)

    @event.listens_for(storage.engine, "do_connect")
    def connect(dialect: Any, _: Any, args: Any, options: Any) -> Any:
        for _ in range(AWAY):
            with suppress(dialect.dbapi.OperationalError):
                return dialect.connect(*args, **options)
            stop.wait(1)
        return dialect.connect(*args, **options)

    if storage.engine.name == "sqlite":  # which else lets two read before they write, and take the same trial
        event.listen(storage.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return storage


def complete(
    study: Study, wanted: list[dict[str, Any]], objective: Callable[[Trial], float], workers: int, stop: Event
) -> list[FrozenTrial]:
    """Run a trial of each `wanted` dict of parameters until all have an end, here or elsewhere; returns those trials.

    `workers` threads run one each at a time. After an error here, such as KeyboardInterrupt, `stop` has them end, and
    `objective` is to raise Interrupted soon.
    """
    lock, bugs = Lock(), list[Exception]()

    def known() -> dict[int, FrozenTrial]:
        """By place in `wanted`, the first trial that did not fail: of what was queued twice, one counts."""
        trials = [trial for trial in study.get_trials(deepcopy=False) if trial.state != TrialState.FAIL]
        return {trial.user_attrs["place"]: trial for trial in reversed(trials) if "place" in trial.user_attrs}

    def run(trial: Trial) -> float:
        try:
            if not stop.is_set() and trial.number in {each.number for each in known().values()}:
                return objective(trial)
        except (Interrupted, OptunaError):
            pass
        except Exception as bug:
            bugs.append(bug)
            stop.set()
        return float("nan")  # by which a trial fails: that was stopped, queued twice, or made as none was waiting

    def work(bar: tqdm) -> None:
        while not stop.is_set():
            try:
                with lock:
                    trials = known()
                    for place in sorted({*range(len(wanted))} - trials.keys()):
                        study.enqueue_trial(wanted[place], {"place": place})
                    ended = sum(trial.state.is_finished() for place, trial in trials.items() if place < len(wanted))
                    bar.update(ended - bar.n)
                if ended == len(wanted):
                    return
                if study.get_trials(deepcopy=False, states=[TrialState.WAITING]):
                    with suppress(Exception):  # Optuna's: a connection was lost, or this trial was taken for dead
                        study.optimize(run, n_trials=1)
                else:  # others run the rest
                    fail_stale_trials(study)
                    stop.wait(POLL)
            except StorageInternalError:  # a connection was lost
                study.get_trials()  # raises it again if there is no other

    with ThreadPoolExecutor(workers) as pool, tqdm(wanted, disable=None, leave=False) as bar:
        try:
            for worker in [pool.submit(work, bar) for _ in range(workers)]:
                worker.result()
        except BaseException:
            stop.set()
            raise
    for bug in bugs:
        raise bug
    trials = known()
    return [trials[place] for place in range(len(wanted))]
