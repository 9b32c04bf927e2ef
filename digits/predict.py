"""Read digits in pictures: `python -m digits predict`."""

import glob
import io
import sys
from dataclasses import asdict, dataclass
from json import dumps
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import nn

from digits import UserError, checkpoint
from digits.checkpoint import checkpoint_of, load_network
from digits.files import write_whole
from digits.handwriting import Digit, find_digits
from digits.handwriting.picture import opened, plain
from digits.network import linears
from digits.neurons import binary_layer

# If all outputs are below it, no digit was recognised. So are 0.2 % of those photos of MNIST's validation digits
# (tests/support/photos.py) that are read right.
NOTHING = 0.05


@dataclass
class Reading:
    """What a network reads in one digit: the two largest output activations, the bits, and where the digit was found.

    A detector has one output: `digit` is 1 if its digit is detected, else 0, and there are no bits.
    """

    digit: int
    activation: float
    runner_up: int
    runner_up_activation: float
    bits: str
    box: tuple[int, ...]


def read(network: nn.Module, digits: list[Digit]) -> list[Reading]:
    """What a network of 784 inputs and 10 outputs, or a detector's one, reads in digits that `find_digits` found."""
    activations = network(torch.from_numpy(np.stack([digit.image for digit in digits])).flatten(1))
    if activations.shape[1] == 1:
        activations = torch.cat([1 - activations, activations], 1)
    readings = []
    for digit, a in zip(digits, activations, strict=True):
        (first, second), (best, next_best) = (pair.tolist() for pair in a.topk(2)[::-1])
        bits = "".join(str(int(bit)) for bit in binary_layer()(a)) if len(a) == 10 else ""
        readings.append(Reading(first, best, second, next_best, bits, digit.box))
    return readings


def predict(
    files: list[str],
    *,
    number: bool = False,
    bits: bool = False,
    show: bool = False,
    json: bool = False,
    annotate: Path | None = None,
) -> None:
    """Read digits in pictures, a line each: the digit, its activation, and the runner-up.

    Args:
        files: Pictures, folders, patterns such as scans/*.png, or - for standard input. A checkpoint or the folder of
            a run may come first; by default the newest run in runs/ reads.
        number: Read a line of digits, such as a postal code.
        bits: Add the four binary digits that the binary layer makes of the ten output activations.
        show: Draw in the terminal the 28x28 that the network sees.
        json: Print an object a line, for programs.
        annotate: Write the picture with boxes and digits drawn over it.
    """
    reader = checkpoint_of(Path(files.pop(0)) if _is_checkpoint(files[0]) else None)
    saved = checkpoint.read(reader)
    network, detected = load_network(saved, reader), saved["hyper_parameters"].get("only_digit")
    if linears(network)[0].in_features != 28 * 28:
        raise UserError(f"{reader} reads images of another size than 28x28")
    if detected is not None and (number or bits):
        raise UserError(f"{reader} only detects the digit {detected}; --number and --bits need one that reads all ten")
    names = [name for word in files for name in _pictures(word)]
    if not names:
        raise UserError("name a picture, a folder of pictures, or - for standard input")
    if annotate and len(names) > 1:
        raise UserError(f"--annotate draws over one picture, and here are {len(names)}")
    failed = 0
    for name in names:
        try:
            if Path(name).is_dir():
                raise UserError("there is no picture in this folder")
            picture = sys.stdin.buffer.read() if name == "-" else name
            digits = find_digits(picture)
            more = "" if number or len(digits) == 1 else f"; the clearest of {len(digits)} digits, --number reads all"
            if not number:
                digits = [max(digits, key=lambda digit: digit.clarity)]
            readings = read(network, digits)
            if max(reading.activation for reading in readings) < NOTHING:
                raise UserError("shows nothing like a digit")
            if annotate:
                _annotate(picture, readings, annotate)
        except UserError as error:
            failed += 1
            if json:
                print(dumps({"file": name, "error": str(error)}))
            else:
                print(f"{name}: {error}", file=sys.stderr)
            continue
        if json:
            print(dumps({"file": name, "digits": [asdict(reading) for reading in readings]}))
            continue
        print(f"{name}: {_said(readings, bits, detected)}{more}", flush=True)
        if show:
            print("\n".join(_drawing(digit.image) for digit in digits))
    if failed:
        sys.exit(1)


def _is_checkpoint(word: str) -> bool:
    return word.endswith(".ckpt") or (Path(word) / "best.ckpt").exists()


def _pictures(word: str) -> list[str]:
    """The pictures in a folder or of a pattern; the word itself if it is neither, or there are none."""
    path = Path(word)
    if path.is_dir():
        known = Image.registered_extensions()
        return sorted(str(file) for file in path.iterdir() if file.suffix.lower() in known) or [word]
    return [word] if path.exists() else sorted(glob.glob(word)) or [word]


def _said(readings: list[Reading], bits: bool, detected: int | None) -> str:
    """One line: what was read, its activation and the runner-up; of several digits, those of the least sure one."""
    least = min(readings, key=lambda reading: reading.activation)
    sure = f"{least.activation:.2f}, then {least.runner_up} with {least.runner_up_activation:.2f}"
    if detected is not None:
        return f"{'a' if least.digit else 'no'} {detected}  ({least.activation:.2f})"
    binary = "  " + " ".join(reading.bits for reading in readings) if bits else ""
    if len(readings) == 1:
        return f"{least.digit}  ({sure}){binary}"
    return f"{''.join(str(reading.digit) for reading in readings)}  (least sure: {least.digit} with {sure}){binary}"


def _drawing(image: np.ndarray) -> str:
    """An image (28, 28) 0..1 as 28 lines of text, two characters a pixel."""
    shades = np.array(list(" \u2591\u2592\u2593\u2588"))[(image * 4).round().astype(int)]
    return "\n".join("".join(character * 2 for character in row) for row in shades)


def _annotate(picture: str | bytes, readings: list[Reading], path: Path) -> None:
    """Write the picture, upright, with a box around each digit and what was read above it."""
    kind = Image.registered_extensions().get(path.suffix.lower())
    if kind not in Image.SAVE:
        raise UserError(f"cannot write {path}: end its name in .png or .jpg")
    image = plain(opened(picture))
    draw = ImageDraw.Draw(image)
    line, size = max(1, max(image.size) // 300), max(10, max(image.size) // 25)
    for reading in readings:
        left, top, right, bottom = reading.box
        draw.rectangle((left - line, top - line, right + line, bottom + line), outline="#d55e00", width=line)
        above = top - 1.3 * size if top > 1.3 * size else bottom + line
        draw.text((left, above), str(reading.digit), "#d55e00", font_size=size)
    buffer = io.BytesIO()
    image.save(buffer, kind)
    write_whole(path, buffer.getvalue())
