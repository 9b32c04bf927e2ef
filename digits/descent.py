"""The descent of a run once more, without a Trainer, to see its path, the valley around it, and fewer examples."""

from collections.abc import Iterator
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from tqdm import tqdm

from digits import backprop
from digits.data import order, stacks
from digits.kernels import choose, compiled
from digits.model import DigitClassifier
from digits.network import inputs, linears, one_hot, quadratic_cost


def descend(
    model: DigitClassifier, images: Tensor, labels: Tensor, batch_size: int, seed: int, epochs: int
) -> Iterator[Tensor]:
    """Train `model` in place on the CPU: the weights of train.py bit for bit, on the same machine and one process.

    Args:
        model: Untrained.
        images: Training images (N, 28, 28) uint8.
        labels: Their digits (N,) int64.
        batch_size: Images in a mini-batch.
        seed: Decides the order of the images.
        epochs: How often the network sees every image.

    Yields:
        All weights and biases as one vector (model.size,): the initial ones, then those after each epoch.
    """
    layers = linears(model.network)
    weights, biases = [layer.weight.data for layer in layers], [layer.bias.data for layer in layers]
    kernel = choose(model.kernel, model.network, images, model.configure_optimizers(), batch_size)
    sgd_steps = compiled().sgd_steps if kernel == "numba" else backprop.sgd_steps
    yield parameters_to_vector(model.parameters()).detach()
    for epoch in range(epochs):
        chosen = order(seed, epoch, len(images))
        for cut in stacks(len(images), batch_size, mini_batches=len(images)):
            mini_batches = chosen[cut].view(-1, min(batch_size, cut.stop - cut.start))
            sgd_steps(weights, biases, images, labels, mini_batches, model.lr)
        yield parameters_to_vector(model.parameters()).detach()


def plane(path: Tensor) -> Tensor:
    """The two directions (2, P), orthonormal, along which a path (T, P) is farthest from its end: PCA about the end."""
    return torch.linalg.svd(path - path[-1], full_matrices=False).Vh[:2]


@torch.no_grad()
def cost_at(network: nn.Module, weights: Tensor, x: Tensor, y: Tensor) -> float:
    """The cost C of `network`, once it has taken on all `weights` and biases (P,): mean over x (N, 784), y (N, 10)."""
    vector_to_parameters(weights, network.parameters())
    return quadratic_cost(network(x), y).item() / len(x)


def valley(
    network: nn.Module, path: Tensor, images: Tensor, labels: Tensor, steps: int = 31
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The cost on the plane of a path (T, P) through the weights and biases of `network`.

    Returns:
        The path on the plane (T, 2), with its end at 0, 0; coordinates u (steps,) and v (steps,) on the plane; the
        cost (steps, steps) at each v and u, on images (N, 28, 28) with labels (N,).
    """
    directions, network = plane(path), deepcopy(network)
    flat = (path - path[-1]) @ directions.T
    low, high = flat.amin(0), flat.amax(0)
    margin = 0.3 * (high - low).clamp(min=0.3 * (high - low).max().item())
    u, v = (torch.linspace(a, b, steps) for a, b in zip(low - margin, high + margin, strict=True))
    x = inputs(images, like=path)
    y = one_hot(labels, linears(network)[-1].out_features, like=x)
    points = tqdm(torch.cartesian_prod(v, u), desc="valley", unit=" points", leave=False, disable=None)
    costs = [cost_at(network, path[-1] + point.flip(0) @ directions, x, y) for point in points]
    return flat, u, v, torch.tensor(costs).view(steps, steps)


def accuracy_by_size(
    settings: dict, training: tuple[Tensor, ...], test: tuple[Tensor, ...], sizes: list[int], seeds: int, **how: int
) -> Tensor:
    """Test accuracy (sizes, seeds) of fresh networks trained on the first `sizes` images of `training`.

    Args:
        settings: Of DigitClassifier, but for the seed.
        training: Images (N, 28, 28) uint8 and labels (N,) int64.
        test: The same for the test.
        sizes: Numbers of training images.
        seeds: How many networks of each size.
        how: `batch_size` and `epochs`, of `descend`.
    """
    images, labels = training
    accuracy = torch.zeros(len(sizes), seeds)
    with tqdm(total=sum(sizes) * seeds, desc="training_size", unit=" images", leave=False, disable=None) as bar:
        for row, size in enumerate(sizes):
            for seed in range(seeds):
                model = DigitClassifier(**settings | {"seed": seed})
                for _ in descend(model, images[:size], labels[:size], seed=seed, **how):
                    pass
                accuracy[row, seed] = (model.predict(test[0])[0] == test[1]).float().mean()
                bar.update(size)
    return accuracy
