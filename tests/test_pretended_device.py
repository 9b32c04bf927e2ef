"""The whole of `train` on a pretended device, where whatever a GPU would refuse or wait for fails."""

import pytest
import torch

from digits.data import MNISTDataModule
from digits.model import DigitClassifier
from digits.network import QUADRATIC, Cost
from digits.train import Settings, train
from tests.support.pretended_device import DEVICE, STEPS, Misuse, elsewhere, watched
from tests.support.training import quick_trainer, same, weights

pytestmark = pytest.mark.filterwarnings("ignore:Checkpoint directory")


def here(data_dir, resume=False, kind=None, **settings):
    """Train on the CPU, in the steps of a GPU."""
    usual = {"hidden": [12], "epochs": 2, "kernel": "torch", "data_dir": data_dir}
    return train(Settings(**usual | settings), resume=resume, kind=kind)


def there(data_dir, **settings):
    """Train on the pretended device."""
    with watched() as watch:
        folder = here(data_dir, trainer=elsewhere(), **settings)
    assert watch.steps.keys() == set(STEPS)
    return folder


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"only_digit": 3},
        {"distort": 1.0},
        {"hidden": [12, 9], "schedule": True},
        {"cost": "cross_entropy", "l2": 5.0},
        {"kernel": "autograd"},
    ],
)
def test_a_device_gives_the_bits_of_the_cpu_and_nothing_waits_in_a_step(settings, data_dir, home, capsys):
    settings = {"train_size": 95} | settings
    one = weights(there(data_dir, run_dir=home / "there", **settings) / "best.ckpt")
    out = capsys.readouterr().out
    assert f"on {DEVICE}" in out and "Test accuracy" in out
    assert same(one, weights(here(data_dir, run_dir=home / "here", **settings) / "best.ckpt"))


@pytest.mark.slow
def test_images_that_are_made_anew(data_dir, home):
    there(data_dir, handwriting=True, distort=0.5, train_size=95)


@pytest.mark.parametrize("first, then", [(here, there), (there, here)])
def test_a_run_goes_on_elsewhere(first, then, data_dir, home):
    folder = first(data_dir, run_dir=home / "run", train_size=95)
    then(data_dir, run_dir=folder, train_size=95, epochs=4, resume=True)
    whole = here(data_dir, run_dir=home / "whole", train_size=95, epochs=4)
    assert same(weights(folder / "last.ckpt"), weights(whole / "last.ckpt"))


MISUSES = {
    "a step waits for a copy from the device": lambda b: b.cpu(),
    "a step waits for a copy from the device, with tolist": lambda b: b.tolist(),
    "a step waits for a copy to the device": lambda b: torch.zeros(3).to(b.device),
    "a step waits for a copy to the device, with tensor": lambda b: torch.tensor([1, 2], device=b.device),
    "a step waits for _local_scalar_dense": lambda b: b.sum().item(),
    "a step waits for _local_scalar_dense, with if": lambda b: b.isfinite().all() or None,
    "a step waits for nonzero": lambda b: b.nonzero(),
    "a step waits for a mask in index": lambda b: b[b > 0],
    "tensors on two devices in add": lambda b: b + torch.zeros(len(b)),
}


@pytest.mark.parametrize("what", MISUSES)
def test_misuse_in_a_step_is_found(what, data_dir, home):
    class Misusing(DigitClassifier):
        def on_train_start(self):
            self.cost = Cost(QUADRATIC.value, lambda a, y: MISUSES[what](a) or QUADRATIC.delta(a, y))

    with pytest.raises(Misuse, match=what.split(", with")[0]):
        there(data_dir, kind=Misusing)


def test_data_that_moves_again_is_found(data_dir):
    class Forgetful(MNISTDataModule):
        def setup(self, stage):
            self.test = ()
            super().setup(stage)

    with watched(), pytest.raises(Misuse, match=r"\(600, 28, 28\) is sent again"):
        model, data, trainer = DigitClassifier([12]), Forgetful(data_dir), quick_trainer(max_epochs=1, **elsewhere())
        trainer.fit(model, data)
        trainer.test(model, data, verbose=False)
