import math

import numpy as np
import pytest
import torch

from digits import UserError, backprop, data, mnist
from digits.checkpoint import VERSION
from digits.data import MNISTDataModule, order
from digits.model import DigitClassifier
from digits.network import linears
from digits.training.callbacks import WholeFiles
from tests.support.book import book_step, sigmoid
from tests.support.small_mnist import TRAINING
from tests.support.training import quick_trainer, same_weights

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA")
DEVICES = ["cpu", pytest.param("cuda", marks=needs_cuda)]


def some_images(n=5):
    return torch.randint(256, (n, 28, 28), generator=torch.Generator().manual_seed(0)).to(torch.uint8)


def trained(data_dir, hidden=(30,), epochs=3, **settings):
    model = DigitClassifier(list(hidden), **settings)
    trainer = quick_trainer(max_epochs=epochs)
    trainer.fit(model, MNISTDataModule(data_dir))
    return model, trainer


@pytest.mark.parametrize(
    "hidden, shape, size",
    [
        ([30], "784-30-10", 23_860),
        ([100], "784-100-10", 79_510),
        ([100, 30], "784-100-30-10", 81_840),
        ([], "784-10", 7_850),
    ],
)
def test_shape_and_size(hidden, shape, size):
    model = DigitClassifier(hidden)
    assert (model.shape, model.size) == (shape, size)


def test_shape_of_a_detector_and_of_larger_images():
    assert DigitClassifier([15], only_digit=9).shape == "784-15-1"
    assert DigitClassifier([15], image_size=64).shape == "4096-15-10"
    assert DigitClassifier([15], only_digit=0, image_size=64).shape == "4096-15-1"


@pytest.mark.parametrize("only_digit", [-1, 10])
def test_what_is_no_digit_cannot_be_detected(only_digit):
    with pytest.raises(UserError, match=f"--only_digit must be 0 to 9, not {only_digit}"):
        DigitClassifier([30], only_digit=only_digit)


@pytest.mark.parametrize("init, std", [("scaled", 2 / 28), ("gaussian", 1.0)])
def test_initial_weights(init, std):
    first, second = linears(DigitClassifier([1000], init=init).network)
    assert first.weight.std().item() == pytest.approx(std, rel=0.01)
    assert first.weight.mean().item() == pytest.approx(0, abs=0.01 * std)
    assert second.weight.std().item() == pytest.approx(1000**-0.5 if init == "scaled" else 1.0, rel=0.05)
    assert first.bias.std().item() == (0 if init == "scaled" else pytest.approx(1, rel=0.1))


def test_initial_weights_hang_on_the_seed_alone():
    one = DigitClassifier([30], seed=7)
    torch.manual_seed(1)
    assert same_weights(one, DigitClassifier([30], seed=7))
    assert not same_weights(one, DigitClassifier([30], seed=8))


def test_building_a_model_leaves_the_global_random_numbers_alone():
    before = torch.get_rng_state()
    DigitClassifier([30])
    assert torch.get_rng_state().equal(before)


def test_predict():
    model, images = DigitClassifier([30]), some_images()
    digits, activations = model.predict(images)
    assert digits.shape == (5,) and digits.dtype == torch.int64
    assert activations.shape == (5, 10) and not activations.requires_grad
    assert digits.equal(activations.argmax(1))
    x = images.view(5, 784).double() / 255
    for layer in linears(model.network):
        x = 1 / (1 + torch.exp(-(x @ layer.weight.double().t() + layer.bias.double())))
    torch.testing.assert_close(activations.double(), x, rtol=0, atol=1e-5)


def test_predict_reads_uint8_and_float_alike():
    model, images = DigitClassifier([30]), some_images(100)
    for ours, theirs in zip(model.predict(images), model.predict(images.float() / 255), strict=True):
        assert ours.equal(theirs)


def test_predict_takes_no_images():
    digits, activations = DigitClassifier([30]).predict(torch.empty(0, 28, 28, dtype=torch.uint8))
    assert digits.shape == (0,) and activations.shape == (0, 10)


@pytest.mark.parametrize(
    "images, named",
    [
        (torch.zeros(28, 28), r"shape .* \(28, 28\)"),
        (torch.zeros(3, 784), "shape"),
        (torch.zeros(3, 1, 28, 28), "shape"),
        (torch.zeros(3, 28, 27), "shape"),
        (torch.zeros(3, 28, 28, dtype=torch.int64), "dtype .*int64"),
        (torch.zeros(3, 28, 28, dtype=torch.bool), "dtype"),
        (torch.full((3, 28, 28), 255.0), "0..1"),
        (torch.full((3, 28, 28), -0.1), "0..1"),
        (torch.full((3, 28, 28), math.nan), "0..1"),
    ],
)
def test_predict_refuses_what_is_no_picture(images, named):
    with pytest.raises(ValueError, match=named):
        DigitClassifier([30]).predict(images)


def test_predict_of_a_detector():
    model, images = DigitClassifier([30], only_digit=0), some_images(50)
    detected, activations = model.predict(images)
    assert detected.shape == (50,) and detected.dtype == torch.bool
    assert activations.shape == (50, 1)
    assert detected.equal(activations[:, 0] > 0.5)
    assert 0 < detected.sum() < 50


def test_predict_names_the_size_that_it_expects():
    model = DigitClassifier([30], image_size=64)
    assert model.predict(torch.zeros(3, 64, 64))[0].shape == (3,)
    with pytest.raises(ValueError, match=r"expected images of shape \(N, 64, 64\), got \(3, 28, 28\)"):
        model.predict(torch.zeros(3, 28, 28))


@pytest.mark.parametrize(
    "kernel, dtype, close",
    [
        ("torch", torch.float64, 1e-12),
        ("autograd", torch.float64, 1e-12),
        ("auto", torch.float32, 1e-5),
    ],
)
@pytest.mark.parametrize("hidden", [[30], [20, 15]])
@pytest.mark.parametrize(
    "batch_size, stack, steps",
    [
        pytest.param(10, 5000, 1, id="one mini-batch"),
        pytest.param(10, 50, 7, id="stop within a stack"),
        pytest.param(10, 50, 10, id="stop after a stack"),
        pytest.param(64, 200, 8, id="last mini-batch smaller"),
        pytest.param(1000, 200, 1, id="mini-batch larger than the data"),
        pytest.param(64, 200, 19, id="third epoch"),
    ],
)
def test_trainer_takes_the_steps_of_the_book(
    data_dir, monkeypatch, kernel, dtype, close, hidden, batch_size, stack, steps
):
    monkeypatch.setattr(data, "STACK", stack)
    model = DigitClassifier(hidden, lr=3.0, seed=1, kernel=kernel).to(dtype)
    layers = linears(model.network)
    weights, biases = (
        [p.detach().double().numpy().copy() for p in column]
        for column in zip(*((layer.weight, layer.bias) for layer in layers), strict=True)
    )
    module = MNISTDataModule(data_dir, batch_size, seed=2)
    trainer = quick_trainer(max_epochs=4, max_steps=steps)
    trainer.fit(model, module)
    assert trainer.global_step == steps

    images, labels = (tensor.numpy() for tensor in module.training)
    per_epoch = -(-TRAINING // batch_size)
    for step in range(steps):
        at = step % per_epoch * batch_size
        chosen = order(2, step // per_epoch, TRAINING)[at : at + batch_size].numpy()
        book_step(weights, biases, images[chosen].reshape(-1, 784) / 255, np.eye(10)[labels[chosen]], lr=3.0)
    for layer, w, b in zip(layers, weights, biases, strict=True):
        np.testing.assert_allclose(layer.weight.detach().numpy(), w, rtol=0, atol=close)
        np.testing.assert_allclose(layer.bias.detach().numpy(), b, rtol=0, atol=close)


class Enlarged(MNISTDataModule):
    """MNIST in 64 x 64 pixels."""

    def setup(self, stage):
        super().setup(stage)
        rows = torch.arange(64) * 28 // 64
        for split in ("training", "validation", "test"):
            images, labels = getattr(self, split)
            setattr(self, split, (images[:, rows][:, :, rows].contiguous(), labels))


@pytest.mark.parametrize("only_digit, image_size", [(9, 28), (0, 28), (None, 64), (4, 64)])
@pytest.mark.parametrize(
    "kernel, dtype, close",
    [
        ("torch", torch.float64, 1e-12),
        ("autograd", torch.float64, 1e-12),
        ("numba", torch.float32, 1e-4),
    ],
)
def test_every_kernel_takes_the_steps_of_the_book_for_detectors_and_larger_images(
    data_dir, kernel, dtype, close, only_digit, image_size
):
    """One epoch, and the metrics after it, against NumPy in float64."""
    model = DigitClassifier([12], lr=0.5, kernel=kernel, only_digit=only_digit, image_size=image_size).to(dtype)
    weights, biases = ([p.double().numpy().copy() for p in column] for column in model._weights_and_biases())
    module = (MNISTDataModule if image_size == 28 else Enlarged)(data_dir)
    trainer = quick_trainer(max_epochs=1)
    trainer.fit(model, module)

    def examples(images, labels):
        y = np.eye(10)[labels] if only_digit is None else np.equal(labels.numpy(), only_digit)[:, None].astype(float)
        return images.flatten(1).double().numpy() / 255, y

    x, y = examples(*module.training)
    for chosen in order(0, 0, TRAINING).view(-1, 10).numpy():
        book_step(weights, biases, x[chosen], y[chosen], lr=0.5)
    for layer, w, b in zip(linears(model.network), weights, biases, strict=True):
        np.testing.assert_allclose(layer.weight.detach().numpy(), w, rtol=0, atol=close)
        np.testing.assert_allclose(layer.bias.detach().numpy(), b, rtol=0, atol=close)

    x, y = examples(*module.test)
    a = sigmoid(sigmoid(x @ weights[0].T + biases[0]) @ weights[1].T + biases[1])
    wanted = {"cost": ((y - a) ** 2).sum() / 2 / len(y)}
    if only_digit is None:
        wanted["accuracy"] = (a.argmax(1) == y.argmax(1)).mean()
    else:
        wanted["accuracy"] = ((a > 0.5) == (y == 1)).mean()
        wanted["misses"] = ((a <= 0.5) & (y == 1)).sum()
        wanted["false_alarms"] = ((a > 0.5) & (y == 0)).sum()
    for name, value in wanted.items():
        assert trainer.callback_metrics[f"{name}/test"].item() == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize("kernel", ["numba", "torch", "autograd"])
def test_training_refuses_images_of_another_size(data_dir, kernel):
    with pytest.raises(ValueError, match=r"expected images of shape \(N, 28, 28\), got \(500, 64, 64\)"):
        quick_trainer(max_epochs=1).fit(DigitClassifier([5], kernel=kernel), Enlarged(data_dir))


def test_larger_images_are_learned_kept_and_read(data_dir, tmp_path):
    trainer = quick_trainer(max_epochs=5)
    trainer.fit(DigitClassifier([30], image_size=64, lr=1.0), Enlarged(data_dir))
    trainer.save_checkpoint(tmp_path / "a.ckpt")
    images, labels = trainer.datamodule.test
    digits, _ = DigitClassifier.load_from_checkpoint(tmp_path / "a.ckpt").predict(images)
    assert (digits == labels).double().mean() > 0.9


def test_a_detector_learns_to_find_its_digit(data_dir):
    model, trainer = trained(data_dir, epochs=10, only_digit=3)
    metrics, (images, labels) = trainer.callback_metrics, trainer.datamodule.test
    detected, _ = model.predict(images)
    assert metrics["accuracy/test"].item() == pytest.approx((detected == (labels == 3)).double().mean().item())
    assert metrics["accuracy/test"] > 0.95
    assert metrics["misses/test"] == (~detected & (labels == 3)).sum() < 0.5 * (labels == 3).sum()
    assert metrics["false_alarms/test"] == (detected & (labels != 3)).sum()


def test_only_a_detector_counts_misses(data_dir):
    _, trainer = trained(data_dir, epochs=1)
    assert not [name for name in trainer.callback_metrics if "misses" in name or "alarms" in name]


@pytest.mark.parametrize("batch_size, per_epoch", [(10, 50), (64, 8), (1000, 1)])
def test_global_step_counts_mini_batches(data_dir, monkeypatch, batch_size, per_epoch):
    monkeypatch.setattr(data, "STACK", 200)
    trainer = quick_trainer(max_epochs=2)
    trainer.fit(DigitClassifier([5]), MNISTDataModule(data_dir, batch_size))
    assert trainer.global_step == 2 * per_epoch


@pytest.mark.parametrize("hidden, epochs", [([30], 5), ([30, 20], 20)])
def test_it_learns(data_dir, hidden, epochs):
    _, trainer = trained(data_dir, hidden, epochs)
    assert trainer.callback_metrics["accuracy/validation"] > 0.9
    assert trainer.callback_metrics["accuracy/test"] > 0.9


def test_metrics_of_an_epoch(data_dir):
    model, trainer = trained(data_dir)
    module = trainer.datamodule
    for split, (images, labels) in (("validation", module.validation), ("test", module.test)):
        digits, a = model.predict(images)
        cost = (torch.eye(10)[labels] - a).square().sum(1).div(2).mean().item()
        assert trainer.callback_metrics[f"accuracy/{split}"].item() == pytest.approx((digits == labels).double().mean())
        assert trainer.callback_metrics[f"cost/{split}"].item() == pytest.approx(cost, rel=1e-5)


def test_training_metrics_are_the_means_over_one_epoch(data_dir):
    _, trainer = trained(data_dir, lr=1e-9, epochs=2)  # so that the weights stay as they are
    model, (images, labels) = DigitClassifier([30]), trainer.datamodule.training
    digits, a = model.predict(images)
    cost = (torch.eye(10)[labels] - a).square().sum(1).div(2).mean().item()
    assert trainer.callback_metrics["accuracy/training"].item() == pytest.approx((digits == labels).double().mean())
    assert trainer.callback_metrics["cost/training"].item() == pytest.approx(cost, rel=1e-5)


@pytest.fixture
def checkpoint(data_dir, tmp_path):
    model, trainer = trained(data_dir, hidden=[12, 8], lr=0.5, init="gaussian", seed=3)
    trainer.save_checkpoint(tmp_path / "model.ckpt")
    return model, tmp_path / "model.ckpt"


def test_checkpoint_rebuilds_the_model(checkpoint):
    model, path = checkpoint
    loaded = DigitClassifier.load_from_checkpoint(path, weights_only=True)
    assert loaded.hparams == model.hparams
    assert loaded.hparams | {"hidden": [12, 8], "lr": 0.5, "init": "gaussian", "seed": 3} == loaded.hparams
    assert same_weights(loaded, model)
    for ours, theirs in zip(loaded.predict(some_images()), model.predict(some_images()), strict=True):
        assert ours.equal(theirs)


def test_a_checkpoint_from_before_detectors_and_image_sizes_loads(checkpoint):
    model, path = checkpoint
    content = torch.load(path, weights_only=True)
    for name in ("only_digit", "image_size"):
        del content["hyper_parameters"][name]
    WholeFiles().save_checkpoint(content, path)
    assert same_weights(DigitClassifier.load_from_checkpoint(path), model)


def test_checkpoint_holds_nothing_that_needs_this_code(checkpoint):
    content = torch.load(checkpoint[1], weights_only=True)
    assert content["hyper_parameters"]["hidden"] == [12, 8]
    assert content["global_step"] == 150


@pytest.mark.parametrize("device", DEVICES)
def test_checkpoint_moves_to_a_device(checkpoint, device):
    model, path = checkpoint
    loaded = DigitClassifier.load_from_checkpoint(path, map_location=device)
    digits, activations = loaded.predict(some_images())
    assert digits.device.type == activations.device.type == device
    assert digits.cpu().equal(model.predict(some_images())[0])


def test_resumed_run_ends_on_the_same_weights(data_dir, tmp_path):
    whole, _ = trained(data_dir, epochs=3)
    _, trainer = trained(data_dir, epochs=1)
    trainer.save_checkpoint(tmp_path / "one.ckpt")
    resumed = DigitClassifier([30], seed=9)
    trainer = quick_trainer(max_epochs=3)
    trainer.fit(resumed, MNISTDataModule(data_dir), ckpt_path=tmp_path / "one.ckpt")
    assert same_weights(resumed, whole)
    assert trainer.global_step == 150


@pytest.mark.parametrize("change, reason", [("hidden", "size mismatch"), ("unknown", "unexpected keyword")])
def test_a_checkpoint_of_another_shape_is_named(change, reason, tmp_path):
    model = DigitClassifier([30])
    described = dict(model.hparams) | ({"hidden": [40]} if change == "hidden" else {"unknown": 1})
    saved = {"digits_version": VERSION, "state_dict": model.state_dict(), "hyper_parameters": described}
    WholeFiles().save_checkpoint(saved, tmp_path / "a.ckpt")
    with pytest.raises(UserError, match=f"a.ckpt does not hold the network.*{reason}"):
        DigitClassifier.load_from_checkpoint(tmp_path / "a.ckpt")


class Decaying(DigitClassifier):
    def configure_optimizers(self):
        optimizer = super().configure_optimizers()
        return [optimizer], [torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)]


@pytest.mark.parametrize("kernel", ["numba", "torch", "autograd"])
def test_every_kernel_follows_a_scheduler_of_the_learning_rate(kernel, data_dir):
    """Two epochs at rates 1 and 1/2, against the same two by hand."""
    model, wanted = (kind([12], lr=1.0, kernel=kernel) for kind in (Decaying, DigitClassifier))
    quick_trainer(max_epochs=2).fit(model, MNISTDataModule(data_dir))
    images, labels = (tensor[:TRAINING] for tensor in mnist.load(data_dir, train=True))
    parameters = wanted._weights_and_biases()
    for epoch, lr in enumerate([1.0, 0.5]):
        backprop.sgd_steps(*parameters, images, labels, order(0, epoch, TRAINING).view(-1, 10), lr)
    for p, q in zip(model.parameters(), wanted.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-3, atol=1e-4)
