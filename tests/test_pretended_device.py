"""The whole of `train` on a pretended device, where tensors of two devices in one operation fail."""

import pytest
import torch

from digits.model import DigitClassifier
from digits.network import QUADRATIC, Cost
from digits.train import Settings, train
from tests.support.pretended_device import DEVICE, Misuse, elsewhere, watched
from tests.support.tiers import slow
from tests.support.training import same, weights

pytestmark = pytest.mark.filterwarnings("ignore:Checkpoint directory")


def here(data_dir, resume=False, kind=None, **settings):
    """Train on the CPU, in the steps of a GPU."""
    usual = {"hidden": [12], "epochs": 2, "kernel": "torch", "data_dir": data_dir, "train_size": 95}
    return train(Settings(**usual | settings), resume=resume, kind=kind)


def there(data_dir, **settings):
    """Train on the pretended device."""
    with watched():
        return here(data_dir, trainer=elsewhere(), **settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"hidden": [12, 9], "schedule": True, "cost": "cross_entropy", "l2": 5.0, "distort": 1.0},
        {"only_digit": 3, "kernel": "autograd"},
        slow({"handwriting": True, "distort": 0.5}),
    ],
)
def test_a_device_gives_the_bits_of_the_cpu(settings, data_dir, home, capsys):
    one = weights(there(data_dir, run_dir=home / "there", **settings) / "best.ckpt")
    out = capsys.readouterr().out
    assert f"on {DEVICE}" in out and "Test accuracy" in out
    assert same(one, weights(here(data_dir, run_dir=home / "here", **settings) / "best.ckpt"))


@pytest.mark.parametrize("first, then", [(here, there), (there, here)])
def test_a_run_goes_on_elsewhere(first, then, data_dir, home):
    folder = first(data_dir, run_dir=home / "run")
    then(data_dir, run_dir=folder, epochs=4, resume=True)
    whole = here(data_dir, run_dir=home / "whole", epochs=4)
    assert same(weights(folder / "last.ckpt"), weights(whole / "last.ckpt"))


def test_tensors_on_two_devices_are_found(data_dir, home):
    class Misusing(DigitClassifier):
        def on_train_start(self):
            self.cost = Cost(QUADRATIC.value, lambda a, y: a + torch.zeros(len(a), 1))

    with pytest.raises(Misuse, match="tensors on two devices in add"):
        there(data_dir, kind=Misusing)
