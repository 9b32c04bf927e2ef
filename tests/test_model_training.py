import numpy as np
import pytest
import torch

from digits import backprop, data, mnist
from digits.data import MNISTDataModule, order
from digits.errors import UserError
from digits.model import DigitClassifier
from digits.network import linears, one_hot, weights_and_biases
from tests.support.book import book_step, sigmoid
from tests.support.small_mnist import TRAINING
from tests.support.training import quick_trainer, same_weights, trained

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA")
DEVICES = ["cpu", pytest.param("cuda", marks=needs_cuda)]


def test_weights_that_are_not_finite_end_the_run(data_dir):
    from digits.data import MNISTDataModule

    model = DigitClassifier([5], lr=0.5)
    with torch.no_grad():
        model.network[0].bias.fill_(float("inf"))
    with pytest.raises(UserError, match="not finite after epoch 0; try --lr below 0.5"):
        quick_trainer(max_epochs=3).fit(model, MNISTDataModule(data_dir))


@pytest.mark.parametrize(
    "kernel, dtype, close",
    [
        ("torch", torch.float64, 1e-12),
        ("autograd", torch.float64, 1e-12),
        ("auto", torch.float32, 1e-5),
    ],
)
@pytest.mark.parametrize(
    "hidden, cost, l2", [([30], "quadratic", 0.0), ([20, 15], "quadratic", 2.0), ([20, 15], "cross_entropy", 5.0)]
)
@pytest.mark.parametrize(
    "batch_size, stack, epochs",
    [
        pytest.param(10, 5000, 1, id="one stack"),
        pytest.param(10, 50, 1, id="many stacks"),
        pytest.param(1000, 200, 1, id="mini-batch larger than the data"),
        pytest.param(64, 200, 3, id="last mini-batch smaller, three epochs"),
    ],
)
def test_trainer_takes_the_steps_of_the_book(
    data_dir, monkeypatch, kernel, dtype, close, hidden, cost, l2, batch_size, stack, epochs
):
    monkeypatch.setattr(data, "STACK", stack)
    model = DigitClassifier(hidden, lr=1.5, seed=1, kernel=kernel, cost=cost, l2=l2).to(dtype)
    layers = linears(model.network)
    weights, biases = (
        [p.detach().double().numpy().copy() for p in column]
        for column in zip(*((layer.weight, layer.bias) for layer in layers), strict=True)
    )
    module = MNISTDataModule(data_dir, batch_size, seed=2)
    trainer = quick_trainer(max_epochs=epochs)
    trainer.fit(model, module)

    images, labels = (tensor.numpy() for tensor in module.training)
    per_epoch = -(-TRAINING // batch_size)
    assert trainer.global_step == epochs * per_epoch
    for step in range(epochs * per_epoch):
        at = step % per_epoch * batch_size
        chosen = order(2, step // per_epoch, TRAINING)[at : at + batch_size].numpy()
        x, y = images[chosen].reshape(-1, 784) / 255, np.eye(10)[labels[chosen]]
        book_step(weights, biases, x, y, 1.5, cost, l2, TRAINING)
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
    weights, biases = ([p.double().numpy().copy() for p in column] for column in weights_and_biases(model))
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
    assert (~detected & (labels == 3)).sum() < 0.5 * (labels == 3).sum()


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


def test_resumed_run_ends_on_the_same_weights(data_dir, tmp_path):
    whole, _ = trained(data_dir, epochs=3)
    _, trainer = trained(data_dir, epochs=1)
    trainer.save_checkpoint(tmp_path / "one.ckpt")
    resumed = DigitClassifier([30], seed=9)
    trainer = quick_trainer(max_epochs=3)
    trainer.fit(resumed, MNISTDataModule(data_dir), ckpt_path=tmp_path / "one.ckpt")
    assert same_weights(resumed, whole)
    assert trainer.global_step == 150


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
    parameters = weights_and_biases(wanted)
    for epoch, lr in enumerate([1.0, 0.5]):
        backprop.sgd_steps(*parameters, images, one_hot(labels), order(0, epoch, TRAINING).view(-1, 10), lr)
    for p, q in zip(model.parameters(), wanted.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-3, atol=1e-4)


class DecayingByStep(DigitClassifier):
    def configure_optimizers(self):
        optimizer = super().configure_optimizers()
        schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


@pytest.mark.parametrize("kind, settings", [(DecayingByStep, {}), (DigitClassifier, {"max_steps": 7})])
def test_what_would_happen_within_an_epoch_is_refused(kind, settings, data_dir):
    model = kind([12])
    before = [p.clone() for p in model.parameters()]
    with pytest.raises(UserError, match="a run ends with an epoch|stepped after each epoch"):
        quick_trainer(max_epochs=2, **settings).fit(model, MNISTDataModule(data_dir))
    assert all(p.equal(q) for p, q in zip(model.parameters(), before, strict=True))
