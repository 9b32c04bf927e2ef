"""One step of stochastic gradient descent on a sigmoid network, by the four equations of backpropagation.

The names are the book's (chapter 2): z = w a + b is a neuron's weighted input, a = sigmoid(z) its activation, delta =
dC/dz its error. The book has the derivative of the sigmoid as sigma'(z); written with the activation it is a (1 - a).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from digits.network import correct, inputs, one_hot, quadratic_cost


@torch.no_grad()
def sgd_step(
    weights: Sequence[Tensor], biases: Sequence[Tensor], x: Tensor, y: Tensor, lr: float
) -> tuple[Tensor, Tensor]:
    """Move weights and biases, in place, down the gradient of the quadratic cost on one mini-batch.

    Args:
        weights: For each layer (outputs, inputs), all of one floating dtype and device.
        biases: For each layer (outputs,).
        x: Input activations (B, inputs of the first layer).
        y: Desired output activations (B, outputs of the last layer).
        lr: Learning rate; the gradient is that of C = 1/(2B) sum ||y - a||^2.

    Returns:
        Cost summed over the mini-batch, sum 1/2 ||y - a||^2, and the number of right answers, both as they were before
        the step, as tensors of no dimension: nothing waits for the device.
    """
    activations = [x]
    for w, b in zip(weights, biases, strict=True):
        activations.append(torch.addmm(b, activations[-1], w.t()).sigmoid_())
    a = activations[-1]
    result = quadratic_cost(a, y), correct(a, y)

    step = -lr / len(x)
    delta = (a - y) * (a * (1 - a))  # BP1
    for layer in reversed(range(len(weights))):
        w, b, a = weights[layer], biases[layer], activations[layer]
        below = delta @ w if layer else None  # BP2, with the weights as they were before the step
        b.add_(delta.sum(0), alpha=step)  # BP3
        w.addmm_(delta.t(), a, alpha=step)  # BP4
        if below is not None:
            delta = below.mul_(a * (1 - a))
    return result


def sgd_steps(
    weights: Sequence[Tensor], biases: Sequence[Tensor], images: Tensor, labels: Tensor, chosen: Tensor, lr: float
) -> tuple[Tensor, Tensor]:
    """`sgd_step` for each mini-batch of a stack.

    Args:
        weights: As in `sgd_step`.
        biases: As in `sgd_step`.
        images: A whole data set (N, H, W), uint8 or float 0..1.
        labels: Its digits (N,) int64.
        chosen: Which images each of K mini-batches holds, (K, B) int64.
        lr: Learning rate.

    Returns:
        Cost and number of right answers as in `sgd_step`, summed over the stack.
    """
    x, y = inputs(images[chosen], like=weights[0]), one_hot(labels[chosen], len(biases[-1]), like=weights[0])
    results = [sgd_step(weights, biases, *mini_batch, lr) for mini_batch in zip(x, y, strict=True)]
    costs, rights = (torch.stack(column) for column in zip(*results, strict=True))
    return costs.sum(), rights.sum()
