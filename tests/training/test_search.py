"""Sweeps share their networks: in parallel, after kills, signals and errors, and if the database fails."""

import signal
from itertools import count, product

import psycopg
import pytest
from optuna import load_study

from digits.training.search import Setting, named, search
from tests.support import postgres
from tests.support.small_process import start
from tests.support.tiers import nightly, slow

GRID = {"hidden": [5, 6], "lr": [0.1, 1.0, 3.0], "batch_size": [10], "init": ["scaled"]}
RANGES = {"hidden": [4, 20], "lr": [0.1, 30.0], "batch_size": [10], "init": ["gaussian", "scaled"]}
SETTINGS = [Setting(*values) for values in product(*GRID.values())]
numbers = count()


def score(setting, seed):
    """Stand in for a training."""
    return 1 / (setting.lr + setting.hidden + seed), 0.5


RIGHT = {setting: [list(score(setting, seed)) for seed in range(2)] for setting in SETTINGS}


def test_long_folder_names_are_cut_but_differ():
    names = {named({"lr": [*range(50)], "seeds": seeds}) for seeds in (1, 2)}
    assert len(names) == 2 and all(len(name) < 120 for name in names)


def trained(url, workers=1, values=GRID, trials=None):
    """Return the results of a search, and the networks that were trained for it."""
    networks = []

    def train(setting, seed):
        networks.append((setting, seed))
        return score(setting, seed)

    return search(url, workers, "söme", values, 2, trials, train), networks


@pytest.fixture(scope="module")
def server():
    if not (programs := postgres.programs()):
        pytest.skip("PostgreSQL is not installed")
    with postgres.server(programs) as url:
        yield url


@pytest.fixture
def url(request, home):
    """A new database that processes can share: an SQLite file, or a database on a server."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return f"sqlite:///{home}/shared.db?timeout=60"
    server, name = request.getfixturevalue("server"), f"new{next(numbers)}"
    psycopg.connect(server, autocommit=True).execute(f"CREATE DATABASE {name}")
    return server.replace("/postgres?", f"/{name}?")


# 8 networks, each of which takes long enough to be killed
LONG = ["--hidden", "6", "--lr", "1", "2", "3", "4", "--batch_size", "10", "20", "--epochs", "40"]
NAME = "hidden6_lr1.0,2.0,3.0,4.0_batch_size10,20_initscaled_seeds1_epochs40"


def ready(count, small, home, *args):
    """Start sweeps as processes that wait for `go`."""
    data_dir, checksums = small
    processes = [start(checksums, home, "sweep", *LONG, *args, "--data_dir", data_dir) for _ in range(count)]
    for process in processes:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
    return processes


def go(*processes):
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()


def ends(process):
    """Wait for the line of a network whose training has ended."""
    if not any(" in epoch " in line for line in process.stdout):
        raise AssertionError(process.stderr.read())


def finished(url):
    """Return the finished settings."""
    trials = load_study(study_name=NAME, storage=url).get_trials()
    return {tuple(trial.params.values()) for trial in trials if trial.value is not None}


@pytest.mark.parametrize("url", [slow("postgres"), nightly("sqlite")], indirect=True)
def test_processes_share_the_networks_and_a_killed_process_loses_none(small, home, sweep, url):
    dead, *survivors = ready(3, small, home, "--storage", url, "--workers", 1)
    go(dead)
    ends(dead)  # it has created the study, as Optuna's documentation wants it
    go(*survivors)
    dead.kill()  # while it trains another network
    outputs, errors = zip(*(process.communicate(timeout=300) for process in survivors), strict=True)
    assert [process.returncode for process in survivors] == [0, 0] and errors == ("", "")
    networks = [output.count(" in epoch ") for output in outputs]
    assert min(networks) >= 1 and sum(networks) < 12  # the last networks may be trained twice
    tables = {output.split("\n\n", 1)[1] for output in outputs}
    again = sweep(*LONG, "--storage", url)  # trains nothing again
    assert {again.split("\n\n", 1)[1]} == tables and again.split("\n\n")[0].count("\n") == 0
    assert len(finished(url)) == 8


@pytest.mark.parametrize("signum, workers", [slow(signal.SIGINT, 2), nightly(signal.SIGINT, 1), nightly(9, 2)])
def test_a_stopped_sweep_is_finished_by_the_same_command(signum, workers, small, home, sweep):
    [process] = ready(1, small, home, "--workers", workers)
    go(process)
    for _ in range(3):  # when the third begins, the first is saved
        ends(process)
    process.send_signal(signum)
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (130 if signum == signal.SIGINT else -9, "")
    assert ("\nStopped. To continue, run the same command again.\n" in output) == (signum == signal.SIGINT)
    url = f"sqlite:///{home}/runs/sweep_{NAME}/sweep.db"
    before = finished(url)
    assert 1 <= len(before) < 8
    lines = sweep(*LONG, "--workers", 1).split("\n\n")[0].splitlines()[1:]
    assert len(lines) == len({line[:40] for line in lines}) == 8 - len(before)
    assert len(finished(url)) == 8


@pytest.mark.parametrize("workers", [1, 3])
def test_each_setting_is_trained_once_and_the_best_is_first(workers, url):
    results, networks = trained(url, workers)
    assert results == RIGHT and list(results)[:2] == [Setting(5, 0.1, 10, "scaled"), Setting(5, 1.0, 10, "scaled")]
    assert {*networks} == {*product(SETTINGS, range(2))}
    assert workers > 1 or len(networks) == 12  # several may begin the same setting at the same moment
    assert trained(url, workers) == (RIGHT, [])


@pytest.mark.parametrize("values, trials", [(GRID, None), (RANGES, 6)])
@pytest.mark.parametrize("end", [SystemExit, ValueError])
def test_the_settings_of_a_dead_process_are_trained_by_the_next(end, values, trials, url):
    before = []

    def train(setting, seed):
        if len(before) == 4:
            raise end
        before.append((setting, seed))
        return score(setting, seed)

    with pytest.raises(end):
        search(url, 1, "söme", values, 2, trials, train)
    results, networks = trained(url, 1, values, trials)
    assert len(results) == 6 and len({*networks}) == len(networks) == 8
    assert trials or results == RIGHT


@pytest.mark.parametrize("workers", [1, 4])
def test_proposals_differ_and_stay_within_the_values_also_after_a_stop(workers, url):
    assert len(trained(url, workers, RANGES, 4)[0]) == 4
    results, networks = trained(url, workers, RANGES, 12)
    assert len(results) == 12 and len({*networks}) == len(networks)
    assert len(networks) == 16 if workers == 1 else len(networks) <= 22  # several may propose at the same moment
    assert all(
        4 <= setting.hidden <= 20 and 0.1 <= setting.lr <= 30 and setting.batch_size == 10 for setting in results
    )
    assert {setting.init for setting in results} == {"scaled", "gaussian"}
