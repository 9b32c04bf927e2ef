"""The number that the chapter opens with, made of touching test images, and the lattice of its segmentations."""

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from digits.handwriting import find_lines
from digits.handwriting.lattice import best_paths
from digits.handwriting.reader import clearest
from digits.plots.style import BLUE, VERMILION, figure

NUMBER = 5, 0, 4, 1, 9, 2
STEP, ENLARGED = 17, 4  # columns from one image of 28x28 to the next; pixels to one of MNIST's


def touching(images: Tensor, labels: Tensor) -> np.ndarray:
    """A picture (H, W) uint8, dark on light, of the first test image of each digit, nearer to the next than MNIST's."""
    strokes = np.zeros((32, STEP * (len(NUMBER) + 1)), np.uint8)
    for place, digit in enumerate(NUMBER):
        here = strokes[2:30, place * STEP : place * STEP + 28]
        np.maximum(here, images[labels == digit][0].numpy(), out=here)
    return 255 - strokes.repeat(ENLARGED, 0).repeat(ENLARGED, 1)


@torch.no_grad()
def segmentation_lattice(network: nn.Module, images: Tensor, labels: Tensor) -> Figure:
    """The picture, and below it every candidate where it stands, with its largest output; the best path is blue."""
    picture = touching(images, labels)
    line = clearest(find_lines(picture))
    candidates, digits = line.candidates, line.digits
    outputs = network(torch.from_numpy(np.stack([digit.image for digit in digits])).flatten(1)).numpy()
    chosen = {number for number, digit in best_paths(candidates, outputs)[0][0] if digit is not None}
    height, width = picture.shape
    side, most = 0.08 * width, max(each.last - each.first for each in candidates)
    bottom = height + (1.3 * 2 * most + 0.1) * side
    fig = figure(7.5 * (bottom - 0.1 * side) / width)
    axes = fig.subplots()
    axes.imshow(picture, cmap="gray", extent=(0, width, height, 0))
    for number, (each, digit, output) in enumerate(zip(candidates, digits, outputs, strict=True)):
        row = 2 * (each.last - each.first) - 2 + each.first % 2  # two for each number of segments: none lies on another
        top, left = height + (1.3 * row + 0.2) * side, (digit.box[0] + digit.box[2] - side) / 2
        axes.imshow(digit.image, cmap="gray_r", extent=(left, left + side, top + side, top))
        colour = BLUE if number in chosen else VERMILION if output.max() > 0.5 else "0.5"
        said = f"{output.argmax()}: {output.max():.2f}"
        axes.text(left + side / 2, top, said, color=colour, fontsize=8, ha="center", va="bottom")
        if number in chosen:
            axes.add_patch(Rectangle((left, top), side, side, fill=False, edgecolor=BLUE, linewidth=2))
    axes.set(xlim=(0, width), ylim=(bottom, 0))
    axes.set_axis_off()
    return fig
