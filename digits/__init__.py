"""The first neural network that people meet: sigmoid neurons that learn to read handwritten digits.

In all modules, "the book" is M. Nielsen, Neural Networks and Deep Learning (2015), mostly its chapter 1.
"""

from importlib import import_module

TYPE_CHECKING = False  # not from typing: `digits.__main__` has not yet removed the working directory from sys.path
if TYPE_CHECKING:
    from digits.common.errors import UserError as UserError
    from digits.data import MNISTDataModule as MNISTDataModule
    from digits.handwriting import read as read
    from digits.model import DigitClassifier as DigitClassifier

LAZY = {  # Lightning takes seconds to import
    "DigitClassifier": "digits.model",
    "MNISTDataModule": "digits.data",
    "UserError": "digits.common.errors",
    "read": "digits.handwriting",
}


def __getattr__(name: str) -> object:
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(LAZY[name]), name)
