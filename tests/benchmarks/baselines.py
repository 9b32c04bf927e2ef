"""The two baselines of chapter 1: `python -m tests.benchmarks.baselines`, after `pip install -e '.[bench]'`.

Average darkness: an image is the digit whose training images have, in the mean, a darkness closest to its own. A
support vector machine: scikit-learn's, with the settings that were the defaults of the book's time, and with settings
that the validation images chose (C 3, 10, 30 and gamma 0.01, 0.02, 0.03, trained on 10,000 images).
"""

import argparse
import sys

import torch

from digits import mnist


def average_darkness(training, test):
    """How many of the test images (N, H, W) are read right; training and test are images and labels."""
    (images, labels), (others, wanted) = training, test
    darkness = images.flatten(1).sum(1).double()
    means = torch.stack([darkness[labels == digit].mean() for digit in range(10)])
    distance = (others.flatten(1).sum(1).double()[:, None] - means).abs()
    return (distance.argmin(1) == wanted).sum().item()


def support_vector_machine(training, test, **settings):
    """How many of the test images are read right."""
    from sklearn.svm import SVC  # here, since scikit-learn is optional

    (images, labels), (others, wanted) = ([x.flatten(1).numpy() / 255, y.numpy()] for x, y in (training, test))
    return int((SVC(cache_size=2000, **settings).fit(images, labels).predict(others) == wanted).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--choose", action="store_true", help="choose C and gamma again, on the validation images")
    parser.add_argument("--data_dir", default="data")
    options = parser.parse_args()
    images, labels = mnist.load(options.data_dir, train=True)
    training = images[: mnist.TRAINING], labels[: mnist.TRAINING]
    test = mnist.load(options.data_dir, train=False)
    if options.choose:
        few, validation = (images[:10_000], labels[:10_000]), (images[mnist.TRAINING :], labels[mnist.TRAINING :])
        for c in (3, 10, 30):
            for gamma in (0.01, 0.02, 0.03):
                print(c, gamma, support_vector_machine(few, validation, C=c, gamma=gamma), flush=True)
        sys.exit()
    print("| baseline | right, of 10,000 |\n| --- | ---: |")
    print(f"| average darkness | {average_darkness(training, test):,} |", flush=True)
    for settings in ({"C": 1, "gamma": "auto"}, {"C": 10, "gamma": 0.03}):
        said = ", ".join(f"{name} = {value}" for name, value in settings.items())
        print(f"| SVC, {said} | {support_vector_machine(training, test, **settings):,} |", flush=True)


if __name__ == "__main__":
    main()
