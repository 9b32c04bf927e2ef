"""The number that the chapter opens with, made of touching test images, and the lattice of its segmentations."""

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from digits.handwriting import find_lines
from digits.handwriting.lattice import best_paths
from digits.plots.style import BLUE, VERMILION, figure

NUMBER = 5, 0, 4, 1, 9, 2
ROWS = 7  # of candidates at most
STEP, ENLARGED = 17, 4  # columns from one image of 28x28 to the next; pixels to one of MNIST's


def touching(images: Tensor, labels: Tensor) -> np.ndarray:
    """A picture (H, W) uint8, dark on light, of the first test image of each digit, nearer to the next than MNIST's."""
    strokes = np.zeros((32, STEP * (len(NUMBER) + 1)), np.uint8)
    for place, digit in enumerate(NUMBER):
        here = strokes[2:30, place * STEP : place * STEP + 28]
        np.maximum(here, images[labels == digit][0].numpy(), out=here)
    return 255 - strokes.repeat(ENLARGED, 0).repeat(ENLARGED, 1)


@torch.no_grad()
def segmentation_lattice(network: nn.Module, images: Tensor, labels: Tensor, context: bool) -> Figure:
    """The picture; below it the candidates on the best path, in blue; below these others that are read as digits."""
    picture = touching(images, labels)
    line = find_lines(picture, context=context)[0]  # in one guess of several
    candidates, digits = line.candidates, line.digits
    outputs = network(torch.from_numpy(np.stack([digit.image for digit in digits])).flatten(1)).numpy()
    chosen = [number for number, digit in best_paths(candidates, outputs)[0][0] if digit is not None]
    height, width = picture.shape
    side, placed = 0.08 * width, []
    rows: list[list[float]] = [[] for _ in range(ROWS)]  # where the images in each begin
    others = [number for number, output in enumerate(outputs) if number not in chosen and output.max() > 0.5]
    for number in [*chosen, *sorted(others, key=lambda number: candidates[number].last - candidates[number].first)]:
        left = (digits[number].box[0] + digits[number].box[2] - side) / 2
        for n, row in enumerate(rows):  # the first in which there is room
            if all(abs(left - other) > 1.2 * side for other in row):
                row.append(left)
                placed.append((number, left, height + (1.3 * n + 0.2) * side))
                break
    bottom = height + (1.3 * sum(map(bool, rows)) + 0.1) * side
    fig = figure(7.5 * (bottom - 0.1 * side) / width)
    axes = fig.subplots()
    axes.imshow(picture, cmap="gray", extent=(0, width, height, 0))
    for number, left, top in placed:
        axes.imshow(digits[number].image, cmap="gray_r", extent=(left, left + side, top + side, top))
        colour = BLUE if number in chosen else VERMILION
        said = f"{outputs[number].argmax()}: {outputs[number].max():.2f}"
        axes.text(left + side / 2, top, said, color=colour, fontsize=8, ha="center", va="bottom")
        if number in chosen:
            axes.add_patch(Rectangle((left, top), side, side, fill=False, edgecolor=BLUE, linewidth=2))
    axes.set(xlim=(0, width), ylim=(bottom, 0))
    axes.set_axis_off()
    return fig
