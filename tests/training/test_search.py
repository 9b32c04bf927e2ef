"""Sweeps share their networks: in parallel, after kills, signals and errors, and if the database fails."""

import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count, product

import psycopg
import pytest
from optuna import load_study

from digits.training.search import Setting, search
from tests.support import postgres
from tests.support.small_process import start
from tests.support.systems import posix
from tests.support.tiers import nightly, slow

GRID = {"hidden": [5, 6], "lr": [0.1, 1.0, 3.0], "batch_size": [10], "init": ["scaled"]}
RANGES = {"hidden": [4, 20], "lr": [0.1, 30.0], "batch_size": [10], "init": ["gaussian", "scaled"]}
NETWORKS = [Setting(*values) for values in product(*GRID.values(), range(2))]
numbers = count()


def accuracy(setting):
    """Stand in for a training."""
    return 1 / (setting.lr + setting.hidden + setting.seed)


RIGHT = {first: [accuracy(first), accuracy(first._replace(seed=1))] for first in NETWORKS if first.seed == 0}


def trained(url, workers=1, values=GRID, trials=None):
    """Return the results of a search, and the networks that were trained for it."""
    networks = []

    def train(setting):
        networks.append(setting)
        return accuracy(setting)

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


# 12 networks, each of which takes long enough to be killed
LONG = ["--hidden", "6", "--lr", "1", "2", "--batch_size", "10", "20", "--seeds", "3", "--epochs", "40"]
NAME = "hidden6_lr1.0,2.0_batch_size10,20_initscaled_seeds3_epochs40"


def begun(count, small, home, *args):
    """Start several sweeps at the same moment, as processes."""
    data_dir, checksums = small
    processes = [start(checksums, home, "sweep", *LONG, *args, "--data_dir", data_dir) for _ in range(count)]
    for process in processes:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    return processes


def ends(process):
    """Wait for the line of a network whose training has ended."""
    if not any(" in epoch " in line for line in process.stdout):
        raise AssertionError(process.stderr.read())


def finished(url, study):
    """Return the settings of the finished networks in a study."""
    trials = load_study(study_name=f"{NAME} {study}", storage=url).get_trials()
    return {tuple(trial.params.values()) for trial in trials if trial.value is not None}


@pytest.mark.parametrize("url", [slow("postgres"), nightly("sqlite")], indirect=True)
def test_processes_share_the_networks_and_a_killed_process_loses_none(small, home, sweep, url):
    dead, *survivors = begun(3, small, home, "--storage", url, "--workers", 1)
    ends(dead)
    dead.kill()  # while it trains another network
    outputs, errors = zip(*(process.communicate(timeout=300) for process in survivors), strict=True)
    assert [process.returncode for process in survivors] == [0, 0] and errors == ("", "")
    networks = [output.count(" in epoch ") for output in outputs]
    assert min(networks) >= 1 and sum(networks) < 18  # the last networks may be trained twice
    tables = {output.split("\n\n", 1)[1] for output in outputs}
    again = sweep(*LONG, "--storage", url)  # trains nothing again
    assert {again.split("\n\n", 1)[1]} == tables and again.split("\n\n")[0].count("\n") == 0
    assert (len(finished(url, "validated")), len(finished(url, "tested"))) == (12, 3)


@pytest.mark.parametrize("signum, workers", [slow(signal.SIGINT, 2), nightly(signal.SIGINT, 1), nightly(9, 2)])
def test_a_stopped_sweep_is_finished_by_the_same_command(signum, workers, small, home, sweep):
    [process] = begun(1, small, home, "--workers", workers)
    for _ in range(3):  # when the third begins, the first is saved
        ends(process)
    process.send_signal(signum)
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (130 if signum == signal.SIGINT else -9, "")
    assert ("\nStopped. To continue, run the same command again.\n" in output) == (signum == signal.SIGINT)
    url = f"sqlite:///{home}/runs/sweep_{NAME}/sweep.db"
    before = finished(url, "validated")
    assert 1 <= len(before) < 12
    lines = sweep(*LONG, "--workers", 1).split("\n\n")[0].splitlines()[1:]
    assert len(lines) == len({line[:40] for line in lines}) == 12 - len(before)
    assert len(finished(url, "validated")) == 12


@posix
@pytest.mark.slow
def test_a_full_disk_ends_a_sweep_with_one_line(small, home):
    import resource  # not on Windows

    [process] = begun(1, small, home, "--workers", 2)
    ends(process)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (2_000, 2_000))  # bytes per file
    _, errors = process.communicate(timeout=120)
    *_, line = errors.splitlines()  # a thread may have failed to write its curves before
    assert "Traceback" not in errors
    assert process.returncode == 2 and line.startswith("digits sweep: error: ")
    assert "disk I/O error" in line or "File too large" in line
    assert "remove" not in line


@pytest.mark.parametrize("workers", [1, 3])
def test_each_network_is_trained_once_and_the_best_setting_is_first(workers, url):
    results, networks = trained(url, workers)
    assert results == RIGHT and list(results)[:2] == [Setting(5, 0.1, 10, "scaled"), Setting(5, 1.0, 10, "scaled")]
    assert {*networks} == {*NETWORKS}
    assert workers > 1 or len(networks) == 12  # several may begin the same network at the same moment
    assert trained(url, workers) == (RIGHT, [])


@pytest.mark.parametrize("url", ["sqlite", nightly("postgres")], indirect=True)
def test_searches_that_start_in_a_new_database_share_the_networks(url):
    values = GRID | {"hidden": [*range(5, 9)]}
    with ThreadPoolExecutor(4) as pool:
        results, networks = zip(*pool.map(lambda _: trained(url, 2, values), range(4)), strict=True)
    assert all(scores == results[0] for scores in results) and len({*sum(networks, [])}) == 24
    assert len(sum(networks, [])) < 40  # several may begin the same network at the same moment


@pytest.mark.parametrize("values, trials", [(GRID, None), (RANGES, 6)])
@pytest.mark.parametrize("end", [SystemExit, ValueError])
def test_the_networks_of_a_dead_process_are_trained_by_the_next(end, values, trials, url):
    before = []

    def train(setting):
        if len(before) == 3:
            raise end
        before.append(setting)
        return accuracy(setting)

    with pytest.raises(end):
        search(url, 2, "söme", values, 2, trials, train)
    results, networks = trained(url, 1, values, trials)
    assert len(results) == 6 and len({*networks}) == len(networks) <= 12
    assert trials or results == RIGHT and {*before, *networks} == {*NETWORKS} and len(networks) == 9


@pytest.mark.parametrize("days, accuracy", [(-1, 0.9), (1, RIGHT[NETWORKS[0]][0])])
def test_the_first_of_two_results_of_a_network_counts(days, accuracy, url):
    trained(url)
    study = load_study(study_name="söme", storage=url)
    [duplicate] = [trial for trial in study.trials if Setting(**trial.params) == NETWORKS[0]]
    duplicate.user_attrs, duplicate.datetime_complete = {"0": 0.9}, duplicate.datetime_complete + timedelta(days)
    study.add_trial(duplicate)
    results, networks = trained(url)
    assert results[NETWORKS[0]][0] == accuracy and networks == []


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


def test_a_single_worker_repeats_its_proposals_which_beat_chance(home):
    (scores, networks), again = (trained(f"sqlite:///{home}/{name}.db", 1, RANGES, 20) for name in ("first", "second"))
    assert (scores, networks) == again
    rates = [network.lr for network in networks if network.seed == 0]
    assert sum(rates[10:]) < sum(rates[:10])  # the first ten are random


def test_a_repeated_proposal_is_not_trained_again(url):
    results, networks = trained(url, 1, GRID | {"lr": [1.0]}, 6)
    assert {setting.hidden for setting in results} <= {5, 6} and len(networks) == 2 * len(results)
