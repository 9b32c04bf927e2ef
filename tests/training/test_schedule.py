"""The schedule of the learning rate: a warm-up of two epochs, then half a cosine."""

import math

import pytest
import torch

from digits.cli import quiet
from digits.model import DigitClassifier
from tests.support.training import quick_trainer


def rates(schedule, epochs, lr=2.0):
    """The learning rate of each epoch."""

    class Seen(DigitClassifier):
        def training_step(self, stack, index):
            seen[self.trainer.current_epoch] = self.optimizers(use_pl_optimizer=False).param_groups[0]["lr"]

    seen = {}
    images = torch.zeros(2, 28, 28, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64), torch.zeros(1, 2).long()
    model = Seen([2], lr, schedule=schedule)
    quiet()
    quick_trainer(max_epochs=epochs, limit_val_batches=0).fit(model, [images], [images])
    assert list(seen) == list(range(epochs))
    return list(seen.values())


def test_schedule_rises_from_a_tenth_and_falls_like_a_cosine():
    wanted = [0.2, 1.1] + [1 + math.cos(math.pi * n / 38) for n in range(38)]
    assert rates(40, 40) == pytest.approx(wanted, abs=1e-6)
    assert rates(40, 5) == pytest.approx(wanted[:5], abs=1e-6)
    assert rates(None, 4) == [2.0] * 4


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_short_schedules(epochs):
    seen = rates(epochs, epochs)
    assert seen[0] == pytest.approx(0.2)
    assert seen[1:2] in ([], [pytest.approx(2.0)])
    assert min(seen) > 0
