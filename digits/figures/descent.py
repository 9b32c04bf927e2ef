"""Training once more: the path of the weights, the valley of the cost around it, and how fast each layer learns."""

from typing import Any

import torch
from lightning.pytorch.callbacks import LambdaCallback
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from tqdm import tqdm

from digits.data import MNISTDataModule
from digits.model import DigitClassifier
from digits.network import linears, one_hot
from digits.training.trainer import quiet_trainer

MOST = 30  # epochs that are trained again; later ones hardly move the weights, and take long


def descend(model: DigitClassifier, data: MNISTDataModule, epochs: int, planned: int) -> Tensor:
    """Train `model` in place on the CPU; its weights and biases (epochs + 1, P), before and after each epoch.

    These are the first of the `planned` epochs, whose number decides the learning rates of a schedule.
    """
    path = [parameters_to_vector(model.parameters()).detach()]
    with tqdm(total=epochs, desc="training", unit=" epochs", leave=False, disable=None) as bar:

        def remember(trainer: Any, _: Any) -> None:
            path.append(parameters_to_vector(model.parameters()).detach())
            trainer.should_stop = len(path) > epochs
            bar.update()

        quiet_trainer(planned, LambdaCallback(on_train_epoch_end=remember), limit_val_batches=0).fit(model, data)
    return torch.stack(path)


def path_to(model: DigitClassifier, data: MNISTDataModule, epoch: int, planned: int) -> Tensor:
    """The path of a fresh network that is trained as `model` was, up to the epoch it was kept after, or for the first
    MOST epochs: (at most epoch + 2, P).
    """
    epochs = min(epoch + 1, MOST)
    path = descend(DigitClassifier(**model.hparams), data, epochs, planned)
    if epochs > epoch and not torch.equal(path[-1], parameters_to_vector(model.parameters())):  # as on another machine
        print("valley: trained again, the network has other weights than this checkpoint; the path is the new one")
    return path


@torch.no_grad()
def valley(
    model: DigitClassifier, path: Tensor, images: Tensor, labels: Tensor, steps: int = 31
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The mean cost on images (N, 28, 28) and labels (N,), on a plane through a path (T, P) of weights and biases.

    Returns the path on the plane (T, 2), which ends at 0, 0; coordinates u and v (steps,); the cost (steps, steps) at
    each v and u.
    """
    from_end = path - path[-1]
    directions = torch.linalg.svd(from_end, full_matrices=False).Vh[:2]  # PCA about the end
    flat = from_end @ directions.T
    low, high = flat.amin(0), flat.amax(0)
    margin = 0.3 * (high - low).clamp(min=0.3 * (high - low).max().item())
    u, v = (torch.linspace(a, b, steps) for a, b in zip(low - margin, high + margin, strict=True))
    moved, costs = DigitClassifier(**model.hparams), []
    for point in tqdm(torch.cartesian_prod(v, u), desc="valley", unit=" points", leave=False, disable=None):
        vector_to_parameters(path[-1] + point.flip(0) @ directions, moved.parameters())
        costs.append(mean_cost(moved, images, labels))
    return flat, u, v, torch.stack(costs).view(steps, steps)


def gradient_norms(model: DigitClassifier, path: Tensor, images: Tensor, labels: Tensor) -> Tensor:
    """How fast each layer learns (T, layers), at each point of a path (T, P): the norm of the gradient of its biases.

    The gradient is that of the mean cost on images (N, 28, 28) and labels (N,). For biases it is the mean error delta.
    """
    moved, norms = DigitClassifier(**model.hparams), []
    biases = [layer.bias for layer in linears(moved.network)]
    for point in path:
        vector_to_parameters(point, moved.parameters())
        gradients = torch.autograd.grad(mean_cost(moved, images, labels), biases)
        norms.append(torch.stack([gradient.norm() for gradient in gradients]))
    return torch.stack(norms)


def mean_cost(model: DigitClassifier, images: Tensor, labels: Tensor) -> Tensor:
    """The mean cost on images (N, 28, 28) and labels (N,), of which a gradient can be taken."""
    a = model(images)
    y = one_hot(labels) if model.only_digit is None else one_hot(labels)[:, [model.only_digit]]
    return model.cost.value(a, y) / len(images)
