"""One step of stochastic gradient descent on a sigmoid network, by the four equations of backpropagation.

The names are the book's (chapter 2): z = w a + b is a neuron's weighted input, a = sigmoid(z) its activation, delta =
dC/dz its error. The book has the derivative of the sigmoid as sigma'(z); written with the activation it is a (1 - a).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from digits.network import QUADRATIC, Cost, correct, inputs, one_hot

Gradients = list[tuple[Tensor, Tensor]]  # of the weights and the biases of each layer


@torch.no_grad()
def sgd_step(
    weights: Sequence[Tensor],
    biases: Sequence[Tensor],
    x: Tensor,
    y: Tensor,
    lr: float,
    cost: Cost = QUADRATIC,
    decay: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Move weights and biases, in place, down the gradient of the mean cost of one mini-batch.

    Where several processes train together, the mini-batch is all of theirs.

    Args:
        weights: For each layer (outputs, inputs), all of one floating dtype and device.
        biases: For each layer (outputs,).
        x: Input activations (B, inputs of the first layer).
        y: Desired output activations (B, outputs of the last layer).
        lr: Learning rate.
        cost: By default the quadratic one, whose mean is C = 1/(2B) sum ||y - a||^2.
        decay: Of L2 regularization, lambda / n: the weights, not the biases, lose `lr * decay` of themselves.

    Returns:
        Cost summed over the mini-batch, without L2, and the number of right answers, both as they were before the step,
        as 0-dimensional tensors, so that the CPU need not wait for a GPU.
    """
    activations = [x]  # activations[layer] is the input of weights[layer]
    for w, b in zip(weights, biases, strict=True):
        activations.append(torch.addmm(b, activations[-1], w.t()).sigmoid_())
    a = activations[-1]
    result = cost.value(a, y), correct(a, y)

    gradients: Gradients = []
    delta = cost.delta(a, y)  # BP1
    for layer in reversed(range(len(weights))):
        a = activations[layer]
        gradients.append((delta.t() @ a, delta.sum(0)))  # BP4, BP3
        if layer > 0:  # the inputs of the network have no delta
            delta = (delta @ weights[layer]).mul_(a * (1 - a))  # BP2

    size = sum_over_processes(gradients, len(x))
    for w, b, (grad_w, grad_b) in zip(weights, biases, reversed(gradients), strict=True):
        if decay:
            w.mul_(1 - lr * decay)
        w.add_(grad_w, alpha=-lr / size)
        b.add_(grad_b, alpha=-lr / size)
    return result


def sgd_steps(
    weights: Sequence[Tensor],
    biases: Sequence[Tensor],
    images: Tensor,
    labels: Tensor,
    chosen: Tensor,
    lr: float,
    cost: Cost = QUADRATIC,
    decay: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """`sgd_step` for each mini-batch of a stack; cost and number of right answers are summed over the stack.

    `chosen` (K, B) int64 says which images each of K mini-batches holds, of a whole data set: images (N, H, W), uint8
    or float 0..1, and labels (N,) int64. The rest is as in `sgd_step`.
    """
    x = inputs(images[chosen], like=weights[0])
    y = one_hot(labels[chosen], len(biases[-1]), like=weights[0])
    results = [sgd_step(weights, biases, x_k, y_k, lr, cost, decay) for x_k, y_k in zip(x, y, strict=True)]
    costs, rights = (torch.stack(column) for column in zip(*results, strict=True))
    return costs.sum(), rights.sum()


def sum_over_processes(gradients: Gradients, size: int) -> int:
    """Replace each gradient by its sum over the processes of torch.distributed, if any; returns their sizes' sum."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return size
    parts = [part for pair in gradients for part in pair]
    flat = torch.cat([part.flatten() for part in parts] + [parts[0].new_tensor([size])])  # one message a mini-batch
    torch.distributed.all_reduce(flat)
    for part, total in zip(parts, flat[:-1].split([part.numel() for part in parts]), strict=True):
        part.copy_(total.view_as(part))
    return int(flat[-1])
