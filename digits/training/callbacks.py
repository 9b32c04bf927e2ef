"""Callbacks of the Trainer: printed lines, curves, early stopping, atomic checkpoints, a clean end on Ctrl-C."""

import io
import signal
import sys
from threading import current_thread, main_thread
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer, callbacks
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import Tensor, nn
from tqdm import tqdm

from digits.checkpoint.contents import VALIDATION
from digits.common.files import write_atomically
from digits.data import MNISTDataModule
from digits.kernels.stacks import StackedClassifier
from digits.model import DigitClassifier

GUESSING = 0.2  # a network below this accuracy after three epochs hardly learns; guessing gives 0.1

say = tqdm.write  # above the progress bar


class EarlyStopping(callbacks.EarlyStopping):
    """Lightning's early stopping, but resuming a run that has stopped early does not train one more epoch."""

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        if self.wait_count >= self.patience:
            trainer.should_stop = True
            say(
                f"This run stopped early, after {self.wait_count} epochs without a better validation accuracy. "
                f"To continue, use --early_stop with more than {self.wait_count}."
            )


def parameter_count(network: nn.Module) -> int:
    """Count the weights and biases of a network."""
    return sum(parameter.numel() for parameter in network.parameters())


class EpochLines(Callback):
    """Print a line for each epoch, as the book does, above a progress bar for the whole run."""

    def __init__(self, data: MNISTDataModule) -> None:
        self.data = data
        self.bar = tqdm(
            disable=None,  # only on a terminal
            leave=False,
            unit=" mini-batches",
            unit_scale=True,
            bar_format="{percentage:3.0f}% |{bar:30}| {elapsed}, {remaining} left, {rate_fmt}",
        )
        self.started = self.advised = False

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        images = len(trainer.train_dataloader.dataset)  # type: ignore[union-attr]
        self.bar.reset(total=max(0, -(-images // self.data.batch_size) * (trainer.max_epochs or 0)))

    def on_train_batch_start(self, trainer: Trainer, module: LightningModule, batch: Any, batch_idx: int) -> None:
        assert isinstance(module, StackedClassifier)
        if not self.started:  # not earlier, because the kernel depends on the stack
            self.started = True
            kernel = module.kernel_for(batch)[0].name
            say(f"{module.shape}, {parameter_count(module):,} weights and biases; kernel {kernel} on {module.device}")

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        self.bar.update(trainer.global_step - self.bar.n)

    def on_validation_end(self, trainer: Trainer, module: LightningModule) -> None:
        accuracy, validation = trainer.callback_metrics["accuracy/test"].item(), ""
        images = len(self.data.test[1])
        line = f"Epoch {trainer.current_epoch}: {round(accuracy * images)} / {images}"
        if VALIDATION in trainer.callback_metrics:
            accuracy = trainer.callback_metrics[VALIDATION].item()
            validation = f"   validation {accuracy:.2%}"
        say(line + validation)
        if accuracy < GUESSING and trainer.current_epoch >= 2 and not self.advised:
            self.advised = True
            assert isinstance(module, DigitClassifier)
            say(advice(module, self.data.training[0][:1_000]))

    def on_fit_end(self, trainer: Trainer, module: LightningModule) -> None:
        self.bar.close()

    def on_exception(self, trainer: Trainer, module: LightningModule, exception: BaseException) -> None:
        self.bar.close()


def advice(model: DigitClassifier, images: Tensor) -> str:
    """Return a line that says what to try if a network only guesses. Its outputs for images (N, 28, 28) show why."""
    activations = model.predict(images)[1]
    if ((activations - activations.round()).abs() > 0.01).float().mean() < 0.01:  # NaN, too
        saturated = "The network is guessing: all output neurons are saturated and cannot learn"
        return f"{saturated}. Start again with --lr {model.lr / 10:g}"
    init = " and --init scaled" if model.hparams["init"] == "gaussian" else ""
    slow = "The network is hardly better than guessing, because it learns slowly"
    return f"{slow}. Try --lr {model.lr * 10:g}{init} or more --epochs"


class StopOnSignal(Callback):
    """Stop the run on SIGINT or SIGTERM, and print the command that resumes it.

    Only the main thread receives signals.
    """

    def __init__(self, resume_command: str) -> None:
        self.resume_command = resume_command

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        def stop(signum: int, frame: Any) -> None:
            sys.exit(128 + signum)

        for signum in (signal.SIGINT, signal.SIGTERM) if current_thread() is main_thread() else ():
            signal.signal(signum, stop)  # Lightning restores the previous handlers at the end

    def on_test_start(self, trainer: Trainer, module: LightningModule) -> None:
        self.on_train_start(trainer, module)

    def on_exception(self, trainer: Trainer, module: LightningModule, exception: BaseException) -> None:
        if isinstance(exception, SystemExit):
            print(f"\nStopped in epoch {trainer.current_epoch}. Resume with: {self.resume_command}")


class AtomicFiles(TorchCheckpointIO):
    """Write checkpoints as Lightning does, but with `write_atomically`."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        write_atomically(path, buffer.getvalue())
