"""Who trains what: side by side, after kills and signals, with a database that fails or goes away."""

import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count, product
from threading import Event, Timer

import psycopg
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from digits.sweep import search
from digits.sweep.search import Fault, complete
from digits.sweep.trials import Setting
from tests.support import postgres
from tests.support.small_sweep import FOLDER, LONG, ends, go, networks_in, start
from tests.support.systems import on_posix, posix
from tests.support.tiers import nightly, slow

GRID = {"hidden": [5, 6], "lr": [0.1, 1.0, 3.0], "batch_size": [10], "init": ["scaled"]}
RANGES = {"hidden": [4, 20], "lr": [0.1, 30.0], "batch_size": [10], "init": ["gaussian", "scaled"]}
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


def killed(setting, stop):
    """Ends a worker without a word to anybody, as a signal that kills it."""
    raise SystemExit


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


@pytest.fixture
def url(request, home):
    """A new database that processes can share: a file, or what a server has."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return f"sqlite:///{home}/shared.db?timeout=60"
    return new_database(request.getfixturevalue("server"))[0]


@pytest.mark.parametrize("url", [slow("postgres"), nightly("sqlite")], indirect=True)
def test_processes_share_the_networks_and_none_is_lost_with_one_that_is_killed(small, home, run, url):
    dead, *others = (start(small, home, *LONG, "--storage", url, "--workers", 1) for _ in range(3))
    go(dead, *others)
    ends(dead)
    dead.kill()  # in the middle of another network
    outputs, errors = zip(*(process.communicate(timeout=300) for process in others), strict=True)
    assert [process.returncode for process in others] == [0, 0] and errors == ("", "")
    trained = [output.count(" of epoch ") for output in outputs]
    assert min(trained) >= 1 and sum(trained) < 18  # at the end, and at the same instant, both may train one
    tables = {output.split("\n\n", 1)[1] for output in outputs}
    told = run(*LONG, "--storage", url)  # without training anything again
    assert {told.split("\n\n", 1)[1]} == tables and told.split("\n\n")[0].count("\n") == 0
    for name, networks in ((FOLDER.name, 12), (f"{FOLDER.name} tested", 3)):
        finished, begun = networks_in(url, name)
        assert (len({*finished}), begun) == (networks, [])


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
def test_each_network_is_trained_once_and_told_in_order(workers, url):
    results, trained = watched(url, workers)
    assert list(results.items()) == list(RIGHT.items())
    assert Counter(trained) == Counter(NETWORKS) and (workers > 1 or trained == NETWORKS)
    assert watched(url, workers) == (RIGHT, [])


@pytest.mark.parametrize("url", ["sqlite", nightly("postgres")], indirect=True)
def test_many_that_start_in_a_new_database_share_the_networks(url):
    values = GRID | {"hidden": [*range(5, 15)]}
    with ThreadPoolExecutor(4) as pool:
        results, trained = zip(*pool.map(lambda _: watched(url, 2, values, seconds=0.1), range(4)), strict=True)
    assert all(each == results[0] for each in results) and len({*sum(trained, [])}) == 60
    assert len(sum(trained, [])) < 90  # at the same instant several may begin the same one


@pytest.mark.parametrize("values, trials", [(GRID, None), (RANGES, 6)])
def test_what_the_dead_have_begun_is_trained_last(values, trials, url):
    with pytest.raises(SystemExit):
        finish(url, killed, 1, values, trials)
    results, trained = watched(url, 1, values, trials)
    assert len({*trained}) == len(trained) == 12 and trained[-1] == next(iter(results))
    assert trials or (results, trained) == (RIGHT, [*NETWORKS[1:], NETWORKS[0]])


def test_the_living_are_not_waited_for_either_but_stopped(url):
    begun, ended = Event(), []

    def late(setting, stop):
        begun.set()
        ended.append(stop.wait(60))
        return 0.0

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(finish, url, late)
        assert begun.wait(60)
        assert finish(url) == RIGHT == other.result() and ended == [True]


def test_of_two_results_of_a_network_the_first_counts_also_if_the_second_was_told_before_it_was_seen(url):
    setting, space = NETWORKS[0], {"lr": FloatDistribution(0.1, 3.0)}
    space |= {name: IntDistribution(0, 99) for name in ("hidden", "batch_size", "seed")}
    space["init"] = CategoricalDistribution(["scaled"])
    study, other = search.open_study(url, "a"), search.open_study(url, "a")
    study.add_trial(search.trial_of(setting, space))
    seen = study.get_trials()
    other.tell(0, 0.75, TrialState.COMPLETE)
    study.get_trials = lambda **_: seen  # as it was a moment ago
    search.exchange(study, space, known := {setting: 0.5})
    assert known == {setting: 0.75}


@pytest.mark.parametrize("error", [ValueError, on_posix(KeyboardInterrupt)])
def test_a_bug_or_a_signal_ends_the_work_of_all_threads_and_keeps_its_traceback(error, url):
    ended = []

    def train(setting, stop):
        if setting == NETWORKS[3] and error is ValueError:
            raise error("a bug")
        if setting == NETWORKS[3]:
            Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]).start()
        ended.append(stop.wait(60))
        return 0.0

    with pytest.raises(error):
        finish(url, train, 4)
    assert ended == [True] * (3 if error is ValueError else 4)


@posix
@pytest.mark.parametrize("workers", [1, 2])
def test_a_database_on_a_full_disk_ends_the_work(workers, url):
    import resource  # which Windows lacks

    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def full(setting, stop):
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
        return 0.0

    try:
        with pytest.raises(Fault, match="^OperationalError: (disk I/O error|database or disk is full)"):
            finish(url, full, workers)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.slow
@pytest.mark.parametrize("stays", [False, True])
def test_a_server_that_goes_away_is_waited_for_but_not_for_ever(stays, home, server, monkeypatch):
    url, admin, name = new_database(server)
    trained, allow = [], f"ALTER DATABASE {name} ALLOW_CONNECTIONS"

    def train(setting, stop):
        trained.append(setting)
        if setting in (NETWORKS[0], NETWORKS[7]):
            admin.execute(f"{allow} false")
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            if not stays:
                Timer(2, admin.execute, [f"{allow} true"]).start()  # later than a file would be given up
        return accuracy(setting)

    if stays:
        monkeypatch.setattr(search, "AWAY", 1)
        with pytest.raises(Fault, match="^OperationalError: .*not currently accepting connections"):
            finish(url, train)
    else:
        assert finish(url, train) == RIGHT and trained == NETWORKS


@pytest.mark.slow
def test_a_database_without_an_encoding_has_texts_all_the_same(home, server):
    url, *_ = new_database(server, "ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    for _ in range(2):
        assert finish(url) == RIGHT


@pytest.mark.parametrize("workers", [1, 4])
def test_proposals_differ_and_lie_within_the_values_and_other_seeds_come_later(workers, url):
    results, trained = watched(url, workers, RANGES, 12, seconds=0.01 * workers)
    assert len(results) == 12 and len({*trained}) == len(trained) == 24
    assert all(4 <= each.hidden <= 20 and 0.1 <= each.lr <= 30 and each.batch_size == 10 for each in results)
    assert {each.init for each in results} == {"scaled", "gaussian"}
    assert workers > 1 or {*trained[:12]} == results.keys()


def test_one_worker_always_makes_the_same_proposals_which_are_better_than_chance(home):
    one, other = (watched(f"sqlite:///{home}/{name}.db", 1, RANGES, 30) for name in ("one", "other"))
    assert one == other
    rates = [each.lr for each in one[0]]
    assert sum(rates[10:]) / 20 < sum(rates[:10]) / 10  # the first ten are made by chance


def test_a_proposal_that_is_made_again_is_not_trained_again(url):
    results, trained = watched(url, 2, GRID | {"lr": [1.0]}, 12)
    assert {each.hidden for each in results} <= {5, 6} and len({*trained}) == len(trained) == 2 * len(results)
