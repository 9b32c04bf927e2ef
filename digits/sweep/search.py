"""A study of Optuna's that threads, processes and machines work on side by side.

Whoever calls `complete` on the same study takes trials that wait, and returns when all have an end. A worker that was
killed no longer gives signs of life (heartbeats), and its trial is queued again; so is one that Ctrl-C stopped.
"""

import signal
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Lock
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning, UpdateFinishedTrialError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback, fail_stale_trials
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError, ProgrammingError

from digits import UserError
from digits.sweep.trials import HOPELESS, Setting
from digits.training.callbacks import Interrupted

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("ignore", ExperimentalWarning)  # of heartbeats, and of TPE's constant liar

BEAT, GRACE = 5, 60  # seconds between a trial's heartbeats, and until one without any is taken for dead
POLL = 0.5  # seconds between looks at what others do
AWAY = 60  # seconds to wait for a database that is restarted

Space = dict[str, list[Any]]  # the values of each part of a setting
Trials = dict[int, FrozenTrial]  # by place in what is wanted


class Stop(Event):
    """Set by SIGINT and SIGTERM, for threads to look at: networks train side by side in one process, since the
    compiled kernel lets go of Python's global lock. A second signal ends the process at once.
    """

    signum: int = signal.SIGINT

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Handle the signals."""

        def handle(signum: int, _: Any) -> None:
            self.signum = signum
            self.set()
            signal.signal(signum, signal.SIG_DFL)

        before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def check(self) -> None:
        """Raise Interrupted after a signal."""
        if self.is_set():
            raise Interrupted(self.signum)


class Storage(RDBStorage):
    """Optuna's storage in a database, with a heartbeat before a trial runs: without any, Optuna never takes it for
    dead. The lock keeps two threads from taking the same trial, which SQLite would let them.
    """

    taking = Lock()

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        if state != TrialState.RUNNING:
            return super().set_trial_state_values(trial_id, state, values)
        with self.taking:
            self.record_heartbeat(trial_id)
            return super().set_trial_state_values(trial_id, state, values)


def open_storage(url: str, stop: Stop) -> Storage:
    """Open a database, and make its tables if it is empty.

    Args:
        url: As SQLAlchemy writes it.
        stop: Ends the wait for a database that does not answer for a while.

    Raises:
        UserError: If the URL is none, or the driver is missing.
    """
    for attempt in range(5):
        try:
            storage = Storage(
                url,
                {"pool_pre_ping": True},
                heartbeat_interval=BEAT,
                grace_period=GRACE,
                heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(),
            )
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

    @event.listens_for(storage.engine, "do_connect")
    def connect(dialect: Any, _: Any, args: Any, parameters: Any) -> Any:
        """Try again for a while."""
        for _ in range(AWAY):
            try:
                return dialect.connect(*args, **parameters)
            except dialect.dbapi.OperationalError:
                if stop.wait(1):
                    break
        return dialect.connect(*args, **parameters)

    return storage


def open_study(storage: Storage, name: str) -> Study:
    """The study of that name, new if there is none.

    Its pruner looks at one trial alone: one that compares trials would make the table depend on which came first.
    """
    pruner = optuna.pruners.ThresholdPruner(lower=HOPELESS)
    return optuna.create_study(
        storage=storage, study_name=name, pruner=pruner, direction="maximize", load_if_exists=True
    )


def propose(trial: Trial, space: Space) -> Setting:
    """The setting that was queued for a trial, or a new one within the range of the values given."""
    # Seeded by the trial: one worker proposes the same every time, and several never the same as each other.
    trial.study.sampler = optuna.samplers.TPESampler(seed=trial.number, constant_liar=True)
    hidden, lr, batch_size = (space[name] for name in ("hidden", "lr", "batch_size"))
    return Setting(
        trial.suggest_int("hidden", min(hidden), max(hidden), log=True),
        trial.suggest_float("lr", min(lr), max(lr), log=True),
        trial.suggest_int("batch_size", min(batch_size), max(batch_size), log=True),
        trial.suggest_categorical("init", space["init"]),
    )


class Taken(Exception):
    """Another trial does what this one would."""


def complete(
    study: Study,
    wanted: list[dict[str, Any]],
    objective: Callable[[Trial], float],
    workers: int,
    stop: Stop,
    show: Callable[[Trials], None] = lambda trials: None,
) -> Trials:
    """Run trials until each that is wanted has an end, here or elsewhere.

    Args:
        study: Where the trials are.
        wanted: Arguments of `Study.enqueue_trial`: parameters, and user attributes.
        objective: Runs a trial. It raises Interrupted soon after `stop` is set.
        workers: Trials to run at a time.
        stop: Ends the work.
        show: Called with the trials that are known, after each that ends.

    Returns:
        The finished trials, by their place in `wanted`.

    Raises:
        KeyboardInterrupt: If `stop` is set.
    """

    def known() -> Trials:
        """The first trial of each place that did not fail, so what was queued twice counts once."""
        trials: Trials = {}
        for trial in study.get_trials(deepcopy=False):
            if trial.state != TrialState.FAIL and "place" in trial.user_attrs:
                trials.setdefault(trial.user_attrs["place"], trial)
        return trials

    def run(trial: Trial) -> float:
        first = known().get(trial.user_attrs.get("place", -1))  # a trial without a place was not queued: none waited
        if first is None or first.number != trial.number:
            raise Taken
        try:
            return objective(trial)
        except (Interrupted, SystemExit) as error:  # Lightning raises SystemExit after SIGTERM
            raise KeyboardInterrupt from error  # the only one of them after which Optuna ends the trial

    while True:
        trials = known()
        show(trials)
        if stop.is_set():
            raise KeyboardInterrupt
        if len(trials) == len(wanted) and all(trial.state.is_finished() for trial in trials.values()):
            return trials
        for place, each in enumerate(wanted):
            if place not in trials:
                study.enqueue_trial(each["params"], each["user_attrs"] | {"place": place})
        waiting = len(study.get_trials(deepcopy=False, states=[TrialState.WAITING]))
        if waiting:
            try:
                jobs = min(workers, waiting)
                study.optimize(run, waiting, n_jobs=jobs, catch=Taken, callbacks=[lambda *_: show(known())])
            except (UpdateFinishedTrialError, ValueError) as error:
                if isinstance(error, ValueError) and not str(error).startswith("Cannot tell a"):
                    raise
                # One of ours was taken for dead, as after the sleep of a laptop, and another does it.
        else:
            stop.wait(POLL)  # others run the rest
            fail_stale_trials(study)
