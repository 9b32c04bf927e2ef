"""How well pictures of handwriting are read, beside a general recognizer.

`python -m tests.benchmarks.reading peers FOLDER...` reads labelled pictures, as `python -m digits evaluate` does, and
puts beside it the recognizer of PP-OCRv6-small, which `pip install -e ".[bench]"` brings. It is given the whole picture
as one line of text: once as it is, and once with all its outputs but digits' at 0.
"""

from pathlib import Path

import cv2
import numpy as np
import torch
from tqdm import tqdm

from digits.commands.scoring import labels_in
from digits.handwriting.lines import Expected
from digits.handwriting.picture import open_picture
from digits.handwriting.reading import choose_reader
from tests.benchmarks.common import heading, parser, row


def ppocr(digits_only):
    """Return a function that reads a picture as one line of text with PP-OCRv6-small on one thread."""
    from rapidocr import RapidOCR

    params = {"EngineConfig.onnxruntime.intra_op_num_threads": 1, "Global.log_level": "critical"}
    engine = RapidOCR(params=params)
    engine(np.full((48, 160, 3), 255, np.uint8), use_det=False, use_cls=False)  # which loads the recognizer
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


def main(words=None):
    options = parser(__doc__, "peers")
    options.add_argument("folders", nargs="+", help="of labelled pictures")
    options.add_argument("--network", default="bundled", metavar="CHECKPOINT", help="what reads (the bundled one)")
    args = options.parse_args(words)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    reader, _ = choose_reader(args.network)
    peers = ppocr(digits_only=False), ppocr(digits_only=True)
    heading("peers", "pictures", "this project", "PP-OCRv6", "PP-OCRv6, digits only")
    shares = []
    for folder in map(Path, args.folders):
        labels = labels_in(folder, spaces=False)
        expected = Expected(single=all(len(label) == 1 for label in labels.values()))

        def ours(path, expected=expected):
            return reader.read(path, expected).text.replace("\n", "-").replace(" ", "")

        right = [
            np.mean([read(path) == label for path, label in tqdm(labels.items(), folder.name, leave=False)])
            for read in (ours, *peers)
        ]
        shares.append(right)
        row(folder.name, len(labels), *(f"{share:.1%}" for share in right))
    row("mean of the folders", "", *(f"{share:.1%}" for share in np.mean(shares, 0)))


if __name__ == "__main__":
    main()
