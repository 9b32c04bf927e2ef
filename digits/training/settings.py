"""The settings of a training, with their types and defaults. `digits.common.checks` has their bounds.

They define the command line of `train` and a run's config.yaml. PyTorch is not imported here, so that --help is quick.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict, TypeVar

from cyclopts import Group, Parameter, Token
from cyclopts.validators import Number

from digits.common.checks import LARGE, CostName, Init, KernelName, arguments, checked

if TYPE_CHECKING:
    from digits.data import MNISTDataModule
    from digits.model import DigitClassifier

ONCE = Parameter(allow_repeating=False)  # for a list: a repeated option would add values to the list
GROUPS = map(Group.create_ordered, ("Network", "Training", "Data", "Output"))  # as --help shows them
NETWORK, TRAINING, DATA, OUTPUT = (Parameter(group=group) for group in GROUPS)

T = TypeVar("T")


def _whole(kind: type, tokens: Sequence[Token]) -> int:
    """Convert a whole number. Cyclopts would round 1.5."""
    try:
        return int(tokens[0].value)
    except ValueError as error:
        raise ValueError(f"expected a whole number, not {tokens[0].value!r}.") from error


Int = Annotated[int, Parameter(converter=_whole)]
IntOrAll = Annotated[Int, Parameter(validator=Number(gte=-1, lte=LARGE))]  # -1 means no limit
PositiveInt = Annotated[Int, Parameter(validator=Number(gte=1, lte=LARGE))]


class TrainerSettings(TypedDict, total=False):
    """The settings of Lightning's Trainer that a command line or a file may have.

    Attributes:
        accelerator: Device to train on: cpu, cuda (NVIDIA), mps (Apple) or gpu (either). Default: the fastest.
        max_epochs: Number of epochs, instead of --epochs. With -1, train until --trainer.max_time or --early_stop.
        max_time: Stop after this time, such as 00:00:05:00 (days, hours, minutes, seconds).
        check_val_every_n_epoch: Validate and test only after every N epochs.
    """

    accelerator: Literal["auto", "cpu", "cuda", "gpu", "mps"]
    max_epochs: IntOrAll
    max_time: str
    check_val_every_n_epoch: PositiveInt


@Parameter(name="*")  # makes each setting an option
@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a training: the options of `train`, and the lines of a run's config.yaml.

    Their bounds are checked when they are made. Raises UserError if a setting is out of its range.

    Attributes:
        hidden: Neurons in each hidden layer, such as 100 30.
        init: Initial weights: scaled (small: no neuron starts saturated) or gaussian (N(0, 1), as in Nielsen's book).
        cost: Cost function to minimize: quadratic (chapter 1 of the book) or cross_entropy (chapter 3).
        only_digit: Train a detector for this digit, with one output.
        epochs: Number of passes over the training images.
        lr: Learning rate.
        batch_size: Images in a mini-batch.
        l2: L2 regularization (the book's lambda).
        early_stop: Stop after this many epochs without a better validation accuracy.
        schedule: Let the learning rate rise in the first epochs (warm-up), then decay along a cosine.
        seed: Seed for the initial weights, the order of the images and their augmentation.
        kernel: Code that trains: numba (compiled), torch (the book's equations) or autograd (any network).
            auto picks the fastest that works.
        handwriting: Redraw a third of the digits in styles that MNIST lacks, distort all images, add non-digits.
        distort: Strength of the random distortion of the training images, such as 1.
        train_size: Train on the first N of 60,000 images (default: 50,000).
            With all of them, none is left for validation, and the last epoch is kept.
        data_dir: Folder for the MNIST files. Default: data/ if MNIST is there, else the user's cache.
        run_dir: New folder for this run. By default a folder in runs/.
        trainer: Settings of Lightning's Trainer. Its max_epochs overrides `epochs`.
        net: Arguments of your own class of network, by their names; only from Python.
    """

    hidden: Annotated[list[Int], ONCE, NETWORK] = field(default_factory=lambda: [30])
    init: Annotated[Init, NETWORK] = "scaled"
    cost: Annotated[CostName, NETWORK] = "quadratic"
    only_digit: Annotated[Int | None, NETWORK] = None
    epochs: Annotated[Int, TRAINING] = 30
    lr: Annotated[float, TRAINING] = 3.0
    batch_size: Annotated[Int, TRAINING] = 10
    l2: Annotated[float, TRAINING] = 0.0
    early_stop: Annotated[Int | None, TRAINING] = None
    schedule: Annotated[bool, TRAINING] = False
    seed: Annotated[Int, TRAINING] = 0
    kernel: Annotated[KernelName, TRAINING] = "auto"
    handwriting: Annotated[bool, DATA] = False
    distort: Annotated[float, DATA] = 0.0
    train_size: Annotated[Int | None, DATA] = None
    data_dir: Annotated[Path | None, DATA] = None
    run_dir: Annotated[Path | None, OUTPUT] = None
    trainer: Annotated[TrainerSettings, TRAINING] = field(default_factory=TrainerSettings)
    net: Annotated[dict[str, Any], Parameter(parse=False)] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the settings, and convert what Python code may pass to plain values that a file can hold."""
        folders = {name: path and Path(path) for name, path in vars(self).items() if name in ("data_dir", "run_dir")}
        vars(self).update(checked(vars(self)) | folders)

    @property
    def max_epochs(self) -> int:
        """The number of epochs, which the Trainer's own setting overrides."""
        return self.trainer.get("max_epochs", self.epochs)

    def build(self, kind: type[T]) -> T:
        """Make an object of a class from the settings that it takes."""
        taken = arguments(kind)
        return kind(**{name: value for name, value in (vars(self) | self.net).items() if name in taken})


def changes(model: "DigitClassifier", data: "MNISTDataModule") -> dict[str, Any]:
    """Return the hyperparameters that differ from their defaults and change the weights, except the layer sizes."""
    hyperparameters, defaults = {**model.hparams, **data.hparams}, vars(Settings())
    changed = {name: x for name, x in hyperparameters.items() if x != defaults.get(name, x)}
    return {name: x for name, x in changed.items() if name not in ("hidden", "kernel")}
