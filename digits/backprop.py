"""One step of stochastic gradient descent on a sigmoid network, by the four equations of backpropagation.

The names are the book's (chapter 2): z = w a + b is a neuron's weighted input, from the activations a before it; its
own activation is a = sigmoid(z), its error delta = dC/dz. The derivative of the sigmoid, sigma'(z), is a (1 - a).
"""

from collections.abc import Sequence
from itertools import chain

import torch
from torch import Tensor

from digits.network import QUADRATIC, Cost, correct, inputs

Tensors = Sequence[Tensor]  # one for each layer, the first layer first
Gradients = list[tuple[Tensor, Tensor]]  # of the weights and the biases of each layer


@torch.no_grad()
def sgd_step(
    weights: Tensors,
    biases: Tensors,
    x: Tensor,
    y: Tensor,
    lr: float,
    cost: Cost = QUADRATIC,
    decay: float = 0.0,
    whole: int | None = None,
) -> Tensor:
    """Move weights and biases, in place, down the gradient of the mean cost of one mini-batch.

    Args:
        weights: For each layer (outputs, inputs), all of one floating dtype and device.
        biases: For each layer (outputs,).
        x: Input activations (B, inputs of the first layer), of that dtype and device, too.
        y: Desired output activations (B, outputs of the last layer), likewise.
        lr: Learning rate.
        cost: By default the quadratic one, whose mean is C = 1/(2B) sum ||y - a||^2.
        decay: Of L2, lambda / n with n training images: weights, not biases, lose `lr * decay` of themselves.
        whole: Size of the mini-batch, if each of several processes has a part of it: they add up their gradients.

    Returns:
        Output activations (B, outputs) as they were before the step.
    """
    activations = feedforward(weights, biases, x)
    gradients = backpropagate(weights, activations, cost.delta(activations[-1], y))
    if whole is not None:
        for gradient in chain.from_iterable(gradients):
            torch.distributed.all_reduce(gradient)
    descend(weights, biases, gradients, lr / (whole or len(x)), lr * decay)
    return activations[-1]


def feedforward(weights: Tensors, biases: Tensors, x: Tensor) -> list[Tensor]:
    """The activations (B, neurons) of every layer, from the inputs x (B, inputs) on."""
    activations = [x]
    for w, b in zip(weights, biases, strict=True):
        activations.append(torch.addmm(b, activations[-1], w.t()).sigmoid_())
    return activations


def backpropagate(weights: Tensors, activations: list[Tensor], delta: Tensor) -> Gradients:
    """Gradients of the cost, summed over the mini-batch, from the error delta (B, outputs) of the last layer (BP1)."""
    gradients: Gradients = []
    for layer in reversed(range(len(weights))):
        a = activations[layer]  # the inputs of this layer
        gradients.insert(0, (delta.t() @ a, delta.sum(0)))  # BP4, BP3
        if layer > 0:  # the inputs of the network have no delta
            delta = (delta @ weights[layer]).mul_(a * (1 - a))  # BP2
    return gradients


def descend(weights: Tensors, biases: Tensors, gradients: Gradients, step: float, shrink: float) -> None:
    """Subtract `step` times the gradients; before that, the weights lose the share `shrink` of themselves (L2)."""
    for w, b, (grad_w, grad_b) in zip(weights, biases, gradients, strict=True):
        if shrink:
            w.mul_(1 - shrink)
        w.add_(grad_w, alpha=-step)
        b.add_(grad_b, alpha=-step)


def sgd_steps(
    weights: Tensors,
    biases: Tensors,
    images: Tensor,
    targets: Tensor,
    chosen: Tensor,
    lr: float,
    cost: Cost = QUADRATIC,
    decay: float = 0.0,
    processes: int = 1,
) -> tuple[Tensor, Tensor]:
    """`sgd_step` for each mini-batch of a stack, whose outputs are then scored at once: on a GPU, few calls are fast.

    `chosen` (K, B) int64 says which images each of K mini-batches holds, of a whole data set: images (N, H, W), uint8
    or float 0..1, and targets (N, outputs), 0 or 1. Several processes train on a part of each mini-batch, and score
    that. The rest is as in `sgd_step`.

    Returns:
        Cost summed over the stack, without L2, and the number of right predictions, each image's as they were before
        its step, as 0-dimensional tensors, so that the CPU need not wait for a GPU.
    """
    whole = chosen.shape[1] if processes > 1 else None
    if whole is not None:
        chosen = chosen.tensor_split(processes, dim=1)[torch.distributed.get_rank()]
    x, y = inputs(images[chosen], like=weights[0]), targets[chosen].to(weights[0].dtype)
    outputs = []
    for x_k, y_k in zip(x, y, strict=True):  # here it trains
        outputs.append(sgd_step(weights, biases, x_k, y_k, lr, cost, decay, whole))
    a, y = torch.cat(outputs), y.flatten(0, 1)
    return cost.value(a, y), correct(a, y)
