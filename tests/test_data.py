import numpy as np
import pytest
import torch

from digits import mnist
from digits.common.errors import UserError
from digits.data import MNISTDataModule, order
from tests.support.small_mnist import TRAINING, VALIDATION


def test_the_order_is_a_permutation_decided_by_seed_and_epoch():
    first = order(3, 4, 1000)
    assert first.sort().values.equal(torch.arange(1000))
    np.random.seed(9)
    torch.manual_seed(9)
    assert order(3, 4, 1000).equal(first)
    orders = {tuple(order(seed, epoch, 100).tolist()) for seed in range(5) for epoch in range(5)}
    assert len(orders) == 25


@pytest.mark.parametrize("train_size", [None, 1, TRAINING, TRAINING + 1, TRAINING + VALIDATION])
def test_training_and_validation_images_are_disjoint(set_up, data_dir, train_size):
    module, (images, labels) = set_up(train_size=train_size), mnist.load(data_dir, train=True)
    last, first = train_size or TRAINING, max(train_size or 0, TRAINING)
    splits = images[:last], labels[:last], images[first:], labels[first:], *mnist.load(data_dir, train=False)
    for split, expected in zip((*module.training, *module.validation, *module.test), splits, strict=True):
        assert split.equal(expected)
    assert [len(loader) for loader in module.val_dataloader()] == [int(first < TRAINING + VALIDATION), 1]


@pytest.mark.parametrize(
    "train_size, limits",
    [(0, "a whole number from 1 to 60,000"), (TRAINING + VALIDATION + 1, f"at most {TRAINING + VALIDATION}")],
)
def test_a_train_size_out_of_range_is_refused(data_dir, train_size, limits):
    with pytest.raises(UserError, match=f"--train_size must be {limits}.*, not {train_size}"):
        MNISTDataModule(data_dir, train_size=train_size)


def test_ordinary_batches_have_images_and_labels_in_the_order_of_the_epoch(data_dir):
    data = MNISTDataModule(data_dir, batch_size=64, seed=5)
    data.prepare_data()
    data.setup()
    loader, (images, labels) = data.train_dataloader(), data.training
    assert len(loader) == 8
    for epoch in range(2):  # without a Trainer, each pass is an epoch
        chosen = order(5, epoch, TRAINING)
        batches = list(loader)
        assert (batches[0][0].shape, batches[0][0].dtype) == ((64, 28, 28), torch.uint8)
        assert torch.cat([x for x, _ in batches]).equal(images[chosen])
        assert torch.cat([y for _, y in batches]).equal(labels[chosen])
    for loader, split in ((data.val_dataloader(), data.validation), (data.test_dataloader(), data.test)):
        [batch] = loader
        assert all(ours.equal(theirs) for ours, theirs in zip(batch, split, strict=True))
