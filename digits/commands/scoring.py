"""Score predictions: compare what is read in labelled pictures with the labels."""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageOps
from torch import nn
from tqdm import tqdm

from digits import mnist
from digits.common.errors import UserError, printable
from digits.common.palette import VERMILION
from digits.handwriting.answer import Answer
from digits.handwriting.picture import open_picture, pictures_in, save
from digits.network import classify

SHEET, COLUMNS = 200, 6  # largest number of misread pictures on a sheet, and pictures per row
TILE = 200, 190  # width and height of a picture on the sheet, in pixels
SEGMENTS = 30  # largest number of segments shown per picture; more would be too small to see
LABEL = "[0-9]+(?:[- ][0-9]+)*"


class Prediction(NamedTuple):
    """A picture (a path or pixels), its label, and the text that was read, or "" and an `error` that says why.

    `segments` are the images (28, 28), 0..1, that the network saw.
    """

    picture: Any
    label: str
    text: str
    segments: list[np.ndarray]
    error: str = ""


def labels_in(folder: Path, spaces: bool = True) -> dict[Path, str]:
    """Return the labels of the pictures in a folder, and in its subfolders whose names are digits.

    Without `spaces`, remove the spaces between the numbers of a line. Raises UserError if no picture has a label.
    """
    pictures = pictures_in(folder)
    labels = {picture: name[1] for picture in pictures if (name := re.match(f"({LABEL})_", picture.name))}
    skipped = len(pictures) - len(labels)
    for inner in sorted(folder.iterdir()):
        if inner.is_dir() and re.fullmatch(LABEL, inner.name):
            labels |= dict.fromkeys(pictures_in(inner), inner.name)
    if not labels:
        raise UserError(f"{folder} has no labelled picture; name pictures like 7_x.png, or folders like 7")
    if skipped:
        print(f"{printable(str(folder))}: skipped {skipped:,} pictures without a label in the name", file=sys.stderr)
    return {picture: label if spaces else label.replace(" ", "") for picture, label in labels.items()}


def read_labelled(folder: str, labels: dict[Path, str], answers: Iterator[Answer]) -> list[Prediction]:
    """Take the next answer for each picture of a folder, and return the predictions."""
    predictions = []
    for picture, label in tqdm(labels.items(), printable(folder), leave=False, unit=" pictures", disable=None):
        answer = next(answers)
        text = answer.text.replace("\n", "-")
        if " " not in label:
            text = text.replace(" ", "")
        segments = [reading.image for line in answer.lines for reading in line.digits_read]
        predictions.append(Prediction(picture, label, text, segments, answer.error))
    return predictions


def read_mnist(network: nn.Module, data_dir: Path | None) -> list[Prediction]:
    """Return the predictions for MNIST's test images, fetching them into `data_dir` if they are missing."""
    mnist.fetch(data_dir)
    images, labels = mnist.load(data_dir, train=False)
    triples = zip(images.numpy(), labels.tolist(), classify(network, images).tolist(), strict=True)
    return [Prediction(255 - x, str(label), str(digit), [x / np.float32(255)]) for x, label, digit in triples]


def print_score(title: str, predictions: list[Prediction], network: str) -> None:
    """Print the share of correct pictures, with its standard error, the network, and the most frequent confusions."""
    wrong = Counter((label, text) for _, label, text, _, _ in predictions if text != label)
    unread = Counter(error for *_, error in predictions if error)
    total, right = len(predictions), len(predictions) - wrong.total()
    share = right / total
    error = (share * (1 - share) / total) ** 0.5
    line = f"{printable(title)}: {right:,} of {total:,} pictures right, {share:.2%} ± {error:.2%}, read by {network}"
    if wrong:
        line += "; " + ", ".join(f"{label}->{text or 'nothing'} x{n}" for (label, text), n in wrong.most_common(3))
    print(line, flush=True)
    for reason, n in unread.most_common():
        print(f"  {n:,} not read: {printable(reason)}", file=sys.stderr)


def write_sheet(predictions: list[Prediction], path: Path) -> None:
    """Save an image of the misread pictures, each with what the network saw, its label, and what was read."""
    misread = [prediction for prediction in predictions if prediction.text != prediction.label]
    (width, height), tiles = TILE, misread[:SHEET]
    sheet = Image.new("RGB", (COLUMNS * width, max(1, -(-len(tiles) // COLUMNS)) * height), "white")
    for place, (picture, label, text, segments, _) in enumerate(tiles):
        left, top = place % COLUMNS * width + 10, place // COLUMNS * height
        with suppress(UserError):  # this picture cannot be opened
            sheet.paste(ImageOps.contain(open_picture(picture)[0], (width - 20, 90)), (left, top))
        if segments:
            strip = Image.fromarray(np.uint8(255 * np.hstack(segments[:SEGMENTS])))
            sheet.paste(ImageOps.contain(strip, (width - 20, 56)), (left, top + 96))
        caption = f"{label} read as {text or 'nothing'}"
        ImageDraw.Draw(sheet).text((left, top + 160), caption, VERMILION, font_size=16)
    save(sheet, path)
    first = f"the first {SHEET} of " if len(misread) > SHEET else ""
    print(f"{printable(str(path))}: {first}{len(misread):,} misread pictures", file=sys.stderr)
