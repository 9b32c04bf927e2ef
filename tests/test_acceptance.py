"""Run `python train.py` on the real data, and use the network that it leaves behind."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from digits import mnist
from digits.model import DigitClassifier


@pytest.mark.slow
@pytest.mark.mnist
def test_three_epochs_reach_94_percent(mnist_dir, tmp_path):
    args = ["--hidden", "30", "--epochs", "3", "--data_dir", mnist_dir, "--run_dir", tmp_path / "run"]
    process = subprocess.run(
        [sys.executable, Path(__file__).parents[1] / "train.py", *args], cwd=tmp_path, capture_output=True, text=True
    )
    assert (process.returncode, process.stderr) == (0, "")
    accuracy = re.search(r"Test accuracy (\d+\.\d\d)%", process.stdout)[1]
    assert float(accuracy) >= 94.0

    model = DigitClassifier.load_from_checkpoint(Path(tmp_path, "run", "best.ckpt"), map_location="cpu")
    images, labels = mnist.load(mnist_dir, train=False)
    digits, _ = model.predict(images)
    assert f"{(digits == labels).sum().item() / 100:.2f}" == accuracy
