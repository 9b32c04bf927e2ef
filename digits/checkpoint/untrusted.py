"""Parse a checkpoint that may come from a stranger into our own type. No code in it is run."""

import pickle
import zipfile
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from digits.checkpoint import network2
from digits.checkpoint.contents import LARGEST_WEIGHT, VALIDATION, VERSION, Checkpoint
from digits.common.checks import checked
from digits.common.errors import UserError

LONGEST = 200  # characters of a string, or values of a list
MOST = 2**64  # largest number in a setting of a class that we do not know
DTYPES = torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int64  # int64 is for counters
DATA = "batch_size", "seed", "train_size", "distort", "handwriting", "kernel"  # arguments of StackedMNIST


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint of this project, or a JSON file of the book's network2.py, with its tensors on the CPU.

    Raises UserError if the file is damaged, comes from another program or version, or holds settings or weights that
    `train` would not write; OSError if it cannot be read. The memory needed is a small multiple of the file's size.
    """
    if Path(path).suffix == ".json":
        return network2.read(path)
    try:
        content = Path(path).read_bytes()
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            # PyTorch neither compresses its files nor verifies their checksums. It reads a file that does not begin
            # like a zip archive in an older format, in which a few bytes can claim any amount of memory.
            whole = content.startswith(b"PK\3\4") and unpacked <= len(content) and not archive.testzip()
            if not whole or any(entry.compress_type for entry in entries):
                raise zipfile.BadZipFile
        saved = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(f"{path} is refused: it holds more than tensors and plain values, perhaps code") from error
    except Exception as error:  # a damaged file may raise anything
        if isinstance(error, OSError) and error.filename:  # the file cannot be opened
            raise
        raise UserError(f"{path} is damaged, or not a checkpoint; name a run folder or another .ckpt file") from error
    if type(saved) is not dict or not {"digits_version", "state_dict", "hyper_parameters"} <= saved.keys():
        raise UserError(f"{path} was written by another program; choose a checkpoint that train.py wrote")
    if type(version := saved["digits_version"]) is not int or version != VERSION:
        known = f"but this program reads only version {VERSION}; install a newer version of the program"
        raise UserError(f"{path} has format version {version!s:.20}, {known}")
    try:
        return _parsed(saved, len(content))
    except (UserError, TypeError, ValueError) as error:
        raise UserError(f"{path} is refused: {error}") from error


def _parsed(saved: dict[Any, Any], size: int) -> Checkpoint:
    """Parse the content of a file of `size` bytes. Raises one of three errors for what `train` would not write."""
    settings, weights = _settings(saved["hyper_parameters"]), _weights(saved["state_dict"], size)
    data = _settings(saved.get("datamodule_hyper_parameters", {}))
    progress = _settings({name: saved[name] for name in ("epoch", "global_step", "max_epochs") if name in saved})
    # Layers are built from these sizes, which we do not trust: they must not need much more memory than the file.
    layers = pairwise([settings.get("image_size", 28) ** 2, *settings.get("hidden", []), 10])
    if sum(m * n for m, n in layers) > 10**7 + 2 * sum(tensor.numel() for tensor in weights.values()):
        raise ValueError("its settings describe larger layers than it has weights for")
    callbacks = saved.get("callbacks")
    states = [state for state in callbacks.values() if type(state) is dict] if type(callbacks) is dict else []
    scores = [_share(state.get("current_score")) for state in states if state.get("monitor") == VALIDATION]
    return Checkpoint(
        settings,
        weights,
        {name: data[name] for name in DATA if name in data},
        progress.get("epoch"),
        progress.get("global_step") or 0,
        progress.get("max_epochs"),
        accuracy=next((share for share in scores if share is not None), None),
        sigmoid=saved.get("sigmoid") is not False,
    )


def _settings(saved: Any) -> dict[str, Any]:
    """Return a dictionary if its values are plain or lists of plain values, and pass `checked`; else raise an error."""
    if type(saved) is not dict or {*map(type, saved)} - {str}:
        raise ValueError("its settings are not a dictionary with names")
    for name, value in saved.items():
        values = value if type(value) is list else [value]
        for x in values:
            number = type(x) in (bool, int, float) and -MOST <= x <= MOST  # false for NaN
            text = type(x) is str and len(x) <= LONGEST
            if not (number or text or x is None) or len(values) > LONGEST:
                raise ValueError(f"its setting {name[:LONGEST]} is out of range or is not a plain value")
    return checked(saved)


def _share(value: Any) -> float | None:
    """Return a number from 0 to 1, which may be in a tensor; None for anything else."""
    value = value.item() if type(value) is Tensor and _is_plain(value) and value.numel() == 1 else value
    return value if type(value) is float and 0 <= value <= 1 else None


def _is_plain(tensor: Tensor) -> bool:
    return tensor.layout == torch.strided and tensor.dtype in DTYPES and not (tensor.is_meta or tensor.is_nested)


def _weights(state: Any, size: int) -> dict[str, Tensor]:
    if not isinstance(state, dict) or {*map(type, state), *map(type, state.values())} - {str, Tensor}:
        raise ValueError("its state_dict holds more than tensors")
    for name, tensor in state.items():
        if not _is_plain(tensor):
            raise ValueError(f"{name[:LONGEST]} is not a plain tensor of real numbers")
    if sum(tensor.nbytes for tensor in state.values()) > 2 * size:  # several tensors can share one storage
        raise ValueError("its tensors are larger than the file")
    for name, tensor in state.items():
        if not (tensor.float().abs() <= LARGEST_WEIGHT).all():  # also false for NaN
            raise ValueError(f"{name[:LONGEST]} has weights that are not finite, or larger than {LARGEST_WEIGHT:g}")
    return dict(state)
