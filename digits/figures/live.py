"""Draw a learning curve in a notebook while a network trains."""

from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from digits.figures.style import BLUE, figure


class LiveCurve(Callback):
    """Redraw the test accuracy below a notebook's cell after each epoch. `accuracy` has a percentage per epoch."""

    def __init__(self) -> None:
        self.accuracy: list[float] = []
        self.figure = figure(2.6)
        self.axes = self.figure.subplots()
        self.shown: Any = None  # IPython's handle to replace the picture

    def on_validation_end(self, trainer: Trainer, module: LightningModule) -> None:
        self.accuracy.append(100 * trainer.callback_metrics["accuracy/test"].item())
        self.axes.clear()
        self.axes.plot(range(1, len(self.accuracy) + 1), self.accuracy, "o-", color=BLUE)
        low, high = max(0, min(self.accuracy) - 5), min(100, max(self.accuracy) + 5)  # margins make noise look small
        self.axes.set(xlim=(0, (trainer.max_epochs or 0) + 1), ylim=(low, high))
        self.axes.set(xlabel="epochs of training", ylabel="accuracy on test images, %")
        self.axes.set_title(f"{module.shape} at learning rate {module.lr:g}: {self.accuracy[-1]:.1f} %", fontsize=10)
        if self.shown:
            self.shown.update(self.figure)
        else:
            from IPython.display import display  # only notebooks have IPython

            self.shown = display(self.figure, display_id=True)
