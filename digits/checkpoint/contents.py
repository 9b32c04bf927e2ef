"""What a checkpoint holds: the network, how well it was validated, and a small copy without the training."""

from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from torch import nn

from digits.checkpoint.untrusted import VALIDATION, fault_of
from digits.errors import UserError
from digits.network import sigmoid_network

Module = TypeVar("Module", bound=nn.Module)


def rebuilt(kind: type[Module], saved: dict[str, Any], path: str | Path, settings: dict[str, Any]) -> Module:
    """The module of this kind that `saved`, as `read` from `path`, holds, with other `settings`, if given.

    Raises UserError if the file contradicts itself.
    """
    try:
        model = kind(**saved["hyper_parameters"] | settings)
        model.load_state_dict(saved["state_dict"])
    except (LookupError, TypeError, ValueError, OverflowError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} does not hold the network that it describes: {reason}") from error
    return model


def without_training(saved: dict[str, Any], path: str | Path) -> dict[str, Any]:
    """A checkpoint of the network alone: its weights in float16, its settings, and how well it was validated.

    Raises UserError if a weight of `saved`, as `read` from `path`, is too large for float16.
    """
    names = "digits_version", "hyper_parameters", "datamodule_hyper_parameters", "epoch", "max_epochs"
    kept = {name: saved[name] for name in names if name in saved}
    kept["state_dict"] = {name: tensor.half() for name, tensor in saved["state_dict"].items()}
    if (accuracy := validation_accuracy(saved)) is not None:
        kept["callbacks"] = {"ModelCheckpoint": {"monitor": VALIDATION, "current_score": accuracy}}
    if fault := fault_of(kept):
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
