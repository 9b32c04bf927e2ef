"""The first neural network that people meet: sigmoid neurons that learn to read handwritten digits.

"The book", here and in all modules, is M. Nielsen, Neural Networks and Deep Learning (2015), mostly its chapter 1.
"""

from importlib import import_module

TYPE_CHECKING = False  # for those who check types; an import here would come before `digits.__main__` looks away
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
__all__ = [*LAZY]


def __getattr__(name: str) -> object:
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(LAZY[name]), name)
