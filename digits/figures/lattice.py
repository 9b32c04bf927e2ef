"""The number that the chapter opens with, made of touching test images, and all the cuts of it that are tried."""

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from digits.handwriting import find_lines
from digits.handwriting.lattice import best_path
from digits.plots.style import BLUE, VERMILION, figure

NUMBER = 5, 0, 4, 1, 9, 2
STEP, ENLARGED = 17, 4  # columns from one image of 28x28 to the next; pixels to one of MNIST's


def touching(images: Tensor, labels: Tensor) -> np.ndarray:
    """A picture (H, W) uint8, dark on light, of the first test image of each digit, nearer to the next than MNIST's."""
    ink = np.zeros((32, STEP * (len(NUMBER) + 1)), np.uint8)
    for place, digit in enumerate(NUMBER):
        here = ink[2:30, place * STEP : place * STEP + 28]
        np.maximum(here, images[labels == digit][0].numpy(), out=here)
    return 255 - ink.repeat(ENLARGED, 0).repeat(ENLARGED, 1)


@torch.no_grad()
def trial_cuts(network: nn.Module, images: Tensor, labels: Tensor) -> Figure:
    """The picture, and below it every trial where it stands, with its largest output; those on the best way in blue."""
    picture = touching(images, labels)
    line = max(find_lines(picture), key=lambda line: len(line.digits))
    outputs = network(torch.from_numpy(np.stack([digit.image for digit in line.digits])).flatten(1)).numpy()
    chosen = {number for number, is_digit in best_path(line.candidates, outputs) if is_digit}
    runs = max(trial.last - trial.first for trial in line.candidates)
    height, width = picture.shape
    rows: list[list[int]] = [[] for _ in range(2 * runs)]  # two for each number of pieces, so that none lies on another
    for number, trial in enumerate(line.candidates):
        rows[2 * (trial.last - trial.first) - 2 + trial.first % 2].append(number)
    side = 0.08 * width
    fig = figure(7.5 * (height + len(rows) * 1.3 * side) / width)
    axes = fig.subplots()
    axes.imshow(picture, cmap="gray", extent=(0, width, height, 0))
    for row, numbers in enumerate(rows):
        top = height + (1.3 * row + 0.2) * side
        for number in numbers:
            left = (line.digits[number].box[0] + line.digits[number].box[2] - side) / 2
            axes.imshow(line.digits[number].image, cmap="gray_r", extent=(left, left + side, top + side, top))
            best = outputs[number].argmax()
            colour = BLUE if number in chosen else VERMILION if outputs[number].max() > 0.5 else "0.5"
            said = f"{best}: {outputs[number].max():.2f}"
            axes.text(left + side / 2, top, said, color=colour, fontsize=8, ha="center", va="bottom")
            if number in chosen:
                axes.add_patch(Rectangle((left, top), side, side, fill=False, edgecolor=BLUE, linewidth=2))
    axes.set(xlim=(0, width), ylim=(height + (1.3 * len(rows) + 0.1) * side, 0))
    axes.set_axis_off()
    return fig
