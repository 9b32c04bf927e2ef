"""Pictures of a trained network, for TensorBoard's IMAGES tab and for the figures verb.

Pillow draws them, since matplotlib is optional.
"""

import math
from functools import cache
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor, nn
from torchvision.utils import make_grid

from digits.model import DigitClassifier
from digits.network import linears
from digits.plotting import BLACK, COUNTS, SIGNED, shaded

WIDTH = 700  # pixels; TensorBoard shows every second of them, so nothing may be thinner than two
GREY = "#EEEEEE"
font = cache(ImageFont.load_default)


def confusion_matrix(labels: Tensor, answers: Tensor) -> Tensor:
    """How often digit i was read as digit j, (10, 10) int64, from labels and answers (N,) int64."""
    return torch.bincount(labels * 10 + answers, minlength=100).view(10, 10)


def mistakes(labels: Tensor, activations: Tensor) -> Tensor:
    """Which images are read wrongly, (M,) int64, the largest wrong activation first; of activations (N, 10)."""
    largest, answers = activations.max(1)
    wrong = (answers != labels).nonzero().flatten()
    return wrong[largest[wrong].argsort(descending=True, stable=True)]


def mosaic(tiles: Tensor, columns: int) -> Tensor:
    """Tiles (N, H, W) in rows of `columns` as one float32 picture (H', W'), with lines of nan around each."""
    return make_grid(tiles.float()[:, None], columns, padding=1, pad_value=math.nan)[0]


def sheet(height: int, title: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """An empty picture, WIDTH wide, with a title in its first 56 rows; and what draws on it."""
    picture = Image.new("RGB", (WIDTH, height), "white")
    draw = ImageDraw.Draw(picture)
    write(draw, WIDTH / 2, 28, title, 28)
    return picture, draw


def write(draw: ImageDraw.ImageDraw, x: float, y: float, words: str, size: int = 24, colour: str = BLACK) -> None:
    """Write with the middle of the words at x, y."""
    draw.text((x, y), words, colour, font(size), anchor="mm")


def first_weights(network: nn.Module) -> Image.Image:
    """The weights of the first layer's first 100 neurons to the 28 x 28 pixels: red is positive, blue negative."""
    neurons = linears(network)[0].weight.detach().cpu()
    shown = neurons[:100].view(-1, 28, 28)
    scale = shown.abs().quantile(0.995).item()  # so that a few large ones do not pale the rest
    tiles = shaded((mosaic(shown / scale, math.ceil(math.sqrt(len(shown)))) + 1) / 2, SIGNED)
    zoom = WIDTH // tiles.shape[1]
    tiles = tiles.repeat(zoom, 0).repeat(zoom, 1)
    count = f"{len(neurons)}" if len(neurons) <= 100 else f"100 of {len(neurons):,}"
    title = f"{count} neurons: weights from {-scale:.2g} (blue) to {scale:.2g} (red)"
    picture, _ = sheet(len(tiles) + 66, title)
    picture.paste(Image.fromarray(tiles), ((WIDTH - tiles.shape[1]) // 2, 56))
    return picture


def confusion(labels: Tensor, answers: Tensor) -> Image.Image:
    """The confusion matrix of labels and answers (N,) int64: numbers of images, darker for more mistakes."""
    matrix = confusion_matrix(labels, answers)
    errors = matrix.clone().fill_diagonal_(0)
    shades = errors / errors.max().clamp(min=1)
    colours, right = shaded(shades, COUNTS), matrix.diag() / matrix.sum(1)
    picture, draw = sheet(690, f"{matrix.trace():,} of {len(labels):,} test images are read right")
    left, top, cell = 76, 126, 54
    write(draw, left / 2, 96, "right\ndigit", 22)
    write(draw, left + 5 * cell, 76, "answer")
    write(draw, 658, 96, "share\nright", 22)
    for i in range(10):
        middle = (i + 0.5) * cell
        write(draw, left / 2, top + middle, str(i))
        write(draw, left + middle, 108, str(i))
        write(draw, 658, top + middle, f"{100 * right[i]:.1f} %", 22)
        for j in range(10):
            x, y, count = left + j * cell, top + i * cell, matrix[i, j].item()
            fill = GREY if i == j else tuple(colours[i, j].tolist())
            draw.rectangle((x, y, x + cell - 3, y + cell - 3), fill, None if count else GREY, 2)
            colour = "white" if shades[i, j] > 0.6 else BLACK
            write(draw, x + cell / 2 - 1, y + cell / 2 - 1, str(count or ""), 22, colour)
    return picture


def first_mistakes(images: Tensor, labels: Tensor, activations: Tensor) -> Image.Image:
    """The first 36 `mistakes` on images (N, 28, 28) uint8, each with the network's answer and the right digit."""
    wrong = mistakes(labels, activations)
    shown = wrong[:36].tolist()
    rows = max(1, math.ceil(len(shown) / 6))
    picture, draw = sheet(60 + 126 * rows, f"{len(shown)} of {len(wrong)} mistakes, the surest first")
    for place, index in enumerate(shown):
        x, y = 8 + place % 6 * 116, 60 + place // 6 * 126
        digit = Image.fromarray(255 - images[index].numpy()).resize((84, 84), Image.Resampling.NEAREST)
        picture.paste(digit, (x + 10, y + 30))
        write(draw, x + 52, y + 17, f"said {activations[index].argmax()}, is {labels[index]}", 21)
    return picture


def show(board: Any, model: DigitClassifier, epoch: int, images: Tensor, labels: Tensor) -> None:
    """Add the pictures of `model`, as it was after `epoch`, to a SummaryWriter: on images (N, 28, 28), labels (N,)."""
    pictures = {"weights of the first layer": first_weights(model.network)}
    if model.only_digit is None:
        answers, activations = (tensor.cpu() for tensor in model.predict(images))
        images, labels = images.cpu(), labels.cpu()
        pictures["confusion"] = confusion(labels, answers)
        pictures["mistakes"] = first_mistakes(images, labels, activations)
    for name, picture in pictures.items():
        board.add_image(name, np.asarray(picture), epoch, dataformats="HWC")
