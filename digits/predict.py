"""Read digits in pictures: `python -m digits predict`."""

import glob
import sys
from itertools import chain
from json import dumps
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import ImageDraw
from torch import Tensor, nn

from digits.checkpoint.contents import load_network
from digits.checkpoint.selection import choose
from digits.errors import UserError, printable
from digits.handwriting import Digit, Line, alone, find_digit, find_lines
from digits.handwriting.picture import opened, pictures_in, plain, save
from digits.handwriting.segmentation import best_way, sureness
from digits.network import sizes
from digits.neurons import binary_layer

SURE = 0.55  # least `sureness` of a number: a higher one refuses more of what is none, and more real digits


class Reading(NamedTuple):
    """The two largest output activations and their digits, bits such as "0100", and box and image of `Digit`.

    `digit` is None, and there are no bits, where no digit is recognised: in a comma, say, or a table's line. A detector
    has one output: `digit` is 1 if its digit is detected, else 0, and there are no bits.
    """

    digit: int | None
    activation: float
    runner_up: int
    runner_up_activation: float
    bits: str
    box: tuple[int, ...]
    image: np.ndarray

    def facts(self) -> dict[str, Any]:
        """All but the image."""
        return {name: value for name, value in self._asdict().items() if name != "image"}


@torch.no_grad()
def read(network: nn.Module, lines: list[Line]) -> list[list[Reading]]:
    """What a network of 784 inputs and 10 outputs, or a detector's one, reads in the lines of `find_lines`.

    Only lines are returned of whose digits it is fairly sure; one that is known to be a digit is read as the likeliest.
    Raises UserError if there are none.
    """
    images = np.stack([digit.image for line in lines for digit in line.digits])
    activations = network(torch.from_numpy(images).flatten(1))
    if activations.shape[1] == 1:
        activations = torch.cat([1 - activations, activations], 1)
    readings = []
    for line, outputs in zip(lines, activations.split([len(line.digits) for line in lines]), strict=True):
        way = [(0, True)] if line.known else best_way(line.trials, outputs.numpy())
        if line.known or sureness(line.trials, outputs.numpy(), way) > SURE:
            readings.append([_reading(outputs[n], line.digits[n], is_digit) for n, is_digit in way])
    if not readings:
        raise UserError("shows nothing like a digit")
    return readings


def _reading(outputs: Tensor, digit: Digit, is_digit: bool) -> Reading:
    (best, next_best), (first, second) = (pair.tolist() for pair in outputs.topk(2))
    bits = "".join(str(int(bit)) for bit in binary_layer()(outputs)) if is_digit and len(outputs) == 10 else ""
    return Reading(first if is_digit else None, best, second, next_best, bits, digit.box, digit.image)


def number(line: list[Reading]) -> str:
    """The digits of a line."""
    return "".join(str(reading.digit) for reading in line if reading.digit is not None)


def predict(
    files: list[str],
    *,
    single: bool = False,
    bits: bool = False,
    show: bool = False,
    json: bool = False,
    annotate: Path | None = None,
) -> None:
    """Read the numbers in pictures, a line each, from left to right, with the activation of the least sure digit.

    Args:
        files: Pictures, folders, patterns such as scans/*.png, or - for standard input. A checkpoint or the folder of
            a run may come first; by default the newest run in runs/ reads, or the network that comes with digits if
            there is none.
        single: Read the clearest digit of each picture alone, as a detector always does.
        bits: Add the four binary digits that the binary layer makes of the ten output activations.
        show: Draw in the terminal the 28x28 that the network sees.
        json: Print an object a line, for programs.
        annotate: Write the picture with boxes and digits drawn over it; what was taken for no digit has a grey box.
    """
    network, detected = reader(files)
    if bits and detected is not None:
        raise UserError(f"this network only detects the digit {detected}; --bits needs one that reads all ten")
    names = _pictures(files)
    if annotate and len(names) > 1:
        raise UserError(f"--annotate draws over one picture, and here are {len(names)}")
    if annotate and annotate.exists() and Path(names[0]).exists() and annotate.samefile(names[0]):
        raise UserError("--annotate would overwrite the picture that it reads; name another file")
    failed, single = False, single or detected is not None
    for name in names:
        picture = sys.stdin.buffer.read() if name == "-" else name
        try:
            if Path(name).is_dir():
                raise UserError("there is no picture in this folder")
            lines = [alone(find_digit(picture))] if single else find_lines(picture)
            readings = read(network, lines)
            if annotate:
                _annotate(picture, readings, annotate)
            if json:
                print(dumps({"file": name, "lines": [[reading.facts() for reading in line] for line in readings]}))
                continue
            for line in readings:
                print(f"{printable(name)}: {_said(line, bits, detected)}", flush=True)
                if show:
                    print("\n".join(_drawing(reading.image) for reading in line if reading.digit is not None))
        except UserError as error:
            failed = True
            if json:
                print(dumps({"file": name, "error": str(error)}))
            else:
                print(f"{printable(name)}: {error}", file=sys.stderr)
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


def _said(line: list[Reading], bits: bool, detected: int | None) -> str:
    """What was read, its activation and the runner-up; of several digits, those of the least sure one."""
    readings = [reading for reading in line if reading.digit is not None]
    least = min(readings, key=lambda reading: reading.activation)
    sure = f"{least.activation:.2f}, then {least.runner_up} with {least.runner_up_activation:.2f}"
    if len(readings) > 1:
        sure = f"least sure: {least.digit} with {sure}"
    said = f"{number(line)}  ({sure})"
    if detected is not None:
        said = f"{'a' if least.digit else 'no'} {detected}  ({least.activation:.2f})"
    if bits:
        said += "  " + " ".join(reading.bits for reading in readings)
    return said


def _drawing(image: np.ndarray) -> str:
    """An image (28, 28) 0..1 as 28 lines of text, two characters a pixel."""
    shades = np.array(list(" \u2591\u2592\u2593\u2588"))[(image * 4).round().astype(int)]
    return "\n".join("".join(row) for row in shades.repeat(2, axis=1))


def _annotate(picture: str | bytes, lines: list[list[Reading]], path: Path) -> None:
    """Write the picture, upright, with a box around each digit and what was read above it; grey around what is none."""
    image = plain(opened(picture))
    draw = ImageDraw.Draw(image)
    line, size = max(1, max(image.size) // 300), max(10, max(image.size) // 25)
    for reading in chain(*lines):
        colour = "grey" if reading.digit is None else "#d55e00"
        left, top, right, bottom = reading.box
        draw.rectangle((left - line, top - line, right + line, bottom + line), outline=colour, width=line)
        if reading.digit is not None:
            above = top - 1.3 * size if top > 1.3 * size else bottom + line
            draw.text((left, above), str(reading.digit), colour, font_size=size)
    save(image, path)
