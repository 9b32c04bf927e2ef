"""MNISTDataModule: which images train, validate and test, and in what order they come."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor

from digits import mnist
from digits.augment.allographs import restyle
from digits.augment.elastic import distort
from digits.augment.negatives import NO_DIGIT, no_digits
from digits.errors import UserError

STACK = 25_000  # images in a stack, rounded down to whole mini-batches


class Stack(NamedTuple):
    """What Lightning calls a batch: a whole data set, and which of its images to take.

    Lightning takes far longer to hand over a batch than a step of SGD takes. So it hands over many mini-batches at
    once, as numbers of images; the images stay where they are.
    """

    images: Tensor  # (N, H, W) uint8
    labels: Tensor  # (N,) int64
    chosen: Tensor  # int64: (K, B) for K mini-batches to train on, (n,) to evaluate


def order(seed: int, epoch: int, count: int) -> Tensor:
    """The order (count,) int64 in which epoch `epoch` sees the training images: a function of its arguments alone."""
    return torch.from_numpy(np.random.default_rng([seed, epoch]).permutation(count))


def slices(count: int, batch_size: int, mini_batches: int) -> list[slice]:
    """Cut `count` images into stacks of `mini_batches` whole mini-batches each.

    The last stack may be shorter; a last, smaller mini-batch is a stack of its own.
    """
    whole = count - count % batch_size
    cuts = [*range(0, whole, batch_size * mini_batches), whole, count]
    return [slice(a, b) for a, b in pairwise(cuts) if a < b]


class Stacks:
    """The training images, epoch after epoch, in stacks of mini-batches."""

    def __init__(self, module: "MNISTDataModule", images: Tensor, labels: Tensor) -> None:
        self.module, self.images, self.digits = module, images, labels
        self.extra = round(module.no_digit * len(images))  # images without a digit
        self.labels = torch.cat([labels, labels.new_full((self.extra,), NO_DIGIT)])
        # One thread, in which torch uses one thread: with more, they would compete with the training for the cores.
        self.background = ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,))
        self.made: dict[int, Future[Tensor]] = {}  # images, by epoch
        trainer: Any = module.trainer
        self.rank, self.processes = trainer.global_rank, trainer.world_size
        self.batch_size = module.batch_size * self.processes  # of all processes together
        self.slices = slices(len(self.labels), self.batch_size, max(1, STACK // self.batch_size))

    def __len__(self) -> int:
        return len(self.slices)

    def __iter__(self) -> Iterator[Stack]:
        trainer: Any = self.module.trainer
        epoch = trainer.current_epoch  # asked for here, not in __init__: only now does a resumed run know it
        chosen = order(self.module.seed, epoch, len(self.labels)).to(self.images.device)
        images = self._made(epoch) if self.module.distort or self.module.styles or self.extra else self.images
        for part in self.slices:
            mini_batches = chosen[part].view(-1, min(self.batch_size, part.stop - part.start))
            yield Stack(images, self.labels, mini_batches.tensor_split(self.processes, dim=1)[self.rank])

    def _made(self, epoch: int) -> Tensor:
        """The images of this epoch; those of the next are made while it trains, on another core if there is one."""
        module: Any = self.module

        def make(epoch: int) -> Tensor:
            images = restyle(self.images, self.digits, module.seed, epoch) if module.styles else self.images
            if self.extra:
                images = torch.cat([images, no_digits(images, self.digits, self.extra, module.seed, epoch)])
            return distort(images, module.distort, module.seed, epoch) if module.distort else images

        for wanted in (epoch, epoch + 1):
            if wanted not in self.made and wanted != module.trainer.max_epochs:
                self.made[wanted] = self.background.submit(make, wanted)
        return self.made.pop(epoch).result()


class WholeSplit(list[Stack]):
    """A data loader of one stack. Of a plain list Lightning would think that each item is a data loader."""


class MNISTDataModule(LightningDataModule):
    """MNIST as the book splits it, held whole on the training device.

    Args:
        data_dir: Folder that holds the MNIST files, or will.
        batch_size: Images in a mini-batch; with several processes, in each one's part of it.
        seed: Decides, with the number of the epoch, the order of the training images.
        train_size: How many of the training images train, the first ones; all if None.
        distort: How strongly the training images are distorted, afresh each epoch (`digits.distort`); 0 for not at all.
        styles: Whether some of them are drawn in styles that MNIST hardly has, afresh each epoch (`digits.styles`).
        no_digit: So many images without a digit for each training image, made of them afresh each epoch
            (`digits.pieces`); 0 for none.

    Raises:
        UserError: If `train_size` is out of range.
    """

    def __init__(
        self,
        data_dir: str | Path = "data",
        batch_size: int = 10,
        seed: int = 0,
        train_size: int | None = None,
        distort: float = 0.0,
        styles: bool = False,
        no_digit: float = 0.0,
    ) -> None:
        super().__init__()
        most = mnist.TRAINING
        if train_size is not None and not 1 <= train_size <= most:
            raise UserError(f"--train_size must be 1 to {most}, the number of training images, not {train_size}")
        self.save_hyperparameters("batch_size", "seed", "train_size", "distort", "styles", "no_digit", logger=False)
        self.data_dir, self.batch_size, self.seed, self.train_size = data_dir, batch_size, seed, train_size
        self.distort, self.styles, self.no_digit = distort, styles, no_digit
        self.prepared = False
        self.test: tuple[Tensor, ...] = ()  # until `setup`

    def prepare_data(self) -> None:
        """Fetch and check the files, once; Lightning calls this in one process of each machine."""
        if not self.prepared:
            mnist.fetch(self.data_dir)
        self.prepared = True

    def setup(self, stage: str) -> None:
        """Load the tensors onto the training device, unless they are there."""
        device = self.trainer.strategy.root_device if self.trainer else torch.device("cpu")
        if self.test and self.test[0].device == device:
            return
        images, labels = (tensor.to(device) for tensor in mnist.load(self.data_dir, train=True))
        size = self.train_size or mnist.TRAINING
        self.training = images[:size], labels[:size]
        self.validation = images[mnist.TRAINING :], labels[mnist.TRAINING :]
        self.test = tuple(tensor.to(device) for tensor in mnist.load(self.data_dir, train=False))

    def train_dataloader(self) -> Stacks:
        return Stacks(self, *self.training)

    def val_dataloader(self) -> list[WholeSplit]:
        """Validation data, and the test data for the line of the epoch; only validation may choose a checkpoint."""
        return [self.whole(*self.validation), self.whole(*self.test)]

    def test_dataloader(self) -> WholeSplit:
        return self.whole(*self.test)

    def whole(self, images: Tensor, labels: Tensor) -> WholeSplit:
        """A split of the data to evaluate, as one stack with this process's share chosen."""
        rank, processes = (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        return WholeSplit([Stack(images, labels, torch.arange(rank, len(images), processes, device=images.device))])
