"""One step of stochastic gradient descent on a sigmoid network, by the four equations of backpropagation.

The names are the book's (chapter 2). A neuron's weighted input is z = w a + b, where a holds the activations of the
previous layer. The neuron's own activation is a = sigmoid(z), and its error is delta = dC/dz. The derivative of the
sigmoid is sigma'(z) = a (1 - a).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from digits.network import QUADRATIC, Cost

Tensors = Sequence[Tensor]  # one for each layer, first layer first
Gradients = list[tuple[Tensor, Tensor]]  # of the weights and the biases of each layer


@torch.no_grad()
def sgd_step(
    weights: Tensors, biases: Tensors, x: Tensor, y: Tensor, lr: float, cost: Cost = QUADRATIC, decay: float = 0.0
) -> Tensor:
    """Move weights and biases, in place, down the gradient of the mean cost of one mini-batch.

    Args:
        weights: A tensor (outputs, inputs) for each layer, all of one floating dtype and on one device.
        biases: A tensor (outputs,) for each layer.
        x: Input activations (B, inputs of the first layer), of the same dtype and device.
        y: Desired output activations (B, outputs of the last layer), likewise.
        lr: Learning rate.
        cost: By default the quadratic cost, whose mean is C = 1/(2B) sum ||y - a||^2.
        decay: L2 weight decay, lambda / n for n training images: weights, but not biases, shrink by `lr * decay`.

    Returns:
        Output activations (B, outputs) before the step.
    """
    activations = feedforward(weights, biases, x)
    gradients = backpropagate(weights, activations, cost.delta(activations[-1], y))
    descend(weights, biases, gradients, lr / len(x), lr * decay)
    return activations[-1]


def feedforward(weights: Tensors, biases: Tensors, x: Tensor) -> list[Tensor]:
    """Return the activations (B, neurons) of every layer, starting with the inputs x (B, inputs)."""
    activations = [x]
    for w, b in zip(weights, biases, strict=True):
        activations.append(torch.addmm(b, activations[-1], w.t()).sigmoid_())
    return activations


def backpropagate(weights: Tensors, activations: list[Tensor], delta: Tensor) -> Gradients:
    """Return the gradients of the summed cost, from the error delta (B, outputs) of the last layer (BP1)."""
    gradients: Gradients = []
    for layer in reversed(range(len(weights))):
        a = activations[layer]  # the inputs of this layer
        gradients.insert(0, (delta.t() @ a, delta.sum(0)))  # BP4, BP3
        if layer > 0:  # the network's inputs have no error
            delta = (delta @ weights[layer]).mul_(a * (1 - a))  # BP2
    return gradients


def descend(weights: Tensors, biases: Tensors, gradients: Gradients, step: float, shrink: float) -> None:
    """Scale the weights by `1 - shrink` (L2), then subtract `step` times the gradients."""
    for w, b, (grad_w, grad_b) in zip(weights, biases, gradients, strict=True):
        if shrink:
            w.mul_(1 - shrink)
        w.add_(grad_w, alpha=-step)
        b.add_(grad_b, alpha=-step)
