"""Golden files: small pictures, each named after its difficulty, and what Python and the page must read in them.

`python -m tools.make.golden` reads the pictures in tests/handwriting/golden/ again. Review the changes.
"""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

from digits.checkpoint.contents import load_network
from digits.checkpoint.selection import BUNDLED
from digits.checkpoint.untrusted import read_checkpoint
from digits.handwriting.reader import Reader

FOLDER = Path(__file__).parents[2] / "tests" / "handwriting" / "golden"


def found(path: Path, *, context: bool = True, team: bool = True) -> dict[str, Any]:
    """Return what the bundled reader reads in a picture, with or without context, in the team or alone.

    The result has the turn of the picture and its lines, with the digits and the confidence of each group.
    """
    answer = Reader(load_network(read_checkpoint(BUNDLED), BUNDLED), context, team=team).read(path)
    lines = []
    for line in answer.lines:
        readings = [reading for group in line.groups for reading in group.readings]
        groups = [[group.digits, group.confidence] for group in line.groups]
        images = [(255 * reading.image).round().flatten().tolist() for reading in readings]
        boxes = [list(reading.box) for reading in readings]
        lines.append({"read": line.text, "groups": groups, "boxes": boxes, "images": images})
    return {"degrees": answer.degrees, "lines": lines}


def packed(picture: dict[str, Any]) -> dict[str, Any]:
    """Convert the result of `found` to what the golden file stores: images become bytes in base64."""
    lines = [
        line
        | {"groups": [[digits, round(confidence, 3)] for digits, confidence in line["groups"]]}
        | {"images": [base64.b64encode(np.uint8(image).tobytes()).decode() for image in line["images"]]}
        for line in picture["lines"]
    ]
    return picture | {"lines": lines}


def golden() -> dict[str, dict[str, Any]]:
    """Return the content of the golden file: the `packed` result for each name of a picture."""
    return json.loads((FOLDER / "golden.json").read_text())


def assert_alike(picture: dict[str, Any], golden: dict[str, Any]) -> None:
    """Check that a picture is read as the golden file says, with small tolerances for boxes, shades and confidence."""
    assert picture["degrees"] == golden["degrees"]
    assert [line["read"] for line in picture["lines"]] == [line["read"] for line in golden["lines"]]
    for line, wanted in zip(picture["lines"], golden["lines"], strict=True):
        for (digits, confidence), (known, sure) in zip(line["groups"], wanted["groups"], strict=True):
            assert digits == known and abs(confidence - sure) < 0.05
        assert np.abs(np.subtract(line["boxes"], wanted["boxes"])).max() <= 2
        for image, known in zip(line["images"], wanted["images"], strict=True):
            shades = np.frombuffer(base64.b64decode(known), np.uint8)
            assert np.abs(np.array(image) - shades).mean() < 1.5


if __name__ == "__main__":
    known = {path.stem: packed(found(path)) for path in sorted(FOLDER.glob("*.png"))}
    rows = (f"{json.dumps(name)}: {json.dumps(picture)}" for name, picture in known.items())
    (FOLDER / "golden.json").write_text("{\n" + ",\n".join(rows) + "\n}\n")
