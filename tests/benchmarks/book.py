"""The accuracies of the book's chapters 3 and 5 beside ours, over five seeds: `python -m tests.benchmarks.book`.

Of each run, the test accuracy in per cent of the epoch that validation chose, at its best, and of the last epoch; of
each, the mean over the seeds and, in brackets, the lowest and the highest.
"""

import argparse
import contextlib
import io
import tempfile
from pathlib import Path

from tqdm import tqdm

from digits.__main__ import main as run_verb
from digits.figures import logged_curves

NETWORKS = [  # the book's accuracy, on the test images, and our settings
    (95.49, "cross_entropy.yaml"),
    (96.49, "l2.yaml"),
    (97.92, "l2.yaml --hidden 100"),
    (98.04, "l2.yaml --hidden 100 --epochs 60 --lr 0.1"),
    (82.27, "overfitting.yaml"),
    (87.1, "overfitting.yaml --l2 0.1"),
    (96.48, "deep.yaml"),
    (96.90, "deep.yaml --hidden 30 30"),
    (96.57, "deep.yaml --hidden 30 30 30"),
    (96.53, "deep.yaml --hidden 30 30 30 30"),
]


def accuracies(settings: str, init: str | None, seed: int, data_dir: str) -> tuple[float, float, float]:
    """Train as `train.py` does; test accuracies in per cent of the chosen, the best and the last epoch."""
    words = ["--config", *f"configs/{settings} --seed {seed}".split(), *(["--init", init] if init else [])]
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        run = Path(folder, "run")
        run_verb(["train", *words, "--data_dir", data_dir, "--run_dir", str(run)])
        curves = logged_curves(run)
    test = [100 * accuracy for _, accuracy in sorted(curves["accuracy/test"].items())]
    return 100 * curves["best/test"][len(test) - 1], max(test), test[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--init", choices=("scaled", "gaussian"), help="initial weights, instead of the book's")
    parser.add_argument("--data_dir", default="data")
    options = parser.parse_args()
    print("| `--config configs/` | the book | chosen by validation | best epoch | last epoch |")
    print("| --- | ---: | ---: | ---: | ---: |", flush=True)
    for book, settings in NETWORKS:
        rows = [
            accuracies(settings, options.init, seed, options.data_dir)
            for seed in tqdm(range(options.seeds), desc=settings)
        ]
        cells = [f"{sum(x) / len(x):.2f} ({min(x):.2f}–{max(x):.2f})" for x in zip(*rows, strict=True)]
        print(f"| `{settings}` | {book:.2f} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
