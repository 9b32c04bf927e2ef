"""Checkpoints: which one is meant, and what is in it, read without running code that may be hidden there."""

import os
import pickle
import sys
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import nn

from digits import UserError
from digits.cli import shown
from digits.network import sigmoid_network

VERSION = 1  # of what a checkpoint of this project holds; raised when older code could misread it
CONFIG = "config.yaml"  # the settings of a run, in its folder
VALIDATION = "accuracy/validation"  # what chooses the best checkpoint, as Lightning logs it
SHIPPED = Path(__file__).with_name("shipped.ckpt")  # made by `export --to checkpoint`


def newest_run() -> Path | None:
    """The folder of the run in runs/ that was started or resumed last, if there is one."""
    # A config is written whenever a run is started or resumed; one may be a link to nowhere.
    configs = [path for path in Path("runs").glob(f"*/{CONFIG}") if path.is_file()]
    return max(configs, key=lambda config: config.stat().st_mtime).parent if configs else None


def choose(named: Path | None) -> tuple[dict[str, Any], Path]:
    """What is in the checkpoint to use, and its path, which is said on standard error.

    It is the one that is named, by its own path or by the folder of a run, whose best it then is; else that of the
    newest run in runs/; else the one that comes with digits. Raises UserError as `read` does.
    """
    path = named or newest_run() or SHIPPED
    if path.is_dir():
        path /= "best.ckpt"
    saved = read(path)
    print(f"network: {'the one that comes with digits' if path == SHIPPED else shown(str(path))}", file=sys.stderr)
    return saved, path


def read(path: str | Path) -> dict[str, Any]:
    """A checkpoint of this project, with its tensors on the CPU.

    Raises UserError if it is missing, damaged, of another program or version, or holds more than finite tensors and
    plain values: it may come from a stranger, so it runs no code, and takes no more memory than its size.
    """
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
    if fault := _fault(checkpoint):
        raise UserError(f"{path} is refused: {fault}")
    return checkpoint


def _fault(checkpoint: dict[str, Any]) -> str | None:
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


def without_training(saved: dict[str, Any], path: str | Path) -> dict[str, Any]:
    """A checkpoint of the network alone: its weights in float16, its settings, and how well it was validated.

    Raises UserError if a weight of `saved`, as `read` from `path`, is too large for float16.
    """
    names = "digits_version", "hyper_parameters", "datamodule_hyper_parameters", "epoch"
    kept = {name: saved[name] for name in names if name in saved}
    kept["state_dict"] = {name: tensor.half() for name, tensor in saved["state_dict"].items()}
    if (accuracy := validation_accuracy(saved)) is not None:
        kept["callbacks"] = {"ModelCheckpoint": {"monitor": VALIDATION, "current_score": accuracy}}
    if fault := _fault(kept):
        raise UserError(f"{path} cannot be rounded to float16: {fault}")
    return kept


def validation_accuracy(saved: dict[str, Any]) -> float | None:
    """Of the epoch in a checkpoint, 0..1; None if it was not validated."""
    for state in saved.get("callbacks", {}).values():
        if state.get("monitor") == VALIDATION and state.get("current_score") is not None:
            return float(state["current_score"])
    return None


def load_network(saved: dict[str, Any], path: str | Path) -> nn.Sequential:
    """The trained network alone, Linear and Sigmoid layers on the CPU, without the trainer that `DigitClassifier` is.

    Raises UserError if `saved`, as `read` from `path`, holds another network.
    """
    state = {name.removeprefix("network."): tensor for name, tensor in saved["state_dict"].items()}
    weights = [tensor for name, tensor in state.items() if name.endswith(".weight") and tensor.ndim == 2]
    sizes = [weights[0].shape[1], *map(len, weights)] if weights else [0]
    chained = [tuple(weight.shape) for weight in weights] == [(n, m) for m, n in pairwise(sizes)]
    try:
        if not chained or min(sizes) == 0 or sizes[-1] not in (1, 10):
            raise RuntimeError
        network = sigmoid_network(sizes)
        network.load_state_dict(state)
    except RuntimeError as error:
        raise UserError(f"{path} does not hold Linear and Sigmoid layers that end in ten outputs, or one") from error
    return network.requires_grad_(False)
