"""Checkpoints: written whole or not at all, and read without ever running what a stranger put into them."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import nn

from digits import UserError
from digits.network import sigmoid_network

VERSION = 1  # of what a checkpoint of this project holds; raised when older code could misread it


def read(path: str | Path) -> dict[str, Any]:
    """A checkpoint of this project, with its tensors on the CPU.

    Raises UserError if it is not one: missing, damaged, of another program, of a newer version, or with more in it
    than tensors and plain values, which might be code and is not loaded.
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
    ours = {"digits_version", "state_dict", "hyper_parameters"}
    if not isinstance(checkpoint, dict) or not ours <= checkpoint.keys():
        raise UserError(f"{path} is a file of another program; expected a checkpoint written by train.py")
    if checkpoint["digits_version"] != VERSION:
        raise UserError(
            f"{path} is of version {checkpoint['digits_version']}; this program reads version {VERSION}, so update it"
        )
    return checkpoint


def load_network(path: str | Path) -> nn.Sequential:
    """The trained network alone, Linear and Sigmoid layers on the CPU, without the trainer that `DigitClassifier` is.

    Raises UserError as `read` does.
    """
    state = read(path)["state_dict"]
    weights = [tensor for name, tensor in state.items() if name.endswith(".weight")]
    try:
        network = sigmoid_network([weights[0].shape[1], *(len(weight) for weight in weights)])
        network.load_state_dict({name.removeprefix("network."): tensor for name, tensor in state.items()})
    except (IndexError, RuntimeError) as error:
        raise UserError(f"{path} does not hold a network of Linear and Sigmoid layers") from error
    return network.requires_grad_(False)
