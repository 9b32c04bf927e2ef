"""The steps of `digits.backprop` where several processes train together: each has a part of every mini-batch."""

import torch

from digits.backprop import Gradients, backpropagate, descend, feedforward
from digits.kernels.job import Job, Tally
from digits.network import correct, inputs


@torch.no_grad()
def train(job: Job) -> Tally:
    """A step of SGD for each mini-batch, of all processes; cost and right predictions are those of this one's part."""
    (weights, biases), (lr, decay), cost = job.weights_and_biases, job.lr_and_decay, job.model.cost
    costs, rights, size = [], [], job.chosen.shape[1]
    for part in job.chosen.tensor_split(job.processes, dim=1)[torch.distributed.get_rank()]:
        x, y = inputs(job.images[part], like=weights[0]), job.targets[part].to(weights[0].dtype)
        activations = feedforward(weights, biases, x)
        gradients = backpropagate(weights, activations, cost.delta(activations[-1], y))
        sum_over_processes(gradients)
        descend(weights, biases, gradients, lr / size, lr * decay)
        costs.append(cost.value(activations[-1], y))
        rights.append(correct(activations[-1], y))
    return torch.stack(costs).sum(), torch.stack(rights).sum()


def sum_over_processes(gradients: Gradients) -> None:
    """Replace each gradient by its sum over the processes of torch.distributed."""
    parts = [part for pair in gradients for part in pair]
    flat = torch.cat([part.flatten() for part in parts])  # one message a mini-batch
    torch.distributed.all_reduce(flat)
    for part, total in zip(parts, flat.split([part.numel() for part in parts]), strict=True):
        part.copy_(total.view_as(part))
