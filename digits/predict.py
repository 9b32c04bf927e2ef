"""Read digits in pictures: `python -m digits predict`."""

import glob
import sys
from json import dumps
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import ImageDraw
from torch import nn

from digits import UserError
from digits.checkpoint import choose, load_network
from digits.cli import shown
from digits.handwriting import Digit, find_digits
from digits.handwriting.picture import opened, pictures_in, plain, save
from digits.network import sizes
from digits.neurons import binary_layer

NOTHING = 0.05  # if no output is above it, no digit was recognised; it costs 0.2 % of those photos that are read right


class Reading(NamedTuple):
    """The two largest output activations and their digits, bits such as "0100", and the box of `Digit`.

    A detector has one output: `digit` is 1 if its digit is detected, else 0, and there are no bits.
    """

    digit: int
    activation: float
    runner_up: int
    runner_up_activation: float
    bits: str
    box: tuple[int, ...]


def read(network: nn.Module, digits: list[Digit]) -> list[Reading]:
    """What a network of 784 inputs and 10 outputs, or a detector's one, reads in the digits of `find_digits`.

    Raises UserError if none is like a digit.
    """
    activations = network(torch.from_numpy(np.stack([digit.image for digit in digits])).flatten(1))
    if activations.shape[1] == 1:
        activations = torch.cat([1 - activations, activations], 1)
    readings = []
    for digit, a in zip(digits, activations, strict=True):
        (best, next_best), (first, second) = (pair.tolist() for pair in a.topk(2))
        bits = "".join(str(int(bit)) for bit in binary_layer()(a)) if len(a) == 10 else ""
        readings.append(Reading(first, best, second, next_best, bits, digit.box))
    if max(reading.activation for reading in readings) < NOTHING:
        raise UserError("shows nothing like a digit")
    return readings


def predict(
    files: list[str],
    *,
    single: bool = False,
    bits: bool = False,
    show: bool = False,
    json: bool = False,
    annotate: Path | None = None,
) -> None:
    """Read the digits in pictures, a line each, from left to right, with the activation of the least sure one.

    Args:
        files: Pictures, folders, patterns such as scans/*.png, or - for standard input. A checkpoint or the folder of
            a run may come first; by default the newest run in runs/ reads, or the network that comes with digits if
            there is none.
        single: Read the clearest digit of each picture alone, as a detector always does.
        bits: Add the four binary digits that the binary layer makes of the ten output activations.
        show: Draw in the terminal the 28x28 that the network sees.
        json: Print an object a line, for programs.
        annotate: Write the picture with boxes and digits drawn over it.
    """
    network, detected = reader(files)
    if bits and detected is not None:
        raise UserError(f"this network only detects the digit {detected}; --bits needs one that reads all ten")
    names = _pictures(files)
    if annotate and len(names) > 1:
        raise UserError(f"--annotate draws over one picture, and here are {len(names)}")
    if annotate and annotate.exists() and Path(names[0]).exists() and annotate.samefile(names[0]):
        raise UserError("--annotate would overwrite the picture that it reads; name another file")
    failed = False
    for name in names:
        picture = sys.stdin.buffer.read() if name == "-" else name
        try:
            if Path(name).is_dir():
                raise UserError("there is no picture in this folder")
            found = find_digits(picture)
            alone = single or detected is not None
            digits = [max(found, key=lambda digit: digit.clarity)] if alone else found
            readings = read(network, digits)
            if annotate:
                _annotate(picture, readings, annotate)
            if json:
                print(dumps({"file": name, "digits": [reading._asdict() for reading in readings]}))
            else:
                print(f"{shown(name)}: {_said(readings, len(found), bits, detected)}", flush=True)
            if show and not json:
                print("\n".join(_drawing(digit.image) for digit in digits))
        except UserError as error:
            failed = True
            if json:
                print(dumps({"file": name, "error": str(error)}))
            else:
                print(f"{shown(name)}: {error}", file=sys.stderr)
    if failed:
        sys.exit(1)


def reader(words: list[str]) -> tuple[nn.Module, int | None]:
    """The network that reads pictures, and the digit that it detects; None if it reads all ten.

    It is that of the checkpoint or run in the first of the words, which is then taken from them; else see `choose`.
    """
    named = words and (words[0].endswith(".ckpt") or Path(words[0], "best.ckpt").exists())
    saved, path = choose(Path(words.pop(0)) if named else None)
    network, detected = load_network(saved, path), saved["hyper_parameters"].get("only_digit")
    if sizes(network)[0] != 28 * 28:
        raise UserError(f"{path} reads images of another size than 28x28")
    return network, detected


def _pictures(words: list[str]) -> list[str]:
    """The pictures themselves, those in folders, and those of patterns."""
    names = []
    for word in words:
        found = glob.glob(word) if not Path(word).exists() else []
        if Path(word).is_dir():
            found = [str(file) for file in pictures_in(Path(word))]
        names += sorted(found) or [word]
    if not names:
        raise UserError("name a picture, a folder of pictures, or - for standard input")
    return names


def _said(readings: list[Reading], found: int, bits: bool, detected: int | None) -> str:
    """What was read, its activation and the runner-up; of several digits, those of the least sure one."""
    least = min(readings, key=lambda reading: reading.activation)
    sure = f"{least.activation:.2f}, then {least.runner_up} with {least.runner_up_activation:.2f}"
    if len(readings) > 1:
        sure = f"least sure: {least.digit} with {sure}"
    said = f"{''.join(str(reading.digit) for reading in readings)}  ({sure})"
    if detected is not None:
        said = f"{'a' if least.digit else 'no'} {detected}  ({least.activation:.2f})"
    if bits:
        said += "  " + " ".join(reading.bits for reading in readings)
    if found > len(readings):
        said += f"; the clearest of {found} digits"
    return said


def _drawing(image: np.ndarray) -> str:
    """An image (28, 28) 0..1 as 28 lines of text, two characters a pixel."""
    shades = np.array(list(" \u2591\u2592\u2593\u2588"))[(image * 4).round().astype(int)]
    return "\n".join("".join(row) for row in shades.repeat(2, axis=1))


def _annotate(picture: str | bytes, readings: list[Reading], path: Path) -> None:
    """Write the picture, upright, with a box around each digit and what was read above it."""
    image = plain(opened(picture))
    draw = ImageDraw.Draw(image)
    line, size = max(1, max(image.size) // 300), max(10, max(image.size) // 25)
    for reading in readings:
        left, top, right, bottom = reading.box
        draw.rectangle((left - line, top - line, right + line, bottom + line), outline="#d55e00", width=line)
        above = top - 1.3 * size if top > 1.3 * size else bottom + line
        draw.text((left, above), str(reading.digit), "#d55e00", font_size=size)
    save(image, path)
