"""Training in the tests: a quick Trainer, and train.py as a process of its own."""

from multiprocessing import get_context
from pathlib import Path
from subprocess import Popen

import pytest
import torch
from lightning.pytorch import Trainer
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from digits.kernels.stacks import StackedClassifier
from digits.training.trainer import DEFAULTS
from tests.support.small_mnist import write_mnist
from tests.support.small_process import start
from tests.support.systems import POSIX

EPOCHS = 60  # of a run of `Runs`, if it is not told otherwise


def quick_trainer(**settings) -> Trainer:
    """Lightning's Trainer on the CPU, writing nothing."""
    return Trainer(**DEFAULTS | {"accelerator": "cpu", "logger": False, "enable_checkpointing": False} | settings)


def weights(path: Path | str) -> dict[str, torch.Tensor]:
    """The tensors of a checkpoint."""
    return torch.load(path, weights_only=True)["state_dict"]


def ends(run: Path) -> list[dict[str, torch.Tensor]]:
    """The tensors of the last and of the best checkpoint of a run, as far as there are any."""
    return [weights(path) for name in ("last", "best") if (path := run / f"{name}.ckpt").exists()]


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    """Whether two checkpoints have the same bits."""
    return first.keys() == second.keys() and all(first[key].equal(second[key]) for key in second)


def curves(run: Path | str) -> dict[str, tuple[tuple[int, ...], tuple[float, ...]]]:
    """Each of TensorBoard's curves as its steps and values, by step: files of the same second have any order."""
    events = EventAccumulator(str(run)).Reload()
    return {
        tag: tuple(zip(*sorted((e.step, e.value) for e in events.Scalars(tag)), strict=True))
        for tag in events.Tags()["scalars"]
    }


def hyperparameters(run: Path | str) -> dict[str, str | float]:
    """Those in TensorBoard's HPARAMS tab."""
    content = EventAccumulator(str(run)).Reload().PluginTagToContent("hparams")["_hparams_/session_start_info"]
    values = HParamsPluginData.FromString(content).session_start_info.hparams
    return {name: value.string_value or value.number_value for name, value in values.items()}


class Runs:
    """Runs of train.py on small data, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.checksums = write_mnist(folder / "data" / "MNIST" / "raw")

    def start(self, *args: str) -> Popen:
        return start(self.checksums, self.folder, "train", *args)

    def new(self, run: str, *args: str) -> Popen:
        hidden = [] if "--hidden" in args else ["--hidden", "20"]
        return self.start("--epochs", str(EPOCHS), "--data_dir", "data", "--run_dir", run, *hidden, *args)

    def finish(self, process: Popen) -> str:
        output, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        return output

    def weights(self, run: str) -> dict[str, torch.Tensor]:
        return weights(self.folder / run / "last.ckpt")


def in_two_processes(target, *args) -> None:
    """Call target(barrier, *args) in two processes at once, which can wait for each other; neither may fail."""
    if not POSIX:
        pytest.skip("there is no fork, and a target need not be a function of a module")
    context = get_context("fork")
    barrier = context.Barrier(2)
    processes = [context.Process(target=target, args=(barrier, *args)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]


class Watch:
    """Stands in for a network: remembers the stacks that each epoch is trained on."""

    def __init__(self, monkeypatch):
        self.epochs, step = {}, StackedClassifier.training_step

        def watched(model, stack, index):
            assert stack.images.is_contiguous()
            self.epochs.setdefault(model.trainer.current_epoch, []).append(stack)
            return step(model, stack, index)

        monkeypatch.setattr(StackedClassifier, "training_step", watched)
