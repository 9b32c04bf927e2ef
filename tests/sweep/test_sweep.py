import io
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path

import optuna
import pytest
import torch
import yaml
from optuna.trial import TrialState
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from digits import sweep
from digits.__main__ import main
from digits.data import MNISTDataModule
from digits.model import DigitClassifier
from digits.sweep import search, trials
from digits.sweep.crew import Crew
from digits.training.callbacks import Interrupted
from tests.support import postgres
from tests.support.small_mnist import TRAINING, use
from tests.support.training import same_weights

ARGS = ["--hidden", "6", "12", "--lr", "1", "1000", "--batch_size", "20", "--seeds", "2", "--epochs", "5"]
FOLDER = Path("runs/sweep_784-6,12-10_lr1,1000_batch20_seeds2_epochs5")
LAST = re.compile(r"\n\n(.*?)\n\n", re.S)  # the table at the end


def call(*args):
    main(["sweep", *map(str, args)])


@pytest.fixture(scope="module")
def done(small, tmp_path_factory):
    """A finished sweep: its home, its output, the networks of its trials, and whose images each scoring was on."""
    home, models, scored = tmp_path_factory.mktemp("sweep"), {}, []
    fit, score, setup = trials.fit, DigitClassifier.score, MNISTDataModule.setup
    tests = []

    def remember_fit(setting, seed, *args):
        models.setdefault((setting, seed), fit(setting, seed, *args))
        return models[setting, seed]

    def remember_score(self, images, labels, chosen):
        scored.append(any(images is test for test in tests))
        return score(self, images, labels, chosen)

    def remember_test(self, stage):
        setup(self, stage)
        tests.append(self.test[0])

    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as output:
        use(patch, small[1])
        patch.chdir(home)
        patch.setattr(sweep, "fit", remember_fit)
        patch.setattr(DigitClassifier, "score", remember_score)
        patch.setattr(sweep.MNISTDataModule, "setup", remember_test)
        call(*ARGS, "--workers", 2, "--data_dir", small[0])
    return home, output.getvalue(), models, scored


@pytest.fixture
def home(data_dir, tmp_path, monkeypatch):
    """An empty working directory with the small data; calls of the verb there find the dead within seconds."""
    monkeypatch.chdir(tmp_path)
    for module in (search, sweep):
        monkeypatch.setattr(module, "POLL", 0.1)
    monkeypatch.setattr(sweep, "BEAT", 1)
    monkeypatch.setattr(search, "GRACE", 5)
    return tmp_path


@pytest.fixture
def run(data_dir, home, capsys):
    """Run a sweep with the given arguments; returns what it printed."""

    def run(*args):
        call(*args, "--data_dir", data_dir)
        return capsys.readouterr().out

    return run


# What a sweep prints and leaves


def test_every_combination_has_its_line(done):
    _, output, _, _ = done
    lines = output.split("\n\n")[0].splitlines()[1:]
    assert sorted(tuple(line.split()[:5]) for line in lines) == sorted(
        (hidden, lr, "20", "scaled", seed) for hidden in ("6", "12") for lr in ("1", "1000") for seed in "01"
    )
    stopped = [line for line in lines if "1000" in line]
    assert all(line.endswith("stopped after epoch 2") for line in stopped) and len(stopped) == 4
    assert not any("stopped" in line for line in lines if line not in stopped)


def test_ranking_is_by_mean_validation_accuracy(done):
    ranking = [line.split() for line in LAST.search(done[1])[1].splitlines()[1:]]
    means = [float(line[4].rstrip("%:")) for line in ranking]
    assert means == sorted(means, reverse=True) and means[0] > 70 > 20 > means[2]
    for line, mean in zip(ranking, means, strict=True):
        assert sum(float(word.strip("%,")) for word in line[5:]) / 2 == pytest.approx(mean, abs=0.011)


def test_test_images_are_scored_once_for_the_winner_at_the_end(done):
    _, _, models, scored = done
    assert len(models) == 8
    assert sum(scored) == 2  # seeds of the winner
    assert scored[-1] and not any(scored[: -2 - 2 * 5])  # its two networks are trained again for that


def test_weights_and_scores_are_those_of_train(done, small, monkeypatch, capsys):
    home, output, models, _ = done
    use(monkeypatch, small[1])
    monkeypatch.chdir(home)
    for hidden, seed in ((6, 1), (12, 0)):
        folder = f"train{hidden}"
        args = ["--hidden", hidden, "--lr", 1, "--batch_size", 20, "--seed", seed, "--epochs", 5, "--run_dir", folder]
        main(["train", *map(str, args), "--data_dir", str(small[0])])
        epoch, score = re.search(r"of epoch (\d+), .*\(with (\S+)\)", capsys.readouterr().out).groups()
        model = models[trials.Setting(hidden, 1.0, 20, "scaled"), seed]
        assert same_weights(model, DigitClassifier.load_from_checkpoint(f"{folder}/last.ckpt"))
        assert re.search(rf"^ +{hidden} +1 +20 +scaled +{seed} +{score} of epoch {epoch}$", output, re.M)


def test_train_takes_the_winner_and_gives_its_result(done, small, monkeypatch, capsys):
    home, output, _, _ = done
    use(monkeypatch, small[1])
    monkeypatch.chdir(home)
    comment = (FOLDER / "winner.yaml").read_text()
    promise = re.search(r"With seed 0: (\S+%) and (\S+%)\.", comment)
    assert yaml.safe_load(comment)["epochs"] == 5
    [command] = re.findall(r"^# python train.py (.*)$", comment, re.M)
    main(["train", *command.split(), "--data_dir", str(small[0])])
    line = re.search(r"Test accuracy (\S+%), .*\(with (\S+%)\)", capsys.readouterr().out)
    assert (line[2], line[1]) == promise.groups()
    validation, test = re.search(r"^Best +(\S+%) of the validation images, (\S+%) of the test", output, re.M).groups()
    assert validation == LAST.search(output)[1].splitlines()[1].split()[4].rstrip(":")
    assert f"{validation} of the validation images, {test} of the test images, means of seeds 0 to 1" in comment


def test_pictures(done):
    for name in ("accuracy", "map", "settings"):
        picture = Image.open(done[0] / FOLDER / f"{name}.png")
        assert (picture.format, picture.width) == ("PNG", 1125)
        assert 0.001 < sum(picture.convert("L").histogram()[:200]) / (picture.width * picture.height) < 0.9


def test_tensorboard_compares_the_trials(done):
    entries = []
    for folder in filter(Path.is_dir, (done[0] / FOLDER).iterdir()):
        events = EventAccumulator(str(folder)).Reload()
        content = events.PluginTagToContent("hparams")["_hparams_/session_start_info"]
        values = HParamsPluginData.FromString(content).session_start_info.hparams
        [best] = events.Scalars("best/validation")
        assert best.value == max(point.value for point in events.Scalars("accuracy/validation"))
        assert "accuracy/test" not in events.Tags()["scalars"]
        entries.append(tuple(values[name].number_value for name in ("hidden", "lr", "seed")))
    assert sorted(entries) == sorted((h, lr, seed) for h in (6, 12) for lr in (1, 1000) for seed in (0, 1))


# The same sweep, the same table


def test_one_worker_prints_the_same_table_as_two(done, run):
    output = run(*ARGS, "--workers", 1)
    assert LAST.search(output)[1] == LAST.search(done[1])[1]
    assert sorted(output.splitlines()) == sorted(done[1].splitlines())


def test_a_finished_sweep_is_told_again_without_training(done, run, monkeypatch):
    monkeypatch.chdir(done[0])
    for module in (sweep, trials):
        monkeypatch.setattr(module, "fit", None)
    assert sorted(run(*ARGS).splitlines()) == sorted(done[1].splitlines())


def test_a_guided_search_proposes_the_same_whoever_runs_it(run, tmp_path, monkeypatch):
    args = ["--hidden", 4, 20, "--lr", 0.1, 30, "--init", "scaled", "gaussian", "--epochs", 2, "--trials", 19]
    outputs = []
    for workers in (3, 1):
        (tmp_path / str(workers)).mkdir()
        monkeypatch.chdir(tmp_path / str(workers))
        outputs.append(sorted(run(*args, "--workers", workers).splitlines()))
    assert outputs[0] == outputs[1]
    [line] = [line for line in outputs[0] if line.startswith("Pictures")]
    table = [line.split() for line in outputs[0] if "%:" in line]
    assert len(table) == 19 and "trials19" in line


def test_proposals_follow_from_earlier_scores_within_the_values_given():
    space = {"hidden": [5, 50], "lr": [0.1, 10.0], "batch_size": [10], "init": ["scaled"]}
    scores = [n / 24 for n in range(24)]
    known = [search.proposals(space, 24, scores[:n]) for n in (0, 8, 16, 24)]
    assert [len(settings) for settings in known] == [8, 16, 24, 24]
    for fewer, more in zip(known, known[1:], strict=False):
        assert more[: len(fewer)] == fewer
    other = search.proposals(space, 24, [1 - score for score in scores])
    assert other[:16] == known[-1][:16] and other[16:] != known[-1][16:]  # the first ten are drawn at random
    for setting in known[-1]:
        assert 5 <= setting.hidden <= 50 and 0.1 <= setting.lr <= 10 and setting[2:] == (10, "scaled")


def test_weights_that_are_not_finite_end_a_trial(run, monkeypatch):
    def infinite(*args):
        model = DigitClassifier(*args)
        if model.lr == 2:
            torch.nn.init.constant_(model.network[0].bias, float("inf"))
        return model

    monkeypatch.setattr(trials, "DigitClassifier", infinite)
    output = run("--lr", 1, 2, "--epochs", 2)
    assert re.search(r" 2 .*stopped after epoch 0$", output, re.M)


# Stopped, killed, and many at once


def start(small, home, *args):
    root = Path(__file__).parents[2]
    settings = {"PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1", "SMALL_MNIST": json.dumps([small[1], TRAINING])}
    command = [sys.executable, root / "tests" / "support" / "small_sweep.py", *map(str, args), "--data_dir", small[0]]
    return subprocess.Popen(command, cwd=home, env=os.environ | settings, text=True, stdin=-1, stdout=-1, stderr=-1)


def go(*processes):
    """Let processes start at the same moment."""
    for process in processes:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()


def ends(process):
    """Wait for the line of a trial that has ended."""
    for line in process.stdout:
        if " of epoch " in line:
            return line
    raise AssertionError(process.stderr.read())


def study_in(url):
    storage = optuna.storages.RDBStorage(url)
    [name] = [name for name in optuna.get_all_study_names(storage) if not name.endswith("queue")]
    return optuna.load_study(study_name=name, storage=storage)


def all_trials(url):
    return study_in(url).get_trials()


def places(trials, *states):
    return Counter(trial.user_attrs["place"] for trial in trials if trial.state in states)


LONG = ["--hidden", "6", "--lr", "1", "2", "--batch_size", "10", "20", "--seeds", "3", "--epochs", "40"]


def test_a_signal_stops_a_sweep_that_the_same_command_finishes(small, home, run):
    process = start(small, home, *LONG)
    go(process)
    ends(process)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")
    [finished] = re.findall(
        r"^Stopped after (\d+) of 12 trials. The same command goes on with the rest.$", output, re.M
    )
    [folder] = home.glob("runs/sweep*")
    url = f"sqlite:///{folder}/sweep.db"
    before = places(all_trials(url), TrialState.COMPLETE)
    assert before.total() == int(finished) < 12
    stopped = places(all_trials(url), TrialState.FAIL)
    assert stopped and not places(all_trials(url), TrialState.RUNNING)
    assert len(re.findall(" of epoch ", run(*LONG))) == 12
    trials = all_trials(url)
    assert places(trials, TrialState.COMPLETE) == Counter(range(12))
    assert places(trials, TrialState.FAIL) == stopped and len(trials) == 12 + stopped.total()


def test_a_signal_or_an_error_ends_all_threads():
    def wait(number):
        if number == 0:
            os.kill(os.getpid(), signal.SIGTERM)
        while True:
            two.go_on()

    two = Crew(2)
    with pytest.raises(Interrupted) as interrupted:
        two.map(wait, range(5))
    assert interrupted.value.signum == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL

    def fail(number):
        if number == 1:
            raise ZeroDivisionError
        while True:
            three.go_on()

    three = Crew(3)
    with pytest.raises(ZeroDivisionError):
        three.map(fail, range(5))


@pytest.fixture(scope="module")
def database():
    """The URL of a PostgreSQL server."""
    programs = postgres.programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    with postgres.server(programs) as url:
        yield url


def test_workers_share_a_database_and_one_is_killed(small, home, run, database):
    two = [start(small, home, *LONG, "--storage", database, "--workers", 2) for _ in range(2)]
    go(*two)
    ends(two[1])
    study, own = study_in(database), 0
    while not own:  # the first has a trial of its own
        running = study.get_trials(states=[TrialState.RUNNING])
        own = sum(trial.user_attrs.get("process", "").endswith(f":{two[0].pid}") for trial in running)
        assert two[0].poll() is None
    two[0].kill()
    two[0].communicate()
    output, errors = two[1].communicate(timeout=120)
    assert (two[1].returncode, errors) == (0, "")
    trials = study.get_trials()
    assert places(trials, TrialState.COMPLETE) == Counter(range(12))
    died = places(trials, TrialState.FAIL)
    assert 1 <= died.total() <= 2
    assert len(trials) == 12 + died.total()  # so no combination was queued twice
    assert run(*LONG, "--storage", database).split("\n\n")[1:] == output.split("\n\n")[1:]


# Mistakes


@pytest.mark.parametrize(
    "args, reason",
    [
        (["--storage", "anything"], "--storage is not a database, or its driver is missing .*[.]\\[postgres\\]"),
        (["--storage", "mysql+nothing://host/name"], "--storage is not a database, or its driver is missing"),
        (
            ["--storage", "postgresql://digits@127.0.0.1:1/name"],
            "the database does not answer: .*[Cc]onnection refused",
        ),
        (["--lr", "0"], "--lr: .*must be >0"),
        (["--hidden", "0"], "--hidden"),
    ],
)
def test_mistakes_are_one_line(args, reason, run, capsys, monkeypatch):
    monkeypatch.setattr(search, "POLL", 0)
    with pytest.raises(SystemExit) as stop:
        run(*args)
    [line] = capsys.readouterr().err.splitlines()
    assert stop.value.code == 2
    assert re.search(reason, line), line


@pytest.mark.parametrize("package", ["optuna", "matplotlib.figure"])
def test_missing_packages_are_named(package, run, capsys, monkeypatch):
    for module in [name for name in sys.modules if name.startswith(("digits.sweep", "digits.plotting"))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SystemExit):
        run()
    [line] = capsys.readouterr().err.splitlines()
    assert f"a sweep needs {package}: pip install -e '.[sweep]'" in line
    assert not Path("runs").exists()
