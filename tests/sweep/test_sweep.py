import io
import math
import os
import re
import shutil
import sqlite3
import sys
from contextlib import closing, redirect_stdout
from itertools import product
from pathlib import Path

import pytest
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from digits.__main__ import main
from digits.model import DigitClassifier
from digits.sweep import trials
from digits.sweep.trials import named
from tests.support.small_mnist import TEST, use
from tests.support.systems import link

ARGS = ["--hidden", "6", "12", "--lr", "1", "1000", "--batch_size", "20", "--seeds", "2", "--epochs", "5"]
FOLDER = Path("runs/sweep_784-6,12-10_lr1,1000_batch_size20_seeds2_epochs5")
LAST = re.compile(r"\n\n(.*?)\n\n", re.S)  # the table at the end


@pytest.fixture(scope="module")
def done(small, tmp_path_factory):
    """A finished sweep: its home, its output and, by it and once more, what was done with images: score, predict them.

    The same command has then told it again.
    """
    home, did = tmp_path_factory.mktemp("sweep"), []

    def remember(name):
        kept = getattr(DigitClassifier, name)
        return lambda self, given: did.append((name, len(given))) or kept(self, given)

    with pytest.MonkeyPatch.context() as patch:
        use(patch, small[1])
        patch.chdir(home)
        for name in ("score", "predict"):
            patch.setattr(DigitClassifier, name, remember(name))
        with redirect_stdout(io.StringIO()) as output:
            main(["sweep", *ARGS, "--workers", "2", "--data_dir", str(small[0])])
        with redirect_stdout(io.StringIO()) as again:
            main(["sweep", *ARGS, "--data_dir", str(small[0])])
    assert again.getvalue().split("\n\n")[1:] == output.getvalue().split("\n\n")[1:]
    return home, output.getvalue(), did


def test_every_combination_has_its_line(done):
    _, output, _ = done
    lines = output.split("\n\n")[0].splitlines()[1:]
    every = product(["12", "6"], ["1", "1000"], ["20"], ["scaled"], "01")
    assert sorted(tuple(line.split()[:5]) for line in lines) == list(every)
    stopped = [line for line in lines if "1000" in line]
    assert all(line.endswith("stopped after epoch 2") for line in stopped) and len(stopped) == 4
    assert not any("stopped" in line for line in lines if line not in stopped)


def test_ranking_is_by_mean_validation_accuracy(done):
    ranking = [line.split() for line in LAST.search(done[1])[1].splitlines()[1:]]
    means = [float(line[4].rstrip("%:")) for line in ranking]
    assert means == sorted(means, reverse=True) and means[0] > 70 > 20 > means[2]
    for line, mean in zip(ranking, means, strict=True):
        assert sum(float(word.strip("%,")) for word in line[5:]) / 2 == pytest.approx(mean, abs=0.011)


def test_test_images_are_read_once_by_each_network_of_the_winner_at_the_end_and_nothing_is_trained_again(done):
    _, _, did = done
    assert [images for name, images in did if name == "predict"] == [TEST, TEST]
    assert did[-1] == ("predict", TEST) and did.index(("predict", TEST)) >= len(did) - 2 - 5  # the other one trains


def test_train_takes_the_winner_and_gives_its_result(done, small, monkeypatch, capsys):
    home, output, _ = done
    use(monkeypatch, small[1])
    monkeypatch.chdir(home)
    comment = (FOLDER / "winner.yaml").read_text()
    promise = re.search(r"With seed 0: (\S+%) and (\S+%)\.", comment)
    assert yaml.safe_load(comment)["epochs"] == 5
    [command] = re.findall(r"^# python -m digits (.*)$", comment, re.M)
    assert f"Train it    python -m digits {command}\n" in output
    main([*command.split(), "--data_dir", str(small[0])])
    line = re.search(r"Test accuracy (\S+%), .*\(with (\S+%)\)", capsys.readouterr().out)
    assert (line[2], line[1]) == promise.groups()
    validation, test = re.search(r"^Best +(\S+%) of the validation images, (\S+%) of the test", output, re.M).groups()
    assert validation == LAST.search(output)[1].splitlines()[1].split()[4].rstrip(":")
    assert f"{validation} of the validation images, {test} of the test images, means of seeds 0 to 1" in comment
    assert sorted(path.name for path in FOLDER.glob("*.png")) == ["hidden.png", "lr.png"]


def test_tensorboard_compares_the_trials(done):
    entries = []
    for folder in filter(Path.is_dir, (done[0] / FOLDER).iterdir()):
        events = EventAccumulator(str(folder)).Reload()
        content = events.PluginTagToContent("hparams")["_hparams_/session_start_info"]
        values = HParamsPluginData.FromString(content).session_start_info.hparams
        best = events.Scalars("best/validation")[-1]
        assert best.value == max(point.value for point in events.Scalars("accuracy/validation"))
        assert "accuracy/test" not in events.Tags()["scalars"]
        assert values.keys() == {"hidden", "lr", "seed", "batch_size", "epochs"}  # as those of a run
        entries.append((values["hidden"].string_value, values["lr"].number_value, values["seed"].number_value))
    shapes = "784-6-10", "784-12-10"
    assert sorted(entries) == sorted((shape, lr, seed) for shape in shapes for lr in (1, 1000) for seed in (0, 1))


def test_one_worker_prints_the_same_table_as_two(done, run):
    output = run(*ARGS, "--workers", 1)
    assert LAST.search(output)[1] == LAST.search(done[1])[1]
    assert sorted(output.splitlines()) == sorted(done[1].splitlines())


def test_a_guided_search_ranks_what_was_proposed(run):
    output = run("--hidden", 4, 20, "--lr", 0.1, 30, "--epochs", 1, "--trials", 9, "--workers", 3)
    table = [line.split() for line in LAST.search(output)[1].splitlines()[1:]]
    assert len(table) == 9 == len({tuple(line[:4]) for line in table})
    for hidden, lr, batch_size, init, *_ in table:
        assert 4 <= int(hidden) <= 20 and 0.1 <= float(lr) <= 30 and (batch_size, init) == ("10", "scaled")


def test_names_of_folders_hold_what_differs_from_train_and_are_short():
    defaults = {"lr": [3.0], "batch_size": [10], "init": ["scaled"]}
    assert named([30], **defaults, seed=[0]) == "784-30-10"
    several = named([15, 30], lr=[0.25, 10.0], init=["gaussian"], seeds=[2])
    assert several == "784-15,30-10_lr0.25,10_gaussian_seeds2"
    rates = [n / 1000 for n in range(1, 101)]
    many, other = named([30], lr=rates), named([30], lr=[*rates, 1.0])
    assert len(f"sweep_{many}") < 100 and many != other
    assert many.startswith("784-30-10_lr0.001,0.002")


def test_the_winner_is_yaml_also_of_a_small_learning_rate(run):
    run("--hidden", 2, "--lr", 1e-5, "--epochs", 1)
    [config] = Path("runs").glob("*/winner.yaml")
    assert yaml.safe_load(config.read_text())["lr"] == 1e-5


def test_weights_that_are_not_finite_end_a_trial_and_a_bug_keeps_its_traceback(run, monkeypatch):
    def strange(*args):
        model = DigitClassifier(*args)
        model.network[0].bias.data.fill_({1: 0, 2: math.inf, 3: 0}[model.lr])
        return model

    monkeypatch.setattr(trials, "DigitClassifier", strange)
    output = run("--lr", 1, 2, "--epochs", 2)
    assert re.findall(r"^ +30 +(\d) .*stopped after epoch 0$", output, re.M) == ["2"]
    with pytest.raises(KeyError, match="4"):
        run("--lr", 4)


@pytest.mark.parametrize(
    "args, reason",
    [
        (["--storage", "anything"], "--storage: .*digits\\[postgres\\]"),
        (["--storage", "postgresql://user@host:port/name"], "--storage: .*port"),
        (["--storage", "postgresql://digits@127.0.0.1:1/name"], "--storage: the database .*onnection refused"),
        (["--lr", "0"], "--lr. Must be > 0"),
        (["--workers", "1000000000"], "--workers. Must be <= 1000"),
        (["--seeds", "1000000000"], "--seeds. Must be <= 1000"),
        (["--trials", "1000000000"], "--trials. Must be <= 1000"),
    ],
)
def test_mistakes_are_one_line(args, reason, run, capsys):
    with pytest.raises(SystemExit) as stop:
        run(*args)
    [line] = capsys.readouterr().err.splitlines()
    assert stop.value.code == 2 and re.search(reason, line), line


# Statements of SQL that damage the database of a finished sweep, or of one whose last network is not; and what is said.
FINISHED = [
    ("update alembic_version set version_num = 'v2.6.0.a'", "RuntimeError: The runtime optuna version"),
    ("insert into alembic_version values ('v2.6.0.a')", "more than one head"),
    ("drop table trials; create table trials (x int)", "no such column: trials"),
    ("drop table studies", "KeyError: 'Record does not exist.'"),
    ("drop table trial_values", "has the accuracy None"),
    ("update study_directions set direction = 'SIDEWAYS'", "LookupError: 'SIDEWAYS' is not among"),
    ("update trials set number = null", "not supported between instances of 'int' and 'NoneType'"),
    ("update trial_values set value = 'abc'", "TypeError"),
    ("update trial_values set value = 9e999", "has the accuracy inf"),
    ("update trial_values set value = -1", "has the accuracy -1"),
    ("update trial_values set value = null", "AssertionError"),
    ("update trial_values set objective = 7", "IndexError: list assignment index out of range"),
    ("update trial_params set param_value = 99 where param_name = 'hidden'", "ValueError: The value 99 of parameter"),
    ("update trial_params set distribution_json = '{}'", "KeyError: 'type'"),
    ("update trial_params set param_name = 'epochs' where param_name = 'seed'", "unexpected keyword argument 'epochs'"),
]
BEGUN = [
    ("drop table study_directions", "did not match the number of the objectives 0"),
    ("insert into study_directions values (9, 'MAXIMIZE', 1, 1)", "did not match the number of the objectives 2"),
    ("delete from trial_params where trial_id = 8 and param_name = 'lr'", "missing 1 required positional argument"),
    ("alter table trials rename to t; create view trials as select * from t", "because it is a view"),
    ("alter table trial_values rename to t; create view trial_values as select * from t", "because it is a view"),
]
BEGINS = "delete from trial_values where trial_id = 8; update trials set state = 'RUNNING' where trial_id = 8;"


@pytest.mark.parametrize("edit, said", FINISHED + [(BEGINS + edit, said) for edit, said in BEGUN])
def test_a_database_that_somebody_edited_is_one_line(edit, said, done, run, capsys):
    FOLDER.mkdir(parents=True)
    path = shutil.copy(done[0] / FOLDER / "sweep.db", FOLDER)
    with closing(sqlite3.connect(path)) as database:
        database.executescript(edit)
    with pytest.raises(SystemExit) as stop:
        run(*ARGS)
    [line] = capsys.readouterr().err.splitlines()
    start = f"digits sweep: error: {path}: the database cannot be used: "
    end = "; if it is damaged, or of another version of Optuna, remove it"
    assert stop.value.code == 2 and line.startswith(start) and line.endswith(end)
    assert said in line and len(line) < 500


def test_a_link_in_its_folder_is_refused(run, capsys):
    Path("runs/sweep_784-30-10_epochs1").mkdir(parents=True)
    link(Path("runs/sweep_784-30-10_epochs1/sweep.db"), "elsewhere")
    with pytest.raises(SystemExit):
        run("--epochs", 1)
    assert f"{os.sep}sweep.db is refused" in capsys.readouterr().err
    assert not Path("runs/sweep_784-30-10_epochs1/elsewhere").exists()


@pytest.mark.parametrize("package", ["optuna", "matplotlib.figure"])
def test_missing_packages_are_named_by_a_sweep_but_not_by_its_help(package, run, capsys, monkeypatch):
    for module in [name for name in sys.modules if name.startswith(("digits.sweep", "digits.plots"))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SystemExit) as stop:
        run("--help")
    assert stop.value.code == 0 and "--workers" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        run()
    [line] = capsys.readouterr().err.splitlines()
    assert f'a sweep needs {package}: pip install "digits[sweep]"' in line
    assert not Path("runs").exists()
