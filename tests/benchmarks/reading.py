"""How well pictures of handwriting are read, and how fast.

python -m tests.benchmarks.reading                      photos of one digit and of lines, and what shows none
python -m tests.benchmarks.reading forms                photos of grids, ruled pages and rows of boxes, filled in
python -m tests.benchmarks.reading stack                a PDF of scanned forms: fields right, seconds a page
python -m tests.benchmarks.reading times                what takes how long, on one thread
python -m tests.benchmarks.reading slow                 pictures of more strokes than a number has: seconds and memory
python -m tests.benchmarks.reading changes FOLDER...    whether changes that must not matter change what is read
python -m tests.benchmarks.reading sheet --picture FILE a sheet of twenty photos with what was read under each

Photos are made of MNIST's test digits (tests/support/photos.py, forms.py) with a seed that nothing was tuned on.
`changes` takes pictures of the folders by turns, with right answers as `python -m digits evaluate` finds them, and
reads the clearest digit of each. The bundled network reads, or that of `--network CHECKPOINT`.
"""

import csv
import io
import os
import tempfile
import timeit
from collections import Counter
from contextlib import suppress
from functools import partial
from itertools import chain, cycle, islice, zip_longest
from pathlib import Path
from statistics import median
from time import perf_counter

import cv2
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter, ImageOps
from tqdm import tqdm, trange

from digits import DigitClassifier, mnist
from digits.__main__ import main as digits
from digits.checkpoint import untrusted
from digits.checkpoint.selection import BUNDLED
from digits.errors import UserError
from digits.evaluate.answers import labels_in
from digits.predict.forms import SURE
from tests.benchmarks.common import heading, parser, python, row
from tests.support import crowded, forms, photos
from tests.support.digitless import KINDS
from tests.support.finding import encoded, find_digit
from tests.support.pens import STROKES, cover, on_paper
from tests.support.readings import read_lines, read_naively, read_photos, read_places
from tests.support.stack import fields_file, stack

SEED = 2025
LEAST, LARGEST = 8, 64_000_000  # pixels on the shorter side of a picture that is read, and in all of it
BLUR = 0.05  # standard deviation, as a share of the digit's longer side


def with_error(right):
    """The share of True, and its standard error."""
    share = np.mean(right)
    return f"{share:.2%} ± {(share * (1 - share) / len(right)) ** 0.5:.2%}"


def show_photos(args, model, images, labels):
    alone = (model.predict(torch.from_numpy(images))[0].numpy() == labels).mean()
    heading("what is read", "read right")
    row("MNIST's 10,000 test images", f"{alone:.2%}")
    for hard, name in enumerate(("photos", "photos on ruled or squared paper, with shadows")):
        rng, right, naive = np.random.default_rng([SEED, hard]), [], []
        for _ in trange(args.count, desc=name, disable=None):
            i = rng.integers(len(images))
            picture = [photos.photo(images[i], rng, bool(hard))]
            right.append(read_photos(model, picture)[0] == labels[i])
            naive.append(read_naively(model, picture)[0] == labels[i])
        row(f"{args.count:,} {name}, of one digit", with_error(right))
        row("the same, only shrunk to 28x28 and inverted if the border is light", f"{np.mean(naive):.2%}")
    for kind, name in enumerate(("lines", "lines on ruled or squared paper, with shadows", "lines whose digits touch")):
        rng, right = np.random.default_rng([SEED, 2 + kind]), []
        for _ in trange(args.lines, desc=name, disable=None):
            chosen = rng.integers(len(images), size=rng.integers(3, 8))
            picture = photos.line(list(images[chosen]), rng, kind == 1, kind == 2)
            right.append(read_lines(model, [picture], args.context) == [labels[chosen].tolist()])
        row(f"{args.lines} {name}, of 3 to 7 digits: read whole", with_error(right))
    row(f"what {alone:.1%} a digit would give", f"{np.mean([alone**digits for digits in range(3, 8)]):.2%}")
    rng, kinds = np.random.default_rng([SEED, 5]), islice(cycle(KINDS), args.lines)
    taken = [read_lines(model, [kind(rng)], args.context) != [[]] for kind in kinds]
    row(f"{args.lines} pictures without any digit: taken for a number", with_error(taken))


def show_forms(args, model, images, labels):
    heading("what is read", "digits in place", "lines whole")
    names = {forms.grid: "grids of 9 x 9 cells", forms.page: "ruled pages of ten lines", forms.boxes: "rows of boxes"}
    for number, (kind, name) in enumerate(names.items()):
        rng, in_place, whole = np.random.default_rng([SEED, 6 + number]), [], []
        for _ in trange(args.count, desc=name, disable=None):
            picture, lines = forms.form(kind, images, rng)
            said = read_places(model, picture, args.context)
            boxes = list(chain.from_iterable(said))
            for i, x, y in chain.from_iterable(lines):
                here = [digit for digit, (left, top, right, low) in boxes if left <= x < right and top <= y < low]
                in_place.append(here == [labels[i]])
            numbers = Counter(tuple(digit for digit, _ in line) for line in said)
            for line in lines:
                numbers.subtract([wanted := tuple(labels[i] for i, *_ in line)])
                whole.append(numbers[wanted] >= 0)
        row(f"{args.count} {name}", with_error(in_place), with_error(whole))


def show_stack(args, *_):
    content, said = stack(args.pages, np.random.default_rng([SEED, 9]), damaged=(args.pages // 2,))
    with tempfile.TemporaryDirectory() as folder:
        scans, fields, table = (Path(folder, name) for name in ("scans.pdf", "fields.yaml", "table.csv"))
        scans.write_bytes(content)
        fields.write_text(fields_file())
        words = ["predict", scans, "--fields", fields, "--csv", table, "--network", args.network]
        start = perf_counter()
        with suppress(SystemExit):  # 1, since a page is damaged
            digits([str(word) for word in words])
        taken = perf_counter() - start
        _, *rows = csv.reader(table.read_text().splitlines())
    cells = [
        (read == wanted, float(sure) < SURE, name)
        for row, page in zip(rows, said, strict=True)
        if page
        for read, sure, (name, wanted) in zip(row[2::2], row[3::2], page.items(), strict=True)
    ]
    pages = f"{args.pages} pages, {taken / args.pages:.2f} s a page on {os.cpu_count()} cores"
    heading(pages, "fields", "right", "doubtful", "wrong, not doubtful")
    for kind in ("student", "date", "question", "total", ""):
        right, doubtful = np.array([cell[:2] for cell in cells if cell[2].startswith(kind)]).T
        row(kind or "all", len(right), f"{right.mean():.1%}", f"{doubtful.mean():.1%}", (~right & ~doubtful).sum())


def show_times(args, model, *_):
    rng = np.random.default_rng(SEED)

    def timed(name, what, *given, form=".0f"):
        """The median of several runs, after one that warms up."""
        what(*given)
        seconds = median(timeit.repeat(lambda: what(*given), number=1, repeat=args.rounds))
        row(name, f"{1000 * seconds:{form}}")

    def written(lines):
        places = [(left, top) for top in range(45, 180 * lines, 180) for left in range(60, 60 + 7 * 125, 125)]
        shapes = cycle(STROKES.values())
        return on_paper(cover((960, 180 * lines), *((next(shapes), left, top, 90) for left, top in places)))

    def page(width, height):
        ink = cover((width, height), (STROKES[5], 0.3 * width, 0.25 * height, 0.5 * height))
        return (on_paper(ink) + rng.normal(0, 3, (height, width, 3))).clip(0, 255).astype(np.uint8)

    small, large = page(400, 400), page(4000, 3000)
    heading("one thread", "ms")
    timed("a digit, array of 400x400, read", read_photos, model, [small], form=".1f")
    for kind in ("JPEG", "PNG"):
        timed(f"a digit, {kind} of 12 megapixels, read", read_photos, model, [encoded(Image.fromarray(large), kind)])
    timed("a line of seven digits, read", read_lines, model, [written(1)], args.context)
    timed("a page of five such lines, read", read_lines, model, [written(5)], args.context)
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "photo.jpg")
        picture.write_bytes(encoded(Image.fromarray(small), "JPEG"))
        for words in (["-c", "import torch"], ["-m", "digits", "predict", picture]):
            timed(f"process `python {' '.join(words[:3])}`", python, *words)


READ = """
import sys
from time import process_time
import cv2
from digits.reading import choose_reader
reader, _ = choose_reader(sys.argv[2])
cv2.setNumThreads(1)
start = process_time()
reader.read(sys.argv[1])
print(process_time() - start)
"""


def show_slow(args, *_):
    heading("picture", "s of a core", "peak memory, MB")
    with tempfile.TemporaryDirectory() as folder:
        for name, draw in (crowded.CROWDED | crowded.PRINTED).items():
            draw().save(picture := Path(folder, "picture.png"))
            said, _, memory = zip(*(python("-c", READ, picture, args.network) for _ in range(args.rounds)), strict=True)
            row(name, f"{median(map(float, said)):.1f}", f"{median(memory) / 1e6:.0f}")


def border(image):
    """The median colour along the edge of a picture."""
    pixels = np.asarray(image)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return tuple(int(n) for n in np.median(edge, axis=0))


def cropped(image, box):
    left, top, right, bottom = box
    return image.crop(box) if min(right - left, bottom - top) >= LEAST else None


def scaled(factor, image, box):
    width, height = (round(factor * side) for side in image.size)
    if min(width, height) < LEAST or width * height > LARGEST:
        return None
    return image.reduce(round(1 / factor)) if factor < 1 else image.resize((width, height), Image.Resampling.BICUBIC)


def framed(image, box):
    return ImageOps.expand(image, (-(-image.width // 4), -(-image.height // 4)), border(image))


def turned(degrees, image, box):
    return image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=border(image))


def blurred(image, box):
    left, top, right, bottom = box
    return image.filter(ImageFilter.GaussianBlur(BLUR * max(right - left, bottom - top)))


CHANGES = {
    "none": lambda image, box: image,
    "the frame half as wide and high again": framed,
    "cut to the digit": cropped,
    "enlarged by 2": partial(scaled, 2),
    "enlarged by 4": partial(scaled, 4),
    "reduced by 2": partial(scaled, 1 / 2),
    "reduced by 4": partial(scaled, 1 / 4),
    "inverted": lambda image, box: ImageOps.invert(image),
    "turned 5° to the left": partial(turned, 5),
    "turned 5° to the right": partial(turned, -5),
    f"blurred by {BLUR:.0%} of the digit": blurred,
    "JPEG of quality 30": lambda image, box: Image.open(io.BytesIO(encoded(image, "JPEG", quality=30))),
}


def show_changes(args, model, *_):
    rng = np.random.default_rng(SEED)
    shuffled = [rng.permutation(np.array(list(labels_in(folder).items()), object)) for folder in args.folders]
    pairs = [pair for pair in chain.from_iterable(zip_longest(*shuffled)) if pair is not None][: args.count]
    rights = []
    for path, label in tqdm(pairs, unit=" pictures", disable=None):
        image = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
        try:
            box = find_digit(image).box
        except UserError:
            box = (0, 0, *image.size)
        changed = (change(image, box) for change in CHANGES.values())
        rights.append([None if c is None else str(read_photos(model, [c])[0]) == label for c in changed])
    heading("change", "pictures", "read right", "points")
    for name, tried in zip(CHANGES, zip(*rights, strict=True), strict=True):
        both = [(before, after) for (before, *_), after in zip(rights, tried, strict=True) if after is not None]
        before, after = np.mean(both or [(np.nan, np.nan)], axis=0)
        row(name, len(both), f"{after:.1%}", f"{100 * (after - before):+.1f}")


def draw_sheet(args, model, images, labels, columns=10, tile=100, strip=20):
    """Ten photos and ten hard ones, the first of the seed, each with what was read under it; if wrong, what it was."""
    sheet = Image.new("RGB", (columns * tile, 2 * (tile + strip)), "white")
    draw = ImageDraw.Draw(sheet)
    for hard in (False, True):
        rng, top = np.random.default_rng([SEED, hard]), hard * (tile + strip)
        for column in range(columns):
            i = rng.integers(len(images))
            photo = photos.photo(images[i], rng, hard)
            shown = ImageOps.pad(photo.convert("RGB"), (tile - 8, tile - 8), color="white")
            sheet.paste(shown, (column * tile + 4, top))
            read = int(read_photos(model, [photo])[0])
            said, colour = ("none" if read < 0 else str(read)), "black"
            if read != labels[i]:
                said, colour = f"{said}, not {labels[i]}", "#d55e00"
            draw.text(((column + 0.5) * tile, top + tile + strip / 2), said, colour, font_size=16, anchor="mm")
    sheet.save(args.picture, optimize=True)


def main(words=None):
    tables = {"photos": show_photos, "forms": show_forms, "stack": show_stack, "times": show_times, "slow": show_slow}
    tables |= {"changes": show_changes, "sheet": draw_sheet}
    options = parser(__doc__, *tables)
    options.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="of labelled pictures, for changes")
    options.add_argument("--network", default=BUNDLED, metavar="CHECKPOINT", help="what reads (the bundled one)")
    options.add_argument("--picture", type=Path, default="photos.png", metavar="FILE", help="where the sheet goes")
    options.add_argument("--count", type=int, default=500, help="photos or forms of each kind, or pictures (500)")
    options.add_argument("--pages", type=int, default=40, help="of the stack (40)")
    options.add_argument("--rounds", type=int, default=9, help="how often times are measured (9)")
    options.add_argument("--lines", type=int, default=200, help="lines of each kind (200)")
    args = options.parse_intermixed_args(words)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}  # of the processes to come
    mnist.fetch(args.data_dir)
    model = DigitClassifier.load_from_checkpoint(args.network)
    args.context = untrusted.read_checkpoint(args.network).context
    tables[args.table](args, model, *(tensor.numpy() for tensor in mnist.load(args.data_dir, train=False)))
    print(f"\n{model.shape}; torch {torch.__version__}, opencv {cv2.__version__}, seed {SEED}.")


if __name__ == "__main__":
    main()
