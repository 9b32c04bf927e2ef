"""Who trains what: side by side, after kills and signals, with a database that fails or goes away."""

import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count, product
from threading import Event, Timer

import psycopg
import pytest

from digits.sweep import search
from digits.sweep.search import Fault, complete
from digits.sweep.trials import Setting
from tests.support import postgres
from tests.support.small_sweep import FOLDER, LONG, ends, go, networks_in, start
from tests.support.systems import on_posix, posix
from tests.support.tiers import nightly, slow

GRID = {"hidden": [5, 6], "lr": [0.1, 1.0, 3.0], "batch_size": [10], "init": ["scaled"]}
NETWORKS = [Setting(*each, seed) for seed in range(2) for each in product(*GRID.values())]
numbers = count()


def accuracy(setting, stop=None):
    """Stands in for a training."""
    return 1 / (setting.lr + setting.hidden + setting.seed)


RIGHT = {each: [accuracy(each), accuracy(each._replace(seed=1))] for each in NETWORKS if each.seed == 0}


def finish(url, train=accuracy, workers=1, values=GRID, trials=None):
    return complete(url, "söme", values, trials, train, 2, workers)


def watched(url, *args, seconds=0.0):
    """What `finish` gives, and which networks were trained for it, each in so many seconds."""
    trained = []

    def train(setting, stop):
        trained.append(setting)
        stop.wait(seconds)
        return accuracy(setting)

    return finish(url, train, *args), trained


class Killed(BaseException):
    """Ends a worker without a word to anybody, as a signal that kills it."""


def killed(setting, stop):
    raise Killed


@pytest.fixture(scope="module")
def server():
    if not (programs := postgres.programs()):
        pytest.skip("PostgreSQL is not installed")
    with postgres.server(programs) as url:
        yield url


def new_database(server, how=""):
    """The URL of a new database, a connection to another one, and its name."""
    name = f"new{next(numbers)}"
    admin = psycopg.connect(server, autocommit=True)
    admin.execute(f"CREATE DATABASE {name} {how}")
    return server.replace("/postgres?", f"/{name}?"), admin, name


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, home):
    """A new database that processes can share."""
    if request.param == "sqlite":
        return f"sqlite:///{home}/shared.db?timeout=60"
    return new_database(request.getfixturevalue("server"))[0]


@pytest.fixture
def file(home):
    return f"sqlite:///{home}/some.db?timeout=60"


@pytest.mark.parametrize("url", [slow("postgres"), nightly("sqlite")], indirect=True)
def test_a_worker_is_killed_and_no_network_is_lost(small, home, run, url):
    two = [start(small, home, *LONG, "--storage", url, "--workers", 2) for _ in range(2)]
    go(*two)
    ends(two[0])
    two[0].kill()  # in the middle of another network
    output, errors = two[1].communicate(timeout=120)
    assert (two[1].returncode, errors) == (0, "")
    finished, begun = networks_in(url)
    assert (len({*finished}), begun) == (12, [])
    told = run(*LONG, "--storage", url)
    assert told.split("\n\n")[1:] == output.split("\n\n")[1:]
    assert told.split("\n\n")[0].count("\n") == 0  # nothing is trained again


@pytest.mark.parametrize("url", [nightly("sqlite"), nightly("postgres")], indirect=True)
def test_processes_that_start_at_the_same_moment_share_the_networks(small, home, url):
    args = [*LONG[:-1], "5", "--storage", url, "--workers", "1"]
    two = [start(small, home, *args) for _ in range(2)]
    go(*two)
    outputs = [process.communicate(timeout=120) for process in two]
    assert [(process.returncode, errors) for process, (_, errors) in zip(two, outputs, strict=True)] == [(0, "")] * 2
    assert outputs[0][0].split("\n\n")[1:] == outputs[1][0].split("\n\n")[1:]
    trained = [output.count(" of epoch ") for output, _ in outputs]
    assert min(trained) >= 3 and 12 <= sum(trained) <= 16  # at the end, and at the same instant, both may train one
    assert len({*networks_in(url, FOLDER.name.replace("40", "5"))[0]}) == 12
    assert len({*networks_in(url, FOLDER.name.replace("40", "5 tested"))[0]}) == 3


@pytest.mark.parametrize("signum, workers", [slow(signal.SIGINT, 2), nightly(signal.SIGTERM, 1)])
def test_a_signal_stops_a_sweep_that_the_same_command_finishes(signum, workers, small, home, run):
    process = start(small, home, *LONG, "--workers", workers)
    go(process)
    for _ in range(3):  # the third begins when the first has been written
        ends(process)
    process.send_signal(signum)
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (128 + signum, "")
    assert output.splitlines()[-1] == "Stopped. The same command goes on with the rest."
    url = f"sqlite:///{home}/{FOLDER}/sweep.db"
    before, _ = networks_in(url)
    assert 1 <= len(before) < 12
    assert run(*LONG).split("\n\n")[0].count(" of epoch ") == 12 - len(before)
    after, begun = networks_in(url)
    assert (len(after), len({*after}), begun) == (12, 12, [])


@posix
@pytest.mark.slow
def test_a_disk_that_becomes_full_ends_a_sweep_with_a_line(small, home):
    import resource  # which Windows lacks

    process = start(small, home, *LONG, "--workers", 2)
    go(process)
    ends(process)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (2_000, 2_000))  # bytes of a file
    _, errors = process.communicate(timeout=120)
    [line] = errors.splitlines()
    assert process.returncode == 2 and line.startswith("digits sweep: error: ") and str(FOLDER) in line


@pytest.mark.parametrize("workers", [1, 3, 20])
def test_each_network_is_trained_once_and_told_in_order(workers, file):
    results, trained = watched(file, workers)
    assert list(results.items()) == list(RIGHT.items())
    assert Counter(trained) == Counter(NETWORKS) and (workers > 1 or trained == NETWORKS)
    assert watched(file, workers) == (RIGHT, [])


@pytest.mark.parametrize("url", ["sqlite", nightly("postgres")], indirect=True)
def test_many_that_start_in_a_new_database_share_the_networks(url):
    values = GRID | {"hidden": [*range(5, 15)]}
    with ThreadPoolExecutor(4) as pool:
        results, trained = zip(*pool.map(lambda _: watched(url, 2, values, seconds=0.1), range(4)), strict=True)
    assert all(each == results[0] for each in results) and len({*sum(trained, [])}) == 60
    assert len(sum(trained, [])) < 90  # at the same instant several may begin the same one


def test_what_the_dead_have_begun_is_trained_last(file):
    with pytest.raises(Killed):
        finish(file, killed)
    assert watched(file) == (RIGHT, [*NETWORKS[1:], NETWORKS[0]])


def test_the_living_are_not_waited_for_either_and_the_first_result_counts(file):
    begun, over = Event(), Event()

    def late(setting, stop):
        begun.set()
        assert over.wait(60)
        return 0.0

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(finish, file, late)
        assert begun.wait(60)
        assert finish(file) == RIGHT
        over.set()
        assert other.result() == RIGHT


def test_a_training_ends_when_others_have_finished_it(file):
    begun, taken, ended = Event(), Event(), []

    def first(setting, stop):
        begun.set()
        assert setting != NETWORKS[0] or taken.wait(60)
        return accuracy(setting)

    def second(setting, stop):
        if setting == NETWORKS[0]:
            taken.set()
            ended.append(stop.wait(60))
        return accuracy(setting)

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(finish, file, first)
        assert begun.wait(60)
        assert finish(file, second) == RIGHT == other.result()
    assert ended == [True]


@pytest.mark.parametrize("error", [ValueError, on_posix(KeyboardInterrupt)])
def test_a_bug_or_a_signal_ends_the_work_of_all_threads_and_keeps_its_traceback(error, file):
    ended = []

    def train(setting, stop):
        if setting == NETWORKS[3] and error is ValueError:
            raise error("a bug")
        if setting == NETWORKS[3]:
            Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]).start()
        ended.append(stop.wait(60))
        return 0.0

    with pytest.raises(error):
        finish(file, train, 4)
    assert ended == [True] * (3 if error is ValueError else 4)


@posix
@pytest.mark.parametrize("workers", [1, 2])
def test_a_database_on_a_full_disk_ends_the_work(workers, file, monkeypatch):
    import resource  # which Windows lacks

    monkeypatch.setattr(search, "ATTEMPTS", 1)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def full(setting, stop):
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
        return 0.0

    try:
        with pytest.raises(Fault, match="^OperationalError: (disk I/O error|database or disk is full)"):
            finish(file, full, workers)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def away(home, server):
    """The URL of a database, and a function with which it goes away for so many seconds and throws out who is there."""
    url, admin, name = new_database(server)

    def leave(seconds):
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        Timer(seconds, admin.execute, [f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"]).start()

    return url, leave


@pytest.mark.slow
def test_a_database_that_is_away_for_a_while_is_waited_for(away, monkeypatch):
    monkeypatch.setattr(search, "ATTEMPTS", 1)
    url, leave = away
    trained = []

    def train(setting, stop):
        trained.append(setting)
        if setting in (NETWORKS[0], NETWORKS[7]):
            leave(1)
        return accuracy(setting)

    assert finish(url, train) == RIGHT
    assert trained == NETWORKS


@pytest.mark.slow
def test_a_database_that_stays_away_ends_the_work(away, monkeypatch):
    monkeypatch.setattr(search, "AWAY", 1)
    url, leave = away
    with pytest.raises(Fault, match="^OperationalError: .*not currently accepting connections"):
        finish(url, lambda setting, stop: leave(3) or 0.0)


@pytest.mark.slow
def test_a_database_without_an_encoding_has_texts_all_the_same(home, server):
    url, *_ = new_database(server, "ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    for _ in range(2):
        assert finish(url) == RIGHT


RANGES = {"hidden": [4, 20], "lr": [0.1, 30.0], "batch_size": [10], "init": ["gaussian", "scaled"]}


@pytest.mark.parametrize("workers", [1, 4])
def test_proposals_differ_and_lie_within_the_values_and_other_seeds_come_later(workers, file):
    results, trained = watched(file, workers, RANGES, 12, seconds=0.01 * workers)
    assert len(results) == 12 and len({*trained}) == len(trained) == 24
    assert all(4 <= each.hidden <= 20 and 0.1 <= each.lr <= 30 and each.batch_size == 10 for each in results)
    assert {each.init for each in results} == {"scaled", "gaussian"}
    assert workers > 1 or {*trained[:12]} == results.keys()


def test_one_worker_always_makes_the_same_proposals_which_are_better_than_chance(home):
    one, other = (watched(f"sqlite:///{home}/{name}.db", 1, RANGES, 30) for name in ("one", "other"))
    assert one == other
    rates = [each.lr for each in one[0]]
    assert sum(rates[10:]) / 20 < sum(rates[:10]) / 10  # the first ten are made by chance


def test_a_proposal_that_is_made_again_is_not_trained_again(file):
    results, trained = watched(file, 2, GRID | {"lr": [1.0]}, 12)
    assert {each.hidden for each in results} <= {5, 6} and len({*trained}) == len(trained) == 2 * len(results)


def test_a_guided_search_that_was_killed_goes_on(file):
    with pytest.raises(Killed):
        finish(file, killed, 1, RANGES, 12)
    results, trained = watched(file, 1, RANGES, 12)
    assert len(results) == 12 and len({*trained}) == len(trained) == 24
    assert trained[-1] == next(iter(results))  # that of the dead
