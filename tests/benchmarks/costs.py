"""Processor time of an epoch of 784-100-10 in the compiled kernel by cost and L2: `python -m tests.benchmarks.costs`.

The least of ten, in turn: each number is that of a part of the epoch that nothing else has disturbed.
"""

from time import thread_time

import torch

from digits import mnist
from digits.kernels import cpu
from digits.network import COSTS, sigmoid_network, weights_and_biases


def main() -> None:
    images, labels = mnist.load("data", train=True)
    chosen = torch.arange(mnist.TRAINING).view(-1, 10)
    network = sigmoid_network([784, 100, 10])
    least = {(name, l2): float("inf") for name in COSTS for l2 in (0.0, 5.0)}
    for _ in range(10):
        for name, l2 in least:
            start = thread_time()
            settings = chosen, 0.5, COSTS[name], l2 / mnist.TRAINING
            cpu.sgd_steps(*weights_and_biases(network), images, labels, *settings)
            least[name, l2] = min(least[name, l2], thread_time() - start)
    print("| cost | without L2, s | with L2, s |\n| --- | ---: | ---: |")
    for name in COSTS:
        print(f"| {name} | {least[name, 0.0]:.3f} | {least[name, 5.0]:.3f} |")


if __name__ == "__main__":
    main()
