"""The command line of the train verb."""

import re
from pathlib import Path

import pytest
import torch
import yaml

from digits.__main__ import main
from digits.model import DigitClassifier

ROOT = Path(__file__).parents[2]


def last(folder):
    return DigitClassifier.load_from_checkpoint(Path(folder, "last.ckpt"), weights_only=True)


def config(folder, **values):
    path = folder / "config.yaml"
    path.write_text("".join(f"{name}: {value}\n" for name, value in values.items()))
    return path


def test_a_config_and_the_command_line_that_goes_before_it(run, tmp_path):
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


@pytest.mark.parametrize(
    "option, names",
    [
        ("--help", "hidden epochs batch_size lr init seed data_dir run_dir config only_digit train_size trainer.NAME"),
        ("--trainer.help", "trainer.max_epochs trainer.accelerator trainer.limit_train_batches trainer.callbacks"),
    ],
)
def test_help(option, names, verb):
    code, output, _ = verb("train", option)
    assert code == 0
    assert all(re.search(rf"--{name}\b", output) for name in names.split())
    assert option == "--trainer.help" or "[default: 3.0]" in output and len(output.splitlines()) < 40  # a screen


@pytest.mark.parametrize(
    "trainer",
    [
        {"callbacks": [{"class_path": "evil.Payload"}]},
        {"callbacks": ["evil.Payload"]},
        {"logger": {"class_path": "CSVLogger", "init_args": {"save_dir": "elsewhere"}}},
        {"logger": "CSVLogger"},
        {"profiler": "evil.Payload"},
        {"strategy": "evil.Payload"},
        {"accelerator": "evil.Payload"},
        {"devices": {"class_path": "evil.Payload"}},
        {"max_time": "evil.Payload"},
        "evil.Payload",
    ],
    ids=str,
)
@pytest.mark.parametrize("how", ["config", "resume"])
def test_a_file_runs_no_code(run, capsys, trainer, how):
    Path("evil.py").write_text("open('canary', 'w'); class Payload: pass")
    Path("old").mkdir()
    Path("old/config.yaml").write_text(yaml.safe_dump({"epochs": 1, "trainer": trainer}))
    with pytest.raises(SystemExit) as end:
        run(*(["--config", "old/config.yaml"] if how == "config" else ["--resume", "old"]))
    assert end.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "rainer" in line
    assert sorted(path.name for path in Path().rglob("*")) == ["config.yaml", "evil.py", "old"]


def test_plain_settings_of_the_trainer_in_a_file_and_on_the_command_line(run, tmp_path):
    trainer = "{max_epochs: 2, accelerator: cpu, limit_train_batches: 1.0, logger: false}"
    path, later = config(tmp_path, epochs=9, trainer=trainer), ["--trainer.enable_checkpointing", "false"]
    output = run("--config", path, "--trainer.max_epochs", 1, *later, "--run_dir", "here")
    assert re.findall("^Epoch (.)", output, re.M) == ["0"]
    assert sorted(path.name for path in Path("here").iterdir()) == [".lock", "config.yaml"]
    assert yaml.safe_load(Path("here/config.yaml").read_text())["trainer"]["max_epochs"] == 1


NO_CUDA = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")


@pytest.mark.parametrize(
    "args, named",
    [
        (["--lr", "0"], "--lr"),
        (["--only_digit", "10"], "--only_digit must be 0 to 9, not 10"),
        (["--train_size", "501"], "--train_size must be 1 to 500,"),
        (["--kernel", "corn"], "--kernel"),
        (["--bogus", "1"], "--bogus"),
        (["--config", "missing.yaml"], "--config"),
        (["--config", "malformed.yaml"], "--config"),
        (["--config", "unknown.yaml"], "colour"),
        (["--config", "wrong.yaml"], "[lr] provided by wrong.yaml"),
        (["--config", "repeating.yaml"], "--config repeating.yaml: no aliases"),
        (["--config", "bytes.yaml"], "--config bytes.yaml: "),
        (["--config", "empty.yaml"], "--config empty.yaml: expected lines"),
        (["--hidden", "1000000000"], "more memory than there is"),
        (["--trainer.limit_test_batches", "0"], "--trainer.limit_test_batches"),
        (["--trainer.max_steps", "7"], "--trainer.max_steps: a run ends with an epoch"),
        (["--trainer.callbacks", "lightning.pytorch.callbacks.Timer"], "no plain value that Lightning's Trainer takes"),
        (["--run_dir=-dash"], "begins with -"),
        (["--trainer.max_epoch", "1"], "Did you mean --trainer.max_epochs?"),
        (["--trainer.max_epochs", "some"], "--trainer.max_epochs"),
        pytest.param(["--trainer.accelerator", "gpu"], "gpu", marks=NO_CUDA),
        (["--trainer.precision", "7"], "--trainer.precision"),
        (["--run_dir", "full"], "full"),
        (["--data_dir", "full/note"], "full/note"),
    ],
    ids=" ".join,
)
def test_mistakes_get_a_line_and_leave_nothing(data_dir, home, capsys, args, named):
    Path("malformed.yaml").write_text("lr: [1, 2\nepochs: 3")
    Path("unknown.yaml").write_text("colour: blue")
    Path("wrong.yaml").write_text("lr: -1")
    Path("repeating.yaml").write_text("hidden: [&a [1, 1], *a]")
    Path("bytes.yaml").write_bytes(b"\xff\xfe")
    Path("empty.yaml").touch()
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
