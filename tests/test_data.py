import pytest
import torch

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


@pytest.mark.parametrize(
    "train_size, limits",
    [(0, "a whole number from 1 to 60,000"), (TRAINING + VALIDATION + 1, f"at most {TRAINING + VALIDATION}")],
)
def test_a_train_size_out_of_range_is_refused(data_dir, train_size, limits):
    with pytest.raises(UserError, match=f"--train_size must be {limits}.*, not {train_size}"):
        MNISTDataModule(data_dir, train_size=train_size)


def test_ordinary_batches_have_images_and_labels_shuffled_by_the_seed(data_dir):
    orders = []
    for seed in (5, 5, 6):
        data = MNISTDataModule(data_dir, batch_size=64, seed=seed)
        data.prepare_data()
        data.setup()
        loader, (images, labels) = data.train_dataloader(), data.training
        assert len(loader) == 8
        for _ in range(2):
            batches = list(loader)
            assert (batches[0][0].shape, batches[0][0].dtype) == ((64, 28, 28), torch.uint8)
            x, y = (torch.cat(column) for column in zip(*batches, strict=True))
            orders.append(y.tolist())
            assert x.flatten(1).sum(1).sort().values.equal(images.flatten(1).sum(1).sort().values)
            assert all(images[labels == digit].sum() == x[y == digit].sum() for digit in range(10))
        for loader, split in ((data.val_dataloader(), data.validation), (data.test_dataloader(), data.test)):
            [batch] = loader
            assert all(ours.equal(theirs) for ours, theirs in zip(batch, split, strict=True))
    assert orders[:2] == orders[2:4] and len({*map(tuple, orders)}) == 4
