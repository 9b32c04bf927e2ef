"""How well pictures of handwriting are read.

`python -m tests.benchmarks.reading` takes scenes of digits/augment/scenes.py: digits on blank paper, lines on forms,
empty forms. They have MNIST's test digits and a seed that nothing was tuned on. The bundled network reads, or that of
`--network CHECKPOINT`.
"""

from functools import partial
from itertools import islice

import cv2
import numpy as np
import torch
from tqdm import tqdm

from digits import mnist
from digits.augment.scenes import glyphs
from digits.reading import choose_reader
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


def main(words=None):
    options = parser(__doc__)
    options.add_argument("--network", default="bundled", metavar="CHECKPOINT", help="what reads (the bundled one)")
    options.add_argument("--count", type=int, default=200, help="scenes of each kind (200)")
    args = options.parse_args(words)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    mnist.fetch(args.data_dir)
    reader, _ = choose_reader(args.network)
    show_scenes(args, reader)
    print(f"\ntorch {torch.__version__}, opencv {cv2.__version__}, seed {SEED}.")


if __name__ == "__main__":
    main()
