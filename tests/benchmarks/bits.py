"""How often the binary layer agrees with the largest output, by its bias: `python -m tests.benchmarks.bits CHECKPOINT`.

The bias is chosen on the validation images; the test images report the exercise's bias and the chosen one.
"""

import sys

import torch

from digits import mnist
from digits.model import DigitClassifier
from digits.neurons import binary_layer, bits_of


def agreement(digits: torch.Tensor, activations: torch.Tensor, bias: float) -> float:
    """The share of images whose four bits are those of the digit that the network says."""
    return (binary_layer(bias)(activations) == bits_of(digits)).all(1).double().mean().item()


def main() -> None:
    model = DigitClassifier.load_from_checkpoint(sys.argv[1])
    validation = model.predict(mnist.load("data", train=True)[0][mnist.TRAINING :])
    test = model.predict(mnist.load("data", train=False)[0])
    shares = {bias: agreement(*validation, bias) for bias in (-0.06, *(-n / 10 for n in range(1, 10)))}
    print("| bias | bits of the digit, validation images, % |\n| ---: | ---: |")
    for bias, share in shares.items():
        print(f"| {bias} | {share:.2%} |".replace("%", ""))
    largest, second = test[1].topk(2).values.T
    print(f"\nTest images: bias -0.06 {agreement(*test, -0.06):.2%}", end="")
    best = max(shares, key=shares.__getitem__)
    print(
        f", bias {best} {agreement(*test, best):.2%}; an output at 0.99 or more and the others at 0.01 or less on",
        end="",
    )
    print(f" {((largest >= 0.99) & (second <= 0.01)).double().mean():.2%}")


if __name__ == "__main__":
    main()
