"""The contents of a checkpoint: the network and how far its training got. Also a small copy for inference only."""

from pathlib import Path
from textwrap import shorten
from typing import Any, NamedTuple

from torch import Tensor, nn

from digits.common.errors import UserError
from digits.network import sigmoid_network

VERSION = 1  # format of our checkpoints; raise it when older code would misread a new file
LARGEST_WEIGHT = 1e30  # a larger weight can overflow a float32 weighted input, and the network would answer NaN
VALIDATION = "accuracy/validation"  # the metric that chooses the best checkpoint, by its name in the log


class Checkpoint(NamedTuple):
    """The part of a checkpoint file that we use. Resuming recreates everything else that Lightning writes there."""

    settings: dict[str, Any]  # arguments of DigitClassifier: plain values
    weights: dict[str, Tensor]  # weights and biases, by their names in the module
    data: dict[str, Any] = {}  # arguments of the data module
    epoch: int | None = None  # the epoch after which it was saved, from 0; None if it was not saved in training
    steps: int = 0  # mini-batches trained on until then
    max_epochs: int | None = None  # planned epochs, which decide the learning rates of a schedule
    accuracy: float | None = None  # on the validation images, 0..1; None if there were none
    sigmoid: bool = True  # only Linear and Sigmoid layers; other networks may have weights of the same names

    @property
    def epochs(self) -> int:
        """Number of epochs that the network was trained for; 0 if unknown."""
        return 0 if self.epoch is None else self.epoch + 1

    @property
    def context(self) -> bool:
        """Whether the network was trained with --handwriting, on digits with traces of neighbouring digits."""
        return bool(self.data.get("handwriting"))


def restore(model: Any, saved: Checkpoint, path: str | Path) -> None:
    """Load the weights of `saved` into a model. Raises UserError if they belong to another network."""
    try:
        model.load_state_dict(saved.weights)
    except RuntimeError as error:
        raise UserError(f"{path} holds the weights of another network: {shorten(str(error), 200)}") from error
    if model.only_sigmoid and not saved.sigmoid:
        raise UserError(
            f"{path} does not fit a {type(model).__name__}: it was saved by a network with layers of another kind"
        )


def without_training(saved: Checkpoint, path: str | Path) -> tuple[Checkpoint, dict[str, Any]]:
    """Return a copy for inference with float16 weights, and the content of its file. Training cannot resume from it.

    Raises UserError if a weight is too large for float16.
    """
    small = saved._replace(weights={name: tensor.half() for name, tensor in saved.weights.items()})
    if not all(tensor.isfinite().all() for tensor in small.weights.values()):
        raise UserError(f"{path} cannot be rounded to float16: a weight is too large")
    content = {"digits_version": VERSION, "hyper_parameters": saved.settings, "state_dict": small.weights}
    content |= {"datamodule_hyper_parameters": saved.data, "epoch": saved.epoch, "max_epochs": saved.max_epochs}
    content["callbacks"] = {"ModelCheckpoint": {"monitor": VALIDATION, "current_score": saved.accuracy}}
    return small, content


def load_network(saved: Checkpoint, path: str | Path) -> nn.Sequential:
    """Return the trained network alone: Linear and Sigmoid layers on the CPU, without importing Lightning.

    Raises UserError if `saved` holds any other kind of network.
    """
    settings = saved.settings
    outputs = 10 if settings.get("only_digit") is None else 1
    network = sigmoid_network([settings.get("image_size", 28) ** 2, *settings.get("hidden", []), outputs])
    try:
        if not saved.sigmoid:
            raise RuntimeError
        network.load_state_dict({name.removeprefix("network."): tensor for name, tensor in saved.weights.items()})
    except RuntimeError as error:
        raise UserError(f"{path} does not hold the Linear and Sigmoid layers that its settings describe") from error
    return network.requires_grad_(False)
