"""How well pictures are read whose right answers are known: `python -m digits evaluate`."""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import chain
from json import dumps
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageOps
from torch import nn
from tqdm import tqdm

from digits import mnist
from digits.checkpoint.selection import choose_reader
from digits.errors import UserError, printable
from digits.handwriting import Line, number, read
from digits.handwriting.parallel import find_all
from digits.handwriting.picture import check_output, open_picture, pictures_in, save
from digits.network import inputs, linears, predictions

SHEET, COLUMNS = 200, 6  # misread pictures on a sheet at most, and in a row of it
TILE = 200, 190  # width and height of one of them in pixels
SEEN = 30  # images that the network saw of one picture at most; of hundreds, none could be made out


class Answer(NamedTuple):
    """A picture, which is a path or pixels, what it shows, and what was read in it: digits, or "" for nothing."""

    picture: Any
    label: str
    said: str
    seen: list[np.ndarray]  # images (28, 28), 0..1, that the network saw


def evaluate(
    folders: list[str] | None = None,
    *,
    network: str | None = None,
    single: bool = False,
    json: bool = False,
    wrong: Path | None = None,
    data_dir: Path = Path("data"),
) -> None:
    """Say how well pictures are read whose right answers are known, a line for each folder; else MNIST's test images.

    The right answer is the name of a folder in it, as in FOLDER/7/x.png, or what the picture's own name has before its
    first _, as in FOLDER/504192_x.jpg; several lines of digits have a - between them, as in FOLDER/012-345_x.jpg.

    Args:
        folders: Folders of pictures.
        network: A run, a checkpoint, or bundled; by default the newest run in runs/, else the bundled network.
        single: Read the clearest digit of each picture alone. Otherwise every line must be right.
        json: Print an object a folder, for programs.
        wrong: Write a picture of what was misread: the picture, what the network saw, what is right and what was said.
        data_dir: Where the MNIST files are; missing ones are downloaded to it, if no folder is named.
    """
    reader, detected = choose_reader(network)
    if detected is not None:
        raise UserError(f"this network only detects the digit {detected}; evaluate needs one that reads all ten")
    labels = {folder: labels_in(Path(folder)) for folder in folders or []}
    pictures = list(chain.from_iterable(labels.values()))
    if wrong:  # before the long work, so that it is not for nothing
        check_output(wrong, [*pictures, network or ""])
    answers: list[Answer] = []
    with closing(find_all(pictures, single)) as found:
        for folder, known in labels.items():
            of_folder = _read(reader, folder, known, found)
            _say(folder, of_folder, json)
            answers += of_folder
    if not labels:
        answers = _read_mnist(reader, data_dir)
        _say("MNIST's test images", answers, json)
    if len(labels) > 1 and not json:
        _say("all", answers, json)
    if wrong:
        misread = [answer for answer in answers if answer.said != answer.label]
        save(_sheet(misread[:SHEET]), wrong)
        shown = f"the first {SHEET} of " if len(misread) > SHEET else ""
        print(f"{printable(str(wrong))}: {shown}{len(misread):,} misread pictures", file=sys.stderr)


def labels_in(folder: Path) -> dict[Path, str]:
    """The pictures in a folder, and in those folders in it whose names are digits; and what they show.

    Raises UserError if there are none.
    """
    pictures = pictures_in(folder)
    labels = {picture: name[1] for picture in pictures if (name := re.match("([0-9]+(?:-[0-9]+)*)_", picture.name))}
    skipped = len(pictures) - len(labels)
    for inner in sorted(folder.iterdir()):
        if inner.is_dir() and re.fullmatch("[0-9]+(-[0-9]+)*", inner.name):
            labels |= dict.fromkeys(pictures_in(inner), inner.name)
    if not labels:
        raise UserError(f"{folder} has no picture whose right answer is known, such as 7_x.png or 7/x.png")
    if skipped:
        print(f"{printable(str(folder))}: {skipped:,} passed over, without a right answer in the name", file=sys.stderr)
    return labels


def _read(
    network: nn.Module, title: str, labels: dict[Path, str], found: Iterator[list[Line] | UserError]
) -> list[Answer]:
    """Read the lines that are found in pictures; say on standard error why none are read."""
    answers = []
    bar = tqdm(labels.items(), printable(title), leave=False, unit=" pictures", disable=None)  # None: unless a terminal
    for picture, label in bar:
        lines, readings = next(found), []
        try:
            if isinstance(lines, UserError):
                raise lines
            readings = read(network, lines)
        except UserError as error:
            tqdm.write(f"{printable(str(picture))}: {error}", file=sys.stderr)
        seen = [reading.image for line in readings for reading in line if reading.digit is not None]
        answers.append(Answer(picture, label, "-".join(map(number, readings)), seen))
    return answers


def _read_mnist(network: nn.Module, data_dir: Path) -> list[Answer]:
    mnist.fetch(data_dir)
    images, labels = mnist.load(data_dir, train=False)
    said = predictions(network(inputs(images, like=linears(network)[0].weight)))
    facts = zip(images.numpy(), labels.tolist(), said.tolist(), strict=True)
    return [Answer(255 - image, str(label), str(digit), [image / np.float32(255)]) for image, label, digit in facts]


def _say(title: str, answers: list[Answer], json: bool) -> None:
    """Print how many pictures are right, with the standard error of their share, and the most frequent confusions."""
    wrong = Counter((answer.label, answer.said) for answer in answers if answer.said != answer.label)
    total = len(answers)
    right = total - wrong.total()
    share = right / total
    error = (share * (1 - share) / total) ** 0.5
    if json:
        confusions = [{"is": label, "said": said, "pictures": n} for (label, said), n in wrong.most_common(3)]
        facts = {"folder": title, "pictures": total, "right": right, "share": share, "standard_error": error}
        print(dumps(facts | {"confusions": confusions}), flush=True)
        return
    line = f"{printable(title)}: {right:,} of {total:,} pictures right, {share:.2%} ± {error:.2%}"
    if wrong:
        line += "; " + ", ".join(f"{label}->{said or 'nothing'} x{n}" for (label, said), n in wrong.most_common(3))
    print(line, flush=True)


def _sheet(misread: list[Answer]) -> Image.Image:
    """The pictures, under each what the network saw, what is right, and what was said."""
    width, height = TILE
    sheet = Image.new("RGB", (COLUMNS * width, max(1, -(-len(misread) // COLUMNS)) * height), "white")
    for place, answer in enumerate(misread):
        left, top = place % COLUMNS * width + 10, place // COLUMNS * height
        with suppress(UserError):  # it cannot be read
            sheet.paste(ImageOps.contain(open_picture(answer.picture)[0], (width - 20, 90)), (left, top))
        if answer.seen:
            seen = Image.fromarray(np.uint8(255 * np.hstack(answer.seen[:SEEN])))
            sheet.paste(ImageOps.contain(seen, (width - 20, 56)), (left, top + 96))
        said = f"is {answer.label}, said {answer.said or 'nothing'}"
        ImageDraw.Draw(sheet).text((left, top + 160), said, "#d55e00", font_size=16)
    return sheet
