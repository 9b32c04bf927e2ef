import os
import signal
import sqlite3
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event, Timer
from unittest.mock import Mock

import optuna
import psycopg
import pytest
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.trial import TrialState
from sqlalchemy import event

from digits.sweep import search
from digits.sweep.search import Damaged, complete, fault, open_storage
from tests.support import postgres
from tests.support.small_sweep import FOLDER, GRACE, LONG, ends, go, places, start, study_in
from tests.support.systems import posix
from tests.support.tiers import nightly, slow

COMPLETE, FAIL, RUNNING = TrialState.COMPLETE, TrialState.FAIL, TrialState.RUNNING


@pytest.fixture(scope="module")
def server():
    if not (programs := postgres.programs()):
        pytest.skip("PostgreSQL is not installed")
    with postgres.server(programs) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, home):
    """A database that processes share."""
    return f"sqlite:///{home}/shared.db?timeout=60" if request.param == "sqlite" else request.getfixturevalue("server")


@pytest.mark.parametrize("url", [slow("postgres"), nightly("sqlite")], indirect=True)
def test_a_worker_is_killed_and_no_trial_is_lost(small, home, run, url):
    two = [start(small, home, *LONG, "--storage", url, "--workers", 2) for _ in range(2)]
    go(*two)
    ends(two[1])
    study = study_in(url)

    def working():
        trials = study.get_trials(states=[RUNNING])
        return [trial.user_attrs["process"] for trial in trials if "process" in trial.user_attrs]

    while two[0].pid not in working():
        assert two[0].poll() is None
    two[0].kill()  # with a trial of its own
    output, errors = two[1].communicate(timeout=120)
    assert (two[1].returncode, errors) == (0, "")
    assert places(study, COMPLETE) == Counter(range(12))
    assert not working()  # what was queued twice may be RUNNING, if it was killed before that was noticed
    told = run(*LONG, "--storage", url)
    assert told.split("\n\n")[1:] == output.split("\n\n")[1:]
    assert told.split("\n\n")[0].count("\n") == 0  # nothing is trained again


@pytest.mark.parametrize("url", [nightly("sqlite"), nightly("postgres")], indirect=True)
def test_processes_that_start_at_the_same_moment_share_the_trials(small, home, url):
    args = [*LONG[:-1], "5", "--storage", url]
    two = [start(small, home, *args) for _ in range(2)]
    go(*two)
    outputs = [process.communicate(timeout=120) for process in two]
    assert [(process.returncode, errors) for process, (_, errors) in zip(two, outputs, strict=True)] == [(0, "")] * 2
    assert outputs[0][0].split("\n\n")[1:] == outputs[1][0].split("\n\n")[1:]
    assert places(study_in(url, FOLDER.name.replace("40", "5")), COMPLETE) == Counter(range(12))
    assert len((home / "tests").read_text().splitlines()) <= 6  # three, or twice if both took one at the same instant


@pytest.mark.parametrize("signum, workers", [slow(signal.SIGINT, 2), nightly(signal.SIGTERM, 1)])
def test_a_signal_stops_a_sweep_that_the_same_command_finishes(signum, workers, small, home, run):
    process = start(small, home, *LONG, "--workers", workers)
    go(process)
    ends(process)
    process.send_signal(signum)
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (128 + signum, "")
    assert output.splitlines()[-1] == "Stopped. The same command goes on with the rest."
    study = study_in(f"sqlite:///{home}/{FOLDER}/sweep.db")
    before = places(study, COMPLETE)
    assert 1 <= before.total() < 12 and not places(study, RUNNING)
    assert run(*LONG).split("\n\n")[0].count(" of epoch ") == 12 - before.total()
    assert places(study, COMPLETE) == Counter(range(12))


@pytest.fixture
def study(home):
    return optuna.create_study(storage=open_storage(f"sqlite:///{home}/some.db", Event()), direction="maximize")


WANTED = [{"x": 0.5}, {"x": 0.25}, {"x": 0.125}]


def value(trial):
    return trial.suggest_float("x", 0, 1)


@pytest.mark.parametrize("workers", [1, 3])
def test_each_wanted_trial_is_run_once_and_returned_in_order(workers, study):
    run = []
    for _ in range(2):
        trials = complete(study, WANTED, lambda trial: run.append(trial.number) or value(trial), workers, Event())
        assert [trial.value for trial in trials] == [0.5, 0.25, 0.125]
    assert sorted(run) == [0, 1, 2] == [trial.number for trial in trials]


def test_many_that_ask_at_the_same_moment_take_different_trials(study):
    for number in range(24):
        study.enqueue_trial({"x": number / 24})
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: study.ask().number, range(24)))
    assert sorted(taken) == list(range(24))


def test_what_was_queued_twice_is_run_once(study):
    for place in (0, 1, 0):
        study.enqueue_trial(WANTED[place], {"place": place})
    calls = []
    complete(study, WANTED, lambda trial: calls.append(trial.number) or value(trial), 1, Event())
    assert calls == [0, 1, 3]
    assert study.trials[2].state == FAIL


def test_a_trial_that_was_taken_for_dead_is_run_again(study):
    attempts = count()

    def late(trial):
        if trial.number == 1 and not next(attempts):
            study._storage.set_trial_state_values(trial._trial_id, FAIL)
        return value(trial)

    assert [trial.value for trial in complete(study, WANTED, late, 1, Event())] == [0.5, 0.25, 0.125]
    assert study.trials[1].state == FAIL and len(study.trials) == 4


@pytest.mark.slow
@pytest.mark.parametrize(
    "method", ["_get_trials", "_get_stale_trial_ids", "record_heartbeat", "set_trial_state_values"]
)
def test_a_connection_that_is_lost_in_the_middle_loses_no_trial(method, study, monkeypatch):
    calls, kept = count(), getattr(RDBStorage, method)

    def lose(*args, **options):
        if next(calls) in (1, 4, 8):
            raise StorageInternalError
        return kept(*args, **options)

    monkeypatch.setattr(RDBStorage, method, lose)
    assert [trial.value for trial in complete(study, WANTED, value, 1, Event())] == [0.5, 0.25, 0.125]


def test_a_database_that_stays_away_ends_the_work(study, monkeypatch):
    error = sqlite3.OperationalError("away")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY

    def away(trial):
        monkeypatch.setattr(search, "AWAY", 0)
        study._storage._backend.engine.dialect.connect = Mock(side_effect=error)

    with pytest.raises(Damaged) as raised:
        complete(study, WANTED, away, 2, Event())
    assert fault(raised.value) == "does not answer: OperationalError: away"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_disk_that_becomes_full_ends_the_work(workers, study):
    """Those who wait for a trial whose end could not be written would wait until it is taken for dead."""
    engine = study._storage._backend.engine

    def full(trial):
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only = 1"))
        return value(trial)

    with pytest.raises(Damaged) as raised:
        complete(study, WANTED[:1], full, workers, Event())
    assert fault(raised.value) == "cannot be read or written: OperationalError: attempt to write a readonly database"


def test_a_stop_is_heeded_while_trials_are_queued(study):
    stop, queue = Event(), study.enqueue_trial
    study.enqueue_trial = lambda *trial: stop.set() or queue(*trial)
    with pytest.raises(KeyError):  # there are no trials to return
        complete(study, WANTED, value, 1, stop)
    assert len(study.trials) == 1


def test_a_bug_ends_the_work(study):
    def fail(*_, **__):
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        complete(study, WANTED, fail, 4, Event())
    study.get_trials = fail
    with pytest.raises(ValueError, match="a bug"):  # not of the database either
        complete(study, WANTED, value, 2, Event())


def test_trials_of_others_are_waited_for(study):
    study.enqueue_trial(WANTED[0], {"place": 0})
    Timer(0.5, study.tell, [study.ask(), 0.75]).start()
    assert [trial.value for trial in complete(study, WANTED, value, 1, Event())] == [0.75, 0.25, 0.125]


@pytest.mark.slow
def test_who_dies_before_the_first_heartbeat_of_a_trial_is_found_dead(study):
    study.enqueue_trial(WANTED[0], {"place": 0})
    study.ask()
    assert [trial.value for trial in complete(study, WANTED, value, 1, Event())] == [0.5, 0.25, 0.125]
    assert study.trials[0].state == FAIL


@pytest.mark.nightly
def test_a_trial_that_takes_longer_than_the_grace_is_not_repeated(study):
    complete(study, WANTED[:1], lambda trial: time.sleep(2 * GRACE) or value(trial), 2, Event())  # one waits
    assert study.trials[0].state == COMPLETE


@posix
def test_a_signal_ends_the_wait_for_others(study):
    study.enqueue_trial(WANTED[0], {"place": 0})
    study.ask()  # nobody runs it, or gives it up
    Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        complete(study, WANTED[:1], value, 1, Event())


def test_many_make_the_tables_of_a_new_database_at_the_same_moment(url):
    with ThreadPoolExecutor(8) as pool:
        storages = list(pool.map(open_storage, [url.replace("shared", "new")] * 8, [Event()] * 8))
    assert len({len(optuna.get_all_study_names(storage)) for storage in storages}) == 1


def test_a_database_without_an_encoding_has_texts_all_the_same(server):
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE plain ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    storage = open_storage(server.replace("/postgres?", "/plain?"), Event())
    study = optuna.create_study(storage=storage, study_name="ä", direction="maximize")
    assert [trial.value for trial in complete(study, WANTED, value, 1, Event())] == [0.5, 0.25, 0.125]


def test_a_database_that_is_away_for_a_while_is_waited_for(home, monkeypatch):
    storage = open_storage(f"sqlite:///{home}/some.db", Event())
    dialect, attempts = storage.engine.dialect, count()
    connect = dialect.connect

    def away(*args, **options):
        if next(attempts) < 2:
            raise dialect.dbapi.OperationalError
        return connect(*args, **options)

    monkeypatch.setattr(dialect, "connect", away)
    storage.engine.dispose()
    assert optuna.get_all_study_names(storage) == []
    assert next(attempts) == 3
