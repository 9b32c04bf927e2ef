"""Kernels: implementations of the training steps. Where the faster kernels apply, they compute the same steps."""

from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from digits.backprop import sgd_step
from digits.common.errors import UserError
from digits.model import DigitClassifier, plain_sgd
from digits.network import COSTS, CROSS_ENTROPY, QUADRATIC, correct, inputs, linears, weights_and_biases

with chdir(Path(__file__).parent):  # the working directory may be a stranger's, with a .numba_config.yaml
    from numba.core import config

    config._config_fname = ""  # numba would look for this file again at each compilation

COMPILED = QUADRATIC, CROSS_ENTROPY  # the costs that cpu.py supports
Tally = tuple[Tensor, Tensor]  # sum of the cost and number of right predictions, 0-dimensional: no waiting for a GPU


class Job(NamedTuple):
    """A network and images to train it on or, without an optimizer, to evaluate it on."""

    model: DigitClassifier
    images: Tensor  # (N, H, W), uint8 or float 0..1
    targets: Tensor  # (N, outputs) float, 0 or 1
    chosen: Tensor  # int64 indices of images: (K, B) for K mini-batches to train on, (n,) to evaluate
    optimizer: Optimizer | None = None

    @property
    def lr_and_decay(self) -> tuple[float, float]:
        """Learning rate and weight decay (lambda / n of L2) of the optimizer, which is `plain_sgd`."""
        assert self.optimizer is not None
        group = self.optimizer.param_groups[0]  # the weights; the biases have the same rate and no decay
        return group["lr"], group["weight_decay"]


class Kernel(NamedTuple):
    """One way to train and evaluate a network.

    `unsupported` returns the reason why the kernel cannot do a job, or None. `steps` takes one step of SGD per
    mini-batch. `evaluate` scores the chosen images. Both return the tally; that of `steps` is before each step.
    """

    name: str
    unsupported: Callable[[Job], str | None]
    steps: Callable[[Job], Tally]
    evaluate: Callable[[Job], Tally]


def choose_kernel(wanted: str, job: Job) -> Kernel:
    """Return the wanted kernel, or for `auto` the fastest that supports a job. Raises UserError if it does not."""
    if wanted == "auto":
        return next(kernel for kernel in KERNELS.values() if not kernel.unsupported(job))
    if reason := KERNELS[wanted].unsupported(job):
        raise UserError(f"--kernel {wanted} does not support this training: {reason}")
    return KERNELS[wanted]


def is_plain_sgd(optimizer: Optimizer, network: nn.Module) -> bool:
    """Whether the optimizer is `plain_sgd(network, lr, decay)` for some lr and decay, and trains all parameters."""

    def groups(optimizer: Optimizer) -> list[Any]:
        return [group | {"params": {*group["params"]}, "initial_lr": 0} for group in optimizer.param_groups]

    first = optimizer.param_groups[0]
    plain = type(optimizer) is SGD and groups(optimizer) == groups(
        plain_sgd(network, first["lr"], first["weight_decay"])
    )
    return plain and all(parameter.requires_grad for parameter in network.parameters())


def _torch_unsupported(job: Job) -> str | None:
    network = job.model.network
    if not job.model.only_sigmoid:
        return "the model is not a sequence of Linear and Sigmoid layers"
    if any(layer.bias is None for layer in linears(network)):
        return "a layer has no biases"
    if job.optimizer is not None and not is_plain_sgd(job.optimizer, network):
        return "the optimizer is not plain SGD on all weights and biases"
    return None


def _torch_steps(job: Job) -> Tally:
    """Take an `sgd_step` for each mini-batch, then score all outputs in one call, which is fast on a GPU."""
    (weights, biases), (lr, decay), cost = weights_and_biases(job.model.network), job.lr_and_decay, job.model.cost
    x = inputs(job.images[job.chosen.flatten()], like=weights[0]).unflatten(0, job.chosen.shape)
    y = job.targets[job.chosen].to(weights[0].dtype)
    outputs = [sgd_step(weights, biases, x_k, y_k, lr, cost, decay) for x_k, y_k in zip(x, y, strict=True)]
    a, y = torch.cat(outputs), y.flatten(0, 1)
    return cost.value(a, y), correct(a, y)


@torch.no_grad()
def _torch_evaluate(job: Job) -> Tally:
    a = job.model(job.images[job.chosen])
    y = job.targets[job.chosen].to(a)  # also to the device of the network
    return job.model.cost.value(a, y), correct(a, y)


def _numba_unsupported(job: Job) -> str | None:
    if reason := _torch_unsupported(job):
        return reason
    if job.model.cost not in COMPILED:
        return "it supports only the costs " + ", ".join(name for name, cost in COSTS.items() if cost in COMPILED)
    if elsewhere := {x.device for x in (job.images, *job.model.parameters())} - {torch.device("cpu")}:
        return f"the network or its images are on {elsewhere.pop()}, not on the CPU"
    if job.images.dtype != torch.uint8 or any(p.dtype != torch.float32 for p in job.model.parameters()):
        return "it needs uint8 images and a float32 network"
    layers, pixels = linears(job.model.network), job.images.shape[1:].numel()
    if pixels > 2**16:
        return "it supports images of up to 256 x 256 pixels"
    outputs = [pixels, *(layer.out_features for layer in layers), len(job.images)]
    if outputs != [*(layer.in_features for layer in layers), job.targets.shape[1], len(job.targets)]:
        return "the shapes of images, layers and targets do not match"
    return None


def _compiled() -> Any:
    from digits.kernels import cpu  # numba takes seconds to import

    return cpu


def _autograd_steps(job: Job) -> Tally:
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


# Fastest first, under the names of `digits.common.checks.CHOICES`.
KERNELS = {
    kernel.name: kernel
    for kernel in (
        Kernel("numba", _numba_unsupported, lambda job: _compiled().steps(job), lambda job: _compiled().evaluate(job)),
        Kernel("torch", _torch_unsupported, _torch_steps, _torch_evaluate),
        Kernel("autograd", lambda job: None, _autograd_steps, _torch_evaluate),
    )
}
