"""The fast way to train: `train` plugs these classes into Lightning where an ordinary run has those of the core.

Lightning needs more time to hand over a mini-batch than SGD needs for a step. So the data module of this file hands
over stacks of many mini-batches, and the module of this file gives each stack to a kernel, which takes all its steps.
Weights, metrics and checkpoints are those of the ordinary classes.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor
from torch.optim.lr_scheduler import ReduceLROnPlateau

from digits.augment import NEGATIVES, Prefetcher, augment
from digits.checkpoint.contents import VALIDATION, Checkpoint
from digits.common.errors import UserError
from digits.common.images import check_shape
from digits.data import MNISTDataModule
from digits.kernels import Job, Kernel, choose_kernel
from digits.model import DigitClassifier
from digits.network import one_hot

STACK = 25_000  # images in a stack, rounded down to whole mini-batches


def order(seed: int, epoch: int, count: int) -> Tensor:
    """Return the order (count,) int64 of the training images in an epoch. Equal arguments give equal orders."""
    return torch.from_numpy(np.random.default_rng([seed, epoch]).permutation(count))


class Stack(NamedTuple):
    """A batch in Lightning's sense: a whole dataset, and the indices of the images to use."""

    images: Tensor  # (N, H, W) uint8
    targets: Tensor  # (N, 10) float32: one-hot digits, a row of zeros for an image without a digit
    chosen: Tensor  # int64 indices: (K, B) to train on K mini-batches, (n,) to evaluate
    kernel: str = "auto"  # the kernel that the user wants


class TrainingStacks:
    """The training images, epoch after epoch, in stacks of mini-batches."""

    def __init__(self, data: "StackedMNIST", trainer: Trainer) -> None:
        self.data, self.trainer, self.dataset = data, trainer, range(data.count)
        examples = data.training[0], one_hot(data.training[1])
        epoch = partial(augment, *examples, seed=data.seed, distort=data.distort, handwriting=data.handwriting)
        self.examples = Prefetcher(epoch)

    def __len__(self) -> int:
        return len(self._split(torch.arange(len(self.dataset))))

    def __iter__(self) -> Iterator[Stack]:
        epoch = self.trainer.current_epoch  # read here, because a resumed run does not know its epoch in __init__
        images, targets = self.examples.get(epoch, self.trainer.max_epochs)
        for chosen in self._split(order(self.data.seed, epoch, len(self.dataset)).to(images.device)):
            yield Stack(images, targets, chosen, self.data.kernel)

    def _split(self, indices: Tensor) -> list[Tensor]:
        """Split indices (n,) into stacks (K, B) of K mini-batches. A smaller last mini-batch is a separate stack."""
        size = self.data.batch_size
        whole = indices[: len(indices) // size * size].view(-1, size)
        rest = indices[whole.numel() :].view(1, -1)
        return [stack for stack in (*whole.split(max(1, STACK // size)), rest) if stack.numel()]


class WholeSplit(list[Stack]):
    """A data loader with one stack. Lightning would take each item of a plain list for a data loader."""


class StackedMNIST(MNISTDataModule):
    """MNIST in stacks, with all images on the training device, and augmented if that is asked for.

    Args:
        data_dir, named: As in MNISTDataModule. The seed also decides the augmentation.
        distort: Strength of the random distortion of the training images, with new ones in each epoch; 0 for none.
        handwriting: Whether to add other handwriting styles and images without a digit: see `digits.augment.augment`.
        kernel: The code that trains: `auto`, or a name in `digits.kernels.KERNELS`.
    """

    def __init__(
        self,
        data_dir: str | Path | None = None,
        distort: float = 0.0,
        handwriting: bool = False,
        kernel: str = "auto",
        **named: Any,
    ) -> None:
        super().__init__(data_dir, **named)
        self.distort, self.handwriting, self.kernel = (self.hparams[x] for x in ("distort", "handwriting", "kernel"))

    def setup(self, stage: str | None = None) -> None:
        """Load the images (N, 28, 28) uint8 and labels (N,) int64 of each split onto the training device."""
        super().setup(stage)
        device = self.trainer.strategy.root_device if self.trainer else torch.device("cpu")
        for split in ("training", "validation", "test"):
            setattr(self, split, tuple(tensor.to(device) for tensor in getattr(self, split)))

    @property
    def count(self) -> int:
        """The number of training images in an epoch, including images without a digit."""
        digits = len(self.training[0])
        return digits + round(NEGATIVES * digits * self.handwriting)

    def train_dataloader(self) -> TrainingStacks:
        assert self.trainer
        return TrainingStacks(self, self.trainer)

    def val_dataloader(self) -> list[WholeSplit]:
        """Return the validation and the test data. The validation accuracy alone chooses the checkpoint."""
        return [self.whole(*self.validation), self.whole(*self.test)]

    def test_dataloader(self) -> WholeSplit:
        return self.whole(*self.test)

    def whole(self, images: Tensor, labels: Tensor) -> WholeSplit:
        """Return a whole split of the data, as one stack to evaluate."""
        chosen = torch.arange(len(images), device=images.device)
        return WholeSplit([Stack(images, one_hot(labels), chosen, self.kernel)] if len(images) else [])


class StackedClassifier(DigitClassifier):
    """A DigitClassifier whose batches are stacks."""

    automatic_optimization = False  # the kernels take the steps

    def kernel_for(self, stack: Stack, trains: bool = True) -> tuple[Kernel, Job]:
        """Return the kernel and its job for a stack. Raises UserError if no kernel fits, ValueError for wrong sizes."""
        check_shape(stack.images, self.image_size)  # the compiled kernel does not check it
        optimizer = self.trainer.optimizers[0] if trains else None
        job = Job(self, stack.images, self.targets(stack.targets), stack.chosen, optimizer)
        return choose_kernel(stack.kernel, job), job

    def on_train_start(self) -> None:
        """Raise UserError for what no kernel supports: a second optimizer, or a scheduler that steps in an epoch."""
        if len(self.trainer.optimizers) > 1:
            raise UserError("only one optimizer is supported; use one with several parameter groups instead")
        if any(config.interval != "epoch" or config.frequency != 1 for config in self.trainer.lr_scheduler_configs):
            raise UserError("learning rate schedulers step once per epoch; leave out interval and frequency")

    def training_step(self, batch: Stack, batch_idx: int) -> None:  # type: ignore[override]
        """Take a step of SGD for each mini-batch of a stack."""
        kernel, job = self.kernel_for(batch)
        cost, right = kernel.steps(job)
        progress = self.trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress
        for steps in (progress.total, progress.current):  # for `global_step`: Lightning misses the kernels' steps
            steps.ready += len(job.chosen)
            steps.completed += len(job.chosen)
        self.log_means("training", cost, right, job.chosen.numel())

    def validation_step(  # type: ignore[override]
        self, batch: Stack, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Evaluate the validation images or, from the second data loader, the test images."""
        self._evaluate("test" if dataloader_idx else "validation", batch)

    def test_step(self, batch: Stack, batch_idx: int) -> None:  # type: ignore[override]
        self._evaluate("test", batch)

    def _evaluate(self, split: str, stack: Stack) -> None:
        kernel, job = self.kernel_for(stack, trains=False)
        self.log_means(split, *kernel.evaluate(job), len(stack.chosen))

    def on_train_epoch_end(self) -> None:
        """Step the schedulers, which Lightning does not do here. ReduceLROnPlateau gets the validation accuracy."""
        for config in self.trainer.lr_scheduler_configs:
            plateau = isinstance(config.scheduler, ReduceLROnPlateau)
            metric = self.trainer.callback_metrics.get(VALIDATION) if plateau else None
            self.lr_scheduler_step(config.scheduler, metric)
        super().on_train_epoch_end()


# To resume, we do not load the state that Lightning saved: in a stranger's file, it could make Lightning delete files.


def continue_after(trainer: Trainer, last: Checkpoint) -> None:
    """Let a Trainer start after the epoch of a checkpoint."""
    loop: Any = trainer.fit_loop
    loop.epoch_progress.current.processed = loop.epoch_progress.current.completed = last.epochs
    loop.epoch_loop.manual_optimization.optim_step_progress.total.completed = last.steps


def remember_best(keeper: ModelCheckpoint, accuracy: Tensor) -> None:
    """Let a ModelCheckpoint go on from a best.ckpt of that validation accuracy."""
    keeper.best_model_path = keeper.kth_best_model_path = path = f"{keeper.dirpath}/best.ckpt"
    keeper.best_k_models = {path: accuracy}


def stacked(kind: type[DigitClassifier]) -> type[StackedClassifier]:
    """Return a class that trains like a StackedClassifier and is a `kind` in all else, also in its name."""
    bases = (StackedClassifier,) if kind is DigitClassifier else (kind, StackedClassifier)
    return type(kind.__name__, bases, {})
