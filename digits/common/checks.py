"""Check settings: with the same bounds on the command line, in Python and in files that a stranger may have made."""

from collections.abc import Mapping
from inspect import Parameter, signature
from typing import Any, Literal, get_args

from digits.common.errors import UserError

LARGE = 10**9  # an upper bound for most numbers
RANGES: dict[str, tuple[float, float]] = {  # least and most; two ints mean that only whole numbers are allowed
    **dict.fromkeys(("hidden", "epochs", "batch_size", "early_stop"), (1, LARGE)),
    "seed": (0, 2**64 - 1),
    "only_digit": (0, 9),
    "image_size": (1, 1_000),
    "train_size": (1, 60_000),
    "lr": (1e-30, 1e9),
    **dict.fromkeys(("l2", "distort"), (0.0, 1e9)),
    **{"epoch": (0, LARGE), "max_epochs": (-1, LARGE), "global_step": (0, 2**60)},  # how far a checkpoint is
}
Init = Literal["scaled", "gaussian"]  # see `digits.network.sigmoid_network`
CostName = Literal["quadratic", "cross_entropy"]  # as in `digits.network.COSTS`
KernelName = Literal["auto", "numba", "torch", "autograd"]  # as in `digits.kernels.KERNELS`
CHOICES: dict[str, tuple[Any, ...]] = {
    **{"init": get_args(Init), "cost": get_args(CostName), "kernel": get_args(KernelName)},
    **dict.fromkeys(("schedule", "handwriting"), (False, True)),
}
OPTIONAL = "only_digit", "train_size", "early_stop", "epoch", "max_epochs"  # these may be None


def checked(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with plain values: NumPy's numbers become Python's, and whole numbers for `lr` become floats.

    Raises UserError if a setting is out of its range. Settings with other names, such as your own, may have any value.
    """
    plain = {name: x.tolist() if hasattr(x, "tolist") else x for name, x in settings.items()}
    for name, value in plain.items():
        if name in CHOICES and value not in CHOICES[name]:
            raise UserError(f"--{name} must be one of {', '.join(map(str, CHOICES[name]))}, not {value!r:.50}")
        if name in RANGES and not (value is None and name in OPTIONAL):
            values = value if isinstance(value, list | tuple) and name == "hidden" else [value]
            numbers = [_number(name, x) for x in values]
            plain[name] = numbers if name == "hidden" else numbers[0]
    return plain


def _number(name: str, value: Any) -> int | float:
    least, most = RANGES[name]
    value = value.item() if hasattr(value, "item") else value
    kinds = (int,) if isinstance(least, int) else (int, float)
    if type(value) not in kinds or not least <= value <= most:  # also refuses NaN
        what = "a whole number" if isinstance(least, int) else "a number"
        bounds = f"from {least:,} to {most:,}".replace(".0", "")
        raise UserError(f"--{name} must be {what} {bounds}, not {value!r:.50}")
    return type(least)(value)


def arguments(kind: type) -> set[str]:
    """Return the names of a class's arguments. If it passes **options on, those of its base class count, too."""
    names = set[str]()
    for base in kind.__mro__:
        if "__init__" in vars(base):
            parameters = signature(vars(base)["__init__"]).parameters
            names |= parameters.keys()
            if not any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters.values()):
                break
    return names
