"""MNISTDataModule: the images for training, validation and testing, as a LightningDataModule."""

from pathlib import Path

import torch
from lightning.pytorch import LightningDataModule
from lightning.pytorch.utilities.types import EVAL_DATALOADERS, TRAIN_DATALOADERS
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from digits import mnist
from digits.common.checks import checked


class MNISTDataModule(LightningDataModule):
    """MNIST, split as in the book, in batches of images (N, 28, 28) uint8 and labels (N,) int64.

    Args:
        data_dir: Folder for the MNIST files. If None, `digits.mnist.raw_folder` chooses the folder.
        batch_size: Images in a mini-batch.
        seed: Seed for the order of the training images, which are shuffled in each epoch.
        train_size: Train on the first `train_size` of MNIST's 60,000 images, by default 50,000. They are not used for
            validation.

    Raises:
        UserError: If an argument is out of range.
    """

    def __init__(
        self, data_dir: str | Path | None = None, batch_size: int = 10, seed: int = 0, train_size: int | None = None
    ) -> None:
        super().__init__()
        self.save_hyperparameters(ignore="data_dir", logger=False)
        self.hparams.update(settings := checked(self.hparams))
        self.data_dir, self.batch_size, self.seed = data_dir, settings["batch_size"], settings["seed"]
        self.train_size = settings["train_size"]
        self.validates, self.prepared = self.train_size != mnist.TRAINING + mnist.VALIDATION, False
        self.test: tuple[Tensor, ...] = ()  # filled by `setup`, which also sets `training` and `validation`

    def prepare_data(self) -> None:
        """Download and check the files, once. Lightning calls this in one process per machine."""
        if not self.prepared:
            mnist.fetch(self.data_dir)
        self.prepared = True

    def setup(self, stage: str | None = None) -> None:
        """Load the images and labels of each split: `training`, `validation` and `test`."""
        if self.test:
            return
        images, labels = mnist.load(self.data_dir, train=True)
        last = self.train_size or mnist.TRAINING
        self.training = images[:last], labels[:last]
        self.validation = tuple(tensor[max(last, mnist.TRAINING) :] for tensor in (images, labels))
        self.test = mnist.load(self.data_dir, train=False)

    def train_dataloader(self) -> TRAIN_DATALOADERS:
        generator = torch.Generator().manual_seed(self.seed)
        return DataLoader(TensorDataset(*self.training), self.batch_size, shuffle=True, generator=generator)

    def val_dataloader(self) -> EVAL_DATALOADERS:
        return DataLoader(TensorDataset(*self.validation), batch_size=1_000)

    def test_dataloader(self) -> EVAL_DATALOADERS:
        return DataLoader(TensorDataset(*self.test), batch_size=1_000)

    predict_dataloader = test_dataloader
