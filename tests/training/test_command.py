"""The command line of the train verb."""

import re
from pathlib import Path

import pytest
import torch

from digits.__main__ import main
from digits.model import DigitClassifier

ROOT = Path(__file__).parents[2]


def last(folder):
    return DigitClassifier.load_from_checkpoint(Path(folder, "last.ckpt"), weights_only=True)


def config(folder, **values):
    path = folder / "config.yaml"
    path.write_text("".join(f"{name}: {value}\n" for name, value in values.items()))
    return path


def test_config(run, tmp_path):
    path = config(tmp_path, hidden=[12, 8], epochs=1, lr=0.5, init="gaussian", batch_size=50)
    run("--config", path, "--run_dir", "here")
    settings = last("here").hparams
    assert settings | {"hidden": [12, 8], "lr": 0.5, "init": "gaussian"} == settings
    assert torch.load("here/last.ckpt", weights_only=True)["global_step"] == 10


def test_command_line_goes_before_config(run, tmp_path):
    path = config(tmp_path, hidden=[12, 8], epochs=5, lr=0.5)
    run("--config", path, "--hidden", 9, "--epochs", 1, "--lr", 2, "--run_dir", "here")
    assert last("here").shape == "784-9-10"
    assert last("here").hparams["lr"] == 2
    assert torch.load("here/last.ckpt", weights_only=True)["epoch"] == 0


@pytest.mark.parametrize("path", sorted(ROOT.glob("configs/*.yaml")), ids=lambda path: path.stem)
def test_configs_of_the_project_run(run, path):
    run("--config", path, "--epochs", 1, "--run_dir", "here")
    assert last("here").shape.startswith("784-")


@pytest.mark.parametrize("hidden", [["7"], ["7", "6"], ["[7,6]"], ["7", "6", "5"]])
def test_hidden_layers(run, hidden):
    run("--hidden", *hidden, "--epochs", 1, "--run_dir", "here")
    assert last("here").hparams["hidden"] == [int(n) for n in re.findall(r"\d", " ".join(hidden))]


def test_help(home, capsys):
    with pytest.raises(SystemExit) as end:
        main(["train", "--help"])
    assert end.value.code == 0
    output = capsys.readouterr().out
    for name in ("hidden", "epochs", "batch_size", "lr", "init", "seed", "data_dir", "run_dir", "config"):
        assert f"--{name} " in output
    for name in ("--only_digit", "--train_size", "--trainer.max_epochs"):
        assert name in output


NO_CUDA = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")


NO_CUDA = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")


@pytest.mark.parametrize(
    "args, named",
    [
        (["--lr", "nan"], "--lr"),
        (["--lr", "inf"], "--lr"),
        (["--lr", "0"], "--lr"),
        (["--lr", "-1"], "--lr"),
        (["--lr", "x"], "--lr"),
        (["--lr"], "--lr"),
        (["--hidden", "0"], "--hidden"),
        (["--hidden", "30", "0"], "--hidden"),
        (["--hidden", "-5"], "--hidden"),
        (["--hidden", "many"], "--hidden"),
        (["--hidden"], "--hidden"),
        (["--only_digit", "10"], "--only_digit must be 0 to 9, not 10"),
        (["--only_digit", "-1"], "--only_digit must be 0 to 9, not -1"),
        (["--only_digit", "nine"], "--only_digit"),
        (["--train_size", "0"], "--train_size must be 1 to 500,"),
        (["--train_size", "501"], "--train_size must be 1 to 500,"),
        (["--train_size", "all"], "--train_size"),
        (["--batch_size", "-3"], "--batch_size"),
        (["--batch_size", "0"], "--batch_size"),
        (["--epochs", "1.5"], "--epochs"),
        (["--seed", "-1"], "--seed"),
        (["--init", "foo"], "--init"),
        (["--kernel", "corn"], "--kernel"),
        (["--bogus", "1"], "--bogus"),
        (["bogus"], "bogus"),
        (["--config", "missing.yaml"], "--config"),
        (["--config", "malformed.yaml"], "--config"),
        (["--config", "words.yaml"], "--config"),
        (["--config", "unknown.yaml"], "colour"),
        (["--config", "wrong.yaml"], "--lr"),
        (["--trainer.nope", "1"], "--trainer.nope"),
        (["--trainer.max_epochs", "some"], "--trainer.max_epochs"),
        pytest.param(["--trainer.accelerator", "gpu"], "gpu", marks=NO_CUDA),
        (["--trainer.accelerator", "abacus"], "abacus"),
        (["--trainer.precision", "7"], "--trainer.precision"),
        (["--run_dir", "full"], "full"),
        (["--run_dir", "full/note"], "full/note"),
        (["--data_dir", "full/note"], "full/note"),
    ],
    ids=" ".join,
)
def test_mistakes_get_a_line_and_leave_nothing(data_dir, home, capsys, args, named):
    Path("malformed.yaml").write_text("lr: [1, 2\nepochs: 3")
    Path("words.yaml").write_text("nothing but words")
    Path("unknown.yaml").write_text("colour: blue")
    Path("wrong.yaml").write_text("lr: -1")
    Path("full").mkdir()
    Path("full", "note").write_text("keep me")
    before = sorted(home.rglob("*"))
    with pytest.raises(SystemExit) as end:
        main(["train", "--data_dir", str(data_dir), "--epochs", "1", *args])
    assert end.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("digits train: error: ")
    assert named in line
    assert len(line) < 300
    assert sorted(home.rglob("*")) == before
    assert Path("full", "note").read_text() == "keep me"
