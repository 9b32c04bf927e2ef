import io
import math
import re
from contextlib import redirect_stdout
from itertools import product
from pathlib import Path

import pytest
import yaml

from digits.__main__ import main
from digits.kernels.stacks import StackedClassifier, StackedMNIST
from digits.model import DigitClassifier
from digits.training import search
from digits.training.search import Setting, score
from tests.support.small_mnist import use
from tests.support.training import curves, hyperparameters

ARGS = ["--hidden", "6", "12", "--lr", "1", "1000", "--batch_size", "20", "--seeds", "2", "--epochs", "5"]
FOLDER = Path("runs/sweep_hidden6,12_lr1.0,1000.0_batch_size20_initscaled_seeds2_epochs5")
LAST = re.compile(r"\n\n(.*?)\n\n", re.S)  # the table at the end


@pytest.fixture(scope="module")
def finished_sweep(small, tmp_path_factory):
    """A sweep that ran twice: its folder and its output. The second time, the command printed the results again."""
    home = tmp_path_factory.mktemp("sweep")
    with pytest.MonkeyPatch.context() as patch:
        use(patch, small[1])
        patch.chdir(home)
        # One worker, since of two the idle one may train again what the other has begun.
        with redirect_stdout(io.StringIO()) as output:
            main(["sweep", *ARGS, "--workers", "1", "--data_dir", str(small[0])])
        with redirect_stdout(io.StringIO()) as again:
            main(["sweep", *ARGS, "--data_dir", str(small[0])])
    assert again.getvalue().split("\n\n")[1:] == output.getvalue().split("\n\n")[1:]
    return home, output.getvalue()


def test_every_combination_is_trained_and_printed(finished_sweep):
    _, output = finished_sweep
    lines = output.split("\n\n")[0].splitlines()[1:]
    every = product(["12", "6"], ["1", "1000"], ["20"], ["scaled"], "01")
    assert sorted(tuple(line.split()[:5]) for line in lines) == list(every)
    stopped = [line for line in lines if "1000" in line]
    assert all(line.endswith("stopped after epoch 2") for line in stopped) and len(stopped) == 4
    assert not any("stopped" in line for line in lines if line not in stopped)


def test_training_the_winner_gives_its_result(finished_sweep, small, monkeypatch, capsys):
    home, output = finished_sweep
    use(monkeypatch, small[1])
    monkeypatch.chdir(home)
    comment = (FOLDER / "winner.yaml").read_text()
    assert yaml.safe_load(comment)["epochs"] == 5
    [command] = re.findall(r"^# python -m digits (.*)$", comment, re.M)
    assert f"Train it    python -m digits {command}\n" in output
    main([*command.split(), "--data_dir", str(small[0])])
    validated = re.search(r"Test accuracy .* validation accuracy (\S+%)\)", capsys.readouterr().out)[1]
    assert validated == LAST.search(output)[1].splitlines()[1].split()[5].rstrip(",")  # the accuracy of seed 0
    validation, test = re.search(r"^Best +validation accuracy (\S+%), test accuracy (\S+%)", output, re.M).groups()
    assert validation == LAST.search(output)[1].splitlines()[1].split()[4].rstrip(":")
    assert f"validation accuracy {validation}, test accuracy {test}" in comment
    assert sorted(path.name for path in FOLDER.glob("*.png")) == ["hidden.png", "lr.png"]


def test_tensorboard_compares_the_trials(finished_sweep):
    entries = []
    for folder in filter(Path.is_dir, (finished_sweep[0] / FOLDER).iterdir()):
        points, values = curves(folder), hyperparameters(folder)
        assert points["best/validation"][1][-1] == max(points["accuracy/validation"][1])
        assert "accuracy/test" not in points
        assert values.keys() == {"hidden", "lr", "seed", "batch_size", "epochs"}  # as for a run of train
        entries.append((values["hidden"], values["lr"], values["seed"]))
    assert sorted(entries) == sorted(product(["784-6-10", "784-12-10"], [1, 1000], [0, 1]))


def test_a_diverging_trial_ends_early_and_a_bug_keeps_its_traceback(sweep, monkeypatch):
    def strange(*args):
        model = StackedClassifier(*args)
        model.network[0].bias.data.fill_({1: 0, 2: math.inf, 3: 0}[model.lr])
        return model

    monkeypatch.setattr(search, "StackedClassifier", strange)
    output = sweep("--lr", 1, 2, "--epochs", 2)
    assert re.findall(r"^ +30 +(\d) .*stopped after epoch 0$", output, re.M) == ["2"]
    with pytest.raises(KeyError, match="4"):
        sweep("--lr", 4)


@pytest.mark.parametrize(
    "args, reason",
    [
        (["--storage", "anything"], "--storage .*Could not parse"),
        (["--storage", "postgresql://digits@127.0.0.1:1/name"], r"--storage .*digits\[postgres\].*onnection refused"),
        (["--lr", "0"], "--lr must be a number from"),
    ],
)
def test_mistakes_are_one_line(args, reason, sweep, capsys):
    with pytest.raises(SystemExit) as stop:
        sweep(*args)
    [line] = capsys.readouterr().err.splitlines()
    assert stop.value.code == 2 and re.search(reason, line), line


@pytest.fixture
def loaded(data_dir):
    """The small data, loaded once for all networks, as in a sweep."""
    data = StackedMNIST(data_dir)
    data.setup("fit")
    return data


def test_a_sweep_trains_the_same_network_as_train(loaded, tmp_path, monkeypatch):
    setting = Setting(12, 3.0, 7, "gaussian")
    args = {name: str(value) for name, value in setting._asdict().items()} | {"epochs": "4", "seed": "1"}
    words = [word for name, value in args.items() for word in (f"--{name}", value)]
    main(["train", *words, "--run_dir", str(tmp_path / "run"), "--data_dir", str(loaded.data_dir)])
    kept = DigitClassifier.load_from_checkpoint(tmp_path / "run" / "best.ckpt")
    load, weights = DigitClassifier.load_state_dict, {}
    monkeypatch.setattr(DigitClassifier, "load_state_dict", lambda self, best: weights.update(best) or load(self, best))
    images, labels = loaded.test
    assert score(setting, 1, 4, loaded, tmp_path)[1] == (kept.predict(images)[0] == labels).double().mean().item()
    assert all(weights[name].equal(tensor) for name, tensor in kept.state_dict().items())


def test_a_guessing_network_stops_after_three_epochs_without_seeing_test_images(loaded, tmp_path, capsys, monkeypatch):
    evaluate, evaluated = StackedClassifier._evaluate, []
    remember = lambda self, split, stack: evaluated.append(stack.images) or evaluate(self, split, stack)  # noqa: E731
    monkeypatch.setattr(StackedClassifier, "_evaluate", remember)
    score(Setting(6, 1e-9, 20, "scaled"), 5, 5, loaded, tmp_path)
    assert capsys.readouterr().out.endswith("% in epoch 0  stopped after epoch 2\n")  # the first of equal epochs
    assert len(evaluated) == 3 and all(images is loaded.validation[0] for images in evaluated)
    assert (loaded.batch_size, loaded.seed, loaded.trainer, len(loaded.val_dataloader())) == (10, 0, None, 2)
