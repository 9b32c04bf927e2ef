from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from digits import mnist
from digits.common.errors import UserError
from digits.data import MNISTDataModule, order
from digits.network import one_hot
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


@pytest.mark.parametrize("train_size", [0, TRAINING + VALIDATION + 1])
def test_a_train_size_out_of_range_is_refused(data_dir, train_size):
    with pytest.raises(UserError, match=f"--train_size must be from 1 to {TRAINING + VALIDATION} .* not {train_size}"):
        MNISTDataModule(data_dir, train_size=train_size)


@pytest.mark.parametrize(
    "train_size, processes, shapes",
    [
        (TRAINING, 1, [(3, 64), (3, 64), (1, 64), (1, 52)]),
        (TRAINING, 3, [(1, 192), (1, 192), (1, 116)]),
        (65, 1, [(1, 64), (1, 1)]),
        (63, 1, [(1, 63)]),
    ],
)
def test_the_stacks_of_an_epoch_hold_the_mini_batches_of_all_processes(train_size, processes, shapes, set_up):
    module = set_up(train_size=train_size)
    module.trainer = SimpleNamespace(current_epoch=2, max_epochs=9, global_rank=processes - 1, world_size=processes)
    loader = module.train_dataloader()
    epoch = list(loader)
    assert not isinstance(loader, DataLoader) and len(loader) == len(epoch)  # no workers
    assert [tuple(chosen.shape) for _, _, chosen in epoch] == shapes
    assert torch.cat([chosen.flatten() for _, _, chosen in epoch]).equal(order(5, 2, train_size))
    for images, targets, _ in epoch:  # the dataset itself, not a copy
        assert images is module.training[0] and targets.equal(one_hot(module.training[1]))
    for loader, (images, labels) in zip(module.val_dataloader(), (module.validation, module.test), strict=True):
        [(whole, targets, chosen)] = loader
        assert whole is images and targets.equal(one_hot(labels)) and chosen.equal(torch.arange(len(images)))
