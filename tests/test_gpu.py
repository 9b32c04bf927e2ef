"""On a GPU, and skipped where there is none: pytest -m gpu. `GPU_TESTS=cpu pytest -m gpu` tries them on the CPU."""

import os

import pytest
import torch

from digits import backprop, mnist
from digits.model import DigitClassifier
from tests.support.pens import ring
from tests.support.training import Runs, same, weights

DEVICE = os.environ.get("GPU_TESTS", "cuda")
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(DEVICE == "cuda" and not torch.cuda.is_available(), reason="there is no GPU"),
]
IN_TORCH = ["--kernel", "torch", "--trainer.accelerator"]
AUGMENTED = "--distort 1 --handwriting"  # with random numbers that are the device's own


@pytest.fixture
def trained(run, home):
    """Train on a device in a new folder there; returns its last weights."""

    def trained(name, *args, on=DEVICE):
        printed = run("--epochs", 2, "--run_dir", name, *args, *IN_TORCH, on)
        assert f"kernel torch on {on}" in printed and "Test accuracy" in printed
        return weights(f"{name}/last.ckpt")

    return trained


def assert_close(one, other):
    """The same numbers, of whatever device, up to rounding."""
    for key, value in one.items():
        torch.testing.assert_close(value.cpu(), other[key].cpu(), rtol=0, atol=0.01)


@pytest.fixture
def no_waiting(monkeypatch):
    """Fail where a step of the torch kernel waits for the GPU."""
    steps = backprop.sgd_steps

    def watched(*args):
        if DEVICE == "cuda":
            torch.cuda.set_sync_debug_mode("error")
        try:
            return steps(*args)
        finally:
            if DEVICE == "cuda":
                torch.cuda.set_sync_debug_mode("default")

    monkeypatch.setattr(backprop, "sgd_steps", watched)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "--only_digit 3",
        "--schedule --early_stop 5",
        "--cost cross_entropy --lr 0.5 --l2 5",
        "--hidden 20 15",
        AUGMENTED,
    ],
)
def test_train_as_on_the_cpu_to_the_same_bits_twice_and_never_wait_in_a_step(words, trained, no_waiting):
    one, other = (trained(name, *words.split()) for name in ("one", "other"))
    assert same(one, other)
    if words != AUGMENTED:
        assert_close(one, trained("here", *words.split(), on="cpu"))


@pytest.mark.parametrize("first, then", [(DEVICE, "cpu"), ("cpu", DEVICE)])
def test_a_run_goes_on_elsewhere(first, then, trained, run):
    trained("run", on=first)
    run("--resume", "run", "--epochs", 4, "--trainer.accelerator", then)
    assert_close(weights("run/last.ckpt"), trained("whole", "--epochs", 4, on="cpu"))


def test_a_checkpoint_is_read_on_either(trained, data_dir, verb):
    """Predicted and evaluated on the CPU, in Python and by the verbs; and on the device again."""
    trained("run")
    images, _ = mnist.load(data_dir, train=False)
    here, there = (DigitClassifier.load_from_checkpoint("run/best.ckpt", map_location=on) for on in ("cpu", DEVICE))
    digits, activations = there.predict(images)
    assert digits.device.type == activations.device.type == torch.device(DEVICE).type
    assert digits.cpu().equal(here.predict(images)[0])
    torch.testing.assert_close(activations.cpu(), here.predict(images)[1], rtol=0, atol=1e-5)
    ring().save("4_ring.png")
    for words in ("predict --single 4_ring.png", "evaluate --single ."):
        code, out, errors = verb(*words.split(), "--network", "run/best.ckpt")
        assert (code, errors) == (0, []) and out
    assert "of 1 pictures right" in out or "of 1 picture right" in out


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="there are not two GPUs")
def test_two_follow_one(tmp_path):
    runs = Runs(tmp_path)
    two = ["--batch_size", "5", "--trainer.devices", "2", "--trainer.strategy", "ddp"]
    for name, words in (("one", []), ("two", two)):
        runs.finish(runs.new(name, "--epochs", "4", *IN_TORCH, DEVICE, *words))
    assert_close(runs.weights("two"), runs.weights("one"))
