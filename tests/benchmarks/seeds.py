"""Test accuracy of each config over ten seeds, the epoch chosen by validation: `python -m tests.benchmarks.seeds`.

With `--kernel torch`, of networks that are trained in torch operations: the same but for rounding.
"""

import argparse
import contextlib
import io
import tempfile
from pathlib import Path

from tqdm import tqdm

from digits import mnist
from digits.__main__ import main as run_verb
from digits.model import DigitClassifier

CONFIGS = ("book", "hidden15", "hidden30", "hidden100")


def accuracy(config: str, seed: int, data_dir: str, kernel: str) -> float:
    """Train as `train.py` does; the test accuracy of the checkpoint that it leaves, 0..1."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        run = Path(folder, "run")
        settings = ["--config", f"configs/{config}.yaml", "--seed", str(seed), "--kernel", kernel]
        run_verb(["train", *settings, "--data_dir", data_dir, "--run_dir", str(run)])
        images, labels = mnist.load(data_dir, train=False)
        digits, _ = DigitClassifier.load_from_checkpoint(run / "best.ckpt").predict(images)
    return (digits == labels).float().mean().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--configs", nargs="+", default=CONFIGS)
    parser.add_argument("--kernel", default="auto")
    parser.add_argument("--data_dir", default="data")
    options = parser.parse_args()
    print(f"| config | {' | '.join(f'seed {seed}' for seed in range(options.seeds))} |")
    print(f"| --- |{' --- |' * options.seeds}", flush=True)
    for config in options.configs:
        progress = tqdm(range(options.seeds), desc=config)
        row = [accuracy(config, seed, options.data_dir, options.kernel) for seed in progress]
        print(f"| {config} | {' | '.join(f'{value:.2%}' for value in row)} |", flush=True)


if __name__ == "__main__":
    main()
