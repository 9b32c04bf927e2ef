"""What a trained network answers and what its neurons do, in numbers: for the figures and for TensorBoard."""

import torch
from torch import Tensor, nn

from digits.network import inputs, linears


def confusion_matrix(labels: Tensor, answers: Tensor) -> Tensor:
    """How often digit i was read as digit j, (10, 10) int64, from labels and answers (N,) int64."""
    return torch.bincount(labels * 10 + answers, minlength=100).view(10, 10)


def mistakes(labels: Tensor, activations: Tensor) -> Tensor:
    """Which images are read wrongly, (M,) int64, the largest activation of a wrong output first.

    For labels (N,) int64 and output activations (N, 10).
    """
    confidence, answers = activations.max(1)
    wrong = (answers != labels).nonzero().flatten()
    return wrong[confidence[wrong].argsort(descending=True, stable=True)]


@torch.no_grad()
def first_layer(network: nn.Module, images: Tensor) -> Tensor:
    """Weighted inputs z (N, neurons) of the first layer for images (N, 28, 28)."""
    layer = linears(network)[0]
    return layer(inputs(images, like=layer.weight))


def most_exciting(z: Tensor, count: int) -> Tensor:
    """The images with the largest z for each neuron, (neurons, count) int64, largest first, from z (N, neurons).

    By z, not by the activation: that of many images is 1 up to rounding.
    """
    return z.topk(count, dim=0).indices.T


def mean_by_digit(activations: Tensor, labels: Tensor) -> Tensor:
    """Mean activations (10, neurons) of activations (N, neurons) over the images of each digit, labels (N,) int64."""
    return torch.stack([activations[labels == digit].mean(0) for digit in range(10)])


def most_influential(network: nn.Module, activations: Tensor, count: int) -> Tensor:
    """The neurons (count,) int64 of the first layer whose votes vary most from image to image, most first.

    That is, by the norm of a neuron's weights to the next layer times the deviation of its activations (N, neurons):
    large weights alone say little, since a neuron that is saturated for every image is but a bias.
    """
    influence = linears(network)[1].weight.detach().norm(dim=0) * activations.std(0)
    return influence.topk(min(count, len(influence))).indices


def saturated(activations: Tensor, margin: float = 0.01) -> float:
    """The share of activations (...) that are within `margin` of 0 or of 1."""
    return ((activations <= margin) | (activations >= 1 - margin)).float().mean().item()
