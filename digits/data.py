"""MNISTDataModule: which images train, validate and test, and in what order they come."""

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
    """What Lightning calls a batch: a whole data set, and which of its images to take, as indices.

    An epoch is a few stacks, a stack many mini-batches, since Lightning takes longer to hand over a batch than a step
    takes. Of several processes each gets the whole stack, and trains on its part of every mini-batch.
    """

    images: Tensor  # (N, H, W) uint8
    targets: Tensor  # (N, 10) float32: one-hot digits, all 0 for an image without a digit
    chosen: Tensor  # int64 indices into them: (K, B) for K mini-batches to train on, (n,) to evaluate


def order(seed: int, epoch: int, count: int) -> Tensor:
    """The order (count,) int64 in which epoch `epoch` sees the training images: a function of its arguments alone."""
    return torch.from_numpy(np.random.default_rng([seed, epoch]).permutation(count))


class TrainingStacks:
    """The training images, epoch after epoch, in stacks of mini-batches."""

    def __init__(self, data: "MNISTDataModule", trainer: Any) -> None:
        self.seed, self.count, self.trainer = data.seed, data.count, trainer
        self.global_batch_size = data.batch_size * trainer.world_size  # of all processes together
        examples = data.training[0], one_hot(data.training[1])
        epoch = partial(augment, *examples, seed=data.seed, distort=data.distort, handwriting=data.handwriting)
        self.examples = Prefetcher(epoch, ahead=examples[0].device.type == "cpu")  # a thread would wait for a GPU, too

    def __len__(self) -> int:
        return len(self._stacks(torch.arange(self.count)))

    def __iter__(self) -> Iterator[Stack]:
        epoch = self.trainer.current_epoch  # asked for here, not in __init__: only now does a resumed run know it
        images, targets = self.examples.get(epoch, self.trainer.max_epochs)
        for chosen in self._stacks(order(self.seed, epoch, self.count).to(images.device)):
            yield Stack(images, targets, chosen)

    def _stacks(self, indices: Tensor) -> list[Tensor]:
        """Cut indices (n,) into stacks (K, B) of K mini-batches; a last, smaller mini-batch is a stack of its own."""
        size = self.global_batch_size
        whole = indices[: len(indices) // size * size].view(-1, size)
        rest = indices[whole.numel() :].view(1, -1)
        return [stack for stack in (*whole.split(max(1, STACK // size)), rest) if stack.numel()]


class WholeSplit(list[Stack]):
    """A data loader of one stack. Of a plain list Lightning would think that each item is a data loader."""


class MNISTDataModule(LightningDataModule):
    """MNIST as the book splits it, held whole on the training device.

    Args:
        data_dir: Folder that holds the MNIST files, or will; if None, see `digits.mnist.raw_folder`.
        batch_size: Images in a mini-batch; with several processes, in each one's part of it.
        seed: Decides, with the number of the epoch, the order of the training images, and how they are augmented.
        train_size: How many of MNIST's training images train, the first ones; 50,000 if None. None of them validates.
        distort: How strongly the training images are distorted, afresh each epoch; 0 for not at all.
        handwriting: Whether other handwriting and images without a digit are added, as of `digits.augment.augment`.

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
            raise UserError(f"--train_size must be 1 to {labelled}, the number of training images, not {train_size}")
        batch_size, seed, train_size = int(batch_size), int(seed), None if train_size is None else int(train_size)
        distort, handwriting = float(distort), bool(handwriting)
        self.save_hyperparameters(ignore="data_dir", logger=False)
        self.data_dir, self.batch_size, self.seed, self.train_size = data_dir, batch_size, seed, train_size
        self.distort, self.handwriting = distort, handwriting
        self.validates, self.prepared = train_size != labelled, False
        self.test: tuple[Tensor, ...] = ()  # until `setup`, which also makes `training` and `validation`

    def prepare_data(self) -> None:
        """Fetch and check the files, once; Lightning calls this in one process of each machine."""
        if not self.prepared:
            mnist.fetch(self.data_dir)
        self.prepared = True

    def setup(self, stage: str) -> None:
        """Load the images (N, 28, 28) uint8 and labels (N,) int64 onto the training device, unless they are there."""
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
        """How many images train in an epoch, those without a digit among them."""
        digits = len(self.training[0])
        return digits + round(NEGATIVES * digits * self.handwriting)

    def train_dataloader(self) -> TrainingStacks:
        return TrainingStacks(self, self.trainer)

    def val_dataloader(self) -> list[WholeSplit]:
        """Validation data, and the test data for the line of the epoch; only validation may choose a checkpoint."""
        return [self.whole(*self.validation), self.whole(*self.test)]

    def test_dataloader(self) -> WholeSplit:
        return self.whole(*self.test)

    def whole(self, images: Tensor, labels: Tensor) -> WholeSplit:
        """A split of the data to evaluate, as one stack."""
        chosen = torch.arange(len(images), device=images.device)
        return WholeSplit([Stack(images, one_hot(labels), chosen)] if len(images) else [])
