"""DigitClassifier: the sigmoid network, its training and its use, as a LightningModule."""

import math
from pathlib import Path
from typing import Any, Literal

import torch
from lightning.pytorch import LightningModule
from torch import Tensor
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

from digits import UserError, backprop, kernels
from digits.checkpoint import VERSION, read
from digits.data import Batch
from digits.kernels import Kernel
from digits.network import Init, answers, correct, inputs, linears, one_hot, quadratic_cost, sigmoid_network, sizes

WARM_UP = 0.05  # of a schedule, in which the learning rate rises from a tenth; all at once may saturate every output


class DigitClassifier(LightningModule):
    """An input for each pixel, any hidden layers, ten outputs; the largest output activation names the digit.

    Or a detector, with one output: its activation is above 0.5 where the picture shows `only_digit`.

    Trained on the quadratic cost C = 1/(2n) sum ||y - a||^2 with plain SGD, one-hot targets; a detector's target is 1
    for its digit and 0 for the others.

    Args:
        hidden: Neurons in each hidden layer; [100] is the book's 784-100-10.
        lr: Learning rate.
        init: `scaled` or `gaussian`; see `digits.network.sigmoid_network`.
        seed: Decides the initial weights and biases.
        kernel: How to train: `auto` chooses, see `digits.kernels.choose`.
        only_digit: The digit to detect, 0 to 9, or None to tell all ten apart.
        image_size: Height and width of the images, in pixels; 64 gives the 4,096 inputs of the book's example.
        schedule: Epochs in which the learning rate rises to `lr` and falls to almost 0 again; None keeps it at `lr`.

    Raises:
        UserError: If `only_digit` is no digit.
    """

    def __init__(
        self,
        hidden: list[int],
        lr: float = 3.0,
        init: Init = "scaled",
        seed: int = 0,
        kernel: Kernel = "auto",
        only_digit: int | None = None,
        image_size: int = 28,
        schedule: int | None = None,
    ) -> None:
        super().__init__()
        hidden, lr, seed = [int(n) for n in hidden], float(lr), int(seed)  # plain values, for weights-only loading
        only_digit, image_size = None if only_digit is None else int(only_digit), int(image_size)
        schedule = None if schedule is None else int(schedule)
        if only_digit is not None and not 0 <= only_digit <= 9:
            raise UserError(f"--only_digit must be 0 to 9, not {only_digit}")
        self.save_hyperparameters(logger=False)
        self.automatic_optimization = False  # a training step takes a whole stack of mini-batches
        self.lr, self.kernel, self.only_digit, self.image_size = lr, kernel, only_digit, image_size
        self.schedule = schedule
        outputs = 10 if only_digit is None else 1
        self.network = sigmoid_network([image_size**2, *hidden, outputs], init, seed)
        self.tallies: dict[str, Tensor] = {}  # by split: cost, right answers and images since the epoch began
        self.curves: dict[str, float] = {}  # the metrics of this epoch

    @classmethod
    def load_from_checkpoint(  # type: ignore[override]
        cls, path: str | Path, map_location: Any = "cpu", *, weights_only: Literal[True] = True, **settings: Any
    ) -> "DigitClassifier":
        """A trained network from a file that train.py wrote, which cannot run code here (`digits.checkpoint.read`).

        Args:
            path: The checkpoint.
            map_location: The device to put the network on.
            weights_only: It is always so; here for those who are used to asking for it.
            settings: Hyperparameters to change, such as `kernel`.

        Raises:
            UserError: If it is no checkpoint of this program.
        """
        saved = read(path)
        try:
            model = cls(**saved["hyper_parameters"] | settings)
            model.load_state_dict(saved["state_dict"])
        except (TypeError, ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise UserError(f"{path} does not hold the network that it describes: {reason}") from error
        return model.to(map_location)

    @property
    def shape(self) -> str:
        """The layers as the book writes them, such as 784-100-10."""
        return "-".join(map(str, sizes(self.network))) or type(self.network).__name__

    @property
    def size(self) -> int:
        """The number of weights and biases."""
        return sum(parameter.numel() for parameter in self.parameters())

    def forward(self, images: Tensor) -> Tensor:
        """Output activations (N, 10), of a detector (N, 1), for images (N, 28, 28), uint8 or float 0..1."""
        return self.network(inputs(images, like=next(self.parameters())))

    @torch.no_grad()
    def predict(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Read digits, or detect one.

        Args:
            images: (N, 28, 28) or of another `image_size`, light strokes on dark, uint8 0..255 or float 0..1, on any
                device.

        Returns:
            The digits (N,) int64 and the ten output activations (N, 10), each 0..1 (they need not sum to 1). From a
            detector, whether each is its digit (N,) bool, and its output activations (N, 1).

        Raises:
            ValueError: If the shape, dtype or range is another.
        """
        self._check_shape(images)
        if images.dtype != torch.uint8 and not images.is_floating_point():
            raise ValueError(f"expected images of dtype uint8 (0..255) or float (0..1), got {images.dtype}")
        if images.is_floating_point() and images.numel() and not (images.min() >= 0 and images.max() <= 1):
            raise ValueError("expected float images within 0..1; for 0..255 pass uint8, or divide by 255")
        activations = self(images)
        return answers(activations), activations

    def _check_shape(self, images: Tensor) -> None:
        size = self.image_size
        if images.ndim != 3 or images.shape[1:] != (size, size):
            raise ValueError(f"expected images of shape (N, {size}, {size}), got {tuple(images.shape)}")

    def configure_optimizers(self) -> Any:
        """Plain SGD and, with a schedule, what sets its learning rate at the end of each epoch."""
        optimizer, epochs = SGD(self.parameters(), lr=self.lr), self.trainer.max_epochs
        if self.schedule is None:
            return optimizer
        if epochs is None or not 0 <= epochs <= self.schedule:
            raise UserError(f"--schedule {self.schedule} goes with up to {self.schedule} epochs, not with {epochs}")
        rising = math.ceil(WARM_UP * self.schedule)
        up = LinearLR(optimizer, start_factor=0.1, total_iters=rising)
        down = CosineAnnealingLR(optimizer, max(1, self.schedule - rising))
        return [optimizer], [SequentialLR(optimizer, [up, down], [rising])]

    def training_step(self, stack: Batch, _: int) -> None:
        """K steps of SGD: on images (N, H, W) uint8 with labels (N,) int64, of which `chosen` (K, B) are trained on."""
        images, labels, chosen = stack
        self._check_shape(images)  # the compiled kernel would not
        labels = self._neurons(labels)
        if self.trainer.max_steps >= 0:  # may be reached within the stack
            chosen = chosen[: self.trainer.max_steps - self.global_step]
        optimizer: Any = self.optimizers(use_pl_optimizer=False)
        processes = self.trainer.world_size
        kernel = kernels.choose(self.kernel, self.network, images, optimizer, chosen.shape[1], processes)
        if kernel == "autograd":
            cost, right = self._autograd_steps(optimizer, images, labels, chosen)
        else:
            arguments = *self._weights_and_biases(), images, labels, chosen, optimizer.param_groups[0]["lr"]
            if kernel == "numba":
                cost, right = kernels.compiled().sgd_steps(*arguments)
            else:
                reduce = backprop.reduce_across_processes if processes > 1 else None
                cost, right = backprop.sgd_steps(*arguments, reduce)
        self._tally("training", cost, right, chosen.numel())
        self._count_steps(len(chosen))

    def _neurons(self, labels: Tensor) -> Tensor:
        """Which output neuron each label (N,) int64 names; a detector has only neuron 0, which is its digit's."""
        return labels - (self.only_digit or 0)

    def _weights_and_biases(self) -> tuple[list[Tensor], list[Tensor]]:
        layers = linears(self.network)
        return [layer.weight.data for layer in layers], [layer.bias.data for layer in layers]

    def _autograd_steps(
        self, optimizer: Optimizer, images: Tensor, labels: Tensor, chosen: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The textbook way, for any network and optimizer."""
        costs, rights = [], []
        for mini_batch in chosen:
            a = self(images[mini_batch])
            y = one_hot(labels[mini_batch], a.shape[1], like=a)
            cost = quadratic_cost(a, y)
            optimizer.zero_grad()
            self.manual_backward(cost / len(mini_batch))
            optimizer.step()
            costs.append(cost.detach())
            rights.append(correct(a, y))
        return torch.stack(costs).sum(), torch.stack(rights).sum()

    def _count_steps(self, steps: int) -> None:
        """Lightning counts calls of `optimizer.step()`; a stack stands for many."""
        progress = self.trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress
        for tracker in (progress.total, progress.current):
            tracker.ready += steps
            tracker.completed += steps

    def validation_step(self, batch: Batch, _: int, dataloader_idx: int = 0) -> None:
        self._evaluate(("validation", "test")[dataloader_idx], batch)

    def test_step(self, batch: Batch, _: int) -> None:
        self._evaluate("test", batch)

    def _evaluate(self, split: str, batch: Batch) -> None:
        images, labels, chosen = batch
        self._check_shape(images)
        self._tally(split, *self.score(images, labels, chosen), len(chosen))
        if self.only_digit is not None:
            chosen = chosen[labels[chosen] == self.only_digit]
            self._tally(f"{split}, the digit", *self.score(images, labels, chosen), len(chosen))

    @torch.no_grad()
    def score(self, images: Tensor, labels: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """Cost, summed, and number of right answers on the `chosen` (n,) of images (N, H, W) uint8, labels (N,)."""
        labels = self._neurons(labels)
        if kernels.choose(self.kernel, self.network, images) == "numba":
            return kernels.compiled().evaluate(*self._weights_and_biases(), images, labels, chosen)
        a = self(images[chosen])
        y = one_hot(labels[chosen], a.shape[1], like=a)
        return quadratic_cost(a, y), correct(a, y)

    def _tally(self, split: str, cost: Tensor, right: Tensor, images: int) -> None:
        tally = torch.stack([cost, right, torch.full_like(cost, images)])
        self.tallies[split] = self.tallies.get(split, 0) + tally

    def _log(self, *splits: str) -> None:
        """Turn tallies into the metrics that callbacks and loggers see; the only place that waits for the device."""
        for split in splits:
            if split in self.tallies:
                cost, right, images = self._total(split)
                metrics = {f"accuracy/{split}": right / images, f"cost/{split}": cost / images}
                if f"{split}, the digit" in self.tallies:
                    _, found, there = self._total(f"{split}, the digit")
                    misses = there - found
                    metrics |= {f"misses/{split}": misses, f"false_alarms/{split}": images - right - misses}
                self.log_dict(metrics, logger=False)
                self.curves |= metrics

    def _total(self, split: str) -> list[float]:
        return self.trainer.strategy.reduce(self.tallies.pop(split), reduce_op="sum").tolist()

    def on_validation_epoch_end(self) -> None:
        self._log("validation", "test")

    def on_test_epoch_end(self) -> None:
        self._log("test")

    def on_train_epoch_end(self) -> None:
        """One point an epoch on each of TensorBoard's curves, with the number of the epoch as its x."""
        self._log("training")
        for config in self.trainer.lr_scheduler_configs:  # with manual optimization, Lightning leaves it to the module
            scheduler: Any = config.scheduler
            scheduler.step()
        if not all(parameter.isfinite().all() for parameter in self.parameters()):
            raise UserError(
                f"the weights are no longer finite numbers after epoch {self.current_epoch}; the likely cause is the "
                f"learning rate, {self.lr:g}: try a smaller one"
            )
        for logger in self.loggers:
            logger.log_metrics(self.curves, step=self.current_epoch)

    def on_train_epoch_start(self) -> None:
        self.curves = {}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Name the program."""
        checkpoint["digits_version"] = VERSION
