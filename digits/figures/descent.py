"""The descent of a run once more: the path of its weights, the valley around it, and the same with fewer examples."""

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.callbacks import LambdaCallback
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from tqdm import tqdm

from digits.data import MNISTDataModule
from digits.model import DigitClassifier
from digits.training.trainer import quiet_trainer


def descend(model: DigitClassifier, data: MNISTDataModule, epochs: int) -> Tensor:
    """Train `model` in place on the CPU, keeping nothing but its path.

    Returns:
        All weights and biases (epochs + 1, model.size): the initial ones, then those after each epoch. On the same
        machine they are those of train.py bit for bit, if that ran on the CPU in one process.
    """
    path = [parameters_to_vector(model.parameters()).detach()]
    with tqdm(total=epochs, desc="training", unit=" epochs", leave=False, disable=None) as bar:

        def remember(*_: object) -> None:
            path.append(parameters_to_vector(model.parameters()).detach())
            bar.update()

        quiet_trainer(epochs, LambdaCallback(on_train_epoch_end=remember), limit_val_batches=0).fit(model, data)
    return torch.stack(path)


def plane(path: Tensor) -> Tensor:
    """The two directions (2, P), orthonormal, along which a path (T, P) is farthest from its end: PCA about the end."""
    return torch.linalg.svd(path - path[-1], full_matrices=False).Vh[:2]


@torch.no_grad()
def valley(
    model: DigitClassifier, path: Tensor, images: Tensor, labels: Tensor, steps: int = 31
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The cost on the plane of a path (T, P) through the weights and biases of `model`.

    Returns:
        The path on the plane (T, 2), with its end at 0, 0; coordinates u (steps,) and v (steps,) on the plane; the
        cost (steps, steps) at each v and u, on images (N, 28, 28) with labels (N,).
    """
    directions, model, every = plane(path), deepcopy(model), torch.arange(len(images))
    flat = (path - path[-1]) @ directions.T
    low, high = flat.amin(0), flat.amax(0)
    margin = 0.3 * (high - low).clamp(min=0.3 * (high - low).max().item())
    u, v = (torch.linspace(a, b, steps) for a, b in zip(low - margin, high + margin, strict=True))
    costs = []
    for point in tqdm(torch.cartesian_prod(v, u), desc="valley", unit=" points", leave=False, disable=None):
        vector_to_parameters(path[-1] + point.flip(0) @ directions, model.parameters())
        cost, _ = model.score(images, labels, every)
        costs.append(cost / len(images))
    return flat, u, v, torch.stack(costs).view(steps, steps)


def accuracy_by_size(
    settings: Mapping[str, Any], data_dir: str | Path, batch_size: int, sizes: list[int], seeds: int, epochs: int
) -> Tensor:
    """Test accuracy (sizes, seeds) of fresh networks with these `settings` of DigitClassifier, the seed apart.

    Each is trained as by `train.py --train_size`, and tested after its last epoch, where its schedule, if any, ends.
    """
    settings = {**settings, "schedule": settings.get("schedule") and epochs}
    accuracy = torch.zeros(len(sizes), seeds)
    for row, size in enumerate(sizes):
        for seed in range(seeds):
            model, data = (
                DigitClassifier(**{**settings, "seed": seed}),
                MNISTDataModule(data_dir, batch_size, seed, size),
            )
            descend(model, data, epochs)
            images, labels = data.test
            _, right = model.score(images, labels, torch.arange(len(labels)))
            accuracy[row, seed] = right / len(labels)
    return accuracy
