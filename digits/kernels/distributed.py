"""The steps of `digits.backprop` where several processes train together: each has a part of every mini-batch."""

from collections.abc import Sequence

import torch
from torch import Tensor

from digits.backprop import Gradients, backpropagate, descend, feedforward
from digits.network import QUADRATIC, Cost, correct, inputs


@torch.no_grad()
def sgd_steps(
    weights: Sequence[Tensor],
    biases: Sequence[Tensor],
    images: Tensor,
    targets: Tensor,
    chosen: Tensor,
    lr: float,
    cost: Cost = QUADRATIC,
    decay: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """`digits.backprop.sgd_steps`, with gradients summed over the processes; cost and right ones are this one's own."""
    costs, rights = [], []
    for mini_batch in chosen:
        x, y = inputs(images[mini_batch], like=weights[0]), targets[mini_batch].to(weights[0].dtype)
        activations = feedforward(weights, biases, x)
        gradients = backpropagate(weights, activations, cost.delta(activations[-1], y))
        size = sum_over_processes(gradients, len(x))
        descend(weights, biases, gradients, lr / size, lr * decay)
        costs.append(cost.value(activations[-1], y))
        rights.append(correct(activations[-1], y))
    return torch.stack(costs).sum(), torch.stack(rights).sum()


def sum_over_processes(gradients: Gradients, size: int) -> int:
    """Replace each gradient by its sum over the processes of torch.distributed; returns the sum of their `size`s."""
    parts = [part for pair in gradients for part in pair]
    flat = torch.cat([part.flatten() for part in parts] + [parts[0].new_tensor([size])])  # one message a mini-batch
    torch.distributed.all_reduce(flat)
    for part, total in zip(parts, flat[:-1].split([part.numel() for part in parts]), strict=True):
        part.copy_(total.view_as(part))
    return int(flat[-1])
