"""How well photos of handwriting are read, and how fast.

python -m tests.benchmarks.handwriting [CHECKPOINT]     accuracy and times: about six minutes
python -m tests.benchmarks.handwriting --picture FILE   a sheet of twenty photos with what was read under each

Photos are made of MNIST's test digits (tests/support/photos.py) with a seed that nothing was tuned on. Without a
checkpoint, 784-100-10 is trained first, as train.py does. Progress goes to standard error, the result, in Markdown,
to standard output.
"""

import argparse
import contextlib
import io
import os
import subprocess
import sys
import tempfile
from itertools import cycle
from pathlib import Path
from statistics import median
from time import perf_counter

import cv2
import numpy as np
import torch
from PIL import Image, ImageDraw
from tqdm import tqdm

from digits import mnist
from digits.handwriting import find_digit
from digits.model import DigitClassifier
from tests.support import photos
from tests.support.digitless import KINDS
from tests.support.pens import STROKES, cover, on_paper
from tests.support.readings import read_lines, read_naively, read_photos

SEED = 2025
WITHOUT = 200  # pictures that show no digit


def train_one(folder: Path, data_dir: str) -> Path:
    """The checkpoint of 784-100-10 after 30 epochs with seed 0, its best epoch by validation."""
    from digits.__main__ import main

    with contextlib.redirect_stdout(io.StringIO()):
        main(["train", "--hidden", "100", "--seed", "0", "--data_dir", data_dir, "--run_dir", str(folder)])
    return folder / "best.ckpt"


def some(count: int, make, read, what: str) -> np.ndarray:
    """The mean of what `read` says of pictures from `make`, which are not all kept in memory."""
    return np.mean([read(*make()) for _ in tqdm(range(count), desc=what, disable=None)], axis=0)


def accuracies(model: DigitClassifier, data_dir: str, count: int, lines: int) -> list[tuple[str, str]]:
    """Rows of what is read and how much of it is read right."""
    images, labels = (tensor.numpy() for tensor in mnist.load(data_dir, train=False))
    alone = (model.predict(torch.from_numpy(images))[0].numpy() == labels).mean()
    rows = [("MNIST's 10,000 test images", f"{alone:.2%}")]
    for hard, name in ((False, "photos"), (True, "hard photos (ruled or squared paper, shadows)")):
        rng = np.random.default_rng([SEED, hard])

        def make(rng=rng, hard=hard):
            i = rng.integers(len(images))
            return [photos.photo(images[i], rng, hard)], labels[i]

        def read(pictures, label):
            return read_photos(model, pictures)[0] == label, read_naively(model, pictures)[0] == label

        right, naive = some(count, make, read, name)
        rows += [
            (f"{count:,} {name} of one digit", f"{right:.2%} +- {(right * (1 - right) / count) ** 0.5:.2%}"),
            ("the same, only shrunk to 28x28 and inverted if the border is light", f"{naive:.2%}"),
        ]
    for kind, name in enumerate(("lines", "hard lines", "lines whose digits touch")):
        rng = np.random.default_rng([SEED, 2 + kind])

        def make(rng=rng, kind=kind):
            chosen = rng.integers(len(images), size=rng.integers(3, 8))
            return [photos.line(list(images[chosen]), rng, kind == 1, kind == 2)[0]], labels[chosen].tolist()

        def read(pictures, wanted):
            (found,) = read_lines(model, pictures)
            return found == wanted, len(found) == len(wanted), alone ** len(wanted)

        whole, counted, expected = some(lines, make, read, name)
        rows += [
            (
                f"{lines} {name} of 3 to 7 digits: read whole",
                f"{whole:.2%} +- {(whole * (1 - whole) / lines) ** 0.5:.2%}",
            ),
            ("as many digits found as there are", f"{counted:.2%}"),
            (f"what {alone:.1%} a digit would give", f"{expected:.2%}"),
        ]
    rng, kinds = np.random.default_rng([SEED, 5]), cycle(KINDS)
    claimed = some(
        WITHOUT, lambda: ([next(kinds)(rng)],), lambda pictures: read_lines(model, pictures) != [[]], "no digits"
    )
    return [*rows, (f"{WITHOUT} pictures without any digit: taken for a number", f"{claimed:.2%}")]


def seconds(what, *args, times: int = 9) -> float:
    """The median of several runs, after one that warms up."""
    taken = []
    for _ in range(times + 1):
        start = perf_counter()
        what(*args)
        taken.append(perf_counter() - start)
    return median(taken[1:])


def encoded(pixels: np.ndarray, kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def times(checkpoint: Path, model: DigitClassifier) -> list[tuple[str, str]]:
    """Rows of what takes how long, on one thread."""
    rng = np.random.default_rng(SEED)

    def written(lines):
        digits, shapes = [], cycle(STROKES.values())
        for top in range(45, 180 * lines, 180):
            digits += [(next(shapes), left, top, 90) for left in range(60, 60 + 7 * 125, 125)]
        return on_paper(cover((960, 180 * lines), *digits))

    def page(size):
        ink = cover(size, (STROKES[5], 0.3 * size[0], 0.25 * size[1], 0.5 * size[1]))
        return (on_paper(ink) + rng.normal(0, 3, (*ink.shape, 3))).clip(0, 255).astype(np.uint8)

    small, large = page((400, 400)), page((4000, 3000))
    rows = [("find_digit, array of 400x400", f"{1000 * seconds(find_digit, small):.1f} ms")]
    for kind in ("JPEG", "PNG"):
        file = encoded(large, kind)
        name = f"find_digit, {kind} of 12 megapixels, {len(file) / 1e6:.1f} MB"
        rows.append((name, f"{1000 * seconds(find_digit, file, times=5):.0f} ms"))
    for lines, name in ((1, "a line of seven digits, read"), (5, "a page of five such lines, read")):
        rows.append((name, f"{1000 * seconds(read_lines, model, [written(lines)]):.0f} ms"))

    def run(*command):
        subprocess.run([sys.executable, *map(str, command)], check=True, stdout=subprocess.DEVNULL)

    rows.append(('process `python -c "import torch"`', f"{seconds(run, '-c', 'import torch', times=5):.2f} s"))
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "photo.jpg")
        picture.write_bytes(encoded(small, "JPEG"))
        took = seconds(run, "-m", "digits", "predict", checkpoint, picture, times=5)
    return [*rows, ("process `python -m digits predict CHECKPOINT PICTURE`", f"{took:.2f} s")]


def picture(model: DigitClassifier, data_dir: str, path: Path, columns: int = 10, tile: int = 100) -> None:
    """Ten photos and ten hard ones, the first of the seed, each with what was read under it; if wrong, what it was."""
    images, labels = (tensor.numpy() for tensor in mnist.load(data_dir, train=False))
    strip = 20
    rows = []
    for hard in (False, True):
        rng = np.random.default_rng([SEED, hard])
        made = []
        for _ in range(columns):
            i = rng.integers(len(images))
            made.append((photos.photo(images[i], rng, hard), labels[i]))
        row = Image.new("RGB", (columns * tile, tile + strip), "white")
        row.paste(photos.sheet([photo for photo, _ in made], columns, tile))
        draw = ImageDraw.Draw(row)
        for column, (photo, label) in enumerate(made):
            read = int(read_photos(model, [photo])[0])
            text, colour = ("none" if read < 0 else str(read)), "black"
            if read != label:
                text, colour = f"{text}, not {label}", "#d55e00"
            draw.text(((column + 0.5) * tile, tile + strip / 2), text, colour, font_size=16, anchor="mm")
        rows.append(np.asarray(row))
    sheet = Image.fromarray(np.concatenate(rows))
    sheet.save(path, optimize=True)
    print(f"{path}: {sheet.width}x{sheet.height}, {path.stat().st_size / 1000:.0f} kB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", nargs="?", type=Path, help="what reads; by default it is trained")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="write a sheet of photos instead")
    parser.add_argument("--count", type=int, default=2000, help="photos of each kind (2000)")
    parser.add_argument("--lines", type=int, default=400, help="lines of each kind (400)")
    parser.add_argument("--data_dir", default="data", help="where the MNIST files are, or go (data)")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}  # of the processes to come
    mnist.fetch(options.data_dir)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = options.checkpoint or train_one(Path(folder, "run"), options.data_dir)
        model = DigitClassifier.load_from_checkpoint(checkpoint)
        if options.picture:
            picture(model, options.data_dir, options.picture)
            return
        rows = accuracies(model, options.data_dir, options.count, options.lines)
        print("| what is read | read right |\n| --- | ---: |")
        print("\n".join(f"| {what} | {share} |" for what, share in rows))
        print("\n| one thread | median |\n| --- | ---: |", flush=True)
        print("\n".join(f"| {what} | {took} |" for what, took in times(checkpoint, model)))
    print(f"\n{model.shape}; torch {torch.__version__}, opencv {cv2.__version__}, seed {SEED}.")


if __name__ == "__main__":
    main()
