"""Runs of the train verb in this process, and what is in their folders."""

from pathlib import Path

import torch
from torch.nn.utils import parameters_to_vector

from digits.__main__ import main
from digits.checkpoint import untrusted
from digits.model import DigitClassifier


def fit(folder: Path, data_dir: Path, *args: object) -> None:
    """Train in a new folder."""
    main(["train", *map(str, args), "--data_dir", str(data_dir), "--run_dir", str(folder)])


def load(run: Path, name: str = "best.ckpt") -> tuple[DigitClassifier, int]:
    """The network in a run, and the epoch after which it was kept."""
    return DigitClassifier.load_from_checkpoint(run / name), untrusted.read_checkpoint(run / name).epochs - 1


def vector(model: DigitClassifier) -> torch.Tensor:
    """All weights and biases (P,)."""
    return parameters_to_vector(model.parameters()).detach()
