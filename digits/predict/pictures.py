"""Which pictures are read, what is printed of each, and what is drawn over it."""

import glob
import os
import sys
from collections import Counter
from contextlib import suppress
from itertools import chain
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw
from tqdm import tqdm

from digits.checkpoint.selection import BEST
from digits.errors import UserError
from digits.handwriting import Answer, Group, Reading, text
from digits.handwriting.eye import see
from digits.handwriting.lines import opened
from digits.handwriting.picture import LARGEST, WRITTEN, check_output, pictures_in, save, upright
from digits.neurons import binary_layer

TINT = 0.6  # how much of what is handwriting is covered by the colour that says so


def drawings(annotate: Path | None, names: list[str], reads: list[str]) -> list[Path | None]:
    """Where each annotated picture goes. Raises UserError if one cannot be written."""
    if annotate is None:
        return [None] * len(names)
    if annotate.suffix.lower() in WRITTEN and len(names) > 1:
        raise UserError(f"--annotate: these are {len(names)} pictures; name a folder in place of {annotate}")
    if len(names) == 1:
        check_output(annotate, reads)
        return [annotate]
    found = [annotate / f"{Path(name).stem}.png" for name in names]
    twice = next((drawing.name for drawing, n in Counter(found).items() if n > 1), None)
    if twice:
        raise UserError(f"--annotate: two of the pictures would be drawn as {twice}")
    annotate.mkdir(parents=True, exist_ok=True)
    for drawing in found:
        check_output(drawing, reads)
    return list(found)


def named(words: list[str]) -> list[str]:
    """The pictures themselves, those in folders, and those of patterns."""
    names = []
    for word in words:
        path = Path(word)
        if path.suffix == ".ckpt" or os.path.exists(path / BEST):
            raise UserError(f"{word} is a network, not a picture; it goes after --network")
        found = map(str, pictures_in(path)) if os.path.isdir(word) else [] if os.path.exists(word) else glob.glob(word)
        names += sorted(found) or [word]
    if names.count("-") > 1:
        raise UserError("- is standard input, which can be read only once")
    return names


def standard_input() -> bytes:
    """The bytes of a picture. Raises UserError if there are too many, or if they cannot be read."""
    try:
        content = sys.stdin.buffer.read(LARGEST + 1)
    except (AttributeError, OSError) as error:  # it is closed, and Python has None for it
        raise UserError("standard input cannot be read") from error
    if len(content) > LARGEST:
        raise UserError(f"standard input is larger than {LARGEST:,} bytes")
    return content


def all_facts(said: Answer) -> dict[str, Any]:
    """What is printed of a picture with --json: each line, its groups, also rejected ones, and their segments."""
    lines = [
        {
            "text": text(line),
            "groups": [
                {
                    "text": group.text,
                    "confidence": group.confidence,
                    "segments": [_facts(reading) for reading in group.readings],
                }
                for group in line
            ],
        }
        for line in said.lines
    ]
    error = {"error": said.error} if said.error else {}
    return error | {"turned": said.degrees, "crowded": said.crowded, "lines": lines}


def _facts(reading: Reading) -> dict[str, Any]:
    """What is printed of a reading: its digit and the runner-up, their activations, and its bits, such as "0100"."""
    has_bits = reading.digit is not None and len(reading.outputs) == 10
    bits = binary_layer()(torch.eye(10)[reading.digit]).int().tolist() if has_bits else []
    return {
        "digit": reading.digit,
        "activation": reading.activation,
        "runner_up": reading.runner_up,
        "runner_up_activation": reading.outputs[reading.runner_up].item(),
        "bits": "".join(map(str, bits)),
        "box": reading.box,
    }


def say(name: str, said: Answer, detected: int | None) -> None:
    """Print the numbers of a picture, a line each; on standard error why there are none, or fewer than lines."""
    numbers = [line for line in said.lines if text(line)]
    if numbers:
        tqdm.write("\n".join(f"{name}: {_line(line, detected)}" for line in numbers))
    passed = len(said.lines) - len(numbers)
    notes = []
    if said.error:
        notes.append(said.error)
    elif passed:
        notes.append(f"{passed} of {len(said.lines)} lines are like no digits")
    if said.crowded:
        notes.append("has more strokes than are looked at; crop it to the numbers to read them all")
    if said.degrees:
        notes.append(f"looks turned by {said.degrees} degrees, and was turned back")
    for note in notes:
        tqdm.write(f"{name}: {note}", file=sys.stderr)


def _line(line: list[Group], detected: int | None) -> str:
    """What was read, its activation and the runner-up; of several digits, those of the least sure one."""
    digits = [one for group in line if group.text for one in group.readings if one.digit is not None]
    least = min(digits, key=lambda one: one.outputs[one.digit])
    if detected is not None:
        return f"{'a' if least.digit else 'no'} {detected}  ({least.activation:.2f})"
    sure = f"{least.activation:.2f}, then {least.runner_up} with {least.outputs[least.runner_up]:.2f}"
    if len(digits) > 1:
        sure = f"least sure: {least.digit} with {sure}"
    return f"{text(line)}  ({sure})"


def write_annotated(picture: Any, said: Answer, path: Path) -> str:
    """Write the annotated picture to `path`; returns why it cannot be written, or ""."""
    try:
        image = upright(picture)
    except UserError:  # it cannot be opened, as has been said
        return ""
    try:
        save(annotated(image, said), path)
    except UserError as error:
        return str(error)
    return ""


def annotated(image: Image.Image, said: Answer) -> Image.Image:
    """The picture with a box around each digit and what was read above it; grey around what is none, and why.

    What the eye takes for handwriting is blue.
    """
    with suppress(UserError):  # too small a picture
        sure = Image.fromarray(np.uint8(TINT * 255 * see(opened(image)[0]).sure))
        image.paste("#0072b2", mask=sure.resize(image.size, Image.Resampling.BILINEAR))
    draw = ImageDraw.Draw(image)
    pen, size = max(1, max(image.size) // 300), max(10, max(image.size) // 25)
    for group in chain.from_iterable(said.lines):
        for reading in group.readings:
            is_read = group.text and reading.digit is not None
            left, top, right, bottom = reading.box
            colour = "#d55e00" if is_read else "grey"
            draw.rectangle((left - pen, top - pen, right + pen, bottom + pen), outline=colour, width=pen)
            if is_read:
                above = top - 1.3 * size if top > 1.3 * size else bottom + pen
                draw.text((left, above), str(reading.digit), colour, font_size=size)
    if said.error:
        draw.text((pen, pen), fill(said.error, 40), "grey", font_size=max(10, size / 2))
    return image
