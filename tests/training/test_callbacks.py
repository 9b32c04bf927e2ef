"""Callbacks: printed lines, curves, and a clean end on a signal."""

import errno
import os
import re
import signal
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from digits.common.errors import UserError
from digits.model import DigitClassifier
from digits.train import Settings, train
from digits.training.callbacks import AtomicFiles
from tests.support.training import curves


def test_the_end_of_a_resumed_run_logs_the_accuracies_of_its_best_epoch(run):
    run("--epochs", 4, "--lr", 20, "--run_dir", "here")  # too fast, so the accuracy goes up and down
    run("--resume", "here", "--epochs", 8)
    logged = curves("here")
    best = max(range(8), key=lambda epoch: logged["accuracy/validation"][1][epoch])
    for split in ("validation", "test"):
        assert logged[f"best/{split}"][1][-1] == pytest.approx(logged[f"accuracy/{split}"][1][best])
    files = [*Path("here").glob("*tfevents*")]
    assert len(files) == 2  # one for each start; TensorBoard could read a report in its own file before the epochs


def test_a_disk_that_is_full_keeps_the_checkpoint_before(tmp_path, monkeypatch):
    path = tmp_path / "last.ckpt"
    path.write_bytes(b"before")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left"):
        AtomicFiles().save_checkpoint({"epoch": 1}, path)
    assert path.read_bytes() == b"before"


def test_epochs_without_validation_print_and_log_nothing(run):
    settings = ["--trainer.check_val_every_n_epoch", 2]
    with warnings.catch_warnings(record=True) as warned:
        output = run("--epochs", 4, *settings, "--run_dir", "here")
    assert warned == [] and re.findall(r"^Epoch (\d)", output, re.M) == ["1", "3"]
    logged = curves("here")
    assert logged["accuracy/training"][0] == (0, 1, 2, 3)
    assert logged["accuracy/test"][0] == (1, 3)
    output = run("--epochs", 1, *settings, "--run_dir", "there")
    assert Path("there/last.ckpt").exists() and "No best.ckpt was saved, so no network is tested." in output


def handlers():
    return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]


def test_a_network_can_be_trained_in_any_thread(data_dir, home):
    """Only the main thread may set signal handlers."""
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(train, Settings(epochs=1, data_dir=data_dir, run_dir=Path("here"))).result()
    assert (run / "best.ckpt").exists()


@pytest.mark.parametrize(
    "where, signum, epoch",
    [
        ("on_train_batch_start", signal.SIGTERM, 0),
        ("on_validation_batch_start", signal.SIGINT, 0),
        ("on_test_batch_start", signal.SIGINT, 1),
        ("on_train_end", signal.SIGTERM, 1),  # before the test
    ],
)
def test_a_signal_ends_the_run_at_once_with_one_line(where, signum, epoch, data_dir, home, capsys):
    before = handlers()

    def receive(*_):
        signal.raise_signal(signum)
        pytest.fail("went on")

    methods = {"on_test_batch_start": lambda *_: pytest.fail("tested"), where: receive}
    with pytest.raises(SystemExit) as end:
        settings = Settings(epochs=1, data_dir=data_dir, run_dir=Path("here"))
        train(settings, kind=type("Kind", (DigitClassifier,), methods))
    line = f"\nStopped in epoch {epoch}. Resume with: python -m digits train --resume here\n"
    assert end.value.code == 128 + signum and capsys.readouterr().out.endswith(line)
    assert handlers() == before
