"""Pictures of a trained network for TensorBoard's IMAGES tab, made without matplotlib."""

import math
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor, nn

from digits.figures.analysis import confusion_matrix, mistakes
from digits.model import DigitClassifier
from digits.network import linears

CELL = 48  # pixels a side of a number or a digit with its caption


def mosaic(tiles: Tensor, columns: int) -> Tensor:
    """Floating tiles (N, H, W) in rows of `columns` as one picture (H', W'), with lines of nan around each."""
    height, width = tiles.shape[1] + 1, tiles.shape[2] + 1
    whole = torch.full((math.ceil(len(tiles) / columns) * height + 1, columns * width + 1), math.nan)
    for n, tile in enumerate(tiles):
        top, left = n // columns * height + 1, n % columns * width + 1
        whole[top : top + height - 1, left : left + width - 1] = tile
    return whole


def first_weights(network: nn.Module) -> tuple[Tensor, float]:
    """Weights of the first layer's first 100 neurons to the 28 x 28 pixels, side by side, and a scale to show them by.

    Returns:
        A `mosaic` (H, W), and the size that 0.5 % of these weights exceed.
    """
    shown = linears(network)[0].weight[:100].detach().cpu().float()
    return mosaic(shown.view(-1, 28, 28), math.ceil(math.sqrt(len(shown)))), shown.abs().quantile(0.995).item()


def weights(network: nn.Module) -> np.ndarray:
    """The `first_weights` as a picture (H, W, 3) uint8: red is positive, blue negative, white 0."""
    strength, scale = first_weights(network)
    strength = (strength / scale).clamp(-1, 1)
    frame = strength.isnan()
    red, blue = 1 - (-strength).clamp(min=0), 1 - strength.clamp(min=0)
    rgb = torch.stack([red, torch.minimum(red, blue), blue], -1)
    rgb[frame] = 0.6
    return (255 * rgb).round().byte().numpy()


def confusion(labels: Tensor, answers: Tensor) -> np.ndarray:
    """The confusion matrix as a picture (H, W, 3) uint8: rows are right digits, columns answers, darker is oftener."""
    matrix = confusion_matrix(labels, answers)
    errors = matrix.clone().fill_diagonal_(0)
    picture = Image.new("RGB", (11 * CELL, 11 * CELL), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(16)

    def write(cell: tuple[int, int], text: str) -> None:
        draw.text(((cell[0] + 0.5) * CELL, (cell[1] + 0.5) * CELL), text, "black", font, anchor="mm")

    for i in range(10):
        write((0, i + 1), str(i))
        write((i + 1, 0), str(i))
        for j in range(10):
            shade = 255 - round(200 * errors[i, j].item() / max(1, errors.max().item()))
            left, top = (j + 1) * CELL, (i + 1) * CELL
            draw.rectangle((left, top, left + CELL - 1, top + CELL - 1), (shade, shade, 255), "lightgray")
            write((j + 1, i + 1), str(matrix[i, j].item()))
    return np.array(picture)


def wrong_digits(images: Tensor, labels: Tensor, activations: Tensor) -> np.ndarray:
    """The first 60 of the `mistakes` as a picture (H, W, 3) uint8, each above the answer and the right digit."""
    shown = mistakes(labels, activations)[:60].tolist()
    picture = Image.new("RGB", (10 * CELL * 2, max(1, math.ceil(len(shown) / 10)) * CELL * 2), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(14)
    for place, index in enumerate(shown):
        left, top = place % 10 * CELL * 2, place // 10 * CELL * 2
        digit = Image.fromarray(255 - images[index].numpy()).resize((56, 56), Image.Resampling.NEAREST)
        picture.paste(digit, (left + CELL - 28, top + 8))
        caption = f"said {activations[index].argmax()}, is {labels[index]}"
        draw.text((left + CELL, top + 78), caption, "black", font, anchor="mm")
    return np.array(picture)


def show(board: Any, model: DigitClassifier, epoch: int, images: Tensor, labels: Tensor) -> None:
    """Add the pictures of `model`, as it was after `epoch`, to a SummaryWriter: on images (N, 28, 28), labels (N,)."""
    pictures = {"weights of the first layer": weights(model.network)}
    answers, activations = model.predict(images)
    if model.only_digit is None:
        images, labels, answers, activations = (tensor.cpu() for tensor in (images, labels, answers, activations))
        pictures["confusion"] = confusion(labels, answers)
        pictures["mistakes"] = wrong_digits(images, labels, activations)
    for name, picture in pictures.items():
        board.add_image(name, picture, epoch, dataformats="HWC")
