"""How the line network learns: `python -m digits.augment.line_learning` trains it, and writes line.npz.

Some of each mini-batch are strips that the eye has seen in synthetic scenes, the others are composed. The network
learns by backpropagation. Its cost is the cross-entropy at each place, plus that of the whole number over all the ways
in which it may lie along the strip: connectionist temporal classification (A. Graves and others, 2006). While it
learns, the weighted inputs of each layer are brought to mean 0 and deviation 1 over the mini-batch (S. Ioffe and C.
Szegedy, "Batch normalization", 2015): without that, so many layers of sigmoid neurons hardly begin to learn. In the end
this becomes part of the weights and biases.
"""

import sys
from itertools import chain
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.random import Generator, default_rng
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, ctc_loss
from tqdm import tqdm

from digits.augment.composed import DIGIT, ROWS, Alphabet, Example, alphabet, composed
from digits.augment.eye_learning import training_glyphs
from digits.augment.scenes import Glyphs, Scene, Written, scene
from digits.checkpoint.packed import Layers, pack, save
from digits.common.errors import one_line_errors
from digits.common.files import write_atomically
from digits.handwriting.eye import see
from digits.handwriting.line_network import BLANK, BUNDLED, LAYERS, STEP, rows_around
from digits.handwriting.lines import enlarged, strips_of

SEEDS, SCENES = (201, 202, 203, 204), 7_000  # scenes of each seed
STEPS, BATCH = 32_000, 32  # mini-batches, and the strips in each
RATE, WARM = 0.02, 0.1  # the learning rate of Adam rises to this during a share of the steps, and then falls
POOL = 16  # mini-batches of strips that are drawn together, to put those of a width into one
SEEN, EMPTY = 0.55, 0.15  # the share of strips that the eye has seen; of these, the share without a digit
OVER, LYING = 0.05, 0.03  # the share of strips that are upside down, and of those that show a digit on its side
NO_DIGIT, NO_DIGIT_LYING = "347", "123478"  # what looks like no digit then; the others do not count
LONGEST = 420  # columns of a strip at most
UNSURE = 0.3  # how much a place without a digit counts, since there are so many
HELD_OUT = 300  # strips of the last scenes train nothing: they tell how many numbers are read right
IGNORED = -100  # a place whose answer does not count


class Batch(NamedTuple):
    """Strips (N, 2, ROWS, W) float32; the answer at each place (N, T) int64; the places of each, and its number.

    The number is None if part of a digit lies beyond the border.
    """

    strips: Tensor
    answers: Tensor
    places: list[int]
    numbers: list[list[int] | None]


def main() -> None:
    """Train the line network on MNIST's 50,000 training images, and put it where the reader finds it."""
    content = save(pack(learn(training_glyphs())))
    write_atomically(BUNDLED, content)
    print(f"{BUNDLED}: {len(content) / 1000:,.0f} kB")


class LineNetwork(nn.Module):
    """The network of `line_network.LAYERS`, with batch normalization: strips (N, 2, ROWS, W) to outputs (N, 11, T)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers, self.norms, inputs = nn.ModuleList(), nn.ModuleList(), 2
        for neurons, reach, step in LAYERS:
            around = rows_around(reach, step), reach[1] // 2
            self.layers.append(nn.Conv2d(inputs, neurons, reach, step, around))
            self.norms.append(nn.BatchNorm2d(neurons))
            inputs = neurons

    def forward(self, a: Tensor) -> Tensor:
        *hidden, last = self.layers
        # Learning takes half the time if products are of 16 bits, and the values of one place are beside each other.
        a = a.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, self.training):
            for layer, norm in zip(hidden, self.norms, strict=False):
                a = torch.sigmoid(2 * norm(layer(a)))
            return last(a)[:, :, 0].float()

    def folded(self) -> Layers:
        """Weights (inputs, n) and biases (n,) of each layer that do the same without batch normalization."""
        layers: list[Any] = [*self.layers]
        norms: list[Any] = [*self.norms]
        last, folded = layers.pop(), []
        with torch.no_grad():
            for layer, norm in zip(layers, norms, strict=False):
                by = 2 * norm.weight / (norm.running_var + norm.eps).sqrt()
                biases = (layer.bias - norm.running_mean) * by + 2 * norm.bias
                folded.append(((layer.weight.flatten(1).T * by).numpy(), biases.numpy()))
            return [*folded, (last.weight.flatten(1).T.numpy(), last.bias.numpy())]


def learn(glyphs: Glyphs, scenes: int = SCENES, steps: int = STEPS) -> Layers:
    """Train the network; the same arguments give the same weights on the same machine."""
    torch.set_num_threads(1)  # so that the weights do not depend on how many cores there are
    cv2.setNumThreads(1)
    found = [strips_seen(glyphs, default_rng(seed), scenes) for seed in SEEDS]
    return trained(alphabet(glyphs), list(chain(*found)), steps).folded()


def strips_seen(glyphs: Glyphs, rng: Generator, scenes: int) -> list[Example]:
    """What the eye sees of the lines of so many scenes."""
    drawn = (scene(rng, glyphs) for _ in tqdm(range(scenes), "scenes", disable=None))
    return [example for one in drawn for example in examples(one)]


def examples(scene: Scene) -> list[Example]:
    """The strips of a scene, and the digits and letters in each; what lies partly beyond a
    border, or is of another line's size, has no height.
    """
    image, found = enlarged(scene.image, cv2.INTER_CUBIC), []
    times = len(image) / len(scene.image)
    for strip in strips_of(see(image), False):
        planes = strip.coarse
        matrix, width = times / 2 * strip.matrix[:, :2], planes.shape[2]
        written = []
        for one in scene.written:
            x, y = matrix @ (one.x, one.y) + strip.matrix[:, 2] / 2
            scale = times / 2 * strip.scale
            part = share_inside(one.x, one.width, scene.image.shape[1]) * share_inside(
                one.y, one.height, len(image) / times
            )
            if part < 0.3 or abs(y - ROWS / 2) > DIGIT / 2 or not 0 < x < width:
                continue
            whole = part > 0.8 and share_inside(x, one.width * scale, width) > 0.8
            usual = 0.4 < one.height * scale / DIGIT < 1.8
            height = one.height * scale if whole and usual else 0.0
            written.append(Written(one.digit, x, y, one.width * scale, height))
        found.append(Example((255 * planes + 0.5).astype(np.uint8), written))
    return found


def share_inside(middle: float, size: float, end: float) -> float:
    """How much of something of a size is between 0 and the end."""
    return max(0.0, min(middle + size / 2, end) - max(middle - size / 2, 0)) / size


def trained(letters: Alphabet, seen: list[Example], steps: int) -> LineNetwork:
    """Train the network on strips that the eye has seen, and on composed ones."""
    torch.manual_seed(0)
    network, rng = LineNetwork(), default_rng(0)
    short = [one for one in seen if one.planes.shape[2] < LONGEST]
    full = [one for one in short if any(each.digit for each in one.written)]
    empty = [one for one in short if not any(each.digit for each in one.written)]
    full, held_out = full[:-HELD_OUT], full[-HELD_OUT:]
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, pct_start=WARM)
    for step in range(0, steps, POOL):
        strips = pool(rng, letters, full, empty)
        network.train()
        for number in rng.permutation(POOL)[: steps - step]:
            cost = cost_of(network, batch([warped(one, rng) for one in strips[number * BATCH :][:BATCH]]))
            optimizer.zero_grad()
            cost.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            schedule.step()
        if step // POOL % 20 == 19 or step + POOL >= steps:
            right = share_right(network, held_out)
            print(f"{step + POOL:,} mini-batches: {right:.1%} of numbers right", file=sys.stderr)
    return network.eval()


def pool(rng: Generator, letters: Alphabet, full: list[Example], empty: list[Example]) -> list[Example]:
    """Strips for POOL mini-batches, about by their widths."""
    count = POOL * BATCH
    blank = int(SEEN * EMPTY * count) if empty else 0
    some = [full[n] for n in rng.integers(0, len(full), int(SEEN * count) - blank)] if full else []
    some += [empty[n] for n in rng.integers(0, len(empty), blank)] if empty else []
    some += [upside_down(composed(rng, letters)) for _ in range(int(OVER * count))]
    some += [lying(composed(rng, letters), rng) for _ in range(int(LYING * count))]
    some += [composed(rng, letters) for _ in range(count - len(some))]
    return sorted(some, key=lambda one: one.planes.shape[2] + rng.uniform(0, 30))


def upside_down(example: Example) -> Example:
    """A strip that is turned by 180 degrees, in which most digits still look like one, and do not count."""
    width = example.planes.shape[2]
    turned = [
        one._replace(digit="", x=width - one.x, height=one.height if one.digit in NO_DIGIT else 0.0)
        for one in example.written
    ]
    return Example(example.planes[:, ::-1, ::-1], turned)


def lying(example: Example, rng: Generator) -> Example:
    """A digit of a strip, on its side."""
    digit, x, y, width, height = example.written[rng.integers(len(example.written))]
    scale, side = min(DIGIT / width, 2.5), rng.choice([-1, 1])
    matrix = scale * np.array([[0, -side, side * ROWS / 2 + ROWS / 2], [side, 0, ROWS / 2 / scale - side * x]])
    size = int(scale * ROWS), ROWS
    planes = np.stack([cv2.warpAffine(plane, matrix, size) for plane in example.planes])
    middle, high = scale * (ROWS / 2 + side * (ROWS / 2 - y)), scale * width if digit in NO_DIGIT_LYING else 0.0
    return Example(planes, [Written("", middle, ROWS / 2, scale * height, high)])


def warped(example: Example, rng: Generator) -> Example:
    """A strip as another pen, hand and light would leave it: scaled, slanted, paler; parts of it unsure."""
    (_, height, width), size = example.planes.shape, rng.uniform(0.85, 1.18)
    wide, slant = size * rng.uniform(0.82, 1.22), rng.normal(0, 0.12)
    down = height / 2 * (1 - size) + rng.normal(0, 1.6)
    matrix = np.array([[wide, slant * wide, -slant * wide * height / 2], [0, size, down]])
    shape = int(width * wide) + 1, height
    dark, sure = (cv2.warpAffine(plane, matrix, shape) / np.float32(255) for plane in example.planes)
    dark = dark * rng.uniform(0.7, 1.2) + rng.uniform(0, 0.05) * rng.standard_normal(dark.shape, np.float32)
    if rng.random() < 0.2:
        sure = sure * rng.uniform(0.3, 1)
    if rng.random() < 0.2:
        start = rng.integers(0, shape[0])
        sure[:, start : start + rng.integers(3, 14)] *= rng.uniform(0, 0.5)
    written = [one._replace(x=one.x * wide, width=one.width * wide) for one in example.written]
    return Example(np.stack([dark, sure]).clip(0, 1.2).astype(np.float32), written)


def batch(examples: list[Example]) -> Batch:
    """A mini-batch, in which shorter strips are empty at their ends."""
    widths = [one.planes.shape[2] for one in examples]
    width = max(*widths, ROWS) + 1 & -2
    strips = np.zeros((len(examples), 2, ROWS, width), np.float32)
    answers = np.full((len(examples), width // STEP), IGNORED)
    places = [(each + 1) // STEP for each in widths]
    for one, strip, own, count in zip(examples, strips, answers, places, strict=True):
        strip[:, :, : one.planes.shape[2]] = one.planes
        own[:count] = answers_along(one.written, count)
    numbers = [
        [int(each.digit) for each in sorted(one.written, key=lambda each: each.x) if each.digit]
        if all(each.height for each in one.written)
        else None
        for one in examples
    ]
    return Batch(torch.from_numpy(strips), torch.from_numpy(answers), places, numbers)


def answers_along(written: list[Written], count: int) -> np.ndarray:
    """The answer at each of the places (count,): a digit at its middle, IGNORED next to that, else BLANK."""
    answers = np.full(count, BLANK)
    for digit, x, _, width, height in written:
        middle, reach = x / STEP, max(0.8, 0.2 * width / STEP)
        first, last = max(0, round(middle - reach)), min(count, round(middle + reach) + 1)
        if not height:
            answers[max(0, int(middle - width / 4 - 1)) : int(middle + width / 4 + 2)] = IGNORED
        elif digit:
            near = answers[max(0, first - 1) : last + 1]
            near[near == BLANK] = IGNORED
            answers[first:last] = int(digit)
    return answers


def cost_of(network: LineNetwork, batch: Batch) -> Tensor:
    """The cross-entropy at the places, plus that of the numbers, per digit."""
    outputs = network(batch.strips)
    weights = torch.ones(BLANK + 1)
    weights[BLANK] = UNSURE
    at_places = cross_entropy(outputs, batch.answers, weights, ignore_index=IGNORED)
    known = [n for n, number in enumerate(batch.numbers) if number is not None]
    numbers = [batch.numbers[n] or [] for n in known]
    lengths = torch.tensor([*map(len, numbers)])
    likelihoods = outputs[known].log_softmax(1).permute(2, 0, 1)
    places = torch.tensor([batch.places[n] for n in known])
    digits = torch.tensor([*chain(*numbers)], dtype=torch.long)
    along = ctc_loss(likelihoods, digits, places, lengths, BLANK, "none", zero_infinity=True)
    return at_places + (along / (1 + lengths)).mean()


@torch.no_grad()
def share_right(network: LineNetwork, examples: list[Example]) -> float:
    """How many numbers are right if at each place the largest output is taken."""
    network.eval()
    right = []
    for one in examples:
        own = batch([Example(one.planes / np.float32(255), one.written)])
        if own.numbers[0] is not None:
            digits, _ = torch.unique_consecutive(network(own.strips)[0].argmax(0), return_inverse=True)
            right.append(digits[digits != BLANK].tolist() == own.numbers[0])
    return float(np.mean(right)) if right else 0.0


if __name__ == "__main__":
    with one_line_errors("digits.augment.line_learning"):
        main()
