"""Repeat a training, to record the path of the weights, the cost around this path, and how fast each layer learns."""

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import LambdaCallback
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from tqdm import tqdm

from digits.kernels.stacks import StackedMNIST, stacked
from digits.model import DigitClassifier
from digits.network import linears
from digits.training.trainer import quiet_trainer

MOST = 30  # only this many epochs are trained again; later epochs take long and hardly move the weights


def descend(model: DigitClassifier, data: StackedMNIST, epochs: int, planned: int) -> Tensor:
    """Train `model` in place on the CPU; return its weights and biases (epochs + 1, P), initial and after each epoch.

    A learning rate schedule depends on the number of `planned` epochs.
    """
    path = [parameters_to_vector(model.parameters()).detach()]
    with tqdm(total=epochs, desc="training", unit=" epochs", leave=False, disable=None) as bar:

        def remember(trainer: Trainer, _: LightningModule) -> None:
            path.append(parameters_to_vector(model.parameters()).detach())
            trainer.should_stop = len(path) > epochs
            bar.update()

        quiet_trainer(planned, LambdaCallback(on_train_epoch_end=remember), limit_val_batches=0).fit(model, data)
    return torch.stack(path)


def path_to(model: DigitClassifier, data: StackedMNIST, epoch: int, planned: int) -> Tensor:
    """Train a new network as `model` was trained, but for at most MOST epochs, and return its path (epochs + 1, P)."""
    epochs = min(epoch + 1, MOST)
    path = descend(stacked(DigitClassifier)(**model.hparams), data, epochs, planned)
    if epochs > epoch and not torch.equal(path[-1], parameters_to_vector(model.parameters())):  # as on another machine
        print("valley: retraining gave weights that differ from the checkpoint; the figure shows the new path")
    return path


@torch.no_grad()
def valley(
    model: DigitClassifier, path: Tensor, images: Tensor, labels: Tensor, steps: int = 31
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Compute the mean cost of images (N, 28, 28) and labels (N,) on a plane through a path (T, P) of parameters.

    Returns the path on the plane (T, 2), which ends at 0, 0; the coordinates u and v (steps,); and the cost
    (steps, steps) at each v and u.
    """
    from_end = path - path[-1]
    directions = torch.linalg.svd(from_end, full_matrices=False).Vh[:2]  # PCA around the end of the path
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
    """Return how fast each layer learns at each point of a path (T, P): a norm (T, layers).

    It is the norm of the layer's mean error delta, which is the gradient of the mean cost on images (N, 28, 28) and
    labels (N,) with respect to the biases.
    """
    moved, norms = DigitClassifier(**model.hparams), []
    biases = [layer.bias for layer in linears(moved.network)]
    for point in path:
        vector_to_parameters(point, moved.parameters())
        gradients = torch.autograd.grad(mean_cost(moved, images, labels), biases)
        norms.append(torch.stack([gradient.norm() for gradient in gradients]))
    return torch.stack(norms)


def mean_cost(model: DigitClassifier, images: Tensor, labels: Tensor) -> Tensor:
    """Return the mean cost on images (N, 28, 28) and labels (N,), a scalar with a gradient."""
    a = model(images)
    return model.cost.value(a, model.targets(labels)) / len(images)
