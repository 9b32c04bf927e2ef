"""What a run shows on the console while it trains."""

import sys
from typing import Any

from lightning.pytorch.callbacks import Callback
from tqdm import tqdm


class EpochLines(Callback):
    """A progress bar over the whole run and, above it, a line for each epoch in the book's own form.

    Args:
        bar: Whether to draw the bar; the lines are always printed.
    """

    def __init__(self, bar: bool = True) -> None:
        self.bar = tqdm(
            disable=not (bar and sys.stderr.isatty()),
            leave=False,
            unit=" mini-batches",
            unit_scale=True,
            bar_format="{percentage:3.0f}% |{bar:30}| {elapsed}, {remaining} left, {rate_fmt}",
        )

    def on_train_start(self, trainer: Any, module: Any) -> None:
        labels = trainer.datamodule.training[1]
        self.bar.reset(total=-(-len(labels) // trainer.datamodule.batch_size) * trainer.max_epochs)

    def on_train_batch_end(self, trainer: Any, module: Any, *_: Any) -> None:
        self.bar.update(trainer.global_step - self.bar.n)

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        metrics = trainer.callback_metrics
        if trainer.is_global_zero and "accuracy/test" in metrics:
            images = len(trainer.datamodule.test[1])
            right = round(metrics["accuracy/test"].item() * images)
            validation = f"validation {metrics['accuracy/validation']:.2%}"
            tqdm.write(f"Epoch {trainer.current_epoch}: {right} / {images}   {validation}")

    def on_fit_end(self, trainer: Any, module: Any) -> None:
        self.bar.close()
