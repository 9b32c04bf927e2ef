"""Lines, curves, whole files, and an end when somebody asks for it."""

import contextlib
import os
import re
import shutil
import signal
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from digits.model import DigitClassifier
from digits.train import Settings, train
from digits.training.callbacks import EpochCurves
from digits.training.trainer import Curves
from tests.support.tiers import nightly, slow
from tests.support.training import Runs, curves, same


@pytest.mark.parametrize("number, code", [nightly(signal.SIGINT, 130), slow(signal.SIGTERM, 143)])
def test_signal_ends_cleanly_and_says_how_to_go_on(number, code, tmp_path):
    runs = Runs(tmp_path)
    process = runs.new("stopped", "--epochs", "100000")
    assert next(line for line in process.stdout if line.startswith("Epoch 3:"))
    process.send_signal(number)
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (code, "")
    assert "Go on with: python -m digits train --resume stopped" in output
    epoch = torch.load(tmp_path / "stopped" / "last.ckpt", weights_only=True)["epoch"]
    assert f"Stopped in epoch {epoch + 1}" in output
    runs.finish(runs.start("--resume", "stopped", "--epochs", str(epoch + 2)))
    runs.finish(runs.new("whole", "--epochs", str(epoch + 2)))
    assert same(runs.weights("stopped"), runs.weights("whole"))


@pytest.mark.slow
def test_terminal_shows_a_progress_bar(tmp_path):
    import termios  # which Windows lacks

    runs = Runs(tmp_path)
    screen, terminal = os.openpty()
    termios.tcsetwinsize(terminal, (30, 100))
    process = runs.new("run", "--epochs", "30", stderr=terminal)
    os.close(terminal)
    drawn = b""
    with contextlib.suppress(OSError):  # raised when the process has closed its end
        while part := os.read(screen, 4096):
            drawn += part
    runs.finish(process)
    assert re.search(r"\d+% \|█+.* left, .*mini-batches/s", drawn.decode())


@pytest.mark.slow
def test_a_signal_is_heeded_in_the_middle_of_a_stack(tmp_path):
    """30,000 hidden neurons by autograd: the first stack, of 500 mini-batches, takes minutes."""
    runs = Runs(tmp_path)
    process = runs.new("slow", "--hidden", "30000", "--kernel", "autograd", "--batch_size", "1")
    assert "kernel autograd" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")
    assert "Stopped in epoch 0. Go on with: python -m digits train --resume slow" in output
    assert not re.search("^Epoch", output, re.M)


def test_best_curves_rise_to_the_best_epoch_and_go_on_from_it_after_a_resume(run):
    run("--epochs", 4, "--lr", 20, "--run_dir", "here")  # which is too fast: now better, now worse
    run("--resume", "here", "--epochs", 8)
    shown = curves("here")
    for split in ("validation", "test"):
        accuracies = shown[f"accuracy/{split}"][1]
        chosen = [max(range(n + 1), key=lambda epoch: shown["accuracy/validation"][1][epoch]) for n in range(8)]
        assert 1 < len(set(chosen)) < 8
        by_epoch = dict(zip(*shown[f"best/{split}"], strict=True))
        assert by_epoch == {epoch: accuracies[best] for epoch, best in enumerate(chosen)}


def test_an_epoch_that_is_not_validated_and_a_sanity_check_have_no_line_and_no_point(run):
    settings = ["--trainer.check_val_every_n_epoch", 2, "--trainer.num_sanity_val_steps", 1]
    with warnings.catch_warnings(record=True) as warned:
        output = run("--epochs", 4, *settings, "--run_dir", "here")
    assert warned == [] and re.findall(r"^Epoch (\d)", output, re.M) == ["1", "3"]
    shown = curves("here")
    assert shown["accuracy/training"][0] == (0, 1, 2, 3)
    assert shown["accuracy/test"][0] == (1, 3)
    output = run("--epochs", 1, *settings, "--run_dir", "there")
    assert Path("there/last.ckpt").exists() and "No epoch was kept as the best, so none is tested." in output


def handlers():
    return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]


def test_signals_are_handled_as_before_when_a_run_is_over(run):
    before = handlers()
    run("--epochs", 1)
    assert handlers() == before


def test_a_network_is_trained_in_any_thread(data_dir, home):
    """Where no handler of signals may be set."""
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(train, Settings(epochs=1, data_dir=data_dir, run_dir=Path("here"))).result()
    assert (run / "best.ckpt").exists()


@pytest.mark.parametrize(
    "where, signals, waits, epoch",
    [
        ("training_step", [signal.SIGTERM], 0, 0),
        ("validation_step", [signal.SIGINT] * 2, 1, 0),  # the first, until validation, curves and checkpoints are done
        ("test_step", [signal.SIGINT], 0, 1),
        ("on_train_end", [signal.SIGTERM], 1, 1),  # then nothing is tested
    ],
)
def test_a_signal_ends_the_run_in_a_line(where, signals, waits, epoch, data_dir, home, capsys):
    waited, before = [], handlers()

    def receive(*_):
        for number in signals:
            signal.raise_signal(number)
            waited.append(number)

    methods = {"test_step": lambda *_: pytest.fail("tested"), where: receive}
    with pytest.raises(SystemExit) as end:
        settings = Settings(epochs=1, data_dir=data_dir, run_dir=Path("here"))
        train(settings, kind=type("Kind", (DigitClassifier,), methods))
    said = f"\nStopped in epoch {epoch}. Go on with: python -m digits train --resume here\n"
    assert end.value.code == 128 + signals[0] and capsys.readouterr().out.endswith(said)
    assert len(waited) == waits and handlers() == before


def test_a_curve_that_cannot_be_written_is_what_the_system_says(tmp_path):
    log = Curves(tmp_path / "run", "", "")
    trainer = SimpleNamespace(loggers=[log], current_epoch=0, callback_metrics={"cost/training": torch.ones(())})
    EpochCurves().on_train_epoch_end(trainer, None)
    log.finalize("success")  # the next point opens another file
    shutil.rmtree(tmp_path / "run")
    (tmp_path / "run").touch()
    with pytest.raises(FileExistsError):
        EpochCurves().on_train_epoch_end(trainer, None)
    with pytest.raises(FileExistsError):
        log.log_hyperparams({}, {"best/validation": 1.0})
