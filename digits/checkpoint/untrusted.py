"""A checkpoint, which may come from a stranger, is parsed into our own type: it runs no code, and no more is kept."""

import os
import pickle
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from digits.checkpoint import network2
from digits.checkpoint.contents import VALIDATION, VERSION, Checkpoint
from digits.errors import UserError
from digits.settings import LARGE, MOST_EPOCHS, STRONGEST

LONGEST = 200  # a text or a list
NONE = type(None)
# The types of what is known, its least and its largest value; all other settings are plain values.
KNOWN: dict[str, tuple[tuple[type, ...], float, float]] = {
    "image_size": ((int,), 1, 1_000),
    "only_digit": ((int, NONE), 0, 9),
    "schedule": ((bool,), 0, 1),
    "batch_size": ((int,), 1, LARGE),
    "seed": ((int,), 0, 2**64 - 1),
    "train_size": ((int, NONE), 1, 60_000),
    "allographs": ((bool,), 0, 1),
    **dict.fromkeys(("distort", "negatives"), ((int, float), 0, STRONGEST)),
    "epoch": ((int, NONE), 0, MOST_EPOCHS),
    "max_epochs": ((int, NONE), -1, MOST_EPOCHS),
    "global_step": ((int,), 0, 2**60),
}
DATA = "batch_size", "seed", "train_size", "distort", "allographs", "negatives"  # settings of the MNISTDataModule


def read_checkpoint(path: str | Path) -> Checkpoint:
    """A checkpoint of this project, or a JSON file of the book's network2.py, with its tensors on the CPU.

    Raises UserError if it is damaged, of another program or version, or if its settings or weights are not as `train`
    writes them; OSError if it cannot be read. What it takes in memory is some multiple of its size.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        raise UserError(f"{path} is no file")  # perhaps a pipe, which would be waited for
    if Path(path).suffix == ".json":
        return network2.read(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            # Torch does not compress, and does not look at the checksums of its own files.
            if any(e.compress_type for e in entries) or unpacked > os.path.getsize(path) or archive.testzip():
                raise zipfile.BadZipFile
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(f"{path} is refused: it holds more than tensors and plain values, perhaps code") from error
    except Exception as error:  # what a damaged file raises may be anything
        if isinstance(error, OSError) and error.filename:  # it cannot be opened
            raise
        raise UserError(f"{path} is damaged, or not a checkpoint") from error
    if type(saved) is not dict or not {"digits_version", "state_dict", "hyper_parameters"} <= saved.keys():
        raise UserError(f"{path} is a file of another program; expected a checkpoint written by train.py")
    if type(version := saved["digits_version"]) is not int or version != VERSION:
        raise UserError(f"{path} is of version {version!s:.20}; this program reads version {VERSION}, so update it")
    try:
        return _parsed(saved)
    except ValueError as error:
        raise UserError(f"{path} is refused: {error}") from error


def _parsed(saved: dict[Any, Any]) -> Checkpoint:
    """What is known of the content of a file; ValueError if that is not as `train` writes it."""
    settings, weights = _settings(saved["hyper_parameters"]), _weights(saved["state_dict"])
    data = _settings(saved.get("datamodule_hyper_parameters", {}))
    progress = _settings({name: saved[name] for name in ("epoch", "global_step", "max_epochs") if name in saved})
    hidden = settings.get("hidden", [])
    if type(hidden) is not list or not all(_fits(n, (int,), 1, 10**7) for n in hidden):
        raise ValueError("its hidden layers are of no size")
    # What will be built by these sizes, which are not trusted, must not be much larger than what the file holds.
    layers = pairwise([settings.get("image_size", 28) ** 2, *hidden, 10])
    if sum(m * n for m, n in layers) > 10**7 + 2 * sum(tensor.numel() for tensor in weights.values()):
        raise ValueError("its hidden layers are larger than its weights")
    callbacks = saved.get("callbacks")
    states = [state for state in callbacks.values() if type(state) is dict] if type(callbacks) is dict else []
    scores = [_share(state.get("current_score")) for state in states if state.get("monitor") == VALIDATION]
    tests = [_share(state.get("best/test")) for state in states]
    return Checkpoint(
        settings,
        weights,
        {name: data[name] for name in DATA if name in data},
        progress.get("epoch"),
        progress.get("global_step", 0),
        progress.get("max_epochs"),
        accuracy=next((share for share in scores if share is not None), None),
        best_test=next((share for share in tests if share is not None), None),
        sigmoid=saved.get("sigmoid") is not False,
    )


def _settings(saved: Any) -> dict[str, Any]:
    if type(saved) is not dict or len(saved) > LONGEST or not all(type(name) is str and _plain(name) for name in saved):
        raise ValueError("its hyperparameters are not plain values")
    for name, value in saved.items():
        if not (_fits(value, *KNOWN[name]) if name in KNOWN else _plain(value)):
            raise ValueError(f"its {name[:50]} is no plain value, or out of range")
    return saved


def _fits(value: Any, types: tuple[type, ...], least: float, most: float) -> bool:
    return type(value) in types and (value is None or least <= value <= most)  # so no bool is an int, and nan no number


def _plain(value: Any, depth: int = 2) -> bool:
    if type(value) is list:
        return depth > 0 and len(value) <= LONGEST and all(_plain(each, depth - 1) for each in value)
    if type(value) is str:
        return len(value) <= LONGEST and value == value.encode(errors="ignore").decode()  # no half of a surrogate pair
    return _fits(value, (bool, int, float, NONE), -(2**64), 2**64)


def _share(value: Any) -> float | None:
    """A number of 0 to 1, which may be in a tensor; else None."""
    value = value.item() if type(value) is Tensor and value.numel() == 1 and not value.is_meta else value
    return value if _fits(value, (float,), 0, 1) else None


def _weights(state: Any) -> dict[str, Tensor]:
    if not isinstance(state, dict) or {*map(type, state), *map(type, state.values())} - {str, Tensor}:
        raise ValueError("its state_dict holds more than tensors")
    for name, tensor in state.items():
        name = name[:LONGEST]
        if tensor.layout != torch.strided or tensor.is_complex() or tensor.is_quantized or tensor.is_meta:
            raise ValueError(f"{name} is no plain tensor of real numbers")
        if tensor.untyped_storage().nbytes() < tensor.nbytes:
            raise ValueError(f"{name} is larger than the file")
        if not tensor.float().isfinite().all():
            raise ValueError(f"{name} is not of finite numbers of 32 bits")
    return dict(state)
