import numpy as np
import pytest
import torch
from torch.nn.utils import vector_to_parameters

from digits.data import MNISTDataModule
from digits.figures import descent
from digits.model import DigitClassifier
from digits.network import weights_and_biases
from tests.figures.conftest import EPOCHS
from tests.support.book import book_step
from tests.support.fitted import fit, load, vector
from tests.support.small_mnist import TRAINING


def plane(path):
    """The two directions (2, P) in which a path (T, P) is farthest from its end."""
    return torch.linalg.svd(path - path[-1], full_matrices=False).Vh[:2]


@pytest.mark.parametrize(
    "kernel, batch_size, schedule",
    [("numba", 10, False), ("torch", 30, False), ("numba", 30, True)],  # 500 images are not a multiple of 30
)
def test_descent_is_that_of_train_bit_for_bit(data_dir, tmp_path, kernel, batch_size, schedule):
    how = {"hidden": [12], "lr": 2.5, "seed": 4, "kernel": kernel, "schedule": schedule}
    args = ["--hidden", 12, "--lr", 2.5, "--seed", 4, "--kernel", kernel, "--epochs", 3, "--batch_size", batch_size]
    fit(tmp_path / "run", data_dir, *args, *(["--schedule"] if schedule else []))
    data = MNISTDataModule(data_dir, batch_size, 4)
    path = descent.descend(DigitClassifier(**how), data, epochs=3, planned=3)
    assert torch.equal(descent.descend(DigitClassifier(**how), data, epochs=2, planned=3), path[:3])
    (last, _), (best, epoch) = load(tmp_path / "run", "last.ckpt"), load(tmp_path / "run")
    assert len(path) == 4
    for place, model in ((0, DigitClassifier(**how)), (3, last), (epoch + 1, best)):
        assert torch.equal(path[place], vector(model))


def test_weights_that_training_does_not_lead_to_are_told(fitted, data, capsys):
    for change, told in ((0.0, False), (1e-3, True)):
        model, epoch = load(fitted)
        next(model.parameters()).data[0, 0] += change
        path = descent.path_to(model, data, epoch, EPOCHS)
        assert len(path) == epoch + 2
        assert torch.equal(path[-1], vector(model)) != told
        assert ("has other weights than this checkpoint" in capsys.readouterr().out) == told


def test_of_a_long_training_the_first_epochs_are_shown(fitted, data, capsys):
    model, epoch = load(fitted, "last.ckpt")
    path = descent.path_to(model, data, descent.MOST + 5, descent.MOST + 6)  # as if it had been trained so long
    assert len(path) == descent.MOST + 1 and torch.equal(path[epoch + 1], vector(model))
    assert "other weights" not in capsys.readouterr().out


def test_a_detector_is_trained_again_on_its_images_and_targets(data_dir, tmp_path):
    fit(tmp_path / "run", data_dir, "--hidden", 6, "--only_digit", 3, "--train_size", 95, "--epochs", 3)
    model, epoch = load(tmp_path / "run", "last.ckpt")
    module = MNISTDataModule(data_dir, train_size=95)
    path = descent.path_to(model, module, epoch, 3)
    assert torch.equal(path[-1], vector(model))
    images, labels = module.training
    _, u, v, cost = descent.valley(model, path, images, labels, steps=3)
    vector_to_parameters(path[-1] + torch.stack([u[2], v[0]]) @ plane(path), model.parameters())
    wanted = (model(images).squeeze(1) - (labels == 3).float()).square().mean().item() / 2
    assert cost[0, 2].item() == pytest.approx(wanted, rel=1e-4)


def test_the_valley_has_the_cost_of_the_weights_at_each_point(fitted, data):
    model, epoch = load(fitted, "last.ckpt")
    before = vector(model)
    path = descent.descend(DigitClassifier(**model.hparams), data, EPOCHS, EPOCHS)
    flat, u, v, cost = descent.valley(model, path, *data.training, steps=5)
    assert epoch + 1 == EPOCHS == len(path) - 1
    assert torch.equal(vector(model), before)  # the valley leaves the network as it is

    def wanted(weights):
        other, _ = load(fitted)
        vector_to_parameters(weights.clone(), other.parameters())
        a = other(data.training[0]).detach().double().numpy()
        return np.sum((a - np.eye(10)[data.training[1]]) ** 2) / 2 / TRAINING

    directions = plane(path)
    assert torch.allclose(directions @ directions.T, torch.eye(2), atol=1e-5)
    assert flat[-1].tolist() == [0, 0]
    assert cost.shape == (5, 5)
    for i in (0, 2, 4):  # rows are v, columns u
        for j in (1, 3):
            point = path[-1] + u[j] * directions[0] + v[i] * directions[1]
            assert cost[i, j].item() == pytest.approx(wanted(point), rel=1e-4)
    assert u.min() < flat[:, 0].min() and flat[:, 0].max() < u.max()
    assert v.min() < flat[:, 1].min() and flat[:, 1].max() < v.max()
    middle = torch.stack([path[0], path[1], path[-1]])  # three points lie in a plane
    flat, *_ = descent.valley(model, middle, *data.training, steps=2)
    assert torch.allclose(torch.cdist(flat, flat), torch.cdist(middle, middle), rtol=1e-3)


@pytest.mark.parametrize("settings", [{"hidden": [9, 8], "cost": "cross_entropy"}, {"hidden": [7], "only_digit": 3}])
def test_the_gradients_are_those_of_the_book(settings, data):
    images, labels = (tensor[:50] for tensor in data.training)
    model = DigitClassifier(**settings)
    path = torch.stack([vector(DigitClassifier(**settings, seed=seed)) for seed in range(3)])
    norms = descent.gradient_norms(model, path, images, labels)
    for seed, ours in enumerate(norms):
        network = DigitClassifier(**settings, seed=seed).double()
        weights, biases = ([p.numpy().copy() for p in column] for column in weights_and_biases(network))
        before = [b.copy() for b in biases]
        x = images.flatten(1).double().numpy() / 255
        y = np.eye(10)[labels] if model.only_digit is None else (labels == 3).double().numpy()[:, None]
        book_step(weights, biases, x, y, 1.0, settings.get("cost", "quadratic"))
        wanted = [np.linalg.norm(a - b) for a, b in zip(before, biases, strict=True)]
        assert ours.tolist() == pytest.approx(wanted, rel=1e-4)
