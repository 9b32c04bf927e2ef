"""From which size on dense arithmetic is faster than skipping zeros: `python -m tests.benchmarks.crossover`.

With --distort, on distorted images, of which a quarter of the pixels are not 0, as against a fifth.
"""

import argparse
from time import perf_counter

import torch

from digits import backprop, mnist
from digits.augment.elastic import distort
from digits.kernels import cpu
from digits.network import linears, sigmoid_network


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--distort", type=float, default=0.0)
    images, labels = mnist.load("data", train=True)
    images = distort(images, parser.parse_args().distort, seed=0, epoch=0)
    print(f"{(images != 0).float().mean():.1%} of the pixels are not 0\n")
    threads = torch.get_num_threads()
    ways = {"numba": (cpu, 1), "torch, 1 thread": (backprop, 1), f"torch, {threads} threads": (backprop, threads)}
    print("| mini-batch | hidden | " + " | ".join(f"{way}, s an epoch" for way in ways) + " |")
    print("| ---: " * (2 + len(ways)) + "|")
    for batch_size in (10, 50, 100, 1000):
        for hidden in (30, 100, 200, 400, 800):
            best = dict.fromkeys(ways, float("inf"))
            for _ in range(3):
                chosen = torch.randperm(50_000)[:4000].view(-1, batch_size)
                for way, (kernel, count) in ways.items():
                    torch.set_num_threads(count)
                    layers = linears(sigmoid_network([784, hidden, 10]))
                    parameters = [layer.weight.data for layer in layers], [layer.bias.data for layer in layers]
                    kernel.sgd_steps(*parameters, images, labels, chosen[:1], 0.1)
                    start = perf_counter()
                    kernel.sgd_steps(*parameters, images, labels, chosen, 0.1)
                    best[way] = min(best[way], (perf_counter() - start) * 50_000 / 4000)
            print(f"| {batch_size} | {hidden} | " + " | ".join(f"{s:.2f}" for s in best.values()) + " |", flush=True)


if __name__ == "__main__":
    main()
