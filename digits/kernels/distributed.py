"""The steps of `digits.backprop` where several processes train together: each has a part of every mini-batch."""

import torch

from digits.backprop import Gradients, backpropagate, descend, feedforward
from digits.kernels.job import Job, Tally
from digits.network import correct, inputs, weights_and_biases


@torch.no_grad()
def train(job: Job) -> Tally:
    """A step of SGD for each mini-batch, of all processes; cost and right predictions are those of this one's part."""
    (weights, biases), (lr, decay), cost = weights_and_biases(job.model), job.lr_and_decay, job.model.cost
    chosen = job.chosen.tensor_split(job.processes, dim=1)[torch.distributed.get_rank()]
    outputs, size = [], job.chosen.shape[1]
    for part in chosen:
        x, y = inputs(job.images[part], like=weights[0]), job.targets[part].to(weights[0].dtype)
        activations = feedforward(weights, biases, x)
        gradients = backpropagate(weights, activations, cost.delta(activations[-1], y))
        sum_over_processes(gradients)
        descend(weights, biases, gradients, lr / size, lr * decay)
        outputs.append(activations[-1])
    a, y = torch.cat(outputs), job.targets[chosen.flatten()].to(weights[0].dtype)
    return cost.value(a, y), correct(a, y)


def sum_over_processes(gradients: Gradients) -> None:
    """Replace each gradient by its sum over the processes of torch.distributed."""
    parts = [part for pair in gradients for part in pair]
    flat = torch.cat([part.flatten() for part in parts])  # one message a mini-batch
    torch.distributed.all_reduce(flat)
    for part, total in zip(parts, flat.split([part.numel() for part in parts]), strict=True):
        part.copy_(total.view_as(part))
