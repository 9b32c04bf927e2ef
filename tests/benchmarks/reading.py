"""How well pictures of handwriting are read.

`python -m tests.benchmarks.reading scenes` takes scenes of digits/augment/scenes: digits on blank paper, lines on
forms, empty forms. They have MNIST's test digits and a seed that nothing was tuned on. The bundled network reads, or
that of `--network CHECKPOINT`.

`python -m tests.benchmarks.reading peers FOLDER...` reads labelled pictures, as `python -m digits evaluate` does, and
puts beside it the recognizer of PP-OCRv6-small, which `pip install -e ".[bench]"` brings. It is given the whole picture
as one line of text; once as it is, and once with all its outputs but digits' at 0.
"""

from functools import partial
from itertools import islice
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np
import torch
from tqdm import tqdm

from digits import mnist
from digits.augment.scenes import glyphs
from digits.commands.scoring import labels_in
from digits.handwriting.lines import Expected
from digits.handwriting.picture import open_picture
from digits.handwriting.reading import choose_reader
from tests.benchmarks.common import heading, parser, row
from tests.support.scenes import is_read, of_all_kinds, on_blank_paper

SEED = 2025


def show_scenes(args, reader):
    written = glyphs(*mnist.load(args.data_dir, train=False), SEED)
    single, any_length, empty = (lambda text: len(text) == 1), bool, (lambda text: not text)
    kinds = {
        "a digit on blank paper": (on_blank_paper, single, partial(is_read, single=True)),
        "lines on blank paper": (on_blank_paper, any_length, is_read),
        "lines of all kinds": (of_all_kinds, any_length, is_read),
        "empty forms": (of_all_kinds, empty, is_read),
    }
    heading("scenes", "pictures", "read right")
    for name, (draw, wanted, right) in kinds.items():
        drawn = (one for one in draw(np.random.default_rng(SEED), written) if wanted(one.text))
        share = np.mean([right(reader, one) for one in tqdm(islice(drawn, args.count), name, args.count, disable=None)])
        row(name, args.count, f"{share:.1%} ± {(share * (1 - share) / args.count) ** 0.5:.1%}")


def ppocr(digits_only):
    """A function that reads a picture as one line of text with PP-OCRv6-small on one thread."""
    from rapidocr import RapidOCR

    params = {"EngineConfig.onnxruntime.intra_op_num_threads": 1, "Global.log_level": "critical"}
    engine = RapidOCR(params=params)
    engine(np.full((48, 160, 3), 255, np.uint8), use_det=False, use_cls=False)  # which loads the recognizer
    recognizer, session = engine.text_rec, engine.text_rec.session
    others = [n for n, one in enumerate(recognizer.postprocess_op.character) if n and one not in "0123456789"]

    def only_digits(images):
        outputs = session(images)
        outputs[..., others] = 0
        return outputs

    if digits_only:
        recognizer.session = only_digits

    def read(path):
        image = np.asarray(open_picture(path)[0])[:, :, ::-1]
        said = engine(image, use_det=False, use_cls=False, use_rec=True).txts
        return "".join(character for character in "".join(said or ()) if character.isdigit())

    return read


def show_peers(args, reader):
    heading("peers", "pictures", "digits", "PP-OCRv6", "PP-OCRv6, digits only", "ms of each")
    shares = []
    for folder in args.folders:
        labels = labels_in(Path(folder), spaces=False)
        expected = Expected(single=all(len(label) == 1 for label in labels.values()))

        def ours(path, expected=expected):
            return reader.read(path, expected).text.replace("\n", "-").replace(" ", "")

        right, times = [], []
        for read in (ours, ppocr(False), ppocr(True)):
            start = perf_counter()
            title = Path(folder).name
            said = [read(path) for path in tqdm(labels, title, leave=False, disable=None)]
            times.append(f"{(perf_counter() - start) / len(labels) * 1000:.0f}")
            right.append(np.mean([a == b for a, b in zip(said, labels.values(), strict=True)]))
        shares.append(right)
        row(Path(folder).name, len(labels), *(f"{share:.1%}" for share in right), ", ".join(times))
    row("mean of the folders", "", *(f"{share:.1%}" for share in np.mean(shares, 0)), "")


def main(words=None):
    options = parser(__doc__, "scenes", "peers")
    options.add_argument("folders", nargs="*", help="of labelled pictures, for peers")
    options.add_argument("--network", default="bundled", metavar="CHECKPOINT", help="what reads (the bundled one)")
    options.add_argument("--count", type=int, default=200, help="scenes of each kind (200)")
    args = options.parse_args(words)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    reader, _ = choose_reader(args.network)
    if args.table == "peers":
        show_peers(args, reader)
    else:
        mnist.fetch(args.data_dir)
        show_scenes(args, reader)
    print(f"\ntorch {torch.__version__}, opencv {cv2.__version__}, seed {SEED}.")


if __name__ == "__main__":
    main()
