"""The steps of `digits.backprop` as one compiled loop for one CPU core, which skips pixels that are 0.

Four of five pixels of MNIST are 0. A zero input adds nothing to a weighted input, and its weights have no gradient.
Skipping it in the first layer, in the forward pass and in the update, is exact and saves most of the arithmetic.

The rest is loops over the rows of a matrix. `vectors` keeps up to 104 neurons of a row in registers. Weights are
therefore stored in blocks of columns, (blocks, rows, columns), padded to whole registers with columns that stay 0. In
the first layer, a row belongs to an input pixel and a column to a neuron. In later layers, a row holds the weights of
one neuron: BP2 sums these rows, BP4 adds rows of activations to each row, and only the forward pass needs dot products.

L2 shrinks every weight in every step, even where the input is 0. To avoid touching them all, a weight is `scale` times
the stored number, and only `scale` decays.
"""

import math
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from numba import njit
from numba.core.caching import FunctionCache
from numpy import ndarray as Array
from torch import Tensor

from digits.kernels import Job, Tally, vectors
from digits.kernels.vectors import LANES, LINE, MOST, add_outer, add_products, add_rows, at, prefetch
from digits.network import CROSS_ENTROPY, weights_and_biases

AHEAD = 10  # prefetch distance: the pixels of an image are requested from memory this many images in advance
TOGETHER = 10  # images that are evaluated at once, so that a block of weights is loaded once for all of them
Float = np.float32
ONE, HALF = Float(1), Float(0.5)
WHITE = np.float32(255)  # the pixel value whose activation is 1
LEAST = np.float32(-100)  # logarithms in the cross-entropy are clamped here, as in torch


class Cache(FunctionCache):
    """Keep compiled code in numba's usual folder. If a file is damaged or the disk is full, compile again."""

    def _index_key(self, *of: Any) -> Any:  # numba notices changes of this file, but not of vectors.py
        file = os.stat(vectors.__file__)
        return *super()._index_key(*of), file.st_mtime_ns, file.st_size

    def load_overload(self, *of: Any) -> Any:
        try:
            return super().load_overload(*of)
        except Exception:  # a damaged file may raise anything
            with suppress(OSError):
                self.flush()

    def save_overload(self, *of: Any) -> None:
        with suppress(OSError):
            super().save_overload(*of)


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function when it is first called, and keep the result on disk if there is a folder for it."""
    # Without `fastmath`: with it, LLVM reorders sums wherever it inlines a function, so a process that had just
    # compiled the code and a process that had loaded it from disk gave different bits.
    dispatcher: Any = njit(nogil=True, error_model="numpy")(function)
    with suppress(RuntimeError):  # there is no folder that numba can write to
        dispatcher._cache = Cache(function)
    return dispatcher


class Layers(NamedTuple):
    """A network in the form that the compiled functions use, and its activations and errors."""

    sizes: Array  # layer sizes, such as [784, 30, 10]
    weights: tuple[Array, ...]  # for each layer (blocks, rows, columns)
    biases: Array  # (layers, neurons)
    a: Array  # activations (layers, images in a batch, neurons), padded with zeros
    delta: Array  # errors, of the same shape


class Examples(NamedTuple):
    """Images as lists of nonzero pixels: image n has the pixels `pixel[start[n]:start[n + 1]]` with the values `x`."""

    start: Array
    pixel: Array  # uint16
    x: Array  # uint8, 255 times the activations, so sums over pixels are divided by 255
    targets: Array  # (N, outputs)


def steps(job: Job) -> Tally:
    """Take a step of SGD per mini-batch, for float32 parameters and a known cost."""
    (weights, biases), (lr, decay) = weights_and_biases(job.model), job.lr_and_decay
    net = _layers(weights, biases, job.chosen.shape[1])
    rate = torch.tensor(lr, dtype=torch.float32).numpy()[()]  # a rate beyond float32 becomes infinity without a warning
    entropy = job.model.cost == CROSS_ENTROPY
    *result, scale = _sgd_steps(net, *_examples(job), rate, entropy, 1 - lr * decay)
    for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
        matrix = torch.from_numpy(np.hstack(list(net.weights[layer])))  # padded; transposed in the first layer
        w.copy_(matrix[:, : w.shape[1]] if layer else matrix[:, : w.shape[0]].T).mul_(scale)
        b.copy_(torch.from_numpy(net.biases[layer, : len(b)]))
    return _tensors(*result)


def evaluate(job: Job) -> Tally:
    """Return the sum of the cost and the number of right predictions on the `chosen` (n,) images."""
    net = _layers(*weights_and_biases(job.model), TOGETHER)
    return _tensors(*_evaluate(net, *_examples(job), job.model.cost == CROSS_ENTROPY))


def _examples(job: Job) -> tuple[Examples, Array]:
    """Return the images and the indices of the chosen ones, in order."""
    chosen = job.chosen.contiguous().flatten().numpy()
    if len(chosen) and not 0 <= chosen.min() <= chosen.max() < len(job.images):  # compiled code does not check indices
        raise IndexError(f"images {chosen.min()} to {chosen.max()} were chosen, but there are {len(job.images)}")
    return Examples(*_nonzero(job.images, job.images._version), job.targets.contiguous().numpy()), chosen


def _layers(weights: Sequence[Tensor], biases: Sequence[Tensor], images: int) -> Layers:
    blocks = tuple(_blocks((w if layer else w.T).numpy()) for layer, w in enumerate(weights))
    sizes = np.array([weights[0].shape[1], *map(len, biases)])
    widest = max(-(-sizes[1:].max() // LANES) * LANES, *(len(w) * w.shape[2] for w in blocks))
    padded = _zeros(len(blocks), widest)
    for row, bias in zip(padded, biases, strict=True):
        row[: len(bias)] = bias.numpy()
    a, delta = _zeros(2, len(blocks), images, widest)
    return Layers(sizes, blocks, padded, a, delta)


def _blocks(matrix: Array) -> Array:
    """Split a matrix by columns into as few blocks of equal width as possible: (blocks, rows, columns)."""
    rows, columns = matrix.shape
    count = -(-columns // (MOST * LANES))
    width = -(-columns // (count * LANES)) * LANES
    blocks = _zeros(count, rows, width)
    for block in range(count):
        part = matrix[:, block * width : (block + 1) * width]
        blocks[block, :, : part.shape[1]] = part
    return blocks


def _zeros(*shape: int) -> Array:
    """Return float32 zeros aligned to cache lines, so that no register is loaded from two cache lines."""
    memory = np.zeros(math.prod(shape) + LINE // 4, np.float32)
    first = -memory.ctypes.data % LINE // 4
    return memory[first : first + math.prod(shape)].reshape(shape)


@lru_cache(maxsize=3)  # training, validation and test images
def _nonzero(images: Tensor, version: int) -> tuple[Array, Array, Array]:
    """Return `start`, `pixel` and `x` of `Examples`. `version` invalidates the cache when images change."""
    flat = images.contiguous().flatten(1).numpy()
    room = np.count_nonzero(flat) + 1  # one extra element, which `_list_nonzero` writes but nobody reads
    start, pixel, x = np.empty(len(flat) + 1, np.int64), np.empty(room, np.uint16), np.empty(room, np.uint8)
    _list_nonzero(flat, start, pixel, x)
    return start, pixel, x


def _tensors(cost: float, right: int) -> Tally:
    return torch.tensor(cost, dtype=torch.float32), torch.tensor(right)


# Everything from here on is compiled.


@compiled
def _list_nonzero(images: Array, start: Array, pixel: Array, x: Array) -> None:
    i, size = 0, images.shape[1]
    for n in range(len(images)):
        start[n] = i
        for first in range(0, size, 8):  # most groups of 8 are empty, which one load shows
            ink = np.uint8(first + 8 > size)  # a shorter last group is always searched
            if not ink:
                for p in range(8):
                    ink |= images[n, first + p]
            if ink:
                for p in range(first, min(first + 8, size)):
                    pixel[i], x[i] = p, images[n, p]
                    i += images[n, p] != 0  # no branch: it would be mispredicted at every edge of a stroke
    start[len(images)] = i


@compiled
def _sgd_steps(
    net: Layers, examples: Examples, chosen: Array, lr: Float, entropy: bool, kept: float
) -> tuple[float, int, float]:
    """Return cost, right predictions and the scale of the weights, which each step multiplies by `kept` (L2)."""
    count = net.a.shape[1]
    cost, right, scale = 0.0, 0, 1.0  # scale in float64: one step hardly changes it
    for first in range(0, len(chosen), count):
        batch = chosen[first : first + count]
        _fetch(examples, chosen[first + AHEAD : first + AHEAD + count])
        _forward(net, examples, batch, np.float32(scale))
        c, r = _score(net, examples, batch, entropy)
        cost, right = cost + c, right + r
        _backward(net, examples, batch, np.float32(scale), lr / np.float32(count), entropy)
        scale *= kept
        if abs(scale - 1) > 0.5:  # long before it underflows or overflows
            for w in net.weights:
                w *= np.float32(scale)
            scale = 1.0
        _update(net, examples, batch, np.float32(1 / scale))
    return cost, right, scale


@compiled
def _evaluate(net: Layers, examples: Examples, chosen: Array, entropy: bool) -> tuple[float, int]:
    count = net.a.shape[1]
    cost, right = 0.0, 0
    for first in range(0, len(chosen), count):
        batch = chosen[first : first + count]
        _fetch(examples, chosen[first + AHEAD : first + AHEAD + count])
        _forward(net, examples, batch, ONE)
        c, r = _score(net, examples, batch, entropy)
        cost, right = cost + c, right + r
    return cost, right


@compiled
def _fetch(examples: Examples, batch: Array) -> None:
    """Prefetch the images of a later mini-batch."""
    for n in batch:
        first, last = examples.start[n], examples.start[n + 1]
        prefetch(at(examples.pixel, first), last - first)
        prefetch(at(examples.x, first), last - first)
        prefetch(at(examples.targets, n, 0), examples.targets.shape[1])


@compiled
def _forward(net: Layers, examples: Examples, batch: Array, scale: Float) -> None:
    """Compute the activations of every layer for a mini-batch."""
    start, a = examples.start, net.a
    for layer in range(len(net.weights)):
        w = net.weights[layer]
        width = w.shape[2]
        factor = scale / WHITE if layer == 0 else scale
        a[layer, : len(batch)] = 0
        for block in range(len(w)):
            for b, n in enumerate(batch):
                if layer == 0:
                    pixel, x, sums = at(examples.pixel, start[n]), at(examples.x, start[n]), at(a, 0, b, block * width)
                    add_rows(at(w, block, 0, 0), width, pixel, x, 1, start[n + 1] - start[n], sums, width)
                else:
                    sums, below = at(a, layer, b, 0), at(a, layer - 1, b, block * width)
                    add_products(at(w, block, 0, 0), width, None, sums, 1, w.shape[1], below, width)
        for b in range(len(batch)):  # until here, `a` holds sums without `scale` (and of bytes, in the first layer)
            for j in range(net.sizes[layer + 1]):
                a[layer, b, j] = ONE / (ONE + _exp(-(net.biases[layer, j] + factor * a[layer, b, j])))


@compiled
def _exp(x: Float) -> Float:
    """Return exp(x) within 2 units in the last place: infinity above 88.7, exp(-87) below -87. It is vectorized.

    exp(x) = 2^k exp(r) with |r| <= ln(2) / 2 up to x = 88. The polynomial for exp(r) is from Cephes (S. Moshier, expf).
    """
    x = np.float32(89) if x > np.float32(89) else x
    x = np.float32(-87) if x < np.float32(-87) else x
    k = np.floor(x * np.float32(1.44269504) + HALF)
    k = np.float32(127) if k > np.float32(127) else k  # the largest exponent; beyond it, r grows to infinity
    r = x - k * np.float32(0.693359375) + k * np.float32(2.12194440e-4)  # ln(2) in two parts
    p = np.float32(1.9875691500e-4)
    p = p * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    power = (np.int32(k) + np.int32(127)) << np.int32(23)  # 2^k as the bits of a float32
    return (p * r * r + r + ONE) * np.int32(power).view(np.float32)


@compiled
def _score(net: Layers, examples: Examples, batch: Array, entropy: bool) -> tuple[float, int]:
    """Return the sum of the cost and the number of right predictions, as in `digits.network`. Targets are 0 or 1."""
    a, y, top, outputs = net.a, examples.targets, len(net.a) - 1, examples.targets.shape[1]
    cost, right = 0.0, 0
    for b, n in enumerate(batch):
        largest, any_digit = 0, False
        c: Any = np.float32(0)
        for j in range(outputs):
            if entropy:
                log: Any = math.log(a[top, b, j]) if y[n, j] else math.log1p(-a[top, b, j])
                c -= max(log, LEAST)
            else:
                c += (a[top, b, j] - y[n, j]) ** 2 * HALF
            if a[top, b, j] > a[top, b, largest]:
                largest = j
            any_digit |= y[n, j] > 0
        cost += c
        if outputs == 1 or not any_digit:  # a detector, or a negative example
            right += (a[top, b, largest] > 0.5) == any_digit
        else:
            right += y[n, largest] > 0
    return cost, right


@compiled
def _backward(net: Layers, examples: Examples, batch: Array, scale: Float, step: Float, entropy: bool) -> None:
    """Compute `step` times the error delta of every layer."""
    a, delta, y, top = net.a, net.delta, examples.targets, len(net.a) - 1
    for b, n in enumerate(batch):
        for j in range(net.sizes[top + 1]):
            error = step * (a[top, b, j] - y[n, j])  # BP1
            delta[top, b, j] = error if entropy else error * (a[top, b, j] * (ONE - a[top, b, j]))
    for layer in range(top, 0, -1):
        w = net.weights[layer]
        width = w.shape[2]
        delta[layer - 1, :, : net.sizes[layer]] = 0
        for block in range(len(w)):
            for b in range(len(batch)):
                above, errors = at(delta, layer, b, 0), at(delta, layer - 1, b, block * width)
                add_rows(at(w, block, 0, 0), width, None, above, 1, w.shape[1], errors, width)
        for b in range(len(batch)):
            for i in range(net.sizes[layer]):
                delta[layer - 1, b, i] *= scale * a[layer - 1, b, i] * (ONE - a[layer - 1, b, i])  # BP2


@compiled
def _update(net: Layers, examples: Examples, batch: Array, unscale: Float) -> None:
    """Subtract the gradients, times the step, from weights and biases."""
    start, a, delta, reach = examples.start, net.a, net.delta, net.a.shape[2]
    for layer in range(len(net.weights)):
        factor = -unscale / WHITE if layer == 0 else -unscale
        for b in range(len(batch)):
            for j in range(net.sizes[layer + 1]):
                net.biases[layer, j] -= delta[layer, b, j]  # BP3
                delta[layer, b, j] *= factor  # from here on, the change of the stored weights
        w = net.weights[layer]
        width = w.shape[2]
        for block in range(len(w)):  # BP4
            if layer == 0:
                for b, n in enumerate(batch):
                    pixel, x = at(examples.pixel, start[n]), at(examples.x, start[n])
                    change = at(delta, 0, b, block * width)
                    add_outer(at(w, block, 0, 0), width, pixel, x, 1, start[n + 1] - start[n], change, width)
            else:
                below = at(a, layer - 1, 0, block * width)
                for j in range(w.shape[1]):  # all images at once, while the weights of a neuron are in registers
                    add_rows(below, reach, None, at(delta, layer, 0, j), reach, len(batch), at(w, block, j, 0), width)
