"""Golden files: small pictures of our own making, and what is read in them, in Python as on the page.

`python -m tests.support.golden` makes them anew in tests/handwriting/golden/; look at what changes.
"""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from digits.checkpoint.contents import load_network
from digits.checkpoint.selection import BUNDLED
from digits.checkpoint.untrusted import read
from digits.errors import UserError
from digits.handwriting import Reader, Reading, TextLine, find_lines, voting
from digits.handwriting.lattice import FITTED
from tests.support.finding import find_digit
from tests.support.pens import APART, STROKES, cover, on_paper

FOLDER = Path(__file__).parents[1] / "handwriting" / "golden"


def pictures() -> dict[str, Image.Image]:
    """The pictures, by what is hard about them."""
    rng = np.random.default_rng(5)
    one = cover((120, 120), (STROKES[5], 30, 20, 80))
    line = cover((300, 110), (STROKES[3], 20, 25, 60), (STROKES[0], 110, 20, 64), (STROKES[7], 210, 28, 58))
    touching = cover((170, 110), (STROKES[2], 20, 25, 64), (STROKES[8], 51, 25, 62))
    two_lines = cover((150, 190), (STROKES[4], 20, 20, 60), (STROKES[2], 85, 18, 62), (STROKES[0], 45, 110, 60))
    broken = cover((130, 120), (APART["5, its bar apart"], 35, 20, 80), pen=0.1)
    clipped = cover((200, 110), (STROKES[0], -20, 20, 70), (STROKES[3], 70, 20, 70))
    ruled, shade = on_paper(one).astype(float), np.linspace(1, 0.45, 120)
    ruled[[30, 60, 61, 90]] *= 0.75
    boxes = np.zeros((90, 230), np.float32)
    for x in range(15, 216, 50):
        boxes[12:77, x : x + 2] = 1
    boxes[12:14, 15:217], boxes[75:77, 15:217] = 1, 1
    boxed = cover((230, 90), *((STROKES[d], 24 + 50 * n, 24, 40) for n, d in enumerate((5, 0, 2, 7))))
    normalized = find_digit(on_paper(one)).image
    return {
        "digit": Image.fromarray(on_paper(one)),
        "line": Image.fromarray(on_paper(line)),
        "touching": Image.fromarray(on_paper(touching)),
        "two_lines": Image.fromarray(on_paper(two_lines)),
        "broken": Image.fromarray(on_paper(broken)),
        "clipped": Image.fromarray(on_paper(clipped)),
        "on_dark": Image.fromarray(on_paper(line, (230, 230, 225), (44, 60, 52))),
        "ruled": Image.fromarray(ruled.round().astype(np.uint8)),
        "boxes": Image.fromarray(on_paper(np.maximum(boxed, boxes))),
        "shadow": Image.fromarray((on_paper(one) * shade[:, None, None]).astype(np.uint8)),
        "transparent": Image.fromarray((np.dstack([0 * on_paper(line), 255 * line])).astype(np.uint8)),
        "thin": Image.fromarray(on_paper(cover((320, 330), (STROKES[8], 90, 60, 200), pen=0.025))),
        "tight": Image.fromarray(on_paper(one)[20:100, 30:83]),
        "tiny": Image.fromarray(on_paper(one)).resize((26, 26), Image.Resampling.BOX),
        "large": Image.fromarray(on_paper(one)).resize((1274, 1282), Image.Resampling.NEAREST),
        "mnist": Image.fromarray((255 * normalized).round().astype(np.uint8)),
        "blank": Image.fromarray(on_paper(0 * one)),
        "texture": Image.fromarray(rng.integers(118, 132, (90, 90), np.uint8)),
    }


def found(path: Path, context: bool = True) -> dict[str, Any]:
    """What Python reads in a picture, with the network that comes with digits, in context or not: each line; and what
    each guess says of it, with how many candidates and how much confidence.
    """
    network = load_network(read(BUNDLED), BUNDLED)
    try:
        lines = find_lines(path, context=context)
        outputs = [network(torch.from_numpy(np.stack([one.image for one in line.digits])).flatten(1)) for line in lines]
        guesses = [voting.hypotheses(line, output.numpy())[0] for line, output in zip(lines, outputs, strict=True)]
        found = [line for line in Reader(network).read_lines(lines) if line.text]
    except UserError:
        return {"guesses": [], "lines": []}
    counts = [len(line.candidates) for line in lines]
    return {
        "guesses": [[n, one.digits(), one.confidence()] for n, one in zip(counts, guesses, strict=True)],
        "lines": [
            {
                "read": line.text,
                "boxes": [list(one.box) for one in digits_of(line)],
                "images": [(255 * one.image).round().flatten().tolist() for one in digits_of(line)],
            }
            for line in found
        ],
    }


def packed(found: dict[str, Any]) -> dict[str, Any]:
    """What was read, as the golden file has it: images as bytes in base64."""
    guesses = [[*said, round(confidence, 3)] for *said, confidence in found["guesses"]]
    lines = [
        line | {"images": [base64.b64encode(np.uint8(image).tobytes()).decode() for image in line["images"]]}
        for line in found["lines"]
    ]
    return {"guesses": guesses, "lines": lines}


def digits_of(line: TextLine) -> list[Reading]:
    """The digits of the groups that are read."""
    return [one for group in line.groups if group.text for one in group.readings if one.digit is not None]


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


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, picture in pictures().items():
        picture.save(FOLDER / f"{name}.png", optimize=True)
    known = {path.stem: packed(found(path)) for path in sorted(FOLDER.glob("*.png"))}
    rows = (f"{json.dumps(name)}: {json.dumps(picture)}" for name, picture in known.items())
    (FOLDER / "golden.json").write_text("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    main()
