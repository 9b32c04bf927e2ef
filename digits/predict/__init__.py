"""Read digits in pictures: `python -m digits predict`."""

import os
import sys
from contextlib import closing
from json import dumps
from pathlib import Path

from digits.errors import printable


def predict(
    files: list[str],
    /,
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
        annotate: Write the picture with boxes and digits over it, grey where none is read; of several, name a folder.
    """
    from tqdm import tqdm

    from digits.handwriting import Answer
    from digits.handwriting.reader import choose_reader
    from digits.predict import pictures

    reader, detected = choose_reader(network)
    names = pictures.named(files)
    drawings = pictures.drawings(annotate, names, [*names, network or ""])
    opened = [pictures.standard_input() if name == "-" else name for name in names]
    failed = False
    bar = tqdm(zip(names, opened, drawings, strict=True), "predict", len(names), False, unit=" pictures", disable=None)
    with closing(reader.read_all(opened, single)) as answers:
        for name, picture, drawing in bar:
            said = next(answers)
            if os.path.isdir(name):
                said = Answer([], error="there is no picture in this folder")
            if json:
                tqdm.write(dumps({"file": name} | pictures.all_facts(said)))
            else:
                pictures.say(printable(name), said, detected)
            failed = failed or bool(said.error)
            if drawing and (unwritten := pictures.write_annotated(picture, said, drawing)):
                tqdm.write(f"{printable(name)}: {printable(unwritten)}", file=sys.stderr)
                failed = True
    if failed:
        sys.exit(1)
