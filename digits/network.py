"""A feedforward network of sigmoid neurons: layers, inputs, targets, costs, predictions. Imports only PyTorch."""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional


def sigmoid_network(layer_sizes: list[int], init: str = "scaled", seed: int = 0) -> nn.Sequential:
    """Return Linear and Sigmoid layers of the given sizes, such as [784, 30, 10]. `seed` alone decides their weights.

    `scaled`: weights have the standard deviation 1 / sqrt(inputs of the neuron), and twice that in the first layer,
    where most inputs are 0. Biases are 0. So the weighted input z of a neuron starts near 0, where a sigmoid learns
    fastest. (The book's chapter 3 draws biases from N(0, 1) and has no factor 2: validation is slightly less accurate.)

    `gaussian`: weights and biases are drawn from N(0, 1), as in chapter 1. Many neurons start saturated, and some never
    recover: output neurons rarely with 30 hidden neurons, but usually with 100.
    """
    with torch.random.fork_rng(devices=[]):  # nn.Linear draws weights, too: preserve the caller's state
        layers = [layer for m, n in pairwise(layer_sizes) for layer in (nn.Linear(m, n), nn.Sigmoid())]
    network, generator = nn.Sequential(*layers), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for number, layer in enumerate(linears(network)):
            if init == "scaled":
                layer.weight.normal_(0, (2 if number == 0 else 1) * layer.in_features**-0.5, generator=generator)
                layer.bias.zero_()
            elif init == "gaussian":
                layer.weight.normal_(0, 1, generator=generator)
                layer.bias.normal_(0, 1, generator=generator)
            else:
                raise ValueError(f"init must be scaled or gaussian, not {init}")
    return network


def linears(network: nn.Module) -> list[nn.Linear]:
    """Return the Linear layers, in order."""
    return [module for module in network.modules() if isinstance(module, nn.Linear)]


def weights_and_biases(network: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    """Return the weights (outputs, inputs) and biases (outputs,) of each layer. Changing them changes the network."""
    layers = linears(network)
    return [layer.weight.data for layer in layers], [layer.bias.data for layer in layers]


def is_sigmoid(network: nn.Module) -> bool:
    """Whether a network is a sequence of Linear and Sigmoid layers, like those of `sigmoid_network`."""
    kinds = [type(module) for module in network.children()]
    return type(network) is nn.Sequential and kinds == [nn.Linear, nn.Sigmoid] * (len(kinds) // 2)


def sizes(network: nn.Module) -> list[int]:
    """Return the neurons in each layer, inputs first, such as [784, 100, 10]; [] if there is no Linear layer."""
    layers = linears(network)
    return [layer.in_features for layer in layers[:1]] + [layer.out_features for layer in layers]


def inputs(images: Tensor, like: Tensor) -> Tensor:
    """Flatten images (N, H, W) or (N, 1, H, W), uint8 or float 0..1, to inputs (N, H * W) like `like`.

    The result has the dtype and the device of `like`. Raises ValueError for any other dtype of images.
    """
    x = images.to(like.device).flatten(1)
    if x.dtype == torch.uint8:
        return x.to(like.dtype).div_(255)
    if not x.is_floating_point():
        raise ValueError(f"expected images of dtype uint8 (0..255) or float (0..1), got {x.dtype}")
    return x.to(like.dtype)


def one_hot(labels: Tensor) -> Tensor:
    """Return the desired outputs (..., 10) float32 for digits (...), any integers: 1 for the digit's neuron, else 0."""
    return functional.one_hot(labels.long(), 10).float()


def quadratic_cost(a: Tensor, y: Tensor) -> Tensor:
    """Return the sum over a mini-batch of the book's C_x = 1/2 ||y - a||^2 (equation 6 is the mean).

    `nn.MSELoss` has no 1/2 and also averages over the outputs. With it, ten outputs would learn 5 times slower.
    """
    return (a - y).square().sum() / 2


def cross_entropy(a: Tensor, y: Tensor) -> Tensor:
    """Return the sum over a mini-batch of the book's -sum(y ln a + (1 - y) ln(1 - a)), each ln at least -100."""
    # binary_cross_entropy asserts on NaN, which leaves a GPU unusable. Replace NaN; 0 * a.sum() brings it back.
    return functional.binary_cross_entropy(a.nan_to_num(0.5), y, reduction="sum") + 0 * a.sum()


class Cost(NamedTuple):
    """A cost, as functions of the outputs `a` and the desired outputs `y`, both (B, outputs).

    `value` is the cost, summed over the mini-batch. `delta` is dC/dz, its derivative with respect to the weighted input
    of each output neuron, which is the error in BP1. A NaN output makes both NaN.
    """

    value: Callable[[Tensor, Tensor], Tensor]
    delta: Callable[[Tensor, Tensor], Tensor]


def quadratic_delta(a: Tensor, y: Tensor) -> Tensor:
    """Return (a - y) sigma'(z), where the derivative of the sigmoid is sigma'(z) = a (1 - a)."""
    return (a - y) * (a * (1 - a))


def cross_entropy_delta(a: Tensor, y: Tensor) -> Tensor:
    """Return a - y: sigma'(z) cancels, so a neuron that is saturated and wrong still learns fast."""
    return a - y


QUADRATIC = Cost(quadratic_cost, quadratic_delta)  # functions with names, because lambdas cannot be pickled
CROSS_ENTROPY = Cost(cross_entropy, cross_entropy_delta)
COSTS: dict[str, Cost] = {"quadratic": QUADRATIC, "cross_entropy": CROSS_ENTROPY}


def predictions(a: Tensor) -> Tensor:
    """Return the index (...) int64 of the largest of outputs (..., outputs), or whether a single output is > 0.5."""
    return a.argmax(-1) if a.shape[-1] > 1 else a.squeeze(-1) > 0.5


def classify(network: nn.Module, images: Tensor) -> Tensor:
    """Return the `predictions` of a network for images (N, H, W), uint8 or float 0..1."""
    return predictions(network(inputs(images, like=next(network.parameters()))))


def correct(a: Tensor, y: Tensor) -> Tensor:
    """Count the correct predictions `a` (N, outputs). Where a row of `y` is all 0, no output may be > 0.5."""
    return torch.where(y.any(-1), predictions(a) == predictions(y), (a <= 0.5).all(-1)).sum()
