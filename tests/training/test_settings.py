"""Settings: the options of `train`."""

from inspect import Parameter, signature

import pytest

from digits.data import MNISTDataModule
from digits.kernels.stacks import StackedMNIST
from digits.model import DigitClassifier
from digits.training.settings import Settings


@pytest.mark.parametrize("kind", [DigitClassifier, MNISTDataModule, StackedMNIST])
def test_the_defaults_of_the_classes_are_those_of_the_command_line(kind):
    defaults = vars(Settings())
    named = {name: x.default for name, x in signature(kind).parameters.items() if x.default is not Parameter.empty}
    assert len(named) > 2 and named == {name: defaults.get(name, default) for name, default in named.items()}
