"""Read digits in pictures: `python -m digits predict`."""

import glob
import os
import sys
from itertools import chain
from json import dumps
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import ImageDraw

from digits.checkpoint.selection import BEST, choose_reader
from digits.errors import UserError, printable
from digits.handwriting import Reading, find_lines, number, read
from digits.handwriting.picture import LARGEST, check_output, pictures_in, save, upright
from digits.neurons import binary_layer


def predict(
    files: list[str],
    *,
    network: str | None = None,
    single: bool = False,
    json: bool = False,
    annotate: Path | None = None,
) -> None:
    """Read the numbers in pictures, a line each, from left to right, with the activation of the least sure digit.

    Args:
        files: Pictures, folders, patterns such as scans/*.png, or - for standard input.
        network: A run, a checkpoint, or bundled; by default the newest run in runs/, else the bundled network.
        single: Read the clearest digit of each picture alone, as a detector always does.
        json: Print an object a line, for programs.
        annotate: Write the picture with boxes and digits drawn over it; what was taken for no digit has a grey box.
    """
    reader, detected = choose_reader(network)
    names = _pictures(files)
    if annotate and len(names) > 1:
        raise UserError(f"--annotate draws over one picture, and here are {len(names)}")
    if annotate:
        check_output(annotate, [*names, network or ""])
    failed = False
    for name in names:
        try:
            if os.path.isdir(name):
                raise UserError("there is no picture in this folder")
            picture = _standard_input() if name == "-" else name
            lines = read(reader, find_lines(picture, single or detected is not None))
            if annotate:
                _annotate(picture, lines, annotate)
            if json:
                print(dumps({"file": name, "lines": [[_facts(reading) for reading in line] for line in lines]}))
            else:
                print("\n".join(f"{printable(name)}: {_said(line, detected)}" for line in lines), flush=True)
        except UserError as error:
            failed = True
            if json:
                print(dumps({"file": name, "error": str(error)}))
            else:
                print(f"{printable(name)}: {error}", file=sys.stderr)
    if failed:
        sys.exit(1)


def _pictures(words: list[str]) -> list[str]:
    """The pictures themselves, those in folders, and those of patterns."""
    names = []
    for word in words:
        path = Path(word)
        if path.suffix == ".ckpt" or os.path.exists(path / BEST):
            raise UserError(f"{word} is a network, not a picture; it goes after --network")
        found = map(str, pictures_in(path)) if os.path.isdir(word) else [] if os.path.exists(word) else glob.glob(word)
        names += sorted(found) or [word]
    return names


def _standard_input() -> bytes:
    """The bytes of a picture. Raises UserError if there are too many, or if they cannot be read."""
    try:
        content = sys.stdin.buffer.read(LARGEST + 1)
    except (AttributeError, OSError) as error:  # it is closed, and Python has None for it
        raise UserError("standard input cannot be read") from error
    if len(content) > LARGEST:
        raise UserError(f"standard input is larger than {LARGEST:,} bytes")
    return content


def _facts(reading: Reading) -> dict[str, Any]:
    """What is printed of a reading: the two largest activations, their digits, and bits such as "0100" of a digit."""
    first, second = np.argsort(-reading.outputs, kind="stable")[:2].tolist()
    has_bits = reading.digit is not None and len(reading.outputs) == 10
    bits = binary_layer()(torch.from_numpy(reading.outputs)).int().tolist() if has_bits else []
    return {
        "digit": reading.digit,
        "activation": reading.outputs[first].item(),
        "runner_up": second,
        "runner_up_activation": reading.outputs[second].item(),
        "bits": "".join(map(str, bits)),
        "box": reading.box,
    }


def _said(line: list[Reading], detected: int | None) -> str:
    """What was read, its activation and the runner-up; of several digits, those of the least sure one."""
    digits = [_facts(reading) for reading in line if reading.digit is not None]
    least = min(digits, key=lambda facts: facts["activation"])
    if detected is not None:
        return f"{'a' if least['digit'] else 'no'} {detected}  ({least['activation']:.2f})"
    sure = f"{least['activation']:.2f}, then {least['runner_up']} with {least['runner_up_activation']:.2f}"
    if len(digits) > 1:
        sure = f"least sure: {least['digit']} with {sure}"
    return f"{number(line)}  ({sure})"


def _annotate(picture: str | bytes, lines: list[list[Reading]], path: Path) -> None:
    """Write the picture, upright, with a box around each digit and what was read above it; grey around what is none."""
    image = upright(picture)
    draw = ImageDraw.Draw(image)
    pen, size = max(1, max(image.size) // 300), max(10, max(image.size) // 25)
    for reading in chain(*lines):
        colour = "grey" if reading.digit is None else "#d55e00"
        left, top, right, bottom = reading.box
        draw.rectangle((left - pen, top - pen, right + pen, bottom + pen), outline=colour, width=pen)
        if reading.digit is not None:
            above = top - 1.3 * size if top > 1.3 * size else bottom + pen
            draw.text((left, above), str(reading.digit), colour, font_size=size)
    save(image, path)
