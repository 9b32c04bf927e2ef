"""Stacks of mini-batches, which `train` hands to the kernels."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from digits.kernels.stacks import order
from digits.network import one_hot
from tests.support.small_mnist import TRAINING


def test_the_order_is_a_permutation_decided_by_seed_and_epoch():
    first = order(3, 4, 1000)
    assert first.sort().values.equal(torch.arange(1000))
    np.random.seed(9)
    torch.manual_seed(9)
    assert order(3, 4, 1000).equal(first)
    orders = {tuple(order(seed, epoch, 100).tolist()) for seed in range(5) for epoch in range(5)}
    assert len(orders) == 25


@pytest.mark.parametrize(
    "train_size, shapes",
    [
        (TRAINING, [(3, 64), (3, 64), (1, 64), (1, 52)]),
        (65, [(1, 64), (1, 1)]),
        (63, [(1, 63)]),
    ],
)
def test_the_stacks_of_an_epoch_hold_its_mini_batches(train_size, shapes, set_up):
    module = set_up(train_size=train_size)
    module.trainer = SimpleNamespace(current_epoch=2, max_epochs=9)
    loader = module.train_dataloader()
    epoch = list(loader)
    assert len(loader) == len(epoch)
    assert [tuple(chosen.shape) for _, _, chosen, _ in epoch] == shapes
    assert torch.cat([chosen.flatten() for _, _, chosen, _ in epoch]).equal(order(5, 2, train_size))
    for images, targets, *_ in epoch:  # the dataset itself, not a copy
        assert images is module.training[0] and targets.equal(one_hot(module.training[1]))
    for loader, (images, labels) in zip(module.val_dataloader(), (module.validation, module.test), strict=True):
        [(whole, targets, chosen, _)] = loader
        assert whole is images and targets.equal(one_hot(labels)) and chosen.equal(torch.arange(len(images)))
