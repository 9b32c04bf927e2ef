"""Allographs: which images are replaced with what, and that the bundled network reads them."""

import pytest
import torch

from digits.augment import allographs, pen
from digits.augment.allographs import ATLAS
from digits.handwriting.api import choose_reader
from digits.network import inputs, linears


def test_a_share_of_the_images_is_replaced_and_the_others_do_not_change():
    images, labels = torch.full((4000, 28, 28), 128, dtype=torch.uint8), torch.arange(4000) % 10
    changed = (allographs.with_allographs(images, labels, 1, 2) != images).double().mean((1, 2))
    assert changed[changed > 0].min() > 0.95  # whole images
    assert (changed > 0).double().mean().item() == pytest.approx(allographs.SHARE, abs=0.03)  # four standard errors


def test_the_bundled_network_reads_every_allograph():
    network = choose_reader("bundled")[0].network
    chosen, hand = torch.zeros(100, dtype=torch.int64), torch.Generator().manual_seed(0)
    for digit, figures in ATLAS.items():
        for figure in figures:
            outputs = network(inputs(pen.draw(pen.parse((figure,)), chosen, hand), like=linears(network)[0].weight))
            share = (outputs.argmax(1) == digit).double().mean().item()
            assert share > 0.8, f"{figure}: {share:.0%} of 100 drawings are read as a {digit}"
