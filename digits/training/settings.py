"""The settings of a training, with their types, bounds and defaults.

The command line and a run's config.yaml are understood by them. Without PyTorch, so that help is quick.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from inspect import signature
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict, TypeVar

from cyclopts import Parameter, Token
from cyclopts.validators import Number

LARGE = 10**9  # the largest number that makes sense
ONCE = Parameter(allow_repeating=False)  # of a list: a second one would be added to the first

Init = Literal["scaled", "gaussian"]  # see `digits.network.sigmoid_network`
CostName = Literal["quadratic", "cross_entropy"]
KernelName = Literal["auto", "numba", "torch", "autograd"]  # see `digits.kernels`
T = TypeVar("T")


def _whole(kind: type, tokens: Sequence[Token]) -> int:
    """Convert a whole number; cyclopts would round 1.5."""
    try:
        return int(tokens[0].value)
    except ValueError as error:
        raise ValueError(f"expected a whole number, not {tokens[0].value!r}.") from error


Int = Annotated[int, Parameter(converter=_whole)]
IntOrAll = Annotated[Int, Parameter(validator=Number(gte=-1, lte=LARGE))]  # -1 is all, or without end
PositiveInt = Annotated[Int, Parameter(validator=Number(gte=1, lte=LARGE))]
Seed = Annotated[Int, Parameter(validator=Number(gte=0, lt=2**64))]
Rate = Annotated[float, Parameter(validator=Number(gt=0, lte=LARGE))]  # so neither nan nor inf
NotNegative = Annotated[float, Parameter(validator=Number(gte=0, lte=LARGE))]
Switch = Literal[True, False]  # with a value, unlike a flag


class TrainerSettings(TypedDict, total=False):
    """The settings of Lightning's Trainer that a command line or a file may have. From Python, all may be given."""

    accelerator: Literal["auto", "cpu", "cuda", "gpu", "mps"]
    devices: IntOrAll
    strategy: Literal["auto", "ddp"]
    max_epochs: IntOrAll
    max_time: str
    check_val_every_n_epoch: PositiveInt
    num_sanity_val_steps: IntOrAll
    logger: Switch
    enable_checkpointing: Switch
    help: Annotated[bool, Parameter(show=False)]


@Parameter(name="*")  # so that each is an option of its own
@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a training: the options of `train`, and the lines of a run's config.yaml.

    Their bounds hold on the command line and in a file.

    Attributes:
        hidden: Neurons of hidden layers, such as 100 30.
        epochs: How often it sees every training image.
        batch_size: Images in a mini-batch.
        lr: Learning rate.
        schedule: Let lr warm up, then decay.
        init: Initial weights; gaussian is the book's first chapter's.
        seed: Seed of weights, order and augmentation.
        distort: How strongly to distort the images.
        handwriting: Redraw some in other styles; add images without a digit.
        train_size: Train on the first so many of 60,000 images; of all, none validates, and the last epoch is kept.
        only_digit: Train a detector of this digit, with one output.
        kernel: How to train; numba is compiled, torch the book's equations, autograd for any network; auto the fastest.
        cost: What to make small.
        l2: The book's lambda, for small weights.
        early_stop: End after so many epochs of no higher accuracy.
        data_dir: Where the MNIST files are, or go; by default data, if they are there, else the user's cache.
        run_dir: A new folder for this run; else one in runs/.
        trainer: Settings of Lightning's Trainer; its max_epochs overrides `epochs`.
    """

    hidden: Annotated[list[PositiveInt], ONCE] = field(default_factory=lambda: [30])
    epochs: PositiveInt = 30
    batch_size: PositiveInt = 10
    lr: Rate = 3.0
    schedule: bool = False
    init: Init = "scaled"
    seed: Seed = 0
    distort: NotNegative = 0.0
    handwriting: bool = False
    train_size: Int | None = None
    only_digit: Int | None = None
    kernel: KernelName = "auto"
    cost: CostName = "quadratic"
    l2: NotNegative = 0.0
    early_stop: PositiveInt | None = None
    data_dir: Path | None = None
    run_dir: Path | None = None
    trainer: Annotated[TrainerSettings, Parameter(show=False)] = field(default_factory=TrainerSettings)

    def __post_init__(self) -> None:
        """Make plain what Python gives of other types, such as a number of NumPy's: files hold plain values alone."""
        plain = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in vars(self).items()}
        hidden, run_dir = [int(n) for n in self.hidden], self.run_dir and Path(self.run_dir)
        vars(self).update(plain, hidden=hidden, run_dir=run_dir)

    @property
    def max_epochs(self) -> int:
        """The number of epochs, with what the Trainer's settings say of it."""
        return self.trainer.get("max_epochs", self.epochs)

    def build(self, kind: type[T]) -> T:
        """Make an object of a class from those settings that it, or a class from which it is derived, takes by name."""
        names = {name for base in kind.__mro__ for name in signature(base).parameters}
        return kind(**{name: value for name, value in vars(self).items() if name in names})


def changes(model: Any, data: Any) -> dict[str, Any]:
    """Return the hyperparameters that are not the defaults and change the weights, but not the sizes of the layers."""
    hyperparameters, defaults = {**model.hparams, **data.hparams}, vars(Settings())
    changed = {name: x for name, x in hyperparameters.items() if x != defaults.get(name, x)}
    return {name: x for name, x in changed.items() if name not in ("hidden", "kernel")}
