"""Lightning's Trainer with the user's settings."""

import pytest
import torch

from digits.model import DigitClassifier
from digits.training.trainer import fastest_device


@pytest.mark.parametrize(
    "has_gpu, hidden, batch_size, device",
    [
        (False, [800], 10, "cpu"),
        (True, [100], 10, "cpu"),
        (True, [100], 100, "cuda"),
        (True, [400], 10, "cuda"),
        (True, [400, 10, 10], 10, "cpu"),  # as many weights, but twice as many launches
    ],
)
def test_large_steps_use_a_gpu_unless_the_kernel_is_for_the_cpu(has_gpu, hidden, batch_size, device, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_gpu)
    assert fastest_device(DigitClassifier(hidden), batch_size, "auto") == device
    assert fastest_device(DigitClassifier(hidden), batch_size, "numba") == "cpu"
