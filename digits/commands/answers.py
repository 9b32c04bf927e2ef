"""What was read in pictures whose right answers are known, and how well."""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from json import dumps
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageOps
from torch import nn
from tqdm import tqdm

from digits import mnist
from digits.common.errors import UserError, printable
from digits.handwriting.answer import Answer
from digits.handwriting.lines import Expected
from digits.handwriting.picture import open_picture, pictures_in, save
from digits.network import inputs, linears, predictions

SHEET, COLUMNS = 200, 6  # misread pictures on a sheet at most, and in a row of it
TILE = 200, 190  # width and height of one of them in pixels
SEEN = 30  # images that the network saw of one picture at most; of hundreds, none could be made out
LABEL = "[0-9]+(?:[- ][0-9]+)*"


class Judged(NamedTuple):
    """A picture, which is a path or pixels, what it shows, and what was read in it: digits, or "" for nothing."""

    picture: Any
    label: str
    said: str
    seen: list[np.ndarray]  # images (28, 28), 0..1, that the network saw
    error: str = ""  # why nothing was read


def labels_in(folder: Path, spaces: bool = True) -> dict[Path, str]:
    """The pictures in a folder, and in those folders in it whose names are digits; and what they show, with the
    `spaces` between the numbers of a line or without.

    Raises UserError if there are none.
    """
    pictures = pictures_in(folder)
    labels = {picture: name[1] for picture in pictures if (name := re.match(f"({LABEL})_", picture.name))}
    skipped = len(pictures) - len(labels)
    for inner in sorted(folder.iterdir()):
        if inner.is_dir() and re.fullmatch(LABEL, inner.name):
            labels |= dict.fromkeys(pictures_in(inner), inner.name)
    if not labels:
        raise UserError(f"{folder} has no picture whose right answer is known, such as 7_x.png or 7/x.png")
    if skipped:
        print(f"{printable(str(folder))}: {skipped:,} passed over, without a right answer in the name", file=sys.stderr)
    return {picture: label if spaces else label.replace(" ", "") for picture, label in labels.items()}


def as_long(label: str) -> Expected:
    """Numbers as long as the lines of a right answer are."""
    lengths = [len(line) for line in label.split("-")]
    return Expected(length=(min(lengths), max(lengths)))


def judge(title: str, labels: dict[Path, str], answers: Iterator[Answer], verbose: bool) -> list[Judged]:
    """What is read in pictures, by the next answers; if `verbose`, say on standard error why nothing is."""
    judged = []
    bar = tqdm(labels.items(), printable(title), leave=False, unit=" pictures", disable=None)  # None: unless a terminal
    for picture, label in bar:
        answer = next(answers)
        said = answer.text.replace("\n", "-")
        if " " not in label:
            said = said.replace(" ", "")
        seen = [one.image for line in answer.lines for one in line.digits_read]
        judged.append(Judged(picture, label, said, seen, answer.error))
        if answer.error and verbose:
            tqdm.write(f"{printable(str(picture))}: {answer.error}", file=sys.stderr)
    return judged


def judge_mnist(network: nn.Module, data_dir: Path | None) -> list[Judged]:
    """What is read in MNIST's test images, which are fetched into `data_dir` if they are not there."""
    mnist.fetch(data_dir)
    images, labels = mnist.load(data_dir, train=False)
    said = predictions(network(inputs(images, like=linears(network)[0].weight)))
    facts = zip(images.numpy(), labels.tolist(), said.tolist(), strict=True)
    return [Judged(255 - image, str(label), str(digit), [image / np.float32(255)]) for image, label, digit in facts]


def say(title: str, judged: list[Judged], json: bool) -> None:
    """Print how many pictures are right, with the standard error of their share, and the most frequent confusions."""
    wrong = Counter((one.label, one.said) for one in judged if one.said != one.label)
    unread = Counter(one.error for one in judged if one.error)
    total, right = len(judged), len(judged) - wrong.total()
    share = right / total
    error = (share * (1 - share) / total) ** 0.5
    if json:
        confusions = [{"is": label, "said": said, "pictures": n} for (label, said), n in wrong.most_common(3)]
        facts = {"folder": title, "pictures": total, "right": right, "share": share, "standard_error": error}
        print(dumps(facts | {"confusions": confusions, "unread": unread}), flush=True)
        return
    line = f"{printable(title)}: {right:,} of {total:,} pictures right, {share:.2%} ± {error:.2%}"
    if wrong:
        line += "; " + ", ".join(f"{label}->{said or 'nothing'} x{n}" for (label, said), n in wrong.most_common(3))
    print(line, flush=True)
    for reason, n in unread.most_common():
        print(f"  nothing read in {n:,}: {printable(reason)}", file=sys.stderr)


def write_sheet(judged: list[Judged], path: Path) -> None:
    """Write a picture of what was misread: each picture, what the network saw, what is right, and what was said."""
    misread = [one for one in judged if one.said != one.label]
    (width, height), shown = TILE, misread[:SHEET]
    sheet = Image.new("RGB", (COLUMNS * width, max(1, -(-len(shown) // COLUMNS)) * height), "white")
    for place, one in enumerate(shown):
        left, top = place % COLUMNS * width + 10, place // COLUMNS * height
        with suppress(UserError):  # it cannot be read
            sheet.paste(ImageOps.contain(open_picture(one.picture)[0], (width - 20, 90)), (left, top))
        if one.seen:
            seen = Image.fromarray(np.uint8(255 * np.hstack(one.seen[:SEEN])))
            sheet.paste(ImageOps.contain(seen, (width - 20, 56)), (left, top + 96))
        said = f"is {one.label}, said {one.said or 'nothing'}"
        ImageDraw.Draw(sheet).text((left, top + 160), said, "#d55e00", font_size=16)
    save(sheet, path)
    first = f"the first {SHEET} of " if len(misread) > SHEET else ""
    print(f"{printable(str(path))}: {first}{len(misread):,} misread pictures", file=sys.stderr)
