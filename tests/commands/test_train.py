"""The command line of `train`, and its config files."""

import re
import sys
from pathlib import Path

import pytest
import torch
import yaml

from digits.commands.cli import command_line, parse
from digits.commands.train import add_files, train
from digits.model import DigitClassifier
from digits.training.settings import Settings
from tests.support.systems import on_posix

ROOT = Path(__file__).parents[2]


def last(folder):
    return DigitClassifier.load_from_checkpoint(Path(folder, "last.ckpt"), weights_only=True)


def config(folder, **values):
    path = folder / "config.yaml"
    path.write_text("".join(f"{name}: {value}\n" for name, value in values.items()))
    return path


def test_the_command_line_overrides_a_config(run, tmp_path):
    path = config(tmp_path, hidden=[12, 8], epochs=1, lr=0.5, init="gaussian", batch_size=50)
    run("--config", path, "--run_dir", "here")
    settings = last("here").hparams
    assert settings | {"hidden": [12, 8], "lr": 0.5, "init": "gaussian"} == settings
    assert torch.load("here/last.ckpt", weights_only=True)["global_step"] == 10
    run("--config", path, "--hidden", 9, "--epochs", 2, "--lr", 2, "--run_dir", "there")
    assert last("there").hparams == settings | {"hidden": [9], "lr": 2.0}
    assert torch.load("there/last.ckpt", weights_only=True)["epoch"] == 1


@pytest.mark.parametrize("path", sorted(ROOT.glob("configs/*.yaml")), ids=lambda path: path.stem)
def test_configs_of_the_project_run(run, path):
    run("--config", path, "--epochs", 1, "--train_size", 100, "--run_dir", "here")
    assert last("here").shape.startswith("784-")


def test_the_trainer_is_set_in_a_file_and_on_the_command_line(run, tmp_path):
    path = config(tmp_path, epochs=4, trainer="{check_val_every_n_epoch: 4, accelerator: cpu}")
    output = run("--config", path, "--trainer.check_val_every_n_epoch", 2, "--run_dir", "here")
    assert re.findall("^Epoch (.)", output, re.M) == ["1", "3"]
    kept = yaml.safe_load(Path("here/config.yaml").read_text())["trainer"]
    assert kept == {"check_val_every_n_epoch": 2, "accelerator": "cpu"}


NO_GPU = pytest.mark.skipif(torch.cuda.is_available() or torch.backends.mps.is_available(), reason="there is a GPU")
NO_MAC = pytest.mark.skipif(sys.platform == "darwin", reason="macOS lends more memory than there is")


@pytest.mark.parametrize(
    "args, named",
    [
        (["--only_digit", "10"], "--only_digit must be a whole number from 0 to 9, not 10"),
        (["--train_size", "600", "--early_stop", "3"], "--early_stop needs validation images"),
        (["--trainer.callbacks", "evil.Payload"], "Unknown option: --trainer.callbacks"),
        (["100", "30"], "unexpected '100', '30'; write only options such as --NAME, and no value after a switch"),
        (["--hidden"], "write a value after --hidden"),
        (["--hidden", "9", "--hidden", "8"], "write all values after one --hidden, as in --hidden A B"),
        (["--hidden", "x"], '--hidden: "x" is not a whole number'),
        (["--trainer", "3"], "error: write which setting of the Trainer is 3, as in --trainer.NAME 3. For help"),
        (["--trainer.accelerator", "tpu"], 'Choose from: "auto", "cpu"'),
        (["--trainer.foo", "3"], "Unknown option: --trainer.foo. Did you mean --trainer.NAME?"),
        (["--lr", "x"], '--lr: "x" is not a number'),
        (["--lr", "0"], "--lr must be a number from 1e-30 to 1,000,000,000, not 0.0"),
        (["--trainer.max_time", "soon"], "in the format DD:HH:MM:SS. For the possible values, add --help"),
        (["--config", "missing.yaml"], "missing.yaml: No such file"),
        (["--epochs", "9" * 99], "--epochs must be a whole number from 1 to 1,000,000,000, not 9"),
        pytest.param(["--hidden", "1000000000"], "out of memory", marks=NO_MAC),
        (["--epochs", "2.5"], "--epochs: expected a whole number, not '2.5'"),
        pytest.param(["--trainer.accelerator", "gpu"], "gpu", marks=NO_GPU),
        (["--run_dir", "full"], "full"),
        on_posix(["--data_dir", "full/note"], "full/note/MNIST/raw: Not a directory; name a folder"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_mistakes_are_one_line_and_leave_no_files(home, refused, args, named):
    Path("full").mkdir()
    Path("full", "note").write_text("keep me")
    before = sorted(home.rglob("*"))
    line = refused("--epochs", 1, *args)
    assert named in line and len(line) < 300
    assert sorted(home.rglob("*")) == before
    assert Path("full", "note").read_text() == "keep me"


@pytest.mark.parametrize(
    "text, named",
    [
        ("lr: [1, 2\nepochs: 3", "c.yaml: while parsing a flow sequence in line 1, column 5"),
        ("", "c.yaml: expected lines"),
        ("hiden: 30", 'Unknown option: "hiden" from c.yaml. Did you mean --hidden?'),
        ("lr: high", 'Invalid value for lr from c.yaml: "high" is not a number'),
        ("schedule: maybe", 'Invalid value for schedule from c.yaml: "maybe" is not true or false'),
        ("lr: !!python/name:os.mkdir", "c.yaml: YAML aliases and tags are not supported"),
        ("seed: .nan", "seed: expected a whole number"),
        ("trainer: {check_val_every_n_epoch: 0}", "trainer.check_val_every_n_epoch"),
        ("a0: &a0 [x]\na1: &a1 [*a0, *a0]\na2: [*a1, *a1]", "c.yaml: YAML aliases and tags are not supported"),
        ("hidden: " + "[" * 99_900, "c.yaml: its brackets are nested too deeply"),
        ("lr: " + "[" * 100_000, "c.yaml: this file is larger than 100,000 bytes"),
        ("resume: true", "c.yaml: resume belongs on the command line, not in this file"),
    ],
    ids=lambda value: value[:20],
)
def test_an_invalid_config_is_refused_in_one_line(text, named, home, verb):
    Path("c.yaml").write_text(text)
    code, _, [line] = verb("train", "--config", "c.yaml")
    assert code == 2 and named in line and len(line) < 1_200
    assert [path.name for path in home.iterdir()] == ["c.yaml"]


def test_a_config_may_leave_settings_empty(home):
    Path("c.yaml").write_text("schedule: true\nonly_digit: ~\nlr:\nhandwriting: yes\nrun_dir: 2026-01-01\ntrainer: {}")
    app = command_line(train, "digits train")
    app.config = add_files
    bound = parse(app, ["--config", "c.yaml"])
    assert bound.arguments["settings"] == Settings(schedule=True, handwriting=True, run_dir=Path("2026-01-01"))
