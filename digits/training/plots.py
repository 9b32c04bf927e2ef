"""Pictures of a trained network, for TensorBoard and `figures`. Pillow draws them: matplotlib is optional."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageColor, ImageDraw
from torch import Tensor, nn
from torchvision.utils import make_grid

from digits.common.palette import COUNTS, GREY, SIGNED

WIDTH = 700  # pixels; TensorBoard shows every second pixel, so draw nothing thinner than two


def shaded(values: Any, colours: Sequence[str]) -> np.ndarray:
    """Map values (...) from 0 to 1 to RGB (..., 3) uint8, on a scale of evenly spaced colours. NaN is white."""
    at = np.linspace(0, 1, len(colours))
    channels = np.transpose([ImageColor.getrgb(colour) for colour in colours])
    rgb = np.stack([np.interp(values, at, channel) for channel in channels], -1)
    return np.nan_to_num(rgb, nan=255).round().astype(np.uint8)


def mosaic(tiles: Tensor, columns: int) -> Tensor:
    """Arrange tiles (N, H, W) in `columns`. Return a float32 picture (H', W') with a frame of NaN around each tile."""
    return make_grid(tiles.float()[:, None], columns, padding=1, pad_value=math.nan)[0]


def titled(height: int, title: str) -> Image.Image:
    """Return an empty picture, WIDTH wide, with a title in its first 56 rows."""
    picture = Image.new("RGB", (WIDTH, height), "white")
    write(picture, WIDTH / 2, 28, title, 28)
    return picture


def write(picture: Image.Image, x: float, y: float, words: str, size: int = 24, colour: str = "black") -> None:
    """Write words centred at x, y."""
    ImageDraw.Draw(picture).text((x, y), words, colour, anchor="mm", font_size=size)


def first_weights(network: nn.Module) -> Image.Image:
    """Draw the weights of the first layer's first 100 neurons, each neuron as a square of the pixels that it sees.

    Red is positive, blue negative. A neuron of a convolution sees a few pixels, such as 5 x 5.
    """
    neurons = next(parameter for parameter in network.parameters() if parameter.ndim > 1).detach().cpu()
    side = math.isqrt(neurons[0].numel())
    chosen = neurons[:100].view(-1, side, side)
    scale = chosen.abs().quantile(0.995).item()  # so that a few large weights do not make the others pale
    tiles = shaded((mosaic(chosen / scale, math.ceil(math.sqrt(len(chosen)))) + 1) / 2, SIGNED)
    zoom = WIDTH // tiles.shape[1]
    tiles = tiles.repeat(zoom, 0).repeat(zoom, 1)
    count = f"{len(neurons)}" if len(neurons) <= 100 else f"100 of {len(neurons):,}"
    picture = titled(len(tiles) + 66, f"{count} neurons: weights from {-scale:.2g} (blue) to {scale:.2g} (red)")
    picture.paste(Image.fromarray(tiles), ((WIDTH - tiles.shape[1]) // 2, 56))
    return picture


def confusion(labels: Tensor, predicted: Tensor) -> Image.Image:
    """Draw the confusion matrix of labels and predictions (N,) int64: counts of images, darker for more mistakes."""
    matrix = torch.bincount(labels * 10 + predicted, minlength=100).view(10, 10)
    mistakes = matrix.clone().fill_diagonal_(0)
    shades = mistakes / mistakes.max().clamp(min=1)
    colours = shaded(shades, COUNTS)
    picture = titled(690, f"{matrix.trace():,} of {len(labels):,} test images are read correctly")
    draw = ImageDraw.Draw(picture)
    left, top, cell = 76, 126, 54
    write(picture, left / 2, 96, "true\ndigit", 22)
    write(picture, left + 5 * cell, 76, "prediction")
    write(picture, 658, 108, "correct", 22)
    for i in range(10):
        middle = (i + 0.5) * cell
        write(picture, left / 2, top + middle, str(i))
        write(picture, left + middle, 108, str(i))
        write(picture, 658, top + middle, f"{100 * matrix[i, i] / matrix[i].sum():.1f} %", 22)
        for j in range(10):
            x, y, count = left + j * cell, top + i * cell, matrix[i, j].item()
            fill = GREY if i == j else tuple(colours[i, j].tolist())
            draw.rectangle((x, y, x + cell - 3, y + cell - 3), fill, None if count else GREY, 2)
            colour = "white" if shades[i, j] > 0.6 else "black"
            write(picture, x + cell / 2 - 1, y + cell / 2 - 1, str(count or ""), 22, colour)
    return picture


def first_mistakes(images: Tensor, labels: Tensor, activations: Tensor) -> Image.Image:
    """Of the misread images (N, 28, 28) uint8, draw the 36 with the most confident activations (N, 10)."""
    largest, predicted = activations.max(1)
    wrong = (predicted != labels).nonzero().flatten()
    chosen = wrong[largest[wrong].argsort(descending=True, stable=True)][:36].tolist()
    rows = max(1, math.ceil(len(chosen) / 6))
    picture = titled(60 + 126 * rows, f"{len(chosen)} of {len(wrong)} mistakes, the most confident first")
    for place, index in enumerate(chosen):
        x, y = 8 + place % 6 * 116, 60 + place // 6 * 126
        digit = Image.fromarray(255 - images[index].numpy()).resize((84, 84), Image.Resampling.NEAREST)
        picture.paste(digit, (x + 10, y + 30))
        write(picture, x + 52, y + 17, f"said {predicted[index]}, is {labels[index]}", 21)
    return picture
