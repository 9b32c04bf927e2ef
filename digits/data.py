"""MNISTDataModule: the images for training, validation and testing, and the order of the training images."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor

from digits import mnist
from digits.augment import NEGATIVES, Prefetcher, augment
from digits.common.errors import UserError
from digits.network import one_hot

STACK = 25_000  # images in a stack, rounded down to whole mini-batches


class Stack(NamedTuple):
    """A batch in Lightning's sense: a whole dataset, and the indices of the images to use.

    Lightning needs more time to hand over a batch than SGD needs for a step. So it hands over many mini-batches at
    once, as a stack, and an epoch has a few stacks. If several processes train together, each gets the whole stack and
    trains on its part of every mini-batch.
    """

    images: Tensor  # (N, H, W) uint8
    targets: Tensor  # (N, 10) float32: one-hot digits, a row of zeros for an image without a digit
    chosen: Tensor  # int64 indices: (K, B) to train on K mini-batches, (n,) to evaluate


def order(seed: int, epoch: int, count: int) -> Tensor:
    """Return the order (count,) int64 of the training images in an epoch. Equal arguments give equal orders."""
    return torch.from_numpy(np.random.default_rng([seed, epoch]).permutation(count))


class TrainingStacks:
    """The training images, epoch after epoch, in stacks of mini-batches."""

    def __init__(self, data: "MNISTDataModule", trainer: Any) -> None:
        self.seed, self.count, self.trainer = data.seed, data.count, trainer
        self.global_batch_size = data.batch_size * trainer.world_size  # over all processes
        examples = data.training[0], one_hot(data.training[1])
        epoch = partial(augment, *examples, seed=data.seed, distort=data.distort, handwriting=data.handwriting)
        self.examples = Prefetcher(epoch, ahead=examples[0].device.type == "cpu")  # on a GPU, prefetching gains nothing

    def __len__(self) -> int:
        return len(self._stacks(torch.arange(self.count)))

    def __iter__(self) -> Iterator[Stack]:
        epoch = self.trainer.current_epoch  # read here, because a resumed run does not know its epoch in __init__
        images, targets = self.examples.get(epoch, self.trainer.max_epochs)
        for chosen in self._stacks(order(self.seed, epoch, self.count).to(images.device)):
            yield Stack(images, targets, chosen)

    def _stacks(self, indices: Tensor) -> list[Tensor]:
        """Split indices (n,) into stacks (K, B) of K mini-batches. A smaller last mini-batch is a separate stack."""
        size = self.global_batch_size
        whole = indices[: len(indices) // size * size].view(-1, size)
        rest = indices[whole.numel() :].view(1, -1)
        return [stack for stack in (*whole.split(max(1, STACK // size)), rest) if stack.numel()]


class WholeSplit(list[Stack]):
    """A data loader with one stack. Lightning would take each item of a plain list for a data loader."""


class MNISTDataModule(LightningDataModule):
    """MNIST, split as in the book, with all images on the training device.

    Args:
        data_dir: Folder for the MNIST files. If None, `digits.mnist.raw_folder` chooses the folder.
        batch_size: Images in a mini-batch, for each process if several processes train together.
        seed: Seed for the order and the augmentation of the training images, combined with the number of the epoch.
        train_size: Train on the first `train_size` of MNIST's 60,000 images, by default 50,000. They are not used for
            validation.
        distort: Strength of the random distortion of the training images, drawn anew each epoch; 0 for none.
        handwriting: Whether to add other handwriting styles and images without a digit: see `digits.augment.augment`.

    Raises:
        UserError: If `train_size` is out of range.
    """

    def __init__(
        self,
        data_dir: str | Path | None = None,
        batch_size: int = 10,
        seed: int = 0,
        train_size: int | None = None,
        distort: float = 0.0,
        handwriting: bool = False,
    ) -> None:
        super().__init__()
        labelled = mnist.TRAINING + mnist.VALIDATION
        if train_size is not None and not 1 <= train_size <= labelled:
            raise UserError(f"--train_size must be from 1 to {labelled} (all training images), not {train_size}")
        batch_size, seed, train_size = int(batch_size), int(seed), None if train_size is None else int(train_size)
        distort, handwriting = float(distort), bool(handwriting)
        self.save_hyperparameters(ignore="data_dir", logger=False)
        self.data_dir, self.batch_size, self.seed, self.train_size = data_dir, batch_size, seed, train_size
        self.distort, self.handwriting = distort, handwriting
        self.validates, self.prepared = train_size != labelled, False
        self.test: tuple[Tensor, ...] = ()  # filled by `setup`, which also sets `training` and `validation`

    def prepare_data(self) -> None:
        """Download and check the files, once. Lightning calls this in one process per machine."""
        if not self.prepared:
            mnist.fetch(self.data_dir)
        self.prepared = True

    def setup(self, stage: str) -> None:
        """Load images (N, 28, 28) uint8 and labels (N,) int64 onto the training device, unless they are there."""
        device = self.trainer.strategy.root_device if self.trainer else torch.device("cpu")
        if self.test and self.test[0].device == device:
            return
        images, labels = (tensor.to(device) for tensor in mnist.load(self.data_dir, train=True))
        last = self.train_size or mnist.TRAINING
        self.training = images[:last], labels[:last]
        self.validation = tuple(tensor[max(last, mnist.TRAINING) :] for tensor in (images, labels))
        self.test = tuple(tensor.to(device) for tensor in mnist.load(self.data_dir, train=False))

    @property
    def count(self) -> int:
        """The number of training images in an epoch, including images without a digit."""
        digits = len(self.training[0])
        return digits + round(NEGATIVES * digits * self.handwriting)

    def train_dataloader(self) -> TrainingStacks:
        return TrainingStacks(self, self.trainer)

    def val_dataloader(self) -> list[WholeSplit]:
        """Return the validation and the test data. The validation accuracy alone chooses the checkpoint."""
        return [self.whole(*self.validation), self.whole(*self.test)]

    def test_dataloader(self) -> WholeSplit:
        return self.whole(*self.test)

    def whole(self, images: Tensor, labels: Tensor) -> WholeSplit:
        """Return a whole split of the data, as one stack to evaluate."""
        chosen = torch.arange(len(images), device=images.device)
        return WholeSplit([Stack(images, one_hot(labels), chosen)] if len(images) else [])
