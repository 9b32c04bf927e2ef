"""Lines, curves, whole files, and an end when somebody asks for it."""

import contextlib
import os
import re
import signal
import termios

import pytest
import torch

from tests.support.training import Runs, same


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_ends_cleanly_and_says_how_to_go_on(number, code, tmp_path):
    runs = Runs(tmp_path)
    process = runs.new("stopped", "--epochs", "100000")
    for line in process.stdout:
        if line.startswith("Epoch 3:"):
            break
    process.send_signal(number)
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (code, "")
    assert "Go on with: python train.py --resume stopped" in output
    epoch = torch.load(tmp_path / "stopped" / "last.ckpt", weights_only=True)["epoch"]
    assert f"Stopped in epoch {epoch + 1}" in output
    runs.finish(runs.start("--resume", "stopped", "--epochs", str(epoch + 2)))
    runs.finish(runs.new("whole", "--epochs", str(epoch + 2)))
    assert same(runs.weights("stopped"), runs.weights("whole"))


def test_terminal_shows_a_progress_bar(tmp_path):
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
