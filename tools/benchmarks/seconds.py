"""Measure the seconds to a mean test accuracy of 97, 98 and 99 %, from the start of the process and in training alone.

python -m tools.benchmarks.seconds                                  ten seeds, on one core and on two: about an hour
python -m tools.benchmarks.seconds run NAME TARGET SEED DATA_DIR    one run, which prints its figures as JSON

Our networks train as `python train.py --config configs/secondsTARGET.yaml` does. For 97 and 98 %, we compare them with
the fastest training that we could write in JAX, with any activation, cost, optimizer and mini-batch. It neither
validates nor saves anything. We chose all settings by validation accuracy, in a few trials. JAX is skipped if it is not
installed (pip install -e ".[bench]").
"""

import json
import os
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from statistics import mean
from time import perf_counter

from tools.benchmarks.common import ROOT, heading, load, on_cpu, parser, python, row

# The settings of `network_in_jax` for each target.
JAX = {
    97: {"hidden": [100], "epochs": 2, "batch_size": 50, "lr": 0.5},
    98: {"hidden": [300], "epochs": 7, "batch_size": 50, "lr": 0.4},
}


def ours(target, seed, data_dir):
    """Everything that `train.py` does. It also validates, tests, and saves checkpoints and curves."""
    import torch
    import yaml
    from lightning.pytorch.callbacks import Callback

    from digits import DigitClassifier
    from digits.kernels import Job, cpu
    from digits.model import plain_sgd
    from digits.train import Settings, train

    class Clock(Callback):
        def on_train_start(self, *_):
            self.seconds = -perf_counter()

        def on_validation_start(self, *_):
            self.seconds += perf_counter()  # only after the last epoch

        def on_validation_end(self, trainer, _):
            self.accuracy = trainer.callback_metrics["accuracy/test"].item()

    model, blank = DigitClassifier([1], cost="cross_entropy"), torch.zeros(1, 28, 28, dtype=torch.uint8)
    step = model, blank, torch.zeros(1, 10), torch.zeros(1, 1, dtype=torch.int64), plain_sgd(model, 1.0, 0.0)
    cpu.steps(Job(*step))  # loads the compiled code: JAX, too, compiles before its training is timed
    settings = yaml.safe_load(Path(ROOT, "configs", f"seconds{target}.yaml").read_text())
    trainer = settings.pop("trainer") | {"callbacks": [clock := Clock()]}
    settings |= {"seed": seed, "data_dir": data_dir, "run_dir": Path(tempfile.mkdtemp(), "run"), "trainer": trainer}
    train(Settings(**settings))
    return clock.accuracy, clock.seconds


def network_in_jax(target, seed, data_dir):
    """ReLU layers, softmax, SGD with cosine decay. An epoch is one jitted `lax.scan`."""
    import jax
    import jax.numpy as jnp

    settings = JAX[target]
    sizes, count = [784, *settings["hidden"], 10], settings["batch_size"]

    def network(parameters, x):
        x = x.astype(jnp.float32) / 255
        for w, b in parameters[:-1]:
            x = jax.nn.relu(x @ w + b)
        w, b = parameters[-1]
        return x @ w + b

    def cost(parameters, x, digits):
        return -jax.nn.log_softmax(network(parameters, x))[jnp.arange(count), digits].mean()

    @jax.jit
    def train_epoch(parameters, images, digits, epoch, key):
        steps = len(images) // count

        def step(parameters, now):
            number, chosen = now
            rate = settings["lr"] * (1 + jnp.cos(jnp.pi * number / (steps * settings["epochs"]))) / 2
            gradient = jax.grad(cost)(parameters, images[chosen], digits[chosen])
            return jax.tree.map(lambda p, g: p - rate * g, parameters, gradient), None

        shuffled = jax.random.permutation(key, len(images)).reshape(steps, count)
        return jax.lax.scan(step, parameters, (epoch * steps + jnp.arange(steps), shuffled))[0]

    (images, labels), _, (test, wanted) = jax.device_put(load(data_dir))
    keys = jax.random.split(jax.random.key(seed), len(sizes) - 1 + settings["epochs"])
    shapes = zip(keys, sizes, sizes[1:], strict=False)
    parameters = [(jax.random.normal(key, (n, m)) * (2 / n) ** 0.5, jnp.zeros(m)) for key, n, m in shapes]
    compiled = train_epoch.lower(parameters, images, labels, 0, keys[0]).compile()
    start = perf_counter()
    for epoch, key in enumerate(keys[len(sizes) - 1 :]):
        parameters = compiled(parameters, images, labels, epoch, key)
    jax.block_until_ready(parameters)
    seconds = perf_counter() - start
    return float((network(parameters, test).argmax(1) == wanted).mean()), seconds


WAYS = {  # title, function, the module that it needs, and the targets that it reaches
    "ours": ("**`train.py`**", ours, "lightning", (97, 98, 99)),
    "jax": ("JAX", network_in_jax, "jax", tuple(JAX)),
}


def table(args):
    """Print a row for each number of cores, target and way: means over the seeds."""
    from tqdm import tqdm  # here, because the imports of a measured process count

    for cores in args.cores:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, args.all_cores[-cores:])
        os.environ.update(on_cpu(threads=cores))
        heading(f"cores: {cores}", "target, %", "test accuracy, %", "n", "from process start, s", "training alone, s")
        for target in args.targets:
            for name, (title, _, module, reached) in WAYS.items():
                if target not in reached or not find_spec(module):
                    continue
                runs = []  # accuracy in %, seconds of training, and seconds of the whole process
                for seed in tqdm(range(args.seeds), desc=f"{title}, {target} %", disable=None, leave=False):
                    line, whole = python("-m", "tools.benchmarks.seconds", "run", name, target, seed, args.data_dir)
                    accuracy, training = json.loads(line)
                    runs.append((100 * accuracy, training, whole))
                accuracy, training, whole = map(mean, zip(*runs, strict=True))
                row(title, target, f"{accuracy:.2f}", len(runs), f"{whole:.1f}", f"{training:.2f}")
        print()


def main(words=None):
    words = sys.argv[1:] if words is None else words
    if words[:1] == ["run"]:
        name, target, seed, data_dir = words[1:]
        accuracy, seconds = WAYS[name][1](int(target), int(seed), data_dir)
        return print("\n" + json.dumps([float(accuracy), seconds]))
    options = parser(__doc__)
    options.add_argument("--targets", type=int, nargs="+", choices=(97, 98, 99), default=[97, 98, 99])
    options.add_argument("--seeds", type=int, default=10, help="number of seeds (10)")
    options.add_argument("--cores", type=int, nargs="+", default=[1, 2], help="numbers of cores (1 and 2)")
    args = options.parse_args(words)
    args.all_cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    table(args)


if __name__ == "__main__":
    main()
