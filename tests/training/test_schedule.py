"""The schedule of the learning rate: a warm-up of two epochs, then half a cosine."""

import math
import re
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from digits.common.errors import UserError
from digits.kernels.stacks import StackedClassifier
from tests.support.training import quick_trainer

PAGE = Path(__file__).parents[2] / "docs" / "chapter3.md"


def rates(schedule, epochs, lr=2.0):
    """Return the learning rate of each epoch."""

    class Seen(StackedClassifier):
        def training_step(self, stack, index):
            seen[self.trainer.current_epoch] = self.optimizers(use_pl_optimizer=False).param_groups[0]["lr"]

    seen = {}
    images = torch.zeros(2, 28, 28, dtype=torch.uint8), torch.zeros(2, 10), torch.zeros(1, 2).long()
    model = Seen([2], lr, schedule=schedule)
    quick_trainer(max_epochs=epochs, limit_val_batches=0).fit(model, [images], [images])
    assert list(seen) == list(range(epochs))
    return list(seen.values())


def test_the_schedule_rises_from_a_tenth_and_falls_along_a_cosine():
    expected = [0.2, 1.1] + [1 + math.cos(math.pi * n / 38) for n in range(38)]
    assert rates(True, 40) == pytest.approx(expected, abs=1e-6)
    assert rates(False, 4) == [2.0] * 4
    for epochs in (1, 2, 3):
        seen = rates(True, epochs)
        assert seen[0] == pytest.approx(0.2) and min(seen) > 0
        assert seen[1:2] in ([], [pytest.approx(2.0)])


@pytest.mark.parametrize("epochs", [-1, 0])
def test_a_schedule_without_a_number_of_epochs_is_refused(epochs):
    with pytest.raises(UserError, match="--schedule needs a number of epochs"):
        rates(True, epochs)


def test_the_class_in_chapter_3_halves_its_learning_rate(home, data_dir):
    """The code is taken from the document, with fewer epochs."""
    [code] = [block for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S) if "Halving" in block]
    shutil.copytree(data_dir, home / "data")
    definition, call = code.replace("epochs=200", "epochs=30").replace("patience=9", "patience=1").split("\n\n\nset")
    exec(definition, names := {})
    seen = []

    class Watched(names["Halving"]):
        def on_train_epoch_end(self):
            super().on_train_epoch_end()
            seen.append(self.optimizers(use_pl_optimizer=False).param_groups[0]["lr"])

    exec(f"set{call}", names | {"Halving": Watched})
    assert seen[0] == 0.5 and {after / before for before, after in pairwise(seen)} == {1, 0.5}
