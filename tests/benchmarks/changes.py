"""Whether changes to a picture that must not matter change what is read in it.

`python -m tests.benchmarks.changes FOLDER... [--count 500] [--network CHECKPOINT]` takes pictures of the folders by
turns, chosen by seed, with right answers as `python -m digits evaluate` finds them, and reads the clearest digit of
each, as it is and changed. It prints Markdown; the points lost are of the pictures that the change can be made to.
"""

import argparse
import io
from concurrent.futures import ProcessPoolExecutor
from itertools import chain, zip_longest
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageFilter, ImageOps
from tqdm import tqdm

from digits.errors import UserError
from digits.evaluate import labels_in
from digits.handwriting import Digit, alone, find_digit
from digits.handwriting.picture import LARGEST, opened, plain
from digits.predict import number, read, reader

SEED = 2025
LEAST = 8  # pixels on the shorter side of a picture that is reduced or cut: fewer are not read
DEGREES, BLUR, QUALITY = 5, 0.05, 30  # the blur's standard deviation as a share of the digit's longer side


def border(image: Image.Image) -> tuple[int, ...]:
    """The median colour along the edge of a picture."""
    pixels = np.asarray(image)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return tuple(int(n) for n in np.median(edge, axis=0))


def widened(image, box):
    return ImageOps.expand(image, (-(-image.width // 4), -(-image.height // 4)), border(image))


def cut(image, box):
    left, top, right, bottom = box
    return image.crop(box) if min(right - left, bottom - top) >= LEAST else None


def enlarged(factor):
    def change(image, box):
        size = factor * image.width, factor * image.height
        return image.resize(size, Image.Resampling.BICUBIC) if size[0] * size[1] <= LARGEST else None

    return change


def reduced(factor):
    return lambda image, box: image.reduce(factor) if min(image.size) >= factor * LEAST else None


def turned(degrees):
    return lambda image, box: image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=border(image))


def blurred(image, box):
    left, top, right, bottom = box
    return image.filter(ImageFilter.GaussianBlur(BLUR * max(right - left, bottom - top)))


def compressed(image, box):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return Image.open(file)


CHANGES = {
    "the frame half as wide and high again": widened,
    "cut to the ink": cut,
    "enlarged by 2": enlarged(2),
    "enlarged by 4": enlarged(4),
    "reduced by 2": reduced(2),
    "reduced by 4": reduced(4),
    "inverted": lambda image, box: ImageOps.invert(image),
    f"turned {DEGREES}° to the left": turned(DEGREES),
    f"turned {DEGREES}° to the right": turned(-DEGREES),
    f"blurred by {BLUR:.0%} of the digit": blurred,
    f"JPEG of quality {QUALITY}": compressed,
}


def found(picture) -> Digit | None:
    try:
        return find_digit(picture)
    except UserError:
        return None


def find_changed(path: Path) -> list[list[Digit | None]]:
    """The digit in a picture as it is and after each of the changes, a list of one; it is empty if none can be made."""
    image, plainly = plain(opened(path)), found(path)
    box = plainly.box if plainly else (0, 0, *image.size)
    changed = (change(image, box) for change in CHANGES.values())
    return [[plainly], *([] if picture is None else [found(picture)] for picture in changed)]


def says(network, digit: Digit | None) -> str:
    try:
        return number(read(network, [alone(digit)])[0]) if digit else ""
    except UserError:
        return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--count", type=int, default=500, help="pictures, at most (500)")
    parser.add_argument(
        "--network", metavar="CHECKPOINT", help="what reads; by default as of `python -m digits predict`"
    )
    options = parser.parse_args()
    network, _ = reader([options.network] if options.network else [])
    rng = np.random.default_rng(SEED)
    shuffled = [rng.permutation(np.array(list(labels_in(folder).items()), object)) for folder in options.folders]
    chosen = [pair for pair in chain.from_iterable(zip_longest(*shuffled)) if pair is not None][: options.count]
    rights: list[list[list[bool]]] = []
    with ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=cv2.setNumThreads, initargs=(1,)) as executor:
        everything = executor.map(find_changed, [path for path, _ in chosen])
        bar = tqdm(zip(everything, chosen, strict=True), total=len(chosen), unit=" pictures", disable=None)
        for digits, (_, label) in bar:
            rights.append([[says(network, digit) == label for digit in tried] for tried in digits])
    print("| change | pictures | read right | points |\n| --- | ---: | ---: | ---: |")
    for name, tried in zip(["none", *CHANGES], zip(*rights, strict=True), strict=True):
        pairs = [(before[0][0], after[0]) for before, after in zip(rights, tried, strict=True) if after]
        before, after = np.mean(pairs or [(np.nan, np.nan)], axis=0)
        print(f"| {name} | {len(pairs)} | {after:.1%} | {100 * (after - before):+.1f} |")


if __name__ == "__main__":
    main()
