"""Augmentation: each epoch trains on its own images, and they are made in the background."""

import numpy as np
import pytest
import torch

from digits import augment, mnist
from digits.augment import allographs, elastic, negatives, neighbours
from digits.common.errors import UserError
from digits.kernels.stacks import StackedClassifier
from digits.network import one_hot
from tests.support.training import Watch, quick_trainer

ALL = {"distort": 0.3, "handwriting": True}


@pytest.mark.parametrize(
    "make",
    [
        lambda images, digits, *key: elastic.distort(images, 1.0, *key),
        allographs.with_allographs,
        lambda images, digits, *key: neighbours.with_neighbours(images, *key),
        lambda images, digits, *key: negatives.negative_examples(images, digits, len(images), *key),
    ],
)
def test_the_images_depend_only_on_seed_and_epoch(make, data_dir):
    images, digits = mnist.load(data_dir, train=False)
    before, first = images.clone(), make(images, digits, 3, 4)
    assert (first.shape, first.dtype) == (images.shape, torch.uint8)
    torch.manual_seed(9)
    np.random.seed(9)
    assert make(images, digits, 3, 4).equal(first) and images.equal(before)
    assert len({make(images, digits, n // 3, n % 3).numpy().tobytes() for n in range(9)}) == 9


@pytest.mark.parametrize("settings", [{"distort": 0.7}, {"handwriting": True}, ALL])
def test_each_epoch_trains_on_its_own_images_and_the_other_splits_do_not_change(settings, set_up, monkeypatch):
    watch, made, plain = Watch(monkeypatch), set_up(**settings), set_up()
    images, targets = made.training[0], one_hot(made.training[1])
    quick_trainer(max_epochs=3).fit(StackedClassifier([5]), made)
    for epoch in range(3):
        expected = augment.augment(images, targets, epoch, 5, **settings)
        for stack in watch.epochs[epoch]:
            assert stack.images.equal(expected[0]) and stack.targets.equal(expected[1])
            assert not stack.images.equal(images)
        chosen = torch.cat([stack.chosen.flatten() for stack in watch.epochs[epoch]])
        assert chosen.sort().values.equal(torch.arange(len(expected[0])))
    for split in ("training", "validation", "test"):
        assert getattr(made, split)[0].equal(getattr(plain, split)[0])
    evaluated = [loader[0].images.data_ptr() for loader in (*made.val_dataloader(), made.test_dataloader())]
    assert evaluated == [split[0].data_ptr() for split in (made.validation, made.test, made.test)]


def test_the_order_is_allographs_then_neighbours_then_negatives_then_distortion(data_dir):
    images, digits = mnist.load(data_dir, train=False)
    key, extra = (5, 3), round(augment.NEGATIVES * len(images))  # seed and epoch
    written = neighbours.with_neighbours(allographs.with_allographs(images, digits, *key), *key)
    both = torch.cat([written, negatives.negative_examples(written, digits, extra, *key)])
    made, targets = augment.augment(images, one_hot(digits), seed=5, epoch=3, **ALL)
    assert made.equal(elastic.distort(both, augment.MILD, *key))
    assert targets.equal(torch.cat([one_hot(digits), torch.zeros(extra, 10)]))


def test_the_next_epoch_is_made_during_training_but_none_after_the_last(set_up):
    seen, threads = [], torch.get_num_threads()

    class Watching(StackedClassifier):
        def training_step(self, stack, index):
            examples = self.trainer.train_dataloader.examples
            seen.extend((self.current_epoch, epoch) for epoch, made in examples.made.items() if made.result(20))
            assert examples.background.submit(torch.get_num_threads).result() == 1
            return super().training_step(stack, index)

    torch.set_num_threads(threads + 1)
    try:
        quick_trainer(max_epochs=3).fit(Watching([5]), set_up(distort=0.7))
        assert {*seen} == {(0, 1), (1, 2)} and torch.get_num_threads() == threads + 1
    finally:
        torch.set_num_threads(threads)


def test_an_error_in_the_background_reaches_the_training():
    def fail(epoch):
        raise UserError(f"no copies in epoch {epoch}")

    with pytest.raises(UserError, match="no copies in epoch 0"):
        augment.Prefetcher(fail).get(0, 3)
