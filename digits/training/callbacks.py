"""What goes on around the training: lines, curves, checkpoints written whole, an end when somebody asks for it."""

import io
import math
import signal
from threading import current_thread, main_thread
from typing import Any

import torch
from lightning.pytorch import callbacks
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.plugins.io import TorchCheckpointIO
from lightning.pytorch.utilities import rank_zero_only
from torch import Tensor, nn
from tqdm import tqdm

from digits.checkpoint.contents import VALIDATION
from digits.common.files import write_atomically
from digits.network import CROSS_ENTROPY

GAUSSIAN = (
    "gaussian init: weights this large saturate some output neurons from the start, and a digit whose neuron\n"
    "is saturated may never be learned: rare with 30 hidden neurons, usual with 100. `scaled` avoids it."
)
GUESSING = 0.2  # a network with a lower accuracy after three epochs hardly learns; guessing has 0.1


class EarlyStopping(callbacks.EarlyStopping):
    """Lightning's, which would train one more epoch whenever a run that it has ended is resumed."""

    def on_train_start(self, trainer: Any, module: Any) -> None:
        if self.wait_count >= self.patience:
            trainer.should_stop = True
            said = f"It has stopped early, after {self.wait_count} epochs of no higher accuracy, and is finished."
            rank_zero_only(print)(f"{said} To go on: --early_stop N, more than {self.wait_count}")


def parameter_count(network: nn.Module) -> int:
    """How many weights and biases a network has."""
    return sum(parameter.numel() for parameter in network.parameters())


class EpochLines(Callback):
    """A progress bar over the whole run, on a terminal, and above it a line for each epoch in the book's own form."""

    def __init__(self) -> None:
        self.bar = tqdm(
            disable=bool(getattr(rank_zero_only, "rank", 0)) or None,  # None: unless this is a terminal
            leave=False,
            unit=" mini-batches",
            unit_scale=True,
            bar_format="{percentage:3.0f}% |{bar:30}| {elapsed}, {remaining} left, {rate_fmt}",
        )
        self.advised = False

    def on_train_start(self, trainer: Any, module: Any) -> None:
        stacks = trainer.train_dataloader
        self.bar.reset(total=max(0, math.ceil(stacks.count / stacks.global_batch_size) * trainer.max_epochs))
        self.started = False

    def on_train_batch_start(self, trainer: Any, module: Any, stack: Any, _: int) -> None:
        if not self.started:
            if module.hparams["init"] == "gaussian" and module.cost is not CROSS_ENTROPY:
                rank_zero_only(tqdm.write)(GAUSSIAN)
            kernel = f"kernel {module.kernel_for(stack)[0].name} on {stack.images.device}"
            processes = f", {trainer.world_size} processes" if trainer.world_size > 1 else ""
            other = "cuda" if stack.images.device.type == "cpu" else "cpu"
            choice = f" (--trainer.accelerator {other} for the other)" if torch.cuda.is_available() else ""
            size = f"{module.shape}, {parameter_count(module):,} weights and biases"
            rank_zero_only(tqdm.write)(f"{size}; {kernel}{processes}{choice}")
        self.started = True

    def on_train_batch_end(self, trainer: Any, module: Any, *_: Any) -> None:
        self.bar.update(trainer.global_step - self.bar.n)

    def on_validation_end(self, trainer: Any, module: Any) -> None:
        if not trainer.sanity_checking:
            images = len(trainer.datamodule.test[1])
            right = round(trainer.callback_metrics["accuracy/test"].item() * images)
            validation = trainer.callback_metrics.get(VALIDATION)
            said = "" if validation is None else f"   validation {validation.item():.2%}"
            rank_zero_only(tqdm.write)(f"Epoch {trainer.current_epoch}: {right} / {images}{said}")
            accuracy = right / images if validation is None else validation.item()
            if accuracy < GUESSING and trainer.current_epoch >= 2 and not self.advised:
                self.advised = True
                rank_zero_only(tqdm.write)(advice(module, trainer.datamodule.training[0][:1_000]))

    def on_fit_end(self, trainer: Any, module: Any) -> None:
        self.bar.close()

    def on_exception(self, trainer: Any, module: Any, exception: BaseException) -> None:
        self.bar.close()


def advice(model: Any, images: Tensor) -> str:
    """What to try with a network that guesses, in a line; some images (N, 28, 28) show why it does."""
    activations = model.predict(images)[1]
    if ((activations - activations.round()).abs() > 0.01).float().mean() < 0.01:  # also if they are no numbers
        return f"This is guessing: all outputs are saturated and learn no more. Start again with --lr {model.lr / 10:g}"
    init = " and --init scaled" if model.hparams["init"] == "gaussian" else ""
    return f"This is hardly better than guessing: it learns slowly. Try --lr {model.lr * 10:g}{init}, or more --epochs"


class EpochCurves(Callback):
    """One point an epoch on each curve, with the number of the epoch as its x, where Lightning takes that of the step.

    Among them best/validation, the highest so far, and best/test, the accuracy of that epoch on the test images; if
    none validate, of the last epoch. As for the checkpoint that is kept, the first of equal epochs is the best.
    """

    def __init__(self) -> None:
        self.best: dict[str, float] = {}

    def on_validation_end(self, trainer: Any, module: Any) -> None:
        if not trainer.sanity_checking:
            seen = {name: x.item() for name, x in trainer.callback_metrics.items() if not name.endswith("/training")}
            validation = seen.get(VALIDATION)
            if validation is None or validation > self.best.get("best/validation", -1.0):
                self.best = {name.replace("accuracy", "best"): x for name, x in seen.items() if "accuracy" in name}
            self._log(trainer, seen | self.best)

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        seen = {name: x.item() for name, x in trainer.callback_metrics.items() if name.endswith("/training")}
        self._log(trainer, seen)

    def _log(self, trainer: Any, metrics: dict[str, float]) -> None:
        for logger in trainer.loggers:
            logger.log_metrics(metrics, step=trainer.current_epoch)

    def state_dict(self) -> dict[str, float]:
        return self.best


class Interrupted(BaseException):
    """A signal asked the run to end, in `epoch`. Not an Exception, so that nothing takes it for an error."""

    def __init__(self, signum: int, epoch: int = 0) -> None:
        self.signum, self.epoch = signum, epoch


class StopOnSignal(Callback):
    """End the run by `Interrupted` when SIGINT or SIGTERM asks for it; only the main thread hears of them.

    In one process that is at once, in the middle of a stack, but not while validation, curves and checkpoints end an
    epoch: then it is after them, or at a second signal. Several processes leave together, after a stack; one that left
    alone would let the others wait for its gradients.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self.writing = False

    def on_train_start(self, trainer: Any, module: Any) -> None:
        def stop(number: int, frame: Any) -> None:
            again, self.received = self.received is not None, number
            if trainer.world_size == 1 and (again or not self.writing):
                raise Interrupted(number, trainer.current_epoch)

        for number in (signal.SIGINT, signal.SIGTERM) if current_thread() is main_thread() else ():
            signal.signal(number, stop)  # at the end, Lightning puts back the handlers that it found
        self.on_train_epoch_start(trainer, module)

    def on_train_epoch_start(self, trainer: Any, module: Any) -> None:
        self.writing = False
        self.on_train_batch_end(trainer)

    def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
        if trainer.strategy.reduce_boolean_decision(self.received is not None, all=False):
            raise Interrupted(self.received or signal.SIGTERM, trainer.current_epoch)

    def on_validation_start(self, trainer: Any, module: Any) -> None:
        self.writing = True

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        self.writing = True

    def on_test_start(self, trainer: Any, module: Any) -> None:
        self.on_train_start(trainer, module)


class WholeFiles(TorchCheckpointIO):
    """Lightning's way to disk, by `write_atomically`."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        write_atomically(path, buffer.getvalue())
