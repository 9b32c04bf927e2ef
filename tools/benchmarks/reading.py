"""Measure how well pictures of handwriting are read.

`python -m tools.benchmarks.reading peers FOLDER...` reads labelled pictures as `python -m digits evaluate` does, then
with `--network ocr`, and with the recognizer PP-OCRv6-small alone (`pip install -e ".[bench]"`). Alone, the recognizer
reads the whole picture as one line of text, once unchanged, and once with only its outputs for digits. A second table
shows how many numbers have a high confidence, and how many of these are right.

`python -m tools.benchmarks.reading networks FOLDER... --network A --network B` compares networks: untrained networks
(seeds 0, 1, 2), the networks that you name, the bundled reader alone, and the bundled team.
"""

from pathlib import Path

import cv2
import numpy as np
import torch
from tqdm import tqdm

from digits.checkpoint.selection import BUNDLED
from digits.commands.scoring import labels_in
from digits.common.errors import tried
from digits.handwriting.api import choose_reader
from digits.handwriting.lines import Expected, find_lines
from digits.handwriting.parallel import on_all_cores
from digits.handwriting.picture import open_picture
from digits.handwriting.reader import Reader
from digits.network import sigmoid_network
from tools.benchmarks.common import heading, parser, row


def ppocr(digits_only):
    """Return a function that reads a picture as one line of text with PP-OCRv6-small on one thread."""
    from rapidocr import RapidOCR

    params = {"EngineConfig.onnxruntime.intra_op_num_threads": 1, "Global.log_level": "critical"}
    engine = RapidOCR(params=params)
    engine(np.full((48, 160, 3), 255, np.uint8), use_det=False, use_cls=False)  # loads the recognizer
    recognizer, session = engine.text_rec, engine.text_rec.session
    characters = enumerate(recognizer.postprocess_op.character)
    no_digits = [n for n, character in characters if n and character not in "0123456789"]

    def only_digits(images):
        outputs = session(images)
        outputs[..., no_digits] = 0
        return outputs

    if digits_only:
        recognizer.session = only_digits

    def read(path):
        image = np.asarray(open_picture(path)[0])[:, :, ::-1]
        texts = engine(image, use_det=False, use_cls=False, use_rec=True).txts
        return "".join(character for character in "".join(texts or ()) if character.isdigit())

    return read


def look(path, expected):
    """Find the lines of a picture, without context and with it."""
    return [tried(find_lines, path, expected, context=context) for context in (False, True)]


def expected_in(labels):
    """Return what to expect in the pictures of a folder: a single digit, if all labels have one digit."""
    return Expected(single=all(len(label) == 1 for label in labels.values()))


def text_of(answer):
    """Return the text of an answer in the form of a label."""
    return answer.text.replace("\n", "-").replace(" ", "")


def compare_networks(folders, networks):
    """Print the share of pictures that each network reads correctly, and the mean of the folders."""
    readers = {f"untrained, seed {seed}": Reader(sigmoid_network([784, 100, 10], seed=seed)) for seed in range(3)}
    readers |= {name: choose_reader(name)[0] for name in networks}
    names = {"the bundled reader alone": str(BUNDLED), "the bundled team": "bundled"}
    readers |= {title: choose_reader(name)[0] for title, name in names.items()}
    heading("read correctly, %", "pictures", *readers)
    shares = []
    for folder in folders:
        labels = labels_in(folder, spaces=False)
        expected = expected_in(labels)
        results = tqdm(on_all_cores(look, [(path, expected) for path in labels]), folder.name, len(labels), leave=False)
        right = []
        for label, segmentations in zip(labels.values(), results, strict=True):
            answers = [reader.answer(segmentations[reader.context], expected) for reader in readers.values()]
            right.append([text_of(answer) == label for answer in answers])
        shares.append(np.mean(right, 0))
        row(folder.name, len(labels), *(f"{100 * share:.1f}" for share in shares[-1]))
    row("mean of the folders", "", *(f"{100 * share:.1f}" for share in np.mean(shares, 0)))


def compare_peers(folders, network):
    """Print the share of pictures that each reader reads correctly, and the mean of the folders."""
    readers = {name: choose_reader(name)[0] for name in (network, "ocr")}
    peers = {"PP-OCRv6": ppocr(digits_only=False), "PP-OCRv6, digits only": ppocr(digits_only=True)}
    heading("peers", "pictures", *readers, *peers)
    shares, sure = [], {name: [] for name in readers}
    for folder in folders:
        labels = labels_in(folder, spaces=False)
        expected, right = expected_in(labels), {name: [] for name in [*readers, *peers]}
        for path, label in tqdm(labels.items(), folder.name, leave=False):
            for name, reader in readers.items():
                answer = reader.read(path, expected)
                right[name].append(text_of(answer) == label)
                confidences = [group.confidence for line in answer.lines for group in line.groups if group.text]
                sure[name].append((min(confidences, default=0), right[name][-1]))
            for name, read in peers.items():
                right[name].append(read(path) == label)
        shares.append([np.mean(each) for each in right.values()])
        row(folder.name, len(labels), *(f"{share:.1%}" for share in shares[-1]))
    row("mean of the folders", "", *(f"{share:.1%}" for share in np.mean(shares, 0)))
    heading("confidence", "of all numbers", "right")
    for name, pairs in sure.items():
        confidence, right = np.array(pairs).T
        for least in (0.8, 0.9, 0.95):
            share, right_of = np.mean(confidence >= least), np.mean(right[confidence >= least])
            row(f"{name}, at least {least}", f"{share:.1%}", f"{right_of:.1%}")


def main(words=None):
    options = parser(__doc__, "peers", "networks")
    options.add_argument("folders", nargs="+", type=Path, help="folders of labelled pictures")
    options.add_argument("--network", action="append", metavar="CHECKPOINT", help="what reads (the bundled team)")
    args = options.parse_args(words)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    if args.table == "networks":
        compare_networks(args.folders, args.network or [])
    else:
        compare_peers(args.folders, (args.network or ["bundled"])[0])


if __name__ == "__main__":
    main()
