"""A study of Optuna's that threads, processes and machines work on side by side.

Whoever calls `complete` on a study runs trials that wait, until all have an end. A worker that is killed gives no more
heartbeats, and Optuna queues its trial again; one that is stopped lets its trial fail, and the next to look queues it.
"""

import signal
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import Any

from optuna import Study, logging
from optuna.exceptions import ExperimentalWarning, OptunaError, StorageInternalError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback, fail_stale_trials
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from tqdm import tqdm

from digits.errors import UserError
from digits.training.callbacks import Interrupted

logging.set_verbosity(logging.ERROR)
warnings.simplefilter("ignore", ExperimentalWarning)  # of heartbeats, and of TPE's constant liar

BEAT, GRACE = 5, 120  # seconds between a trial's heartbeats, and until one without any is taken for dead
POLL, AWAY = 0.5, 60  # seconds between looks at what others do, and to wait for a database that is away
STOPS = signal.SIGINT, signal.SIGTERM


@contextmanager
def received(signals: list[int], at_once: bool = False) -> Iterator[list[int]]:
    """Note SIGINT and SIGTERM; KeyboardInterrupt comes `at_once` or at the end, a second signal ends the process."""

    def handle(number: int, _: Any) -> None:
        signals.append(number)
        for each in STOPS:
            signal.signal(each, signal.SIG_DFL)
        if at_once:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, handle) for number in STOPS}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if signals and not at_once:
            raise KeyboardInterrupt


class Storage(RDBStorage):
    """Optuna's storage in a database. A trial has a heartbeat before it runs: without any, it is not taken for dead."""

    def record_heartbeat(self, trial_id: int) -> None:
        with suppress(StorageInternalError):  # the next one comes soon
            super().record_heartbeat(trial_id)

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        if state == TrialState.RUNNING:
            self.record_heartbeat(trial_id)
        return super().set_trial_state_values(trial_id, state, values)


def open_storage(url: str, signals: list[int], attempts: int = 5) -> Storage:
    """Open a database by its SQLAlchemy URL. If it is away later, whoever needs it waits, until a signal comes."""
    retry, pool = RetryHeartbeatStaleTrialCallback(), {"poolclass": NullPool}  # no connection that may be lost
    try:
        storage = Storage(url, pool, heartbeat_interval=BEAT, grace_period=GRACE, heartbeat_stale_trial_callback=retry)
    except (ImportError, ArgumentError, ValueError) as error:  # such as a port that is no number
        raise UserError(f"--storage: {error}; for a driver pip install -e '.[postgres]', or '.[mysql]'") from error
    except (SQLAlchemyError, StorageInternalError) as error:  # another process may be making the same tables
        if attempts == 1:
            raise StorageInternalError from error
        time.sleep(POLL)
        return open_storage(url, signals, attempts - 1)

    @event.listens_for(storage.engine, "do_connect")
    def connect(dialect: Any, _: Any, args: Any, options: Any) -> Any:
        for _ in range(AWAY):
            with suppress(dialect.dbapi.OperationalError):
                return dialect.connect(*args, **options)
            time.sleep(0 if signals else 1)
        return dialect.connect(*args, **options)

    if storage.engine.name == "sqlite":  # which else lets two read before they write, and take the same trial
        event.listen(storage.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return storage


def complete(
    signals: list[int], workers: int, study: Study, wanted: list[dict[str, Any]], objective: Callable[[Trial], float]
) -> list[FrozenTrial]:
    """Run a trial of each `wanted` dict of parameters until all have an end, here or elsewhere; returns those trials.

    `workers` threads run one each at a time. `objective` is to raise Interrupted soon after there are `signals`.
    """

    def known() -> dict[int, FrozenTrial]:
        """By place in `wanted`, the first trial that did not fail: of what was queued twice, one counts."""
        trials = [trial for trial in study.get_trials(deepcopy=False) if trial.state != TrialState.FAIL]
        return {trial.user_attrs["place"]: trial for trial in reversed(trials) if "place" in trial.user_attrs}

    def run(trial: Trial) -> float:
        with suppress(Interrupted):
            if not signals and trial.number in {each.number for each in known().values()}:
                return objective(trial)
        return float("nan")  # by which a trial fails: that was stopped, queued twice, or made as none was waiting

    jobs: set[Future[None]] = set()
    with received(signals), ThreadPoolExecutor(workers) as pool, tqdm(wanted, disable=None, leave=False) as bar:
        while True:
            try:
                fail_stale_trials(study)
                trials = known()
                for place, parameters in enumerate(wanted):
                    if place not in trials and not signals:
                        study.enqueue_trial(parameters, {"place": place})
                waiting = study.get_trials(deepcopy=False, states=[TrialState.WAITING])
            except StorageInternalError:  # a connection was lost
                study.get_trials()  # raises it again if there is no other
                continue
            ended = [trials[n] for n in range(len(wanted)) if n in trials and trials[n].state.is_finished()]
            bar.update(len(ended) - bar.n)
            if signals or len(ended) == len(wanted):
                return ended
            for _ in waiting[: workers - len(jobs)]:
                jobs.add(pool.submit(study.optimize, run, 1, catch=StorageInternalError))
            time.sleep(0 if jobs else POLL)  # while others run the rest
            done, jobs = wait(jobs, POLL if len(jobs) < workers else None, FIRST_COMPLETED)
            for error in filter(None, (job.exception() for job in done)):
                # Optuna's own errors are of a connection that was lost, or a trial that was taken for dead.
                passing = isinstance(error, OptunaError) or isinstance(error.__context__, OptunaError)
                if not passing and not str(error).startswith("Cannot tell a"):
                    raise error
