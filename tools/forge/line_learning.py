"""Train the line network: `python -m tools.forge.line_learning` writes line.npz.

In each mini-batch, nearly half of the strips come from synthetic scenes, as the eye sees them. composed.py draws the
others. The cost has two parts: the cross-entropy at each place, and the negative log-probability of the whole number,
summed over all its alignments with the strip (connectionist temporal classification, A. Graves and others, 2006). Batch
normalization (S. Ioffe and C. Szegedy, 2015) brings the weighted inputs of each hidden layer to mean 0 and deviation 1.
Without this, five hidden layers of sigmoid neurons hardly learn. After training, the normalization is folded into the
weights and biases.
"""

import sys
from itertools import chain, pairwise
from typing import Any

import cv2
import numpy as np
import torch
from numpy.random import default_rng
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, ctc_loss
from tqdm import tqdm

from digits.checkpoint.packed import Layers
from digits.common.errors import one_line_errors
from digits.handwriting.line_network import BLANK, BUNDLED, LAYERS, rows_around
from tools.forge.composed import Alphabet, Example, alphabet
from tools.forge.eye_learning import bundle, training_glyphs
from tools.forge.line_batches import BATCH, IGNORED, POOL, Batch, batch, examples, pool, warped
from tools.forge.scenes import Glyphs, scene

SEEDS, SCENES = (201, 202), 7_000  # scenes per seed
STEPS = 40_000  # mini-batches
RATE, WARM = 0.02, 0.1  # highest learning rate, and the share of the steps in which the rate rises to this value
LONGEST = 420  # strips with this many columns or more are left out
UNSURE = 0.3  # weight in the cost of places without a digit, because most places have none
HELD_OUT = 300  # strips, from the last scenes, that are only used to measure the accuracy


def main() -> None:
    """Train the line network on MNIST's 50,000 training images, and replace the bundled network."""
    bundle(learn(training_glyphs()), BUNDLED)


class LineNetwork(nn.Module):
    """The network of `line_network.LAYERS`, with batch normalization. It maps strips (N, 2, ROWS, W) to (N, 11, T)."""

    def __init__(self) -> None:
        super().__init__()
        planes = pairwise([2, *(neurons for neurons, _, _ in LAYERS)])
        self.layers = nn.ModuleList(
            nn.Conv2d(inputs, neurons, reach, step, (rows_around(reach, step), reach[1] // 2))
            for (inputs, neurons), (_, reach, step) in zip(planes, LAYERS, strict=True)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(neurons) for neurons, _, _ in LAYERS[:-1])

    def forward(self, a: Tensor) -> Tensor:
        *hidden, last = self.layers
        # Two measures halve the training time: 16-bit products, and memory in which all values of a place are adjacent.
        a = a.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, self.training):
            for layer, norm in zip(hidden, self.norms, strict=True):
                a = torch.sigmoid(2 * norm(layer(a)))
            return last(a)[:, :, 0].float()

    def folded(self) -> Layers:
        """Return equivalent weights (inputs, n) and biases (n,) of each layer, without batch normalization."""
        layers: list[Any] = [*self.layers]
        norms: list[Any] = [*self.norms]
        scales = [2 * norm.weight / (norm.running_var + norm.eps).sqrt() for norm in norms]
        weights = [layer.weight.flatten(1).T for layer in layers]
        biases = [layer.bias for layer in layers]
        for n, (norm, scale) in enumerate(zip(norms, scales, strict=True)):
            weights[n] = weights[n] * scale
            biases[n] = (biases[n] - norm.running_mean) * scale + 2 * norm.bias
        return [(w.detach().numpy(), b.detach().numpy()) for w, b in zip(weights, biases, strict=True)]


def learn(glyphs: Glyphs, scenes: int = SCENES, steps: int = STEPS) -> Layers:
    """Draw scenes and train the network. On the same machine, the same arguments give the same weights."""
    torch.set_num_threads(1)  # so that the weights do not depend on the number of cores
    cv2.setNumThreads(1)
    strips: list[Example] = []
    for rng in map(default_rng, SEEDS):
        for _ in tqdm(range(scenes), "scenes", disable=None):
            strips += examples(scene(rng, glyphs))
    return trained(alphabet(glyphs), strips, steps).folded()


def trained(alphabet: Alphabet, from_scenes: list[Example], steps: int) -> LineNetwork:
    """Train the network on strips from scenes, and on strips composed of the alphabet."""
    torch.manual_seed(0)
    network, rng = LineNetwork(), default_rng(0)
    full: list[Example] = []
    empty: list[Example] = []
    for strip in from_scenes:
        if strip.width < LONGEST:
            (full if any(glyph.digit for glyph in strip.written) else empty).append(strip)
    full, held_out = full[:-HELD_OUT], full[-HELD_OUT:]
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, pct_start=WARM)
    for step in range(0, steps, POOL):
        strips = pool(rng, alphabet, full, empty)
        network.train()
        for number in rng.permutation(POOL)[: steps - step]:
            cost = cost_of(network, batch([warped(strip, rng) for strip in strips[number * BATCH :][:BATCH]]))
            optimizer.zero_grad()
            cost.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            schedule.step()
        if step // POOL % 20 == 19 or step + POOL >= steps:
            right = share_right(network, held_out)
            print(f"{step + POOL:,} mini-batches: {right:.1%} of numbers right", file=sys.stderr)
    return network.eval()


def cost_of(network: LineNetwork, batch: Batch) -> Tensor:
    """Return the cost of a mini-batch: the mean cross-entropy of a place, plus the mean CTC cost per digit."""
    outputs = network(batch.strips)
    weights = torch.ones(BLANK + 1)
    weights[BLANK] = UNSURE
    at_places = cross_entropy(outputs, batch.targets, weights, ignore_index=IGNORED)
    known = [n for n, number in enumerate(batch.numbers) if number is not None]
    numbers = [batch.numbers[n] or [] for n in known]
    lengths = torch.tensor([*map(len, numbers)])
    digits = torch.tensor([*chain(*numbers)], dtype=torch.long)
    places = torch.tensor([batch.places[n] for n in known])
    likelihoods = outputs[known].log_softmax(1).permute(2, 0, 1)
    along = ctc_loss(likelihoods, digits, places, lengths, BLANK, "none", zero_infinity=True)
    return at_places + (along / (1 + lengths)).mean()


@torch.no_grad()
def share_right(network: LineNetwork, strips: list[Example]) -> float:
    """Return the share of numbers that are read correctly, if the largest output at each place decides."""
    network.eval()
    right = []
    for strip in strips:
        if strip.number is not None:
            outputs = network(batch([strip._replace(planes=strip.planes / np.float32(255))]).strips)[0]
            digits = torch.unique_consecutive(outputs.argmax(0))
            right.append(digits[digits != BLANK].tolist() == strip.number)
    return float(np.mean(right)) if right else 0.0


if __name__ == "__main__":
    with one_line_errors("tools.forge.line_learning"):
        main()
