"""How well pictures of handwriting are read.

python -m tests.benchmarks.reading                      scenes: digits on blank paper, lines on forms, empty forms
python -m tests.benchmarks.reading changes FOLDER...    whether changes that must not matter change what is read

Scenes are those of digits/augment/scenes.py, with MNIST's test digits and a seed that nothing was tuned on. `changes`
takes pictures of the folders by turns, with right answers as `python -m digits evaluate` finds them, and reads the
clearest digit of each. The bundled network reads, or that of `--network CHECKPOINT`.
"""

import io
from functools import partial
from itertools import chain, islice, zip_longest
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image, ImageFilter, ImageOps
from tqdm import tqdm

from digits import mnist
from digits.augment.scenes import glyphs
from digits.errors import UserError
from digits.evaluate.answers import labels_in
from digits.handwriting import Expected
from digits.reading import choose_reader
from tests.benchmarks.common import heading, parser, row
from tests.support.finding import encoded, find_digit
from tests.support.scenes import is_read, is_read_naively, of_all_kinds, on_blank_paper

SEED = 2025
BLUR = 0.05  # standard deviation, as a share of the digit's longer side


def show_scenes(args, reader):
    written = glyphs(*mnist.load(args.data_dir, train=False), SEED)
    single, any_length, empty = (lambda text: len(text) == 1), bool, (lambda text: not text)
    kinds = {
        "a digit on blank paper": (on_blank_paper, single, partial(is_read, single=True)),
        "the same, only shrunk to 28x28": (on_blank_paper, single, is_read_naively),
        "lines on blank paper": (on_blank_paper, any_length, is_read),
        "lines of all kinds": (of_all_kinds, any_length, is_read),
        "empty forms": (of_all_kinds, empty, is_read),
    }
    heading("scenes", "pictures", "read right")
    for name, (draw, wanted, right) in kinds.items():
        drawn = (one for one in draw(np.random.default_rng(SEED), written) if wanted(one.text))
        share = np.mean([right(reader, one) for one in tqdm(islice(drawn, args.count), name, args.count, disable=None)])
        row(name, args.count, f"{share:.1%} ± {(share * (1 - share) / args.count) ** 0.5:.1%}")


def border(image):
    """The median colour along the edge of a picture."""
    pixels = np.asarray(image)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return tuple(int(n) for n in np.median(edge, axis=0))


def cropped(image, box):
    return image.crop(box)


def scaled(factor, image, box):
    return ImageOps.scale(image, factor, Image.Resampling.BICUBIC)


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


def show_changes(args, reader):
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
        rights.append([reader.read(picture, Expected(single=True)).text == label for picture in changed])
    heading("change", "pictures", "read right", "points")
    shares = np.mean(rights, axis=0)
    for name, share in zip(CHANGES, shares, strict=True):
        row(name, len(rights), f"{share:.1%}", f"{100 * (share - shares[0]):+.1f}")


def main(words=None):
    tables = {"scenes": show_scenes, "changes": show_changes}
    options = parser(__doc__, *tables)
    options.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="of labelled pictures, for changes")
    options.add_argument("--network", default="bundled", metavar="CHECKPOINT", help="what reads (the bundled one)")
    options.add_argument("--count", type=int, default=200, help="scenes of each kind, or pictures (200)")
    args = options.parse_intermixed_args(words)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    mnist.fetch(args.data_dir)
    reader, _ = choose_reader(args.network)
    tables[args.table](args, reader)
    print(f"\ntorch {torch.__version__}, opencv {cv2.__version__}, seed {SEED}.")


if __name__ == "__main__":
    main()
