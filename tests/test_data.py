import pytest

from digits import mnist
from digits.common.errors import UserError
from digits.data import MNISTDataModule
from tests.support.small_mnist import TRAINING, VALIDATION


@pytest.mark.parametrize("train_size", [None, 1, TRAINING, TRAINING + 1, TRAINING + VALIDATION])
def test_training_and_validation_images_are_disjoint(set_up, data_dir, train_size):
    module, (images, labels) = set_up(train_size=train_size), mnist.load(data_dir, train=True)
    last, first = train_size or TRAINING, max(train_size or 0, TRAINING)
    splits = images[:last], labels[:last], images[first:], labels[first:], *mnist.load(data_dir, train=False)
    for split, expected in zip((*module.training, *module.validation, *module.test), splits, strict=True):
        assert split.equal(expected)
    assert [len(loader) for loader in module.val_dataloader()] == [int(first < TRAINING + VALIDATION), 1]


@pytest.mark.parametrize("train_size", [0, 60_001])
def test_a_train_size_out_of_range_is_refused(data_dir, train_size):
    with pytest.raises(UserError, match=f"--train_size must be a whole number from 1 to 60,000, not {train_size}"):
        MNISTDataModule(data_dir, train_size=train_size)
