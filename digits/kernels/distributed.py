"""The steps of `digits.backprop` where several processes train together: each has a part of every mini-batch."""

import torch

from digits.backprop import Gradients, backpropagate, descend, feedforward
from digits.kernels.job import Job, Tally
from digits.network import correct, inputs


@torch.no_grad()
def train(job: Job) -> Tally:
    """A step of SGD for each mini-batch, of all processes; cost and right predictions are those of this one's part."""
    (weights, biases), (lr, decay), cost = job.weights_and_biases, job.lr_and_decay, job.model.cost
    outputs = []
    for part in job.chosen:
        x, y = inputs(job.images[part], like=weights[0]), job.targets[part].to(weights[0].dtype)
        activations = feedforward(weights, biases, x)
        gradients = backpropagate(weights, activations, cost.delta(activations[-1], y))
        size = sum_over_processes(gradients, len(x))
        descend(weights, biases, gradients, lr / size, lr * decay)
        outputs.append(activations[-1])
    a, y = torch.cat(outputs), job.targets[job.chosen.flatten()].to(weights[0].dtype)
    return cost.value(a, y), correct(a, y)


def sum_over_processes(gradients: Gradients, size: int) -> int:
    """Replace each gradient by its sum over the processes of torch.distributed; returns the sum of their `size`s."""
    parts = [part for pair in gradients for part in pair]
    flat = torch.cat([part.flatten() for part in parts] + [parts[0].new_tensor([size])])  # one message a mini-batch
    torch.distributed.all_reduce(flat)
    for part, total in zip(parts, flat[:-1].split([part.numel() for part in parts]), strict=True):
        part.copy_(total.view_as(part))
    return int(flat[-1])
