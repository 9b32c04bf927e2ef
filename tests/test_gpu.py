"""Train on a simulated device, which refuses operations across devices. `pytest -m gpu` trains on a real GPU."""

from contextlib import contextmanager

import pytest
import torch

from digits import kernels, mnist
from digits.model import DigitClassifier
from digits.network import QUADRATIC, Cost
from digits.train import Settings, train
from tests.support.pens import line
from tests.support.pretended_device import DEVICE, Misuse, elsewhere, watched
from tests.support.tiers import slow
from tests.support.training import same, weights

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, needs_gpu])


@contextmanager
def no_waiting(monkeypatch):
    """Fail if a step of the torch kernel waits for the GPU."""
    kernel = kernels.KERNELS["torch"]

    def watched_steps(*args):
        torch.cuda.set_sync_debug_mode("error")
        try:
            return kernel.steps(*args)
        finally:
            torch.cuda.set_sync_debug_mode("default")

    with monkeypatch.context() as patch:
        patch.setitem(kernels.KERNELS, "torch", kernel._replace(steps=watched_steps))
        yield


@pytest.fixture
def on_cpu(data_dir, home):
    """Return a function that trains on the CPU with the torch kernel, in a new or a resumed folder."""

    def on_cpu(name, resume=False, kind=None, **settings):
        usual = {"hidden": [12], "epochs": 2, "kernel": "torch", "data_dir": data_dir, "train_size": 95}
        usual |= {"trainer": {"accelerator": "cpu"}, "run_dir": home / name}
        return train(Settings(**usual | settings), resume=resume, kind=kind)

    return on_cpu


@pytest.fixture(params=["pretended", GPU])
def on_device(on_cpu, request, monkeypatch):
    """Return a function that trains on the device."""

    def on_device(name, **settings):
        if request.param == "cuda":
            with no_waiting(monkeypatch):
                return on_cpu(name, trainer={"accelerator": "cuda"}, **settings)
        with watched():
            return on_cpu(name, trainer=elsewhere(), **settings)

    return on_device


def alike(run, same_run):
    """Whether two runs end with the same weights; up to rounding if there is a GPU."""
    first, second = (weights(folder / "last.ckpt") for folder in (run, same_run))
    if not torch.cuda.is_available():
        return same(first, second)
    return all(torch.allclose(first[key].cpu(), second[key].cpu(), rtol=0, atol=0.01) for key in second)


@pytest.mark.parametrize(
    "settings",
    [
        {"hidden": [12, 9], "schedule": True, "cost": "cross_entropy", "lr": 0.5, "l2": 5.0},
        {"only_digit": 3, "kernel": "autograd"},
        {"distort": 1.0},
        slow({"handwriting": True, "distort": 0.5}),
    ],
)
def test_a_device_trains_to_the_weights_of_the_cpu_and_repeats_them_bit_for_bit(settings, on_cpu, on_device, capsys):
    runs = [on_device(name, **settings) for name in ("one", "other")]
    out = capsys.readouterr().out
    assert f"on {DEVICE}" in out or "on cuda" in out
    assert same(*(weights(run / "last.ckpt") for run in runs))
    if "distort" not in settings or not torch.cuda.is_available():  # a GPU draws other random numbers
        assert alike(runs[0], on_cpu("cpu", **settings))


@pytest.mark.parametrize("first, second", [("on_cpu", "on_device"), ("on_device", "on_cpu")])
def test_a_run_can_be_resumed_on_another_device(first, second, on_cpu, on_device):
    ways = {"on_cpu": on_cpu, "on_device": on_device}
    folder = ways[first]("run")
    ways[second]("run", epochs=4, resume=True)
    assert alike(folder, on_cpu("whole", epochs=4))


@pytest.mark.gpu
@needs_gpu
def test_a_checkpoint_from_a_gpu_works_on_both_devices(on_cpu, data_dir, verb):
    """The CPU and the GPU predict the same, and the subcommands run."""
    path = on_cpu("run", trainer={"accelerator": "cuda"}) / "best.ckpt"
    images, _ = mnist.load(data_dir, train=False)
    cpu, cuda = (DigitClassifier.load_from_checkpoint(path, map_location=on) for on in ("cpu", "cuda"))
    digits, activations = cuda.predict(images)
    assert digits.device.type == activations.device.type == "cuda"
    torch.testing.assert_close(activations.cpu(), cpu.predict(images)[1], rtol=0, atol=1e-5)
    line(1).save("4_ring.png")
    for words in ("predict --single 4_ring.png", "evaluate --single ."):
        code, out, errors = verb(*words.split(), "--network", path)
        assert (code, errors) == (0, []) and out


def test_mixing_tensors_of_two_devices_is_detected(on_cpu):
    class Misusing(DigitClassifier):
        def on_train_start(self):
            self.cost = Cost(QUADRATIC.value, lambda a, y: a + torch.zeros(len(a), 1))

    with watched(), pytest.raises(Misuse, match="tensors on two devices in add"):
        on_cpu("run", kind=Misusing, trainer=elsewhere())
