"""The steps of `digits.backprop` as one compiled loop for one CPU core, which skips the zeros of the images.

Four of five pixels of MNIST are 0. A zero input adds nothing to a weighted input, and its weights have no gradient, so
leaving it out of the first layer, forwards and in the update, is exact and saves most of the arithmetic. What is left
are short loops over the neurons of a layer, which the compiler turns into vector instructions. For them, a layer is
held as `w[i, j]`, the weight from input i to neuron j: the weights of one input lie side by side, the last row holds
the biases, and rows are padded to whole vectors with columns that stay 0.

L2 makes every weight smaller in every step, also where the input is 0. So with L2 a weight is `scale` times the one
that is held: one number decays for all of them. Without L2 `scale` is None, for which a loop without it is compiled.
"""

import math
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
import torch
from numba import njit
from numba.core.caching import FunctionCache
from torch import Tensor

from digits.errors import UserError, printable
from digits.kernels.job import Job, Tally
from digits.network import CROSS_ENTROPY
from digits.settings import cache_folder

LANES = 8  # float32 in a vector
ONE, HALF = np.float32(1), np.float32(0.5)
LEAST = np.float32(-100)  # logarithm in the cross-entropy, as torch has it

# Sums may be taken in whatever order suits vector instructions, but it is the same order in every run.
OPTIONS: Any = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "reassoc", "nsz"}}


class Cache(FunctionCache):
    """What was compiled, on disk. Numba's own raises what is wrong with a file; here it is compiled anew."""

    def load_overload(self, *of: Any) -> Any:
        try:
            return super().load_overload(*of)
        except Exception as error:  # what a damaged file raises may be anything
            with suppress(OSError):
                self.flush()
            _say(f"{self.cache_path} holds no compiled code ({type(error).__name__}); compiling anew")

    def save_overload(self, *of: Any) -> None:
        try:
            super().save_overload(*of)
        except OSError as error:
            _say(f"{self.cache_path} cannot keep compiled code: {error.strerror}")


@cache
def _say(text: str) -> None:  # once, not for each function
    print(printable(text), file=sys.stderr)


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function when it is first called, and keep the result on disk, if there is a folder for it."""
    config: Any = numba.config
    dispatcher = njit(**OPTIONS)(function)
    users = config.CACHE_DIR
    try:
        with suppress(RuntimeError, UserError):
            config.CACHE_DIR = users or str(_folder())
            dispatcher._cache = Cache(function)
    finally:
        config.CACHE_DIR = users
    return dispatcher


def _folder() -> Path:
    """For this version of numba alone: else a process may run what an older one compiled, as another replaces it."""
    here = Path(__file__).parent
    above = here / "__pycache__" if os.access(here, os.W_OK) else cache_folder()
    return above / f"numba-{numba.__version__}"


def train(job: Job) -> Tally:
    """A step of SGD for each mini-batch: `digits.backprop.sgd_steps` for float32 parameters and one of `COSTS`."""
    (weights, biases), (lr, decay) = job.weights_and_biases, job.lr_and_decay
    sizes, layers = _pack(weights, biases)
    buffers = _buffers(sizes, job.chosen.shape[1])
    rate = torch.tensor(lr, dtype=torch.float32).numpy()[()]  # too large a rate becomes infinite, without a warning
    how = rate, job.model.cost is CROSS_ENTROPY, 1 - lr * decay if decay else None
    *result, scale = _sgd_steps(sizes, layers, *buffers, *_examples(job), *how)
    for w, b, layer in zip(weights, biases, layers, strict=True):
        w.copy_(torch.from_numpy(layer[:-1, : len(b)].T)).mul_(scale)
        b.copy_(torch.from_numpy(layer[-1, : len(b)]))
    return _tensors(*result)


def evaluate(job: Job) -> Tally:
    """Cost, summed, and number of right predictions on the `chosen` (n,) of the images."""
    sizes, layers = _pack(*job.weights_and_biases)
    return _tensors(*_evaluate(sizes, layers, *_buffers(sizes, 1), *_examples(job), job.model.cost is CROSS_ENTROPY))


def _examples(job: Job) -> tuple[np.ndarray, ...]:
    return *_nonzero(job.images, job.images._version), job.targets.numpy(), job.chosen.numpy()


def _pack(weights: Sequence[Tensor], biases: Sequence[Tensor]) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """The sizes of the layers, such as [784, 30, 10], and each layer as the compiled functions hold it."""
    layers = []
    for w, b in zip(weights, biases, strict=True):
        layer = np.zeros((w.shape[1] + 1, -(-len(b) // LANES) * LANES), np.float32)
        layer[:-1, : len(b)] = w.detach().numpy().T
        layer[-1, : len(b)] = b.detach().numpy()
        layers.append(layer)
    return np.array([weights[0].shape[1], *map(len, biases)]), tuple(layers)


def _buffers(sizes: np.ndarray, images: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Activations and deltas, each (images, layers, neurons), and the numbers 0, 1, 2... of the neurons of a layer."""
    a, delta = np.zeros((2, images, len(sizes) - 1, sizes[1:].max() + LANES), np.float32)
    return a, delta, np.arange(sizes[1:].max(), dtype=np.uint16)


@lru_cache(maxsize=3)  # training, validation and test images: listed once, used in every epoch
def _nonzero(images: Tensor, version: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pixels that are not 0: image n has pixels `pixel[start[n]:start[n + 1]]`, with activations `x` likewise.

    `version` is torch's own count of changes to the images: changed ones are listed again.
    """
    flat = images.flatten(1).numpy()
    room = np.count_nonzero(flat) + 1  # one more, which `_list_nonzero` writes but nobody reads
    start, pixel, x = np.empty(len(flat) + 1, np.int64), np.empty(room, np.uint16), np.empty(room, np.float32)
    _list_nonzero(flat, start, pixel, x)
    return start, pixel, x


def _tensors(cost: float, right: int) -> Tally:
    return torch.tensor(cost, dtype=torch.float32), torch.tensor(right)


# From here on, compiled; everything but the loops over images is about one image.


@compiled
def _list_nonzero(images, start, pixel, x):
    i = 0
    for n in range(len(images)):
        start[n] = i
        for p in range(images.shape[1]):
            pixel[i], x[i] = p, images[n, p] / np.float32(255)
            i += images[n, p] != 0  # without a branch, which would be guessed wrong at every edge of a stroke
    start[len(images)] = i


@njit
def _times(scale, value):
    """Their product, rounded by itself; a scale of None costs nothing."""
    return value if scale is None else scale * value


@compiled
def _add_weighted(w, index, value, scale, z):
    """z[j] += scale * sum of value[i] w[index[i], j] over i; four inputs at a time, to load and store z less often."""
    i = 0
    while i + 4 <= len(index):
        v0, v1 = _times(scale, value[i]), _times(scale, value[i + 1])
        v2, v3 = _times(scale, value[i + 2]), _times(scale, value[i + 3])
        w0, w1, w2, w3 = w[index[i]], w[index[i + 1]], w[index[i + 2]], w[index[i + 3]]
        for j in range(w.shape[1]):
            z[j] += v0 * w0[j] + v1 * w1[j] + v2 * w2[j] + v3 * w3[j]
        i += 4
    while i < len(index):
        v, row = _times(scale, value[i]), w[index[i]]
        for j in range(w.shape[1]):
            z[j] += v * row[j]
        i += 1


@compiled
def _forward(sizes, layers, scale, pixel, x, neurons, a):
    """Fill in the activations of every layer."""
    index, value = pixel, x
    for layer in range(len(layers)):
        w, z, outputs = layers[layer], a[layer], sizes[layer + 1]
        for j in range(w.shape[1]):
            z[j] = w[-1, j]
        _add_weighted(w, index, value, scale, z)
        for j in range(outputs):
            z[j] = ONE / (ONE + math.exp(-z[j]))
        index, value = neurons[:outputs], z


@compiled
def _score(a, y, entropy):
    """The cost of outputs a for the target y, and whether the prediction is right, as `digits.network` has them."""
    cost, largest, there = np.float32(0), 0, False
    for j in range(len(y)):
        if entropy:
            log: Any = math.log(a[j]) if y[j] else math.log1p(-a[j])
            cost -= max(log, LEAST)
        else:
            cost += (a[j] - y[j]) ** 2 * HALF
        if a[j] > a[largest]:
            largest = j
        there |= y[j] > 0
    if len(y) == 1 or not there:  # a detector, or an image without a digit
        return cost, (a[largest] > 0.5) == there
    return cost, y[largest] > 0


@compiled
def _backward(sizes, layers, scale, a, delta, y, step, entropy):
    """Fill in `step` times the error delta of every layer."""
    top = len(layers) - 1
    for j in range(sizes[top + 1]):
        if entropy:
            delta[top, j] = step * (a[top, j] - y[j])  # BP1
        else:
            delta[top, j] = step * (a[top, j] - y[j]) * a[top, j] * (ONE - a[top, j])  # BP1
    for layer in range(top, 0, -1):
        w, below = layers[layer], a[layer - 1]
        for i in range(sizes[layer]):
            total = np.float32(0)
            for j in range(w.shape[1]):
                total += w[i, j] * delta[layer, j]
            delta[layer - 1, i] = _times(scale, total) * below[i] * (ONE - below[i])  # BP2


@compiled
def _update(w, unscale, index, value, delta):
    """Take the gradient, times the step, from the weights and biases of a layer."""
    bias = w[-1]
    for j in range(w.shape[1]):
        bias[j] -= delta[j]  # BP3
    for i in range(len(index)):
        v, row = _times(unscale, value[i]), w[index[i]]
        for j in range(w.shape[1]):
            row[j] -= v * delta[j]  # BP4


@compiled
def _update_dense(w, bias, unscale, a, delta, layer):
    """The same for a later layer and all images, while the weights of one input are in the fastest cache."""
    for b in range(len(a)):
        step = delta[b, layer]
        for j in range(len(bias)):
            bias[j] -= step[j]  # BP3
    for i in range(len(w)):
        row = w[i]
        for b in range(len(a)):
            v, step = _times(unscale, a[b, layer - 1, i]), delta[b, layer]
            for j in range(len(bias)):
                row[j] -= v * step[j]  # BP4


@compiled
def _sgd_steps(sizes, layers, a, delta, neurons, start, pixel, x, targets, chosen, lr, entropy, kept):
    """Cost, right predictions, and the scale of the weights, which is multiplied by `kept` in every step (L2)."""
    mini_batches, batch_size = chosen.shape
    step = lr / np.float32(batch_size)
    cost, right, exact = 0.0, 0, 1.0  # in float64: many steps hardly change the scale
    y = np.empty(targets.shape[1], np.float32)
    for k in range(mini_batches):
        scale = None if kept is None else np.float32(exact)
        for b in range(batch_size):
            n = chosen[k, b]
            y[:] = targets[n]  # now, while the pixels are on their way from memory, too
            strokes = slice(start[n], start[n + 1])
            _forward(sizes, layers, scale, pixel[strokes], x[strokes], neurons, a[b])
            _backward(sizes, layers, scale, a[b], delta[b], y, step, entropy)
            c, r = _score(a[b, -1], y, entropy)
            cost, right = cost + c, right + r
        if kept is not None:
            exact *= kept
            if abs(exact - 1) > 0.5:  # long before it is 0, or infinite
                for w in layers:
                    w[:-1] *= np.float32(exact)
                exact = 1.0
        unscale = None if kept is None else np.float32(1 / exact)
        for b in range(batch_size):
            strokes = slice(start[chosen[k, b]], start[chosen[k, b] + 1])
            _update(layers[0], unscale, pixel[strokes], x[strokes], delta[b, 0])
        for layer in range(1, len(layers)):
            _update_dense(layers[layer][: sizes[layer]], layers[layer][-1], unscale, a, delta, layer)
    return cost, right, exact


@compiled
def _evaluate(sizes, layers, a, delta, neurons, start, pixel, x, targets, chosen, entropy):
    cost, right = 0.0, 0
    for n in chosen:
        strokes = slice(start[n], start[n + 1])
        _forward(sizes, layers, None, pixel[strokes], x[strokes], neurons, a[0])
        c, r = _score(a[0, -1], targets[n], entropy)
        cost, right = cost + c, right + r
    return cost, right
