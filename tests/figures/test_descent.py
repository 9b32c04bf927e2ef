from itertools import product

import numpy as np
import pytest
import torch
from torch.nn.utils import vector_to_parameters

from digits.figures import descent
from digits.kernels.stacks import StackedClassifier, StackedMNIST
from digits.model import DigitClassifier
from digits.network import weights_and_biases
from tests.figures.conftest import EPOCHS
from tests.support.book import book_step
from tests.support.fitted import fit, load, vector
from tests.support.small_mnist import TRAINING


@pytest.mark.parametrize(
    "settings, batch_size",  # 500 images are not a multiple of 30
    [
        ({}, 10),
        ({"schedule": True}, 30),
        ({"only_digit": 3}, 30),
    ],
)
def test_descent_is_that_of_train_bit_for_bit(data_dir, tmp_path, settings, batch_size):
    settings = {"hidden": [12], "lr": 2.5, "seed": 4} | settings
    words = [f"--{name}={value}".removesuffix("=True") for name, value in settings.items() if name != "hidden"]
    fit(tmp_path / "run", data_dir, "--hidden", 12, "--epochs", 3, "--batch_size", batch_size, *words)
    data = StackedMNIST(data_dir, batch_size=batch_size, seed=4)
    path = descent.descend(StackedClassifier(**settings), data, epochs=3, planned=3)
    assert torch.equal(descent.descend(StackedClassifier(**settings), data, epochs=2, planned=3), path[:3])
    (last, _), (best, epoch) = load(tmp_path / "run", "last.ckpt"), load(tmp_path / "run")
    assert len(path) == 4
    for place, model in ((0, DigitClassifier(**settings)), (3, last), (epoch + 1, best)):
        assert torch.equal(path[place], vector(model))


def test_weights_that_training_does_not_lead_to_are_told(fitted, data, capsys):
    for change, told in ((0.0, False), (1e-3, True)):
        model, epoch = load(fitted)
        next(model.parameters()).data[0, 0] += change
        path = descent.path_to(model, data, epoch, EPOCHS)
        assert len(path) == epoch + 2
        assert torch.equal(path[-1], vector(model)) != told
        assert ("gave weights that differ from the checkpoint" in capsys.readouterr().out) == told


@pytest.mark.parametrize("only_digit", [None, 3])
def test_the_valley_has_the_cost_of_the_weights_at_each_point(only_digit, data):
    model = DigitClassifier([6], lr=1.0, only_digit=only_digit)
    path = descent.path_to(model, data, 2, 3)
    before, (images, labels) = vector(model), data.training
    flat, u, v, cost = descent.valley(model, path, images, labels, steps=5)
    assert torch.equal(vector(model), before)  # the valley leaves the network as it is
    directions = torch.linalg.svd(path - path[-1], full_matrices=False).Vh[:2]  # in which it is farthest from its end
    y = np.eye(10)[labels] if only_digit is None else (labels == only_digit).double().numpy()[:, None]
    for i, j in product((0, 2, 4), (1, 3)):  # rows are v, columns u
        vector_to_parameters(path[-1] + torch.stack([u[j], v[i]]) @ directions, model.parameters())
        wanted = np.sum((model(images).detach().double().numpy() - y) ** 2) / 2 / TRAINING
        assert cost[i, j].item() == pytest.approx(wanted, rel=1e-4)
    assert cost.shape == (5, 5) and flat[-1].tolist() == [0, 0]
    for ends, along in ((u, flat[:, 0]), (v, flat[:, 1])):
        assert ends.min() < along.min() and along.max() < ends.max()
    middle = torch.stack([path[0], path[1], path[-1]])  # three points lie in a plane
    flat, *_ = descent.valley(model, middle, images, labels, steps=2)
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
