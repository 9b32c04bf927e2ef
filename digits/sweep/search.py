"""A study of Optuna's in a database: all that connects the processes and machines which work on a sweep.

Each trial is a network: RUNNING from when somebody begins to train it, COMPLETE with its accuracy. Who finds no network
that nobody has begun trains one that another process has: that process may have been killed. So nobody waits for the
dead. A network has the same accuracy whoever trains it, and the first that is written counts.

Threads train; the main thread alone uses the database, which anybody may have edited: what is read is checked.
"""

import warnings
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from itertools import count, product
from random import choice
from secrets import token_hex
from textwrap import shorten
from threading import Event
from time import monotonic, sleep
from typing import Any

from optuna import Study, create_study, logging
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.samplers import TPESampler
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState, create_trial
from sqlalchemy.exc import SQLAlchemyError
from tqdm import tqdm

from digits.sweep.trials import Scores, Setting

logging.set_verbosity(logging.ERROR)
warnings.simplefilter("ignore", ExperimentalWarning)  # of TPE's constant liar

POLL, AWAY = 0.5, 60  # seconds between looks, and for which a server may be away
ATTEMPTS = 5  # by so many, any other error passes, as of tables that another process makes at the same time
RUNNING, COMPLETE = TrialState.RUNNING, TrialState.COMPLETE

Space = dict[str, BaseDistribution]
Known = dict[Setting, float]
Train = Callable[[Setting, Event], float]


class Fault(Exception):
    """What is wrong with a database."""


def asked(patience: float, call: Callable[..., Any], *args: Any) -> Any:
    """What a function returns that uses the database; if it fails, it is called again, so many seconds long.

    Raises Fault if it goes on failing: with a database that is as this module writes it, Optuna raises nothing.
    """
    began = monotonic()
    for attempt in count(1):
        try:
            return call(*args)
        except Exception as error:
            if attempt >= ATTEMPTS and monotonic() - began >= patience:
                cause: BaseException = error
                while isinstance(cause, StorageInternalError | SQLAlchemyError) and cause.__cause__:
                    cause = cause.__cause__
                raise Fault(shorten(f"{type(cause).__name__}: {cause}", 250)) from error
        sleep(POLL)


def open_study(url: str, name: str) -> Study:
    """The study of that name in a database, by its SQLAlchemy URL; what is not there is made."""
    postgres = url.startswith(("postgresql:", "postgresql+psycopg"))  # if without encoding, it else gives bytes
    storage = RDBStorage(url, {"connect_args": {"client_encoding": "utf8"}} if postgres else {})
    return create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)


def trial_of(setting: Setting, space: Space, accuracy: float | None = None, worker: str = "") -> FrozenTrial:
    """A trial as it is written; raises ValueError if it is not in the space."""
    state, params, by = RUNNING if accuracy is None else COMPLETE, setting._asdict(), {"worker": worker}
    return create_trial(state=state, value=accuracy, params=params, distributions=space, user_attrs=by)


def exchange(study: Study, space: Space, known: Known) -> list[tuple[Setting, str]]:
    """Write the accuracies that are known here, and add what others know; returns what was begun, in order, by whom."""
    begun = []
    for trial in study.get_trials(deepcopy=False, states=(RUNNING, COMPLETE)):
        setting = Setting(**trial.params)
        trial_of(setting, space)  # raises ValueError if it is not in the space
        begun.append((setting, trial.user_attrs.get("worker", "")))
        if trial.state == RUNNING and setting in known:  # or somebody has told it meanwhile: that counts
            trial = study.tell(trial.number, known[setting], COMPLETE, skip_if_finished=True)
        if trial.state == COMPLETE:
            if trial.value is None or not 0 <= trial.value <= 1:
                raise ValueError(f"trial {trial.number} has the accuracy {trial.value}")
            known[setting] = trial.value
    return begun


def proposal(begun: list[tuple[Setting, str]], known: Known, space: Space) -> Setting:
    """What TPE would try next, with seed 0: after the same trials always the same."""
    study = create_study(sampler=TPESampler(seed=len(begun), constant_liar=True), direction="maximize")
    study.add_trials(trial_of(setting, space, known.get(setting)) for setting, _ in begun)
    return Setting(**study.ask({**space, "seed": IntDistribution(0, 0)}).params)


def complete(
    url: str, name: str, values: dict[str, list[Any]], trials: int | None, train: Train, seeds: int, workers: int
) -> Scores:
    """What `train` gives for each combination of the sorted `values`, or for so many `trials` between them.

    What the study of that name lacks is trained here, so many at a time, or elsewhere. `train` is to end when its event
    is set: others have trained the rest, or there was an error, KeyboardInterrupt among them.
    """
    kinds: dict[str, Any] = {"hidden": IntDistribution, "lr": FloatDistribution, "batch_size": IntDistribution}
    space: Space = {part: kind(values[part][0], values[part][-1], log=True) for part, kind in kinds.items()}
    space |= {"init": CategoricalDistribution(values["init"]), "seed": IntDistribution(0, seeds - 1)}
    grid = [] if trials else [Setting(*each) for each in product(*values.values())]
    total, known, training = seeds * (trials or len(grid)), Known(), dict[Future[float], Setting]()
    study, over, worker = asked(0, open_study, url, name), Event(), token_hex()
    ask = partial(asked, 0 if url.startswith("sqlite:") else AWAY)
    with ThreadPoolExecutor(workers) as pool, tqdm(total=total, disable=None, leave=False) as bar:
        try:
            while True:
                begun = ask(exchange, study, space, known)
                chosen = grid or [setting for setting, _ in begun if setting.seed == 0][:trials]
                wanted = [setting._replace(seed=seed) for seed in range(seeds) for setting in chosen]
                missing = [setting for setting in wanted if setting not in known]
                bar.update(len(wanted) - len(missing) - bar.n)
                free = [setting for setting in missing if setting not in training.values()]
                owners = dict(reversed(begun))  # who was first
                mine = [setting for setting in free if owners.get(setting) == worker]
                new = [setting for setting in free if setting not in owners]
                lacks = len(wanted) < total
                if len(training) < workers and not mine and (new or lacks):
                    setting = proposal(begun, known, space) if lacks else new[0]
                    ask(study.add_trial, trial_of(setting, space, worker=worker))
                elif len(training) < workers and free:
                    setting = mine[0] if mine else choice(free)  # that of somebody who may have died
                    training[pool.submit(train, setting, over)] = setting
                elif missing or lacks:
                    for future in wait(training, POLL, FIRST_COMPLETED).done:
                        known[training.pop(future)] = future.result()
                else:
                    return {each: [known[each._replace(seed=seed)] for seed in range(seeds)] for each in chosen}
        finally:
            over.set()
