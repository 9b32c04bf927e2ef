"""Measure how fast training is on a GPU. First run `pytest -m gpu`, which tests whether it is correct.

python -m tools.benchmarks.gpu            kernel launches, and seconds per epoch on CPU and GPU: a few minutes
python -m tools.benchmarks.gpu crossover  the size above which the GPU is faster, and what `fastest_device` estimates

`--device cpu` tries both tables without a GPU.
"""

import platform
from time import perf_counter

import torch
from lightning.pytorch.callbacks import Callback
from torch.profiler import ProfilerActivity, profile

from digits import mnist
from digits.common.libraries import quiet
from digits.kernels import KERNELS
from digits.kernels.stacks import StackedClassifier, StackedMNIST
from digits.model import DigitClassifier
from digits.network import one_hot, sigmoid_network
from digits.training.callbacks import parameter_count
from digits.training.trainer import LARGE_STEP
from tests.support.jobs import job
from tests.support.training import quick_trainer
from tools.benchmarks.common import TRAINING, heading, parser, row

LAUNCHING = "cudaLaunchKernel", "cudaLaunchKernelExC", "cuLaunchKernel", "cuLaunchKernelEx"


def clock():
    """Return the time after all launched work is done."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return perf_counter()


def steps(hidden, device, mini_batches=1):
    """Return a function that takes a step for each of some mini-batches of 10 blank images."""
    network, count = sigmoid_network([784, *hidden, 10]), 10 * mini_batches
    images, targets = torch.zeros(count, 28, 28, dtype=torch.uint8), one_hot(torch.arange(count) % 10)
    data = images.to(device), targets.to(device), torch.arange(count).view(mini_batches, 10).to(device)
    return lambda: KERNELS["torch"].steps(job(network.to(device), *data, 0.01))


def launched(function):
    """Count the kernels that a function launches on the GPU."""
    function()
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA][: 1 + torch.cuda.is_available()]) as seen:
        function()
        clock()
    return sum(event.count for event in seen.key_averages() if event.key in LAUNCHING)


def checks(args):
    """Print launches, the time of a launch, seconds per epoch, and the memory of the GPU."""
    name = torch.cuda.get_device_name() if args.device == "cuda" else platform.processor() or platform.machine()
    print(f"{name}, torch {torch.__version__}, CUDA {torch.version.cuda}\n")
    heading(f"on {args.device}", "")
    fewer, more = (launched(steps([100], args.device, count)) for count in (1, 101))
    row("launches in a step of 784-100-10, by torch's profiler; estimate: 20", f"{(more - fewer) / 100:g}")
    take = steps([1], args.device, 1000)
    sent = launched(take) or 20_000  # a CPU has no launches
    start = clock()
    take()
    row("us per launch, in steps of 784-1-10; estimate: 5", f"{(clock() - start) / sent * 1e6:.1f}")
    for hidden in args.hidden or [100, 800]:
        for device, kernel in (("cpu", "auto"), (args.device, "torch"), (args.device, "autograd")):
            seconds = timed(args, device, hidden, kernel=kernel)
            row(f"784-{hidden}-10, kernel {kernel} on {device}, s per epoch", f"{seconds:.2f}")
    if args.device == "cuda":
        row("peak memory of the GPU, MB", f"{torch.cuda.max_memory_allocated() / 1e6:.0f}")


def timed(args, device, hidden, batch_size=10, kernel="auto"):
    """Return the seconds of an epoch of 50,000 images: the faster of two epochs, after a first one to warm up."""
    seconds = []

    class Clock(Callback):
        def on_train_epoch_start(self, *_):
            seconds.append(-clock())

        def on_train_epoch_end(self, *_):
            seconds[-1] += clock()

    trainer = quick_trainer(callbacks=[Clock()], accelerator=device, max_epochs=3, limit_val_batches=0)
    data = StackedMNIST(args.data_dir, batch_size=batch_size, train_size=args.images, kernel=kernel)
    trainer.fit(StackedClassifier([hidden]), data)
    return min(seconds[1:]) * TRAINING / args.images


def crossover(args):
    """Print seconds per epoch on CPU and GPU, by the size of the mini-batch and of the hidden layer."""
    heading("mini-batch x hidden", "s per epoch on cpu", f"on {args.device}", "ratio", "estimate")
    for batch_size in (10, 100):
        for hidden in args.hidden or [30, 100, 200, 400, 800]:
            cpu = timed(args, "cpu", hidden, batch_size)
            device = timed(args, args.device, hidden, batch_size, kernel="torch")
            network = DigitClassifier([hidden])
            estimate = parameter_count(network) * batch_size / (LARGE_STEP * len(list(network.parameters())))
            row(f"{batch_size} x {hidden}", *(f"{figure:.2f}" for figure in (cpu, device, cpu / device, estimate)))
    print("\nAt a ratio above 1 the GPU is faster. `fastest_device` chooses the GPU if its estimate is above 1.")


def main(words=None):
    tables = {table.__name__: table for table in (checks, crossover)}
    options = parser(__doc__, *tables)
    options.add_argument("--device", default="cuda", help="device to measure (cuda)")
    options.add_argument("--hidden", type=int, nargs="+", help="hidden neurons (100 800; crossover: 30 to 800)")
    options.add_argument("--images", type=int, default=TRAINING, help="training images in a timed epoch (50000)")
    args = options.parse_args(words)
    if args.device == "cuda" and not torch.cuda.is_available():
        options.error("this machine has no GPU; try the tables with --device cpu")
    mnist.fetch(args.data_dir)
    with quiet():
        tables[args.table](args)


if __name__ == "__main__":
    main()
