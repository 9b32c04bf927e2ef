"""What is in a checkpoint, read without running code that may be hidden there."""

import os
import pickle
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from digits.checkpoint import network2
from digits.errors import UserError

VERSION = 1  # of what a checkpoint of this project holds; raised when older code could misread it
RENAMED = {"styles": "allographs", "no_digit": "negatives"}  # settings of version 0.1
VALIDATION = "accuracy/validation"  # what chooses the best checkpoint, as Lightning logs it


def read(path: str | Path) -> dict[str, Any]:
    """A checkpoint of this project, or a JSON file of the book's network2.py, with its tensors on the CPU.

    Raises UserError if it is missing, damaged, of another program or version, or holds more than finite tensors and
    plain values: it may come from a stranger, so it runs no code, and takes no more memory than its size.
    """
    if Path(path).suffix == ".json":
        return {"digits_version": VERSION} | network2.read(path)
    if os.path.exists(path) and not os.path.isfile(path):
        raise UserError(f"{path} is no file")  # perhaps a pipe, which would be waited for
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            # Torch does not compress, and does not look at the checksums of its own files.
            if any(e.compress_type for e in entries) or unpacked > Path(path).stat().st_size or archive.testzip():
                raise zipfile.BadZipFile
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such checkpoint") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    except pickle.UnpicklingError as error:
        raise UserError(f"{path} is refused: it holds more than tensors and plain values, perhaps code") from error
    except Exception as error:  # what a damaged file raises may be anything
        raise UserError(f"{path} is damaged, or not a checkpoint") from error
    if not isinstance(checkpoint, dict) or not {"digits_version", "state_dict", "hyper_parameters"} <= set(checkpoint):
        raise UserError(f"{path} is a file of another program; expected a checkpoint written by train.py")
    version = checkpoint["digits_version"]
    if version != VERSION:
        raise UserError(f"{path} is of version {version}; this program reads version {VERSION}, so update it")
    if fault := fault_of(checkpoint):
        raise UserError(f"{path} is refused: {fault}")
    settings = checkpoint.get("datamodule_hyper_parameters", {})
    checkpoint["datamodule_hyper_parameters"] = {RENAMED.get(name, name): value for name, value in settings.items()}
    if type(epochs := checkpoint["hyper_parameters"].get("schedule")) is int:  # in version 0.1; now it is a switch
        checkpoint.setdefault("max_epochs", epochs)
    return checkpoint


def fault_of(checkpoint: dict[str, Any]) -> str | None:
    """What in a checkpoint is not as `train` writes it."""
    state, settings = checkpoint["state_dict"], checkpoint["hyper_parameters"]
    if not isinstance(state, dict) or not all(type(tensor) is torch.Tensor for tensor in state.values()):
        return "its state_dict holds more than tensors"
    for name, tensor in state.items():
        if tensor.layout != torch.strided or tensor.is_complex() or tensor.is_quantized or tensor.is_meta:
            return f"{name} is no plain tensor of real numbers"
        if tensor.untyped_storage().nbytes() < tensor.nbytes:
            return f"{name} is larger than the file"
        if not tensor.isfinite().all():
            return f"{name} is not of finite numbers"
    if not isinstance(settings, dict) or not _is_plain([settings, checkpoint.get("datamodule_hyper_parameters", {})]):
        return "its hyperparameters are not plain values"
    if type(checkpoint.get("epoch", 0)) is not int or not isinstance(checkpoint.get("callbacks", {}), dict):
        return "its epoch is no number, or its callbacks are no dictionary"
    hidden, side = settings.get("hidden", []), settings.get("image_size", 28)
    if not isinstance(hidden, list) or not all(type(n) is int and n > 0 for n in [*hidden, side]):
        return "its hidden layers or images are of no size"
    if settings.get("only_digit") not in (None, *range(10)):
        return "its only_digit is no digit"
    # What will be built by these sizes, which are not trusted, must not be much larger than what the file holds.
    if sum(m * n for m, n in pairwise([side**2, *hidden, 10])) > 10**7 + 2 * sum(x.numel() for x in state.values()):
        return "its hidden layers are larger than its weights"
    return None


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_plain(each) for name, each in value.items())
    return all(map(_is_plain, value)) if isinstance(value, list) else isinstance(value, str | int | float | None)
