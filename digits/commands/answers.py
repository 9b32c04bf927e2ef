"""Print what is read in each picture, and draw it over the picture."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from tqdm import tqdm

from digits.commands.sources import Format, Source, paired, show
from digits.commands.tables import Rows
from digits.common.errors import UserError, printable, tried
from digits.common.palette import BLUE, VERMILION
from digits.handwriting.answer import Answer, Group, Line, Reading
from digits.handwriting.eye import see
from digits.handwriting.lines import open_pixels
from digits.handwriting.picture import WRITTEN, check_output, save, upright

OPACITY = 0.6  # of the blue over handwriting


def read_pictures(
    sources: list[Source], answers: Iterator[Answer], detected: int | None, drawings: dict[Source, Path], format: Format
) -> tuple[Rows, bool]:
    """Print the answer for each picture, and save a drawing of each picture that has a path in `drawings`.

    Returns a table with a row for each line, and whether all pictures were read. Raises UserError if a drawing cannot
    be written.
    """
    rows: Rows = [["file", "page", "line", "text", "confidence"]]
    good = True
    results = ((answer.error, answer) for answer in answers)
    for source, error, answer in paired(sources, results, " pictures"):
        lines = [line for line in answer.lines if line.text]
        texts = [f"{source.name}: {line_of(line, detected)}" for line in lines]
        show(format, texts, source.facts | facts_of(answer))
        for number, line in enumerate(lines, 1):
            confidence = min(group.confidence for group in line.groups if group.text)
            rows.append([printable(source.file), source.page, number, line.text, round(confidence, 3)])
        if not lines:
            rows.append([printable(source.file), source.page, None, None, None])
        for note in notes_on(answer) if format != "json" else []:
            tqdm.write(f"{source.name}: {note}", file=sys.stderr)
        if source in drawings and not isinstance(image := tried(upright, source.picture), UserError):
            save(annotated(image, answer), drawings[source])
        good = good and not error
    return rows, good


def line_of(line: Line, detected: int | None) -> str:
    """Return the text of a line, with its least sure digit and the runner-up; or a detector's answer.

    `detected` is the digit that a detector looks for. It is None if the network reads all ten.
    """
    least = min(line.digits_read, key=lambda reading: reading.activation)
    if detected is not None:
        return f"{'a' if least.digit else 'no'} {detected}  ({least.activation:.2f})"
    activations = f"{least.activation:.2f}; runner-up: {least.runner_up} with {least.outputs[least.runner_up]:.2f}"
    if len(line.digits_read) > 1:
        activations = f"least sure digit: {least.digit} with {activations}"
    return f"{line.text}  ({activations})"


def notes_on(answer: Answer) -> list[str]:
    """Return why a picture or some of its lines are not read, and how the picture was turned."""
    notes = [answer.error] if answer.error else []
    rejected = sum(not line.text for line in answer.lines)
    if rejected and not answer.error:
        notes.append(f"{rejected} of {len(answer.lines)} lines do not look like digits")
    if answer.degrees:
        notes.append(f"was turned by {answer.degrees} degrees counterclockwise before reading")
    return notes


def facts_of(answer: Answer) -> dict[str, Any]:
    """Return the JSON of a picture: its lines, their groups (rejected groups, too), and the segments of each group."""
    lines = [{"text": line.text, "groups": [_group(group) for group in line.groups]} for line in answer.lines]
    error = {"error": answer.error} if answer.error else {}
    return error | {"turned": answer.degrees, "lines": lines}


def _group(group: Group) -> dict[str, Any]:
    return {
        "text": group.text,
        "confidence": group.confidence,
        "box": group.box,
        "candidates": group.candidates,
        "segments": [_segment(reading) for reading in group.readings],
    }


def _segment(reading: Reading) -> dict[str, Any]:
    return {
        "digit": reading.digit,
        "activation": reading.activation,
        "runner_up": reading.runner_up,
        "runner_up_activation": reading.outputs[reading.runner_up].item(),
        "bits": f"{reading.digit:04b}" if len(reading.outputs) == 10 else "",  # as `binary_layer` outputs them
        "box": reading.box,
    }


def drawing_paths(annotate: Path, sources: list[Source], reads: list[str]) -> dict[Source, Path]:
    """Return the path of the drawing of each source: `annotate` or, for several sources, a file in that folder.

    Raises UserError if a drawing cannot be written, or would overwrite an input file.
    """
    paths = [annotate]
    if len(sources) > 1:
        if annotate.suffix.lower() in WRITTEN:
            raise UserError(f"--annotate: {len(sources)} pictures cannot be saved as {annotate}; name a folder")
        stems = [Path(source.file).stem + (f"_{source.page}" if source.page else "") for source in sources]
        paths = [annotate / f"{stem}.png" for stem in stems]
        # On Windows and macOS, A.png and a.png are one file.
        [(name, count)] = Counter(path.name.casefold() for path in paths).most_common(1)
        if count > 1:
            raise UserError(f"--annotate: two pictures would be saved as {name}; rename one of them")
        annotate.mkdir(parents=True, exist_ok=True)
    for path in paths:
        check_output(path, [*(source.file for source in sources), *reads])
    return dict(zip(sources, paths, strict=True))


def annotated(image: Image.Image, answer: Answer) -> Image.Image:
    """Draw a box around each digit, grey if rejected, and the digit above the box. If nothing is read, write why.

    The pixels that the eye takes for handwriting become blue.
    """
    with suppress(UserError):  # the picture is too small
        mask = Image.fromarray(np.uint8(OPACITY * 255 * see(open_pixels(image)[0])[1]))
        image.paste(BLUE, mask=mask.resize(image.size, Image.Resampling.BILINEAR))
    draw = ImageDraw.Draw(image)
    pen, size = max(1, max(image.size) // 300), max(10, max(image.size) // 25)
    for group in [group for line in answer.lines for group in line.groups]:
        colour = VERMILION if group.text else "grey"
        for reading in group.readings:
            left, top, right, bottom = reading.box
            draw.rectangle((left - pen, top - pen, right + pen, bottom + pen), outline=colour, width=pen)
            if group.text:
                above = top - 1.3 * size if top > 1.3 * size else bottom + pen
                draw.text((left, above), str(reading.digit), colour, font_size=size)
    if answer.error:
        draw.text((pen, pen), fill(answer.error, 40), "grey", font_size=max(10, size / 2))
    return image
