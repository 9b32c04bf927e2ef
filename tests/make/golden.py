"""Golden files: small pictures, named by what is hard about them, and what is read in them, in Python as on the page.

`python -m tests.make.golden` reads those in tests/handwriting/golden/ anew; look at what changes.
"""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from digits.checkpoint.contents import load_network
from digits.checkpoint.selection import BUNDLED
from digits.checkpoint.untrusted import read_checkpoint
from digits.errors import UserError
from digits.handwriting import Reader, find_lines, voting
from digits.handwriting.lattice import FITTED

FOLDER = Path(__file__).parents[1] / "handwriting" / "golden"


def found(path: Path, context: bool = True) -> dict[str, Any]:
    """What Python reads in a picture, with the network that comes with digits, in context or not: each line; and what
    each guess says of it, with how many candidates and how much confidence.
    """
    network = load_network(read_checkpoint(BUNDLED), BUNDLED)
    try:
        lines = find_lines(path, context=context)
        outputs = [network(torch.from_numpy(np.stack([one.image for one in line.digits])).flatten(1)) for line in lines]
        guesses = [voting.hypotheses(line, output.numpy())[0] for line, output in zip(lines, outputs, strict=True)]
        found = [line for line in Reader(network).read_lines(lines) if line.text]
    except UserError:
        return {"guesses": [], "lines": []}
    said = []
    for line in found:
        boxes = [list(one.box) for one in line.digits_read]
        images = [(255 * one.image).round().flatten().tolist() for one in line.digits_read]
        said.append({"read": line.text, "boxes": boxes, "images": images})
    sure = [[len(line.candidates), one.digits(), one.confidence()] for line, one in zip(lines, guesses, strict=True)]
    return {"guesses": sure, "lines": said}


def packed(found: dict[str, Any]) -> dict[str, Any]:
    """What was read, as the golden file has it: images as bytes in base64."""
    guesses = [[*said, round(confidence, 3)] for *said, confidence in found["guesses"]]
    lines = [
        line | {"images": [base64.b64encode(np.uint8(image).tobytes()).decode() for image in line["images"]]}
        for line in found["lines"]
    ]
    return {"guesses": guesses, "lines": lines}


def golden() -> dict[str, dict[str, Any]]:
    """What shall be read, `packed`, by the names of the pictures."""
    return json.loads((FOLDER / "golden.json").read_text())


def assert_alike(said: dict[str, Any], golden: dict[str, Any]) -> None:
    """A picture is read as the golden file has it, but for what rounding makes of sizes and shades."""
    assert [segments for segments, *_ in said["guesses"]] == [segments for segments, *_ in golden["guesses"]]
    for (_, digits, confidence), (_, wanted, known) in zip(said["guesses"], golden["guesses"], strict=True):
        rejected = max(confidence, known) <= FITTED["REJECTION_THRESHOLD"]
        if digits == wanted:
            assert abs(confidence - known) < (0.1 if rejected else 0.05)
        else:  # of guesses that are rejected, rounding may decide
            assert rejected
    assert [line["read"] for line in said["lines"]] == [line["read"] for line in golden["lines"]]
    for line, wanted in zip(said["lines"], golden["lines"], strict=True):
        assert np.abs(np.subtract(line["boxes"], wanted["boxes"])).max() <= 2
        for image, known in zip(line["images"], wanted["images"], strict=True):
            shades = np.frombuffer(base64.b64decode(known), np.uint8)
            assert np.abs(np.array(image) - shades).mean() < 1.5


if __name__ == "__main__":
    known = {path.stem: packed(found(path)) for path in sorted(FOLDER.glob("*.png"))}
    rows = (f"{json.dumps(name)}: {json.dumps(picture)}" for name, picture in known.items())
    (FOLDER / "golden.json").write_text("{\n" + ",\n".join(rows) + "\n}\n")
