"""What a checkpoint holds: the network, how far its training got, and a small copy without the training."""

from itertools import pairwise
from pathlib import Path
from textwrap import shorten
from typing import Any, NamedTuple, TypeVar

from torch import Tensor, nn

from digits.common.errors import UserError
from digits.network import sigmoid_network

VERSION = 1  # of what a checkpoint of this project holds; raised when older code could misread it
LARGEST_WEIGHT = 1e30  # with larger ones, a weighted input of float32 can overflow, and the network answers nan
VALIDATION = "accuracy/validation"  # what chooses the best checkpoint, as Lightning logs it
Module = TypeVar("Module", bound=nn.Module)


class Checkpoint(NamedTuple):
    """All that is taken from a file. What else Lightning writes there, to resume by, is made anew."""

    settings: dict[str, Any]  # of the DigitClassifier: plain values
    weights: dict[str, Tensor]  # and biases, by their names in the module
    data: dict[str, Any] = {}  # settings of the MNISTDataModule
    epoch: int | None = None  # after which it was saved; None if it is not from a training
    steps: int = 0  # mini-batches until then
    max_epochs: int | None = None  # how many it was to have; a schedule is made for all of them
    accuracy: float | None = None  # on the validation images, 0..1; None if they were not asked
    best_test: float | None = None  # on the test images, of the epoch that was best on the validation images
    sigmoid: bool = True  # Linear and Sigmoid layers; another network may have weights of the same names

    @property
    def epochs(self) -> int:
        """How many it was trained for; 0 if that is not known."""
        return 0 if self.epoch is None else self.epoch + 1

    @property
    def context(self) -> bool:
        """Whether it was trained with --handwriting: on digits in context, as of `handwriting.find_lines`."""
        return bool(self.data.get("handwriting"))


def rebuilt(kind: type[Module], saved: Checkpoint, path: str | Path, settings: dict[str, Any]) -> Module:
    """The module of this kind that `saved`, as read from `path`, holds, with other `settings`, if given.

    Raises UserError if the file contradicts itself.
    """
    try:
        model = kind(**saved.settings | settings)
    except (LookupError, TypeError, ValueError, OverflowError, RuntimeError) as error:
        reason = shorten(str(error), 200)
        raise UserError(f"{path} does not hold the network that it describes: {reason}") from error
    restore(model, saved, path)
    return model


def restore(model: Any, saved: Checkpoint, path: str | Path) -> None:
    """Load the weights of `saved`, as read from `path`, into a model. Raises UserError if they are another's."""
    try:
        model.load_state_dict(saved.weights)
    except RuntimeError as error:
        raise UserError(f"{path} holds the weights of another network: {shorten(str(error), 200)}") from error
    if model.only_sigmoid and not saved.sigmoid:
        raise UserError(f"{path} holds the weights of another network: a {type(model).__name__} has other layers")


def without_training(saved: Checkpoint, path: str | Path) -> tuple[Checkpoint, dict[str, Any]]:
    """A checkpoint with its weights in float16, and what to write of it to a file, from which no training can go on.

    Raises UserError if a weight of `saved`, as read from `path`, is too large for float16.
    """
    small = saved._replace(weights={name: tensor.half() for name, tensor in saved.weights.items()})
    if not all(tensor.isfinite().all() for tensor in small.weights.values()):
        raise UserError(f"{path} cannot be rounded to float16: a weight is too large")
    content = {"digits_version": VERSION, "hyper_parameters": saved.settings, "state_dict": small.weights}
    content |= {"datamodule_hyper_parameters": saved.data, "epoch": saved.epoch, "max_epochs": saved.max_epochs}
    content["callbacks"] = {"ModelCheckpoint": {"monitor": VALIDATION, "current_score": saved.accuracy}}
    return small, content


def load_network(saved: Checkpoint, path: str | Path) -> nn.Sequential:
    """The trained network alone, Linear and Sigmoid layers on the CPU, without the trainer that `DigitClassifier` is.

    Raises UserError if `saved`, as read from `path`, holds another network.
    """
    state = {name.removeprefix("network."): tensor for name, tensor in saved.weights.items()}
    weights = [tensor for name, tensor in state.items() if name.endswith(".weight") and tensor.ndim == 2]
    sizes = [saved.settings.get("image_size", 28) ** 2, *map(len, weights)]
    outputs = 10 if saved.settings.get("only_digit") is None else 1
    chained = [tuple(weight.shape) for weight in weights] == [(n, m) for m, n in pairwise(sizes)]
    try:
        if not saved.sigmoid or not chained or min(sizes) == 0 or sizes[1:][-1:] != [outputs]:
            raise RuntimeError
        network = sigmoid_network(sizes)
        network.load_state_dict(state)
    except RuntimeError as error:
        wanted = f"{outputs} output{'s' * (outputs > 1)}, from {sizes[0]:,} pixels"
        raise UserError(f"{path} does not hold Linear and Sigmoid layers that end in {wanted}") from error
    return network.requires_grad_(False)
