"""The steps of `digits.backprop` as one compiled loop for one CPU core, which skips the zeros of the images.

Four of five pixels of MNIST are 0. A zero input adds nothing to a weighted input, and its weights have no gradient, so
leaving it out of the first layer, forwards and in the update, is exact and saves most of the arithmetic. What is left
are short loops over the neurons of a layer, which the compiler turns into vector instructions. For them, a layer is
held as `w[i, j]`, the weight from input i to neuron j: the weights of one input lie side by side, the last row holds
the biases, and rows are padded to whole vectors with columns that stay 0.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numba import njit
from torch import Tensor

LANES = 8  # float32 in a vector
ACTIVATION = np.arange(256, dtype=np.float32) / np.float32(255)  # of an input neuron, by the value of its pixel
ONE = np.float32(1)

# Sums may be taken in whatever order suits vector instructions, but it is the same order in every run.
compiled = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})


def sgd_steps(
    weights: Sequence[Tensor], biases: Sequence[Tensor], images: Tensor, labels: Tensor, lr: float
) -> tuple[Tensor, Tensor]:
    """`digits.backprop.sgd_steps` for float32 parameters on the CPU and images (K, B, H, W) uint8."""
    sizes, layers = _pack(weights, biases)
    pixels, buffers = images.flatten(2).numpy(), _buffers(sizes, labels.shape[1])
    result = _sgd_steps(sizes, layers, *buffers, pixels, labels.numpy(), np.float32(lr))
    for w, b, layer in zip(weights, biases, layers, strict=True):
        w.copy_(torch.from_numpy(layer[:-1, : len(b)].T))
        b.copy_(torch.from_numpy(layer[-1, : len(b)]))
    return _tensors(*result)


def evaluate(
    weights: Sequence[Tensor], biases: Sequence[Tensor], images: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor]:
    """`digits.backprop.evaluate` for float32 parameters on the CPU and images (N, H, W) uint8."""
    sizes, layers = _pack(weights, biases)
    return _tensors(*_evaluate(sizes, layers, *_buffers(sizes, 1), images.flatten(1).numpy(), labels.numpy()))


def _pack(weights: Sequence[Tensor], biases: Sequence[Tensor]) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """The sizes of the layers, such as [784, 30, 10], and each layer as the compiled functions hold it."""
    layers = []
    for w, b in zip(weights, biases, strict=True):
        layer = np.zeros((w.shape[1] + 1, -(-len(b) // LANES) * LANES), np.float32)
        layer[:-1, : len(b)] = w.detach().numpy().T
        layer[-1, : len(b)] = b.detach().numpy()
        layers.append(layer)
    return np.array([weights[0].shape[1], *map(len, biases)]), tuple(layers)


def _buffers(sizes: np.ndarray, images: int) -> tuple[np.ndarray, ...]:
    """For each image and layer: index, value and count of its inputs (one more value: the outputs), and its delta."""
    depth, widest = len(sizes) - 1, sizes.max() + LANES
    index = np.broadcast_to(np.arange(widest), (images, depth, widest)).copy()
    value = np.zeros((images, depth + 1, widest), np.float32)
    count = np.broadcast_to(sizes[:-1], (images, depth)).copy()
    delta = np.zeros((images, depth, widest), np.float32)
    return index, value, count, delta


def _tensors(cost: float, right: int) -> tuple[Tensor, Tensor]:
    return torch.tensor(cost, dtype=torch.float32), torch.tensor(right)


# From here on, compiled. The inputs of a layer are `value[i]` at `index[i]`, for the first `count` of each: of an image
# those are the pixels that are not 0, of a layer above it all activations.


@compiled
def _nonzero(pixels, index, value):
    """List the pixels that are not 0; returns how many there are."""
    count = 0
    for p in range(len(pixels)):
        index[count], value[count] = p, ACTIVATION[pixels[p]]
        count += pixels[p] != 0  # without a branch, which would be guessed wrong at every edge of a stroke
    return count


@compiled
def _add_weighted(w, index, value, count, z):
    """z[j] += sum over i of value[i] w[index[i], j]; four inputs at a time, to load and store z less often."""
    i = 0
    while i + 4 <= count:
        v0, v1, v2, v3 = value[i], value[i + 1], value[i + 2], value[i + 3]
        w0, w1, w2, w3 = w[index[i]], w[index[i + 1]], w[index[i + 2]], w[index[i + 3]]
        for j in range(w.shape[1]):
            z[j] += v0 * w0[j] + v1 * w1[j] + v2 * w2[j] + v3 * w3[j]
        i += 4
    while i < count:
        v, row = value[i], w[index[i]]
        for j in range(w.shape[1]):
            z[j] += v * row[j]
        i += 1


@compiled
def _forward(sizes, layers, pixels, index, value, count):
    """Fill in the activations of every layer for one image."""
    count[0] = _nonzero(pixels, index[0], value[0])
    for layer in range(len(layers)):
        w, a = layers[layer], value[layer + 1]
        for j in range(w.shape[1]):
            a[j] = w[-1, j]
        _add_weighted(w, index[layer], value[layer], count[layer], a)
        for j in range(sizes[layer + 1]):
            a[j] = ONE / (ONE + math.exp(-a[j]))


@compiled
def _score(a, outputs, label):
    """Twice the cost of one image, ||y - a||^2, and whether the largest output is the labelled one."""
    cost, largest = np.float32(0), 0
    for j in range(outputs):
        cost += (a[j] - (j == label)) ** 2
        if a[j] > a[largest]:
            largest = j
    return cost, largest == label


@compiled
def _backward(sizes, layers, value, delta, label, step):
    """Fill in `step` times the error delta of every layer for one image."""
    top = len(layers) - 1
    a = value[top + 1]
    for j in range(sizes[top + 1]):
        delta[top, j] = step * (a[j] - np.float32(j == label)) * a[j] * (ONE - a[j])  # BP1
    for layer in range(top, 0, -1):
        w, a = layers[layer], value[layer]
        for i in range(sizes[layer]):
            total = np.float32(0)
            for j in range(w.shape[1]):
                total += w[i, j] * delta[layer, j]
            delta[layer - 1, i] = total * a[i] * (ONE - a[i])  # BP2


@compiled
def _update(w, index, value, count, delta):
    """Take the gradient of one image, times the step, from the weights and biases of a layer."""
    bias = w[-1]
    for j in range(w.shape[1]):
        bias[j] -= delta[j]  # BP3
    for i in range(count):
        v, row = value[i], w[index[i]]
        for j in range(w.shape[1]):
            row[j] -= v * delta[j]  # BP4


@compiled
def _sgd_steps(sizes, layers, index, value, count, delta, images, labels, lr):
    mini_batches, batch_size, _ = images.shape
    step = lr / np.float32(batch_size)
    cost, right = 0.0, 0
    for k in range(mini_batches):
        for b in range(batch_size):
            _forward(sizes, layers, images[k, b], index[b], value[b], count[b])
            _backward(sizes, layers, value[b], delta[b], labels[k, b], step)
            c, r = _score(value[b, -1], sizes[-1], labels[k, b])
            cost, right = cost + c, right + r
        for layer in range(len(layers)):
            for b in range(batch_size):
                _update(layers[layer], index[b, layer], value[b, layer], count[b, layer], delta[b, layer])
    return cost / 2, right


@compiled
def _evaluate(sizes, layers, index, value, count, _, images, labels):
    cost, right = 0.0, 0
    for i in range(len(images)):
        _forward(sizes, layers, images[i], index[0], value[0], count[0])
        c, r = _score(value[0, -1], sizes[-1], labels[i])
        cost, right = cost + c, right + r
    return cost / 2, right
