"""Kernels: ways to train a network, the textbook's and faster ones that give its numbers where they apply."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from digits import backprop
from digits.errors import UserError
from digits.network import COSTS, QUADRATIC, Cost, correct, linears, one_hot, weights_and_biases

# On one thread, skipping zeros is faster than dense arithmetic at every size of one hidden layer, also on distorted
# images. From about this many activations in the widest layer of a mini-batch on, a second thread is worth more
# (tests/benchmarks/crossover.py).
DENSE = 40_000

Tally = tuple[Tensor, Tensor]  # cost, summed, and the number of right answers


class Kernel(NamedTuple):
    """One way to train and to evaluate.

    `obstacle` says why it does not apply to a network, a cost, images, an optimizer (None: to evaluate) and a number of
    processes. `steps` takes one step of SGD for each mini-batch of a stack, `evaluate` looks at n images; both get
    the model, with its `cost`, images (N, H, W), labels (N,) that name its output neurons, and which are `chosen`,
    (K, B) or (n,).
    """

    help: str
    obstacle: Callable[[nn.Module, Cost, Tensor, Optimizer | None, int], str | None]
    steps: Callable[[Any, Optimizer, Tensor, Tensor, Tensor], Tally]
    evaluate: Callable[[Any, Tensor, Tensor, Tensor], Tally]


def choose(
    wanted: str,
    network: nn.Module,
    images: Tensor,
    optimizer: Optimizer | None = None,
    batch_size: int = 1,
    processes: int = 1,
    cost: Cost = QUADRATIC,
) -> str:
    """Name of the fastest kernel that applies, or of the wanted one. Raises UserError if that does not apply."""
    obstacles = {name: way.obstacle(network, cost, images, optimizer, processes) for name, way in KERNELS.items()}
    if wanted != "auto":
        if wanted not in KERNELS:
            raise UserError(f"--kernel must be auto, {', '.join(KERNELS)}, not {wanted}")
        if obstacles[wanted]:
            raise UserError(f"--kernel {wanted} cannot train this: {obstacles[wanted]}")
        return wanted
    fastest = next((name for name, obstacle in obstacles.items() if not obstacle), None)
    if fastest is None:
        raise UserError(f"several processes cannot train this: {obstacles['torch']}")
    widest = max((layer.out_features for layer in linears(network)), default=0)
    dense = torch.get_num_threads() > 1 and batch_size * widest > DENSE
    return "torch" if fastest == "numba" and dense else fastest


def plain_sgd(network: nn.Module, lr: float, decay: float = 0.0) -> SGD:
    """The optimizer whose steps all kernels take; weights, not biases, lose `lr * decay` of themselves a step (L2)."""
    if not decay:
        return SGD(network.parameters(), lr)
    weights, biases = ([p for p in network.parameters() if (p.ndim > 1) == wanted] for wanted in (True, False))
    groups: list[dict[str, Any]] = [{"params": weights, "weight_decay": decay}, {"params": biases}]
    return SGD(groups, lr)


def _is_plain_sgd(optimizer: Optimizer, network: nn.Module) -> bool:
    """Whether the optimizer does what that of `plain_sgd` does, and nothing else."""
    if type(optimizer) is not SGD:
        return False
    first = optimizer.param_groups[0]
    groups = plain_sgd(network, first["lr"], first["weight_decay"]).param_groups

    def does(group: dict[str, Any], wanted: dict[str, Any]) -> bool:
        moved = {id(parameter) for parameter in group["params"] if parameter.requires_grad}
        others = wanted.keys() - {"params"}
        return moved == set(map(id, wanted["params"])) and all(group[name] == wanted[name] for name in others)

    return len(optimizer.param_groups) == len(groups) and all(map(does, optimizer.param_groups, groups))


def _numba_obstacle(
    network: nn.Module, cost: Cost, images: Tensor, optimizer: Optimizer | None, processes: int
) -> str | None:
    if obstacle := _torch_obstacle(network, cost, images, optimizer, processes):
        return obstacle
    if cost not in COSTS.values():
        return "it is written for the costs " + ", ".join(COSTS)
    if processes > 1:
        return "there is more than one process"
    if images.device.type != "cpu":
        return f"the network is on {images.device}, not on the CPU"
    if images.dtype != torch.uint8 or any(parameter.dtype != torch.float32 for parameter in network.parameters()):
        return "it is written for images of uint8 and a network of float32"
    if max(images.shape[1:].numel(), *(layer.out_features for layer in linears(network))) > 2**16:
        return "it numbers pixels and neurons in 16 bits: images of up to 256 x 256, layers of up to 65,536"
    if find_spec("numba") is None:
        return "the package numba is missing; pip install numba"
    return None


def _numba_steps(model: Any, optimizer: Optimizer, images: Tensor, labels: Tensor, chosen: Tensor) -> Tally:
    from digits.kernels import cpu  # here, since numba takes a while to import and may be missing

    lr, decay = (optimizer.param_groups[0][name] for name in ("lr", "weight_decay"))
    return cpu.sgd_steps(*weights_and_biases(model), images, labels, chosen, lr, model.cost, decay)


def _numba_evaluate(model: Any, images: Tensor, labels: Tensor, chosen: Tensor) -> Tally:
    from digits.kernels import cpu

    return cpu.evaluate(*weights_and_biases(model), images, labels, chosen, model.cost)


def _torch_obstacle(
    network: nn.Module, cost: Cost, images: Tensor, optimizer: Optimizer | None, processes: int
) -> str | None:
    kinds = [type(module) for module in network.children()]
    if not isinstance(network, nn.Sequential) or kinds != [nn.Linear, nn.Sigmoid] * (len(kinds) // 2):
        return "the network is not a sequence of Linear and Sigmoid layers"
    if any(layer.bias is None for layer in linears(network)):
        return "a layer has no biases"
    if optimizer is not None and not _is_plain_sgd(optimizer, network):
        return "the optimizer is not plain SGD on all weights and biases"
    return None


def _torch_steps(model: Any, optimizer: Optimizer, images: Tensor, labels: Tensor, chosen: Tensor) -> Tally:
    lr, decay = (optimizer.param_groups[0][name] for name in ("lr", "weight_decay"))
    return backprop.sgd_steps(*weights_and_biases(model), images, labels, chosen, lr, model.cost, decay)


def _autograd_obstacle(
    network: nn.Module, cost: Cost, images: Tensor, optimizer: Optimizer | None, processes: int
) -> str | None:
    return "there is more than one process" if processes > 1 else None


def _autograd_steps(model: Any, optimizer: Optimizer, images: Tensor, labels: Tensor, chosen: Tensor) -> Tally:
    costs, rights = [], []
    for mini_batch in chosen:
        a = model(images[mini_batch])
        y = one_hot(labels[mini_batch], a.shape[1], like=a)
        cost = model.cost.value(a, y)
        optimizer.zero_grad()
        (cost / len(mini_batch)).backward()
        optimizer.step()
        costs.append(cost.detach())
        rights.append(correct(a, y))
    return torch.stack(costs).sum(), torch.stack(rights).sum()


def _evaluate(model: Any, images: Tensor, labels: Tensor, chosen: Tensor) -> Tally:
    a = model(images[chosen])
    y = one_hot(labels[chosen], a.shape[1], like=a)
    return model.cost.value(a, y), correct(a, y)


# Fastest first. `--kernel` and its help follow from this table.
KERNELS = {
    "numba": Kernel("compiled for one CPU core", _numba_obstacle, _numba_steps, _numba_evaluate),
    "torch": Kernel("the equations of backpropagation in torch", _torch_obstacle, _torch_steps, _evaluate),
    "autograd": Kernel("any network and optimizer", _autograd_obstacle, _autograd_steps, _evaluate),
}
