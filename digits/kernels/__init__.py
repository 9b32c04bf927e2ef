"""Kernels: ways to train a network, the textbook's and faster ones that give its numbers where they apply."""

from collections.abc import Callable
from itertools import chain
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from digits import backprop
from digits.common.errors import UserError
from digits.kernels.optim import is_plain_sgd
from digits.network import COSTS, CROSS_ENTROPY, QUADRATIC, correct, inputs, linears, weights_and_biases

COMPILED = QUADRATIC, CROSS_ENTROPY  # the costs that cpu.py is written for
Tally = tuple[Tensor, Tensor]  # cost, summed, and the number of right predictions


class Job(NamedTuple):
    """What is to be trained or, without an optimizer, evaluated."""

    model: Any  # a DigitClassifier: it has a `network` and a `cost`, and says whether it is `only_sigmoid`
    images: Tensor  # (N, H, W), uint8 or float 0..1
    targets: Tensor  # (N, outputs) float, 0 or 1
    chosen: Tensor  # int64 indices into them: (K, B) for K mini-batches to train on, (n,) to evaluate
    optimizer: Optimizer | None = None
    processes: int = 1  # each trains on its part of every mini-batch

    @property
    def lr_and_decay(self) -> tuple[float, float]:
        """The learning rate, and lambda / n of L2, of an optimizer that is `optim.plain_sgd`."""
        assert self.optimizer is not None
        group = self.optimizer.param_groups[0]  # the weights; the biases have the same rate and no decay
        return group["lr"], group["weight_decay"]


class Kernel(NamedTuple):
    """One way to train and to evaluate.

    `unsupported` says why it does not suit a job, or None. `train` takes a step of SGD for each mini-batch, `evaluate`
    looks at all that are chosen.
    """

    name: str
    unsupported: Callable[[Job], str | None]
    train: Callable[[Job], Tally]
    evaluate: Callable[[Job], Tally]


def choose(wanted: str, job: Job) -> Kernel:
    """The fastest kernel that suits a job, or the wanted one. Raises UserError if that does not suit it."""
    reasons = {name: kernel.unsupported(job) for name, kernel in KERNELS.items()}
    if wanted == "auto":
        wanted = next((name for name, reason in reasons.items() if not reason), "torch")
    if wanted not in KERNELS:
        raise UserError(f"--kernel must be auto, {', '.join(KERNELS)}, not {wanted}")
    if reasons[wanted]:
        raise UserError(f"--kernel {wanted} cannot train this: {reasons[wanted]}")
    return KERNELS[wanted]


def is_sigmoid(network: nn.Module) -> bool:
    """Whether it is a sequence of Linear and Sigmoid layers, as of `sigmoid_network`."""
    kinds = [type(module) for module in network.children()]
    return type(network) is nn.Sequential and kinds == [nn.Linear, nn.Sigmoid] * (len(kinds) // 2)


def _torch_unsupported(job: Job) -> str | None:
    network = job.model.network
    if not job.model.only_sigmoid:
        return "the model is not a sequence of Linear and Sigmoid layers"
    if any(layer.bias is None for layer in linears(network)):
        return "a layer has no biases"
    if job.optimizer is not None and not is_plain_sgd(job.optimizer, network):
        return "the optimizer is not plain SGD on all weights and biases"
    return None


def _torch_train(job: Job) -> Tally:
    (weights, biases), (lr, decay) = weights_and_biases(job.model), job.lr_and_decay
    if job.processes > 1:
        return _train_together(job, weights, biases, lr, decay)
    return backprop.sgd_steps(weights, biases, job.images, job.targets, job.chosen, lr, job.model.cost, decay)


@torch.no_grad()
def _train_together(job: Job, weights: list[Tensor], biases: list[Tensor], lr: float, decay: float) -> Tally:
    """`backprop.sgd_steps` in several processes, each on its part of every mini-batch, of which it has the tally."""
    chosen = job.chosen.tensor_split(job.processes, dim=1)[torch.distributed.get_rank()]
    outputs, size = [], job.chosen.shape[1]
    for part in chosen:
        x, y = inputs(job.images[part], like=weights[0]), job.targets[part]
        activations = backprop.feedforward(weights, biases, x)
        gradients = backprop.backpropagate(weights, activations, job.model.cost.delta(activations[-1], y))
        for gradient in chain.from_iterable(gradients):
            torch.distributed.all_reduce(gradient)  # becomes the sum over the processes
        backprop.descend(weights, biases, gradients, lr / size, lr * decay)
        outputs.append(activations[-1])
    a, y = torch.cat(outputs), job.targets[chosen.flatten()]
    return job.model.cost.value(a, y), correct(a, y)


@torch.no_grad()
def _torch_evaluate(job: Job) -> Tally:
    a = job.model(job.images[job.chosen])
    y = job.targets[job.chosen].to(a)  # also to the device of the network
    return job.model.cost.value(a, y), correct(a, y)


def _numba_unsupported(job: Job) -> str | None:
    if reason := _torch_unsupported(job):
        return reason
    if job.model.cost not in COMPILED:
        return "it is written for the costs " + ", ".join(name for name, cost in COSTS.items() if cost in COMPILED)
    if job.processes > 1:
        return "there is more than one process"
    if elsewhere := {x.device for x in (job.images, *job.model.parameters())} - {torch.device("cpu")}:
        return f"the network or its images are on {elsewhere.pop()}, not on the CPU"
    if job.images.dtype != torch.uint8 or any(p.dtype != torch.float32 for p in job.model.parameters()):
        return "it is written for images of uint8 and a network of float32"
    layers, pixels = linears(job.model.network), job.images.shape[1:].numel()
    if pixels > 2**16:
        return "it numbers pixels in 16 bits: images of up to 256 x 256"
    given = [pixels, *(layer.out_features for layer in layers), len(job.images)]
    if given != [*(layer.in_features for layer in layers), job.targets.shape[1], len(job.targets)]:
        return "images, layers and targets do not fit each other"
    return None


def _numba_train(job: Job) -> Tally:
    from digits.kernels import cpu  # here, since numba takes a while to import

    return cpu.train(job)


def _numba_evaluate(job: Job) -> Tally:
    from digits.kernels import cpu

    return cpu.evaluate(job)


def _autograd_unsupported(job: Job) -> str | None:
    return "there is more than one process" if job.processes > 1 else None


def _autograd_train(job: Job) -> Tally:
    assert job.optimizer is not None
    costs, rights = [], []
    for mini_batch in job.chosen:
        a = job.model(job.images[mini_batch])
        y = job.targets[mini_batch].to(a.dtype)
        cost = job.model.cost.value(a, y)
        job.optimizer.zero_grad()
        (cost / len(mini_batch)).backward()
        job.optimizer.step()
        costs.append(cost.detach())
        rights.append(correct(a, y))
    return torch.stack(costs).sum(), torch.stack(rights).sum()


# Fastest first (`python -m tests.benchmarks.speed crossover`), by the names of `digits.training.settings.KernelName`.
KERNELS = {
    kernel.name: kernel
    for kernel in (
        Kernel("numba", _numba_unsupported, _numba_train, _numba_evaluate),
        Kernel("torch", _torch_unsupported, _torch_train, _torch_evaluate),
        Kernel("autograd", _autograd_unsupported, _autograd_train, _torch_evaluate),
    )
}
