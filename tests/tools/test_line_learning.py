"""The line network learns from strips in which the place of each digit is known."""

from itertools import chain

import numpy as np
import torch

from digits.handwriting.line_network import BLANK, DIGIT, ROWS, outputs
from tests.support.scenes import bars
from tools.forge.composed import alphabet, composed
from tools.forge.line_batches import IGNORED, targets_along
from tools.forge.line_learning import LineNetwork, learn
from tools.forge.scenes import Written


def test_the_digits_of_composed_strips_are_inside_them():
    rng, letters = np.random.default_rng(0), alphabet(bars())
    for planes, written in (composed(rng, letters) for _ in range(200)):
        assert planes.shape[:2] == (2, ROWS) and planes.dtype == np.uint8
        for digit, x, y, width, height in written:
            assert digit in "0123456789" and 0.4 * DIGIT < height < 1.8 * DIGIT
            assert 0 < x < planes.shape[2] and abs(y - ROWS / 2) < DIGIT and 0 < width < 2.5 * DIGIT


def test_the_target_is_the_digit_at_its_middle_and_cut_off_glyphs_are_ignored():
    targets = targets_along([Written("7", 20, 20, 12, 22), Written("", 60, 20, 10, 0), Written("", 90, 20, 9, 22)], 60)
    assert set(targets[9:12]) == {7} and targets[8] == targets[12] == IGNORED and set(targets[:8]) == {BLANK}
    assert set(targets[28:32]) == {IGNORED} and set(targets[40:]) == {BLANK}


def test_folding_batch_normalization_does_not_change_the_outputs():
    torch.manual_seed(0)
    network, strips = LineNetwork(), torch.rand(8, 2, ROWS, 60)
    network(strips)  # updates the running means
    log = network.eval()(strips[:1])[0].log_softmax(0).detach().numpy().T
    np.testing.assert_allclose(outputs(strips[0].numpy(), network.folded()), log, atol=1e-3)


def test_the_same_seed_gives_the_same_weights(capsys):
    first, second = ([*chain(*learn(bars(), scenes=5, steps=2))] for _ in range(2))
    assert all(map(np.array_equal, first, second))
    assert "numbers right" in capsys.readouterr().err
