"""The steps of `digits.backprop`, fused for one device each, and which of all ways to train suits a network."""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from digits import UserError
from digits.network import linears

# numba: kernels/cpu.py; torch: backprop.py; autograd: the textbook way, for any network and optimizer.
Kernel = Literal["auto", "numba", "torch", "autograd"]

# On one thread, skipping zeros is faster than dense arithmetic at every size of one hidden layer, also on distorted
# images. From about this many activations in the widest layer of a mini-batch on, a second thread is worth more
# (tests/benchmarks/crossover.py).
DENSE = 40_000


def choose(
    wanted: Kernel,
    network: nn.Module,
    images: Tensor,
    optimizer: Optimizer | None = None,
    batch_size: int = 1,
    processes: int = 1,
) -> Kernel:
    """The fastest way that gives the numbers of the textbook way for this network and these images, or the wanted one.

    Without an optimizer it is a way to evaluate. Raises UserError if the wanted one does not apply.
    """
    torch_obstacle = _torch_obstacle(network, optimizer)
    obstacles: dict[Kernel, str | None] = {
        "numba": torch_obstacle or _numba_obstacle(network, images),
        "torch": torch_obstacle,
        "autograd": None,
    }
    if processes > 1:  # gradients are averaged by the torch way alone
        obstacles["numba"] = obstacles["numba"] or "there is more than one process"
        obstacles["autograd"] = torch_obstacle or "there is more than one process"
    if wanted != "auto":
        if obstacles[wanted]:
            raise UserError(f"--kernel {wanted} cannot train this: {obstacles[wanted]}")
        return wanted
    fastest = next((kernel for kernel, obstacle in obstacles.items() if not obstacle), None)
    if fastest is None:
        raise UserError(f"several processes cannot train this: {torch_obstacle}")
    widest = max((layer.out_features for layer in linears(network)), default=0)
    dense = torch.get_num_threads() > 1 and batch_size * widest > DENSE
    return "torch" if fastest == "numba" and dense else fastest


def compiled() -> ModuleType:
    """The compiled kernel; imported when first used, since numba takes a while to import and may be missing."""
    return import_module("digits.kernels.cpu")


def _torch_obstacle(network: nn.Module, optimizer: Optimizer | None) -> str | None:
    """Why this project's own equations of backpropagation do not train this network."""
    kinds = [type(module) for module in network.children()]
    if not isinstance(network, nn.Sequential) or kinds != [nn.Linear, nn.Sigmoid] * (len(kinds) // 2):
        return "the network is not a sequence of Linear and Sigmoid layers"
    if optimizer is not None:
        plain = torch.optim.SGD([torch.zeros(1)], lr=0).defaults
        if type(optimizer) is not torch.optim.SGD or {**optimizer.defaults, "lr": 0} != plain:
            return "the optimizer is not plain SGD"
    return None


def _numba_obstacle(network: nn.Module, images: Tensor) -> str | None:
    if images.device.type != "cpu":
        return f"the network is on {images.device}, not on the CPU"
    if images.dtype != torch.uint8 or any(parameter.dtype != torch.float32 for parameter in network.parameters()):
        return "it is written for images of uint8 and a network of float32"
    if images.shape[1:].numel() > 2**16:
        return "it numbers pixels in 16 bits: images of up to 256 x 256"
    if find_spec("numba") is None:
        return "the package numba is missing; pip install numba"
    return None
