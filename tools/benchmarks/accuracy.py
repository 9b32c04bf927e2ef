"""Measure how accurate the networks are that `train.py` trains. Print tables of test accuracy in per cent.

python -m tools.benchmarks.accuracy seeds      four config files, ten seeds each, at the best validation epoch
python -m tools.benchmarks.accuracy book       the settings of the book's chapters 3 and 5, five seeds each
python -m tools.benchmarks.accuracy sizes      784-100-10 by the number of training images, after the last epoch
python -m tools.benchmarks.accuracy baselines  average darkness, and scikit-learn's support vector machines
python -m tools.benchmarks.accuracy bits       how often the binary layer agrees with the largest output, by its bias

`--with '--init gaussian'` adds options of `train.py`.

Each accuracy of the book is from one run, on test or on validation images. Beside it is our best epoch on the same
images. This is too optimistic, because these images also choose the epoch.
"""

import contextlib
import io
import shlex
import tempfile
from importlib.util import find_spec
from pathlib import Path
from statistics import mean, stdev

import numpy as np
from tqdm import tqdm

from digits import DigitClassifier, mnist
from digits.__main__ import main as digits
from digits.checkpoint.selection import BUNDLED
from digits.neurons import binary_layer, bits_of
from tests.support.training import curves
from tools.benchmarks.common import heading, parser, row

BOOK = [  # the accuracy in the book, the images it was measured on, and our settings
    (95.49, "test", "cross_entropy.yaml"),
    (96.49, "test", "l2.yaml"),
    (96.49, "test", "l2.yaml --schedule"),
    (97.92, "validation", "l2.yaml --hidden 100"),
    (97.92, "validation", "l2.yaml --hidden 100 --schedule"),
    (98.04, "validation", "l2.yaml --hidden 100 --epochs 60 --lr 0.1"),
    (82.27, "test", "overfitting.yaml"),
    (87.1, "test", "overfitting.yaml --l2 0.1"),
    (96.48, "validation", "deep.yaml"),
    (96.90, "validation", "deep.yaml --hidden 30 30"),
    (96.57, "validation", "deep.yaml --hidden 30 30 30"),
    (96.53, "validation", "deep.yaml --hidden 30 30 30 30"),
]


def logs(args, settings):
    """Train with each seed, and yield the accuracies by epoch in per cent, {tag: values}."""
    for seed in tqdm(range(args.seeds), desc=settings, disable=None):
        words = [*shlex.split(f"{settings} {args.more}"), "--seed", str(seed), "--data_dir", args.data_dir]
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            digits(["train", *words, "--run_dir", str(Path(folder, "run"))])
            logged = curves(Path(folder, "run"))
        yield {tag: [100 * value for value in values] for tag, (_, values) in logged.items()}


def seeds(args):
    heading("seed", *range(args.seeds), "mean ± standard deviation")
    for config in args.only or ["book", "hidden15", "hidden30", "hidden100"]:
        run = [log["best/test"][-1] for log in logs(args, f"--config configs/{config}.yaml")]
        spread = f" ± {stdev(run):.2f}" if run[1:] else ""
        row(config, *(f"{accuracy:.2f}" for accuracy in run), f"{mean(run):.2f}{spread}")


def book(args):
    """Print the mean over the seeds, and in brackets the lowest and the highest accuracy."""
    heading("`--config configs/`", "the book", "ours, same images", "test, best validation epoch", "test, last epoch")
    for accuracy, images, settings in BOOK:
        if args.only and settings not in args.only:
            continue
        runs = [
            (max(log[f"accuracy/{images}"]), log["best/test"][-1], log["accuracy/test"][-1])
            for log in logs(args, f"--config configs/{settings}")
        ]
        cells = [f"{mean(x):.2f} ({min(x):.2f}–{max(x):.2f})" for x in zip(*runs, strict=True)]
        row(f"`{settings}`", f"{accuracy:.2f} {images}", *cells)


def sizes(args):
    counts = [int(count) for count in args.only or (500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)]
    heading("training images", *(f"seed {seed}" for seed in range(args.seeds)), "mean")
    for count in counts:
        run = [log["accuracy/test"][-1] for log in logs(args, f"--hidden 100 --train_size {count}")]
        row(count, *(f"{value:.2f}" for value in run), f"{mean(run):.1f}")


def baselines(args):
    """Guess the digit with the nearest mean darkness. Train an SVM with the book's settings, and a tuned one."""
    (images, labels), (tests, answers) = (mnist.load(args.data_dir, train=train) for train in (True, False))
    x, y, x_test, y_test = images.flatten(1).numpy(), labels.numpy(), tests.flatten(1).numpy(), answers.numpy()
    heading("baseline", "right")
    training = slice(mnist.TRAINING)
    means = np.array([x[training][y[training] == digit].sum(1).mean() for digit in range(10)])
    nearest = np.abs(x_test.sum(1)[:, None] - means).argmin(1)
    row("average darkness", f"{(nearest == y_test).mean():.2%}")
    if not find_spec("sklearn"):
        return
    from sklearn.svm import SVC

    for c, gamma, count in ((1, "auto", min(args.images, mnist.TRAINING)), (10, 0.03, args.images)):
        machine = SVC(C=c, gamma=gamma, cache_size=2000).fit(x[:count] / 256, y[:count])  # as in the book's files
        row(
            f"SVC, C = {c}, gamma = {gamma}, {count:,} images",
            f"{(machine.predict(x_test / 256) == y_test).mean():.2%}",
        )


def bits(args):
    """Compare the bits with the largest output for each bias, on the validation images and on the test images."""
    model = DigitClassifier.load_from_checkpoint(args.network)
    validation = model.predict(mnist.load(args.data_dir, train=True)[0][mnist.TRAINING :])
    test = model.predict(mnist.load(args.data_dir, train=False)[0])

    def agreement(predicted, activations, bias):
        return (binary_layer(bias)(activations) == bits_of(predicted)).all(1).double().mean().item()

    heading("bias", "bits of the digit, validation images", "test images")
    for bias in (-0.06, *(-n / 10 for n in range(1, 10))):
        row(bias, f"{agreement(*validation, bias):.2%}", f"{agreement(*test, bias):.2%}")
    largest, second = test[1].topk(2).values.T
    clear = ((largest >= 0.99) & (second <= 0.01)).double().mean()
    print(f"\n{clear:.2%} of the test images have one output of at least 0.99, and all others of at most 0.01.")


def main(words=None):
    tables = {"seeds": seeds, "book": book, "sizes": sizes, "baselines": baselines, "bits": bits}
    options = parser(__doc__, *tables)
    options.add_argument("--seeds", type=int, help="number of seeds (10; book: 5; sizes: 3)")
    options.add_argument("--only", nargs="+", help="only these configs, settings or sizes")
    options.add_argument("--with", dest="more", default="", help="more options of train.py, such as '--init gaussian'")
    options.add_argument("--images", type=int, default=60_000, help="training images of the SVMs (all)")
    options.add_argument("--network", default=BUNDLED, metavar="CHECKPOINT", help="for bits (the bundled one)")
    args = options.parse_args(words)
    args.seeds = args.seeds or {"book": 5, "sizes": 3}.get(args.table, 10)
    tables[args.table](args)


if __name__ == "__main__":
    main()
