"""Tensors are made on the device of the network. `pytest -m gpu` trains on a real GPU."""

import pytest
import torch

from digits import mnist
from digits.kernels import KERNELS, Job
from digits.model import DigitClassifier, plain_sgd
from digits.train import Settings, train
from tests.support.training import same, weights


@pytest.mark.parametrize("only_digit", [None, 3])
@pytest.mark.parametrize("kernel", ["torch", "autograd"])
@pytest.mark.parametrize("cost", ["quadratic", "cross_entropy"])
def test_every_tensor_is_made_on_the_device_of_the_network(kernel, cost, only_digit):
    """PyTorch's meta device has no numbers, but refuses an operation on tensors of two devices, as a GPU does."""
    model = DigitClassifier([5], cost=cost, only_digit=only_digit).to("meta")
    images, labels = torch.zeros(8, 28, 28, dtype=torch.uint8), torch.zeros(8, dtype=torch.int64)
    images, labels, chosen = images.to("meta"), labels.to("meta"), torch.zeros(2, 4, dtype=torch.int64).to("meta")
    optimizer = plain_sgd(model.network, 1.0, 0.1)
    job = Job(model, images, model.targets(labels), chosen, optimizer)
    tallies = *KERNELS[kernel].steps(job), *KERNELS[kernel].evaluate(job._replace(chosen=chosen[0]))
    assert {tensor.device.type for tensor in (*tallies, *model.predict(images))} == {"meta"}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("settings", [{"cost": "cross_entropy", "lr": 0.5, "l2": 5.0}, {"handwriting": True}])
def test_a_gpu_trains_as_the_cpu_repeats_its_bits_and_resumes(settings, data_dir, home):
    def run(name, accelerator, epochs=2, resume=False):
        usual = {"hidden": [12], "kernel": "torch", "data_dir": data_dir, "run_dir": home / name, "epochs": epochs}
        train(Settings(**usual, trainer={"accelerator": accelerator}, **settings), resume=resume)
        return weights(home / name / "last.ckpt")

    first, second = run("first", "cuda"), run("second", "cuda")
    assert same(first, second)
    if "handwriting" not in settings:  # a GPU draws other random numbers
        cpu = run("cpu", "cpu")
        assert all(torch.allclose(first[name].cpu(), cpu[name], rtol=0, atol=0.01) for name in cpu)
        run("first", "cpu", epochs=3, resume=True)
    images, _ = mnist.load(data_dir, train=False)
    path = home / "second" / "best.ckpt"
    on_cpu, on_gpu = (
        DigitClassifier.load_from_checkpoint(path, device).predict(images)[1] for device in ("cpu", "cuda")
    )
    assert on_gpu.is_cuda and torch.allclose(on_gpu.cpu(), on_cpu, rtol=0, atol=1e-5)
