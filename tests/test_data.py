from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from digits import mnist
from digits.data import MNISTDataModule, index_stacks, order
from digits.errors import UserError
from digits.network import one_hot
from tests.support.small_mnist import TEST, TRAINING, VALIDATION


def test_order_is_a_permutation_that_hangs_on_seed_and_epoch_alone():
    first = order(3, 4, 1000)
    assert first.sort().values.equal(torch.arange(1000))
    np.random.seed(9)
    torch.manual_seed(9)
    assert order(3, 4, 1000).equal(first)
    orders = {tuple(order(seed, epoch, 100).tolist()) for seed in range(5) for epoch in range(5)}
    assert len(orders) == 25


@pytest.mark.parametrize("images", [1, 9, 10, 11, 100, 500, 50_000])
@pytest.mark.parametrize("batch_size", [1, 3, 10, 64, 1000])
@pytest.mark.parametrize("mini_batches", [1, 7, 500])
def test_stacks_cover_every_position_once(images, batch_size, mini_batches):
    cut = index_stacks(torch.arange(images), batch_size, mini_batches)
    assert torch.cat([stack.flatten() for stack in cut]).equal(torch.arange(images))
    assert all(stack.shape[1] == batch_size and len(stack) <= mini_batches for stack in cut[:-1])
    last, remainder = cut[-1], images % batch_size
    assert last.shape == (1, remainder) if remainder else last.shape[1] == batch_size


@pytest.mark.parametrize("train_size", [None, 1, TRAINING, TRAINING + 1, TRAINING + VALIDATION])
def test_what_trains_does_not_validate(set_up, data_dir, train_size):
    module, (images, labels) = set_up(train_size=train_size), mnist.load(data_dir, train=True)
    last, first = train_size or TRAINING, max(train_size or 0, TRAINING)
    wanted = images[:last], labels[:last], images[first:], labels[first:], *mnist.load(data_dir, train=False)
    for split, expected in zip((*module.training, *module.validation, *module.test), wanted, strict=True):
        assert split.equal(expected)
    assert [len(loader) for loader in module.val_dataloader()] == [int(first < TRAINING + VALIDATION), 1]


@pytest.mark.parametrize("train_size", [0, TRAINING + VALIDATION + 1])
def test_train_size_that_is_not_there(data_dir, train_size):
    with pytest.raises(UserError, match=f"--train_size must be 1 to {TRAINING + VALIDATION}, .* not {train_size}"):
        MNISTDataModule(data_dir, train_size=train_size)


def test_evaluation_sees_each_split_whole(set_up):
    module = set_up()
    [validation], [test] = (list(loader) for loader in module.val_dataloader())
    assert validation[1].equal(one_hot(module.validation[1])) and len(validation[0]) == VALIDATION
    assert test[1].equal(one_hot(module.test[1])) and len(test[0]) == TEST
    assert next(iter(module.test_dataloader()))[0].equal(module.test[0])


@pytest.mark.mnist
def test_splits_of_the_real_data(mnist_dir):
    module = MNISTDataModule(mnist_dir)
    module.setup("fit")
    assert [len(labels) for _, labels in (module.training, module.validation, module.test)] == [50_000, 10_000, 10_000]
    assert module.training[1][:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert module.test[1].bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.parametrize(
    "train_size, processes, shapes",
    [
        (TRAINING, 1, [(3, 64), (3, 64), (1, 64), (1, 52)]),
        (TRAINING, 3, [(1, 192), (1, 192), (1, 116)]),
        (65, 1, [(1, 64), (1, 1)]),
        (64, 1, [(1, 64)]),
        (63, 1, [(1, 63)]),
        (1, 1, [(1, 1)]),
    ],
)
def test_stacks_of_an_epoch_have_the_mini_batches_of_all_processes(train_size, processes, shapes, set_up):
    module = set_up(train_size=train_size)
    module.trainer = SimpleNamespace(current_epoch=2, max_epochs=9, global_rank=processes - 1, world_size=processes)
    loader = module.train_dataloader()
    epoch = list(loader)
    assert not isinstance(loader, DataLoader) and len(loader) == len(epoch)  # it has no workers
    assert [tuple(chosen.shape) for _, _, chosen in epoch] == shapes
    assert torch.cat([chosen.flatten() for _, _, chosen in epoch]).equal(order(5, 2, train_size))
    for images, targets, _ in epoch:  # the data set itself, not a copy
        assert images is module.training[0] and targets.equal(one_hot(module.training[1]))
    [(_, _, tested)] = module.test_dataloader()
    assert tested.equal(torch.arange(TEST))
