"""Checkpoints: which one is meant, and what is in it, read without running code that may be hidden there."""

import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from digits import UserError
from digits.network import sigmoid_network

VERSION = 1  # of what a checkpoint of this project holds; raised when older code could misread it
CONFIG = "config.yaml"  # the settings of a run, in its folder

Model = TypeVar("Model", bound=nn.Module)


def newest_run() -> Path:
    """The folder of the run in runs/ that was started or resumed last. Raises UserError if there is none."""
    runs = [path.parent for path in Path("runs").glob(f"*/{CONFIG}")]
    if not runs:
        raise UserError("there is no run in runs/; name the folder of one")
    return max(runs, key=lambda run: max(path.stat().st_mtime for path in run.iterdir()))


def checkpoint_of(path: Path | None) -> Path:
    """The best checkpoint of a run, by default of the newest in runs/; or the checkpoint itself, if `path` is one."""
    path = path or newest_run()
    return path / "best.ckpt" if path.is_dir() else path


def read(path: str | Path) -> dict[str, Any]:
    """A checkpoint of this project, with its tensors on the CPU.

    Raises UserError if it is missing, damaged, of another program or version, or holds more than tensors and plain
    values, which might be code and is not loaded.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.testzip():  # torch does not look at the checksums of its own files
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
    return checkpoint


def validation_accuracy(saved: dict[str, Any]) -> float | None:
    """Of the epoch in a checkpoint, 0..1; None if it was not validated."""
    for state in saved.get("callbacks", {}).values():
        if state.get("monitor") == "accuracy/validation" and state.get("current_score") is not None:
            return float(state["current_score"])
    return None


def rebuild(build: Callable[..., Model], saved: dict[str, Any], path: str | Path, **changed: Any) -> Model:
    """The model that `build` makes of a checkpoint's hyperparameters, some of them changed, with its weights.

    Raises UserError if `saved`, as `read` from `path`, contradicts itself.
    """
    try:
        model = build(**saved["hyper_parameters"] | changed)
        model.load_state_dict(saved["state_dict"])
    except (TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} does not hold the network that it describes: {reason}") from error
    return model


def load_network(saved: dict[str, Any], path: str | Path) -> nn.Sequential:
    """The trained network alone, Linear and Sigmoid layers on the CPU, without the trainer that `DigitClassifier` is.

    Raises UserError if `saved`, as `read` from `path`, holds another network.
    """
    state = {name.removeprefix("network."): tensor for name, tensor in saved["state_dict"].items()}
    weights = [tensor for name, tensor in state.items() if name.endswith(".weight")]
    try:
        network = sigmoid_network([weights[0].shape[1], *map(len, weights)])
        network.load_state_dict(state)
    except (IndexError, RuntimeError) as error:
        raise UserError(f"{path} does not hold a network of Linear and Sigmoid layers") from error
    return network.requires_grad_(False)
