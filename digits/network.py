"""A feedforward network of sigmoid neurons: layers, inputs, targets, costs, predictions. Imports only PyTorch."""

from collections.abc import Callable, Sequence
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
    recover.
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


def merged(networks: Sequence[nn.Module]) -> nn.Sequential:
    """Merge networks of the same layer sizes into a network that averages the weighted inputs of their output neurons.

    The hidden layers stand side by side, with weights of 0 between neurons of different networks.
    """
    layers: list[nn.Module] = []
    for parallel in zip(*map(linears, networks), strict=True):
        weights = [layer.weight.detach() for layer in parallel]
        weight = torch.block_diag(*weights) if layers else torch.cat(weights)  # the first layers share their inputs
        bias = torch.cat([layer.bias.detach() for layer in parallel])
        if len(layers) + 2 == 2 * len(linears(networks[0])):  # the output layer
            weight, bias = (x.unflatten(0, (len(parallel), -1)).mean(0) for x in (weight, bias))
        linear = nn.Linear(weight.shape[1], weight.shape[0], device="meta")  # on "meta", no weights are drawn
        linear.weight, linear.bias = nn.Parameter(weight), nn.Parameter(bias)
        layers += [linear, nn.Sigmoid()]
    return nn.Sequential(*layers)


def linears(network: nn.Module) -> list[nn.Linear]:
    """Return the Linear layers, in order."""
    return [module for module in network.modules() if isinstance(module, nn.Linear)]


def weights_and_biases(network: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    """Return the weights (outputs, inputs) and biases (outputs,) of each layer. Changing them changes the network."""
    layers = linears(network)
    return [layer.weight.data for layer in layers], [layer.bias.data for layer in layers]


def sizes(network: nn.Module) -> list[int]:
    """Return the neurons in each layer, inputs first, such as [784, 100, 10]; [] if there is no Linear layer."""
    layers = linears(network)
    return [layer.in_features for layer in layers[:1]] + [layer.out_features for layer in layers]


def inputs(images: Tensor, like: Tensor) -> Tensor:
    """Flatten images (..., H, W), uint8 or float 0..1, to inputs (..., H * W) of the dtype and device of `like`."""
    x = images.to(like.device).flatten(-2)
    return x.to(like.dtype).div_(255) if x.dtype == torch.uint8 else x.to(like.dtype)


def one_hot(labels: Tensor) -> Tensor:
    """Return the desired outputs (..., 10) float32 for digits (...) int64: 1 for the neuron of the digit, else 0."""
    return functional.one_hot(labels, 10).float()


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


# The derivative of the sigmoid is a (1 - a). It cancels in the cross-entropy's delta, so a neuron that is saturated and
# wrong still learns fast.
QUADRATIC = Cost(quadratic_cost, lambda a, y: (a - y) * (a * (1 - a)))
CROSS_ENTROPY = Cost(cross_entropy, lambda a, y: a - y)
COSTS: dict[str, Cost] = {"quadratic": QUADRATIC, "cross_entropy": CROSS_ENTROPY}


def predictions(a: Tensor) -> Tensor:
    """Return the index (...) int64 of the largest of outputs (..., outputs), or whether a single output is > 0.5."""
    return a.argmax(-1) if a.shape[-1] > 1 else a.squeeze(-1) > 0.5


def correct(a: Tensor, y: Tensor) -> Tensor:
    """Count the correct predictions `a` (N, outputs). Where a row of `y` is all 0, no output may be > 0.5."""
    return torch.where(y.any(-1), predictions(a) == predictions(y), (a <= 0.5).all(-1)).sum()
