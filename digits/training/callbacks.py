"""What goes on around the training: console lines, checkpoints written whole, an end when somebody asks for it."""

import io
import math
import signal
import sys
from typing import Any

import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.plugins.io import TorchCheckpointIO
from lightning.pytorch.utilities import rank_zero_only
from tqdm import tqdm

from digits.checkpoint import read
from digits.files import write_whole
from digits.kernels import choose


class EpochLines(Callback):
    """A progress bar over the whole run, on a terminal, and above it a line for each epoch in the book's own form."""

    def __init__(self) -> None:
        self.bar = tqdm(
            disable=not (sys.stderr.isatty() and not getattr(rank_zero_only, "rank", 0)),
            leave=False,
            unit=" mini-batches",
            unit_scale=True,
            bar_format="{percentage:3.0f}% |{bar:30}| {elapsed}, {remaining} left, {rate_fmt}",
        )

    def on_train_start(self, trainer: Any, module: Any) -> None:
        images, labels = trainer.datamodule.training
        batch_size = trainer.datamodule.batch_size
        kernel = choose(module.kernel, module.network, images, trainer.optimizers[0], batch_size, trainer.world_size)
        processes = f", {trainer.world_size} processes" if trainer.world_size > 1 else ""
        self._say(f"{module.shape}, {module.size:,} weights and biases; kernel {kernel} on {images.device}{processes}")
        steps = math.ceil(len(labels) / (batch_size * trainer.world_size)) * trainer.max_epochs
        self.bar.reset(total=trainer.max_steps if 0 <= trainer.max_steps < steps else max(0, steps))

    @rank_zero_only
    def _say(self, text: str) -> None:
        tqdm.write(text)

    def on_train_batch_end(self, trainer: Any, module: Any, *_: Any) -> None:
        self.bar.update(trainer.global_step - self.bar.n)

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        if "accuracy/test" in module.curves:  # not if the Trainer was told not to validate this epoch
            images = len(trainer.datamodule.test[1])
            right = round(module.curves["accuracy/test"] * images)
            validation = f"validation {module.curves['accuracy/validation']:.2%}"
            self._say(f"Epoch {trainer.current_epoch}: {right} / {images}   {validation}")

    def on_fit_end(self, trainer: Any, module: Any) -> None:
        self.bar.close()

    def on_exception(self, trainer: Any, module: Any, exception: BaseException) -> None:
        self.bar.close()


class Interrupted(BaseException):
    """A signal asked the run to end: `signum` says which. Not an Exception, so that nothing takes it for an error."""

    def __init__(self, signum: int) -> None:
        self.signum = signum


class StopOnSignal(Callback):
    """End the run after the current stack of mini-batches when SIGINT or SIGTERM asks for it, by `Interrupted`."""

    def __init__(self) -> None:
        self.received: int | None = None
        self.before: dict[int, Any] = {}

    def on_train_start(self, trainer: Any, module: Any) -> None:
        self.before = {number: signal.signal(number, self._remember) for number in (signal.SIGINT, signal.SIGTERM)}

    def _remember(self, number: int, frame: Any) -> None:
        self.received = number

    def on_train_batch_end(self, trainer: Any, module: Any, *_: Any) -> None:
        if trainer.strategy.reduce_boolean_decision(self.received is not None, all=False):
            raise Interrupted(self.received or signal.SIGTERM)

    def on_train_end(self, trainer: Any, module: Any) -> None:
        self._restore()

    def on_exception(self, trainer: Any, module: Any, exception: BaseException) -> None:
        self._restore()

    def _restore(self) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)


class WholeFiles(TorchCheckpointIO):
    """Lightning's way to disk and back, by `write_whole` and `read`."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        write_whole(path, buffer.getvalue())

    def load_checkpoint(self, path: Any, map_location: Any = None, weights_only: bool | None = None) -> dict[str, Any]:
        return read(path)
